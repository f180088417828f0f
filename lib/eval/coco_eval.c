/* The evaluator: takes detections, and computes COCO's numbers from them as often as it is asked. */
#include "coco_eval.h"

#include "annotations.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- opening --------------------------------------------------------------------------------------------------- */

static fovea_status open_root(fovea_evaluator **out, const cJSON *root, const char *name)
{
    fovea_evaluator *evaluator = NULL;
    FOVEA_TRY(fovea__allocate(&evaluator, 1, sizeof *evaluator, "an evaluator"));
    fovea_status status = fovea__copy_text(&evaluator->file, name);
    if (!status)
        status = fovea__eval_read_truths(evaluator, root);
    if (status) {
        fovea_evaluator_close(evaluator);
        return status;
    }
    *out = evaluator;
    return FOVEA_OK;
}

fovea_status fovea__eval_open_text(fovea_evaluator **out, const char *text, size_t size_bytes, const char *name)
{
    cJSON *root = NULL;
    *out = NULL;
    FOVEA_TRY(fovea__json_parse(&root, text, size_bytes, name, "segmentation"));
    const fovea_status status = open_root(out, root, name);
    cJSON_Delete(root);
    return status;
}

fovea_status fovea_evaluator_open(fovea_evaluator **out, const char *annotations)
{
    FOVEA_CHECK_ARG(out, "fovea_evaluator_open: out is NULL");
    *out = NULL;
    FOVEA_CHECK_ARG(annotations, "fovea_evaluator_open: annotations is NULL");
    cJSON *root = NULL;
    FOVEA_TRY(fovea__json_read(&root, annotations, "segmentation"));
    const fovea_status status = open_root(out, root, annotations);
    cJSON_Delete(root);
    return status;
}

fovea_status fovea_evaluator_open_any(fovea_evaluator **out, const char *images_dir, const char *annotations,
                                      fovea_format format)
{
    FOVEA_CHECK_ARG(out, "fovea_evaluator_open_any: out is NULL");
    *out = NULL;
    FOVEA_CHECK_ARG(images_dir && annotations, "fovea_evaluator_open_any: images_dir or annotations is NULL");
    cJSON *root = NULL;
    FOVEA_TRY(fovea__annotations_read(&root, images_dir, annotations, format, "segmentation"));
    const fovea_status status = open_root(out, root, annotations);
    cJSON_Delete(root);
    return status;
}

void fovea_evaluator_close(fovea_evaluator *evaluator)
{
    if (!evaluator)
        return;
    for (size_t i = 0; i < evaluator->n_pictures; i++)
        free(evaluator->pictures[i].file_name);
    for (size_t i = 0; i < evaluator->n_categories; i++)
        free(evaluator->categories[i].name);
    free(evaluator->pictures);
    free(evaluator->file_order);
    free(evaluator->categories);
    free(evaluator->truths);
    free(evaluator->detections);
    free(evaluator->file);
    free(evaluator);
}

size_t fovea_evaluator_pictures(const fovea_evaluator *evaluator)
{
    return evaluator ? evaluator->n_pictures : 0;
}

fovea_status fovea_evaluator_picture(const fovea_evaluator *evaluator, size_t index, int64_t *id,
                                     const char **file_name)
{
    FOVEA_CHECK_ARG(evaluator, "fovea_evaluator_picture: evaluator is NULL");
    FOVEA_CHECK_ARG(index < evaluator->n_pictures, "fovea_evaluator_picture: index %zu, there are %zu pictures", index,
                    evaluator->n_pictures);
    const fovea__eval_picture *picture = &evaluator->pictures[evaluator->file_order[index]];
    if (id)
        *id = picture->id;
    if (file_name)
        *file_name = picture->file_name;
    return FOVEA_OK;
}

/* The place of an id among n structs that begin with one, in ascending order. */
static int32_t find_id(const void *first, size_t n, size_t size, int64_t id)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int64_t there = *(const int64_t *)(const void *)((const char *)first + middle * size);
        if (there == id)
            return (int32_t)middle;
        if (there < id)
            low = middle + 1;
        else
            high = middle;
    }
    return FOVEA__EVAL_NOWHERE;
}

int32_t fovea__eval_find_picture(const fovea_evaluator *evaluator, int64_t id)
{
    return find_id(evaluator->pictures, evaluator->n_pictures, sizeof *evaluator->pictures, id);
}

int32_t fovea__eval_find_category(const fovea_evaluator *evaluator, int64_t id)
{
    return find_id(evaluator->categories, evaluator->n_categories, sizeof *evaluator->categories, id);
}

/* ---- detections ------------------------------------------------------------------------------------------------ */

static fovea_status add(fovea_evaluator *evaluator, int32_t picture, int32_t category, const double box[4],
                        double score)
{
    FOVEA_TRY(fovea__grow(&evaluator->detections, &evaluator->detections_room, evaluator->n_detections + 1,
                          sizeof *evaluator->detections, "detections"));
    const size_t order = evaluator->n_detections++;
    evaluator->detections[order] = (fovea__eval_detection){
        .category = category, .picture = picture, .box = {box[0], box[1], box[2], box[3]}, .score = score,
        .order = order,
    };
    return FOVEA_OK;
}

fovea_status fovea_evaluator_add(fovea_evaluator *evaluator, int64_t image_id, int64_t category_id,
                                 const double box[4], double score)
{
    FOVEA_CHECK_ARG(evaluator && box, "fovea_evaluator_add: %s is NULL", evaluator ? "box" : "evaluator");
    const int32_t picture = fovea__eval_find_picture(evaluator, image_id);
    const int32_t category = fovea__eval_find_category(evaluator, category_id);
    FOVEA_CHECK_ARG(picture != FOVEA__EVAL_NOWHERE, "a detection's image id is %" PRId64 ", no picture of %s", image_id,
                    evaluator->file);
    return category == FOVEA__EVAL_NOWHERE ? FOVEA_OK : add(evaluator, picture, category, box, score);
}

static fovea_status add_result(fovea_evaluator *evaluator, const cJSON *item, const fovea__json_place *place)
{
    int64_t image_id = 0, category_id = 0;
    double box[4], score = 0.0;
    FOVEA_TRY(fovea__json_expect_object(item, place));
    FOVEA_TRY(fovea__json_integer(&image_id, item, "image_id", place));
    FOVEA_TRY(fovea__json_integer(&category_id, item, "category_id", place));
    const int32_t picture = fovea__eval_find_picture(evaluator, image_id);
    const int32_t category = fovea__eval_find_category(evaluator, category_id);
    if (picture == FOVEA__EVAL_NOWHERE)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].image_id: expected a picture of %s, found %" PRId64, place->file,
                   place->list, place->index, evaluator->file, image_id);
    if (category == FOVEA__EVAL_NOWHERE)
        return FOVEA_OK;
    FOVEA_TRY(fovea__json_numbers(box, 4, item, "bbox", place));
    FOVEA_TRY(fovea__json_number(&score, item, "score", place));
    return add(evaluator, picture, category, box, score);
}

/* Adds all or nothing. */
static fovea_status add_root(fovea_evaluator *evaluator, const cJSON *root, const char *name)
{
    if (!cJSON_IsArray(root))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected a list of results, found %s", name, fovea__json_kind(root));
    fovea__json_place place = {.file = name, .list = "results"};
    const size_t before = evaluator->n_detections;
    const cJSON *item;
    cJSON_ArrayForEach(item, root)
    {
        const fovea_status status = add_result(evaluator, item, &place);
        if (status) {
            evaluator->n_detections = before;
            return status;
        }
        place.index++;
    }
    return FOVEA_OK;
}

fovea_status fovea__eval_add_text(fovea_evaluator *evaluator, const char *text, size_t size_bytes, const char *name)
{
    cJSON *root = NULL;
    FOVEA_TRY(fovea__json_parse(&root, text, size_bytes, name, "segmentation"));
    const fovea_status status = add_root(evaluator, root, name);
    cJSON_Delete(root);
    return status;
}

fovea_status fovea_evaluator_add_file(fovea_evaluator *evaluator, const char *results)
{
    FOVEA_CHECK_ARG(evaluator && results, "fovea_evaluator_add_file: %s is NULL", evaluator ? "results" : "evaluator");
    cJSON *root = NULL;
    FOVEA_TRY(fovea__json_read(&root, results, "segmentation"));
    const fovea_status status = add_root(evaluator, root, results);
    cJSON_Delete(root);
    return status;
}
