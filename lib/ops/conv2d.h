/* Convolution, zero outside:
 *   y[n][oy][ox][o] = sum over ky kx i of x[n][oy*stride-padding+ky][ox*stride-padding+kx][i] w[o][i][ky][kx]
 * Activations NHWC, weights OIHW as on file.
 *
 * Four algorithms, each a sub-room with its own kernels, all held to one reference:
 *   direct    tiles of pixels x channel vectors in registers; for CPUs
 *   winograd  F(4x4, 3x3), for 3x3 kernels of stride 1; for CPUs
 *   tiled     implicit GEMM with local memory, in tiles of four sizes; for GPUs
 *   gemm      CLBlast: 1x1 straight, others through im2col
 * Each may want the weights packed (only when they changed) and a workspace (only during the call). */
#ifndef FOVEA_OPS_CONV2D_H
#define FOVEA_OPS_CONV2D_H

#include "tensor.h"

typedef struct fovea__conv2d_shape {
    int batch, height, width; /* of x */
    int in_channels, out_channels;
    int kernel, stride, padding;
} fovea__conv2d_shape;

typedef enum fovea__conv2d_direction {
    FOVEA__CONV2D_FORWARD,
    FOVEA__CONV2D_BACKWARD_DATA,
    FOVEA__CONV2D_BACKWARD_WEIGHTS
} fovea__conv2d_direction;

typedef enum fovea__conv2d_algorithm {
    FOVEA__CONV2D_DIRECT,
    FOVEA__CONV2D_WINOGRAD,
    FOVEA__CONV2D_TILED_128X128, /* places x channels of one work-group; these four stand together */
    FOVEA__CONV2D_TILED_128X64,
    FOVEA__CONV2D_TILED_64X64,
    FOVEA__CONV2D_TILED_32X64,
    FOVEA__CONV2D_GEMM,
    FOVEA__CONV2D_ALGORITHMS /* how many there are */
} fovea__conv2d_algorithm;

/* y = relu?(scale * conv + shift + residual), per channel; NULL leaves a part out. */
typedef struct fovea__conv2d_epilogue {
    const fovea__tensor *scale, *shift; /* vectors of out_channels */
    const fovea__tensor *residual;      /* shape of y; may be y's own buffer */
    bool relu;
} fovea__conv2d_epilogue;

/* (size + 2 padding - kernel) / stride + 1, at least 0. */
int fovea__conv2d_out_size(int size, const fovea__conv2d_shape *shape);
fovea__shape fovea__conv2d_out_shape(const fovea__conv2d_shape *shape);

const char *fovea__conv2d_algorithm_name(fovea__conv2d_algorithm algorithm);

/* False where this device cannot run the algorithm (tiled wants work-groups of 128 or 256 and local memory for two
 * steps of a tile, gemm work-groups of 64), or the algorithm does not know this direction of this shape; its calls then
 * fail with FOVEA_ERROR_UNSUPPORTED. */
bool fovea__conv2d_can(fovea_device *device, fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                       const fovea__conv2d_shape *shape);

/* The rule by device and shape that serves without any measurement. */
fovea__conv2d_algorithm fovea__conv2d_choose(fovea_device *device, fovea__conv2d_direction direction,
                                             const fovea__conv2d_shape *shape);

/* Floats of packed weights, 0 where the algorithm reads them as they are. What is packed depends on channels,
 * kernel, stride and padding, never on batch, height and width: one packing serves all sizes. */
size_t fovea__conv2d_packed_floats(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                   fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);
fovea_status fovea__conv2d_pack(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                                const fovea__tensor *weights, fovea__buffer *packed);

/* Bytes of workspace that the call below needs, 0 for none. */
size_t fovea__conv2d_workspace_bytes(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                     fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);

/* packed and workspace may be NULL where the functions above say 0; epilogue may be NULL. */
fovea_status fovea__conv2d_forward(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                   const fovea__conv2d_shape *shape, const fovea__tensor *x,
                                   const fovea__tensor *weights, const fovea__buffer *packed,
                                   const fovea__conv2d_epilogue *epilogue, fovea__tensor *y, fovea__buffer *workspace);

/* d_x (+)= gradient of x; accumulate adds to what d_x holds. */
fovea_status fovea__conv2d_backward_data(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                         const fovea__conv2d_shape *shape, const fovea__tensor *d_y,
                                         const fovea__tensor *weights, const fovea__buffer *packed, bool accumulate,
                                         fovea__tensor *d_x, fovea__buffer *workspace);

/* d_weights (OIHW) (+)= gradient of the weights. */
fovea_status fovea__conv2d_backward_weights(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                            const fovea__conv2d_shape *shape, const fovea__tensor *x,
                                            const fovea__tensor *d_y, bool accumulate, fovea__tensor *d_weights,
                                            fovea__buffer *workspace);

#endif
