/* Comparisons that NaN cannot pass, and random numbers. */
#include "support.h"

#include "random.h"

#include <math.h>
#include <stdio.h>

/* Fails at the first value that is not finite, in either. (check notes every assertion that holds in a file, which costs
 * microseconds: over arrays, only failures may reach it.) */
static void need_finite(const char *what, const float *got, const double *want, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(want[i]))
            ck_abort_msg("%s: the reference is %g at %zu of %zu", what, want[i], i, count);
        if (!isfinite(got[i]))
            ck_abort_msg("%s: %g at %zu of %zu, expected %.9g", what, (double)got[i], i, count, want[i]);
    }
}

void support_close(const char *what, const float *got, const double *want, size_t count, double relative,
                   double absolute)
{
    need_finite(what, got, want, count);
    size_t worst = 0, outside = 0;
    double worst_ratio = -1.0;
    for (size_t i = 0; i < count; i++) {
        const double limit = absolute + relative * fabs(want[i]);
        const double error = fabs((double)got[i] - want[i]);
        const double ratio = limit > 0 ? error / limit : error > 0 ? INFINITY : 0;
        outside += !(error <= limit);
        if (ratio > worst_ratio) {
            worst_ratio = ratio;
            worst = i;
        }
    }
    ck_assert_msg(outside == 0, "%s: %zu of %zu values are off; the worst at %zu is %.9g, expected %.9g (%.3g times the "
                  "tolerance)", what, outside, count, worst, (double)got[worst], want[worst], worst_ratio);
}

void support_close_to_largest(const char *what, const float *got, const double *want, size_t count, double relative)
{
    double largest = 0.0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(want[i]));
    support_close(what, got, want, count, 0.0, relative * largest);
}

void support_gradient(const char *what, double (*f)(const double *x, void *context), void *context, double *x, size_t n,
                      const double *analytic, size_t count, double step, double tolerance)
{
    for (size_t sample = 0; sample < count && n > 0; sample++) {
        const size_t i = (size_t)support_random_int(77, sample, 0, (int)n - 1);
        const double kept = x[i];
        x[i] = kept + step;
        const double above = f(x, context);
        x[i] = kept - step;
        const double below = f(x, context);
        x[i] = kept;
        const double numeric = (above - below) / (2.0 * step);
        const double limit = tolerance * fmax(1.0, fabs(numeric));
        ck_assert_msg(fabs(analytic[i] - numeric) <= limit, "%s: the reference's gradient at %zu is %.9g, central "
                      "differences give %.9g", what, i, analytic[i], numeric);
    }
}

void support_random_uniform(float *out, size_t count, uint64_t seed, float low, float high)
{
    fovea__random random = fovea__random_stream(seed, 1, 0);
    for (size_t i = 0; i < count; i++)
        out[i] = low + (high - low) * (float)fovea__random_uniform(&random);
}

void support_random_normal(float *out, size_t count, uint64_t seed, float deviation)
{
    fovea__random random = fovea__random_stream(seed, 2, 0);
    for (size_t i = 0; i < count; i++)
        out[i] = deviation * (float)fovea__random_normal(&random);
}

int support_random_int(uint64_t seed, uint64_t index, int low, int high)
{
    fovea__random random = fovea__random_stream(seed, 3, index);
    return low + (int)fovea__random_below(&random, (uint64_t)(high - low) + 1);
}
