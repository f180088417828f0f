/* Class-wise greedy suppression in double; see nms.h. */
#ifndef FOVEA_REF_NMS_H
#define FOVEA_REF_NMS_H

#include "nms.h"

double ref_nms_iou(const float a[4], const float b[4]);

/* kept: [nms->most] slots, strongest first. *gap: the smallest difference between an IoU and the limit that decided
 * something; where it is larger than float32's error, float32 decides alike. Returns how many are kept. */
int ref_nms(const fovea__nms *nms, const float *boxes, const float *scores, const int *classes, int *kept, double *gap);

#endif
