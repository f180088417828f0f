#include "optimizer.h"

#include "adamw.h"
#include "ema.h"
#include "memory.h"
#include "sgd.h"

#include <math.h>
#include <stdlib.h>

static fovea_status add_moments(fovea__optimizer *optimizer, const char *prefix, const char *what)
{
    const fovea__parameters *parameters = optimizer->parameters;
    fovea__buffer **moments = &optimizer->moments[optimizer->n_states];
    FOVEA_TRY(fovea__buffer_create_zeros(moments, parameters->device, parameters->n_trained * sizeof(float), what));
    optimizer->states[optimizer->n_states++] = (fovea__weights_state){prefix, *moments, .trained = true};
    return FOVEA_OK;
}

static fovea_status add_average(fovea__optimizer *optimizer)
{
    const fovea__parameters *from = optimizer->parameters;
    FOVEA_TRY(fovea__ema_prepare(from->device)); /* once the weights were changed, nothing may fail */
    FOVEA_TRY(fovea__parameters_create(&optimizer->average, from->device, &from->config));
    FOVEA_TRY(fovea__buffer_copy(optimizer->average->values, 0, from->values, 0, from->n_floats * sizeof(float)));
    optimizer->states[optimizer->n_states++] =
        (fovea__weights_state){"optimizer.average.", optimizer->average->values, .trained = false};
    fovea__optimizer_moved(optimizer, 0);
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
    if (!status && plan->ema > 0)
        status = add_average(made);
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
    fovea__parameters_free(optimizer->average);
    free(optimizer);
}

static fovea_status change_weights(fovea__optimizer *optimizer, const fovea_train_options *plan, int64_t step,
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

fovea_status fovea__optimizer_step(fovea__optimizer *optimizer, const fovea_train_options *plan, int64_t step,
                                   size_t first, const fovea__buffer *state)
{
    const fovea__parameters *parameters = optimizer->parameters;
    FOVEA_TRY(change_weights(optimizer, plan, step, first, state));
    if (!optimizer->average)
        return FOVEA_OK;
    const double done = (double)step + 1, decay = fmin(plan->ema, (1 + done) / (10 + done));
    return fovea__ema_step(parameters->device, (float)(1 - decay), first, parameters->n_floats - first,
                           optimizer->average->values, parameters->values, state);
}

void fovea__optimizer_moved(fovea__optimizer *optimizer, int stage)
{
    fovea__parameters *average = optimizer->average;
    if (!average)
        return;
    for (size_t i = 0; i < average->count; i++)
        average->items[i].batches = optimizer->parameters->items[i].batches;
    fovea__parameters_moved(average, stage);
}
