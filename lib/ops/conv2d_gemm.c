/* Convolution as CLBlast's matrix products. 1x1 convolutions multiply the tensors as they stand; others go through
 * columns (im2col), a bounded chunk of places at a time. */
#include "conv2d_gemm.h"

#include "blas.h"
#include "device.h"
#include "launch.h"
#include "split.h"

/* One call's sizes: y's places, the values of one column row, and how many places a chunk takes. */
typedef struct chunking {
    size_t places, row, chunk;
    int out_h, out_w;
} chunking;

static bool is_straight(const fovea__conv2d_shape *shape)
{
    return shape->kernel == 1 && shape->stride == 1 && shape->padding == 0;
}

/* A chunk's place takes a row of columns, and in forward its products, kept apart until the residual was read. */
static size_t floats_a_place(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    const size_t columns = (size_t)shape->kernel * (size_t)shape->kernel * (size_t)shape->in_channels;
    return (is_straight(shape) ? 0 : columns) + (direction == FOVEA__CONV2D_FORWARD ? (size_t)shape->out_channels : 0);
}

static chunking plan_of(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    const fovea__shape out = fovea__conv2d_out_shape(shape);
    chunking made = {.out_h = out.h, .out_w = out.w};
    made.places = (size_t)out.n * (size_t)out.h * (size_t)out.w;
    made.row = (size_t)shape->kernel * (size_t)shape->kernel * (size_t)shape->in_channels;
    const size_t floats = floats_a_place(direction, shape);
    const size_t most = floats ? FOVEA__CONV2D_WORKSPACE / sizeof(float) / floats : made.places;
    made.chunk = most < made.places ? most : made.places;
    if (made.chunk == 0)
        made.chunk = 1;
    return made;
}

bool fovea__conv2d_gemm_can(const fovea_device *device)
{
    return fovea__device_max_work_group(device) >= 64;
}

/* Both directions read [tap][in channel][out channel]. */
size_t fovea__conv2d_gemm_packed_floats(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    if (is_straight(shape) || direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    return fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, shape, shape->out_channels);
}

fovea_status fovea__conv2d_gemm_pack(fovea_device *device, const fovea__conv2d_shape *shape,
                                     const fovea__tensor *weights, fovea__buffer *packed)
{
    return fovea__conv2d_layout(device, FOVEA__CONV2D_FORWARD, shape, shape->out_channels, 0, weights, packed);
}

size_t fovea__conv2d_gemm_workspace_bytes(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    const size_t chunk = plan_of(direction, shape).chunk * floats_a_place(direction, shape);
    const bool sums = direction == FOVEA__CONV2D_BACKWARD_WEIGHTS && !is_straight(shape);
    return (chunk + (sums ? fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, shape, shape->out_channels) : 0)) *
           sizeof(float);
}

static fovea_status make_columns(fovea_device *device, const fovea__conv2d_shape *shape, const chunking *plan,
                                 const fovea__tensor *x, fovea__buffer *columns, size_t begin, size_t first,
                                 size_t count)
{
    const fovea__arg args[] = {
        fovea__arg_buffer(x->buffer),       fovea__arg_buffer(columns),    fovea__arg_int((int)begin),
        fovea__arg_int((int)first),         fovea__arg_int((int)count),    fovea__arg_int(plan->out_h),
        fovea__arg_int(plan->out_w),        fovea__arg_int(shape->height), fovea__arg_int(shape->width),
        fovea__arg_int(shape->in_channels), fovea__arg_int(shape->kernel), fovea__arg_int(shape->stride),
        fovea__arg_int(shape->padding)};
    return fovea__launch(device, "conv2d_gemm", "", "conv2d_gemm_columns", args, sizeof args / sizeof *args,
                         fovea__grid_1d(plan->row * count, fovea__split_local(device)));
}

/* ---- forward --------------------------------------------------------------------------------------------------- */

fovea_status fovea__conv2d_gemm_forward(fovea_device *device, const fovea__conv2d_shape *shape, const fovea__tensor *x,
                                        const fovea__tensor *weights, const fovea__buffer *packed,
                                        const fovea__conv2d_epilogue *epilogue, fovea__tensor *y,
                                        fovea__buffer *workspace)
{
    const chunking plan = plan_of(FOVEA__CONV2D_FORWARD, shape);
    const size_t outs = (size_t)shape->out_channels;
    const bool straight = is_straight(shape), apart = epilogue->residual != NULL;
    const bool plain = !epilogue->scale && !epilogue->shift && !epilogue->residual && !epilogue->relu;
    for (size_t first = 0; first < plan.places; first += plan.chunk) {
        const size_t count = plan.places - first < plan.chunk ? plan.places - first : plan.chunk;
        if (!straight)
            FOVEA_TRY(make_columns(device, shape, &plan, x, workspace, 0, first, count));
        fovea__gemm gemm = {.m = count, .n = outs, .k = plan.row, .ld_a = plan.row, .ld_c = outs};
        gemm.a = straight ? x->buffer : workspace;
        gemm.a_offset = straight ? first * plan.row : 0;
        gemm.b = straight ? weights->buffer : packed;
        gemm.transpose_b = straight;
        gemm.ld_b = straight ? plan.row : outs;
        gemm.c = apart ? workspace : y->buffer;
        gemm.c_offset = !apart ? first * outs : straight ? 0 : plan.chunk * plan.row;
        FOVEA_TRY(fovea__gemm_run(device, &gemm));
        if (!plain)
            FOVEA_TRY(fovea__conv2d_finish(device, gemm.c, gemm.c_offset, 1, epilogue, y, first * outs, count * outs));
    }
    return FOVEA_OK;
}

/* ---- backward-data --------------------------------------------------------------------------------------------- */

/* Adds a chunk's columns to the pictures that it touches. */
static fovea_status gather(fovea_device *device, const fovea__conv2d_shape *shape, const chunking *plan,
                           const fovea__buffer *columns, fovea__tensor *d_x, size_t first, size_t count)
{
    const size_t picture = (size_t)plan->out_h * (size_t)plan->out_w;
    const size_t first_picture = first / picture, last_picture = (first + count - 1) / picture;
    const size_t pixels = (last_picture - first_picture + 1) * (size_t)shape->height * (size_t)shape->width;
    const fovea__arg args[] = {
        fovea__arg_buffer(columns),    fovea__arg_buffer(d_x->buffer),     fovea__arg_int((int)first),
        fovea__arg_int((int)count),    fovea__arg_int((int)first_picture), fovea__arg_int((int)pixels),
        fovea__arg_int(plan->out_h),   fovea__arg_int(plan->out_w),        fovea__arg_int(shape->height),
        fovea__arg_int(shape->width),  fovea__arg_int(shape->in_channels), fovea__arg_int(shape->kernel),
        fovea__arg_int(shape->stride), fovea__arg_int(shape->padding)};
    return fovea__launch(device, "conv2d_gemm", "", "conv2d_gemm_gather", args, sizeof args / sizeof *args,
                         fovea__grid_1d((size_t)shape->in_channels * pixels, fovea__split_local(device)));
}

fovea_status fovea__conv2d_gemm_backward_data(fovea_device *device, const fovea__conv2d_shape *shape,
                                              const fovea__tensor *d_y, const fovea__tensor *weights,
                                              const fovea__buffer *packed, bool accumulate, fovea__tensor *d_x,
                                              fovea__buffer *workspace)
{
    const chunking plan = plan_of(FOVEA__CONV2D_BACKWARD_DATA, shape);
    const size_t outs = (size_t)shape->out_channels;
    fovea__gemm gemm = {.n = plan.row, .k = outs, .a = d_y->buffer, .ld_a = outs, .ld_c = plan.row};
    if (is_straight(shape)) {
        gemm.m = plan.places;
        gemm.b = weights->buffer;
        gemm.ld_b = plan.row;
        gemm.c = d_x->buffer;
        gemm.beta = accumulate ? 1 : 0;
        return fovea__gemm_run(device, &gemm);
    }
    if (!accumulate)
        FOVEA_TRY(fovea__buffer_fill(d_x->buffer, 0, fovea__shape_elements(d_x->shape) * sizeof(float), 0));
    gemm.b = packed;
    gemm.transpose_b = true;
    gemm.ld_b = outs;
    gemm.c = workspace;
    for (size_t first = 0; first < plan.places; first += plan.chunk) {
        gemm.m = plan.places - first < plan.chunk ? plan.places - first : plan.chunk;
        gemm.a_offset = first * outs;
        FOVEA_TRY(fovea__gemm_run(device, &gemm));
        FOVEA_TRY(gather(device, shape, &plan, workspace, d_x, first, gemm.m));
    }
    return FOVEA_OK;
}

/* ---- backward-weights ------------------------------------------------------------------------------------------ */

fovea_status fovea__conv2d_gemm_backward_weights(fovea_device *device, const fovea__conv2d_shape *shape,
                                                 const fovea__tensor *x, const fovea__tensor *d_y, bool accumulate,
                                                 fovea__tensor *d_weights, fovea__buffer *workspace)
{
    const chunking plan = plan_of(FOVEA__CONV2D_BACKWARD_WEIGHTS, shape);
    const size_t outs = (size_t)shape->out_channels;
    if (is_straight(shape))
        return fovea__gemm_run(device, &(fovea__gemm){.transpose_a = true,
                                                      .m = outs,
                                                      .n = plan.row,
                                                      .k = plan.places,
                                                      .a = d_y->buffer,
                                                      .ld_a = outs,
                                                      .b = x->buffer,
                                                      .ld_b = plan.row,
                                                      .c = d_weights->buffer,
                                                      .ld_c = plan.row,
                                                      .beta = accumulate ? 1 : 0});
    const size_t sums = plan.row * outs; /* they come first in the workspace, the columns behind them */
    fovea__gemm gemm = {.transpose_a = true,
                        .m = plan.row,
                        .n = outs,
                        .a = workspace,
                        .a_offset = sums,
                        .ld_a = plan.row,
                        .b = d_y->buffer,
                        .ld_b = outs,
                        .c = workspace,
                        .ld_c = outs};
    for (size_t first = 0; first < plan.places; first += plan.chunk) {
        gemm.k = plan.places - first < plan.chunk ? plan.places - first : plan.chunk;
        gemm.b_offset = first * outs;
        gemm.beta = first > 0 ? 1 : 0;
        FOVEA_TRY(make_columns(device, shape, &plan, x, workspace, sums, first, gemm.k));
        FOVEA_TRY(fovea__gemm_run(device, &gemm));
    }
    return fovea__conv2d_sum(device, shape, 1, shape->out_channels, workspace, accumulate, d_weights);
}
