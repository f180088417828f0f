/* What comes before the first step of a training, see training.h. */
#include "training.h"

#include "class_cover.h"
#include "pick_device.h"
#include "show_batches.h"
#include "tune_bar.h"
#include "untrained.h"

#include <stdlib.h>
#include <unistd.h>

enum { MOST_WARNINGS = 20, TUNE_SECONDS = 50 };

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
    if (fovea_dataset_open(&validation, o->val_images, o->val_annotations, (fovea_format)o->data.format) == FOVEA_OK &&
        fovea_dataset_warnings(validation) > 0) {
        fputs("warning: the validation set has faults. A training on it would leave these boxes out or clip them; "
              "evaluation counts them as they are, as COCO's does:\n", stderr);
        print_warnings(validation);
    }
    fovea_dataset_close(validation);
}

/* Is any picture in the folder? */
static bool some_are_there(const fovea_dataset *dataset, const char *images)
{
    const size_t count = fovea_dataset_size(dataset);
    const char **names = calloc(count + 1, sizeof *names);
    fovea_picture picture = {.file_name = NULL};
    if (!names) {
        fprintf(stderr, "fovea: out of memory for the names of %zu pictures\n", count);
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        good = told(fovea_dataset_picture(dataset, i, &picture));
        names[i] = picture.file_name;
    }
    good = good && told(fovea_images_check(images, names, count));
    free(names);
    return good;
}

/* Names a picture that is missing before the first step, not when its turn comes. */
static bool pictures_are_there(const fovea_dataset *dataset, const char *images, const char *annotations)
{
    if (!some_are_there(dataset, images))
        return false;
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

/* Names classes that the anchors miss at the largest size of training. */
static void warn_of_classes(const training *t)
{
    const fovea_model_options *m = &t->o.model;
    class_covers_warn(t->dataset, &(fovea_coverage_options){.size = train_options_largest_size(&t->o),
                                                            .max_size = m->max_size, .profile = m->profile,
                                                            .anchor_scales = m->anchor_scales,
                                                            .anchor_ratios = m->anchor_ratios});
}

static bool open_data(training *t)
{
    const train_options *o = &t->o;
    if (!told(fovea_dataset_open(&t->dataset, o->data.images, o->data.annotations, (fovea_format)o->data.format)))
        return false;
    print_warnings(t->dataset);
    if (!pictures_are_there(t->dataset, o->data.images, o->data.annotations))
        return false;
    warn_of_classes(t);
    if (!o->val_annotations)
        return true;
    warn_of_validation(o);
    return judge_check(o->val_images, o->val_annotations, (fovea_format)o->data.format);
}

static bool make_model(training *t)
{
    const char *const *names = NULL;
    fovea_model_options options = t->o.model;
    if (t->run.has_last)
        options.backbone = NULL; /* last.safetensors holds every weight */
    const int labels = fovea_dataset_labels(t->dataset, &names, &options.category_ids);
    if (!told(fovea_model_create(&t->model, t->device, labels, names, &options)))
        return false;
    untrained_print(t->o.weights, t->model);
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
    cJSON *untrained = t->model ? untrained_json(t->model) : NULL;
    if (untrained)
        cJSON_AddItemToObject(config, "untrained", untrained);
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

bool training_prepare(training *t)
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
    if (!t->run.has_last && 2 * (int64_t)t->o.plan.warmup > fovea_trainer_steps(t->trainer))
        fprintf(stderr, "warning: --warmup lets the rate rise for %d steps, and there are %lld: little will be learnt\n",
                t->o.plan.warmup, (long long)fovea_trainer_steps(t->trainer));
    t->saved_step = t->run.has_last ? fovea_trainer_steps_done(t->trainer) : -1;
    t->saved_at = progress_seconds();
    if ((t->o.json && !json_out_open(&t->json, t->o.json)) ||
        !run_folder_begin(&t->run, config_json(t), fovea_trainer_steps_done(t->trainer)))
        return false;
    run_report_begin(&t->report, &t->run, config_json(t));
    return true;
}

/* Is the sheet to be drawn no picture of a data set? */
static bool sheet_is_apart(const fovea_dataset *dataset, const char *sheet)
{
    for (size_t i = 0; i < fovea_dataset_size(dataset); i++) {
        fovea_picture picture;
        if (!told(fovea_dataset_picture(dataset, i, &picture)))
            return false;
        if (folder_same(sheet, picture.path)) {
            fprintf(stderr, "fovea: --show-batches would write over %s, a picture to be read\n", picture.path);
            return false;
        }
    }
    return true;
}

static bool sheet_is_apart_from_all(const training *t)
{
    const train_options *o = &t->o;
    fovea_dataset *validation = NULL;
    bool apart = sheet_is_apart(t->dataset, o->show_batches);
    if (apart && o->val_annotations &&
        fovea_dataset_open(&validation, o->val_images, o->val_annotations, (fovea_format)o->data.format) == FOVEA_OK)
        apart = sheet_is_apart(validation, o->show_batches);
    fovea_dataset_close(validation);
    return apart;
}

bool training_show(training *t)
{
    if (!(t->o.resume ? open_run(t) : open_data(t)) || !sheet_is_apart_from_all(t))
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

bool training_tune(training *t)
{
    if (t->run.has_last || t->o.plan.by_rule)
        return true;
    tune_bar bar = tune_bar_begin("the first training of this kind on this device: convolutions are measured, for at "
                                  "most a minute (--no-tune: never)");
    const bool good = told(fovea_trainer_tune(t->trainer, TUNE_SECONDS, tune_bar_hear, &bar));
    tune_bar_end(&bar);
    return good;
}
