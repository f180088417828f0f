/* Every algorithm in every direction against the float64 reference, on every implementation, whatever the rule would
 * choose: the kernels of conv2d_direct.cl, conv2d_direct_weights.cl, conv2d_winograd.cl, conv2d_winograd_pack.cl,
 * conv2d_winograd_weights.cl, conv2d_layout.cl, conv2d_tiled.cl, conv2d_gemm.cl and conv2d_finish.cl. Shapes small and
 * cruel are compared whole, shapes of real networks at sampled places. */
#include "arrays.h"
#include "conv2d_problem.h"
#include "ref_conv2d.h"

#include <math.h>
#include <stdlib.h>

/* batch, height, width, in, out, kernel, stride, padding. The first TINY rows also run on a simulator. */
enum { TINY = 9 };
static const fovea__conv2d_shape shapes[] = {
    {1, 2, 3, 8, 8, 3, 1, 1},
    {1, 1, 1, 1, 1, 1, 1, 0},    {1, 3, 4, 2, 3, 1, 1, 0},    {3, 5, 7, 3, 5, 3, 1, 1},
    {1, 5, 6, 2, 9, 3, 2, 1},    {1, 6, 5, 1, 2, 5, 3, 1},    {1, 3, 3, 2, 2, 1, 2, 0},
    {0, 5, 5, 3, 4, 3, 1, 1},    {1, 2, 2, 3, 2, 5, 1, 1},    {3, 13, 11, 5, 7, 3, 1, 1},
    {3, 7, 7, 16, 36, 3, 1, 1},  {1, 9, 17, 8, 27, 3, 2, 1},  {2, 23, 19, 3, 64, 7, 2, 3},
    {1, 2, 2, 33, 65, 3, 1, 1},  {3, 1, 13, 70, 45, 3, 1, 1}, {1, 8, 8, 12, 24, 2, 2, 0},
    {1, 10, 10, 4, 8, 3, 3, 2},  {1, 6, 6, 4, 4, 3, 1, 4},    {3, 5, 5, 20, 720, 3, 1, 1},
    {2, 0, 5, 3, 4, 3, 1, 1},    {1, 0, 0, 2, 3, 3, 1, 2},    {1, 5, 5, 7, 7, 1, 2, 0},
    {1, 5, 5, 16, 16, 1, 1, 1},  {13, 3, 2, 16, 16, 3, 1, 1}, {1, 31, 37, 24, 40, 1, 1, 0},
    {1, 33, 29, 1, 1, 3, 1, 1},  {1, 6, 7, 3, 8, 2, 4, 0},    {2, 21, 18, 20, 37, 3, 1, 0},
    {1, 9, 14, 17, 33, 3, 1, 2}, {1, 45, 47, 9, 20, 3, 1, 1}, {12, 1, 1, 5, 33, 3, 1, 1},
};

/* Of RetinaNet: a stem, a stage's first, the pyramid and the heads; from LARGE on P3's and a stem's at 600 pixels, for
 * the algorithm that the rule names. */
enum { LARGE = 7 };
static const fovea__conv2d_shape real_shapes[] = {
    {1, 64, 80, 3, 64, 7, 2, 3},    {1, 19, 19, 256, 256, 3, 1, 1}, {1, 19, 19, 256, 512, 3, 2, 1},
    {1, 38, 38, 256, 512, 1, 2, 0}, {1, 38, 38, 256, 64, 1, 1, 0},  {4, 5, 5, 256, 720, 3, 1, 1},
    {1, 5, 5, 2048, 256, 3, 2, 1},  {1, 75, 75, 256, 256, 3, 1, 1}, {1, 300, 300, 3, 64, 7, 2, 3},
};

START_TEST(conv2d__every_algorithm_matches_the_reference)
{
    problem_check(shapes[_i], SIZE_MAX, false, problem_is_tried);
}
END_TEST

START_TEST(conv2d__gradients_add_to_what_is_there)
{
    problem_check(shapes[_i], SIZE_MAX, true, problem_is_tried);
}
END_TEST

static bool is_the_rule(fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                        const fovea__conv2d_shape *shape)
{
    return algorithm == fovea__conv2d_choose(support_device(), direction, shape);
}

START_TEST(conv2d__shapes_of_real_networks)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow for real shapes");
    problem_check(real_shapes[_i], _i < LARGE ? 300 : 50, false, _i < LARGE ? problem_is_tried : is_the_rule);
}
END_TEST

/* More places than one chunk takes, through columns and straight, to add to and, for forward, also not. */
START_TEST(conv2d__gemm_in_chunks)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow for two chunks");
    static const fovea__conv2d_shape long_ones[] = {{2, 64, 64, 256, 8, 3, 1, 1}, {1, 128, 130, 1024, 8, 1, 1, 0}};
    problem given = problem_make(long_ones[_i], 3);
    const fovea__conv2d_algorithm gemm = FOVEA__CONV2D_GEMM;
    float *before = array_uniform(ref_conv2d_x_count(&given.shape), 23, -1, 1); /* the largest of the three */
    const call calls[] = {{&given, gemm, FOVEA__CONV2D_FORWARD, NULL, NULL, false},
                          {&given, gemm, FOVEA__CONV2D_FORWARD, NULL, before, true},
                          {&given, gemm, FOVEA__CONV2D_BACKWARD_DATA, NULL, before, false},
                          {&given, gemm, FOVEA__CONV2D_BACKWARD_WEIGHTS, NULL, before, false}};
    for (size_t i = 0; i < COUNT(calls); i++)
        problem_check_call(&calls[i], 1000);
    free(before);
    problem_free(&given);
}
END_TEST

/* ---- epilogue -------------------------------------------------------------------------------------------------- */

/* Of channels that are whole quads, and that are not. */
START_TEST(conv2d__epilogue_in_every_combination)
{
    static const fovea__conv2d_shape usual[] = {{3, 5, 7, 3, 21, 3, 1, 1}, {1, 3, 5, 4, 40, 1, 1, 0}},
                                     tiny[] = {{12, 1, 2, 2, 5, 3, 1, 1}, {1, 1, 3, 2, 8, 1, 1, 0}};
    for (size_t i = 0; i < COUNT(usual); i++) {
        problem given = problem_make(support_is_simulator() ? tiny[i] : usual[i], 3);
        for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++)
            if (problem_is_tried((fovea__conv2d_algorithm)a, FOVEA__CONV2D_FORWARD, &given.shape))
                problem_check_epilogue(&given, (fovea__conv2d_algorithm)a, _i);
        problem_free(&given);
    }
}
END_TEST

START_TEST(conv2d__nan_passes_through_relu)
{
    problem given = problem_make((fovea__conv2d_shape){1, 1, 1, 1, 2, 1, 1, 0}, 3);
    given.weights[0] = NAN;
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++) {
        if (!problem_is_tried((fovea__conv2d_algorithm)a, FOVEA__CONV2D_FORWARD, &given.shape))
            continue;
        const fovea__conv2d_epilogue relu = {.relu = true};
        const call one = {&given, (fovea__conv2d_algorithm)a, FOVEA__CONV2D_FORWARD, &relu, NULL, false};
        float *got = problem_run(&one);
        ck_assert_msg(isnan(got[0]) && !isnan(got[1]), "%s: gives %g and %g",
                      fovea__conv2d_algorithm_name((fovea__conv2d_algorithm)a), (double)got[0], (double)got[1]);
        free(got);
    }
    problem_free(&given);
}
END_TEST

/* ---- the reference --------------------------------------------------------------------------------------------- */

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
    problem given = problem_make(some[_i], 17);
    const size_t n_x = ref_conv2d_x_count(&given.shape), n_weights = ref_conv2d_weights_count(&given.shape);
    double *d_x = ref_conv2d_backward_data(&given.shape, given.d_y64, given.weights64);
    double *d_weights = ref_conv2d_backward_weights(&given.shape, given.x64, given.d_y64);
    support_gradient("d_x", value_of, &(functional){&given, false}, given.x64, n_x, d_x, n_x, 1e-3, 1e-9);
    support_gradient("d_weights", value_of, &(functional){&given, true}, given.weights64, n_weights, d_weights,
                     n_weights, 1e-3, 1e-9);
    free(d_x), free(d_weights);
    problem_free(&given);
}
END_TEST

int main(void)
{
    const int rows = support_device() && support_is_simulator() ? TINY : (int)COUNT(shapes);
    const support_case cases[] = {
        {conv2d__every_algorithm_matches_the_reference, rows, .needs_device = true},
        {conv2d__gradients_add_to_what_is_there, rows, .needs_device = true},
        {conv2d__shapes_of_real_networks, (int)COUNT(real_shapes), .needs_device = true},
        {conv2d__gemm_in_chunks, 2, .needs_device = true},
        {conv2d__epilogue_in_every_combination, COMBINATIONS, .needs_device = true},
        {conv2d__nan_passes_through_relu, .needs_device = true},
        {conv2d__reference_matches_central_differences, 3, .needs_device = false},
    };
    return support_run("conv2d", cases, COUNT(cases));
}
