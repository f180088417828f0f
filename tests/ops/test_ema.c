/* Moving averages against float64: several steps, parts of an array, what is equal and what a bad loss holds back. */
#include "arrays.h"
#include "ema.h"
#include "ref_ema.h"

#include <math.h>
#include <stdlib.h>

static const struct {
    size_t before, count, after; /* before and after: neighbours that stay as they are */
    float share;
} rows[] = {
    {0, 1, 0, 0.5f},    {3, 17, 2, 0.1f},   {0, 0, 5, 0.5f},     {1, 4099, 0, 2e-4f},
    {7, 1500, 7, 1.0f}, {0, 1000, 3, 0.0f}, {11, 300001, 5, 0.01f},
};

static void step(float share, size_t first, size_t count, fence *average, const fence *values, const float losses[3])
{
    fence state = fence_tensor(fovea__shape_vector(3), losses);
    support_ok(fovea__ema_step(support_device(), share, first, count, average->tensor.buffer, values->tensor.buffer,
                               state.tensor.buffer));
    fence_free(&state, "state");
}

START_TEST(ema__follows_the_reference_for_several_steps)
{
    enum { STEPS = 4 };
    const size_t first = rows[_i].before, count = rows[_i].count, whole = first + count + rows[_i].after;
    if (support_is_simulator() && count > 2000)
        support_skip("%zu values are too many for a simulator", count);
    const fovea__shape shape = fovea__shape_vector((int)whole);
    float *start = array_uniform(whole, 1, -1, 1);
    double *want = array_widen(start, whole);
    fence average = fence_tensor(shape, start), values = fence_tensor(shape, NULL);
    for (uint64_t i = 0; i < STEPS; i++) {
        float *now = array_uniform(whole, 10 + i, -1, 1);
        double *wide = array_widen(now, whole);
        support_ok(fovea__tensor_write(&values.tensor, now));
        step(rows[_i].share, first, count, &average, &values, (float[3]){1, 1, 1});
        ref_ema_step(1 - (double)rows[_i].share, want + first, wide + first, count);
        free(now);
        free(wide);
    }
    /* Below 1; a step rounds a difference of at most 2, its product and the sum. */
    array_close("average", &average, want, 0, STEPS * (2 + 2 + 1) * 0x1p-24);
    float *got = fence_read(&average);
    for (size_t i = 0; i < whole; i++)
        if ((i < first || i >= first + count) && got[i] != start[i])
            ck_abort_msg("the neighbour at %zu was changed", i);
    free(got);
    free(start);
    free(want);
    fence_free(&average, "average");
    fence_free(&values, "values");
}
END_TEST

/* What was never trained stays what it is, however often it is averaged; and two runs give the same bits. */
START_TEST(ema__keeps_what_is_equal_and_gives_the_same_bits_twice)
{
    enum { N = 2100 };
    const fovea__shape shape = fovea__shape_vector(N);
    float *a = array_uniform(N, 1, -1, 1), *b = array_uniform(N, 2, -1, 1);
    fence first = fence_tensor(shape, a), second = fence_tensor(shape, a);
    fence same = fence_tensor(shape, a), other = fence_tensor(shape, b);
    for (int i = 0; i < 3; i++)
        step(0.3f, 0, N, &first, &same, (float[3]){1, 1, 1});
    array_same_bits("an average of equal values", &first, &same);
    step(0.3f, 0, N, &first, &other, (float[3]){1, 1, 1});
    step(0.3f, 0, N, &second, &other, (float[3]){1, 1, 1});
    array_same_bits("the average of a second run", &first, &second);
    free(a);
    free(b);
    fence_free(&first, "first");
    fence_free(&second, "second");
    fence_free(&same, "same");
    fence_free(&other, "other");
}
END_TEST

static const float bad_states[][3] = {{NAN, 1, 1}, {1, NAN, 1}, {1, 1, NAN}, {INFINITY, 1, 1}, {1, -INFINITY, 1},
                                      {1, 1, INFINITY}};

START_TEST(ema__changes_nothing_where_a_loss_is_not_finite)
{
    enum { N = 2100 };
    const fovea__shape shape = fovea__shape_vector(N);
    float *a = array_uniform(N, 1, -1, 1), *b = array_uniform(N, 2, -1, 1);
    fence average = fence_tensor(shape, a), before = fence_tensor(shape, a), values = fence_tensor(shape, b);
    step(0.3f, 0, N, &average, &values, bad_states[_i]);
    array_same_bits("average", &average, &before);
    free(a);
    free(b);
    fence_free(&average, "average");
    fence_free(&before, "before");
    fence_free(&values, "values");
}
END_TEST

START_TEST(ema__bad_arguments_are_told)
{
    support_fails(fovea__ema_step(support_device(), NAN, 0, 1, NULL, NULL, NULL), FOVEA_ERROR_ARGUMENT, "share is nan");
    support_fails(fovea__ema_step(support_device(), 0.5f, (size_t)1 << 31, 1, NULL, NULL, NULL), FOVEA_ERROR_ARGUMENT,
                  "2^31-1");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {ema__follows_the_reference_for_several_steps, COUNT(rows), true},
        {ema__keeps_what_is_equal_and_gives_the_same_bits_twice, 0, true},
        {ema__changes_nothing_where_a_loss_is_not_finite, COUNT(bad_states), true},
        {ema__bad_arguments_are_told, 0, true},
    };
    return support_run_both_kinds("ema", cases, COUNT(cases));
}
