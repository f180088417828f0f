/* Maximum over windows against float64: ties, borders, windows of every kind. */
#include "arrays.h"
#include "max_pool.h"
#include "ref_max_pool.h"

#include <math.h>
#include <stdlib.h>

enum { SIMULATOR_MOST = 4000 };

static const struct {
    fovea__shape x;
    fovea__max_pool_window window;
} rows[] = {
    {{1, 1, 1, 1}, {3, 2, 1}},   {{0, 4, 4, 3}, {3, 2, 1}},    {{3, 7, 5, 2}, {3, 2, 1}},  {{1, 6, 8, 17}, {3, 2, 1}},
    {{1, 5, 5, 3}, {2, 2, 0}},   {{1, 5, 7, 3}, {1, 1, 0}},    {{2, 9, 4, 5}, {3, 1, 1}},  {{1, 11, 13, 3}, {5, 3, 2}},
    {{1, 2, 2, 3}, {3, 2, 0}} /* no room for a window */,      {{1, 5, 5, 2}, {2, 3, 1}} /* places between windows */,
    {{1, 9, 7, 130}, {3, 2, 1}}, {{1, 75, 61, 64}, {3, 2, 1}},
};

/* Few distinct values, so that windows hold ties; every third value is as small as a float can be. */
static float *values_with_ties(size_t count)
{
    float *values = array_uniform(count, 3, 0, 6);
    for (size_t i = 0; i < count; i++)
        values[i] = i % 3 == 0 ? -3.4e38f : floorf(values[i]) - 3;
    return values;
}

START_TEST(max_pool__forward_takes_the_largest)
{
    const fovea__shape shape = rows[_i].x, out = fovea__max_pool_out_shape(shape, rows[_i].window);
    const size_t count = fovea__shape_elements(shape);
    if (support_is_simulator() && count > SIMULATOR_MOST)
        support_skip("%zu values are too many for a simulator", count);
    float *values = values_with_ties(count);
    double *wide = array_widen(values, count), *want = array_doubles(fovea__shape_elements(out));
    fence x = fence_tensor(shape, values), y = fence_tensor(out, NULL), again = fence_tensor(out, NULL);
    support_ok(fovea__max_pool_forward(support_device(), &x.tensor, rows[_i].window, &y.tensor));
    support_ok(fovea__max_pool_forward(support_device(), &x.tensor, rows[_i].window, &again.tensor));
    ref_max_pool_forward(wide, shape, rows[_i].window, want);
    array_close("y", &y, want, 0, 0); /* values are copied */
    array_same_bits("y", &y, &again);
    free(values);
    free(wide);
    free(want);
    fence_free(&x, "x");
    fence_free(&y, "y");
    fence_free(&again, "y again");
}
END_TEST

START_TEST(max_pool__backward_goes_to_the_first_largest)
{
    const fovea__shape shape = rows[_i].x, out = fovea__max_pool_out_shape(shape, rows[_i].window);
    const size_t count = fovea__shape_elements(shape), n_out = fovea__shape_elements(out);
    if (support_is_simulator() && count > SIMULATOR_MOST)
        support_skip("%zu values are too many for a simulator", count);
    float *values = values_with_ties(count), *d_y = array_uniform(n_out, 4, -1, 1);
    float *before = array_uniform(count, 5, -1, 1);
    double *wide = array_widen(values, count), *wide_d_y = array_widen(d_y, n_out);
    double *want = array_doubles(count), *added = array_widen(before, count);
    fence x = fence_tensor(shape, values), g = fence_tensor(out, d_y), d_x = fence_tensor(shape, NULL);
    fence again = fence_tensor(shape, NULL), sum = fence_tensor(shape, before);
    support_ok(fovea__max_pool_backward(support_device(), &x.tensor, rows[_i].window, &g.tensor, false, &d_x.tensor));
    support_ok(fovea__max_pool_backward(support_device(), &x.tensor, rows[_i].window, &g.tensor, false, &again.tensor));
    support_ok(fovea__max_pool_backward(support_device(), &x.tensor, rows[_i].window, &g.tensor, true, &sum.tensor));
    ref_max_pool_backward(wide, shape, rows[_i].window, wide_d_y, want);
    ref_max_pool_backward(wide, shape, rows[_i].window, wide_d_y, added);
    /* A place lies in at most 9 windows: 10 additions, each errs by 2^-24 of at most 10. */
    array_close("d_x", &d_x, want, 0, 100 * 0x1p-24);
    array_close("d_x added to", &sum, added, 0, 100 * 0x1p-24);
    array_same_bits("d_x", &d_x, &again);
    free(values);
    free(d_y);
    free(before);
    free(wide);
    free(wide_d_y);
    free(want);
    free(added);
    fence_free(&x, "x");
    fence_free(&g, "d_y");
    fence_free(&d_x, "d_x");
    fence_free(&again, "d_x again");
    fence_free(&sum, "d_x added to");
}
END_TEST

START_TEST(max_pool__keeps_nan_and_infinity)
{
    const float values[8] = {1, NAN, 2, 3, -INFINITY, -INFINITY, INFINITY, -INFINITY};
    fence x = fence_tensor((fovea__shape){1, 1, 8, 1}, values), y = fence_tensor((fovea__shape){1, 1, 4, 1}, NULL);
    support_ok(fovea__max_pool_forward(support_device(), &x.tensor, (fovea__max_pool_window){3, 2, 1}, &y.tensor));
    float *got = fence_read(&y);
    ck_assert(isnan(got[0]) && isnan(got[1]) && got[2] == 3.0f && isinf(got[3]) && got[3] > 0);
    free(got);
    const float gradients[4] = {1, 2, 4, 8}, want[8] = {0, 3, 0, 4, 0, 0, 8, 0};
    fence d_y = fence_tensor((fovea__shape){1, 1, 4, 1}, gradients), d_x = fence_tensor(x.tensor.shape, NULL);
    support_ok(fovea__max_pool_backward(support_device(), &x.tensor, (fovea__max_pool_window){3, 2, 1}, &d_y.tensor,
                                        false, &d_x.tensor));
    got = fence_read(&d_x);
    for (int i = 0; i < 8; i++)
        ck_assert_msg(got[i] == want[i], "the gradient at %d is %g, expected %g", i, (double)got[i], (double)want[i]);
    free(got);
    fence_free(&x, "x");
    fence_free(&y, "y");
    fence_free(&d_y, "d_y");
    fence_free(&d_x, "d_x");
}
END_TEST

START_TEST(max_pool__refuses_windows_and_shapes)
{
    fence x = fence_tensor((fovea__shape){1, 4, 4, 1}, NULL), y = fence_tensor((fovea__shape){1, 2, 2, 1}, NULL);
    support_fails(fovea__max_pool_forward(support_device(), &x.tensor, (fovea__max_pool_window){3, 0, 1}, &y.tensor),
                  FOVEA_ERROR_ARGUMENT, "a window of 3, stride 0 and padding 1");
    support_fails(fovea__max_pool_forward(support_device(), &x.tensor, (fovea__max_pool_window){3, 2, 2}, &y.tensor),
                  FOVEA_ERROR_ARGUMENT, "padding 2");
    support_fails(fovea__max_pool_forward(support_device(), &x.tensor, (fovea__max_pool_window){3, 1, 1}, &y.tensor),
                  FOVEA_ERROR_ARGUMENT, "y is 1 x 2 x 2 x 1, expected 1 x 4 x 4 x 1");
    fence_free(&x, "x");
    fence_free(&y, "y");
}
END_TEST

/* loss = sum of weight y */
static const fovea__shape small = {1, 6, 5, 2};
static const fovea__max_pool_window stem = {3, 2, 1};
enum { N = 60, N_OUT = 18 };

static double loss(const double *x, void *context)
{
    const double *weight = context;
    double y[N_OUT], sum = 0;
    ref_max_pool_forward(x, small, stem, y);
    for (int i = 0; i < N_OUT; i++)
        sum += weight[i] * y[i];
    return sum;
}

START_TEST(max_pool__the_reference_agrees_with_differences)
{
    float values[N], weights[N_OUT];
    support_random_uniform(values, N, 5, -1, 1);
    support_random_uniform(weights, N_OUT, 6, -1, 1);
    double *x = array_widen(values, N), *weight = array_widen(weights, N_OUT), d_x[N] = {0};
    ref_max_pool_backward(x, small, stem, weight, d_x);
    support_gradient("d_x", loss, weight, x, N, d_x, N, 1e-6, 1e-8);
    free(x);
    free(weight);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {max_pool__forward_takes_the_largest, COUNT(rows), true},
        {max_pool__backward_goes_to_the_first_largest, COUNT(rows), true},
        {max_pool__keeps_nan_and_infinity, 0, true},
        {max_pool__refuses_windows_and_shapes, 0, true},
        {max_pool__the_reference_agrees_with_differences, 0, false},
    };
    return support_run_both_kinds("max_pool", cases, COUNT(cases));
}
