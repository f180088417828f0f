/* Direct convolution: block widths, splits and launches. The kernels say how it works. */
#include "conv2d_direct.h"

#include "device.h"
#include "launch.h"

#include <stdio.h>

/* How one set of written channels is cut: BLOCKS registers of VECTOR floats, and TILE places. */
typedef struct blocking {
    int vector, registers, tile, width;
    char options[64];
} blocking;

/* Two registers a place, but one where the padding of the last block would cost more than an eighth. Machines with
 * 16-float registers have 32 of them, those with 8 have 16: the sums take 24 or 12. */
static blocking blocking_of(const fovea_device *device, int channels)
{
    blocking made = {.vector = fovea__device_vector_width(device), .registers = 2};
    const int one = fovea__conv2d_blocks(channels, made.vector) * made.vector;
    const int two = fovea__conv2d_blocks(channels, 2 * made.vector) * 2 * made.vector;
    if (two - one > channels / 8)
        made.registers = 1;
    made.tile = made.vector == 16 || made.registers == 1 ? 12 : 6;
    made.width = made.vector * made.registers;
    snprintf(made.options, sizeof made.options, "-DVECTOR=%d -DBLOCKS=%d -DTILE=%d", made.vector, made.registers,
             made.tile);
    return made;
}

static bool can(const fovea_device *device)
{
    (void)device;
    return true;
}

static size_t layout_floats(const fovea_device *device, fovea__conv2d_direction direction,
                            const fovea__conv2d_shape *shape)
{
    const int width = blocking_of(device, fovea__conv2d_to_channels(direction, shape)).width;
    return fovea__conv2d_layout_floats(direction, shape, width);
}

/* The layout, and behind it the zeros that taps outside read. */
static size_t packed_floats(const fovea_device *device, fovea__conv2d_direction direction,
                            const fovea__conv2d_shape *shape)
{
    if (direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    return layout_floats(device, direction, shape) + (size_t)fovea__conv2d_from_channels(direction, shape);
}

static fovea_status pack(fovea_device *device, fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                         const fovea__tensor *weights, fovea__buffer *packed)
{
    const int width = blocking_of(device, fovea__conv2d_to_channels(direction, shape)).width;
    FOVEA_TRY(fovea__conv2d_layout(device, direction, shape, width, weights, packed));
    return fovea__buffer_fill(packed, layout_floats(device, direction, shape) * sizeof(float),
                              (size_t)fovea__conv2d_from_channels(direction, shape) * sizeof(float), 0);
}

/* Into how many parts the places are cut: enough work-items for every unit, at least 256 places each, and within the
 * workspace. */
static int parts_of(const fovea_device *device, const fovea__conv2d_shape *shape)
{
    const int width = blocking_of(device, shape->out_channels).width;
    const size_t floats = fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, shape, width);
    const size_t items =
        (size_t)shape->kernel * (size_t)shape->kernel * (size_t)fovea__conv2d_blocks(shape->out_channels, width);
    const size_t wanted = 16 * (size_t)fovea_device_describe(device)->compute_units;
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_FORWARD, shape, 0);
    size_t parts = (wanted + items - 1) / items;
    const size_t most_by_places = fovea__conv2d_pass_places(&pass) / 256;
    const size_t most_by_memory = FOVEA__CONV2D_WORKSPACE / sizeof(float) / floats;
    parts = parts < most_by_places ? parts : most_by_places;
    parts = parts < most_by_memory ? parts : most_by_memory;
    return parts > 0 ? (int)parts : 1;
}

static size_t workspace_bytes(const fovea_device *device, fovea__conv2d_direction direction,
                              const fovea__conv2d_shape *shape)
{
    if (direction != FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    const int width = blocking_of(device, shape->out_channels).width;
    return (size_t)parts_of(device, shape) * sizeof(float) *
           fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, shape, width);
}

static fovea_status run_pass(fovea_device *device, const fovea__conv2d_pass *pass, size_t zeros_at,
                             const fovea__tensor *from, const fovea__buffer *packed,
                             const fovea__conv2d_epilogue *epilogue, fovea__tensor *to)
{
    const blocking cut = blocking_of(device, pass->to_c);
    const int blocks = fovea__conv2d_blocks(pass->to_c, cut.width);
    const size_t places = fovea__conv2d_pass_places(pass);
    const fovea__arg args[] = {fovea__arg_buffer(from->buffer),
                               fovea__arg_buffer(packed),
                               fovea__arg_int(pass->taps_before * pass->from_c * blocks * cut.width),
                               fovea__arg_int((int)zeros_at),
                               fovea__arg_buffer(epilogue->scale ? epilogue->scale->buffer : NULL),
                               fovea__arg_buffer(epilogue->shift ? epilogue->shift->buffer : NULL),
                               fovea__arg_buffer(epilogue->residual ? epilogue->residual->buffer : NULL),
                               fovea__arg_int(epilogue->relu),
                               fovea__arg_buffer(to->buffer),
                               fovea__arg_int((int)places),
                               fovea__arg_int(pass->grid_h),
                               fovea__arg_int(pass->grid_w),
                               fovea__arg_int(pass->from_h),
                               fovea__arg_int(pass->from_w),
                               fovea__arg_int(pass->from_c),
                               fovea__arg_int(pass->to_h),
                               fovea__arg_int(pass->to_w),
                               fovea__arg_int(pass->to_c),
                               fovea__arg_int(pass->taps_h),
                               fovea__arg_int(pass->taps_w),
                               fovea__arg_int(pass->stride),
                               fovea__arg_int(pass->first_y),
                               fovea__arg_int(pass->first_x),
                               fovea__arg_int(pass->step),
                               fovea__arg_int(pass->to_y),
                               fovea__arg_int(pass->to_x)};
    const size_t tiles = (places + (size_t)cut.tile - 1) / (size_t)cut.tile;
    return fovea__launch(device, "conv2d_direct", cut.options, "conv2d_direct_pass", args, sizeof args / sizeof *args,
                         fovea__grid_2d(tiles, (size_t)blocks, 1, 1));
}

static fovea_status forward(fovea_device *device, const fovea__conv2d_shape *shape, const fovea__tensor *x,
                            const fovea__tensor *weights, const fovea__buffer *packed,
                            const fovea__conv2d_epilogue *epilogue, fovea__tensor *y, fovea__buffer *workspace)
{
    (void)weights, (void)workspace;
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_FORWARD, shape, 0);
    return run_pass(device, &pass, layout_floats(device, FOVEA__CONV2D_FORWARD, shape), x, packed, epilogue, y);
}

static fovea_status backward_data(fovea_device *device, const fovea__conv2d_shape *shape, const fovea__tensor *d_y,
                                  const fovea__tensor *weights, const fovea__buffer *packed, bool accumulate,
                                  fovea__tensor *d_x, fovea__buffer *workspace)
{
    (void)weights, (void)workspace;
    const fovea__conv2d_epilogue epilogue = {.residual = accumulate ? d_x : NULL};
    const size_t zeros_at = layout_floats(device, FOVEA__CONV2D_BACKWARD_DATA, shape);
    for (int i = 0; i < fovea__conv2d_passes(FOVEA__CONV2D_BACKWARD_DATA, shape); i++) {
        const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_BACKWARD_DATA, shape, i);
        if (accumulate && pass.taps_h * pass.taps_w == 0)
            continue;
        FOVEA_TRY(run_pass(device, &pass, zeros_at, d_y, packed, &epilogue, d_x));
    }
    return FOVEA_OK;
}

static fovea_status backward_weights(fovea_device *device, const fovea__conv2d_shape *shape, const fovea__tensor *x,
                                     const fovea__tensor *d_y, bool accumulate, fovea__tensor *d_weights,
                                     fovea__buffer *workspace)
{
    const blocking cut = blocking_of(device, shape->out_channels);
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_FORWARD, shape, 0);
    const int places = (int)fovea__conv2d_pass_places(&pass), parts = parts_of(device, shape);
    const int taps = shape->kernel * shape->kernel, blocks = fovea__conv2d_blocks(pass.to_c, cut.width);
    const fovea__arg args[] = {fovea__arg_buffer(x->buffer),   fovea__arg_buffer(d_y->buffer),
                               fovea__arg_buffer(workspace),   fovea__arg_int(places),
                               fovea__arg_int(pass.grid_h),    fovea__arg_int(pass.grid_w),
                               fovea__arg_int(pass.from_h),    fovea__arg_int(pass.from_w),
                               fovea__arg_int(pass.from_c),    fovea__arg_int(pass.to_c),
                               fovea__arg_int(shape->kernel),  fovea__arg_int(shape->stride),
                               fovea__arg_int(shape->padding), fovea__arg_int((places + parts - 1) / parts)};
    char options[64];
    snprintf(options, sizeof options, "-DVECTOR=%d -DBLOCKS=%d", cut.vector, cut.registers);
    FOVEA_TRY(fovea__launch(device, "conv2d_direct_weights", options, "conv2d_direct_weights", args,
                            sizeof args / sizeof *args,
                            fovea__grid_3d((size_t)blocks, (size_t)taps, (size_t)parts, 1, 1, 1)));
    return fovea__conv2d_sum(device, shape, parts, cut.width, workspace, accumulate, d_weights);
}

const fovea__conv2d_methods fovea__conv2d_direct = {"direct",        can,     packed_floats, pack,
                                                    workspace_bytes, forward, backward_data, backward_weights};
