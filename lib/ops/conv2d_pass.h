/* What all algorithms of conv2d share: the pass, and the layouts of weights.
 *
 * A pass computes a grid of places, each a sum over taps and channels that it gathers from one tensor:
 *   to[n][gy*step + to_y][gx*step + to_x][:] = sum over ty, tx, c of
 *       from[n][gy*stride + first_y + ty][gx*stride + first_x + tx][c] * weights of (tap, c)
 * Forward is one pass. Backward-data is stride*stride passes: input rows of one remainder modulo the stride see the
 * same subset of the kernel's rows, so each remainder is a dense convolution over d_y with the taps in reversed order.
 */
#ifndef FOVEA_OPS_CONV2D_PASS_H
#define FOVEA_OPS_CONV2D_PASS_H

#include "conv2d.h"
#include "launch.h"

typedef struct fovea__conv2d_pass {
    int batch, grid_h, grid_w;  /* places */
    int from_h, from_w, from_c; /* the tensor read */
    int to_h, to_w, to_c;       /* the tensor written */
    int taps_h, taps_w, stride, first_y, first_x;
    int step, to_y, to_x;
    int kernel_y, kernel_x, kernel_step; /* tap (ty, tx) is the kernel's (kernel_y + ty*kernel_step, ...) */
    int taps_before;                     /* taps of the passes before this one */
} fovea__conv2d_pass;

int fovea__conv2d_passes(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);
fovea__conv2d_pass fovea__conv2d_pass_at(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                                         int index);
size_t fovea__conv2d_pass_places(const fovea__conv2d_pass *pass);

/* Channels of the tensor that a direction reads (forward: of x) and writes. */
int fovea__conv2d_from_channels(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);
int fovea__conv2d_to_channels(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);

static inline int fovea__conv2d_blocks(int channels, int width)
{
    return (channels + width - 1) / width;
}

/* The arguments that pass kernels begin with, in this order; `offset`: where the pass's weights begin in `packed`. */
enum { FOVEA__CONV2D_PASS_ARGS = 25, FOVEA__CONV2D_WEIGHTS_ARGS = 13 };
void fovea__conv2d_pass_args(fovea__arg *args, const fovea__conv2d_pass *pass, const fovea__tensor *from,
                             const fovea__buffer *packed, int offset, const fovea__conv2d_epilogue *epilogue,
                             const fovea__buffer *to);

/* Those of the kernels that sum the gradient of weights into `partial`; `pass` is the forward one. */
void fovea__conv2d_weights_args(fovea__arg *args, const fovea__conv2d_pass *pass, const fovea__tensor *x,
                                const fovea__tensor *d_y, const fovea__buffer *partial);

/* Weights as the passes read them, one pass after the other:
 *   packed[begin + [pass][block of `width` written channels][tap][read channel][lane]]
 * Lanes behind the last channel are 0. */
size_t fovea__conv2d_layout_floats(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape, int width);
fovea_status fovea__conv2d_layout(fovea_device *device, fovea__conv2d_direction direction,
                                  const fovea__conv2d_shape *shape, int width, int begin, const fovea__tensor *weights,
                                  fovea__buffer *packed);

/* Where a pass's weights begin in that layout. */
int fovea__conv2d_pass_offset(const fovea__conv2d_pass *pass, int width, int begin);

/* d_weights (+)= sum over parts, in their order, of partial[part][tap][block][in channel][lane]. */
fovea_status fovea__conv2d_sum(fovea_device *device, const fovea__conv2d_shape *shape, int parts, int width,
                               const fovea__buffer *partial, bool accumulate, fovea__tensor *d_weights);

/* y = relu?(scale sum + shift + residual) for `count` values of y from `first` on, a multiple of its channels. The sums
 * lie in `sums` (y's own buffer, perhaps) from `begin` on, in `parts` parts of y's size that are added in order. */
fovea_status fovea__conv2d_finish(fovea_device *device, const fovea__buffer *sums, size_t begin, int parts,
                                  const fovea__conv2d_epilogue *epilogue, fovea__tensor *y, size_t first, size_t count);

/* Largest workspace that an algorithm asks for where smaller ones do as well. */
#define FOVEA__CONV2D_WORKSPACE ((size_t)64 << 20)

#endif
