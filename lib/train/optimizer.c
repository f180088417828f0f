#include "optimizer.h"

#include "adamw.h"
#include "memory.h"
#include "sgd.h"

#include <stdlib.h>

static fovea_status add_moments(fovea__optimizer *optimizer, const char *prefix, const char *what)
{
    const fovea__parameters *parameters = optimizer->parameters;
    fovea__buffer **moments = &optimizer->moments[optimizer->n_states];
    FOVEA_TRY(fovea__buffer_create_zeros(moments, parameters->device, parameters->n_trained * sizeof(float), what));
    optimizer->states[optimizer->n_states++] = (fovea__weights_state){prefix, *moments, .trained = true};
    return FOVEA_OK;
}

fovea_status fovea__optimizer_create(fovea__optimizer **out, fovea__parameters *parameters,
                                     const fovea_train_options *plan)
{
    *out = NULL;
    fovea__optimizer *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "an optimizer"));
    made->parameters = parameters;
    fovea_status status = FOVEA_OK;
    if (plan->optimizer == FOVEA_OPTIMIZER_ADAMW) {
        status = add_moments(made, "optimizer.mean.", "the gradients' means");
        if (!status)
            status = add_moments(made, "optimizer.square.", "the gradients' mean squares");
    } else {
        status = add_moments(made, "optimizer.", "the momenta");
    }
    if (status) {
        fovea__optimizer_free(made);
        return status;
    }
    *out = made;
    return FOVEA_OK;
}

void fovea__optimizer_free(fovea__optimizer *optimizer)
{
    if (!optimizer)
        return;
    fovea__buffer_free(optimizer->moments[0]);
    fovea__buffer_free(optimizer->moments[1]);
    free(optimizer);
}

fovea_status fovea__optimizer_step(fovea__optimizer *optimizer, const fovea_train_options *plan, int64_t step,
                                   size_t first, const fovea__buffer *state)
{
    const fovea__parameters *parameters = optimizer->parameters;
    const size_t count = parameters->n_trained - first;
    const float rate = (float)fovea__train_plan_rate(plan, step);
    if (plan->optimizer == FOVEA_OPTIMIZER_ADAMW) {
        const fovea__adamw adamw = {.rate = rate, .beta1 = (float)plan->betas[0], .beta2 = (float)plan->betas[1],
                                    .epsilon = (float)plan->epsilon, .decay = (float)plan->weight_decay,
                                    .clip = (float)plan->clip, .step = step + 1};
        return fovea__adamw_step(parameters->device, &adamw, first, count, parameters->values, parameters->gradients,
                                 optimizer->moments[0], optimizer->moments[1], state);
    }
    const fovea__sgd sgd = {.rate = rate, .momentum = (float)plan->momentum, .decay = (float)plan->weight_decay,
                            .clip = (float)plan->clip};
    return fovea__sgd_step(parameters->device, &sgd, first, count, parameters->values, parameters->gradients,
                           optimizer->moments[0], state);
}
