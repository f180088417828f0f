/* Scores and decoded, clipped boxes in double; see decode.h. */
#ifndef FOVEA_REF_DECODE_H
#define FOVEA_REF_DECODE_H

#include "decode.h"

double ref_decode_score(double logit);

/* The box that `code` gives at `anchor`, clipped to 0..width, 0..height. */
void ref_decode_box(const float anchor[4], const float code[4], double height, double width, double box[4]);

#endif
