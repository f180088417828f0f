/* Group norm in float64 (Wu and He 2018, equations 1 to 7, and the chain rule through them). */
#include "ref_group_norm.h"

#include <math.h>
#include <stdlib.h>

static size_t group_of(const ref_group_norm *of, size_t i)
{
    return i / (of->pixels * of->channels) * of->groups + i % of->channels / (of->channels / of->groups);
}

static size_t count_of(const ref_group_norm *of)
{
    return of->pictures * of->pixels * of->channels;
}

void ref_group_norm_statistics(const ref_group_norm *of, const double *x, double *mean, double *variance)
{
    const double n = (double)(of->pixels * of->channels / of->groups);
    for (size_t g = 0; g < of->pictures * of->groups; g++)
        mean[g] = variance[g] = 0;
    for (size_t i = 0; i < count_of(of); i++)
        mean[group_of(of, i)] += x[i] / n;
    for (size_t i = 0; i < count_of(of); i++)
        variance[group_of(of, i)] += pow(x[i] - mean[group_of(of, i)], 2) / n;
}

void ref_group_norm_forward(const ref_group_norm *of, const double *x, const double *gamma, const double *beta,
                            bool relu, double *y)
{
    double *mean = calloc(2 * of->pictures * of->groups + 1, sizeof *mean), *variance = mean + of->pictures * of->groups;
    if (!mean)
        abort();
    ref_group_norm_statistics(of, x, mean, variance);
    for (size_t i = 0; i < count_of(of); i++) {
        const size_t c = i % of->channels, g = group_of(of, i);
        y[i] = gamma[c] * (x[i] - mean[g]) / sqrt(variance[g] + of->epsilon) + beta[c];
        if (relu && y[i] < 0)
            y[i] = 0;
    }
    free(mean);
}

void ref_group_norm_backward(const ref_group_norm *of, const double *x, const double *gamma, const double *d_y,
                             double *d_gamma, double *d_beta, double *d_x)
{
    const size_t all = of->pictures * of->groups;
    const double n = (double)(of->pixels * of->channels / of->groups);
    double *mean = calloc(4 * all + 1, sizeof *mean), *variance = mean + all;
    if (!mean)
        abort();
    double *d_mean = variance + all, *d_variance = d_mean + all;
    ref_group_norm_statistics(of, x, mean, variance);
    for (size_t i = 0; i < count_of(of); i++) {
        const size_t c = i % of->channels, g = group_of(of, i);
        const double deviation = sqrt(variance[g] + of->epsilon), centred = x[i] - mean[g];
        d_gamma[c] += d_y[i] * centred / deviation;
        d_beta[c] += d_y[i];
        d_variance[g] += d_y[i] * gamma[c] * centred * -0.5 / pow(deviation, 3);
        d_mean[g] += -d_y[i] * gamma[c] / deviation;
    }
    for (size_t i = 0; i < count_of(of); i++) {
        const size_t g = group_of(of, i);
        d_x[i] = d_y[i] * gamma[i % of->channels] / sqrt(variance[g] + of->epsilon) +
                 d_variance[g] * 2 * (x[i] - mean[g]) / n + d_mean[g] / n;
    }
    free(mean);
}
