/* The gemm algorithm: CLBlast's matrix products, on the tensors as they stand (1x1, stride 1) or through columns
 * (im2col), a bounded chunk at a time. */
#ifndef FOVEA_OPS_CONV2D_GEMM_H
#define FOVEA_OPS_CONV2D_GEMM_H

#include "conv2d_pass.h"

/* False where not even CLBlast's usual work-groups, of 64, can run. */
bool fovea__conv2d_gemm_can(const fovea_device *device);

size_t fovea__conv2d_gemm_packed_floats(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);
fovea_status fovea__conv2d_gemm_pack(fovea_device *device, const fovea__conv2d_shape *shape,
                                     const fovea__tensor *weights, fovea__buffer *packed);
size_t fovea__conv2d_gemm_workspace_bytes(fovea_device *device, fovea__conv2d_direction direction,
                                          const fovea__conv2d_shape *shape);

fovea_status fovea__conv2d_gemm_forward(fovea_device *device, const fovea__conv2d_shape *shape, const fovea__tensor *x,
                                        const fovea__tensor *weights, const fovea__buffer *packed,
                                        const fovea__conv2d_epilogue *epilogue, fovea__tensor *y,
                                        fovea__buffer *workspace);
fovea_status fovea__conv2d_gemm_backward_data(fovea_device *device, const fovea__conv2d_shape *shape,
                                              const fovea__tensor *d_y, const fovea__tensor *weights,
                                              const fovea__buffer *packed, bool accumulate, fovea__tensor *d_x,
                                              fovea__buffer *workspace);
fovea_status fovea__conv2d_gemm_backward_weights(fovea_device *device, const fovea__conv2d_shape *shape,
                                                 const fovea__tensor *x, const fovea__tensor *d_y, bool accumulate,
                                                 fovea__tensor *d_weights, fovea__buffer *workspace);

#endif
