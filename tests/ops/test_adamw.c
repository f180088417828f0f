/* Steps of AdamW against float64 and against torch: clipped and not, in parts of an array, late in a run, and held back
 * by a bad loss. */
#include "adamw.h"
#include "arrays.h"
#include "ref_adamw.h"

#include <math.h>
#include <stdlib.h>

static const struct {
    size_t before, count, after; /* before and after: neighbours that stay as they are */
    fovea__adamw adamw;          /* .step: of the first of several */
} rows[] = {
    {0, 1, 0, {0.1f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.0f, 1}},
    {3, 17, 2, {0.01f, 0.9f, 0.999f, 1e-8f, 0.01f, 10.0f, 1}},
    {0, 0, 5, {0.01f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.0f, 1}},
    {1, 4099, 0, {1e-4f, 0.9f, 0.99f, 1e-8f, 0.05f, 0.5f, 1}},
    {7, 1500, 7, {0.5f, 0.5f, 0.75f, 1e-3f, 0.0f, 0.0f, 1}},
    {0, 4000, 0, {0.01f, 0.9f, 0.9999f, 1e-8f, 0.5f, 1e4f, 100000}},
    {11, 300001, 5, {0.001f, 0.9f, 0.999f, 1e-8f, 0.01f, 10.0f, 1}},
};

enum { STEPS = 4 };

static ref_adamw widen(const fovea__adamw *a)
{
    return (ref_adamw){(double)a->rate,    (double)a->beta1, (double)a->beta2,
                       (double)a->epsilon, (double)a->decay, (double)a->clip};
}

/* Weights, gradients and both moments on the device, fenced, and the floats that a step's losses leave. */
typedef struct arrays {
    fence weights, gradients, means, squares, state;
} arrays;

static arrays make_arrays(size_t count, const float *weights, const float *means, const float *squares)
{
    const fovea__shape shape = fovea__shape_vector((int)count);
    return (arrays){fence_tensor(shape, weights), fence_tensor(shape, NULL), fence_tensor(shape, means),
                    fence_tensor(shape, squares), fence_tensor(fovea__shape_vector(3), NULL)};
}

static void free_arrays(arrays *a)
{
    fence_free(&a->weights, "weights");
    fence_free(&a->gradients, "gradients");
    fence_free(&a->means, "means");
    fence_free(&a->squares, "squares");
    fence_free(&a->state, "state");
}

static void step(arrays *a, const fovea__adamw *adamw, size_t first, size_t count, const float *gradients,
                 const float state[3])
{
    support_ok(fovea__tensor_write(&a->gradients.tensor, gradients));
    support_ok(fovea__tensor_write(&a->state.tensor, state));
    support_ok(fovea__adamw_step(support_device(), adamw, first, count, a->weights.tensor.buffer,
                                 a->gradients.tensor.buffer, a->means.tensor.buffer, a->squares.tensor.buffer,
                                 a->state.tensor.buffer));
}

/* Several steps from the given one on; a late one begins with moments of earlier gradients. */
static void hold_to_reference(const fovea__adamw *first_step, size_t first, size_t count, size_t whole)
{
    fovea__adamw adamw = *first_step;
    const ref_adamw wide_adamw = widen(&adamw);
    const bool late = adamw.step > 1;
    float *start = array_uniform(whole, 1, -1, 1), *mean = array_uniform(whole, 2, late ? -0.1f : 0, late ? 0.1f : 0);
    float *square = array_uniform(whole, 3, late ? 0.1f : 0, late ? 1 : 0);
    double *weights = array_widen(start, whole), *means = array_widen(mean, whole), *roots = array_widen(square, whole);
    arrays a = make_arrays(whole, start, mean, square);
    for (int i = 0; i < STEPS; i++, adamw.step++) {
        float *gradients = array_uniform(whole, 10 + (uint64_t)i, -1, 1);
        double *wide = array_widen(gradients, whole), squares = 0;
        for (size_t k = 0; k < whole; k++)
            squares += wide[k] * wide[k];
        step(&a, &adamw, first, count, gradients, (float[3]){(float)squares, 1.0f, 2.0f});
        ref_adamw_step(&wide_adamw, (int)adamw.step, weights + first, wide + first, means + first, roots + first, count,
                       (double)(float)squares);
        free(gradients);
        free(wide);
    }
    /* In units of 2^-24, the clip's factor errs by 7 (a root and a quotient of 2.5 ulp each, a rounding), a moment by 5
     * more a step: 12 at magnitudes of 1 at most; a square by as many of its own magnitude. */
    const double unit = 0x1p-24, moment = 12 * STEPS * unit;
    array_close("means", &a.means, means, 0, moment);
    array_close("squares", &a.squares, roots, moment, moment * unit);
    /* Of several gradients, the largest of them G, a mean is G at most, and the root under it at least G by the root of
     * the least share that a step has in the squares: no step is longer than `moved`, and a mean's error counts as
     * much. Late, squares of .1 stand under means below .45. Half the square's error, and 8 units for corrections, product
     * and quotient, stay below another moment; a weight is rounded twice a step. */
    const double b = wide_adamw.beta2, share = pow(b, STEPS - 1) * (1 - b) / (1 - pow(b, STEPS));
    const double moved = wide_adamw.rate / (late ? 0.3 : sqrt(share));
    array_close("weights", &a.weights, weights, 0, STEPS * (2 * unit * (1 + STEPS * moved) + 2 * moment * moved));
    float *got = fence_read(&a.weights);
    for (size_t i = 0; i < whole; i++)
        if ((i < first || i >= first + count) && got[i] != start[i])
            ck_abort_msg("the neighbour at %zu was changed", i);
    void *all[] = {got, start, mean, square, weights, means, roots};
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
    free_arrays(&a);
}

START_TEST(adamw__follows_the_reference_for_several_steps)
{
    if (support_is_simulator() && rows[_i].count > 2000)
        support_skip("%zu values are too many for a simulator", rows[_i].count);
    hold_to_reference(&rows[_i].adamw, rows[_i].before, rows[_i].count,
                      rows[_i].before + rows[_i].count + rows[_i].after);
}
END_TEST

/* tests/golden/adamw_numbers.py: three steps of torch.optim.AdamW, each after clip_grad_norm_(1). */
static const float torchs_gradients[3][4] = {
    {3, -4, 0, 1e-5f}, {0.25f, 0.5f, -0.125f, 0}, {-0.5f, 0.25f, 0, 2e-5f}};
static const double torchs_weights[3][4] = {
    {0.98875166638926848, -1.9875012498440194, 0.49937500000000001, 0.24949142160707458},
    {0.97860310685927476, -1.9841476055747505, 0.5065668271650432, 0.24909499835677823},
    {0.97714929141321283, -1.9830674338795462, 0.51155995529271037, 0.24797056761963962},
};

START_TEST(adamw__is_torchs_step)
{
    const float start[4] = {1, -2, 0.5f, 0.25f}, zeros[4] = {0};
    fovea__adamw adamw = {0.01f, 0.75f, 0.875f, 1e-4f, 0.125f, 1.0f, 1};
    arrays a = make_arrays(4, start, zeros, zeros);
    for (int i = 0; i < 3; i++, adamw.step++) {
        float squares = 0;
        for (int k = 0; k < 4; k++)
            squares += torchs_gradients[i][k] * torchs_gradients[i][k];
        step(&a, &adamw, 0, 4, torchs_gradients[i], (float[3]){squares, 1, 1});
        /* Weights of 2 at most are rounded three times; steps of .01 err by a millionth of them. */
        array_close("weights", &a.weights, torchs_weights[i], 0, 3 * 0x1p-23 * (i + 1) + 1e-8);
    }
    free_arrays(&a);
}
END_TEST

/* A weight that no gradient ever reaches decays and nothing else; with no decay it stays, to the bit. */
START_TEST(adamw__a_gradient_of_0_moves_nothing)
{
    const float start[3] = {1, -2, 0}, zeros[3] = {0};
    for (int decays = 0; decays < 2; decays++) {
        const fovea__adamw adamw = {0.5f, 0.9f, 0.999f, 1e-8f, decays ? 0.25f : 0.0f, 1.0f, 1};
        arrays a = make_arrays(3, start, zeros, zeros);
        step(&a, &adamw, 0, 3, zeros, (float[3]){0, 1, 1});
        array_close("weights", &a.weights, decays ? (double[3]){0.875, -1.75, 0} : (double[3]){1, -2, 0}, 0, 0);
        free_arrays(&a);
    }
}
END_TEST

static const float bad_states[][3] = {{NAN, 1, 1}, {1, NAN, 1}, {1, 1, NAN}, {INFINITY, 1, 1}, {1, -INFINITY, 1},
                                      {1, 1, INFINITY}};

START_TEST(adamw__changes_nothing_where_a_loss_is_not_finite)
{
    enum { N = 2100 };
    const fovea__adamw adamw = {0.1f, 0.9f, 0.999f, 1e-8f, 0.01f, 10.0f, 3};
    float *values = array_uniform(N, 1, -1, 1), *squares = array_uniform(N, 2, 0, 1);
    arrays a = make_arrays(N, values, values, squares), before = make_arrays(N, values, values, squares);
    step(&a, &adamw, 0, N, values, bad_states[_i]);
    array_same_bits("weights", &a.weights, &before.weights);
    array_same_bits("means", &a.means, &before.means);
    array_same_bits("squares", &a.squares, &before.squares);
    free(values);
    free(squares);
    free_arrays(&a);
    free_arrays(&before);
}
END_TEST

START_TEST(adamw__gives_the_same_bits_twice)
{
    enum { N = 4099 };
    const fovea__adamw adamw = {0.1f, 0.9f, 0.999f, 1e-8f, 0.01f, 1.0f, 2};
    float *values = array_uniform(N, 1, -1, 1), *squares = array_uniform(N, 2, 0, 1);
    arrays a[2];
    for (int run = 0; run < 2; run++) {
        a[run] = make_arrays(N, values, values, squares);
        step(&a[run], &adamw, 0, N, values, (float[3]){1366, 1, 1});
    }
    array_same_bits("weights", &a[0].weights, &a[1].weights);
    array_same_bits("means", &a[0].means, &a[1].means);
    array_same_bits("squares", &a[0].squares, &a[1].squares);
    free(values);
    free(squares);
    free_arrays(&a[0]);
    free_arrays(&a[1]);
}
END_TEST

START_TEST(adamw__bad_arguments_are_told)
{
    const fovea__adamw adamw = {0.1f, 0.9f, 0.999f, 1e-8f, 0.01f, 1.0f, 0};
    support_fails(fovea__adamw_step(support_device(), &adamw, 0, 1, NULL, NULL, NULL, NULL, NULL), FOVEA_ERROR_ARGUMENT,
                  "step 0");
    support_fails(fovea__adamw_step(support_device(), &adamw, (size_t)1 << 31, 1, NULL, NULL, NULL, NULL, NULL),
                  FOVEA_ERROR_ARGUMENT, "2^31-1");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {adamw__follows_the_reference_for_several_steps, COUNT(rows), true},
        {adamw__is_torchs_step, 0, true},
        {adamw__a_gradient_of_0_moves_nothing, 0, true},
        {adamw__changes_nothing_where_a_loss_is_not_finite, COUNT(bad_states), true},
        {adamw__gives_the_same_bits_twice, 0, true},
        {adamw__bad_arguments_are_told, 0, true},
    };
    return support_run_both_kinds("adamw", cases, COUNT(cases));
}
