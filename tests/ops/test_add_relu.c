/* Sum, ReLU and their gradient against float64, in place and apart. */
#include "add_relu.h"
#include "arrays.h"
#include "ref_add_relu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIMULATOR_MOST = 6000 };

static const fovea__shape shapes[] = {{1, 1, 1, 1},  {0, 7, 5, 3},   {3, 7, 5, 1},    {1, 13, 11, 17},
                                      {1, 1, 1, 4099}, {2, 5, 7, 300}, {2, 75, 75, 64}};

/* One addition, or a product and an addition (fused or not): each rounds to 2^-24 of its result, the product once more
 * of itself, which is at most 1.5 times the sum of magnitudes here. */
static const double relative = 2 * 0x1p-24, absolute = 4 * 0x1p-24;

static bool too_large(fovea__shape shape)
{
    return support_is_simulator() && fovea__shape_elements(shape) > SIMULATOR_MOST;
}

typedef enum place { APART, OVER_A, OVER_B, ALONE, ALONE_OVER_A, PLACES } place;

static void check_forward(fovea__shape shape, place where)
{
    const size_t count = fovea__shape_elements(shape);
    const bool sum = where < ALONE;
    float *a = array_uniform(count, 1, -1, 1), *b = array_uniform(count, 2, -1, 1);
    double *wide_a = array_widen(a, count), *wide_b = array_widen(b, count), *want = array_doubles(count);
    fence first = fence_tensor(shape, a), second = fence_tensor(shape, b), apart = fence_tensor(shape, NULL);
    fence again = fence_tensor(shape, NULL);
    fence *y = where == APART || where == ALONE ? &apart : where == OVER_B ? &second : &first;
    support_ok(fovea__add_relu_forward(support_device(), &first.tensor, sum ? &second.tensor : NULL, &again.tensor));
    support_ok(fovea__add_relu_forward(support_device(), &first.tensor, sum ? &second.tensor : NULL, &y->tensor));
    ref_add_relu_forward(wide_a, sum ? wide_b : NULL, count, want);
    array_close("y", y, want, relative, 0);
    array_same_bits("y", y, &again);
    free(a);
    free(b);
    free(wide_a);
    free(wide_b);
    free(want);
    fence_free(&first, "a");
    fence_free(&second, "b");
    fence_free(&apart, "y");
    fence_free(&again, "y again");
}

START_TEST(add_relu__forward_is_the_sum_above_zero)
{
    if (too_large(shapes[_i]))
        support_skip("too many values for a simulator");
    for (int where = 0; where < PLACES; where++)
        check_forward(shapes[_i], (place)where);
}
END_TEST

enum { MASKED = 1, SCALED = 2, ADDED = 4, IN_PLACE = 8, VARIANTS = 16 };

static void check_backward(fovea__shape shape, int variant)
{
    const size_t count = fovea__shape_elements(shape), channels = (size_t)shape.c;
    float *y = array_uniform(count, 1, -1, 1), *d_y = array_uniform(count, 2, -1, 1);
    float *scale = array_uniform(channels, 3, -1.5f, 1.5f), *before = array_uniform(count, 4, -1, 1);
    for (size_t i = 0; i < count; i++)
        y[i] = i % 5 == 0 ? 0.0f : y[i]; /* at 0 nothing passes */
    double *wide_y = array_widen(y, count), *wide_d_y = array_widen(d_y, count);
    double *wide_scale = array_widen(scale, channels);
    double *want = variant & ADDED ? array_widen(before, count) : array_doubles(count);
    fence mask = fence_tensor(shape, y), gradient = fence_tensor(shape, d_y);
    fence factors = fence_tensor(fovea__shape_vector(shape.c), scale);
    fence apart = fence_tensor(shape, variant & ADDED ? before : NULL);
    fence again = fence_tensor(shape, variant & ADDED ? before : NULL);
    fence *results[2] = {&again, variant & IN_PLACE ? &gradient : &apart};
    for (int i = 0; i < 2; i++)
        support_ok(fovea__add_relu_backward(support_device(), variant & MASKED ? &mask.tensor : NULL, &gradient.tensor,
                                            variant & SCALED ? &factors.tensor : NULL, variant & ADDED,
                                            &results[i]->tensor));
    ref_add_relu_backward(variant & MASKED ? wide_y : NULL, wide_d_y, variant & SCALED ? wide_scale : NULL, count,
                          channels, want);
    array_close("d_x", results[1], want, relative, variant & ADDED ? absolute : 0);
    array_same_bits("d_x", results[1], &again);
    free(y);
    free(d_y);
    free(scale);
    free(before);
    free(wide_y);
    free(wide_d_y);
    free(wide_scale);
    free(want);
    fence_free(&mask, "y");
    fence_free(&gradient, "d_y");
    fence_free(&factors, "scale");
    fence_free(&apart, "d_x");
    fence_free(&again, "d_x again");
}

START_TEST(add_relu__backward_passes_where_y_is_above_zero)
{
    if (too_large(shapes[_i]))
        support_skip("too many values for a simulator");
    for (int variant = 0; variant < VARIANTS; variant++)
        if (!(variant & ADDED && variant & IN_PLACE))
            check_backward(shapes[_i], variant);
}
END_TEST

START_TEST(add_relu__keeps_nan)
{
    fence a = fence_tensor(fovea__shape_vector(3), (float[3]){NAN, -1, INFINITY});
    fence y = fence_tensor(a.tensor.shape, NULL);
    support_ok(fovea__add_relu_forward(support_device(), &a.tensor, NULL, &y.tensor));
    float *got = fence_read(&y);
    ck_assert(isnan(got[0]) && got[1] == 0 && isinf(got[2]));
    free(got);
    fence_free(&a, "a");
    fence_free(&y, "y");
}
END_TEST

START_TEST(add_relu__refuses_shapes_that_differ)
{
    fence a = fence_tensor(fovea__shape_vector(3), NULL), b = fence_tensor(fovea__shape_vector(4), NULL);
    support_fails(fovea__add_relu_forward(support_device(), &a.tensor, NULL, &b.tensor), FOVEA_ERROR_ARGUMENT,
                  "shapes differ");
    support_fails(fovea__add_relu_forward(support_device(), &a.tensor, &b.tensor, &a.tensor), FOVEA_ERROR_ARGUMENT,
                  "shapes differ");
    support_fails(fovea__add_relu_backward(support_device(), NULL, &a.tensor, &b.tensor, false, &a.tensor),
                  FOVEA_ERROR_ARGUMENT, "4 factors for 3 channels");
    fence_free(&a, "a");
    fence_free(&b, "b");
}
END_TEST

/* loss = sum of weight y */
enum { N = 24 };
static double loss(const double *x, void *context)
{
    double y[N], sum = 0;
    ref_add_relu_forward(x, x + N, N, y);
    for (int i = 0; i < N; i++)
        sum += ((const double *)context)[i] * y[i];
    return sum;
}

START_TEST(add_relu__the_reference_agrees_with_differences)
{
    float values[2 * N], weights[N];
    support_random_uniform(values, 2 * N, 5, -1, 1);
    support_random_uniform(weights, N, 6, -1, 1);
    double *x = array_widen(values, 2 * N), *weight = array_widen(weights, N), y[N], d_x[2 * N] = {0};
    ref_add_relu_forward(x, x + N, N, y);
    ref_add_relu_backward(y, weight, NULL, N, N, d_x);
    memcpy(d_x + N, d_x, N * sizeof *d_x);
    support_gradient("d_a and d_b", loss, weight, x, 2 * N, d_x, 2 * N, 1e-6, 1e-8);
    free(x);
    free(weight);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {add_relu__forward_is_the_sum_above_zero, COUNT(shapes), true},
        {add_relu__backward_passes_where_y_is_above_zero, COUNT(shapes), true},
        {add_relu__keeps_nan, 0, true},
        {add_relu__refuses_shapes_that_differ, 0, true},
        {add_relu__the_reference_agrees_with_differences, 0, false},
    };
    return support_run_both_kinds("add_relu", cases, COUNT(cases));
}
