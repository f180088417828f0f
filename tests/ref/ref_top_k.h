/* The k largest values by sorting; see top_k.h. */
#ifndef FOVEA_REF_TOP_K_H
#define FOVEA_REF_TOP_K_H

#include "top_k.h"

/* indices: [k], -1 where there are no more. Returns how many there are. */
int ref_top_k(const float *values, size_t count, float threshold, int k, int *indices);

#endif
