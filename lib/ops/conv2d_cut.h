/* What direct and tiled share: kernels of the same arguments, launched over work that each cuts in its own way. */
#ifndef FOVEA_OPS_CONV2D_CUT_H
#define FOVEA_OPS_CONV2D_CUT_H

#include "conv2d_pass.h"

/* One direction's kernel and how it cuts the work. */
typedef struct fovea__conv2d_cut {
    const char *room, *kernel;
    char options[64];
    int width;         /* channels of a block of packed weights, or of partial sums */
    int begin;         /* where the layout begins in packed: what lies before is zeros */
    int group_width;   /* channels that a work-group computes */
    int group_places;  /* passes: places that a work-group computes */
    int weight_groups; /* backward-weights: work-groups along kernel taps and in channels */
    int part_places;   /* backward-weights: the fewest places that are worth a part of their own */
    int local;         /* a work-group is local x local work-items */
} fovea__conv2d_cut;

size_t fovea__conv2d_cut_packed_floats(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                                       const fovea__conv2d_cut *cut);
fovea_status fovea__conv2d_cut_pack(fovea_device *device, fovea__conv2d_direction direction,
                                    const fovea__conv2d_shape *shape, const fovea__conv2d_cut *cut,
                                    const fovea__tensor *weights, fovea__buffer *packed);
size_t fovea__conv2d_cut_workspace_bytes(const fovea_device *device, fovea__conv2d_direction direction,
                                         const fovea__conv2d_shape *shape, const fovea__conv2d_cut *cut);

/* Forward (from x to y) and backward-data (from d_y to d_x; it accumulates where the residual is d_x itself). */
fovea_status fovea__conv2d_cut_run(fovea_device *device, fovea__conv2d_direction direction,
                                   const fovea__conv2d_shape *shape, const fovea__conv2d_cut *cut,
                                   const fovea__tensor *from, const fovea__buffer *packed,
                                   const fovea__conv2d_epilogue *epilogue, fovea__tensor *to);
fovea_status fovea__conv2d_cut_weights(fovea_device *device, const fovea__conv2d_shape *shape,
                                       const fovea__conv2d_cut *cut, const fovea__tensor *x, const fovea__tensor *d_y,
                                       bool accumulate, fovea__tensor *d_weights, fovea__buffer *workspace);

#endif
