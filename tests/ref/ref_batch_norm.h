/* Batch norm in float64, on rows of `channels` values. */
#ifndef FOVEA_TESTS_REF_BATCH_NORM_H
#define FOVEA_TESTS_REF_BATCH_NORM_H

#include <stdbool.h>
#include <stddef.h>

/* Mean and biased variance of each channel, in two passes. */
void ref_batch_norm_statistics(const double *x, size_t rows, size_t channels, double *mean, double *variance);

/* y = relu?(gamma (x - mean) / sqrt(variance + epsilon) + beta + residual); residual may be NULL. */
void ref_batch_norm_forward(const double *x, size_t rows, size_t channels, const double *gamma, const double *beta,
                            const double *mean, const double *variance, double epsilon, const double *residual,
                            bool relu, double *y);

/* Gradients where mean and variance are the batch's own; d_gamma and d_beta are added to, d_x is written. */
void ref_batch_norm_backward(const double *x, size_t rows, size_t channels, const double *gamma, const double *mean,
                             const double *variance, double epsilon, const double *d_y, double *d_gamma,
                             double *d_beta, double *d_x);

#endif
