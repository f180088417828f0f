/* Running one convolution on fenced memory and holding what it wrote to the reference. */
#include "conv2d_problem.h"

#include "arrays.h"
#include "device.h"
#include "ref_conv2d.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static float *random_values(size_t count, uint64_t seed, double **copy)
{
    float *values = array_uniform(count, seed, -1, 1);
    *copy = array_widen(values, count);
    return values;
}

problem problem_make(fovea__conv2d_shape shape, uint64_t seed)
{
    problem made = {.shape = shape, .y_shape = fovea__conv2d_out_shape(&shape)};
    made.x_shape = (fovea__shape){shape.batch, shape.height, shape.width, shape.in_channels};
    made.weights_shape = (fovea__shape){shape.out_channels, shape.in_channels, shape.kernel, shape.kernel};
    ck_assert_uint_eq(fovea__shape_elements(made.y_shape), ref_conv2d_y_count(&shape));
    made.x = random_values(ref_conv2d_x_count(&shape), seed, &made.x64);
    made.weights = random_values(ref_conv2d_weights_count(&shape), seed + 1, &made.weights64);
    made.d_y = random_values(ref_conv2d_y_count(&shape), seed + 2, &made.d_y64);
    return made;
}

void problem_free(problem *made)
{
    free(made->x), free(made->weights), free(made->d_y);
    free(made->x64), free(made->weights64), free(made->d_y64);
}

/* ---- running --------------------------------------------------------------------------------------------------- */

static fovea_status run_direction(const call *made, fence *x, fence *weights, fence *y, const fovea__buffer *packed,
                                  fovea__buffer *workspace)
{
    fovea_device *device = support_device();
    const fovea__conv2d_shape *shape = &made->given->shape;
    fovea__conv2d_epilogue epilogue = {0};
    switch (made->direction) {
    case FOVEA__CONV2D_FORWARD:
        if (made->epilogue)
            epilogue = *made->epilogue;
        if (made->residual_is_y)
            epilogue.residual = &y->tensor;
        return fovea__conv2d_forward(device, made->algorithm, shape, &x->tensor, &weights->tensor, packed,
                                     made->epilogue || made->residual_is_y ? &epilogue : NULL, &y->tensor, workspace);
    case FOVEA__CONV2D_BACKWARD_DATA:
        return fovea__conv2d_backward_data(device, made->algorithm, shape, &y->tensor, &weights->tensor, packed,
                                           made->before != NULL, &x->tensor, workspace);
    default:
        return fovea__conv2d_backward_weights(device, made->algorithm, shape, &x->tensor, &y->tensor,
                                              made->before != NULL, &weights->tensor, workspace);
    }
}

float *problem_run(const call *made)
{
    fovea_device *device = support_device();
    const problem *given = made->given;
    const fovea__conv2d_direction direction = made->direction;
    const bool forward = direction == FOVEA__CONV2D_FORWARD, data = direction == FOVEA__CONV2D_BACKWARD_DATA;
    fence x = fence_tensor(given->x_shape, data ? made->before : given->x);
    fence weights = fence_tensor(given->weights_shape, forward || data ? given->weights : made->before);
    fence y = fence_tensor(given->y_shape, forward ? made->before : given->d_y);
    const size_t floats = fovea__conv2d_packed_floats(device, made->algorithm, direction, &given->shape);
    const size_t bytes = fovea__conv2d_workspace_bytes(device, made->algorithm, direction, &given->shape);
    fence packed = fence_ints(floats, NULL), workspace = fence_ints((bytes + 3) / 4, NULL);
    if (floats)
        support_ok(fovea__conv2d_pack(device, made->algorithm, direction, &given->shape, &weights.tensor,
                                      packed.tensor.buffer));
    support_ok(run_direction(made, &x, &weights, &y, floats ? packed.tensor.buffer : NULL,
                             bytes ? workspace.tensor.buffer : NULL));
    float *got = fence_read(forward ? &y : data ? &x : &weights);
    fence_free(&x, data ? "d_x" : "x");
    fence_free(&weights, forward || data ? "weights" : "d_weights");
    fence_free(&y, forward ? "y" : "d_y");
    fence_free(&packed, "packed"), fence_free(&workspace, "workspace");
    return got;
}

/* By direction: its name and its reference. */
static const struct {
    const char *name;
    size_t (*count)(const fovea__conv2d_shape *shape);
    double (*at)(const fovea__conv2d_shape *shape, const double *a, const double *b, size_t index);
} references[] = {{"forward", ref_conv2d_y_count, ref_conv2d_forward_at},
                  {"backward-data", ref_conv2d_x_count, ref_conv2d_backward_data_at},
                  {"backward-weights", ref_conv2d_weights_count, ref_conv2d_backward_weights_at}};

static double reference_at(const problem *given, fovea__conv2d_direction direction, size_t index)
{
    const double *a = direction == FOVEA__CONV2D_BACKWARD_DATA ? given->d_y64 : given->x64;
    const double *b = direction == FOVEA__CONV2D_BACKWARD_WEIGHTS ? given->d_y64 : given->weights64;
    return references[direction].at(&given->shape, a, b, index);
}

/* Winograd's T terms are summed at 36 points, and the sums of point (i, j) enter an output (o, p) with the weight
 * A_io A_jp. By the norms of the rows of B^T, G and A^T (conv2d_winograd.cl) the variance of those roundings is, summed
 * over i, at most 94 times a direct sum's of T terms along each axis, where the outputs' 9 T terms count 9: 94 / 9 of
 * direct's tolerance. Backward-weights: 97 / 16 of direct's for the 16 places of a tile, the last ones being rounded up
 * to whole tiles. The roundings of the transforms themselves do not grow with T: they take the place of some 16 terms.
 */
static double winograd_tolerance(const problem *given, fovea__conv2d_direction direction)
{
    const fovea__conv2d_shape *s = &given->shape;
    const fovea__shape out = given->y_shape;
    const double tiles = (double)out.n * ((out.h + 3) / 4) * ((out.w + 3) / 4);
    const double terms = direction == FOVEA__CONV2D_FORWARD         ? s->in_channels
                         : direction == FOVEA__CONV2D_BACKWARD_DATA ? s->out_channels
                                                                    : tiles;
    return 0x1p-23 * (direction == FOVEA__CONV2D_BACKWARD_WEIGHTS ? 97 : 94) * (terms + 16);
}

/* Terms of one sum are products of uniform numbers, of variance 1/9. A running sum of j of them is about sqrt(j)/3 and
 * each addition rounds it by at most 2^-24 of itself; the roundings are independent, so T terms give a deviation of
 * about 2^-24 sqrt(sum of j/9) = 2^-24 T/4. Eight of these, and the roundings of the product and an added value. */
static double absolute_tolerance(const problem *given, fovea__conv2d_algorithm algorithm,
                                 fovea__conv2d_direction direction)
{
    const fovea__conv2d_shape *s = &given->shape;
    const double taps = (double)s->kernel * s->kernel;
    const double places = (double)given->y_shape.n * given->y_shape.h * given->y_shape.w;
    const double terms = direction == FOVEA__CONV2D_FORWARD         ? taps * s->in_channels
                         : direction == FOVEA__CONV2D_BACKWARD_DATA ? taps * s->out_channels
                                                                    : places;
    if (algorithm == FOVEA__CONV2D_WINOGRAD)
        return winograd_tolerance(given, direction);
    return 0x1p-23 * (terms + 8);
}

static const char *describe(const problem *given, fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction)
{
    static char text[160];
    const fovea__conv2d_shape *s = &given->shape;
    snprintf(text, sizeof text, "%s %s of %dx%dx%d, %d to %d channels, kernel %d, stride %d, padding %d",
             fovea__conv2d_algorithm_name(algorithm), references[direction].name, s->batch, s->height, s->width,
             s->in_channels, s->out_channels, s->kernel, s->stride, s->padding);
    return text;
}

/* Of odd samples every coordinate lies at either end half of the time, since what goes wrong goes wrong at edges. */
static size_t sample_at(fovea__shape shape, size_t index)
{
    const int sizes[4] = {shape.n, shape.h, shape.w, shape.c};
    size_t at = 0;
    for (int d = 0; d < 4; d++) {
        const uint64_t draw = index * 8 + (uint64_t)d * 2;
        const int end = index % 2 ? support_random_int(99, draw, 0, 3) : 2;
        const int any = support_random_int(99, draw + 1, 0, sizes[d] - 1);
        at = at * (size_t)sizes[d] + (size_t)(end == 0 ? 0 : end == 1 ? sizes[d] - 1 : any);
    }
    return at;
}

/* Compares `samples` places (all, where there are no more) with the reference plus `before`; no place may be left. */
static void compare(const call *made, const float *got, size_t samples)
{
    const problem *given = made->given;
    const fovea__shape shape = made->direction == FOVEA__CONV2D_FORWARD         ? given->y_shape
                               : made->direction == FOVEA__CONV2D_BACKWARD_DATA ? given->x_shape
                                                                                : given->weights_shape;
    const size_t all = fovea__shape_elements(shape), count = all < samples ? all : samples;
    float *some = array_uniform(count, 0, 0, 0);
    double *want = array_doubles(count);
    size_t finite = 0;
    while (finite < all && isfinite(got[finite]))
        finite++;
    ck_assert_msg(finite == all, "%s: value %zu is not finite", describe(given, made->algorithm, made->direction),
                  finite);
    for (size_t i = 0; i < count; i++) {
        const size_t at = count == all ? i : sample_at(shape, i);
        some[i] = got[at];
        want[i] = reference_at(given, made->direction, at) + (made->before ? (double)made->before[at] : 0);
    }
    support_close(describe(given, made->algorithm, made->direction), some, want, count, 0x1p-22,
                  absolute_tolerance(given, made->algorithm, made->direction));
    free(some), free(want);
}

/* CLBlast's cache outlives the simulator, and corrupts the heap when the program ends. */
bool problem_is_tried(fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                      const fovea__conv2d_shape *shape)
{
    return fovea__conv2d_can(support_device(), algorithm, direction, shape) &&
           !(algorithm == FOVEA__CONV2D_GEMM && support_is_simulator());
}

void problem_check_call(const call *made, size_t samples)
{
    float *got = problem_run(made), *again = problem_run(made);
    compare(made, got, samples);
    ck_assert_msg(memcmp(got, again, references[made->direction].count(&made->given->shape) * sizeof *got) == 0,
                  "%s: other bits the second time", describe(made->given, made->algorithm, made->direction));
    free(got), free(again);
}

void problem_check(fovea__conv2d_shape shape, size_t samples, bool accumulate,
                   bool (*chosen)(fovea__conv2d_algorithm, fovea__conv2d_direction, const fovea__conv2d_shape *))
{
    problem given = problem_make(shape, 7);
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++)
        for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++) {
            call one = {&given, (fovea__conv2d_algorithm)a, (fovea__conv2d_direction)d, NULL, NULL, false};
            if (!problem_is_tried(one.algorithm, one.direction, &shape) || (accumulate && d == FOVEA__CONV2D_FORWARD) ||
                !chosen(one.algorithm, one.direction, &shape))
                continue;
            const size_t count = references[d].count(&shape);
            float *before = accumulate ? array_uniform(count, 5, -1, 1) : NULL;
            one.before = before;
            problem_check_call(&one, samples);
            free(before);
        }
    problem_free(&given);
}

void problem_check_epilogue(const problem *given, fovea__conv2d_algorithm algorithm, int parts)
{
    const int channels = given->shape.out_channels;
    const size_t count = ref_conv2d_y_count(&given->shape);
    double *scale64, *shift64, *residual64;
    float *scale = random_values((size_t)channels, 21, &scale64);
    float *shift = random_values((size_t)channels, 22, &shift64), *residual = random_values(count, 23, &residual64);
    fence scale_in = fence_tensor(fovea__shape_vector(channels), scale);
    fence shift_in = fence_tensor(fovea__shape_vector(channels), shift);
    fence residual_in = fence_tensor(given->y_shape, residual);
    const fovea__conv2d_epilogue epilogue = {.scale = parts & WITH_SCALE ? &scale_in.tensor : NULL,
                                             .shift = parts & WITH_SHIFT ? &shift_in.tensor : NULL,
                                             .residual = parts & WITH_RESIDUAL ? &residual_in.tensor : NULL,
                                             .relu = parts & WITH_RELU};
    const bool in_place = parts & RESIDUAL_IS_Y;
    const float *before = in_place ? residual : NULL;
    float *got = problem_run(&(call){given, algorithm, FOVEA__CONV2D_FORWARD, &epilogue, before, in_place});
    double *want = ref_conv2d_forward(&given->shape, given->x64, given->weights64);
    for (size_t i = 0; i < count; i++) {
        const size_t channel = i % (size_t)channels;
        want[i] = (parts & WITH_SCALE ? scale64[channel] : 1) * want[i] + (parts & WITH_SHIFT ? shift64[channel] : 0);
        want[i] += parts & (WITH_RESIDUAL | RESIDUAL_IS_Y) ? residual64[i] : 0;
        if (parts & WITH_RELU && want[i] < 0)
            want[i] = 0;
    }
    support_close(describe(given, algorithm, FOVEA__CONV2D_FORWARD), got, want, count, 0x1p-22,
                  absolute_tolerance(given, algorithm, FOVEA__CONV2D_FORWARD));
    fence_free(&scale_in, "scale"), fence_free(&shift_in, "shift"), fence_free(&residual_in, "residual");
    free(want), free(got), free(scale), free(shift), free(residual), free(scale64), free(shift64), free(residual64);
}

void problem_pretend(fovea_device_type type, int units)
{
    fovea_device_info *info = (fovea_device_info *)fovea_device_describe(support_device());
    info->type = type;
    info->compute_units = units;
}
