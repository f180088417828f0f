/* Maximum over windows, and its gradient, in float64. */
#ifndef FOVEA_TESTS_REF_MAX_POOL_H
#define FOVEA_TESTS_REF_MAX_POOL_H

#include "max_pool.h"

void ref_max_pool_forward(const double *x, fovea__shape shape, fovea__max_pool_window window, double *y);

/* d_x += each window's d_y at the first of its largest values. */
void ref_max_pool_backward(const double *x, fovea__shape shape, fovea__max_pool_window window, const double *d_y,
                           double *d_x);

#endif
