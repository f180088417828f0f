/* Margins of anchors, see anchor_scores.h. */
#include "anchor_scores.h"

#include "pick_device.h"
#include "progress.h"

#include <stdlib.h>

static bool add_picture(fovea_margins *margins, const judge_work *work, const fovea_dataset *dataset, size_t index)
{
    fovea_picture picture;
    fovea_image image = {0};
    const bool good = !fovea_dataset_picture(dataset, index, &picture) &&
                      !fovea_image_read(&image, picture.path) &&
                      !fovea_margins_add(margins, work->model, &image, picture.boxes, picture.n_boxes, &work->detect);
    if (!good)
        print_failure();
    fovea_image_clear(&image);
    return good;
}

static judge_outcome add_pictures(fovea_margins *margins, const judge_work *work, const fovea_dataset *dataset)
{
    const size_t count = fovea_dataset_size(dataset);
    judge_outcome outcome = JUDGE_DONE;
    progress bar = progress_begin("anchors", 0, (int64_t)count);
    for (size_t i = 0; i < count && outcome == JUDGE_DONE; i++) {
        if (work->stop && *work->stop)
            outcome = JUDGE_STOPPED;
        else if (!add_picture(margins, work, dataset, i))
            outcome = JUDGE_FAILED;
        progress_update(&bar, (int64_t)i + 1, "%s", "");
    }
    progress_end(&bar);
    return outcome;
}

/* Labels are places in the list of ids: both must have the same ones. */
static bool labels_agree(const fovea_dataset *dataset, const fovea_model *model)
{
    const int64_t *ids = NULL;
    const int labels = fovea_dataset_labels(dataset, NULL, &ids);
    bool agree = labels == fovea_model_labels(model);
    for (int i = 0; i < labels && agree; i++)
        agree = ids[i] == fovea_model_category_id(model, i);
    if (!agree)
        fputs("fovea: --anchor-scores: the annotations declare other category ids than the model has\n", stderr);
    return agree;
}

static cJSON *counts(const uint64_t *bins)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < FOVEA_MARGIN_BINS; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)bins[i]));
    return list;
}

judge_outcome anchor_scores_write(const char *path, const judge_work *work)
{
    judge_outcome outcome = JUDGE_FAILED;
    fovea_dataset *dataset = NULL;
    fovea_margins *margins = calloc(1, sizeof *margins);
    if (!margins) {
        fputs("fovea: out of memory for the anchors' scores\n", stderr);
        return JUDGE_FAILED;
    }
    if (fovea_dataset_open(&dataset, work->images, work->annotations, work->format))
        print_failure();
    else if (labels_agree(dataset, work->model))
        outcome = add_pictures(margins, work, dataset);
    if (outcome == JUDGE_DONE) {
        cJSON *whole = cJSON_CreateObject();
        cJSON_AddNumberToObject(whole, "lowest", -32);
        cJSON_AddNumberToObject(whole, "step", 1.0 / 64);
        cJSON_AddItemToObject(whole, "objects", counts(margins->objects));
        cJSON_AddItemToObject(whole, "background", counts(margins->background));
        outcome = json_out_write(path, whole, false) ? JUDGE_DONE : JUDGE_FAILED;
    }
    fovea_dataset_close(dataset);
    free(margins);
    return outcome;
}
