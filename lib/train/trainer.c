/* Making a trainer and running its steps. */
#include "trainer.h"

#include "clock.h"
#include "device.h"
#include "diagnose.h"
#include "memory.h"
#include "reduce.h"
#include "tuner.h"

#include <math.h>
#include <stdlib.h>

static fovea_status check_labels(const fovea_model *model, const fovea_dataset *dataset)
{
    const int64_t *ids = NULL;
    const char *const *names = NULL;
    const int labels = fovea_dataset_labels(dataset, &names, &ids);
    FOVEA_CHECK_ARG(labels == model->labels, "the model has %d labels, the data set has %d", model->labels, labels);
    for (int i = 0; i < labels; i++)
        FOVEA_CHECK_ARG(ids[i] == model->category_ids[i],
                        "label %d is category %lld (%s) in the model, but %lld (%s) in the data set", i,
                        (long long)model->category_ids[i], model->names[i], (long long)ids[i], names[i]);
    return FOVEA_OK;
}

void fovea__trainer_set_choices(fovea_trainer *t, fovea__conv2d_choices *choices)
{
    fovea__conv2d_choices_clear(&t->choices);
    t->choices = *choices;
    *choices = (fovea__conv2d_choices){0};
    t->network->choices = &t->choices;
    fovea__network_drop_plan(t->network);
    fovea__model_set_choices(t->model, &t->choices);
}

static size_t statistics_bytes(const fovea__parameters *parameters)
{
    return (parameters->n_floats - parameters->n_trained) * sizeof(float);
}

static fovea_status create(fovea_trainer *t, const fovea_train_options *options)
{
    fovea_model *model = t->model;
    fovea__parameters *parameters = model->parameters;
    const size_t pictures = fovea_dataset_size(t->dataset);
    FOVEA_TRY(check_labels(model, t->dataset));
    FOVEA_TRY(fovea__train_plan_resolve(&t->plan, options, model, pictures));
    t->fingerprint = fovea__train_plan_fingerprint(t->dataset);
    FOVEA_TRY(fovea__parameters_begin_training(parameters));
    FOVEA_TRY(fovea__network_create(&t->network, parameters, true, t->plan.freeze));
    fovea__conv2d_choices choices = {0};
    const fovea_status picked = t->plan.by_rule ? FOVEA_OK : fovea__tuner_pick(&choices, t->network, t->plan.batch);
    fovea__trainer_set_choices(t, &choices); /* the trainer's from here on, and freed with it */
    FOVEA_TRY(picked);
    FOVEA_TRY(fovea__sampler_create(&t->sampler, pictures, t->plan.seed));
    FOVEA_TRY(fovea__batch_create(&t->batch, fovea__train_plan_pictures(&t->plan)));
    FOVEA_TRY(fovea__losses_create(&t->losses, model->device));
    FOVEA_TRY(fovea__optimizer_create(&t->optimizer, parameters, &t->plan));
    FOVEA_TRY(fovea__allocate(&t->kept_batches, parameters->count, sizeof(int64_t), "a trainer"));
    t->first_trained = fovea__parameters_first_of_stage(parameters, t->plan.freeze);
    if (model->config.norm == FOVEA_NORM_TRAINING)
        FOVEA_TRY(fovea__buffer_create(&t->kept_statistics, model->device, statistics_bytes(parameters), "a trainer"));
    if (t->optimizer->average)
        fovea__model_set_average(model, t->optimizer->average);
    model->config.size = t->plan.size;
    model->config.max_size = t->plan.max_size;
    return FOVEA_OK;
}

fovea_status fovea_trainer_create(fovea_trainer **out, fovea_model *model, fovea_dataset *dataset,
                                  const fovea_train_options *options)
{
    FOVEA_CHECK_ARG(out, "fovea_trainer_create: out is NULL");
    *out = NULL;
    FOVEA_CHECK_ARG(model && dataset, "fovea_trainer_create: model or dataset is NULL");
    FOVEA_CHECK_ARG(!model->in_training, "fovea_trainer_create: the model has a trainer already");
    fovea_trainer *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "a trainer"));
    made->model = model;
    made->dataset = dataset;
    model->in_training = true;
    const fovea_status status = create(made, options);
    if (status) {
        fovea_trainer_free(made);
        return status;
    }
    *out = made;
    return FOVEA_OK;
}

void fovea_trainer_free(fovea_trainer *trainer)
{
    if (!trainer)
        return;
    fovea__parameters_end_training(trainer->model->parameters);
    trainer->model->in_training = false;
    fovea__model_set_choices(trainer->model, NULL);
    fovea__loader_free(trainer->loader);
    fovea__losses_free(trainer->losses);
    fovea__batch_free(trainer->batch);
    fovea__sampler_free(trainer->sampler);
    fovea__network_free(trainer->network);
    if (trainer->model->average) {
        trainer->optimizer->average = NULL; /* the model's from here on */
        fovea__model_keep_average(trainer->model);
    }
    fovea__optimizer_free(trainer->optimizer);
    fovea__conv2d_choices_clear(&trainer->choices);
    fovea__buffer_free(trainer->kept_statistics);
    free(trainer->kept_batches);
    free(trainer);
}

fovea_status fovea__trainer_need_loader(fovea_trainer *t)
{
    if (t->loader)
        return FOVEA_OK;
    const int depth = t->batch->size + t->plan.batch;
    const fovea__loader_options options = {
        .dataset = t->dataset,
        .picture_at = fovea__sampler_picture,
        .cookie = t->sampler,
        .augment = fovea__train_plan_augment(&t->plan),
        .first = (uint64_t)t->step * (uint64_t)t->batch->size,
        .threads = t->plan.loader_threads,
        .depth = depth > 4 ? depth : 4,
    };
    return fovea__loader_create(&t->loader, &options);
}

static fovea_status keep_statistics(fovea_trainer *t)
{
    const fovea__parameters *parameters = t->model->parameters;
    for (size_t i = 0; i < parameters->count; i++)
        t->kept_batches[i] = parameters->items[i].batches;
    if (!t->kept_statistics)
        return FOVEA_OK;
    return fovea__buffer_copy(t->kept_statistics, 0, parameters->values, parameters->n_trained * sizeof(float),
                              statistics_bytes(parameters));
}

static fovea_status restore_statistics(fovea_trainer *t)
{
    fovea__parameters *parameters = t->model->parameters;
    for (size_t i = 0; i < parameters->count; i++)
        parameters->items[i].batches = t->kept_batches[i];
    if (!t->kept_statistics)
        return FOVEA_OK;
    return fovea__buffer_copy(parameters->values, parameters->n_trained * sizeof(float), t->kept_statistics, 0,
                              statistics_bytes(parameters));
}

/* Queues a whole step; the host waits for the uploads alone. */
static fovea_status queue_step(fovea_trainer *t)
{
    fovea__parameters *parameters = t->model->parameters;
    const size_t first = t->first_trained, count = parameters->n_trained - first;
    FOVEA_TRY(fovea__network_plan(t->network, t->plan.batch, t->batch->padded_height, t->batch->padded_width));
    for (int part = 0; part < t->plan.accumulate; part++) {
        t->network->adds_gradients = part > 0;
        FOVEA_TRY(fovea__batch_upload(t->batch, t->network, part));
        FOVEA_TRY(fovea__network_forward(t->network));
        FOVEA_TRY(fovea__losses_run(t->losses, t->network, t->batch, &t->plan, part));
        FOVEA_TRY(fovea__network_backward(t->network));
    }
    FOVEA_TRY(fovea__losses_divide(t->losses, t->network, t->batch, &t->plan, first, count));
    FOVEA_TRY(fovea__buffer_fit(&t->losses->work, t->network->device, fovea__reduce_workspace_bytes(count),
                                "the gradient's norm"));
    FOVEA_TRY(fovea__reduce_squares(t->network->device, parameters->gradients, first, count, t->losses->state, 0,
                                    t->losses->work));
    FOVEA_TRY(fovea__optimizer_step(t->optimizer, &t->plan, t->step, first, t->losses->state));
    return fovea__device_flush(t->network->device);
}

static void report(fovea_trainer *t, const float state[3], double began, double waited, fovea_progress *out)
{
    const double seconds = fovea__clock() - began, busy = fovea__device_busy_seconds(t->model->device);
    const double pictures = (double)fovea_dataset_size(t->dataset);
    *out = (fovea_progress){
        .step = t->step,
        .steps = t->plan.steps,
        .epoch = (double)t->step * t->batch->size / pictures,
        .class_loss = (double)state[1],
        .box_loss = (double)state[2],
        .gradient_norm = sqrt((double)state[0]),
        .learning_rate = fovea__train_plan_rate(&t->plan, t->step - 1),
        .objects = (int64_t)t->batch->n_boxes,
        .seconds = seconds,
        .images_per_second = t->batch->size / seconds,
        .wait_seconds = waited,
        .idle = busy < 0 ? -1.0 : busy > seconds ? 0.0 : 1.0 - busy / seconds,
    };
    fovea_device_memory(t->model->device, NULL, &out->memory_bytes);
}

static fovea_status run_step(fovea_trainer *t, fovea_progress *out)
{
    float state[3] = {0};
    fovea__device_busy_seconds(t->model->device); /* what ran before is no part of the step */
    const double began = fovea__clock();
    FOVEA_TRY(fovea__trainer_need_loader(t));
    FOVEA_TRY(fovea__batch_load(t->batch, t->loader, t->sampler, t->dataset, &t->plan, t->model));
    const double waited = fovea__clock() - began;
    FOVEA_TRY(keep_statistics(t));
    fovea_status status = queue_step(t);
    fovea__parameters_moved(t->model->parameters, t->plan.freeze); /* the optimizer may have run */
    if (!status)
        status = fovea__buffer_read(t->losses->state, 0, state, sizeof state);
    if (!status && !(isfinite(state[0]) && isfinite(state[1]) && isfinite(state[2])))
        status = fovea__diagnose(t, state);
    if (status) {
        const fovea_status restored = restore_statistics(t);
        return restored ? restored : status;
    }
    fovea__optimizer_moved(t->optimizer, t->plan.freeze);
    t->step++;
    report(t, state, began, waited, out);
    return FOVEA_OK;
}

fovea_status fovea_trainer_step(fovea_trainer *trainer, fovea_progress *out)
{
    FOVEA_CHECK_ARG(trainer && out, "fovea_trainer_step: trainer or out is NULL");
    FOVEA_CHECK_ARG(!trainer->torn, "fovea_trainer_step: resuming failed midway; resume from a sound checkpoint first");
    FOVEA_CHECK_ARG(!fovea_trainer_done(trainer), "fovea_trainer_step: all %lld steps are done",
                    (long long)trainer->plan.steps);
    const fovea_status status = run_step(trainer, out);
    if (status) { /* the stream goes on where this step began */
        fovea__loader_free(trainer->loader);
        trainer->loader = NULL;
    }
    if (status == FOVEA_ERROR_MEMORY || status == FOVEA_ERROR_UNSUPPORTED)
        return fovea__fail_in(status, "a step with %d pictures of size %d (a smaller batch or size needs less)",
                              trainer->plan.batch, trainer->plan.sizes[fovea__train_plan_sizes(&trainer->plan) - 1]);
    return status;
}

bool fovea_trainer_done(const fovea_trainer *trainer)
{
    return !trainer || trainer->step >= trainer->plan.steps;
}

int64_t fovea_trainer_steps_done(const fovea_trainer *trainer)
{
    return trainer ? trainer->step : 0;
}

int64_t fovea_trainer_steps(const fovea_trainer *trainer)
{
    return trainer ? trainer->plan.steps : 0;
}

int64_t fovea_trainer_steps_per_epoch(const fovea_trainer *trainer)
{
    if (!trainer)
        return 0;
    const int64_t pictures = (int64_t)fovea_dataset_size(trainer->dataset);
    return (pictures + trainer->batch->size - 1) / trainer->batch->size;
}
