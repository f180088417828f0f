/* One step of an exponential moving average in float64. */
#ifndef FOVEA_TESTS_REF_EMA_H
#define FOVEA_TESTS_REF_EMA_H

#include <stddef.h>

void ref_ema_step(double decay, double *average, const double *values, size_t count);

#endif
