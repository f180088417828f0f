/* Checkpoints: the model's file with the optimizer's tensors, the step, the choices of algorithms, and the text that says
 * which run it is. Nothing else: a run's order and augmentation follow from seed and step. */
#include "trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_TEXT = 2048 };

fovea_status fovea_trainer_save(const fovea_trainer *trainer, const char *path)
{
    FOVEA_CHECK_ARG(trainer && path, "fovea_trainer_save: trainer or path is NULL");
    FOVEA_CHECK_ARG(!trainer->torn, "fovea_trainer_save: resuming failed midway; what there is belongs to no run");
    char step[24], run[RUN_TEXT], *choices = NULL;
    snprintf(step, sizeof step, "%lld", (long long)trainer->step);
    fovea__train_plan_text(&trainer->plan, trainer->fingerprint, run, sizeof run);
    FOVEA_TRY(fovea__conv2d_choices_text(&choices, &trainer->choices, false));
    const fovea__safetensors_pair metadata[] = {{"fovea.step", step}, {"fovea.run", run}, {"fovea.choices", choices}};
    const fovea__weights_more more = {.metadata = metadata, .n_metadata = 3, .states = trainer->optimizer->states,
                                      .n_states = trainer->optimizer->n_states};
    const fovea_status status = fovea__model_write(trainer->model, trainer->model->parameters, path, &more);
    free(choices);
    return status;
}

/* Step and run of a checkpoint; *step only where both fit. */
static fovea_status read_place(const fovea_trainer *t, const fovea__safetensors *file, int64_t *step)
{
    const char *path = fovea__safetensors_path(file);
    const char *text = fovea__safetensors_metadata(file, "fovea.step");
    const char *run = fovea__safetensors_metadata(file, "fovea.run");
    if (!text || !run)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: has no metadata %s: this is a model, not a checkpoint", path,
                   text ? "fovea.run" : "fovea.step");
    char own[RUN_TEXT], *end = NULL;
    fovea__train_plan_text(&t->plan, t->fingerprint, own, sizeof own);
    const size_t data = strcspn(own, ","); /* the plan begins with the data set's fingerprint */
    if (strlen(run) > data && run[data] == ',' && strncmp(own, run, data) != 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: was trained on other pictures or annotations, and goes on with these alone "
                   "(or another version of the library trained it)", path);
    if (strcmp(own, run) != 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT,
                   "%s: is another run's checkpoint, or another version's: its options are %s, these are %s", path, run,
                   own);
    const long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 0 || value > t->plan.steps)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: fovea.step is \"%.30s\"; expected 0 to %lld", path, text,
                   (long long)t->plan.steps);
    *step = value;
    return FOVEA_OK;
}

/* The model's metadata must be this model's. */
static fovea_status check_model(const fovea_trainer *t, const fovea__safetensors *file)
{
    fovea__model_metadata own;
    FOVEA_TRY(fovea__model_metadata_make(&own, t->model));
    const fovea__safetensors_pair pairs[] = {
        {"fovea.profile", own.profile}, {"fovea.classes", own.classes}, {"fovea.config", own.config}};
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0] && !status; i++) {
        const char *found = fovea__safetensors_metadata(file, pairs[i].key);
        if (!found || strcmp(found, pairs[i].value) != 0)
            status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: is another model's checkpoint: its %s is %.300s; this one's "
                                 "is %.300s", fovea__safetensors_path(file), pairs[i].key, found ? found : "not there",
                                 pairs[i].value);
    }
    fovea__model_metadata_clear(&own);
    return status;
}

/* None where the file says nothing of them: the rule's. */
static fovea_status read_choices(const fovea__safetensors *file, fovea__conv2d_choices *choices)
{
    char name[512];
    const char *text = fovea__safetensors_metadata(file, "fovea.choices");
    snprintf(name, sizeof name, "%.400s: metadata fovea.choices", fovea__safetensors_path(file));
    return text ? fovea__conv2d_choices_parse(choices, text, name) : FOVEA_OK;
}

fovea_status fovea__trainer_resume(fovea_trainer *t, const fovea__safetensors *file)
{
    int64_t step = 0;
    fovea__conv2d_choices choices = {0};
    FOVEA_TRY(read_place(t, file, &step));
    FOVEA_TRY(check_model(t, file));
    FOVEA_TRY(fovea__weights_check(t->model->parameters, file, t->optimizer->states, t->optimizer->n_states));
    FOVEA_TRY(read_choices(file, &choices));
    t->torn = true;
    const fovea_status status =
        fovea__weights_resume(t->model->parameters, file, t->optimizer->states, t->optimizer->n_states);
    if (status) {
        fovea__conv2d_choices_clear(&choices);
        return status;
    }
    fovea__trainer_set_choices(t, &choices);
    fovea__optimizer_moved(t->optimizer, 0);
    if (t->optimizer->average)
        fovea__model_set_average(t->model, t->optimizer->average);
    t->torn = false;
    t->step = step;
    t->resumed = true;
    fovea__loader_free(t->loader);
    t->loader = NULL;
    return FOVEA_OK;
}

fovea_status fovea_trainer_resume(fovea_trainer *trainer, const char *path)
{
    FOVEA_CHECK_ARG(trainer && path, "fovea_trainer_resume: trainer or path is NULL");
    fovea__safetensors *file = NULL;
    FOVEA_TRY(fovea__safetensors_open(&file, path));
    const fovea_status status = fovea__trainer_resume(trainer, file);
    fovea__safetensors_close(file);
    return status;
}
