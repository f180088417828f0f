/* The focal loss in double, from the paper: section 3.2 and equation 10. */
#ifndef FOVEA_REF_FOCAL_LOSS_H
#define FOVEA_REF_FOCAL_LOSS_H

#include "focal_loss.h"

/* One sigmoid; object: whether y = 1. alpha negative: not balanced. */
double ref_focal_loss_value(double logit, bool object, double alpha, double gamma);
double ref_focal_loss_gradient(double logit, bool object, double alpha, double gamma);

/* One level, arguments as fovea__focal_loss_run has them. Returns the loss. */
double ref_focal_loss_run(const fovea__focal_loss *loss, fovea__shape shape, const double *logits, const int *matches,
                          const int *labels, const float *scales, double *d_logits);

#endif
