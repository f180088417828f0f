/* Launching what direct and tiled cut. */
#include "conv2d_cut.h"

#include "launch.h"

/* Into how many parts backward-weights cuts the places: enough for every unit, none too small, and in the workspace. */
static int parts_of(const fovea_device *device, const fovea__conv2d_shape *shape, const fovea__conv2d_cut *cut)
{
    const size_t floats = fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, shape, cut->width);
    const size_t groups =
        (size_t)cut->weight_groups * (size_t)fovea__conv2d_blocks(shape->out_channels, cut->group_width);
    const size_t wanted = 16 * (size_t)fovea_device_describe(device)->compute_units;
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_FORWARD, shape, 0);
    size_t parts = (wanted + groups - 1) / groups;
    const size_t most_by_places = fovea__conv2d_pass_places(&pass) / (size_t)cut->part_places;
    const size_t most_by_memory = FOVEA__CONV2D_WORKSPACE / sizeof(float) / floats;
    parts = parts < most_by_places ? parts : most_by_places;
    parts = parts < most_by_memory ? parts : most_by_memory;
    return parts > 0 ? (int)parts : 1;
}

size_t fovea__conv2d_cut_packed_floats(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                                       const fovea__conv2d_cut *cut)
{
    if (direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    return (size_t)cut->begin + fovea__conv2d_layout_floats(direction, shape, cut->width);
}

fovea_status fovea__conv2d_cut_pack(fovea_device *device, fovea__conv2d_direction direction,
                                    const fovea__conv2d_shape *shape, const fovea__conv2d_cut *cut,
                                    const fovea__tensor *weights, fovea__buffer *packed)
{
    FOVEA_TRY(fovea__buffer_fill(packed, 0, (size_t)cut->begin * sizeof(float), 0));
    return fovea__conv2d_layout(device, direction, shape, cut->width, cut->begin, weights, packed);
}

size_t fovea__conv2d_cut_workspace_bytes(const fovea_device *device, fovea__conv2d_direction direction,
                                         const fovea__conv2d_shape *shape, const fovea__conv2d_cut *cut)
{
    if (direction != FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    return (size_t)parts_of(device, shape, cut) * sizeof(float) *
           fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, shape, cut->width);
}

static fovea_status run_pass(fovea_device *device, const fovea__conv2d_pass *pass, const fovea__conv2d_cut *cut,
                             const fovea__tensor *from, const fovea__buffer *packed,
                             const fovea__conv2d_epilogue *epilogue, fovea__tensor *to)
{
    const int places = (int)fovea__conv2d_pass_places(pass);
    const fovea__arg args[] = {fovea__arg_buffer(from->buffer),
                               fovea__arg_buffer(packed),
                               fovea__arg_int(fovea__conv2d_pass_offset(pass, cut->width, cut->begin)),
                               fovea__arg_buffer(epilogue->scale ? epilogue->scale->buffer : NULL),
                               fovea__arg_buffer(epilogue->shift ? epilogue->shift->buffer : NULL),
                               fovea__arg_buffer(epilogue->residual ? epilogue->residual->buffer : NULL),
                               fovea__arg_int(epilogue->relu),
                               fovea__arg_buffer(to->buffer),
                               fovea__arg_int(places),
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
    const size_t local = (size_t)cut->local, tiles = (size_t)fovea__conv2d_blocks(places, cut->group_places);
    const size_t blocks = (size_t)fovea__conv2d_blocks(pass->to_c, cut->group_width);
    return fovea__launch(device, cut->room, cut->options, cut->kernel, args, sizeof args / sizeof *args,
                         fovea__grid_2d(tiles * local, blocks * local, local, local));
}

fovea_status fovea__conv2d_cut_run(fovea_device *device, fovea__conv2d_direction direction,
                                   const fovea__conv2d_shape *shape, const fovea__conv2d_cut *cut,
                                   const fovea__tensor *from, const fovea__buffer *packed,
                                   const fovea__conv2d_epilogue *epilogue, fovea__tensor *to)
{
    for (int i = 0; i < fovea__conv2d_passes(direction, shape); i++) {
        const fovea__conv2d_pass pass = fovea__conv2d_pass_at(direction, shape, i);
        const bool adds_nothing = epilogue->residual == to && pass.taps_h * pass.taps_w == 0;
        if (!adds_nothing)
            FOVEA_TRY(run_pass(device, &pass, cut, from, packed, epilogue, to));
    }
    return FOVEA_OK;
}

fovea_status fovea__conv2d_cut_weights(fovea_device *device, const fovea__conv2d_shape *shape,
                                       const fovea__conv2d_cut *cut, const fovea__tensor *x, const fovea__tensor *d_y,
                                       bool accumulate, fovea__tensor *d_weights, fovea__buffer *workspace)
{
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_FORWARD, shape, 0);
    const int places = (int)fovea__conv2d_pass_places(&pass), parts = parts_of(device, shape, cut);
    const fovea__arg args[] = {fovea__arg_buffer(x->buffer),   fovea__arg_buffer(d_y->buffer),
                               fovea__arg_buffer(workspace),   fovea__arg_int(places),
                               fovea__arg_int(pass.grid_h),    fovea__arg_int(pass.grid_w),
                               fovea__arg_int(pass.from_h),    fovea__arg_int(pass.from_w),
                               fovea__arg_int(pass.from_c),    fovea__arg_int(pass.to_c),
                               fovea__arg_int(shape->kernel),  fovea__arg_int(shape->stride),
                               fovea__arg_int(shape->padding), fovea__arg_int((places + parts - 1) / parts)};
    const size_t local = (size_t)cut->local, blocks = (size_t)fovea__conv2d_blocks(pass.to_c, cut->group_width);
    FOVEA_TRY(fovea__launch(
        device, cut->room, cut->options, cut->kernel, args, sizeof args / sizeof *args,
        fovea__grid_3d(blocks * local, (size_t)cut->weight_groups * local, (size_t)parts, local, local, 1)));
    return fovea__conv2d_sum(device, shape, parts, cut->width, workspace, accumulate, d_weights);
}
