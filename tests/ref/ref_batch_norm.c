/* Batch norm in float64 (Ioffe and Szegedy 2015, algorithm 1 and the chain rule after it). */
#include "ref_batch_norm.h"

#include <math.h>

void ref_batch_norm_statistics(const double *x, size_t rows, size_t channels, double *mean, double *variance)
{
    for (size_t c = 0; c < channels; c++) {
        double sum = 0, squares = 0;
        for (size_t row = 0; row < rows; row++)
            sum += x[row * channels + c];
        mean[c] = sum / (double)rows;
        for (size_t row = 0; row < rows; row++)
            squares += (x[row * channels + c] - mean[c]) * (x[row * channels + c] - mean[c]);
        variance[c] = squares / (double)rows;
    }
}

void ref_batch_norm_forward(const double *x, size_t rows, size_t channels, const double *gamma, const double *beta,
                            const double *mean, const double *variance, double epsilon, const double *residual,
                            bool relu, double *y)
{
    for (size_t i = 0; i < rows * channels; i++) {
        const size_t c = i % channels;
        y[i] = gamma[c] * (x[i] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c] + (residual ? residual[i] : 0);
        if (relu && y[i] < 0)
            y[i] = 0;
    }
}

/* One channel, by the paper's chain: to the normalised value, the variance, the mean, and from these to x. */
static void backward_channel(const double *x, size_t rows, size_t step, double gamma, double mean, double variance,
                             double epsilon, const double *d_y, double *d_gamma, double *d_beta, double *d_x)
{
    const double deviation = sqrt(variance + epsilon), n = (double)rows;
    double d_variance = 0, d_mean = 0;
    for (size_t i = 0; i < rows * step; i += step) {
        const double centred = x[i] - mean, d_normalised = d_y[i] * gamma;
        *d_gamma += d_y[i] * centred / deviation;
        *d_beta += d_y[i];
        d_variance += d_normalised * centred * -0.5 / (deviation * deviation * deviation);
        d_mean += -d_normalised / deviation;
    }
    for (size_t i = 0; i < rows * step; i += step)
        d_x[i] = d_y[i] * gamma / deviation + d_variance * 2 * (x[i] - mean) / n + d_mean / n;
}

void ref_batch_norm_backward(const double *x, size_t rows, size_t channels, const double *gamma, const double *mean,
                             const double *variance, double epsilon, const double *d_y, double *d_gamma,
                             double *d_beta, double *d_x)
{
    for (size_t c = 0; c < channels; c++)
        backward_channel(x + c, rows, channels, gamma[c], mean[c], variance[c], epsilon, d_y + c, &d_gamma[c],
                         &d_beta[c], d_x + c);
}
