/* Anchors in double, from the paper (section 4) and torchvision's rule; see anchors.h. */
#ifndef FOVEA_REF_ANCHORS_H
#define FOVEA_REF_ANCHORS_H

#include "anchors.h"

/* Writes [count][4] doubles, level after level, row after row, cell after cell; returns count. out NULL: counts. */
size_t ref_anchors_write(const fovea__anchors *anchors, double *out);

#endif
