/* FPN's top-down step against float64: doubling, odd sizes, places that no one reads. */
#include "arrays.h"
#include "ref_upsample_add.h"
#include "upsample_add.h"

#include <stdlib.h>

enum { SIMULATOR_MOST = 6000 };

static const struct {
    fovea__shape coarse, fine;
} rows[] = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}},     {{0, 2, 2, 4}, {0, 4, 4, 4}},       {{1, 1, 1, 3}, {1, 5, 7, 3}},
    {{3, 5, 3, 2}, {3, 11, 7, 2}},    {{1, 7, 6, 17}, {1, 7, 9, 17}},     {{1, 5, 4, 3}, {1, 3, 2, 3}} /* smaller */,
    {{2, 3, 4, 9}, {2, 0, 8, 9}},     {{1, 2, 3, 300}, {1, 3, 6, 300}},   {{1, 10, 13, 256}, {1, 19, 25, 256}},
    {{2, 19, 19, 256}, {2, 38, 38, 256}}, {{1, 38, 38, 64}, {1, 75, 75, 64}},
};

START_TEST(upsample_add__forward_adds_what_is_nearest)
{
    const fovea__shape coarse = rows[_i].coarse, fine = rows[_i].fine;
    const size_t n_coarse = fovea__shape_elements(coarse), n_fine = fovea__shape_elements(fine);
    if (support_is_simulator() && n_fine > SIMULATOR_MOST)
        support_skip("%zu values are too many for a simulator", n_fine);
    float *top = array_uniform(n_coarse, 1, -1, 1), *lateral = array_uniform(n_fine, 2, -1, 1);
    double *wide_top = array_widen(top, n_coarse), *wide = array_widen(lateral, n_fine), *want = array_doubles(n_fine);
    fence a = fence_tensor(coarse, top), b = fence_tensor(fine, lateral), y = fence_tensor(fine, NULL);
    support_ok(fovea__upsample_add_forward(support_device(), &a.tensor, &b.tensor, &y.tensor));
    support_ok(fovea__upsample_add_forward(support_device(), &a.tensor, &b.tensor, &b.tensor));
    ref_upsample_add_forward(wide_top, coarse, wide, fine, want);
    array_close("y", &y, want, 0x1p-24, 0); /* one addition, rounded once */
    array_same_bits("y in place", &y, &b);
    free(top);
    free(lateral);
    free(wide_top);
    free(wide);
    free(want);
    fence_free(&a, "top");
    fence_free(&b, "lateral");
    fence_free(&y, "y");
}
END_TEST

START_TEST(upsample_add__backward_sums_over_the_readers)
{
    const fovea__shape coarse = rows[_i].coarse, fine = rows[_i].fine;
    const size_t n_coarse = fovea__shape_elements(coarse), n_fine = fovea__shape_elements(fine);
    if (support_is_simulator() && n_fine > SIMULATOR_MOST)
        support_skip("%zu values are too many for a simulator", n_fine);
    float *d_y = array_uniform(n_fine, 1, -1, 1), *before = array_uniform(n_coarse, 2, -1, 1);
    double *wide = array_widen(d_y, n_fine), *want = array_doubles(n_coarse), *added = array_widen(before, n_coarse);
    fence g = fence_tensor(fine, d_y), d_top = fence_tensor(coarse, NULL), again = fence_tensor(coarse, NULL);
    fence sum = fence_tensor(coarse, before);
    support_ok(fovea__upsample_add_backward(support_device(), &g.tensor, false, &d_top.tensor));
    support_ok(fovea__upsample_add_backward(support_device(), &g.tensor, false, &again.tensor));
    support_ok(fovea__upsample_add_backward(support_device(), &g.tensor, true, &sum.tensor));
    ref_upsample_add_backward(wide, fine, coarse, want);
    ref_upsample_add_backward(wide, fine, coarse, added);
    /* At most 35 readers (1 x 1 to 5 x 7) of magnitude 1: each addition errs by 2^-24 of at most 36. */
    const double limit = 36 * 36 * 0x1p-24;
    array_close("d_top", &d_top, want, 0, limit);
    array_close("d_top added to", &sum, added, 0, limit);
    array_same_bits("d_top", &d_top, &again);
    free(d_y);
    free(before);
    free(wide);
    free(want);
    free(added);
    fence_free(&g, "d_y");
    fence_free(&d_top, "d_top");
    fence_free(&again, "d_top again");
    fence_free(&sum, "d_top added to");
}
END_TEST

START_TEST(upsample_add__refuses_shapes_that_differ)
{
    fence a = fence_tensor((fovea__shape){1, 2, 2, 3}, NULL), b = fence_tensor((fovea__shape){1, 4, 4, 4}, NULL);
    support_fails(fovea__upsample_add_forward(support_device(), &a.tensor, &b.tensor, &b.tensor),
                  FOVEA_ERROR_ARGUMENT, "1 x 2 x 2 x 3 cannot be upsampled to 1 x 4 x 4 x 4");
    support_fails(fovea__upsample_add_backward(support_device(), &b.tensor, false, &a.tensor), FOVEA_ERROR_ARGUMENT,
                  "cannot be upsampled");
    fence_free(&a, "top");
    fence_free(&b, "lateral");
}
END_TEST

/* loss = sum of weight y, as a function of top. */
static const fovea__shape coarse_shape = {1, 3, 2, 2}, fine_shape = {1, 7, 3, 2};
enum { N_COARSE = 12, N_FINE = 42 };

static double loss(const double *x, void *context)
{
    const double lateral[N_FINE] = {0}, *weight = context;
    double y[N_FINE], sum = 0;
    ref_upsample_add_forward(x, coarse_shape, lateral, fine_shape, y);
    for (int i = 0; i < N_FINE; i++)
        sum += weight[i] * y[i];
    return sum;
}

START_TEST(upsample_add__the_reference_agrees_with_differences)
{
    float values[N_COARSE], weights[N_FINE];
    support_random_uniform(values, N_COARSE, 5, -1, 1);
    support_random_uniform(weights, N_FINE, 6, -1, 1);
    double *x = array_widen(values, N_COARSE), *weight = array_widen(weights, N_FINE), d_top[N_COARSE] = {0};
    ref_upsample_add_backward(weight, fine_shape, coarse_shape, d_top);
    support_gradient("d_top", loss, weight, x, N_COARSE, d_top, N_COARSE, 1e-4, 1e-8);
    free(x);
    free(weight);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {upsample_add__forward_adds_what_is_nearest, COUNT(rows), true},
        {upsample_add__backward_sums_over_the_readers, COUNT(rows), true},
        {upsample_add__refuses_shapes_that_differ, 0, true},
        {upsample_add__the_reference_agrees_with_differences, 0, false},
    };
    return support_run_both_kinds("upsample_add", cases, COUNT(cases));
}
