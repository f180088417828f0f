/* Training options with every default resolved, and what follows from them alone. */
#ifndef FOVEA_TRAIN_TRAIN_PLAN_H
#define FOVEA_TRAIN_TRAIN_PLAN_H

#include "augment.h"
#include "model.h"

/* Fails with FOVEA_ERROR_ARGUMENT naming the first option that is out of range. On success *out has no default left:
 * steps, batch, rates, sizes, and alpha (negative: every alpha_t is 1) and gamma are what the run uses; 0 is then 0. */
fovea_status fovea__train_plan_resolve(fovea_train_options *out, const fovea_train_options *options,
                                       const fovea_model *model, size_t pictures);

/* Pictures a step. */
static inline int fovea__train_plan_pictures(const fovea_train_options *plan)
{
    return plan->batch * plan->accumulate;
}

/* How many sizes there are. */
int fovea__train_plan_sizes(const fovea_train_options *plan);

/* What is done to pictures before they reach the device. */
fovea__augment_plan fovea__train_plan_augment(const fovea_train_options *plan);

/* The learning rate of a step, counted from 0: linear warm-up; then divided by 10 at each share of the
 * schedule, or times (1 + cos(pi t)) / 2 with t from 0 at the end of warm-up to 1 at the end of the schedule. */
double fovea__train_plan_rate(const fovea_train_options *plan, int64_t step);

/* A hash of everything in a data set that training reads. */
uint64_t fovea__train_plan_fingerprint(const fovea_dataset *dataset);

/* What makes two runs the same: options and data, without paths. 2048 bytes suffice. */
void fovea__train_plan_text(const fovea_train_options *plan, uint64_t fingerprint, char *out, size_t room);

#endif
