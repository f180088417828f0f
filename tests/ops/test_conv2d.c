/* Every algorithm in every direction against the float64 reference, on every implementation, whatever the rule would
 * choose: the kernels of conv2d_direct.cl, conv2d_direct_weights.cl, conv2d_winograd.cl, conv2d_winograd_weights.cl,
 * conv2d_layout.cl, conv2d_tiled.cl, conv2d_gemm.cl and conv2d_finish.cl. Shapes small and cruel are compared whole,
 * shapes of real networks at sampled places. */
#include "arrays.h"
#include "conv2d_tiled.h"
#include "ref_conv2d.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* batch, height, width, in, out, kernel, stride, padding. The first TINY rows also run on a simulator. */
enum { TINY = 8 };
static const fovea__conv2d_shape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 0},    {1, 3, 4, 2, 3, 1, 1, 0},    {2, 5, 4, 3, 5, 3, 1, 1},
    {1, 5, 6, 2, 9, 3, 2, 1},    {1, 6, 5, 1, 2, 5, 3, 1},    {1, 3, 3, 2, 2, 1, 2, 0},
    {0, 5, 5, 3, 4, 3, 1, 1},    {1, 2, 2, 3, 2, 5, 1, 1},    {3, 13, 11, 5, 7, 3, 1, 1},
    {1, 7, 7, 16, 36, 3, 1, 1},  {1, 9, 17, 8, 27, 3, 2, 1},  {2, 23, 19, 3, 64, 7, 2, 3},
    {1, 2, 2, 33, 65, 3, 1, 1},  {1, 1, 13, 64, 45, 3, 1, 1}, {1, 8, 8, 12, 24, 2, 2, 0},
    {1, 10, 10, 4, 8, 3, 3, 2},  {1, 6, 6, 4, 4, 3, 1, 4},    {1, 5, 5, 20, 720, 3, 1, 1},
    {2, 0, 5, 3, 4, 3, 1, 1},    {1, 0, 0, 2, 3, 3, 1, 2},    {1, 5, 5, 7, 7, 1, 2, 0},
    {1, 5, 5, 16, 16, 1, 1, 1},  {4, 3, 2, 16, 16, 3, 1, 1},  {1, 31, 37, 24, 40, 1, 1, 0},
    {1, 33, 29, 1, 1, 3, 1, 1},  {1, 6, 7, 3, 8, 2, 4, 0},    {2, 21, 18, 20, 37, 3, 1, 0},
    {1, 9, 14, 17, 33, 3, 1, 2}, {1, 45, 47, 9, 20, 3, 1, 1},
};

/* Of RetinaNet: a stem, a stage's first, the pyramid and the heads; from LARGE on P3's and a stem's at 600 pixels, for
 * the algorithm that the rule names. */
enum { LARGE = 7 };
static const fovea__conv2d_shape real_shapes[] = {
    {1, 64, 80, 3, 64, 7, 2, 3},    {1, 19, 19, 256, 256, 3, 1, 1}, {1, 19, 19, 256, 512, 3, 2, 1},
    {1, 38, 38, 256, 512, 1, 2, 0}, {1, 38, 38, 256, 64, 1, 1, 0},  {4, 5, 5, 256, 720, 3, 1, 1},
    {1, 5, 5, 2048, 256, 3, 2, 1},  {1, 75, 75, 256, 256, 3, 1, 1}, {1, 300, 300, 3, 64, 7, 2, 3},
};

/* Random tensors of one shape, in [-1, 1). */
typedef struct problem {
    fovea__conv2d_shape shape;
    fovea__shape x_shape, weights_shape, y_shape;
    float *x, *weights, *d_y;
    double *x64, *weights64, *d_y64;
} problem;

static float *random_values(size_t count, uint64_t seed, double **copy)
{
    float *values = array_uniform(count, seed, -1, 1);
    *copy = array_widen(values, count);
    return values;
}

static problem make_problem(fovea__conv2d_shape shape, uint64_t seed)
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

static void free_problem(problem *made)
{
    free(made->x), free(made->weights), free(made->d_y);
    free(made->x64), free(made->weights64), free(made->d_y64);
}

/* ---- running --------------------------------------------------------------------------------------------------- */

/* What a call writes: from NaN, or from `before` with accumulation. */
typedef struct call {
    const problem *given;
    fovea__conv2d_algorithm algorithm;
    fovea__conv2d_direction direction;
    const fovea__conv2d_epilogue *epilogue;
    const float *before; /* backward: what to add to; forward with residual_is_y: the residual */
    bool residual_is_y;
} call;

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

/* Runs one call on fenced memory and returns what it wrote; freed with free(). */
static float *run(const call *made)
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

/* Compares `samples` places (all, where there are no more) with the reference plus `before`. */
static void compare(const call *made, const float *got, size_t samples)
{
    const problem *given = made->given;
    const size_t all = references[made->direction].count(&given->shape), count = all < samples ? all : samples;
    float *some = array_uniform(count, 0, 0, 0);
    double *want = array_doubles(count);
    for (size_t i = 0; i < count; i++) {
        const size_t at = count == all ? i : (size_t)support_random_int(99, i, 0, (int)all - 1);
        some[i] = got[at];
        want[i] = reference_at(given, made->direction, at) + (made->before ? (double)made->before[at] : 0);
    }
    support_close(describe(given, made->algorithm, made->direction), some, want, count, 0x1p-22,
                  absolute_tolerance(given, made->algorithm, made->direction));
    free(some), free(want);
}

/* CLBlast's cache outlives the simulator, and corrupts the heap when the program ends. */
static bool is_tried(fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                     const fovea__conv2d_shape *shape)
{
    return fovea__conv2d_can(support_device(), algorithm, direction, shape) &&
           !(algorithm == FOVEA__CONV2D_GEMM && support_is_simulator());
}

static bool is_the_rule(fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                        const fovea__conv2d_shape *shape)
{
    return algorithm == fovea__conv2d_choose(support_device(), direction, shape);
}

static bool is_tiled(fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                     const fovea__conv2d_shape *shape)
{
    return fovea__conv2d_is_tiled(algorithm) && is_tried(algorithm, direction, shape);
}

/* Runs those algorithms that are tried and `chosen`. */
static void check_all(fovea__conv2d_shape shape, size_t samples, bool accumulate,
                      bool (*chosen)(fovea__conv2d_algorithm, fovea__conv2d_direction, const fovea__conv2d_shape *))
{
    problem given = make_problem(shape, 7);
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++)
        for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++) {
            call one = {&given, (fovea__conv2d_algorithm)a, (fovea__conv2d_direction)d, NULL, NULL, false};
            if (!is_tried(one.algorithm, one.direction, &shape) || (accumulate && d == FOVEA__CONV2D_FORWARD) ||
                !chosen(one.algorithm, one.direction, &shape))
                continue;
            const size_t count = references[d].count(&shape);
            float *before = accumulate ? array_uniform(count, 5, -1, 1) : NULL;
            one.before = before;
            float *got = run(&one), *again = run(&one);
            compare(&one, got, samples);
            ck_assert_msg(memcmp(got, again, count * sizeof *got) == 0, "%s: other bits the second time",
                          describe(&given, one.algorithm, one.direction));
            free(before), free(got), free(again);
        }
    free_problem(&given);
}

START_TEST(conv2d__every_algorithm_matches_the_reference)
{
    check_all(shapes[_i], SIZE_MAX, false, is_tried);
}
END_TEST

START_TEST(conv2d__gradients_add_to_what_is_there)
{
    check_all(shapes[_i], SIZE_MAX, true, is_tried);
}
END_TEST

START_TEST(conv2d__shapes_of_real_networks)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow for real shapes");
    check_all(real_shapes[_i], _i < LARGE ? 300 : 50, false, _i < LARGE ? is_tried : is_the_rule);
}
END_TEST

START_TEST(conv2d__gemm_is_among_those_tried)
{
    if (support_is_simulator())
        support_skip("gemm is left out: CLBlast corrupts the heap when a program ends under Oclgrind");
    for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++)
        ck_assert(is_tried(FOVEA__CONV2D_DIRECT, (fovea__conv2d_direction)d, &shapes[0]) &&
                  is_tried(FOVEA__CONV2D_GEMM, (fovea__conv2d_direction)d, &shapes[0]));
}
END_TEST

/* ---- epilogue -------------------------------------------------------------------------------------------------- */

enum { WITH_SCALE = 1, WITH_SHIFT = 2, WITH_RELU = 4, WITH_RESIDUAL = 8, RESIDUAL_IS_Y = 16, COMBINATIONS = 24 };

static void check_epilogue(const problem *given, fovea__conv2d_algorithm algorithm, int parts)
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
    float *got = run(&(call){given, algorithm, FOVEA__CONV2D_FORWARD, &epilogue, in_place ? residual : NULL, in_place});
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

START_TEST(conv2d__epilogue_in_every_combination)
{
    static const fovea__conv2d_shape with_taps = {2, 5, 4, 3, 21, 3, 1, 1}, straight = {1, 3, 5, 4, 40, 1, 1, 0};
    static const fovea__conv2d_shape tiny = {1, 2, 3, 2, 5, 3, 1, 1};
    problem given = make_problem(support_is_simulator() ? tiny : _i % 2 ? with_taps : straight, 3);
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++)
        if (is_tried((fovea__conv2d_algorithm)a, FOVEA__CONV2D_FORWARD, &given.shape))
            check_epilogue(&given, (fovea__conv2d_algorithm)a, _i);
    free_problem(&given);
}
END_TEST

START_TEST(conv2d__nan_passes_through_relu)
{
    problem given = make_problem((fovea__conv2d_shape){1, 1, 1, 1, 2, 1, 1, 0}, 3);
    given.weights[0] = NAN;
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++) {
        if (!is_tried((fovea__conv2d_algorithm)a, FOVEA__CONV2D_FORWARD, &given.shape))
            continue;
        const fovea__conv2d_epilogue relu = {.relu = true};
        const call one = {&given, (fovea__conv2d_algorithm)a, FOVEA__CONV2D_FORWARD, &relu, NULL, false};
        float *got = run(&one);
        ck_assert_msg(isnan(got[0]) && !isnan(got[1]), "%s: gives %g and %g",
                      fovea__conv2d_algorithm_name((fovea__conv2d_algorithm)a), (double)got[0], (double)got[1]);
        free(got);
    }
    free_problem(&given);
}
END_TEST

/* ---- tiles in parts ---------------------------------------------------------------------------------------------- */

/* The library asks for a device's kind and units in its description only. */
static void pretend(fovea_device_type type, int units)
{
    fovea_device_info *info = (fovea_device_info *)fovea_device_describe(support_device());
    info->type = type;
    info->compute_units = units;
}

/* Few work-groups and a long sum, as on P6 and P7. */
static const fovea__conv2d_shape long_shapes[] = {
    {1, 1, 2, 32, 33, 3, 1, 1}, {4, 5, 5, 256, 64, 3, 1, 1}, {1, 9, 7, 130, 67, 3, 2, 1}, {2, 6, 5, 64, 261, 3, 1, 1}};

/* Where there are more units than work-groups, every tile cuts the sum into parts. */
START_TEST(conv2d__tiles_in_parts_match_the_reference)
{
    const fovea_device_info was = *fovea_device_describe(support_device());
    pretend(was.type, 1000);
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++)
        if (is_tiled((fovea__conv2d_algorithm)a, FOVEA__CONV2D_FORWARD, &long_shapes[_i]))
            ck_assert(fovea__conv2d_workspace_bytes(support_device(), (fovea__conv2d_algorithm)a,
                                                    FOVEA__CONV2D_FORWARD, &long_shapes[_i]) > 0);
    check_all(long_shapes[_i], 2000, false, is_tiled);
    check_all(long_shapes[_i], 2000, true, is_tiled);
    problem given = make_problem(long_shapes[_i], 3);
    if (is_tiled(FOVEA__CONV2D_TILED_64X64, FOVEA__CONV2D_FORWARD, &given.shape))
        check_epilogue(&given, FOVEA__CONV2D_TILED_64X64, WITH_SCALE | WITH_SHIFT | WITH_RELU | WITH_RESIDUAL);
    free_problem(&given);
    pretend(was.type, was.compute_units);
}
END_TEST

/* ---- the reference, the rule, the door ------------------------------------------------------------------------- */

/* sum of d_y y, as a function of x or of the weights. */
typedef struct functional {
    const problem *given;
    bool of_weights;
} functional;

static double value_of(const double *at, void *context)
{
    const functional *f = context;
    const problem *given = f->given;
    double *y =
        ref_conv2d_forward(&given->shape, f->of_weights ? given->x64 : at, f->of_weights ? at : given->weights64);
    double sum = 0;
    for (size_t i = 0; i < ref_conv2d_y_count(&given->shape); i++)
        sum += given->d_y64[i] * y[i];
    free(y);
    return sum;
}

/* Linear, so central differences are exact but for rounding: 1e-16 of a sum below 1e3, over the step. */
START_TEST(conv2d__reference_matches_central_differences)
{
    static const fovea__conv2d_shape some[] = {
        {2, 5, 4, 3, 4, 3, 1, 1}, {1, 7, 6, 2, 3, 3, 2, 1}, {1, 5, 5, 2, 2, 2, 3, 1}};
    problem given = make_problem(some[_i], 17);
    const size_t n_x = ref_conv2d_x_count(&given.shape), n_weights = ref_conv2d_weights_count(&given.shape);
    double *d_x = ref_conv2d_backward_data(&given.shape, given.d_y64, given.weights64);
    double *d_weights = ref_conv2d_backward_weights(&given.shape, given.x64, given.d_y64);
    support_gradient("d_x", value_of, &(functional){&given, false}, given.x64, n_x, d_x, n_x, 1e-3, 1e-9);
    support_gradient("d_weights", value_of, &(functional){&given, true}, given.weights64, n_weights, d_weights,
                     n_weights, 1e-3, 1e-9);
    free(d_x), free(d_weights);
    free_problem(&given);
}
END_TEST

/* On this device as it is, and as if it were a GPU of a few sizes. */
START_TEST(conv2d__rule_names_an_algorithm_that_can)
{
    static const int units[] = {0, 1, 24, 144};
    const fovea_device_info was = *fovea_device_describe(support_device());
    if (units[_i])
        pretend(FOVEA_DEVICE_GPU, units[_i]);
    for (size_t i = 0; i < COUNT(real_shapes); i++)
        for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++) {
            const fovea__conv2d_direction direction = (fovea__conv2d_direction)d;
            const fovea__conv2d_algorithm algorithm =
                fovea__conv2d_choose(support_device(), direction, &real_shapes[i]);
            ck_assert(algorithm >= 0 && algorithm < FOVEA__CONV2D_ALGORITHMS);
            ck_assert(fovea__conv2d_can(support_device(), algorithm, direction, &real_shapes[i]));
        }
    pretend(was.type, was.compute_units);
}
END_TEST

START_TEST(conv2d__bad_arguments_are_refused)
{
    fovea_device *device = support_device();
    problem given = make_problem((fovea__conv2d_shape){1, 3, 3, 2, 4, 3, 1, 1}, 1);
    fence x = fence_tensor(given.x_shape, given.x), weights = fence_tensor(given.weights_shape, given.weights);
    fence y = fence_tensor(given.y_shape, NULL), other = fence_tensor((fovea__shape){1, 3, 3, 3}, NULL);
    fovea__conv2d_shape shape = given.shape;
#define forward_of(x_of, y_of)                                                                                         \
    fovea__conv2d_forward(device, FOVEA__CONV2D_DIRECT, &shape, x_of, &weights.tensor, NULL, NULL, y_of, NULL)
    support_fails(forward_of(&other.tensor, &y.tensor), FOVEA_ERROR_ARGUMENT, "x is 1 x 3 x 3 x 3");
    support_fails(forward_of(&x.tensor, NULL), FOVEA_ERROR_ARGUMENT, "y is missing");
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_ARGUMENT, "packed has 0 bytes");
    shape.stride = 0;
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_ARGUMENT, "stride 0");
    shape = given.shape;
    shape.in_channels = 0;
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_ARGUMENT, "0 in and 4 out channels");
    shape = given.shape;
    shape.height = shape.width = 40000;
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_UNSUPPORTED, "2^31-1");
#undef forward_of
    fence_free(&x, "x"), fence_free(&weights, "weights");
    fence_free(&y, "y"), fence_free(&other, "other");
    free_problem(&given);
}
END_TEST

int main(void)
{
    const bool simulated = support_device() && support_is_simulator();
    const int rows = simulated ? TINY : (int)COUNT(shapes);
    const support_case cases[] = {
        {conv2d__every_algorithm_matches_the_reference, rows, .needs_device = true},
        {conv2d__gradients_add_to_what_is_there, rows, .needs_device = true},
        {conv2d__shapes_of_real_networks, (int)COUNT(real_shapes), .needs_device = true},
        {conv2d__gemm_is_among_those_tried, .needs_device = true},
        {conv2d__epilogue_in_every_combination, COMBINATIONS, .needs_device = true},
        {conv2d__nan_passes_through_relu, .needs_device = true},
        {conv2d__reference_matches_central_differences, 3, .needs_device = false},
        {conv2d__tiles_in_parts_match_the_reference, simulated ? 1 : (int)COUNT(long_shapes), .needs_device = true},
        {conv2d__rule_names_an_algorithm_that_can, 4, .needs_device = true},
        {conv2d__bad_arguments_are_refused, .needs_device = true},
    };
    return support_run("conv2d", cases, COUNT(cases));
}
