/* Holding boxes to the pictures that they were drawn on, and making a data set of what is without faults. */
#include "inspection.h"

#include "dataset.h"
#include "memory.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fovea_fault fault_of(const fovea_inspection *in, const fovea__seen_box *box, fovea_fault_kind kind)
{
    fovea_fault fault = fovea__inspect_fault_of_picture(&in->pictures[box->picture], kind);
    fault.annotation_id = box->id;
    fault.category_id = box->category_id;
    return fault;
}

static fovea_status leave_out(fovea_inspection *in, size_t index)
{
    in->boxes[index].out = true;
    return fovea__inspection_edit(in, FOVEA__ANNOTATIONS, index, NULL, NULL);
}

/* Corners on the picture as stored become those on the picture as seen. EXIF's orientations from 5 on exchange x and y
 * and mirror some of the stored columns (7, 8) and rows (6, 7). */
static void turn(double corners[4], const fovea__seen_picture *picture)
{
    const double columns = picture->true_height, rows = picture->true_width;
    const double x0 = corners[0], y0 = corners[1], x1 = corners[2], y1 = corners[3];
    const bool mirror_columns = picture->orientation >= 7;
    const bool mirror_rows = picture->orientation == 6 || picture->orientation == 7;
    corners[0] = mirror_rows ? rows - y1 : y0;
    corners[1] = mirror_columns ? columns - x1 : x0;
    corners[2] = mirror_rows ? rows - y0 : y1;
    corners[3] = mirror_columns ? columns - x0 : x1;
}

/* Writes x y width height, and the area where it was the box's. */
static fovea_status write_box(fovea_inspection *in, size_t index, const double corners[4])
{
    fovea__seen_box *box = &in->boxes[index];
    const double before = box->box[2] * box->box[3];
    const double after[4] = {corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]};
    const bool own_area = fabs(box->area - before) <= 1e-6 * fabs(before);
    memcpy(box->box, after, sizeof after);
    char text[128];
    fovea__format_plain(text, sizeof text, "[%.10g, %.10g, %.10g, %.10g]", after[0], after[1], after[2], after[3]);
    FOVEA_TRY(fovea__inspection_edit(in, FOVEA__ANNOTATIONS, index, "bbox", "%s", text));
    if (!own_area)
        return FOVEA_OK;
    fovea__format_plain(text, sizeof text, "%.10g", after[2] * after[3]);
    return fovea__inspection_edit(in, FOVEA__ANNOTATIONS, index, "area", "%s", text);
}

static fovea_status tell_box(fovea_inspection *in, size_t index, fovea_fault_kind kind, int width, int height,
                             const char *what)
{
    const fovea__seen_box *box = &in->boxes[index];
    char name[FOVEA__INSPECT_NAME];
    return fovea__inspection_tell(in, fault_of(in, box, kind), index,
                                  "%s of %dx%d: the box [%.10g, %.10g, %.10g, %.10g] %s",
                                  fovea__inspect_box_name(in, index, true, name), width, height, box->box[0],
                                  box->box[1], box->box[2], box->box[3], what);
}

static fovea_status check_box(fovea_inspection *in, size_t index)
{
    static const struct {
        fovea_fault_kind kind;
        const char *what;
    } faults[] = {
        [FOVEA__BOX_CLIPPED] = {FOVEA_FAULT_BOX_REACHES, "reaches outside"},
        [FOVEA__BOX_NOT_FINITE] = {FOVEA_FAULT_BOX_NOT_FINITE, "is not finite"},
        [FOVEA__BOX_EMPTY] = {FOVEA_FAULT_BOX_EMPTY, "has zero area"},
        [FOVEA__BOX_OUTSIDE] = {FOVEA_FAULT_BOX_OUTSIDE, "lies outside"},
    };
    fovea__seen_box *box = &in->boxes[index];
    const fovea__seen_picture *picture = &in->pictures[box->picture];
    const int width = picture->true_width ? picture->true_width : picture->width;
    const int height = picture->true_height ? picture->true_height : picture->height;
    double corners[4] = {box->box[0], box->box[1], box->box[0] + box->box[2], box->box[1] + box->box[3]};
    if (picture->turned)
        turn(corners, picture);
    fovea_box kept;
    const fovea__box_fate fate = fovea__dataset_fit(&kept, corners, width, height);
    if (fate != FOVEA__BOX_KEPT)
        FOVEA_TRY(tell_box(in, index, faults[fate].kind, width, height, faults[fate].what));
    if (fate >= FOVEA__BOX_NOT_FINITE || picture->out)
        return leave_out(in, index);
    if (fate == FOVEA__BOX_CLIPPED) {
        for (int k = 0; k < 4; k++)
            corners[k] = fmin(fmax(corners[k], 0.0), k % 2 ? (height ? height : INFINITY) : (width ? width : INFINITY));
        return write_box(in, index, corners);
    }
    return picture->turned ? write_box(in, index, corners) : FOVEA_OK;
}

static int compare_boxes(const void *a, const void *b)
{
    const fovea__seen_box *x = *(const fovea__seen_box *const *)a, *y = *(const fovea__seen_box *const *)b;
    if (x->picture != y->picture)
        return x->picture < y->picture ? -1 : 1;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    for (int k = 0; k < 4; k++)
        if (x->box[k] < y->box[k] || x->box[k] > y->box[k])
            return x->box[k] < y->box[k] ? -1 : 1;
    return x < y ? -1 : x > y;
}

static bool same_box(const fovea__seen_box *a, const fovea__seen_box *b)
{
    bool same = a->picture == b->picture && a->label == b->label;
    for (int k = 0; k < 4; k++)
        same = same && !(a->box[k] < b->box[k] || a->box[k] > b->box[k]);
    return same;
}

static fovea_status compare_all(fovea_inspection *in)
{
    const fovea__seen_box **sorted = NULL;
    size_t count = 0, first = 0;
    FOVEA_TRY(fovea__allocate(&sorted, in->n_boxes, sizeof *sorted, "boxes by place"));
    for (size_t i = 0; i < in->n_boxes; i++)
        if (!in->boxes[i].out && !in->boxes[i].crowd)
            sorted[count++] = &in->boxes[i];
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, compare_boxes);
    fovea_status status = FOVEA_OK;
    for (size_t i = 1; i < count && !status; i++) {
        if (!same_box(sorted[i], sorted[first])) {
            first = i;
            continue;
        }
        char name[FOVEA__INSPECT_NAME], other_name[FOVEA__INSPECT_NAME];
        const size_t index = (size_t)(sorted[i] - in->boxes), other = (size_t)(sorted[first] - in->boxes);
        status = fovea__inspection_tell(in, fault_of(in, sorted[i], FOVEA_FAULT_BOX_TWICE), index,
                                        "%s is the box of %s", fovea__inspect_box_name(in, index, true, name),
                                        fovea__inspect_box_name(in, other, false, other_name));
        if (!status)
            status = leave_out(in, index);
    }
    free(sorted);
    return status;
}

/* ---- what is left ---------------------------------------------------------------------------------------------- */

static fovea_status fill_labels(fovea_inspection *in)
{
    for (size_t i = 0; i < in->categories_by_id.count; i++) {
        const fovea__seen_category *category = &in->categories[in->categories_by_id.items[i].index];
        FOVEA_TRY(fovea__copy_text(&in->dataset->names[i], category->name));
        in->dataset->category_ids[i] = category->id;
    }
    return FOVEA_OK;
}

/* places[i]: where picture i of the file stands in the data set. */
static fovea_status fill_pictures(fovea_inspection *in, size_t *places)
{
    size_t count = 0;
    for (size_t i = 0; i < in->n_pictures; i++) {
        const fovea__seen_picture *from = &in->pictures[i];
        if (from->out)
            continue;
        fovea_picture *to = &in->dataset->pictures[count];
        to->id = from->id;
        to->width = from->true_width;
        to->height = from->true_height;
        FOVEA_TRY(fovea__dataset_name_picture(in->dataset, count, in->images_dir, from->file_name));
        places[i] = count++;
    }
    in->dataset->n_pictures = count;
    return FOVEA_OK;
}

static fovea_status fill_boxes(fovea_inspection *in, const size_t *places)
{
    for (size_t i = 0; i < in->n_boxes; i++) {
        const fovea__seen_box *box = &in->boxes[i];
        if (box->out || box->crowd)
            continue;
        const double corners[4] = {box->box[0], box->box[1], box->box[0] + box->box[2], box->box[1] + box->box[3]};
        fovea__box_fate fate;
        in->categories[in->categories_by_id.items[box->label].index].n_boxes++;
        FOVEA_TRY(fovea__dataset_add_box(in->dataset, places[box->picture], (int)box->label, corners, &fate));
    }
    return FOVEA_OK;
}

/* The boxes' ids, grouped by picture as fovea__dataset_finish() groups them. */
static fovea_status fill_ids(fovea_inspection *in, const size_t *places)
{
    size_t *next = NULL;
    FOVEA_TRY(fovea__allocate(&in->box_ids, in->dataset->n_boxes, sizeof *in->box_ids, "boxes' ids"));
    FOVEA_TRY(fovea__allocate(&next, in->dataset->n_pictures + 1, sizeof *next, "boxes' ids"));
    for (size_t i = 0; i < in->dataset->n_pictures; i++)
        next[i] = (size_t)(in->dataset->pictures[i].boxes - in->dataset->boxes);
    for (size_t i = 0; i < in->n_boxes; i++)
        if (!in->boxes[i].out && !in->boxes[i].crowd)
            in->box_ids[next[places[in->boxes[i].picture]]++] = in->boxes[i].id;
    free(next);
    return FOVEA_OK;
}

static fovea_status make_dataset(fovea_inspection *in, size_t *places)
{
    FOVEA_TRY(fovea__dataset_create(&in->dataset, in->n_pictures, (int)in->categories_by_id.count));
    FOVEA_TRY(fill_labels(in));
    FOVEA_TRY(fill_pictures(in, places));
    FOVEA_TRY(fill_boxes(in, places));
    if (in->dataset->n_boxes > 0) {
        FOVEA_TRY(fovea__dataset_finish(in->dataset, in->file));
        return fill_ids(in, places);
    }
    fovea_fault fault = fovea__fault_of(FOVEA_FAULT_NOTHING);
    fault.mended = false;
    fovea_dataset_close(in->dataset);
    in->dataset = NULL;
    return fovea__inspection_tell(in, fault, 0, "%zu picture%s, and no box is left to train on", in->n_pictures,
                                  in->n_pictures == 1 ? "" : "s");
}

static fovea_status tell_pictures_without_boxes(fovea_inspection *in)
{
    bool *has = NULL;
    FOVEA_TRY(fovea__allocate(&has, in->n_pictures, sizeof *has, "pictures"));
    for (size_t i = 0; i < in->n_boxes; i++)
        if (!in->boxes[i].out)
            has[in->boxes[i].picture] = true;
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < in->n_pictures && !status; i++) {
        char name[FOVEA__INSPECT_NAME];
        fovea_fault note = fovea__inspect_fault_of_picture(&in->pictures[i], FOVEA_NOTE_NO_BOX);
        note.mended = false;
        if (!has[i] && !in->pictures[i].out)
            status = fovea__inspection_tell(in, note, i, "%s has no box", fovea__inspect_picture_name(in, i, name));
    }
    free(has);
    return status;
}

static fovea_status tell_notes(fovea_inspection *in)
{
    size_t crowds = 0, first = 0;
    char name[FOVEA__INSPECT_NAME];
    FOVEA_TRY(tell_pictures_without_boxes(in));
    for (size_t i = in->n_boxes; i-- > 0;)
        if (in->boxes[i].crowd && !in->boxes[i].out) {
            crowds++;
            first = i;
        }
    fovea_fault note = fovea__fault_of(FOVEA_NOTE_CROWD);
    note.mended = false;
    if (crowds)
        FOVEA_TRY(fovea__inspection_tell(in, note, first, "boxes of crowds (%s): %zu, the first is %s",
                                         in->format == FOVEA_FORMAT_VOC ? "difficult" : "iscrowd 1", crowds,
                                         fovea__inspect_box_name(in, first, false, name)));
    for (size_t i = 0; i < in->categories_by_id.count; i++) {
        const fovea__key *key = &in->categories_by_id.items[i];
        note = fovea__fault_of(FOVEA_NOTE_UNUSED);
        note.mended = false;
        note.category_id = key->id;
        if (in->categories[key->index].n_boxes == 0)
            FOVEA_TRY(fovea__inspection_tell(in, note, key->index, "categories[%zu] \"%s\" (id %lld) has no box",
                                             key->index, in->categories[key->index].name, (long long)key->id));
    }
    return FOVEA_OK;
}

fovea_status fovea__inspect_boxes(fovea_inspection *in)
{
    size_t *places = NULL;
    for (size_t i = 0; i < in->n_boxes; i++)
        if (!in->boxes[i].out)
            FOVEA_TRY(in->boxes[i].crowd && !in->pictures[in->boxes[i].picture].out ? FOVEA_OK : check_box(in, i));
    FOVEA_TRY(compare_all(in));
    FOVEA_TRY(fovea__allocate(&places, in->n_pictures, sizeof *places, "pictures"));
    fovea_status status = make_dataset(in, places);
    free(places);
    return status ? status : tell_notes(in);
}
