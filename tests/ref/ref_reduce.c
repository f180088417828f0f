/* Sums in float64, one value after another. */
#include "ref_reduce.h"

#include <math.h>

double ref_reduce_sum(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

double ref_reduce_squares(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i] * values[i];
    return sum;
}

int ref_reduce_nonfinite(const double *values, size_t count)
{
    int found = 0;
    for (size_t i = 0; i < count; i++)
        found += !isfinite(values[i]);
    return found;
}

void ref_reduce_channels(const double *x, size_t rows, size_t channels, double *sums)
{
    for (size_t row = 0; row < rows; row++)
        for (size_t c = 0; c < channels; c++)
            sums[c] += x[row * channels + c];
}
