/* Passes, and the kernels that change layouts. */
#include "conv2d_pass.h"

#include "split.h"

#include <stdio.h>
#include <string.h>

int fovea__conv2d_passes(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    return direction == FOVEA__CONV2D_BACKWARD_DATA ? shape->stride * shape->stride : 1;
}

int fovea__conv2d_from_channels(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    return direction == FOVEA__CONV2D_BACKWARD_DATA ? shape->out_channels : shape->in_channels;
}

int fovea__conv2d_to_channels(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    return direction == FOVEA__CONV2D_BACKWARD_DATA ? shape->in_channels : shape->out_channels;
}

/* One axis of a backward-data pass, for places of remainder r: d_x's place r + stride*g meets the kernel's places
 * k0, k0 + stride, ..., where k0 = (r + padding) mod stride; place k0 + stride*t reads d_y at g + (r+padding-k0)/stride
 * - t. */
typedef struct pass_axis {
    int grid, taps, first, kernel;
} pass_axis;

static pass_axis backward_axis(const fovea__conv2d_shape *shape, int size, int remainder)
{
    const int stride = shape->stride, shifted = remainder + shape->padding, k0 = shifted % stride;
    pass_axis axis;
    axis.grid = size > remainder ? (size - remainder + stride - 1) / stride : 0;
    axis.taps = k0 < shape->kernel ? (shape->kernel - 1 - k0) / stride + 1 : 0;
    axis.first = (shifted - k0) / stride - (axis.taps - 1);
    axis.kernel = k0 + (axis.taps - 1) * stride;
    return axis;
}

static fovea__conv2d_pass forward_pass(const fovea__conv2d_shape *shape)
{
    const fovea__shape out = fovea__conv2d_out_shape(shape);
    return (fovea__conv2d_pass){.batch = shape->batch,
                                .grid_h = out.h,
                                .grid_w = out.w,
                                .from_h = shape->height,
                                .from_w = shape->width,
                                .from_c = shape->in_channels,
                                .to_h = out.h,
                                .to_w = out.w,
                                .to_c = out.c,
                                .taps_h = shape->kernel,
                                .taps_w = shape->kernel,
                                .stride = shape->stride,
                                .first_y = -shape->padding,
                                .first_x = -shape->padding,
                                .step = 1,
                                .kernel_step = 1};
}

fovea__conv2d_pass fovea__conv2d_pass_at(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape, int index)
{
    if (direction != FOVEA__CONV2D_BACKWARD_DATA)
        return forward_pass(shape);
    const fovea__shape out = fovea__conv2d_out_shape(shape);
    const int stride = shape->stride;
    int taps_before = 0;
    for (int i = 0; i < index; i++)
        taps_before += backward_axis(shape, 0, i / stride).taps * backward_axis(shape, 0, i % stride).taps;
    const pass_axis y = backward_axis(shape, shape->height, index / stride);
    const pass_axis x = backward_axis(shape, shape->width, index % stride);
    return (fovea__conv2d_pass){.batch = shape->batch,
                                .grid_h = y.grid,
                                .grid_w = x.grid,
                                .from_h = out.h,
                                .from_w = out.w,
                                .from_c = out.c,
                                .to_h = shape->height,
                                .to_w = shape->width,
                                .to_c = shape->in_channels,
                                .taps_h = y.taps,
                                .taps_w = x.taps,
                                .stride = 1,
                                .first_y = y.first,
                                .first_x = x.first,
                                .step = stride,
                                .to_y = index / stride,
                                .to_x = index % stride,
                                .kernel_y = y.kernel,
                                .kernel_x = x.kernel,
                                .kernel_step = -stride,
                                .taps_before = taps_before};
}

size_t fovea__conv2d_pass_places(const fovea__conv2d_pass *pass)
{
    return (size_t)pass->batch * (size_t)pass->grid_h * (size_t)pass->grid_w;
}

/* ---- arguments -------------------------------------------------------------------------------------------------- */

static const fovea__buffer *buffer_of(const fovea__tensor *tensor)
{
    return tensor ? tensor->buffer : NULL;
}

void fovea__conv2d_pass_args(fovea__arg *args, const fovea__conv2d_pass *pass, const fovea__tensor *from,
                             const fovea__buffer *packed, int offset, const fovea__conv2d_epilogue *epilogue,
                             const fovea__buffer *to)
{
    const fovea__arg made[FOVEA__CONV2D_PASS_ARGS] = {fovea__arg_buffer(from->buffer),
                                                      fovea__arg_buffer(packed),
                                                      fovea__arg_int(offset),
                                                      fovea__arg_buffer(buffer_of(epilogue->scale)),
                                                      fovea__arg_buffer(buffer_of(epilogue->shift)),
                                                      fovea__arg_buffer(buffer_of(epilogue->residual)),
                                                      fovea__arg_int(epilogue->relu),
                                                      fovea__arg_buffer(to),
                                                      fovea__arg_int((int)fovea__conv2d_pass_places(pass)),
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
    memcpy(args, made, sizeof made);
}

void fovea__conv2d_weights_args(fovea__arg *args, const fovea__conv2d_pass *pass, const fovea__tensor *x,
                                const fovea__tensor *d_y, const fovea__buffer *partial)
{
    const fovea__arg made[FOVEA__CONV2D_WEIGHTS_ARGS] = {fovea__arg_buffer(x->buffer),
                                                         fovea__arg_buffer(d_y->buffer),
                                                         fovea__arg_buffer(partial),
                                                         fovea__arg_int((int)fovea__conv2d_pass_places(pass)),
                                                         fovea__arg_int(pass->grid_h),
                                                         fovea__arg_int(pass->grid_w),
                                                         fovea__arg_int(pass->from_h),
                                                         fovea__arg_int(pass->from_w),
                                                         fovea__arg_int(pass->from_c),
                                                         fovea__arg_int(pass->to_c),
                                                         fovea__arg_int(pass->taps_h),
                                                         fovea__arg_int(pass->stride),
                                                         fovea__arg_int(-pass->first_y)};
    memcpy(args, made, sizeof made);
}

/* ---- layouts --------------------------------------------------------------------------------------------------- */

size_t fovea__conv2d_layout_floats(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape, int width)
{
    const size_t taps = (size_t)shape->kernel * (size_t)shape->kernel;
    const size_t blocks = (size_t)fovea__conv2d_blocks(fovea__conv2d_to_channels(direction, shape), width);
    return taps * (size_t)fovea__conv2d_from_channels(direction, shape) * blocks * (size_t)width;
}

int fovea__conv2d_pass_offset(const fovea__conv2d_pass *pass, int width, int begin)
{
    return begin + pass->taps_before * pass->from_c * fovea__conv2d_blocks(pass->to_c, width) * width;
}

/* The kernels' squares. They are launched in work-groups of one size: some implementations compile anew for each. */
typedef struct squares {
    char options[32];
    int side;
} squares;

static squares squares_of(const fovea_device *device, bool backward)
{
    squares made = {.side = fovea__device_vector_width(device)};
    snprintf(made.options, sizeof made.options, "-DVECTOR=%d%s", made.side, backward ? " -DBACKWARD" : "");
    return made;
}

static fovea_status pack_forward(fovea_device *device, const fovea__conv2d_shape *shape, int width, int begin,
                                 const fovea__tensor *weights, fovea__buffer *packed)
{
    const squares with = squares_of(device, false);
    const int taps = shape->kernel * shape->kernel;
    const fovea__arg args[] = {
        fovea__arg_buffer(weights->buffer),  fovea__arg_buffer(packed), fovea__arg_int(begin),
        fovea__arg_int(shape->in_channels),  fovea__arg_int(shape->out_channels), fovea__arg_int(width),
        fovea__arg_int(taps)};
    return fovea__launch(device, "conv2d_layout", with.options, "conv2d_layout_pack", args, sizeof args / sizeof *args,
                         fovea__grid_3d((size_t)fovea__conv2d_blocks(shape->in_channels * taps, with.side),
                                        (size_t)fovea__conv2d_blocks(width, with.side),
                                        (size_t)fovea__conv2d_blocks(shape->out_channels, width), 16, 2, 1));
}

static fovea_status pack_back(fovea_device *device, const fovea__conv2d_shape *shape, const fovea__conv2d_pass *pass,
                              int width, int begin, const fovea__tensor *weights, fovea__buffer *packed)
{
    const squares with = squares_of(device, true);
    const fovea__arg args[] = {fovea__arg_buffer(weights->buffer),
                               fovea__arg_buffer(packed),
                               fovea__arg_int(fovea__conv2d_pass_offset(pass, width, begin)),
                               fovea__arg_int(shape->in_channels),
                               fovea__arg_int(shape->out_channels),
                               fovea__arg_int(width),
                               fovea__arg_int(shape->kernel),
                               fovea__arg_int(pass->taps_h),
                               fovea__arg_int(pass->taps_w),
                               fovea__arg_int(pass->kernel_y),
                               fovea__arg_int(pass->kernel_x),
                               fovea__arg_int(pass->kernel_step)};
    return fovea__launch(device, "conv2d_layout", with.options, "conv2d_layout_pack_back", args,
                         sizeof args / sizeof *args,
                         fovea__grid_3d((size_t)fovea__conv2d_blocks(width, with.side), (size_t)shape->out_channels,
                                        (size_t)fovea__conv2d_blocks(shape->in_channels, width), 2, 16, 1));
}

fovea_status fovea__conv2d_layout(fovea_device *device, fovea__conv2d_direction direction,
                                  const fovea__conv2d_shape *shape, int width, int begin, const fovea__tensor *weights,
                                  fovea__buffer *packed)
{
    if (direction == FOVEA__CONV2D_FORWARD)
        return pack_forward(device, shape, width, begin, weights, packed);
    for (int i = 0; i < fovea__conv2d_passes(direction, shape); i++) {
        const fovea__conv2d_pass pass = fovea__conv2d_pass_at(direction, shape, i);
        if (pass.taps_h * pass.taps_w > 0)
            FOVEA_TRY(pack_back(device, shape, &pass, width, begin, weights, packed));
    }
    return FOVEA_OK;
}

fovea_status fovea__conv2d_sum(fovea_device *device, const fovea__conv2d_shape *shape, int parts, int width,
                               const fovea__buffer *partial, bool accumulate, fovea__tensor *d_weights)
{
    const squares with = squares_of(device, true);
    const int taps = shape->kernel * shape->kernel, blocks = fovea__conv2d_blocks(shape->out_channels, width);
    const fovea__arg args[] = {fovea__arg_buffer(partial),
                               fovea__arg_buffer(d_weights->buffer),
                               fovea__arg_int(parts),
                               fovea__arg_int(taps),
                               fovea__arg_int(shape->in_channels),
                               fovea__arg_int(shape->out_channels),
                               fovea__arg_int(width),
                               fovea__arg_int(blocks),
                               fovea__arg_int(accumulate)};
    return fovea__launch(device, "conv2d_layout", with.options, "conv2d_layout_sum", args, sizeof args / sizeof *args,
                         fovea__grid_3d((size_t)fovea__conv2d_blocks(shape->in_channels * taps, with.side),
                                        (size_t)fovea__conv2d_blocks(width, with.side), (size_t)blocks, 16, 2, 1));
}

fovea_status fovea__conv2d_finish(fovea_device *device, const fovea__buffer *sums, size_t begin, int parts,
                                  const fovea__conv2d_epilogue *epilogue, fovea__tensor *y, size_t first, size_t count)
{
    const fovea__arg args[] = {fovea__arg_buffer(sums),
                               fovea__arg_int((int)begin),
                               fovea__arg_int(parts),
                               fovea__arg_int(parts > 1 ? (int)fovea__shape_elements(y->shape) : 0),
                               fovea__arg_buffer(buffer_of(epilogue->scale)),
                               fovea__arg_buffer(buffer_of(epilogue->shift)),
                               fovea__arg_buffer(buffer_of(epilogue->residual)),
                               fovea__arg_int(epilogue->relu),
                               fovea__arg_buffer(y->buffer),
                               fovea__arg_int((int)first),
                               fovea__arg_int((int)count),
                               fovea__arg_int(y->shape.c)};
    return fovea__launch(device, "conv2d_finish", "", "conv2d_finish", args, sizeof args / sizeof *args,
                         fovea__grid_1d(count, fovea__split_local(device)));
}
