/* COCO annotations into truths, with pycocotools' reading of what is odd:
 *   - an annotation whose picture or category is not declared is passed over;
 *   - of annotations that bear the same id the last stands for all, each time one of them occurs;
 *   - of pictures or categories that bear the same id the last counts;
 *   - only truths that take part need a box. */
#include "coco_eval.h"

#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A member of a list: its id, place and value. */
typedef struct row {
    int64_t id;
    size_t index;
    const cJSON *item;
    int32_t picture, category;
} row;

static int compare_ids(const void *left, const void *right)
{
    const row *a = left, *b = right;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Reads the objects of a list and their ids. rows: freed with free(), also on failure. */
static fovea_status read_rows(row **rows, size_t *n, const cJSON *list, fovea__json_place *place)
{
    const cJSON *item;
    size_t room = 0;
    *n = 0;
    cJSON_ArrayForEach(item, list)
    {
        place->index = *n;
        FOVEA_TRY(fovea__json_expect_object(item, place));
        FOVEA_TRY(fovea__grow(rows, &room, *n + 1, sizeof **rows, place->list));
        row *added = &(*rows)[(*n)++];
        *added = (row){.index = place->index, .item = item};
        FOVEA_TRY(fovea__json_integer(&added->id, item, "id", place));
    }
    if (*n > INT32_MAX)
        FOVEA_FAIL(FOVEA_ERROR_UNSUPPORTED, "%s: %zu %s, more than can be counted", place->file, *n, place->list);
    return FOVEA_OK;
}

/* Copies a text that need not be there. */
static fovea_status copy_member(char **out, const cJSON *item, const char *key, const char *otherwise)
{
    const cJSON *text = fovea__json_find(item, key);
    return fovea__copy_text(out, cJSON_IsString(text) ? text->valuestring : otherwise);
}

static int compare_file_order(const void *left, const void *right)
{
    const row *a = left, *b = right;
    return (a->index > b->index) - (a->index < b->index);
}

/* rows: sorted by id and place. */
static fovea_status keep_pictures(fovea_evaluator *evaluator, row *rows, size_t n)
{
    size_t kept = 0;
    FOVEA_TRY(fovea__allocate(&evaluator->pictures, n, sizeof *evaluator->pictures, "pictures"));
    FOVEA_TRY(fovea__allocate(&evaluator->file_order, n, sizeof *evaluator->file_order, "pictures"));
    for (size_t i = 0, last; i < n; i = last + 1) {
        for (last = i; last + 1 < n && rows[last + 1].id == rows[i].id;)
            last++;
        fovea__eval_picture *picture = &evaluator->pictures[kept];
        picture->id = rows[i].id;
        evaluator->n_pictures = kept + 1;
        FOVEA_TRY(copy_member(&picture->file_name, rows[last].item, "file_name", ""));
        rows[kept] = (row){.index = rows[i].index, .picture = (int32_t)kept};
        kept++;
    }
    if (kept > 1)
        qsort(rows, kept, sizeof *rows, compare_file_order);
    for (size_t i = 0; i < kept; i++)
        evaluator->file_order[i] = (uint32_t)rows[i].picture;
    return FOVEA_OK;
}

static fovea_status keep_categories(fovea_evaluator *evaluator, const row *rows, size_t n)
{
    FOVEA_TRY(fovea__allocate(&evaluator->categories, n, sizeof *evaluator->categories, "categories"));
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && rows[i + 1].id == rows[i].id)
            continue;
        char id[24];
        fovea__eval_category *category = &evaluator->categories[evaluator->n_categories++];
        category->id = rows[i].id;
        snprintf(id, sizeof id, "%" PRId64, rows[i].id);
        FOVEA_TRY(copy_member(&category->name, rows[i].item, "name", id));
    }
    return FOVEA_OK;
}

/* Reads the list `name` of declared things and keeps each id once. */
static fovea_status read_declared(fovea_evaluator *evaluator, const cJSON *root, const char *name)
{
    const fovea__json_place outermost = {.file = evaluator->file};
    fovea__json_place place = {.file = evaluator->file, .list = name};
    const cJSON *list = NULL;
    row *rows = NULL;
    size_t n = 0;
    FOVEA_TRY(fovea__json_list(&list, root, name, &outermost));
    fovea_status status = read_rows(&rows, &n, list, &place);
    if (!status && n > 1)
        qsort(rows, n, sizeof *rows, compare_ids);
    if (!status)
        status = strcmp(name, "images") == 0 ? keep_pictures(evaluator, rows, n) : keep_categories(evaluator, rows, n);
    free(rows);
    return status;
}

/* The occurrence of a truth: `value` is the annotation that stands for all of its id. */
typedef struct occurrence {
    const row *value;
    size_t index;    /* of the occurrence itself, in the file */
    int32_t picture; /* of the occurrence itself */
} occurrence;

/* By category and picture of the value; then by picture and place of the occurrence. */
static int compare_occurrences(const void *left, const void *right)
{
    const occurrence *a = left, *b = right;
    if (a->value->category != b->value->category)
        return a->value->category < b->value->category ? -1 : 1;
    if (a->value->picture != b->value->picture)
        return a->value->picture < b->value->picture ? -1 : 1;
    if (a->picture != b->picture)
        return a->picture < b->picture ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static bool takes_part(const row *annotation)
{
    return annotation->picture != FOVEA__EVAL_NOWHERE && annotation->category != FOVEA__EVAL_NOWHERE;
}

static fovea_status read_truth(fovea__eval_truth *out, const row *annotation, fovea__json_place *place)
{
    const cJSON *item = annotation->item;
    double crowd = 0.0;
    place->index = annotation->index;
    *out = (fovea__eval_truth){
        .category = annotation->category, .picture = annotation->picture, .id = annotation->id};
    FOVEA_TRY(fovea__json_numbers(out->box, 4, item, "bbox", place));
    if (fovea__json_find(item, "iscrowd"))
        FOVEA_TRY(fovea__json_number(&crowd, item, "iscrowd", place));
    out->crowd = crowd <= -1.0 || crowd >= 1.0; /* Python's int(crowd) is not 0 */
    if (crowd != 0.0) {
        out->ignored = (1u << FOVEA__EVAL_RANGES) - 1u;
        return FOVEA_OK;
    }
    double area = out->box[2] * out->box[3];
    if (fovea__json_find(item, "area"))
        FOVEA_TRY(fovea__json_number(&area, item, "area", place));
    out->ignored = fovea__eval_outside(area);
    return FOVEA_OK;
}

/* rows: sorted by id and place. occurrences: room for n. */
static fovea_status keep_truths(fovea_evaluator *evaluator, const row *rows, size_t n, occurrence *occurrences,
                                fovea__json_place *place)
{
    size_t kept = 0;
    for (size_t i = 0, last; i < n; i = last + 1) {
        for (last = i; last + 1 < n && rows[last + 1].id == rows[i].id;)
            last++;
        for (size_t k = i; takes_part(&rows[last]) && k <= last; k++)
            if (takes_part(&rows[k]))
                occurrences[kept++] = (occurrence){&rows[last], rows[k].index, rows[k].picture};
    }
    if (kept > 1)
        qsort(occurrences, kept, sizeof *occurrences, compare_occurrences);
    FOVEA_TRY(fovea__allocate(&evaluator->truths, kept, sizeof *evaluator->truths, "annotations"));
    for (size_t i = 0; i < kept; i++)
        FOVEA_TRY(read_truth(&evaluator->truths[i], occurrences[i].value, place));
    evaluator->n_truths = kept;
    return FOVEA_OK;
}

static fovea_status read_annotations(fovea_evaluator *evaluator, const cJSON *list)
{
    fovea__json_place place = {.file = evaluator->file, .list = "annotations"};
    row *rows = NULL;
    occurrence *occurrences = NULL;
    size_t n = 0;
    fovea_status status = read_rows(&rows, &n, list, &place);
    for (size_t i = 0; !status && i < n; i++) {
        int64_t picture = 0, category = 0;
        place.index = i;
        status = fovea__json_integer(&picture, rows[i].item, "image_id", &place);
        if (!status)
            status = fovea__json_integer(&category, rows[i].item, "category_id", &place);
        rows[i].picture = fovea__eval_find_picture(evaluator, picture);
        rows[i].category = fovea__eval_find_category(evaluator, category);
    }
    if (!status && n > 1)
        qsort(rows, n, sizeof *rows, compare_ids);
    if (!status)
        status = fovea__allocate(&occurrences, n, sizeof *occurrences, "annotations");
    if (!status)
        status = keep_truths(evaluator, rows, n, occurrences, &place);
    free(occurrences);
    free(rows);
    return status;
}

fovea_status fovea__eval_read_truths(fovea_evaluator *evaluator, const cJSON *root)
{
    const fovea__json_place place = {.file = evaluator->file};
    FOVEA_TRY(fovea__json_expect_object(root, &place));
    FOVEA_TRY(read_declared(evaluator, root, "images"));
    FOVEA_TRY(read_declared(evaluator, root, "categories"));
    const cJSON *annotations = NULL;
    if (fovea__json_find(root, "annotations"))
        FOVEA_TRY(fovea__json_list(&annotations, root, "annotations", &place));
    return read_annotations(evaluator, annotations);
}
