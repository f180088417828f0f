/* Tuning for a run: which sizes its steps will have, as far as the data set's annotations tell. */
#include "memory.h"
#include "trainer.h"
#include "tuner.h"

#include <stdlib.h>

enum {
    MOST_STEPS = 1000,  /* that are looked at */
    LEAST_SHARE = 20    /* a size that fewer than one step in so many has is left to the rule, but not the commonest */
};

/* A padded size of batches, and how many steps have it. */
typedef struct batch_size {
    int height, width, steps;
} batch_size;

typedef struct batch_sizes {
    batch_size *items;
    size_t count, room;
} batch_sizes;

static fovea_status count_size(batch_sizes *sizes, int height, int width)
{
    for (size_t i = 0; i < sizes->count; i++)
        if (sizes->items[i].height == height && sizes->items[i].width == width) {
            sizes->items[i].steps++;
            return FOVEA_OK;
        }
    FOVEA_TRY(fovea__grow(&sizes->items, &sizes->room, sizes->count + 1, sizeof *sizes->items, "tuning"));
    sizes->items[sizes->count++] = (batch_size){height, width, 1};
    return FOVEA_OK;
}

/* A picture whose size the annotations do not tell is taken for a square one. */
static fovea_status step_size(fovea_trainer *t, int64_t step, int *height, int *width)
{
    *height = *width = 0;
    for (int slot = 0; slot < fovea__train_plan_pictures(&t->plan); slot++) {
        const uint64_t k = (uint64_t)step * (uint64_t)fovea__train_plan_pictures(&t->plan) + (uint64_t)slot;
        const fovea__augment augment = fovea__sampler_augment(t->sampler, &t->plan, k);
        const fovea__augment_plan before = fovea__train_plan_augment(&t->plan);
        fovea_picture picture;
        int h = 0, w = 0;
        FOVEA_TRY(fovea_dataset_picture(t->dataset, (size_t)fovea__sampler_picture(t->sampler, k), &picture));
        const bool told = picture.height > 0 && picture.width > 0;
        h = told ? picture.height : 1;
        w = told ? picture.width : 1;
        const fovea__crop crop = fovea__augment_crop(&before, k, &picture, w, h);
        if (crop.width > 0) {
            h = crop.height;
            w = crop.width;
        }
        fovea__batch_resized(&t->plan, &augment, h, w, &h, &w);
        h = fovea__network_padded(h);
        w = fovea__network_padded(w);
        *height = h > *height ? h : *height;
        *width = w > *width ? w : *width;
    }
    return FOVEA_OK;
}

static fovea_status list_work(fovea_trainer *t, batch_sizes *sizes, fovea__tuner *tuner)
{
    const int64_t steps = t->plan.steps < MOST_STEPS ? t->plan.steps : MOST_STEPS;
    for (int64_t step = 0; step < steps; step++) {
        int height = 0, width = 0;
        FOVEA_TRY(step_size(t, step, &height, &width));
        FOVEA_TRY(count_size(sizes, height, width));
    }
    const batch_size *commonest = sizes->items;
    for (size_t i = 0; i < sizes->count; i++)
        commonest = sizes->items[i].steps > commonest->steps ? &sizes->items[i] : commonest;
    for (size_t i = 0; i < sizes->count; i++) {
        const batch_size *size = &sizes->items[i];
        if (size == commonest || (int64_t)size->steps * LEAST_SHARE >= steps)
            FOVEA_TRY(fovea__tuner_add(tuner, t->network, t->plan.batch, size->height, size->width, size->steps));
    }
    return FOVEA_OK;
}

fovea_status fovea_trainer_tune(fovea_trainer *trainer, double seconds, fovea_tune_callback report, void *cookie)
{
    FOVEA_CHECK_ARG(trainer, "fovea_trainer_tune: trainer is NULL");
    FOVEA_CHECK_ARG(seconds >= 0, "fovea_trainer_tune: seconds is %g; expected >= 0", seconds);
    FOVEA_CHECK_ARG(!trainer->plan.by_rule, "fovea_trainer_tune: the trainer was made with .by_rule");
    FOVEA_CHECK_ARG(trainer->step == 0 && !trainer->resumed, "fovea_trainer_tune: the run has begun already, with its "
                    "own choices");
    batch_sizes sizes = {0};
    fovea__tuner tuner = {0};
    fovea__conv2d_choices choices = {0};
    fovea_status status = list_work(trainer, &sizes, &tuner);
    if (!status)
        status = fovea__tuner_run(&tuner, trainer->model->device, seconds > 0 ? seconds : 60, false, report, cookie);
    if (!status)
        status = fovea__tuner_pick(&choices, trainer->network, trainer->plan.batch);
    if (!status)
        fovea__trainer_set_choices(trainer, &choices);
    fovea__conv2d_choices_clear(&choices);
    fovea__tuner_clear(&tuner);
    free(sizes.items);
    return status;
}
