/* How direct cuts the work. Its kernels say how they do it. */
#include "conv2d_direct.h"

#include "device.h"

#include <stdio.h>

/* As in conv2d_direct_weights.cl. */
enum { COLUMNS = 256, GROUP = 4 };

/* Of a pass's weights, what stays in a core's cache while places go by. */
enum { NEAR_FLOATS = 65536 };

/* A block is two registers of channels, or one where no more is needed: each variant of the kernels takes seconds to
 * compile, which is more than a network spends on lanes behind the last channel. */
static int block_registers(int channels, int vector)
{
    return channels > vector ? 2 : 1;
}

/* Machines with registers of 16 floats have 32 of them, those with 8 have 16: the sums of a tile take 24 or 12. */
static fovea__conv2d_cut cut_pass(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape, int vector)
{
    const int from = fovea__conv2d_from_channels(direction, shape), to = fovea__conv2d_to_channels(direction, shape);
    const int registers = block_registers(to, vector), width = registers * vector;
    const int tile = vector == 16 || registers == 1 ? 12 : 6;
    const int blocks = fovea__conv2d_blocks(to, width);
    const int near = NEAR_FLOATS / (shape->kernel * shape->kernel * from * width);
    fovea__conv2d_cut cut = {.room = "conv2d_direct",
                             .kernel = "conv2d_direct_pass",
                             .width = width,
                             .begin = fovea__conv2d_blocks(shape->kernel * from, 16) * 16,
                             .group_width = (near < 1 ? 1 : near < blocks ? near : blocks) * width,
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
