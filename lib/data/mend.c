/* fovea_annotations_mend(): a copy of annotations in which some of what an evaluation told counts as right. */
#include "annotations.h"
#include "coco_index.h"
#include "dataset.h"
#include "file.h"
#include "inspection.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct mending {
    const char *file;
    fovea__text text; /* of the annotations, and what it says */
    cJSON *root;
    fovea__coco_index of;
    fovea__keys images, boxes; /* by id */
    bool *changed;             /* of each box */
    fovea__edits edits;
    int64_t next_box;
} mending;

static fovea_status read_text(mending *m, const char *images_dir, fovea_format format)
{
    FOVEA_TRY(fovea__annotations_tell(&format, m->file));
    if (format == FOVEA_FORMAT_COCO) {
        FOVEA_TRY(fovea__file_read(&m->text.bytes, &m->text.used, m->file, UINT32_MAX));
        return fovea__json_parse(&m->root, m->text.bytes, m->text.used, m->file, "segmentation");
    }
    FOVEA_TRY(fovea__annotations_look(&m->root, images_dir, m->file, &format, NULL, NULL));
    return fovea__text_document(&m->text, m->root);
}

static fovea_status read(mending *m, const char *images_dir, fovea_format format)
{
    FOVEA_TRY(read_text(m, images_dir, format));
    FOVEA_TRY(fovea__coco_index_make(&m->of, m->root, m->file));
    m->next_box = m->of.next_box;
    FOVEA_TRY(fovea__allocate(&m->changed, m->of.n_boxes, sizeof *m->changed, "boxes"));
    FOVEA_TRY(fovea__allocate(&m->images.items, m->of.n_images, sizeof *m->images.items, "pictures"));
    FOVEA_TRY(fovea__allocate(&m->boxes.items, m->of.n_boxes, sizeof *m->boxes.items, "boxes"));
    int64_t id;
    for (size_t i = 0; i < m->of.n_images; i++)
        m->images.items[m->images.count++] = (fovea__key){.id = m->of.images[i].id, .index = i};
    for (size_t i = 0; i < m->of.n_boxes; i++) {
        FOVEA_TRY(fovea__json_integer(&id, m->of.boxes[i].item, "id", &(fovea__json_place){.file = m->file}));
        m->boxes.items[m->boxes.count++] = (fovea__key){.id = id, .index = i};
    }
    fovea__keys_sort(&m->images);
    fovea__keys_sort(&m->boxes);
    return FOVEA_OK;
}

/* ---- what a match is about ------------------------------------------------------------------------------------- */

/* The index of an id, SIZE_MAX where there is none. */
static size_t find(const fovea__keys *keys, int64_t id)
{
    const size_t at = fovea__keys_find(keys, id);
    return at == SIZE_MAX ? at : keys->items[at].index;
}

static fovea_status find_image(const mending *m, const fovea_match *match, size_t *out)
{
    *out = find(&m->images, match->image_id);
    if (*out == SIZE_MAX)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected a picture of id %" PRId64 ", as when it was evaluated", m->file,
                   match->image_id);
    return FOVEA_OK;
}

static fovea_status check_category(const mending *m, int64_t id)
{
    size_t low = 0, high = m->of.n_categories;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (m->of.categories[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == m->of.n_categories || m->of.categories[low].id != id)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected a category of id %" PRId64 ", as when it was evaluated", m->file,
                   id);
    return FOVEA_OK;
}

/* The object of a match, which no other match may change. */
static fovea_status find_box(mending *m, const fovea_match *match, const fovea__coco_box **out)
{
    const size_t found = find(&m->boxes, match->annotation_id);
    const fovea__coco_box *box = found == SIZE_MAX ? NULL : &m->of.boxes[found];
    if (!box || box->image < 0 || m->of.images[box->image].id != match->image_id || box->category < 0 ||
        m->of.categories[box->category].id != match->true_category_id)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected an annotation of id %" PRId64 " with image_id %" PRId64
                   " and category_id %" PRId64 ", as when it was evaluated", m->file, match->annotation_id,
                   match->image_id, match->true_category_id);
    FOVEA_CHECK_ARG(!m->changed[found], "%s: two of the mistakes change annotation %" PRId64 "; accept one of them",
                    m->file, match->annotation_id);
    m->changed[found] = true;
    *out = box;
    return FOVEA_OK;
}

static double rounded(double value)
{
    return round(value * 100) / 100;
}

/* The detection's box, cut to its picture, in hundredths of a pixel. */
static fovea_status fit(const mending *m, const fovea_match *match, const fovea__coco_image *image, double out[4])
{
    const double *b = match->box, corners[4] = {b[0], b[1], b[0] + b[2], b[1] + b[3]};
    fovea_box cut;
    bool good = fovea__dataset_fit(&cut, corners, image->width, image->height) < FOVEA__BOX_NOT_FINITE;
    if (good) {
        out[0] = rounded((double)cut.x0);
        out[1] = rounded((double)cut.y0);
        out[2] = rounded((double)cut.x1 - out[0]);
        out[3] = rounded((double)cut.y1 - out[1]);
        good = out[2] > 0 && out[3] > 0;
    }
    FOVEA_CHECK_ARG(good, "%s: a detection's box [%.10g, %.10g, %.10g, %.10g] has no area in the picture of id %"
                    PRId64, m->file, b[0], b[1], b[2], b[3], match->image_id);
    return FOVEA_OK;
}

/* ---- changing -------------------------------------------------------------------------------------------------- */

static fovea_status add(mending *m, const fovea_match *match)
{
    size_t image;
    double box[4];
    fovea__text text = {0};
    FOVEA_TRY(find_image(m, match, &image));
    FOVEA_TRY(check_category(m, match->category_id));
    FOVEA_TRY(fit(m, match, &m->of.images[image], box));
    const fovea_status made =
        fovea__coco_box_text(&text, m->next_box++, match->image_id, match->category_id, box, false);
    return fovea__edits_add(&m->edits, FOVEA__ANNOTATIONS, SIZE_MAX, NULL, &text, made);
}

static fovea_status change_class(mending *m, const fovea_match *match)
{
    const fovea__coco_box *box;
    fovea__text text = {0};
    FOVEA_TRY(find_box(m, match, &box));
    FOVEA_TRY(check_category(m, match->category_id));
    const fovea_status made = fovea__text_integer(&text, match->category_id);
    return fovea__edits_add(&m->edits, FOVEA__ANNOTATIONS, box->place, "category_id", &text, made);
}

static fovea_status move(mending *m, const fovea_match *match)
{
    const fovea__coco_box *box;
    double moved[4];
    FOVEA_TRY(find_box(m, match, &box));
    FOVEA_TRY(fit(m, match, &m->of.images[box->image], moved));
    fovea__text text = {0}, area = {0}, outline = {0};
    fovea_status made = fovea__coco_bbox_text(&text, moved);
    FOVEA_TRY(fovea__edits_add(&m->edits, FOVEA__ANNOTATIONS, box->place, "bbox", &text, made));
    made = fovea__text_number(&area, moved[2] * moved[3]);
    FOVEA_TRY(fovea__edits_add(&m->edits, FOVEA__ANNOTATIONS, box->place, "area", &area, made));
    if (!fovea__json_find(box->item, "segmentation"))
        return FOVEA_OK;
    made = fovea__text_word(&outline, "[]");
    return fovea__edits_add(&m->edits, FOVEA__ANNOTATIONS, box->place, "segmentation", &outline, made);
}

static fovea_status leave_out(mending *m, const fovea_match *match)
{
    const fovea__coco_box *box;
    FOVEA_TRY(find_box(m, match, &box));
    return fovea__edits_add(&m->edits, FOVEA__ANNOTATIONS, box->place, NULL, NULL, FOVEA_OK);
}

static fovea_status accept(mending *m, const fovea_match *match)
{
    switch (match->kind) {
    case FOVEA_MATCH_BACKGROUND:
    case FOVEA_MATCH_DUPLICATE: return add(m, match);
    case FOVEA_MATCH_WRONG_CLASS: return change_class(m, match);
    case FOVEA_MATCH_MISPLACED: return move(m, match);
    case FOVEA_MATCH_MISSED: return leave_out(m, match);
    case FOVEA_MATCH_RIGHT: break;
    }
    FOVEA_FAIL(FOVEA_ERROR_ARGUMENT, "%s: a match of kind %d is no mistake", m->file, (int)match->kind);
}

fovea_status fovea_annotations_mend(const char *images_dir, const char *annotations, fovea_format format,
                                    const fovea_match *accepted, size_t count, const char *path, int64_t *first_id)
{
    FOVEA_CHECK_ARG(images_dir && annotations && path && (accepted || count == 0),
                    "fovea_annotations_mend: images_dir, annotations, accepted or path is NULL");
    FOVEA_CHECK_ARG(!fovea__name_is_taken(path),
                    "%s: is there already and is not written over; name a new file for the mended copy", path);
    mending m = {.file = annotations};
    char *mended = NULL;
    size_t size = 0;
    fovea_status status = read(&m, images_dir, format);
    for (size_t i = 0; i < count && !status; i++)
        status = accept(&m, &accepted[i]);
    if (!status)
        status = fovea__coco_edit(&mended, &size, m.text.bytes, m.text.used, m.edits.items, m.edits.count, m.file);
    if (!status)
        status = fovea__file_write(path, mended, size);
    if (!status && first_id)
        *first_id = m.of.next_box;
    free(mended);
    fovea__edits_clear(&m.edits);
    free(m.changed);
    free(m.images.items);
    free(m.boxes.items);
    fovea__coco_index_clear(&m.of);
    cJSON_Delete(m.root);
    free(m.text.bytes);
    return status;
}
