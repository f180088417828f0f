/* How direct cuts the work. Its kernels say how they do it. */
#include "conv2d_direct.h"

#include "device.h"

#include <stdio.h>

/* A block is two registers of channels, but one where padding the last block would cost more than an eighth. Machines
 * with registers of 16 floats have 32 of them, those with 8 have 16: the sums of a tile take 24 or 12. */
fovea__conv2d_cut fovea__conv2d_direct_cut(const fovea_device *device, fovea__conv2d_direction direction,
                                           const fovea__conv2d_shape *shape)
{
    const bool of_weights = direction == FOVEA__CONV2D_BACKWARD_WEIGHTS;
    const int channels = fovea__conv2d_to_channels(direction, shape), vector = fovea__device_vector_width(device);
    const int one = fovea__conv2d_blocks(channels, vector) * vector;
    const int two = fovea__conv2d_blocks(channels, 2 * vector) * 2 * vector;
    const int registers = two - one > channels / 8 ? 1 : 2;
    const int tile = vector == 16 || registers == 1 ? 12 : 6;
    fovea__conv2d_cut cut = {.width = registers * vector,
                             .begin = (fovea__conv2d_from_channels(direction, shape) + 15) / 16 * 16,
                             .group_width = registers * vector,
                             .group_places = tile,
                             .weight_groups = shape->kernel * shape->kernel,
                             .local = 1};
    cut.room = of_weights ? "conv2d_direct_weights" : "conv2d_direct";
    cut.kernel = of_weights ? "conv2d_direct_weights" : "conv2d_direct_pass";
    snprintf(cut.options, sizeof cut.options, "-DVECTOR=%d -DBLOCKS=%d -DTILE=%d", vector, registers, tile);
    return cut;
}
