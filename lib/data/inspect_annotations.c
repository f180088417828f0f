/* Reading annotations as far as they can be understood, and giving each its picture, its label and an id of its own. */
#include "inspection.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

static fovea_status read_box(fovea__seen_box *out, int64_t *image_id, const cJSON *item, fovea__json_place *place)
{
    FOVEA_TRY(fovea__json_expect_object(item, place));
    if (fovea__json_integer(&out->id, item, "id", place) == FOVEA_OK)
        place->id = &out->id;
    FOVEA_TRY(fovea__json_integer(image_id, item, "image_id", place));
    FOVEA_TRY(fovea__json_integer(&out->category_id, item, "category_id", place));
    FOVEA_TRY(fovea__json_numbers(out->box, 4, item, "bbox", place));
    if (!fovea__json_find(item, "area") || fovea__json_number(&out->area, item, "area", place))
        out->area = NAN;
    return FOVEA_OK;
}

static int64_t new_id(fovea_inspection *in)
{
    while (fovea__keys_find(&in->boxes_by_id, in->next_id) != SIZE_MAX)
        in->next_id++;
    return in->next_id++;
}

static fovea_fault fault_of_box(const fovea_inspection *in, const fovea__seen_box *box, fovea_fault_kind kind)
{
    fovea_fault fault = box->picture == SIZE_MAX ? fovea__fault_of(kind)
                                                 : fovea__inspect_fault_of_picture(&in->pictures[box->picture], kind);
    fault.annotation_id = box->id;
    fault.category_id = box->category_id;
    return fault;
}

/* Finds the picture of a box; one that is listed twice gives its boxes to its first entry. */
static fovea_status place_box(fovea_inspection *in, fovea__seen_box *box, size_t index, int64_t image_id)
{
    const size_t at = fovea__keys_find(&in->pictures_by_id, image_id);
    if (at == SIZE_MAX) {
        fovea_fault fault = fault_of_box(in, box, FOVEA_FAULT_PICTURE_UNDECLARED);
        fault.image_id = image_id;
        box->out = true;
        FOVEA_TRY(fovea__inspection_tell(in, fault, index, "annotations[%zu] (id %lld) belongs to the picture %lld, "
                                         "which \"images\" does not list", index, (long long)box->id,
                                         (long long)image_id));
        return fovea__inspection_edit(in, FOVEA__ANNOTATIONS, index, NULL, NULL);
    }
    const size_t entry = in->pictures_by_id.items[at].index;
    box->picture = in->pictures[entry].stands_for;
    if (in->pictures[box->picture].id != image_id)
        return fovea__inspection_edit(in, FOVEA__ANNOTATIONS, index, "image_id", "%lld",
                                      (long long)in->pictures[box->picture].id);
    return FOVEA_OK;
}

static fovea_status read_annotation(fovea_inspection *in, fovea__seen_box *box, const cJSON *item, size_t index)
{
    fovea__json_place place = {.file = in->file, .list = "annotations", .index = index};
    int64_t image_id = FOVEA_NO_ID;
    double crowd = 0.0;
    *box = (fovea__seen_box){.id = FOVEA_NO_ID, .category_id = FOVEA_NO_ID, .picture = SIZE_MAX};
    if (read_box(box, &image_id, item, &place)) {
        fovea_fault fault = fault_of_box(in, box, FOVEA_FAULT_FORM);
        fault.image_id = image_id;
        box->out = true;
        return fovea__inspect_leave_out(in, FOVEA__ANNOTATIONS, fault, index);
    }
    FOVEA_TRY(place_box(in, box, index, image_id));
    if (!place.id && fovea__json_integer(&box->id, item, "id", &place)) {
        fovea_fault fault = fault_of_box(in, box, FOVEA_FAULT_FORM);
        fault.fix = "it gets an id";
        FOVEA_TRY(fovea__inspection_tell(in, fault, index, "%s", fovea__inspect_met(in)));
    }
    if (fovea__json_find(item, "iscrowd") && fovea__json_number(&crowd, item, "iscrowd", &place)) {
        fovea_fault fault = fault_of_box(in, box, FOVEA_FAULT_FORM);
        fault.fix = "0 is written";
        FOVEA_TRY(fovea__inspection_tell(in, fault, index, "%s", fovea__inspect_met(in)));
        FOVEA_TRY(fovea__inspection_edit(in, FOVEA__ANNOTATIONS, index, "iscrowd", "0"));
    }
    box->crowd = crowd != 0.0;
    return FOVEA_OK;
}

/* Gives annotations without an id, or with one that an earlier one has, a new one. */
static fovea_status compare_box_ids(fovea_inspection *in)
{
    fovea__keys *keys = &in->boxes_by_id;
    FOVEA_TRY(fovea__allocate(&keys->items, in->n_boxes, sizeof *keys->items, "annotations by id"));
    for (size_t i = 0; i < in->n_boxes; i++)
        if (in->boxes[i].id != FOVEA_NO_ID)
            keys->items[keys->count++] = (fovea__key){.id = in->boxes[i].id, .index = i};
    fovea__keys_sort(keys);
    const int64_t largest = keys->count ? keys->items[keys->count - 1].id : 0;
    in->next_id = largest > 0 && largest < INT64_MAX - (int64_t)in->n_boxes ? largest + 1 : 1;
    for (size_t i = 1; i < keys->count; i++) {
        const size_t index = keys->items[i].index, other = keys->items[i - 1].index;
        fovea__seen_box *box = &in->boxes[index];
        if (keys->items[i].id != keys->items[i - 1].id || box->out)
            continue;
        FOVEA_TRY(fovea__inspection_tell(in, fault_of_box(in, box, FOVEA_FAULT_ID_TWICE), index,
                                         "annotations[%zu] has the id %lld of annotations[%zu]", index,
                                         (long long)box->id, other));
        box->id = FOVEA_NO_ID;
    }
    for (size_t i = 0; i < in->n_boxes; i++)
        if (in->boxes[i].id == FOVEA_NO_ID && !in->boxes[i].out) {
            in->boxes[i].id = new_id(in);
            FOVEA_TRY(fovea__inspection_edit(in, FOVEA__ANNOTATIONS, i, "id", "%lld", (long long)in->boxes[i].id));
        }
    return FOVEA_OK;
}

static fovea_status declare(fovea_inspection *in, const fovea__key *first, size_t count)
{
    fovea_fault fault = fault_of_box(in, &in->boxes[first->index], FOVEA_FAULT_CATEGORY_UNDECLARED);
    FOVEA_TRY(fovea__inspect_declare(in, first->id));
    char name[FOVEA__INSPECT_NAME];
    return fovea__inspection_tell(in, fault, first->index, "the category %lld is not declared; boxes of it: %zu, the "
                                  "first is %s", (long long)first->id, count,
                                  fovea__inspect_box_name(in, first->index, false, name));
}

/* Declares what boxes ask for, and gives every box its label. */
static fovea_status label_boxes(fovea_inspection *in)
{
    fovea__keys lost = {0};
    FOVEA_TRY(fovea__allocate(&lost.items, in->n_boxes, sizeof *lost.items, "boxes by category"));
    for (size_t i = 0; i < in->n_boxes; i++)
        if (!in->boxes[i].out && fovea__keys_find(&in->categories_by_id, in->boxes[i].category_id) == SIZE_MAX)
            lost.items[lost.count++] = (fovea__key){.id = in->boxes[i].category_id, .index = i};
    fovea__keys_sort(&lost);
    fovea_status status = FOVEA_OK;
    for (size_t i = 0, end; i < lost.count && !status; i = end) {
        for (end = i + 1; end < lost.count && lost.items[end].id == lost.items[i].id;)
            end++;
        status = declare(in, &lost.items[i], end - i);
    }
    free(lost.items);
    FOVEA_TRY(status);
    if (lost.count)
        FOVEA_TRY(fovea__inspect_sort_categories(in));
    for (size_t i = 0; i < in->n_boxes; i++)
        if (!in->boxes[i].out)
            in->boxes[i].label = fovea__keys_find(&in->categories_by_id, in->boxes[i].category_id);
    return FOVEA_OK;
}

fovea_status fovea__inspect_annotations(fovea_inspection *in, const cJSON *list)
{
    FOVEA_TRY(fovea__allocate(&in->boxes, fovea__inspect_length(list), sizeof *in->boxes, "annotations"));
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        fovea__seen_box *box = &in->boxes[in->n_boxes];
        FOVEA_TRY(read_annotation(in, box, item, in->n_boxes));
        if (!box->out && !(in->format == FOVEA_FORMAT_YOLO && box->crowd))
            box->number = ++in->pictures[box->picture].n_boxes;
        in->n_boxes++;
    }
    FOVEA_TRY(compare_box_ids(in));
    return label_boxes(in);
}
