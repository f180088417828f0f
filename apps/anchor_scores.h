/* How sure a model is of what its anchors should learn, over annotated pictures, as JSON. */
#ifndef FOVEA_APPS_ANCHOR_SCORES_H
#define FOVEA_APPS_ANCHOR_SCORES_H

#include "judge.h"

/* Writes {"lowest", "step", "objects": [counts], "background": [counts]}: bin i counts margins (fovea_margins) from
 * lowest + i step on. Boxes are those that training would learn. */
judge_outcome anchor_scores_write(const char *path, const judge_work *work);

#endif
