/* Matching anchors to boxes in double, from the paper (section 4) and torchvision's rule for low-quality matches. */
#ifndef FOVEA_REF_ASSIGN_H
#define FOVEA_REF_ASSIGN_H

#include "assign.h"

double ref_assign_iou(const float a[4], const float b[4]);

/* matches: [n_anchors] of one picture, indices counted from its own first box. Returns how many are objects. */
int ref_assign_match(const float *anchors, size_t n_anchors, const float *boxes, size_t n_boxes, int *matches);

/* The smallest difference of two IoUs (or of one and a threshold) that decides something, equal ones left out: where it
 * is larger than float32's error, float32 decides alike. */
double ref_assign_gap(const float *anchors, size_t n_anchors, const float *boxes, size_t n_boxes, const int *matches);

#endif
