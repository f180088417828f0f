/* The one struct that ops take: float32 on the device, NHWC. Parameters use the same struct: a vector is 1x1x1xC, a
 * convolution's weights are OIHW with n = O, h = I, w = height, c = width of the kernel (file order, kept as it is). */
#ifndef FOVEA_TENSOR_TENSOR_H
#define FOVEA_TENSOR_TENSOR_H

#include "buffer.h"

typedef struct fovea__shape {
    int n, h, w, c;
} fovea__shape;

typedef struct fovea__tensor {
    fovea__shape shape;
    fovea__buffer *buffer; /* n*h*w*c floats from its start */
} fovea__tensor;

static inline size_t fovea__shape_elements(fovea__shape shape)
{
    return (size_t)shape.n * (size_t)shape.h * (size_t)shape.w * (size_t)shape.c;
}
static inline bool fovea__shape_equal(fovea__shape a, fovea__shape b)
{
    return a.n == b.n && a.h == b.h && a.w == b.w && a.c == b.c;
}
static inline fovea__shape fovea__shape_vector(int channels)
{
    return (fovea__shape){1, 1, 1, channels};
}

/* Fails with FOVEA_ERROR_UNSUPPORTED where a size is negative or the elements exceed 2^31-1 (kernels index by int). */
fovea_status fovea__shape_check(fovea__shape shape, const char *what);

/* Makes a tensor of its own buffer; fovea__tensor_clear() frees it and zeroes the struct (accepts a zeroed one). */
fovea_status fovea__tensor_create(fovea__tensor *out, fovea_device *device, fovea__shape shape, const char *what);
void fovea__tensor_clear(fovea__tensor *tensor);

/* Whole content from and to the host, fovea__shape_elements() floats. */
fovea_status fovea__tensor_write(fovea__tensor *tensor, const float *values);
fovea_status fovea__tensor_read(const fovea__tensor *tensor, float *values);

#endif
