/* The steps of a training, its checkpoints, evaluations and reports, see training.h. */
#include "training.h"

#include "pick_device.h"
#include "stop.h"

#include <string.h>

enum { SAVE_SECONDS = 30 };

/* Saves last.safetensors; where nothing is evaluated, the last model is the run's model and is saved before it. */
static bool checkpoint(training *t)
{
    const int64_t step = fovea_trainer_steps_done(t->trainer);
    if (t->saved_step == step)
        return true;
    if (!t->o.val_annotations && !told(fovea_model_save(t->model, t->run.model)))
        return false;
    if (!told(fovea_trainer_save(t->trainer, t->run.last)))
        return false;
    t->saved_step = step;
    t->saved_at = progress_seconds();
    return true;
}

static bool evaluation_is_due(const training *t)
{
    const int64_t step = fovea_trainer_steps_done(t->trainer);
    const int64_t every = t->o.eval_every * fovea_trainer_steps_per_epoch(t->trainer);
    return t->o.val_annotations && step > 0 && (step % every == 0 || fovea_trainer_done(t->trainer)) &&
           !run_folder_was_evaluated(&t->run, step);
}

static bool checkpoint_is_due(const training *t)
{
    const int64_t step = fovea_trainer_steps_done(t->trainer);
    if (fovea_trainer_done(t->trainer) || evaluation_is_due(t))
        return true;
    if (t->o.save_every)
        return step % t->o.save_every == 0;
    return step % fovea_trainer_steps_per_epoch(t->trainer) == 0 || progress_seconds() - t->saved_at > SAVE_SECONDS;
}

/* True where --patience ended the run. */
static bool has_no_patience(const training *t)
{
    return t->o.patience && run_folder_since_best(&t->run) >= t->o.patience;
}

bool training_is_finished(const training *t)
{
    return (fovea_trainer_done(t->trainer) && !evaluation_is_due(t)) || has_no_patience(t);
}

/* Evaluates, and keeps the model where it is the best so far. False on failure; being stopped is none. */
static bool evaluate(training *t)
{
    const int64_t step = fovea_trainer_steps_done(t->trainer);
    const double epoch = (double)step * t->o.plan.batch * t->o.plan.accumulate / (double)fovea_dataset_size(t->dataset);
    const judge_work work = {.model = t->model,
                             .images = t->o.val_images,
                             .annotations = t->o.val_annotations,
                             .format = (fovea_format)t->o.data.format,
                             .stop = &stop_signal};
    judge_result result;
    const judge_outcome outcome = judge_model(&result, &work);
    bool good = outcome != JUDGE_FAILED;
    if (outcome == JUDGE_DONE) {
        const fovea_evaluation *e = &result.all;
        const bool best = run_folder_is_best(&t->run, e->ap);
        good = (!best || told(fovea_model_save(t->model, t->run.model))) &&
               run_folder_evaluated(&t->run, judge_json(&result), step, epoch);
        progress_note(&t->bar, "epoch %.4g, step %lld: AP %.3f, AP50 %.3f%s", epoch, (long long)step, e->ap, e->ap50,
                      best && e->ap > 0 ? ", the best so far" : "");
        if (good)
            run_report_evaluated(&t->report, &result, t->o.val_images, step, epoch, best);
    }
    judge_clear(&result);
    return good;
}

static cJSON *log_json(const fovea_progress *now)
{
    cJSON *line = cJSON_CreateObject();
    json_add_integer(line, "step", now->step);
    cJSON_AddNumberToObject(line, "epoch", now->epoch);
    cJSON_AddNumberToObject(line, "class_loss", now->class_loss);
    cJSON_AddNumberToObject(line, "box_loss", now->box_loss);
    cJSON_AddNumberToObject(line, "loss", now->class_loss + now->box_loss);
    cJSON_AddNumberToObject(line, "learning_rate", now->learning_rate);
    cJSON_AddNumberToObject(line, "gradient_norm", now->gradient_norm);
    json_add_float(line, "images_per_second", (float)now->images_per_second);
    json_add_integer(line, "objects", now->objects);
    json_add_float(line, "memory_mib", (float)((double)now->memory_bytes / 1048576.0));
    json_add_float(line, "wait_seconds", (float)now->wait_seconds);
    if (now->idle >= 0)
        json_add_float(line, "idle", (float)now->idle);
    return line;
}

static bool write_log(training *t, const fovea_progress *now)
{
    cJSON *line = log_json(now);
    char *text = cJSON_PrintUnformatted(line);
    cJSON_Delete(line);
    bool good = text && run_folder_log(&t->run, text);
    if (good && t->o.json) {
        json_out_text(&t->json, text);
        json_out_text(&t->json, "\n");
        fflush(t->json.stream);
    }
    cJSON_free(text);
    return good;
}

static bool take_step(training *t)
{
    fovea_progress now;
    const fovea_status status = fovea_trainer_step(t->trainer, &now);
    if (!told(status)) {
        const bool names_picture = strncmp(fovea_error(), t->o.data.images, strlen(t->o.data.images)) == 0;
        /* A picture that cannot be read costs none of the steps before. */
        if ((status == FOVEA_ERROR_IO || status == FOVEA_ERROR_FORMAT) && fovea_trainer_steps_done(t->trainer) > 0)
            checkpoint(t);
        if (names_picture)
            fputs("fovea: 'fovea inspect --fix' writes annotations without such faults; train on them in another "
                  "folder, by --weights from where this run is\n", stderr);
        if (t->saved_step > 0)
            fprintf(stderr, "fovea: %s is intact, from after step %lld\n", t->run.last, (long long)t->saved_step);
        return false;
    }
    if (!write_log(t, &now))
        return false;
    run_report_step(&t->report, &now);
    progress_update(&t->bar, now.step, "epoch %.2f  class %.4f  box %.4f  rate %.3g  %.1f pictures/s  %.0f MiB",
                    now.epoch, now.class_loss, now.box_loss, now.learning_rate, now.images_per_second,
                    (double)now.memory_bytes / 1048576.0);
    return true;
}

static bool report_is_due(const training *t)
{
    const int64_t step = fovea_trainer_steps_done(t->trainer);
    return fovea_trainer_done(t->trainer) || step % fovea_trainer_steps_per_epoch(t->trainer) == 0;
}

bool training_run(training *t)
{
    t->bar = progress_begin("training", fovea_trainer_steps_done(t->trainer), fovea_trainer_steps(t->trainer));
    const bool owed = evaluation_is_due(t); /* to a run that was stopped before it */
    bool good = !owed || evaluate(t);
    if (good && owed)
        run_report_write(&t->report, true);
    if (good && !training_is_finished(t))
        progress_wait(&t->bar, "building kernels that the cache lacks");
    while (good && !stop_signal && !training_is_finished(t)) {
        good = take_step(t);
        if (good && checkpoint_is_due(t))
            good = checkpoint(t);
        if (good && !stop_signal && evaluation_is_due(t))
            good = evaluate(t);
        if (good && report_is_due(t))
            run_report_write(&t->report, training_is_finished(t));
    }
    if (good && stop_signal)
        good = checkpoint(t);
    if (good && has_no_patience(t))
        progress_note(&t->bar, "stopped after step %lld: AP has not improved for %d evaluations",
                      (long long)fovea_trainer_steps_done(t->trainer), run_folder_since_best(&t->run));
    progress_end(&t->bar);
    return good;
}
