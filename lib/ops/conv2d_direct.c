/* How direct cuts the work. Its kernels say how they do it. */
#include "conv2d_direct.h"

#include "device.h"

#include <stdio.h>

/* As in conv2d_direct_weights.cl. */
enum { COLUMNS = 256, GROUP = 4 };

/* A block is two registers of channels, but one where padding the last block would cost more than an eighth. */
static int block_registers(int channels, int vector)
{
    const int one = fovea__conv2d_blocks(channels, vector) * vector;
    const int two = fovea__conv2d_blocks(channels, 2 * vector) * 2 * vector;
    return two - one > channels / 8 ? 1 : 2;
}

/* Machines with registers of 16 floats have 32 of them, those with 8 have 16: the sums of a tile take 24 or 12. */
static fovea__conv2d_cut cut_pass(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape, int vector)
{
    const int registers = block_registers(fovea__conv2d_to_channels(direction, shape), vector);
    const int tile = vector == 16 || registers == 1 ? 12 : 6;
    fovea__conv2d_cut cut = {.room = "conv2d_direct",
                             .kernel = "conv2d_direct_pass",
                             .width = registers * vector,
                             .begin = (fovea__conv2d_from_channels(direction, shape) + 15) / 16 * 16,
                             .group_width = registers * vector,
                             .group_places = tile,
                             .local = 1};
    snprintf(cut.options, sizeof cut.options, "-DVECTOR=%d -DBLOCKS=%d -DTILE=%d", vector, registers, tile);
    return cut;
}

static fovea__conv2d_cut cut_weights(const fovea__conv2d_shape *shape, int vector)
{
    const int registers = block_registers(shape->out_channels, vector);
    const int columns = shape->kernel * shape->kernel * shape->in_channels;
    fovea__conv2d_cut cut = {.room = "conv2d_direct_weights",
                             .kernel = "conv2d_direct_weights",
                             .width = registers * vector,
                             .group_width = GROUP * registers * vector,
                             .weight_groups = fovea__conv2d_blocks(columns, COLUMNS),
                             .part_places = 1024,
                             .local = 1};
    snprintf(cut.options, sizeof cut.options, "-DVECTOR=%d -DBLOCKS=%d", vector, registers);
    return cut;
}

fovea__conv2d_cut fovea__conv2d_direct_cut(const fovea_device *device, fovea__conv2d_direction direction,
                                           const fovea__conv2d_shape *shape)
{
    const int vector = fovea__device_vector_width(device);
    return direction == FOVEA__CONV2D_BACKWARD_WEIGHTS ? cut_weights(shape, vector)
                                                       : cut_pass(direction, shape, vector);
}
