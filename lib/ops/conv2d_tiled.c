/* How tiled cuts the work. Its kernels say how they do it. */
#include "conv2d_tiled.h"

#include "device.h"

/* As in conv2d_tiled.cl. */
enum { SIDE = 16, BLOCK = 64, DEPTH = 16 };

bool fovea__conv2d_tiled_can(const fovea_device *device)
{
    return fovea__device_max_work_group(device) >= SIDE * SIDE &&
           fovea__device_local_bytes(device) >= 2 * DEPTH * (BLOCK + 1) * sizeof(float);
}

fovea__conv2d_cut fovea__conv2d_tiled_cut(const fovea_device *device, fovea__conv2d_direction direction,
                                          const fovea__conv2d_shape *shape)
{
    (void)device;
    const bool of_weights = direction == FOVEA__CONV2D_BACKWARD_WEIGHTS;
    const int rows = shape->kernel * shape->kernel * shape->in_channels;
    return (fovea__conv2d_cut){.room = "conv2d_tiled",
                               .kernel = of_weights ? "conv2d_tiled_weights" : "conv2d_tiled_pass",
                               .width = fovea__conv2d_to_channels(direction, shape),
                               .group_width = BLOCK,
                               .group_places = BLOCK,
                               .weight_groups = fovea__conv2d_blocks(rows, BLOCK),
                               .part_places = 256,
                               .local = SIDE};
}
