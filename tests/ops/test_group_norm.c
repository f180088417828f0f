/* Group norm against float64, with means far from 0, in place and apart, and the reference against differences. */
#include "arrays.h"
#include "group_norm.h"
#include "ref_group_norm.h"

#include <math.h>
#include <stdlib.h>

enum { SIMULATOR_MOST = 4000 };
static const double unit = 0x1p-24; /* how much one operation errs, relative to its result */

static const struct {
    fovea__shape shape;
    int groups;
    float mean, epsilon;
} rows[] = {
    {{1, 1, 1, 1}, 1, 0, 1e-5f},       {{1, 1, 1, 6}, 3, 2, 1e-5f},     {{3, 5, 7, 3}, 3, 0, 0},
    {{3, 5, 7, 34}, 2, -1, 1e-5f},     {{1, 64, 1, 9}, 3, 100, 1e-5f},  {{2, 13, 5, 10}, 5, 3000, 1e-5f},
    {{3, 1, 1, 256}, 32, 0, 1e-5f},    {{2, 5, 4, 256}, 32, 1, 1e-5f},  {{1, 10, 13, 300}, 1, 0, 1e-5f},
    {{1, 37, 223, 8}, 2, 3000, 1e-5f}, {{1, 181, 187, 2}, 1, 10, 1e-5f}, {{2, 75, 75, 256}, 32, 30, 1e-5f},
};

/* A batch of values around a mean with deviation 1, and the parameters. */
typedef struct batch {
    fovea__shape shape;
    ref_group_norm of;
    size_t count, channels;
    float *x, *other, *gamma, *beta;
    double *wide_x, *wide_other, *wide_gamma, *wide_beta;
    double moment_error, normalised_error, peak, steepest; /* peak: the largest normalised value */
} batch;

/* A part is a chain of at most 67 steps, of distances from the mean so far, each of which counts with a rounding or two.
 * Parts and channels of a group are a chain again. So the mean is off by moment_error of the largest distance, which is
 * 3.6, and by the rounding of what it is added to; a normalised value by that over the deviation, and the squares by as
 * much of themselves and by twice the mean's error. */
static void bound_errors(batch *b)
{
    const ref_group_norm *of = &b->of;
    const size_t groups = of->pictures * of->groups, width = of->channels / of->groups;
    const double parts = ceil((double)of->pixels / 64);
    double *mean = array_doubles(groups), *variance = array_doubles(groups), reach = 0;
    ref_group_norm_statistics(of, b->wide_x, mean, variance);
    b->moment_error = unit * (4 * 67 + parts * (double)width + 8);
    for (size_t i = 0; i < b->count; i++) {
        const size_t g = i / (of->pixels * of->channels) * of->groups + i % of->channels / width;
        const double deviation = sqrt(variance[g] + of->epsilon);
        reach = fmax(reach, (3.6 * b->moment_error + 3 * unit * fabs(b->wide_x[i])) / deviation);
        b->peak = fmax(b->peak, fabs(b->wide_x[i] - mean[g]) / deviation);
        b->steepest = fmax(b->steepest, 1.5 / deviation);
    }
    b->normalised_error = reach + b->peak * (b->moment_error + reach) + 4 * unit * (b->peak + 1);
    free(mean);
    free(variance);
}

static batch make_batch(int row)
{
    batch b = {.shape = rows[row].shape};
    b.count = fovea__shape_elements(b.shape);
    b.channels = (size_t)b.shape.c;
    b.of = (ref_group_norm){(size_t)b.shape.n, (size_t)b.shape.h * (size_t)b.shape.w, b.channels,
                            (size_t)rows[row].groups, (double)rows[row].epsilon};
    b.x = array_uniform(b.count, 1, rows[row].mean - 1.7f, rows[row].mean + 1.7f);
    b.other = array_uniform(b.count, 2, -1, 1);
    b.gamma = array_uniform(b.channels, 3, 0.5f, 1.5f);
    b.beta = array_uniform(b.channels, 4, -1, 1);
    b.wide_x = array_widen(b.x, b.count);
    b.wide_other = array_widen(b.other, b.count);
    b.wide_gamma = array_widen(b.gamma, b.channels);
    b.wide_beta = array_widen(b.beta, b.channels);
    bound_errors(&b);
    return b;
}

static void free_batch(batch *b)
{
    void *const arrays[] = {b->x,      b->other,      b->gamma,      b->beta,
                            b->wide_x, b->wide_other, b->wide_gamma, b->wide_beta};
    for (size_t i = 0; i < COUNT(arrays); i++)
        free(arrays[i]);
}

static fence vector(const batch *b, const float *values)
{
    return fence_tensor(fovea__shape_vector((int)b->channels), values);
}

static fence statistics_of(const batch *b)
{
    return fence_tensor(fovea__shape_vector((int)(fovea__group_norm_statistics_bytes(b->shape) / sizeof(float))), NULL);
}

static void check_forward(const batch *b, bool in_place, bool relu)
{
    fence x = fence_tensor(b->shape, b->x), gamma = vector(b, b->gamma), beta = vector(b, b->beta);
    fence apart = fence_tensor(b->shape, NULL), again = fence_tensor(b->shape, NULL), statistics = statistics_of(b);
    fence *results[2] = {&again, in_place ? &x : &apart};
    fovea__buffer *workspace = array_workspace(fovea__group_norm_workspace_bytes(b->shape));
    for (int i = 0; i < 2; i++)
        support_ok(fovea__group_norm_forward(support_device(), &x.tensor, &gamma.tensor, &beta.tensor,
                                             (int)b->of.groups, (float)b->of.epsilon, relu, &results[i]->tensor,
                                             statistics.tensor.buffer, workspace));
    double *want = array_doubles(b->count);
    ref_group_norm_forward(&b->of, b->wide_x, b->wide_gamma, b->wide_beta, relu, want);
    array_close("y", results[1], want, 4 * unit, 1.5 * b->normalised_error + 4 * unit * (1.5 * b->peak + 2));
    array_same_bits("y", results[1], &again);
    free(want);
    fovea__buffer_free(workspace);
    fence *const fences[] = {&x, &gamma, &beta, &apart, &again, &statistics};
    for (size_t i = 0; i < COUNT(fences); i++)
        fence_free(fences[i], "a tensor of forward");
}

START_TEST(group_norm__forward_normalises_groups_of_pictures)
{
    if (support_is_simulator() && fovea__shape_elements(rows[_i].shape) > SIMULATOR_MOST)
        support_skip("too many values for a simulator");
    batch b = make_batch(_i);
    check_forward(&b, false, false);
    check_forward(&b, true, true);
    free_batch(&b);
}
END_TEST

static void check_backward(const batch *b, bool in_place, bool accumulate)
{
    fence x = fence_tensor(b->shape, b->x), d_y = fence_tensor(b->shape, b->other), gamma = vector(b, b->gamma);
    fence beta = vector(b, b->beta), y = fence_tensor(b->shape, NULL), statistics = statistics_of(b);
    fence apart = fence_tensor(b->shape, NULL), again = fence_tensor(b->shape, NULL), d_gamma[2], d_beta[2];
    fence *results[2] = {&again, in_place ? &d_y : &apart};
    fovea__buffer *workspace = array_workspace(fovea__group_norm_workspace_bytes(b->shape));
    support_ok(fovea__group_norm_forward(support_device(), &x.tensor, &gamma.tensor, &beta.tensor, (int)b->of.groups,
                                         (float)b->of.epsilon, false, &y.tensor, statistics.tensor.buffer, workspace));
    for (int i = 0; i < 2; i++) {
        d_gamma[i] = vector(b, accumulate ? b->gamma : NULL);
        d_beta[i] = vector(b, accumulate ? b->beta : NULL);
        support_ok(fovea__group_norm_backward(support_device(), &x.tensor, &gamma.tensor, (int)b->of.groups,
                                              statistics.tensor.buffer, &d_y.tensor, accumulate, &d_gamma[i].tensor,
                                              &d_beta[i].tensor, &results[i]->tensor, workspace));
    }
    double *want = array_doubles(b->count), *want_gamma = array_doubles(b->channels);
    double *want_beta = array_doubles(b->channels);
    for (size_t c = 0; c < b->channels && accumulate; c++) {
        want_gamma[c] = b->wide_gamma[c];
        want_beta[c] = b->wide_beta[c];
    }
    ref_group_norm_backward(&b->of, b->wide_x, b->wide_gamma, b->wide_other, want_gamma, want_beta, want);
    /* d_y is at most 1, gamma 1.5: a sum of n gradients errs by moment_error n, a mean by 1.5 moment_error, products of
     * them with normalised values besides by what those err. */
    const double n = (double)(b->of.pictures * b->of.pixels), product = b->moment_error * b->peak + b->normalised_error;
    array_close("d_beta", &d_beta[0], want_beta, unit, n * b->moment_error);
    array_close("d_gamma", &d_gamma[0], want_gamma, unit, n * product);
    array_close("d_x", results[1], want, 4 * unit,
                b->steepest * (b->moment_error + b->normalised_error + b->peak * (product + b->normalised_error) +
                               4 * unit * (2 + b->peak)));
    array_same_bits("d_x", results[1], &again);
    array_same_bits("d_gamma", &d_gamma[0], &d_gamma[1]);
    array_same_bits("d_beta", &d_beta[0], &d_beta[1]);
    double *const doubles[] = {want, want_gamma, want_beta};
    for (size_t i = 0; i < COUNT(doubles); i++)
        free(doubles[i]);
    fovea__buffer_free(workspace);
    fence *const fences[] = {&x,     &d_y,   &gamma,      &beta,       &y,         &statistics,
                             &apart, &again, &d_gamma[0], &d_gamma[1], &d_beta[0], &d_beta[1]};
    for (size_t i = 0; i < COUNT(fences); i++)
        fence_free(fences[i], "a tensor of backward");
}

START_TEST(group_norm__backward_goes_through_the_statistics)
{
    if (support_is_simulator() && fovea__shape_elements(rows[_i].shape) > SIMULATOR_MOST)
        support_skip("too many values for a simulator");
    batch b = make_batch(_i);
    check_backward(&b, false, false);
    check_backward(&b, true, true);
    free_batch(&b);
}
END_TEST

/* On a map so large that a part has 2048 pixels, the first of each lies far from all others: what is squared must not be
 * the distance from it. Distances from the mean so far shrink as 1/k, so few roundings of a part count; its 512 parts
 * meet in a chain. */
START_TEST(group_norm__a_far_pixel_costs_no_digits)
{
    if (support_is_simulator())
        support_skip("too many values for a simulator");
    const fovea__shape shape = {1, 1024, 1024, 1}, one = fovea__shape_vector(1);
    const ref_group_norm of = {1, 1024 * 1024, 1, 1, 0};
    float *values = array_uniform(of.pixels, 1, 0.3f, 0.3f);
    for (size_t i = 0; i < of.pixels; i += 2048)
        values[i] = 1000.7f;
    double *wide = array_widen(values, of.pixels), mean = 0, variance = 0;
    ref_group_norm_statistics(&of, wide, &mean, &variance);
    fence x = fence_tensor(shape, values), gamma = fence_tensor(one, (float[]){1}), beta = fence_tensor(one, (float[]){0});
    fence y = fence_tensor(shape, NULL), statistics = fence_tensor(fovea__shape_vector(2), NULL);
    fovea__buffer *workspace = array_workspace(fovea__group_norm_workspace_bytes(shape));
    support_ok(fovea__group_norm_forward(support_device(), &x.tensor, &gamma.tensor, &beta.tensor, 1, 0, false, &y.tensor,
                                         statistics.tensor.buffer, workspace));
    float *got = fence_read(&statistics);
    support_close("inverse deviation", got + 1, (double[]){1 / sqrt(variance)}, 1, 600 * unit, 0);
    free(got);
    free(values);
    free(wide);
    fovea__buffer_free(workspace);
    fence *const fences[] = {&x, &gamma, &beta, &y, &statistics};
    for (size_t i = 0; i < COUNT(fences); i++)
        fence_free(fences[i], "a tensor");
}
END_TEST

/* Whatever is not finite shows in its own group and in no other. */
START_TEST(group_norm__nan_stays_in_its_group)
{
    batch b = make_batch(3);
    b.x[5] = NAN;
    fence x = fence_tensor(b.shape, b.x), gamma = vector(&b, b.gamma), beta = vector(&b, b.beta);
    fence y = fence_tensor(b.shape, NULL), statistics = statistics_of(&b);
    fovea__buffer *workspace = array_workspace(fovea__group_norm_workspace_bytes(b.shape));
    support_ok(fovea__group_norm_forward(support_device(), &x.tensor, &gamma.tensor, &beta.tensor, 2, 1e-5f, true,
                                         &y.tensor, statistics.tensor.buffer, workspace));
    float *got = fence_read(&y);
    for (size_t i = 0; i < b.count; i++)
        ck_assert_msg(isnan(got[i]) == (i < 35 * 34 && i % 34 < 17), "value %zu is %g", i, (double)got[i]);
    free(got);
    fovea__buffer_free(workspace);
    fence *const fences[] = {&x, &gamma, &beta, &y, &statistics};
    for (size_t i = 0; i < COUNT(fences); i++)
        fence_free(fences[i], "a tensor");
    free_batch(&b);
}
END_TEST

START_TEST(group_norm__of_nothing_has_no_gradient)
{
    static const fovea__shape shapes[] = {{0, 4, 4, 6}, {2, 0, 4, 6}};
    const fovea__shape shape = shapes[_i], six = fovea__shape_vector(6);
    const float ones[6] = {1, 1, 1, 1, 1, 1};
    fence x = fence_tensor(shape, NULL), y = fence_tensor(shape, NULL), s = fence_tensor(fovea__shape_vector(24), NULL);
    fence v[4];
    for (int i = 0; i < 4; i++)
        v[i] = fence_tensor(six, ones);
    fovea__buffer *workspace = array_workspace(fovea__group_norm_workspace_bytes(shape) + 4);
    support_ok(fovea__group_norm_forward(support_device(), &x.tensor, &v[0].tensor, &v[1].tensor, 3, 1e-5f, true,
                                         &y.tensor, s.tensor.buffer, workspace));
    support_ok(fovea__group_norm_backward(support_device(), &x.tensor, &v[0].tensor, 3, s.tensor.buffer, &y.tensor,
                                          false, &v[2].tensor, &v[3].tensor, &y.tensor, workspace));
    array_close("d_gamma", &v[2], (double[6]){0}, 0, 0);
    array_close("d_beta", &v[3], (double[6]){0}, 0, 0);
    support_fails(fovea__group_norm_forward(support_device(), &x.tensor, &v[0].tensor, &v[1].tensor, 4, 1e-5f, true,
                                            &y.tensor, s.tensor.buffer, workspace),
                  FOVEA_ERROR_ARGUMENT, "6 channels in 4 groups");
    support_fails(fovea__group_norm_forward(support_device(), &x.tensor, &v[0].tensor, &s.tensor, 3, 1e-5f, true,
                                            &y.tensor, s.tensor.buffer, workspace),
                  FOVEA_ERROR_ARGUMENT, "1 x 1 x 1 x 24 for 6 channels");
    fovea__buffer_free(workspace);
    fence_free(&x, "x");
    fence_free(&y, "y");
    fence_free(&s, "statistics");
    for (int i = 0; i < 4; i++)
        fence_free(&v[i], "a vector");
}
END_TEST

/* loss = sum of weight y; x[0 .. N) the values, then gamma and beta. */
enum { CHANNELS = 6, N = 2 * 5 * CHANNELS };
static const ref_group_norm small = {2, 5, CHANNELS, 3, 1e-5};

static double loss(const double *x, void *context)
{
    double y[N], sum = 0;
    ref_group_norm_forward(&small, x, x + N, x + N + CHANNELS, false, y);
    for (int i = 0; i < N; i++)
        sum += ((const double *)context)[i] * y[i];
    return sum;
}

START_TEST(group_norm__the_reference_agrees_with_differences)
{
    float values[N + 2 * CHANNELS], weights[N];
    support_random_uniform(values, COUNT(values), 5, -1, 1);
    support_random_uniform(weights, N, 6, -1, 1);
    double *x = array_widen(values, COUNT(values)), *weight = array_widen(weights, N), d[N + 2 * CHANNELS] = {0};
    ref_group_norm_backward(&small, x, x + N, weight, d + N, d + N + CHANNELS, d);
    support_gradient("d_x, d_gamma and d_beta", loss, weight, x, COUNT(values), d, 4 * COUNT(values), 1e-5, 1e-8);
    free(x);
    free(weight);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = group_norm__forward_normalises_groups_of_pictures, .rows = COUNT(rows), .needs_device = true},
        {.test = group_norm__backward_goes_through_the_statistics, .rows = COUNT(rows), .needs_device = true},
        {.test = group_norm__a_far_pixel_costs_no_digits, .needs_device = true},
        {.test = group_norm__nan_stays_in_its_group, .needs_device = true},
        {.test = group_norm__of_nothing_has_no_gradient, .rows = 2, .needs_device = true},
        {.test = group_norm__the_reference_agrees_with_differences},
    };
    return support_run_both_kinds("group_norm", cases, COUNT(cases));
}
