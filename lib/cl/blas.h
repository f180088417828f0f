/* CLBlast's matrix product on the device's queue. */
#ifndef FOVEA_CL_BLAS_H
#define FOVEA_CL_BLAS_H

#include "buffer.h"

/* C[m][n] = A op B + beta C, row-major float32. transpose_a: A is stored [k][m]; transpose_b: B is stored [n][k].
 * Offsets and leading dimensions (ld_*) in floats. Empty products (m, n or k 0) leave C as it is, whatever beta. */
typedef struct fovea__gemm {
    bool transpose_a, transpose_b;
    size_t m, n, k;
    const fovea__buffer *a, *b;
    fovea__buffer *c;
    size_t a_offset, b_offset, c_offset;
    size_t ld_a, ld_b, ld_c;
    float beta;
    fovea__buffer *room; /* where CLBlast pads and turns matrices ... */
    size_t room_offset;  /* ... from so many bytes on, a multiple of fovea__buffer_alignment() */
} fovea__gemm;

/* Bytes of room that a product of these sizes takes at most, whatever its offsets. One of fewer rows or less depth
 * takes no more. */
fovea_status fovea__gemm_room(fovea_device *device, const fovea__gemm *gemm, size_t *bytes);

fovea_status fovea__gemm_run(fovea_device *device, const fovea__gemm *gemm);

/* CLBlast keeps programs, and their contexts by them, until this is called. Other devices that are open build theirs
 * anew. */
void fovea__blas_clear(void);

#endif
