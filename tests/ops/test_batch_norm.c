/* Batch norm against float64: frozen and in training, with means far from 0, in place and apart. */
#include "arrays.h"
#include "batch_norm.h"
#include "ref_batch_norm.h"

#include <math.h>
#include <stdlib.h>

enum { SIMULATOR_MOST = 4000 };
static const double unit = 0x1p-24; /* how much one operation errs, relative to its result */
static const float momentum = 0.1f;

static const struct {
    fovea__shape shape;
    float mean, epsilon;
} rows[] = {
    {{1, 1, 1, 1}, 0, 1e-5f},     {{1, 1, 1, 5}, 2, 1e-5f},      {{3, 5, 7, 1}, 0, 0},
    {{1, 2, 1, 3}, 0, 1e-3f},     {{1, 13, 5, 17}, -1, 1e-5f},   {{1, 64, 1, 3}, 100, 1e-5f},
    {{1, 65, 1, 3}, 3000, 1e-5f}, {{2, 10, 13, 300}, 0, 1e-5f},  {{1, 4097, 1, 2}, 3000, 1e-5f},
    {{2, 75, 75, 64}, 30, 1e-5f},
};

/* A batch of values around a mean with deviation 1, and the parameters. */
typedef struct batch {
    fovea__shape shape;
    size_t count, pixels, channels;
    float *x, *other, *gamma, *beta;
    double *wide_x, *wide_other, *wide_gamma, *wide_beta, *mean, *variance;
    double epsilon, moment_error, peak; /* peak: the largest normalised value */
    double normalised_error;
} batch;

/* A moment is a chain of at most 3 launches of 64 additions with a product each: 3 * 66 roundings. The mean is off by
 * that much of the largest value, so a normalised value by that over the deviation; the squares by as much of themselves
 * and by twice the mean's error (the distances of parts from a mean that is off). */
static void bound_errors(batch *b)
{
    double reach = 0;
    b->moment_error = 3 * 66 * unit;
    for (size_t i = 0; i < b->count; i++) {
        const double deviation = sqrt(b->variance[i % b->channels] + b->epsilon);
        reach = fmax(reach, fabs(b->wide_x[i]) / deviation);
        b->peak = fmax(b->peak, fabs(b->wide_x[i] - b->mean[i % b->channels]) / deviation);
    }
    const double mean_error = b->moment_error * reach;
    b->normalised_error = mean_error + b->peak * (b->moment_error + mean_error) + 4 * unit * (b->peak + 1);
}

static batch make_batch(int row)
{
    batch b = {.shape = rows[row].shape, .epsilon = (double)rows[row].epsilon};
    b.count = fovea__shape_elements(b.shape);
    b.channels = (size_t)b.shape.c;
    b.pixels = b.count / b.channels;
    b.x = array_uniform(b.count, 1, rows[row].mean - 1.7f, rows[row].mean + 1.7f);
    b.other = array_uniform(b.count, 2, -1, 1);
    b.gamma = array_uniform(b.channels, 3, 0.5f, 1.5f);
    b.beta = array_uniform(b.channels, 4, -1, 1);
    b.wide_x = array_widen(b.x, b.count);
    b.wide_other = array_widen(b.other, b.count);
    b.wide_gamma = array_widen(b.gamma, b.channels);
    b.wide_beta = array_widen(b.beta, b.channels);
    b.mean = array_doubles(b.channels);
    b.variance = array_doubles(b.channels);
    ref_batch_norm_statistics(b.wide_x, b.pixels, b.channels, b.mean, b.variance);
    bound_errors(&b);
    return b;
}

static void free_batch(batch *b)
{
    void *const arrays[] = {b->x,          b->other,      b->gamma,     b->beta, b->wide_x,
                            b->wide_other, b->wide_gamma, b->wide_beta, b->mean, b->variance};
    for (size_t i = 0; i < COUNT(arrays); i++)
        free(arrays[i]);
}

static fence vector(const batch *b, const float *values)
{
    return fence_tensor(fovea__shape_vector((int)b->channels), values);
}

typedef enum variant { PLAIN, RELU, RESIDUAL, RELU_OVER_X, RESIDUAL_OVER_X, OVER_RESIDUAL, VARIANTS } variant;

static void check_saved(const batch *b, const fence *mean, const fence *inverse, const fence *running_mean,
                        const fence *running_variance, double from_mean, double from_variance)
{
    double *want = array_doubles(b->channels), *want_mean = array_doubles(b->channels);
    double *want_variance = array_doubles(b->channels), largest = 0;
    const double n = (double)b->pixels, move = (double)momentum;
    for (size_t c = 0; c < b->channels; c++) {
        want[c] = 1 / sqrt(b->variance[c] + b->epsilon);
        want_mean[c] = (1 - move) * from_mean + move * b->mean[c];
        want_variance[c] = (1 - move) * from_variance + (n > 1 ? move * b->variance[c] * n / (n - 1) : 0);
        largest = fmax(largest, fabs(b->mean[c]) + 2);
    }
    array_close("the mean", mean, b->mean, 0, b->moment_error * largest);
    array_close("the inverse deviation", inverse, want, b->normalised_error, 0);
    array_close("the running mean", running_mean, want_mean, 0, 2 * b->moment_error * largest);
    array_close("the running variance", running_variance, want_variance, 2 * b->normalised_error, 4 * unit);
    free(want);
    free(want_mean);
    free(want_variance);
}

static void check_forward(const batch *b, variant how, bool relu, bool residual)
{
    fence x = fence_tensor(b->shape, b->x), other = fence_tensor(b->shape, b->other);
    fence gamma = vector(b, b->gamma), beta = vector(b, b->beta), mean = vector(b, NULL), inverse = vector(b, NULL);
    fence apart = fence_tensor(b->shape, NULL), again = fence_tensor(b->shape, NULL);
    fence running_mean[2], running_variance[2];
    fence *results[2] = {&again, how == RELU_OVER_X || how == RESIDUAL_OVER_X ? &x
                                 : how == OVER_RESIDUAL                       ? &other
                                                                              : &apart};
    fovea__buffer *workspace = array_workspace(fovea__batch_norm_workspace_bytes(b->shape));
    for (int i = 0; i < 2; i++) {
        running_mean[i] = vector(b, b->beta);
        running_variance[i] = vector(b, b->gamma);
        support_ok(fovea__buffer_fill(running_mean[i].tensor.buffer, 0, b->channels * 4, 0x40000000)); /* 2.0f */
        support_ok(fovea__buffer_fill(running_variance[i].tensor.buffer, 0, b->channels * 4, 0x3f800000)); /* 1.0f */
        support_ok(fovea__batch_norm_forward(support_device(), &x.tensor, &gamma.tensor, &beta.tensor,
                                             (float)b->epsilon, momentum, residual ? &other.tensor : NULL, relu,
                                             &results[i]->tensor, &mean.tensor, &inverse.tensor,
                                             &running_mean[i].tensor, &running_variance[i].tensor, workspace));
    }
    double *want = array_doubles(b->count);
    ref_batch_norm_forward(b->wide_x, b->pixels, b->channels, b->wide_gamma, b->wide_beta, b->mean, b->variance,
                           b->epsilon, residual ? b->wide_other : NULL, relu, want);
    array_close("y", results[1], want, 4 * unit, 1.5 * b->normalised_error + 4 * unit * (1.5 * b->peak + 2));
    array_same_bits("y", results[1], &again);
    array_same_bits("running mean", &running_mean[0], &running_mean[1]);
    array_same_bits("running variance", &running_variance[0], &running_variance[1]);
    check_saved(b, &mean, &inverse, &running_mean[0], &running_variance[0], 2.0, 1.0);
    free(want);
    fovea__buffer_free(workspace);
    fence *const fences[] = {&x, &other, &gamma, &beta, &mean, &inverse, &apart, &again, &running_mean[0],
                             &running_mean[1], &running_variance[0], &running_variance[1]};
    for (size_t i = 0; i < COUNT(fences); i++)
        fence_free(fences[i], "a tensor of forward");
}

START_TEST(batch_norm__forward_normalises_by_the_batch)
{
    if (support_is_simulator() && fovea__shape_elements(rows[_i].shape) > SIMULATOR_MOST)
        support_skip("too many values for a simulator");
    batch b = make_batch(_i);
    for (int how = 0; how < VARIANTS; how++)
        check_forward(&b, (variant)how, how == RELU || how == RELU_OVER_X || how == OVER_RESIDUAL, how >= RESIDUAL);
    free_batch(&b);
}
END_TEST

static void check_backward(const batch *b, bool in_place, bool accumulate)
{
    float *inverse = array_uniform(b->channels, 9, 0, 1), *mean = array_uniform(b->channels, 9, 0, 1);
    double *want = array_doubles(b->count), *want_gamma = array_doubles(b->channels);
    double *want_beta = array_doubles(b->channels), steepest = 0;
    for (size_t c = 0; c < b->channels; c++) {
        mean[c] = (float)b->mean[c];
        inverse[c] = (float)(1 / sqrt(b->variance[c] + b->epsilon));
        steepest = fmax(steepest, b->wide_gamma[c] * (double)inverse[c]);
        want_gamma[c] = accumulate ? b->wide_gamma[c] : 0;
        want_beta[c] = accumulate ? b->wide_beta[c] : 0;
    }
    fence x = fence_tensor(b->shape, b->x), d_y = fence_tensor(b->shape, b->other), gamma = vector(b, b->gamma);
    fence saved_mean = vector(b, mean), saved_inverse = vector(b, inverse);
    fence apart = fence_tensor(b->shape, NULL), again = fence_tensor(b->shape, NULL);
    fence d_gamma[2], d_beta[2], *results[2] = {&again, in_place ? &d_y : &apart};
    fovea__buffer *workspace = array_workspace(fovea__batch_norm_workspace_bytes(b->shape));
    for (int i = 0; i < 2; i++) {
        d_gamma[i] = vector(b, accumulate ? b->gamma : NULL);
        d_beta[i] = vector(b, accumulate ? b->beta : NULL);
        support_ok(fovea__batch_norm_backward(support_device(), &x.tensor, &gamma.tensor, &saved_mean.tensor,
                                              &saved_inverse.tensor, &d_y.tensor, accumulate, &d_gamma[i].tensor,
                                              &d_beta[i].tensor, &results[i]->tensor, workspace));
    }
    ref_batch_norm_backward(b->wide_x, b->pixels, b->channels, b->wide_gamma, b->mean, b->variance, b->epsilon,
                            b->wide_other, want_gamma, want_beta, want);
    /* d_y is at most 1: a sum of n gradients errs by moment_error n, their mean by moment_error, products of them with
     * normalised values besides by what those err. */
    const double n = (double)b->pixels, product = b->moment_error * b->peak + b->normalised_error;
    array_close("d_beta", &d_beta[0], want_beta, unit, n * b->moment_error);
    array_close("d_gamma", &d_gamma[0], want_gamma, unit, n * product);
    array_close("d_x", results[1], want, 4 * unit,
                steepest * (b->moment_error + b->normalised_error + b->peak * product + 4 * unit * (2 + b->peak)));
    array_same_bits("d_x", results[1], &again);
    array_same_bits("d_gamma", &d_gamma[0], &d_gamma[1]);
    array_same_bits("d_beta", &d_beta[0], &d_beta[1]);
    double *const doubles[] = {want, want_gamma, want_beta};
    for (size_t i = 0; i < COUNT(doubles); i++)
        free(doubles[i]);
    free(mean);
    free(inverse);
    fovea__buffer_free(workspace);
    fence *const fences[] = {&x,     &d_y,        &gamma,      &saved_mean, &saved_inverse, &apart,
                             &again, &d_gamma[0], &d_gamma[1], &d_beta[0],  &d_beta[1]};
    for (size_t i = 0; i < COUNT(fences); i++)
        fence_free(fences[i], "a tensor of backward");
}

START_TEST(batch_norm__backward_goes_through_the_statistics)
{
    if (support_is_simulator() && fovea__shape_elements(rows[_i].shape) > SIMULATOR_MOST)
        support_skip("too many values for a simulator");
    batch b = make_batch(_i);
    check_backward(&b, false, false);
    check_backward(&b, true, true);
    free_batch(&b);
}
END_TEST

START_TEST(batch_norm__folds_frozen_statistics)
{
    static const int channels[] = {1, 3, 300};
    const size_t n = (size_t)channels[_i];
    const fovea__shape shape = fovea__shape_vector(channels[_i]);
    float *gamma = array_uniform(n, 1, -2, 2), *beta = array_uniform(n, 2, -2, 2);
    float *mean = array_uniform(n, 3, -5, 5), *variance = array_uniform(n, 4, 0, 3);
    variance[0] = 0;
    double *scale = array_doubles(n), *shift = array_doubles(n);
    for (size_t c = 0; c < n; c++) {
        scale[c] = (double)gamma[c] / sqrt((double)variance[c] + (double)1e-3f);
        shift[c] = (double)beta[c] - (double)mean[c] * scale[c];
    }
    fence g = fence_tensor(shape, gamma), b = fence_tensor(shape, beta), m = fence_tensor(shape, mean);
    fence v = fence_tensor(shape, variance), a = fence_tensor(shape, NULL), s = fence_tensor(shape, NULL);
    support_ok(fovea__batch_norm_fold(support_device(), &g.tensor, &b.tensor, &m.tensor, &v.tensor, 1e-3f, &a.tensor,
                                      &s.tensor));
    /* A sum, a root (3 ulp), a division (2.5 ulp): at most 12 roundings; scale is at most 2 / sqrt(.001) = 64. */
    array_close("scale", &a, scale, 12 * unit, 0);
    array_close("shift", &s, shift, 0, 14 * unit * 5 * 64);
    float *const floats[] = {gamma, beta, mean, variance};
    for (size_t i = 0; i < COUNT(floats); i++)
        free(floats[i]);
    free(scale);
    free(shift);
    fence *const fences[] = {&g, &b, &m, &v, &a, &s};
    for (size_t i = 0; i < COUNT(fences); i++)
        fence_free(fences[i], "a vector of fold");
}
END_TEST

START_TEST(batch_norm__of_nothing_changes_no_statistics)
{
    const fovea__shape shape = {0, 4, 4, 3}, three = fovea__shape_vector(3);
    const float ones[3] = {1, 1, 1};
    fence x = fence_tensor(shape, NULL), y = fence_tensor(shape, NULL), v[6];
    for (int i = 0; i < 6; i++)
        v[i] = fence_tensor(three, ones);
    fovea__buffer *workspace = array_workspace(fovea__batch_norm_workspace_bytes(shape));
    support_ok(fovea__batch_norm_forward(support_device(), &x.tensor, &v[0].tensor, &v[1].tensor, 1e-5f, momentum, NULL,
                                         true, &y.tensor, &v[2].tensor, &v[3].tensor, &v[4].tensor, &v[5].tensor,
                                         workspace));
    array_close("the running mean", &v[4], (double[3]){1, 1, 1}, 0, 0);
    array_close("the running variance", &v[5], (double[3]){1, 1, 1}, 0, 0);
    support_ok(fovea__batch_norm_backward(support_device(), &x.tensor, &v[0].tensor, &v[2].tensor, &v[3].tensor,
                                          &y.tensor, false, &v[4].tensor, &v[5].tensor, &y.tensor, workspace));
    array_close("d_gamma", &v[4], (double[3]){0, 0, 0}, 0, 0);
    array_close("d_beta", &v[5], (double[3]){0, 0, 0}, 0, 0);
    support_fails(fovea__batch_norm_fold(support_device(), &v[0].tensor, &v[1].tensor, &x.tensor, &v[2].tensor, 0,
                                         &v[3].tensor, &v[4].tensor),
                  FOVEA_ERROR_ARGUMENT, "the mean is 0 x 4 x 4 x 3 for 3 channels");
    fovea__buffer_free(workspace);
    fence_free(&x, "x");
    fence_free(&y, "y");
    for (int i = 0; i < 6; i++)
        fence_free(&v[i], "a vector");
}
END_TEST

/* loss = sum of weight y; x[0 .. 20) the values, then gamma and beta. */
enum { PIXELS = 10, CHANNELS = 2, N = PIXELS * CHANNELS };

static double loss(const double *x, void *context)
{
    double mean[CHANNELS], variance[CHANNELS], y[N], sum = 0;
    ref_batch_norm_statistics(x, PIXELS, CHANNELS, mean, variance);
    ref_batch_norm_forward(x, PIXELS, CHANNELS, x + N, x + N + CHANNELS, mean, variance, 1e-5, NULL, false, y);
    for (int i = 0; i < N; i++)
        sum += ((const double *)context)[i] * y[i];
    return sum;
}

START_TEST(batch_norm__the_reference_agrees_with_differences)
{
    float values[N + 2 * CHANNELS], weights[N];
    support_random_uniform(values, COUNT(values), 5, -1, 1);
    support_random_uniform(weights, N, 6, -1, 1);
    double *x = array_widen(values, COUNT(values)), *weight = array_widen(weights, N);
    double mean[CHANNELS], variance[CHANNELS], d[N + 2 * CHANNELS] = {0};
    ref_batch_norm_statistics(x, PIXELS, CHANNELS, mean, variance);
    ref_batch_norm_backward(x, PIXELS, CHANNELS, x + N, mean, variance, 1e-5, weight, d + N, d + N + CHANNELS, d);
    support_gradient("d_x, d_gamma and d_beta", loss, weight, x, COUNT(values), d, 4 * COUNT(values), 1e-5, 1e-8);
    free(x);
    free(weight);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {batch_norm__forward_normalises_by_the_batch, COUNT(rows), true},
        {batch_norm__backward_goes_through_the_statistics, COUNT(rows), true},
        {batch_norm__folds_frozen_statistics, 3, true},
        {batch_norm__of_nothing_changes_no_statistics, 0, true},
        {batch_norm__the_reference_agrees_with_differences, 0, false},
    };
    return support_run_both_kinds("batch_norm", cases, COUNT(cases));
}
