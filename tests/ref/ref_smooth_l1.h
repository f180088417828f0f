/* Smooth L1 in double (Girshick 2015, equation 3, with the bend at beta). */
#ifndef FOVEA_REF_SMOOTH_L1_H
#define FOVEA_REF_SMOOTH_L1_H

#include "smooth_l1.h"

double ref_smooth_l1_value(double d, double beta);
double ref_smooth_l1_gradient(double d, double beta);

/* One level, arguments as fovea__smooth_l1_run has them. Returns the loss. */
double ref_smooth_l1_run(const fovea__smooth_l1 *loss, fovea__shape shape, const double *codes, const double *targets,
                         const int *matches, const float *scales, double *d_codes);

#endif
