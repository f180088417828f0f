/* Steps of gradient descent against float64: clipped and not, in parts of an array, and held back by a bad loss. */
#include "arrays.h"
#include "ref_sgd.h"
#include "sgd.h"

#include <math.h>
#include <stdlib.h>

static const struct {
    size_t before, count, after; /* before and after: neighbours that stay as they are */
    fovea__sgd sgd;
} rows[] = {
    {0, 1, 0, {0.1f, 0.9f, 1e-4f, 0.0f}},        {3, 17, 2, {0.1f, 0.9f, 1e-4f, 10.0f}},
    {0, 0, 5, {0.1f, 0.9f, 1e-4f, 0.0f}},        {1, 4099, 0, {0.01f, 0.9f, 1e-4f, 0.5f}},
    {7, 1500, 7, {0.5f, 0.0f, 0.0f, 0.0f}},      {0, 4000, 0, {0.01f, 0.95f, 1e-2f, 1e4f}},
    {11, 300001, 5, {0.01f, 0.9f, 1e-4f, 10.0f}},
};

START_TEST(sgd__follows_the_reference_for_several_steps)
{
    enum { STEPS = 4 };
    const size_t first = rows[_i].before, count = rows[_i].count, whole = first + count + rows[_i].after;
    const fovea__sgd sgd = rows[_i].sgd;
    const ref_sgd wide_sgd = {(double)sgd.rate, (double)sgd.momentum, (double)sgd.decay, (double)sgd.clip};
    if (support_is_simulator() && count > 2000)
        support_skip("%zu values are too many for a simulator", count);
    const fovea__shape shape = fovea__shape_vector((int)whole);
    float *start = array_uniform(whole, 1, -1, 1);
    double *weights = array_widen(start, whole), *momenta = array_doubles(whole);
    fence w = fence_tensor(shape, start), g = fence_tensor(shape, NULL), m = fence_tensor(shape, NULL);
    fence state = fence_tensor(fovea__shape_vector(3), NULL);
    support_ok(fovea__buffer_fill(m.tensor.buffer, 0, whole * sizeof(float), 0));
    for (uint64_t step = 0; step < STEPS; step++) {
        float *gradients = array_uniform(whole, 10 + step, -1, 1);
        double *wide = array_widen(gradients, whole), squares = 0;
        for (size_t i = 0; i < whole; i++)
            squares += wide[i] * wide[i];
        support_ok(fovea__tensor_write(&g.tensor, gradients));
        support_ok(fovea__tensor_write(&state.tensor, (float[3]){(float)squares, 1.0f, 2.0f}));
        support_ok(fovea__sgd_step(support_device(), &sgd, first, count, w.tensor.buffer, g.tensor.buffer,
                                   m.tensor.buffer, state.tensor.buffer));
        ref_sgd_step(&wide_sgd, weights + first, wide + first, momenta + first, count, (double)(float)squares);
        free(gradients);
        free(wide);
    }
    /* Magnitudes: a momentum stays below 4 (1 + decay), a weight below 1 + 4 * 4 * rate. A step errs by 2^-24 in the
     * square root, twice in the division (2.5 ulp), and once in each of five operations: below 12 of them in all. */
    const double limit = STEPS * 12 * 0x1p-24 * 4.1;
    array_close("momenta", &m, momenta, 0, limit);
    array_close("weights", &w, weights, 0, limit * (1 + (double)sgd.rate) * STEPS);
    float *got = fence_read(&w);
    for (size_t i = 0; i < whole; i++)
        if ((i < first || i >= first + count) && got[i] != start[i])
            ck_abort_msg("the neighbour at %zu was changed", i);
    free(got);
    free(start);
    free(weights);
    free(momenta);
    fence_free(&w, "weights");
    fence_free(&g, "gradients");
    fence_free(&m, "momenta");
    fence_free(&state, "state");
}
END_TEST

/* What torch 2.15's SGD(lr .1, momentum .9, weight_decay .01) gives in two steps, each after clip_grad_norm_(1):
 * gradients (3, 4) have norm 5 and become (.6, .8) / (1 + 2e-7); gradients (.3, .4) stay. */
START_TEST(sgd__is_torchs_step)
{
    const fovea__sgd sgd = {0.1f, 0.9f, 0.01f, 1.0f};
    const fovea__shape shape = fovea__shape_vector(2);
    fence w = fence_tensor(shape, (float[2]){1, -2}), m = fence_tensor(shape, (float[2]){0, 0});
    fence g = fence_tensor(shape, (float[2]){3, 4}), state = fence_tensor(fovea__shape_vector(3), (float[3]){25, 1, 1});
    support_ok(fovea__sgd_step(support_device(), &sgd, 0, 2, w.tensor.buffer, g.tensor.buffer, m.tensor.buffer,
                               state.tensor.buffer));
    array_close("weights after a step", &w, (double[2]){1 - 0.061, -2 - 0.078}, 0, 1e-6);
    support_ok(fovea__tensor_write(&g.tensor, (float[2]){0.3f, 0.4f}));
    support_ok(fovea__tensor_write(&state.tensor, (float[3]){0.25f, 1, 1}));
    support_ok(fovea__sgd_step(support_device(), &sgd, 0, 2, w.tensor.buffer, g.tensor.buffer, m.tensor.buffer,
                               state.tensor.buffer));
    /* momenta: .9 (.61, .78) + (.3 + .00939, .4 - .02078) */
    array_close("momenta after two", &m, (double[2]){0.85839, 1.08122}, 0, 1e-6);
    array_close("weights after two", &w, (double[2]){0.939 - 0.085839, -2.078 - 0.108122}, 0, 1e-6);
    fence_free(&w, "weights");
    fence_free(&g, "gradients");
    fence_free(&m, "momenta");
    fence_free(&state, "state");
}
END_TEST

static const float bad_states[][3] = {{NAN, 1, 1}, {1, NAN, 1}, {1, 1, NAN}, {INFINITY, 1, 1}, {1, -INFINITY, 1},
                                      {1, 1, INFINITY}};

START_TEST(sgd__changes_nothing_where_a_loss_is_not_finite)
{
    enum { N = 2100 };
    const fovea__sgd sgd = {0.1f, 0.9f, 1e-4f, 10.0f};
    const fovea__shape shape = fovea__shape_vector(N);
    float *values = array_uniform(N, 1, -1, 1), *moved = array_uniform(N, 2, -1, 1);
    fence w = fence_tensor(shape, values), m = fence_tensor(shape, moved), g = fence_tensor(shape, NULL);
    fence w_before = fence_tensor(shape, values), m_before = fence_tensor(shape, moved);
    fence state = fence_tensor(fovea__shape_vector(3), bad_states[_i]);
    support_ok(fovea__sgd_step(support_device(), &sgd, 0, N, w.tensor.buffer, g.tensor.buffer, m.tensor.buffer,
                               state.tensor.buffer));
    array_same_bits("weights", &w, &w_before);
    array_same_bits("momenta", &m, &m_before);
    free(values);
    free(moved);
    fence_free(&w, "weights");
    fence_free(&m, "momenta");
    fence_free(&g, "gradients");
    fence_free(&w_before, "weights before");
    fence_free(&m_before, "momenta before");
    fence_free(&state, "state");
}
END_TEST

START_TEST(sgd__gives_the_same_bits_twice)
{
    enum { N = 4099 };
    const fovea__sgd sgd = {0.1f, 0.9f, 1e-4f, 1.0f};
    const fovea__shape shape = fovea__shape_vector(N);
    float *values = array_uniform(N, 1, -1, 1);
    fence g = fence_tensor(shape, values), state = fence_tensor(fovea__shape_vector(3), (float[3]){1366, 1, 1});
    fence w[2], m[2];
    for (int run = 0; run < 2; run++) {
        w[run] = fence_tensor(shape, values);
        m[run] = fence_tensor(shape, values);
        support_ok(fovea__sgd_step(support_device(), &sgd, 0, N, w[run].tensor.buffer, g.tensor.buffer,
                                   m[run].tensor.buffer, state.tensor.buffer));
    }
    array_same_bits("weights", &w[0], &w[1]);
    array_same_bits("momenta", &m[0], &m[1]);
    free(values);
    for (int run = 0; run < 2; run++) {
        fence_free(&w[run], "weights");
        fence_free(&m[run], "momenta");
    }
    fence_free(&g, "gradients");
    fence_free(&state, "state");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {sgd__follows_the_reference_for_several_steps, COUNT(rows), true},
        {sgd__is_torchs_step, 0, true},
        {sgd__changes_nothing_where_a_loss_is_not_finite, COUNT(bad_states), true},
        {sgd__gives_the_same_bits_twice, 0, true},
    };
    return support_run_both_kinds("sgd", cases, COUNT(cases));
}
