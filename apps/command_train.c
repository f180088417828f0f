/* fovea train: fits a detector to pictures with boxes, in a run's folder that can be resumed (run_folder.h). */
#include "commands.h"
#include "judge.h"
#include "pick_device.h"
#include "profile.h"
#include "progress.h"
#include "run_folder.h"
#include "run_report.h"
#include "show_batches.h"
#include "stop.h"
#include "train_options.h"
#include "tune_bar.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_WARNINGS = 20, SAVE_SECONDS = 30, TUNE_SECONDS = 50 };

typedef struct training {
    train_options o;
    run_folder run;
    fovea_dataset *dataset;
    fovea_device *device;
    fovea_model *model;
    fovea_trainer *trainer;
    json_out json;
    progress bar;
    run_report report;
    int64_t saved_step; /* of last.safetensors */
    double saved_at;
} training;

static void print_warnings(const fovea_dataset *dataset)
{
    const size_t warnings = fovea_dataset_warnings(dataset);
    for (size_t i = 0; i < warnings && i < MOST_WARNINGS; i++)
        fprintf(stderr, "warning: %s\n", fovea_dataset_warning(dataset, i));
    if (warnings > MOST_WARNINGS)
        fprintf(stderr, "warning: and %zu more like these\n", warnings - MOST_WARNINGS);
}

/* Names the faults of the validation set too. Evaluation uses all of it, as COCO's does; what training could not open at
 * all may still be evaluated, and is no matter here. */
static void warn_of_validation(const train_options *o)
{
    fovea_dataset *validation = NULL;
    if (fovea_dataset_open(&validation, o->val_images, o->val_annotations, (fovea_format)o->format) == FOVEA_OK &&
        fovea_dataset_warnings(validation) > 0) {
        fputs("warning: faults of the validation set; training would leave these out, COCO's evaluation keeps them:\n",
              stderr);
        print_warnings(validation);
    }
    fovea_dataset_close(validation);
}

/* Names a picture that is missing before the first step, not when its turn comes. */
static bool pictures_are_there(const fovea_dataset *dataset, const char *annotations)
{
    for (size_t i = 0; i < fovea_dataset_size(dataset); i++) {
        fovea_picture picture;
        if (!told(fovea_dataset_picture(dataset, i, &picture)))
            return false;
        if (access(picture.path, R_OK) != 0) {
            fprintf(stderr, "fovea: %s: cannot be read, though %s names it\n", picture.path, annotations);
            return false;
        }
    }
    return true;
}

static bool open_data(training *t)
{
    const train_options *o = &t->o;
    if (!told(fovea_dataset_open(&t->dataset, o->images, o->annotations, (fovea_format)o->format)))
        return false;
    print_warnings(t->dataset);
    if (!pictures_are_there(t->dataset, o->annotations))
        return false;
    if (!o->val_annotations)
        return true;
    warn_of_validation(o);
    return judge_check(o->val_images, o->val_annotations, (fovea_format)o->format);
}

static bool make_model(training *t)
{
    const char *const *names = NULL;
    fovea_model_options options = t->o.model;
    const int labels = fovea_dataset_labels(t->dataset, &names, &options.category_ids);
    if (!told(fovea_model_create(&t->model, t->device, labels, names, &options)))
        return false;
    const size_t missing = fovea_model_missing(t->model);
    if (missing > 0)
        fprintf(stderr, "%s: %zu tensors are not in the file and left at their initial value:", t->o.weights, missing);
    for (size_t i = 0; i < missing; i++)
        fprintf(stderr, "%s %s", i ? "," : "", fovea_model_missing_name(t->model, i));
    if (missing > 0)
        fputc('\n', stderr);
    return told(fovea_trainer_create(&t->trainer, t->model, t->dataset, &t->o.plan));
}

/* What config.json holds: enough to repeat the run. */
static cJSON *config_json(const training *t)
{
    cJSON *config = cJSON_CreateObject(), *device = cJSON_CreateObject();
    cJSON_AddStringToObject(config, "fovea", fovea_version());
    cJSON_AddStringToObject(config, "command", "train");
    train_options_add_json(config, &t->o);
    if (t->device) {
        const fovea_device_info *info = fovea_device_describe(t->device);
        cJSON_AddStringToObject(device, "platform", info->platform);
        cJSON_AddStringToObject(device, "name", info->name);
        cJSON_AddStringToObject(device, "driver", info->driver);
    }
    cJSON_AddItemToObject(config, "device", device);
    const char *const *names = NULL;
    const int64_t *ids = NULL;
    const int labels = fovea_dataset_labels(t->dataset, &names, &ids);
    cJSON *classes = cJSON_AddArrayToObject(config, "classes");
    for (int i = 0; i < labels; i++) {
        cJSON *row = cJSON_CreateObject();
        json_add_integer(row, "id", ids[i]);
        cJSON_AddStringToObject(row, "name", names[i]);
        cJSON_AddItemToArray(classes, row);
    }
    json_add_integer(config, "pictures", (int64_t)fovea_dataset_size(t->dataset));
    if (t->trainer)
        json_add_integer(config, "steps", fovea_trainer_steps(t->trainer));
    return config;
}

/* Finds the run's folder and its data; a run that goes on must have begun with the same options. */
static bool open_run(training *t)
{
    if (!run_folder_open(&t->run, t->o.out, t->o.resume) || !open_data(t))
        return false;
    cJSON *config = config_json(t);
    const bool agrees = run_folder_agrees(&t->run, config, train_options_may_change);
    cJSON_Delete(config);
    return agrees;
}

/* Goes to where the run was left, if it was begun. */
static bool take_up(training *t)
{
    if (!t->run.has_last)
        return true;
    if (!told(fovea_trainer_resume(t->trainer, t->run.last)))
        return false;
    fprintf(stderr, "%s: step %lld of %lld is done\n", t->run.last, (long long)fovea_trainer_steps_done(t->trainer),
            (long long)fovea_trainer_steps(t->trainer));
    return true;
}

/* Everything before the first step. */
static bool prepare(training *t)
{
    if (!open_run(t))
        return false;
    t->device = pick_device(t->o.device, t->o.time_kernels);
    if (!t->device)
        return false;
    cJSON *with_device = config_json(t);
    run_folder_compare_device(&t->run, with_device);
    cJSON_Delete(with_device);
    if (!make_model(t) || !take_up(t))
        return false;
    t->saved_step = t->run.has_last ? fovea_trainer_steps_done(t->trainer) : -1;
    t->saved_at = progress_seconds();
    if ((t->o.json && !json_out_open(&t->json, t->o.json)) ||
        !run_folder_begin(&t->run, config_json(t), fovea_trainer_steps_done(t->trainer)))
        return false;
    run_report_begin(&t->report, &t->run, config_json(t));
    return true;
}

/* Before the first step of a run: measures what the device's table lacks. A run that goes on has its choices. */
static bool tune(training *t)
{
    if (t->run.has_last || t->o.plan.by_rule)
        return true;
    tune_bar bar = tune_bar_begin("the first training of this kind on this device: convolutions are measured, for at "
                                  "most a minute (--no-tune: never)");
    const bool good = told(fovea_trainer_tune(t->trainer, TUNE_SECONDS, tune_bar_hear, &bar));
    tune_bar_end(&bar);
    return good;
}

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

static bool is_finished(const training *t)
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
                             .format = (fovea_format)t->o.format,
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
                      best ? ", the best so far" : "");
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
        /* A picture that cannot be read costs none of the steps before. */
        if ((status == FOVEA_ERROR_IO || status == FOVEA_ERROR_FORMAT) && fovea_trainer_steps_done(t->trainer) > 0)
            checkpoint(t);
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

/* Steps, checkpoints, evaluations and reports until the end or a signal. */
static bool run(training *t)
{
    t->bar = progress_begin("training", fovea_trainer_steps_done(t->trainer), fovea_trainer_steps(t->trainer));
    const bool owed = evaluation_is_due(t); /* to a run that was stopped before it */
    bool good = !owed || evaluate(t);
    if (good && owed)
        run_report_write(&t->report, true);
    while (good && !stop_signal && !is_finished(t)) {
        good = take_step(t);
        if (good && checkpoint_is_due(t))
            good = checkpoint(t);
        if (good && !stop_signal && evaluation_is_due(t))
            good = evaluate(t);
        if (good && report_is_due(t))
            run_report_write(&t->report, is_finished(t));
    }
    if (good && stop_signal)
        good = checkpoint(t);
    if (good && has_no_patience(t))
        progress_note(&t->bar, "stopped after step %lld: AP has not improved for %d evaluations",
                      (long long)fovea_trainer_steps_done(t->trainer), run_folder_since_best(&t->run));
    progress_end(&t->bar);
    return good;
}

/* Prints a word as a shell reads it. */
static void print_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,=:+@";
    if (*word && strspn(word, plain) == strlen(word)) {
        fprintf(stderr, " %s", word);
        return;
    }
    fputs(" '", stderr);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (const char[2]){*word, '\0'}, stderr);
    fputc('\'', stderr);
}

static void tell_how_to_resume(const training *t, int argc, char **argv)
{
    fprintf(stderr, "stopped after step %lld of %lld, saved in %s; to go on:\n  fovea train", (long long)t->saved_step,
            (long long)fovea_trainer_steps(t->trainer), t->run.last);
    for (int i = 1; i < argc; i++)
        print_word(argv[i]);
    fprintf(stderr, "%s\n", t->o.resume ? "" : " --resume");
}

static void print_kernel_times(fovea_device *device)
{
    cJSON *kernels = profile_json(device, false, 1);
    if (kernels)
        profile_print(stderr, kernels);
    else
        print_failure();
    cJSON_Delete(kernels);
}

static void print_result(const training *t)
{
    if (t->o.json && strcmp(t->o.json, "-") == 0)
        return;
    if (t->o.val_annotations)
        printf("best AP %.3f in %s\n", t->run.best_ap, t->run.evaluation);
    printf("%s\n", t->run.model);
}

/* --show-batches: all that a run needs to take its next step, but no run. */
static bool show(training *t)
{
    if (!(t->o.resume ? open_run(t) : open_data(t)))
        return false;
    t->device = pick_device(t->o.device, false);
    if (!t->device || !make_model(t) || !take_up(t))
        return false;
    if (fovea_trainer_done(t->trainer)) {
        fprintf(stderr, "fovea: %s: the run is done, no picture is to come\n", t->run.last);
        return false;
    }
    return show_batches(t->trainer, t->dataset, t->o.show_batches);
}

int command_train(int argc, char **argv)
{
    training *t = calloc(1, sizeof *t);
    if (!t) {
        fputs("fovea: out of memory for the training\n", stderr);
        return EXIT_FAILED;
    }
    int code = EXIT_FAILED;
    const options_result parsed = train_options_parse(&t->o, argc, argv);
    if (parsed != OPTIONS_GO) {
        code = parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
        goto done;
    }
    if (t->o.show_batches) {
        code = show(t) ? EXIT_DONE : EXIT_FAILED;
        goto done;
    }
    stop_on_signals();
    if (!prepare(t))
        goto done;
    const bool good = tune(t) && run(t);
    if (good && t->o.time_kernels)
        print_kernel_times(t->device);
    if (good && stop_signal && !is_finished(t)) {
        tell_how_to_resume(t, argc, argv);
        code = 128 + stop_signal;
    } else if (good) {
        print_result(t);
        code = EXIT_DONE;
    }
    if (!json_out_close(&t->json, true) && code == EXIT_DONE)
        code = EXIT_FAILED;
done:
    json_out_close(&t->json, false); /* of a run that never began */
    run_report_clear(&t->report);
    run_folder_close(&t->run);
    fovea_trainer_free(t->trainer);
    fovea_model_free(t->model);
    fovea_dataset_close(t->dataset);
    fovea_device_close(t->device);
    train_options_clear(&t->o);
    free(t);
    return code;
}
