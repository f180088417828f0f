/* Convolution as CLBlast's matrix products. 1x1 convolutions multiply the tensors as they stand; others go through
 * columns (im2col), a bounded chunk of places at a time. */
#include "conv2d_engine.h"

#include "blas.h"
#include "device.h"
#include "launch.h"
#include "split.h"

/* One call's sizes: y's places, the values of one column row, and how many places a chunk takes. */
typedef struct chunking {
    size_t places, row, outs, chunk;
    int out_h, out_w;
    bool straight; /* 1x1, stride 1: x is its own columns */
    size_t room;   /* where CLBlast's copies lie in the workspace: behind columns and sums */
} chunking;

static bool is_straight(const fovea__conv2d_shape *shape)
{
    return shape->kernel == 1 && shape->stride == 1 && shape->padding == 0;
}

/* A chunk's place takes a row of columns, and in forward its products, kept apart until the residual was read. CLBlast
 * may copy all that a product reads and writes: a row and y's values of each place. */
static chunking plan_of(const fovea__conv2d_work *work)
{
    const fovea__conv2d_shape *shape = work->shape;
    const fovea__shape out = fovea__conv2d_out_shape(shape);
    chunking made = {.out_h = out.h, .out_w = out.w, .straight = is_straight(shape), .outs = (size_t)out.c};
    made.places = (size_t)out.n * (size_t)out.h * (size_t)out.w;
    made.row = (size_t)shape->kernel * (size_t)shape->kernel * (size_t)shape->in_channels;
    const size_t own = (made.straight ? 0 : made.row) + (work->direction == FOVEA__CONV2D_FORWARD ? made.outs : 0);
    const size_t most = FOVEA__CONV2D_WORKSPACE / sizeof(float) / (own + made.row + made.outs);
    made.chunk = most < made.places ? most : made.places;
    if (made.chunk == 0)
        made.chunk = 1;
    const bool sums = work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS && !made.straight;
    const size_t bytes = (made.chunk * own + (sums ? made.row * made.outs : 0)) * sizeof(float);
    const size_t alignment = fovea__buffer_alignment(work->device);
    made.room = (bytes + alignment - 1) / alignment * alignment;
    return made;
}

/* The product of `count` places; its matrices and their offsets are the caller's. Packed weights are
 * [tap][in channel][out channel], the straight ones [out channel][in channel]. */
static fovea__gemm product_of(fovea__conv2d_direction direction, const chunking *plan, size_t count,
                              fovea__buffer *workspace)
{
    const size_t row = plan->row, outs = plan->outs;
    fovea__gemm made = {.room = workspace, .room_offset = plan->room};
    switch (direction) {
    case FOVEA__CONV2D_FORWARD: /* y = columns weights */
        made.transpose_b = plan->straight;
        made.m = count, made.n = outs, made.k = row;
        made.ld_a = row, made.ld_b = plan->straight ? row : outs, made.ld_c = outs;
        break;
    case FOVEA__CONV2D_BACKWARD_DATA: /* columns = d_y weights^T */
        made.transpose_b = !plan->straight;
        made.m = count, made.n = row, made.k = outs;
        made.ld_a = outs, made.ld_b = plan->straight ? row : outs, made.ld_c = row;
        break;
    case FOVEA__CONV2D_BACKWARD_WEIGHTS: /* weights = columns^T d_y, or straight d_y^T x */
        made.transpose_a = true;
        made.m = plan->straight ? outs : row, made.n = plan->straight ? row : outs, made.k = count;
        made.ld_a = made.m, made.ld_b = made.ld_c = made.n;
        break;
    }
    return made;
}

static size_t count_at(const chunking *plan, size_t first)
{
    return plan->places - first < plan->chunk ? plan->places - first : plan->chunk;
}

static bool can(const fovea__conv2d_work *work)
{
    return fovea__device_max_work_group(work->device) >= 64;
}

/* Both directions read [tap][in channel][out channel]. */
static size_t packed_floats(const fovea__conv2d_work *work)
{
    if (is_straight(work->shape) || work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    return fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, work->shape, work->shape->out_channels);
}

static fovea_status pack(const fovea__conv2d_work *work, const fovea__tensor *weights, fovea__buffer *packed)
{
    return fovea__conv2d_layout(work->device, FOVEA__CONV2D_FORWARD, work->shape, work->shape->out_channels, 0, weights,
                                packed);
}

/* Where CLBlast does not tell its room the call asks again, and fails with what it says. */
static size_t workspace_bytes(const fovea__conv2d_work *work)
{
    const chunking plan = plan_of(work);
    const fovea__gemm largest = product_of(work->direction, &plan, plan.chunk, NULL);
    const fovea__error_kept kept = fovea__error_keep();
    size_t room = 0;
    if (fovea__gemm_room(work->device, &largest, &room))
        fovea__error_restore(&kept);
    return plan.room + room;
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

static fovea_status forward(const fovea__conv2d_work *work, const fovea__tensor *x, const fovea__tensor *weights,
                            const fovea__buffer *packed, const fovea__conv2d_epilogue *epilogue, fovea__tensor *y,
                            fovea__buffer *workspace)
{
    fovea_device *device = work->device;
    const chunking plan = plan_of(work);
    const size_t outs = plan.outs;
    const bool apart = epilogue->residual != NULL;
    const bool plain = !epilogue->scale && !epilogue->shift && !epilogue->residual && !epilogue->relu;
    for (size_t first = 0; first < plan.places; first += plan.chunk) {
        const size_t count = count_at(&plan, first);
        fovea__gemm gemm = product_of(FOVEA__CONV2D_FORWARD, &plan, count, workspace);
        gemm.a = plan.straight ? x->buffer : workspace;
        gemm.a_offset = plan.straight ? first * plan.row : 0;
        gemm.b = plan.straight ? weights->buffer : packed;
        gemm.c = apart ? workspace : y->buffer;
        gemm.c_offset = !apart ? first * outs : plan.straight ? 0 : plan.chunk * plan.row;
        if (!plan.straight)
            FOVEA_TRY(make_columns(device, work->shape, &plan, x, workspace, 0, first, count));
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

static fovea_status backward_data(const fovea__conv2d_work *work, const fovea__tensor *d_y,
                                  const fovea__tensor *weights, const fovea__buffer *packed, bool accumulate,
                                  fovea__tensor *d_x, fovea__buffer *workspace)
{
    fovea_device *device = work->device;
    const chunking plan = plan_of(work);
    if (!plan.straight && !accumulate)
        FOVEA_TRY(fovea__buffer_fill(d_x->buffer, 0, fovea__shape_elements(d_x->shape) * sizeof(float), 0));
    for (size_t first = 0; first < plan.places; first += plan.chunk) {
        const size_t count = count_at(&plan, first);
        fovea__gemm gemm = product_of(FOVEA__CONV2D_BACKWARD_DATA, &plan, count, workspace);
        gemm.a = d_y->buffer;
        gemm.a_offset = first * plan.outs;
        gemm.b = plan.straight ? weights->buffer : packed;
        gemm.c = plan.straight ? d_x->buffer : workspace;
        gemm.c_offset = plan.straight ? first * plan.row : 0;
        gemm.beta = plan.straight && accumulate ? 1 : 0;
        FOVEA_TRY(fovea__gemm_run(device, &gemm));
        if (!plan.straight)
            FOVEA_TRY(gather(device, work->shape, &plan, workspace, d_x, first, count));
    }
    return FOVEA_OK;
}

static fovea_status run(const fovea__conv2d_work *work, const fovea__tensor *from, const fovea__tensor *weights,
                        const fovea__buffer *packed, const fovea__conv2d_epilogue *epilogue, fovea__tensor *to,
                        fovea__buffer *workspace)
{
    if (work->direction == FOVEA__CONV2D_FORWARD)
        return forward(work, from, weights, packed, epilogue, to, workspace);
    return backward_data(work, from, weights, packed, epilogue->residual == to, to, workspace);
}

/* ---- backward-weights ------------------------------------------------------------------------------------------ */

static fovea_status backward_weights(const fovea__conv2d_work *work, const fovea__tensor *x, const fovea__tensor *d_y,
                                     bool accumulate, fovea__tensor *d_weights, fovea__buffer *workspace)
{
    fovea_device *device = work->device;
    const chunking plan = plan_of(work);
    const size_t sums = plan.row * plan.outs; /* they come first in the workspace, the columns behind them */
    for (size_t first = 0; first < plan.places; first += plan.chunk) {
        const size_t count = count_at(&plan, first);
        fovea__gemm gemm = product_of(FOVEA__CONV2D_BACKWARD_WEIGHTS, &plan, count, workspace);
        gemm.a = plan.straight ? d_y->buffer : workspace;
        gemm.a_offset = plan.straight ? first * plan.outs : sums;
        gemm.b = plan.straight ? x->buffer : d_y->buffer;
        gemm.b_offset = first * (plan.straight ? plan.row : plan.outs);
        gemm.c = plan.straight ? d_weights->buffer : workspace;
        gemm.beta = first > 0 || (plan.straight && accumulate) ? 1 : 0;
        if (!plan.straight)
            FOVEA_TRY(make_columns(device, work->shape, &plan, x, workspace, sums, first, count));
        FOVEA_TRY(fovea__gemm_run(device, &gemm));
    }
    if (plan.straight)
        return FOVEA_OK;
    return fovea__conv2d_sum(device, work->shape, 1, work->shape->out_channels, workspace, accumulate, d_weights);
}

const fovea__conv2d_engine fovea__conv2d_gemm = {.can = can,
                                                 .packed_floats = packed_floats,
                                                 .workspace_bytes = workspace_bytes,
                                                 .pack = pack,
                                                 .run = run,
                                                 .weights = backward_weights};
