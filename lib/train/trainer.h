/* What a training run holds. One step: pictures from the loader -> network forward -> losses with gradients -> backward
 * -> gradient norm -> optimizer; then one read of three floats, which says whether the step counts. */
#ifndef FOVEA_TRAIN_TRAINER_H
#define FOVEA_TRAIN_TRAINER_H

#include "batch.h"
#include "losses.h"
#include "optimizer.h"
#include "train_plan.h"

struct fovea_trainer {
    fovea_model *model;
    fovea_dataset *dataset;
    fovea_train_options plan; /* resolved */
    uint64_t fingerprint;     /* of the data */
    int64_t step;             /* done */
    fovea__network *network;
    fovea__sampler *sampler;
    fovea__loader *loader; /* NULL until the next step needs it, and after a failure */
    fovea__batch *batch;
    fovea__losses *losses;
    fovea__optimizer *optimizer;
    fovea__conv2d_choices choices; /* where not the rule's; fixed before step 1 and kept in checkpoints */
    bool resumed;         /* with the choices of the checkpoint */
    bool torn;            /* a resume failed midway, and none succeeded since */
    size_t first_trained; /* of the flat parameters: frozen stages lie before it */

    /* Running statistics as they were before the step, for taking it back. */
    fovea__buffer *kept_statistics;
    int64_t *kept_batches;
};

/* Makes the run follow `choices` (taken) from the next step on, in training and evaluation. */
void fovea__trainer_set_choices(fovea_trainer *trainer, fovea__conv2d_choices *choices);

/* Makes the loader where there is none, for the step to come. */
fovea_status fovea__trainer_need_loader(fovea_trainer *trainer);

/* fovea_trainer_resume() from an open file: nothing changes before header, metadata, shapes and types were found good. */
fovea_status fovea__trainer_resume(fovea_trainer *trainer, const fovea__safetensors *file);

#endif
