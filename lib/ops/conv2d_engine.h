/* What the door of the convolutions asks of each algorithm. */
#ifndef FOVEA_OPS_CONV2D_ENGINE_H
#define FOVEA_OPS_CONV2D_ENGINE_H

#include "conv2d_pass.h"

/* One direction of one shape, by one algorithm: the door has checked its sizes. */
typedef struct fovea__conv2d_work {
    fovea_device *device;
    fovea__conv2d_algorithm algorithm;
    fovea__conv2d_direction direction;
    const fovea__conv2d_shape *shape;
} fovea__conv2d_work;

typedef struct fovea__conv2d_engine {
    bool (*can)(const fovea__conv2d_work *work); /* NULL: always */
    size_t (*packed_floats)(const fovea__conv2d_work *work);
    size_t (*workspace_bytes)(const fovea__conv2d_work *work);
    fovea_status (*pack)(const fovea__conv2d_work *work, const fovea__tensor *weights, fovea__buffer *packed);
    /* Forward (from x to y) and backward-data (from d_y to d_x: of the epilogue it has at most the residual, d_x
     * itself, to accumulate). */
    fovea_status (*run)(const fovea__conv2d_work *work, const fovea__tensor *from, const fovea__tensor *weights,
                        const fovea__buffer *packed, const fovea__conv2d_epilogue *epilogue, fovea__tensor *to,
                        fovea__buffer *workspace);
    fovea_status (*weights)(const fovea__conv2d_work *work, const fovea__tensor *x, const fovea__tensor *d_y,
                            bool accumulate, fovea__tensor *d_weights, fovea__buffer *workspace);
} fovea__conv2d_engine;

/* A work-item keeps a tile of places x a block of channels in registers. Fast on CPUs. */
extern const fovea__conv2d_engine fovea__conv2d_direct;

/* F(4x4, 3x3) for 3x3 kernels of stride 1, a quarter of direct's multiplications. Fast on CPUs. Its largest rounding
 * error is some ten times direct's. It cannot do maps of a few tiles, which do not fill the registers: little is won
 * there, and with few places to average it over, its rounding shows in the gradients of a network. */
extern const fovea__conv2d_engine fovea__conv2d_winograd;

/* A matrix product through local memory that gathers its left side, in tiles of several sizes, all of which read the
 * same packed weights. Fast on GPUs. */
extern const fovea__conv2d_engine fovea__conv2d_tiled;

/* CLBlast's matrix products, on the tensors as they stand (1x1, stride 1) or through columns (im2col), a bounded chunk
 * at a time. It cannot run where not even CLBlast's usual work-groups, of 64, can. */
extern const fovea__conv2d_engine fovea__conv2d_gemm;

static inline bool fovea__conv2d_is_tiled(fovea__conv2d_algorithm algorithm)
{
    return algorithm >= FOVEA__CONV2D_TILED_128X128 && algorithm <= FOVEA__CONV2D_TILED_32X64;
}

/* The tile that the rule gives this work, one that the device can where it can any. */
fovea__conv2d_algorithm fovea__conv2d_tiled_choose(const fovea__conv2d_work *work);

#endif
