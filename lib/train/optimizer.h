/* What changes the weights by a step's gradients, and what it keeps from step to step: SGD's momenta or AdamW's
 * moments, and with .ema the average of weights and running statistics. All of it lies as the parameters do. */
#ifndef FOVEA_TRAIN_OPTIMIZER_H
#define FOVEA_TRAIN_OPTIMIZER_H

#include "train_plan.h"
#include "weights.h"

typedef struct fovea__optimizer {
    fovea__parameters *parameters;
    fovea__buffer *moments[2]; /* SGD: the momenta, and NULL. AdamW: means and mean squares of the gradients */
    fovea__parameters *average; /* NULL without .ema */
    fovea__weights_state states[3]; /* what a checkpoint holds of all these */
    size_t n_states;
} fovea__optimizer;

/* plan: resolved. The average begins as the parameters are. */
fovea_status fovea__optimizer_create(fovea__optimizer **out, fovea__parameters *parameters,
                                     const fovea_train_options *plan);
void fovea__optimizer_free(fovea__optimizer *optimizer); /* accepts NULL */

/* Queues step number `step`, 0 for the first, of the flat parameters from `first` on. state: as in sgd.h; where one of
 * its three floats is NaN or infinite, nothing is changed. */
fovea_status fovea__optimizer_step(fovea__optimizer *optimizer, const fovea_train_options *plan, int64_t step,
                                   size_t first, const fovea__buffer *state);

/* To be told once a step counts that changed stages from `stage` on, or all was read from a checkpoint: the average
 * counts as many batches as the parameters, and those who packed it know that it moved. */
void fovea__optimizer_moved(fovea__optimizer *optimizer, int stage);

#endif
