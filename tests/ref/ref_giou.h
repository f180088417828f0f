/* 1 - GIoU of a decoded box in double (Rezatofighi et al. 2019, with torchvision's 1e-7 in both divisors). */
#ifndef FOVEA_REF_GIOU_H
#define FOVEA_REF_GIOU_H

#include "giou.h"

/* The loss of a code at an anchor against a box; its gradient with respect to the code in d_code. */
double ref_giou_value(const double anchor[4], const double box[4], const double code[4], double d_code[4]);

/* One level, arguments as fovea__giou_run has them. Returns the loss. */
double ref_giou_run(const fovea__giou *loss, fovea__shape shape, const double *codes, const double *anchors,
                    const double *boxes, const int *matches, const float *scales, double *d_codes);

#endif
