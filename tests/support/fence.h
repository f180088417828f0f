/* Device memory with a fence: the tensor lies between two runs of sentinel words in one buffer, which must be unharmed
 * when it is freed. */
#ifndef FOVEA_TESTS_FENCE_H
#define FOVEA_TESTS_FENCE_H

#include "support.h"
#include "tensor.h"

typedef struct fence {
    fovea__tensor tensor; /* hand &fence.tensor to the op */
    fovea__buffer *whole;
} fence;

/* values NULL: filled with NaN, so that what an op does not write shows. */
fence fence_tensor(fovea__shape shape, const float *values);

/* A fenced buffer of int32; the buffer is fence.tensor.buffer. values NULL: filled with 0x7fc00000. */
fence fence_ints(size_t count, const int32_t *values);

/* Reads the content and frees with free(). */
float *fence_read(const fence *fenced);
int32_t *fence_read_ints(const fence *fenced);

/* Fails the test where a sentinel changed; then frees. `what` names it. */
void fence_free(fence *fenced, const char *what);

#endif
