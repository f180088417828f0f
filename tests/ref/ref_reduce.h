/* Sums in float64. */
#ifndef FOVEA_TESTS_REF_REDUCE_H
#define FOVEA_TESTS_REF_REDUCE_H

#include <stddef.h>

double ref_reduce_sum(const double *values, size_t count);
double ref_reduce_squares(const double *values, size_t count);
int ref_reduce_nonfinite(const double *values, size_t count);

/* sums[channel] += sum over the rows of x [rows][channels]. */
void ref_reduce_channels(const double *x, size_t rows, size_t channels, double *sums);

#endif
