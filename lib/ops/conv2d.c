/* The door of the convolutions: checks every size once, then hands the work to an algorithm. */
#include "conv2d.h"

#include "conv2d_engine.h"
#include "device.h"
#include "launch.h"

#include <limits.h>

enum {
    MOST_WINDOW = 4096,               /* of kernel, stride and padding */
    MOST_VALUES = INT_MAX - (1 << 20) /* of a tensor: kernels round places up, and index by int */
};

int fovea__conv2d_out_size(int size, const fovea__conv2d_shape *shape)
{
    const int room = size + 2 * shape->padding - shape->kernel;
    return room < 0 ? 0 : room / shape->stride + 1;
}

fovea__shape fovea__conv2d_out_shape(const fovea__conv2d_shape *shape)
{
    return (fovea__shape){shape->batch, fovea__conv2d_out_size(shape->height, shape),
                          fovea__conv2d_out_size(shape->width, shape), shape->out_channels};
}

static fovea__shape in_shape(const fovea__conv2d_shape *shape)
{
    return (fovea__shape){shape->batch, shape->height, shape->width, shape->in_channels};
}

static fovea__shape weights_shape(const fovea__conv2d_shape *shape)
{
    return (fovea__shape){shape->out_channels, shape->in_channels, shape->kernel, shape->kernel};
}

static const struct {
    const char *name;
    const fovea__conv2d_engine *engine;
} algorithms[FOVEA__CONV2D_ALGORITHMS] = {[FOVEA__CONV2D_DIRECT] = {"direct", &fovea__conv2d_direct},
                                          [FOVEA__CONV2D_WINOGRAD] = {"winograd", &fovea__conv2d_winograd},
                                          [FOVEA__CONV2D_TILED_128X128] = {"tiled_128x128", &fovea__conv2d_tiled},
                                          [FOVEA__CONV2D_TILED_128X64] = {"tiled_128x64", &fovea__conv2d_tiled},
                                          [FOVEA__CONV2D_TILED_64X64] = {"tiled_64x64", &fovea__conv2d_tiled},
                                          [FOVEA__CONV2D_TILED_32X64] = {"tiled_32x64", &fovea__conv2d_tiled},
                                          [FOVEA__CONV2D_GEMM] = {"gemm", &fovea__conv2d_gemm}};

const char *fovea__conv2d_algorithm_name(fovea__conv2d_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

static bool can(const fovea__conv2d_work *work)
{
    const fovea__conv2d_engine *engine = algorithms[work->algorithm].engine;
    return !engine->can || engine->can(work);
}

bool fovea__conv2d_can(fovea_device *device, fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                       const fovea__conv2d_shape *shape)
{
    const fovea__conv2d_work work = {device, algorithm, direction, shape};
    return can(&work);
}

/* On CPUs winograd where it can and there are some channels, else direct; elsewhere tiled, in the tile that its costs
 * are least in, and what does without local memory where there is too little of it. */
fovea__conv2d_algorithm fovea__conv2d_choose(fovea_device *device, fovea__conv2d_direction direction,
                                             const fovea__conv2d_shape *shape)
{
    fovea__conv2d_work work = {device, FOVEA__CONV2D_WINOGRAD, direction, shape};
    if (fovea__device_is_cpu(device))
        return can(&work) && shape->in_channels >= 16 && shape->out_channels >= 16 ? FOVEA__CONV2D_WINOGRAD
                                                                                   : FOVEA__CONV2D_DIRECT;
    work.algorithm = fovea__conv2d_tiled_choose(&work);
    if (can(&work))
        return work.algorithm;
    work.algorithm = FOVEA__CONV2D_GEMM;
    return can(&work) ? FOVEA__CONV2D_GEMM : FOVEA__CONV2D_DIRECT;
}

/* ---- checks ---------------------------------------------------------------------------------------------------- */

static fovea_status check_values(fovea__shape shape, const char *what)
{
    FOVEA_TRY(fovea__shape_check(shape, what));
    if (fovea__shape_elements(shape) > MOST_VALUES)
        FOVEA_FAIL(FOVEA_ERROR_UNSUPPORTED, "%s: %d x %d x %d x %d is more than %d values", what, shape.n, shape.h,
                   shape.w, shape.c, MOST_VALUES);
    return FOVEA_OK;
}

static fovea_status check_work(const fovea__conv2d_work *work)
{
    const fovea__conv2d_shape *shape = work->shape;
    FOVEA_CHECK_ARG(work->algorithm >= 0 && work->algorithm < FOVEA__CONV2D_ALGORITHMS,
                    "conv2d: there is no algorithm %d", (int)work->algorithm);
    FOVEA_CHECK_ARG(shape->kernel > 0 && shape->stride > 0 && shape->padding >= 0 && shape->kernel <= MOST_WINDOW &&
                        shape->stride <= MOST_WINDOW && shape->padding <= MOST_WINDOW,
                    "conv2d: kernel %d, stride %d or padding %d is out of range", shape->kernel, shape->stride,
                    shape->padding);
    FOVEA_CHECK_ARG(shape->in_channels > 0 && shape->out_channels > 0, "conv2d: %d in and %d out channels",
                    shape->in_channels, shape->out_channels);
    FOVEA_TRY(check_values(in_shape(shape), "conv2d's x"));
    FOVEA_CHECK_ARG(shape->height <= MOST_VALUES / 2 && shape->width <= MOST_VALUES / 2, "conv2d: x of %d x %d",
                    shape->height, shape->width);
    FOVEA_TRY(check_values(fovea__conv2d_out_shape(shape), "conv2d's y"));
    /* Packed weights round channels up to at most 32, and a kernel row's worth of zeros stands before them. */
    const fovea__shape padded = {shape->out_channels + 32, shape->in_channels + 32, shape->kernel, shape->kernel};
    FOVEA_TRY(check_values(padded, "conv2d's weights"));
    if (!can(work))
        FOVEA_FAIL(FOVEA_ERROR_UNSUPPORTED, "%s: conv2d's algorithm \"%s\" cannot run here",
                   fovea_device_name(work->device), fovea__conv2d_algorithm_name(work->algorithm));
    return FOVEA_OK;
}

static fovea_status check_tensor(const fovea__tensor *tensor, fovea__shape want, const char *what)
{
    FOVEA_CHECK_ARG(tensor && tensor->buffer, "conv2d: %s is missing", what);
    const fovea__shape is = tensor->shape;
    FOVEA_CHECK_ARG(fovea__shape_equal(is, want), "conv2d: %s is %d x %d x %d x %d, expected %d x %d x %d x %d", what,
                    is.n, is.h, is.w, is.c, want.n, want.h, want.w, want.c);
    return FOVEA_OK;
}

static fovea_status check_room(const fovea__buffer *buffer, size_t needed_bytes, const char *what)
{
    const size_t is = buffer ? fovea__buffer_size(buffer) : 0;
    FOVEA_CHECK_ARG(is >= needed_bytes, "conv2d: %s has %zu bytes, needed are %zu", what, is, needed_bytes);
    return FOVEA_OK;
}

static fovea_status check_rooms(const fovea__conv2d_work *work, const fovea__buffer *packed,
                                const fovea__buffer *workspace)
{
    const fovea__conv2d_engine *engine = algorithms[work->algorithm].engine;
    FOVEA_TRY(check_room(packed, engine->packed_floats(work) * sizeof(float), "packed"));
    return check_room(workspace, engine->workspace_bytes(work), "workspace");
}

static fovea_status check_epilogue(const fovea__conv2d_epilogue *epilogue, const fovea__conv2d_shape *shape)
{
    const fovea__shape vector = fovea__shape_vector(shape->out_channels);
    if (epilogue->scale)
        FOVEA_TRY(check_tensor(epilogue->scale, vector, "scale"));
    if (epilogue->shift)
        FOVEA_TRY(check_tensor(epilogue->shift, vector, "shift"));
    if (epilogue->residual)
        FOVEA_TRY(check_tensor(epilogue->residual, fovea__conv2d_out_shape(shape), "residual"));
    return FOVEA_OK;
}

static void count_work(fovea_device *device, const fovea__conv2d_shape *shape)
{
    const double weights = (double)fovea__shape_elements(weights_shape(shape));
    const double x = (double)fovea__shape_elements(in_shape(shape));
    const fovea__shape out = fovea__conv2d_out_shape(shape);
    const double flops = 2.0 * weights * out.n * out.h * out.w;
    fovea__count(device, flops, 4.0 * (x + weights + (double)fovea__shape_elements(out)));
}

/* ---- calls ----------------------------------------------------------------------------------------------------- */

size_t fovea__conv2d_packed_floats(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                   fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    const fovea__conv2d_work work = {device, algorithm, direction, shape};
    return algorithms[algorithm].engine->packed_floats(&work);
}

size_t fovea__conv2d_workspace_bytes(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                     fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    const fovea__conv2d_work work = {device, algorithm, direction, shape};
    return algorithms[algorithm].engine->workspace_bytes(&work);
}

fovea_status fovea__conv2d_pack(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                                const fovea__tensor *weights, fovea__buffer *packed)
{
    const fovea__conv2d_work work = {device, algorithm, direction, shape};
    FOVEA_TRY(check_work(&work));
    FOVEA_TRY(check_tensor(weights, weights_shape(shape), "weights"));
    const fovea__conv2d_engine *engine = algorithms[algorithm].engine;
    const size_t floats = engine->packed_floats(&work);
    FOVEA_TRY(check_room(packed, floats * sizeof(float), "packed"));
    return floats == 0 ? FOVEA_OK : engine->pack(&work, weights, packed);
}

fovea_status fovea__conv2d_forward(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                   const fovea__conv2d_shape *shape, const fovea__tensor *x,
                                   const fovea__tensor *weights, const fovea__buffer *packed,
                                   const fovea__conv2d_epilogue *epilogue, fovea__tensor *y, fovea__buffer *workspace)
{
    const fovea__conv2d_work work = {device, algorithm, FOVEA__CONV2D_FORWARD, shape};
    const fovea__conv2d_epilogue none = {0};
    if (!epilogue)
        epilogue = &none;
    FOVEA_TRY(check_work(&work));
    FOVEA_TRY(check_tensor(x, in_shape(shape), "x"));
    FOVEA_TRY(check_tensor(weights, weights_shape(shape), "weights"));
    FOVEA_TRY(check_tensor(y, fovea__conv2d_out_shape(shape), "y"));
    FOVEA_TRY(check_epilogue(epilogue, shape));
    FOVEA_TRY(check_rooms(&work, packed, workspace));
    if (fovea__shape_elements(y->shape) == 0)
        return FOVEA_OK;
    count_work(device, shape);
    return algorithms[algorithm].engine->run(&work, x, weights, packed, epilogue, y, workspace);
}

fovea_status fovea__conv2d_backward_data(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                         const fovea__conv2d_shape *shape, const fovea__tensor *d_y,
                                         const fovea__tensor *weights, const fovea__buffer *packed, bool accumulate,
                                         fovea__tensor *d_x, fovea__buffer *workspace)
{
    const fovea__conv2d_work work = {device, algorithm, FOVEA__CONV2D_BACKWARD_DATA, shape};
    FOVEA_TRY(check_work(&work));
    FOVEA_TRY(check_tensor(d_y, fovea__conv2d_out_shape(shape), "d_y"));
    FOVEA_TRY(check_tensor(weights, weights_shape(shape), "weights"));
    FOVEA_TRY(check_tensor(d_x, in_shape(shape), "d_x"));
    FOVEA_TRY(check_rooms(&work, packed, workspace));
    const size_t elements = fovea__shape_elements(d_x->shape);
    if (elements == 0)
        return FOVEA_OK;
    if (fovea__shape_elements(d_y->shape) == 0) /* no output sees x: its gradient is 0 */
        return accumulate ? FOVEA_OK : fovea__buffer_fill(d_x->buffer, 0, elements * sizeof(float), 0);
    count_work(device, shape);
    const fovea__conv2d_epilogue epilogue = {.residual = accumulate ? d_x : NULL};
    return algorithms[algorithm].engine->run(&work, d_y, weights, packed, &epilogue, d_x, workspace);
}

fovea_status fovea__conv2d_backward_weights(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                            const fovea__conv2d_shape *shape, const fovea__tensor *x,
                                            const fovea__tensor *d_y, bool accumulate, fovea__tensor *d_weights,
                                            fovea__buffer *workspace)
{
    const fovea__conv2d_work work = {device, algorithm, FOVEA__CONV2D_BACKWARD_WEIGHTS, shape};
    FOVEA_TRY(check_work(&work));
    FOVEA_TRY(check_tensor(x, in_shape(shape), "x"));
    FOVEA_TRY(check_tensor(d_y, fovea__conv2d_out_shape(shape), "d_y"));
    FOVEA_TRY(check_tensor(d_weights, weights_shape(shape), "d_weights"));
    FOVEA_TRY(check_rooms(&work, NULL, workspace));
    if (fovea__shape_elements(x->shape) == 0 || fovea__shape_elements(d_y->shape) == 0) {
        const size_t elements = fovea__shape_elements(d_weights->shape);
        return accumulate ? FOVEA_OK : fovea__buffer_fill(d_weights->buffer, 0, elements * sizeof(float), 0);
    }
    count_work(device, shape);
    return algorithms[algorithm].engine->weights(&work, x, d_y, accumulate, d_weights, workspace);
}
