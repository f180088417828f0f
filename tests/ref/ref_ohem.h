/* Online hard example mining in double; see ohem.h. */
#ifndef FOVEA_REF_OHEM_H
#define FOVEA_REF_OHEM_H

#include "ohem.h"

/* The cross entropy of one anchor's K logits; label -1 is background. */
double ref_ohem_score(const float *logits, int classes, int label);

/* One picture: what its matches become. Returns how many objects are kept. *gap as in ref_nms.h. */
int ref_ohem_select(const fovea__ohem *ohem, const float *losses, const float *anchors, int *matches, double *gap);

#endif
