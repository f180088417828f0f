/* Group norm in float64, on [pictures][pixels][channels]. */
#ifndef FOVEA_TESTS_REF_GROUP_NORM_H
#define FOVEA_TESTS_REF_GROUP_NORM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ref_group_norm {
    size_t pictures, pixels, channels, groups;
    double epsilon;
} ref_group_norm;

/* Mean and biased variance of each group of each picture, in two passes. */
void ref_group_norm_statistics(const ref_group_norm *of, const double *x, double *mean, double *variance);

/* y = relu?(gamma (x - mean) / sqrt(variance + epsilon) + beta). */
void ref_group_norm_forward(const ref_group_norm *of, const double *x, const double *gamma, const double *beta,
                            bool relu, double *y);

/* d_gamma and d_beta are added to, d_x is written. */
void ref_group_norm_backward(const ref_group_norm *of, const double *x, const double *gamma, const double *d_y,
                             double *d_gamma, double *d_beta, double *d_x);

#endif
