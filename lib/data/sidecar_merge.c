/* What files say now, put into the COCO document that they were made of, see sidecar.h. */
#include "sidecar.h"

#include "box_finder.h"
#include "convert.h"
#include "inspection.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- merging --------------------------------------------------------------------------------------------------- */

typedef struct merger {
    fovea_format format;
    bool texts;
    fovea__listing *places; /* NULL: pictures get the files' names */
    const char *split;
    fovea__coco_index kept, native; /* the document; what the files say */
    char **names;                   /* of the document's pictures in the files */
    int *numbers;                   /* YOLO's, of the document's categories */
    ptrdiff_t *images;              /* the document's picture of each of the files', FOVEA__NOWHERE: a new one */
    ptrdiff_t *categories;          /* the same */
    int64_t *category_ids;          /* that the files' classes have in the end, 0: nobody asked yet */
    bool *used;                     /* the document's boxes that the files have */
    bool *there;                    /* its pictures */
    int64_t next_category, next_box;
    fovea__edits edits;
} merger;

static fovea_status edit_text(merger *m, fovea__list list, size_t index, const char *key, const char *value)
{
    fovea__text text = {0};
    return fovea__edits_add(&m->edits, list, index, key, &text, fovea__text_quote(&text, value));
}

static fovea_status edit_integer(merger *m, fovea__list list, size_t index, const char *key, int64_t value)
{
    fovea__text text = {0};
    return fovea__edits_add(&m->edits, list, index, key, &text, fovea__text_integer(&text, value));
}

/* ---- categories ------------------------------------------------------------------------------------------------ */

static ptrdiff_t kept_category(const merger *m, const fovea__coco_category *of)
{
    for (size_t i = 0; i < m->kept.n_categories; i++)
        if (m->format == FOVEA_FORMAT_YOLO ? m->numbers[i] == of->id
                                           : fovea__same_name(m->kept.categories[i].name, of->name))
            return (ptrdiff_t)i;
    return FOVEA__NOWHERE;
}

static fovea_status new_category(merger *m, size_t native)
{
    const fovea__coco_category *of = &m->native.categories[native];
    const bool numbered = m->format == FOVEA_FORMAT_YOLO && of->id >= m->next_category;
    const int64_t id = m->category_ids[native] = numbered ? of->id : m->next_category;
    m->next_category = id + 1;
    fovea__text text = {0};
    fovea_status status = fovea__text_word(&text, "{\"id\": ");
    if (!status)
        status = fovea__text_integer(&text, id);
    if (!status)
        status = fovea__text_word(&text, ", \"name\": ");
    if (!status)
        status = fovea__text_quote(&text, of->name);
    if (!status)
        status = fovea__text_word(&text, "}");
    return fovea__edits_add(&m->edits, FOVEA__CATEGORIES, SIZE_MAX, NULL, &text, status);
}

/* YOLO's classes are known by their numbers: another name is a new name. Of VOC's list a class that no box has may be
 * another list's. */
static fovea_status merge_categories(merger *m)
{
    for (size_t i = 0; i < m->native.n_categories; i++) {
        const fovea__coco_category *of = &m->native.categories[i];
        const ptrdiff_t kept = m->categories[i] = kept_category(m, of);
        if (kept >= 0) {
            const fovea__coco_category *was = &m->kept.categories[kept];
            m->category_ids[i] = was->id;
            if (!fovea__same_name(was->name, of->name))
                FOVEA_TRY(edit_text(m, FOVEA__CATEGORIES, was->place, "name", of->name));
        } else if (m->format == FOVEA_FORMAT_YOLO) {
            FOVEA_TRY(new_category(m, i));
        }
    }
    return FOVEA_OK;
}

/* ---- pictures and boxes ---------------------------------------------------------------------------------------- */

typedef struct name_of {
    const char *name;
    size_t index;
} name_of;

static int by_name(const void *a, const void *b)
{
    const name_of *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* Finds the document's pictures by their names in the files or, where pictures stayed where they were, by their own. */
static fovea_status find_images(merger *m)
{
    const size_t count = m->kept.n_images;
    name_of *names = NULL;
    FOVEA_TRY(fovea__allocate(&names, 2 * count, sizeof *names, "names of pictures"));
    for (int own = 0; own < 2; own++) {
        name_of *part = names + (own ? count : 0);
        for (size_t i = 0; i < count; i++)
            part[i] = (name_of){own ? m->kept.images[i].file_name : m->names[i], i};
        if (count > 1)
            qsort(part, count, sizeof *part, by_name);
    }
    for (size_t i = 0; i < m->native.n_images; i++) {
        m->images[i] = FOVEA__NOWHERE;
        for (int own = 0; own < 2 && m->images[i] < 0; own++) {
            const char *name = m->native.images[i].file_name;
            size_t low = own ? count : 0, high = low + count;
            while (low < high) {
                const size_t middle = low + (high - low) / 2;
                if (strcmp(names[middle].name, name) < 0)
                    low = middle + 1;
                else
                    high = middle;
            }
            const size_t end = own ? 2 * count : count;
            while (low < end && strcmp(names[low].name, name) == 0 && m->there[names[low].index])
                low++;
            if (low < end && strcmp(names[low].name, name) == 0) {
                m->images[i] = (ptrdiff_t)names[low].index;
                m->there[names[low].index] = true;
            }
        }
    }
    free(names);
    return FOVEA_OK;
}

static fovea_status new_box(merger *m, const fovea__coco_box *box, int64_t image_id)
{
    fovea__text text = {0};
    if (m->category_ids[box->category] == 0 && m->categories[box->category] < 0)
        FOVEA_TRY(new_category(m, (size_t)box->category));
    const fovea_status made = fovea__coco_box_text(&text, m->next_box++, image_id, m->category_ids[box->category],
                                                   box->box, box->crowd);
    return fovea__edits_add(&m->edits, FOVEA__ANNOTATIONS, SIZE_MAX, NULL, &text, made);
}

typedef struct meant {
    ptrdiff_t category; /* of the document */
    bool crowd;
} meant;

static bool is_meant(const void *context, const fovea__coco_box *box)
{
    const meant *m = context;
    return box->category >= 0 && box->category == m->category && box->crowd == m->crowd;
}

static fovea_status merge_boxes(merger *m, const fovea__coco_image *native, const fovea__coco_image *kept)
{
    const int size[2] = {native->width, native->height};
    fovea__box_finder finder;
    fovea_status status =
        fovea__box_finder_make(&finder, m->kept.boxes + kept->first, kept->count, m->used + kept->first, size);
    for (size_t i = native->first; i < native->first + native->count && !status; i++) {
        const fovea__coco_box *box = &m->native.boxes[i];
        const meant sought = {m->categories[box->category], box->crowd};
        double corners[4];
        fovea__box_corners(corners, box);
        if (!fovea__box_finder_take(&finder, corners, is_meant, &sought))
            status = new_box(m, box, kept->id);
    }
    fovea__box_finder_clear(&finder);
    return status;
}

static fovea_status new_image(merger *m, const fovea__coco_image *native, int64_t id)
{
    fovea__text text = {0};
    fovea_status status = fovea__text_word(&text, "{\"id\": ");
    if (!status)
        status = fovea__text_integer(&text, id);
    const cJSON *member;
    cJSON_ArrayForEach(member, native->item)
    {
        if (strcmp(member->string, "id") == 0)
            continue;
        if (!status)
            status = fovea__text_word(&text, ", ");
        if (!status)
            status = fovea__text_quote(&text, member->string);
        if (!status)
            status = fovea__text_word(&text, ": ");
        if (!status)
            status = fovea__text_json(&text, member);
    }
    if (!status)
        status = fovea__text_word(&text, "}");
    FOVEA_TRY(fovea__edits_add(&m->edits, FOVEA__IMAGES, SIZE_MAX, NULL, &text, status));
    for (size_t i = native->first; i < native->first + native->count; i++)
        FOVEA_TRY(new_box(m, &m->native.boxes[i], id));
    return FOVEA_OK;
}

/* Keeps a file's own text where it is not what the document's entry would make. */
static fovea_status merge_text(merger *m, const fovea__coco_image *native, size_t kept)
{
    const bool voc = m->format == FOVEA_FORMAT_VOC;
    const char *const key = voc ? "voc" : "yolo";
    const char *const text = fovea__coco_extra(native->item, key, voc ? "xml" : "labels");
    const int size[2] = {native->width, native->height};
    fovea__text made = {0}, value = {0};
    if (!text)
        return FOVEA_OK;
    fovea_status status = voc ? fovea__voc_render(&made, &m->kept, kept, native->file_name, size, false)
                              : fovea__yolo_render(&made, &m->kept, m->numbers, kept, size, false);
    if (!status && strcmp(made.bytes ? made.bytes : "", text) != 0)
        status = fovea__edits_add(&m->edits, FOVEA__IMAGES, kept, key, &value,
                                  fovea__text_json(&value, fovea__json_find(native->item, key)));
    free(made.bytes);
    return status;
}

static fovea_status merge_image(merger *m, size_t index, int64_t *next_image)
{
    const fovea__coco_image *native = &m->native.images[index];
    if (m->images[index] < 0)
        return new_image(m, native, (*next_image)++);
    const size_t at = (size_t)m->images[index];
    const fovea__coco_image *kept = &m->kept.images[at];
    if (m->format == FOVEA_FORMAT_VOC && kept->width > 0 && kept->height > 0 && native->width > 0 &&
        native->height > 0) {
        if (kept->width != native->width)
            FOVEA_TRY(edit_integer(m, FOVEA__IMAGES, at, "width", native->width));
        if (kept->height != native->height)
            FOVEA_TRY(edit_integer(m, FOVEA__IMAGES, at, "height", native->height));
    }
    if (!m->places && strcmp(kept->file_name, native->file_name) != 0)
        FOVEA_TRY(edit_text(m, FOVEA__IMAGES, at, "file_name", native->file_name));
    if (m->texts)
        FOVEA_TRY(merge_text(m, native, at));
    return merge_boxes(m, native, kept);
}

/* Leaves out what the files have no longer. */
static fovea_status drop(merger *m)
{
    for (size_t i = 0; i < m->kept.n_images; i++)
        if (!m->there[i])
            FOVEA_TRY(fovea__edits_add(&m->edits, FOVEA__IMAGES, i, NULL, NULL, FOVEA_OK));
    for (size_t i = 0; i < m->kept.n_boxes; i++) {
        const fovea__coco_box *box = &m->kept.boxes[i];
        if (box->image >= 0 && !m->used[i] && (!m->there[box->image] || fovea__format_holds(m->format, box)))
            FOVEA_TRY(fovea__edits_add(&m->edits, FOVEA__ANNOTATIONS, box->place, NULL, NULL, FOVEA_OK));
    }
    return FOVEA_OK;
}

static fovea_status list_places(merger *m)
{
    const char **names = NULL;
    FOVEA_TRY(fovea__allocate(&names, m->kept.n_images, sizeof *names, "pictures"));
    for (size_t i = 0; i < m->native.n_images; i++)
        if (m->images[i] >= 0)
            names[m->images[i]] = m->native.images[i].file_name;
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < m->kept.n_images && !status; i++)
        if (names[i])
            status = fovea__listing_add(m->places, names[i]);
    for (size_t i = 0; i < m->native.n_images && !status; i++)
        if (m->images[i] < 0)
            status = fovea__listing_add(m->places, m->native.images[i].file_name);
    free(names);
    return status;
}

static fovea_status merge(merger *m)
{
    int64_t next_image = m->kept.next_image;
    m->next_category = m->kept.next_category;
    m->next_box = m->kept.next_box;
    FOVEA_TRY(fovea__convert_names(&m->names, &m->kept, m->format, m->split));
    FOVEA_TRY(fovea__yolo_numbers(&m->numbers, &m->kept, false));
    FOVEA_TRY(fovea__allocate(&m->images, m->native.n_images, sizeof *m->images, "pictures"));
    FOVEA_TRY(fovea__allocate(&m->categories, m->native.n_categories, sizeof *m->categories, "classes"));
    FOVEA_TRY(fovea__allocate(&m->category_ids, m->native.n_categories, sizeof *m->category_ids, "classes"));
    FOVEA_TRY(fovea__allocate(&m->used, m->kept.n_boxes, sizeof *m->used, "boxes"));
    FOVEA_TRY(fovea__allocate(&m->there, m->kept.n_images, sizeof *m->there, "pictures"));
    FOVEA_TRY(merge_categories(m));
    FOVEA_TRY(find_images(m));
    for (size_t i = 0; i < m->native.n_images; i++)
        FOVEA_TRY(merge_image(m, i, &next_image));
    FOVEA_TRY(drop(m));
    return m->places ? list_places(m) : FOVEA_OK;
}

static void clear(merger *m)
{
    fovea__convert_names_free(m->names, m->kept.n_images);
    fovea__edits_clear(&m->edits);
    free(m->numbers);
    free(m->images);
    free(m->categories);
    free(m->category_ids);
    free(m->used);
    free(m->there);
    fovea__coco_index_clear(&m->kept);
    fovea__coco_index_clear(&m->native);
}

fovea_status fovea__sidecar_apply(fovea__text *out, const fovea__sidecar *kept, const cJSON *native,
                                  fovea_format format, const char *annotations, bool texts, fovea__listing *places)
{
    merger m = {.format = format, .texts = texts, .places = places, .split = kept->split};
    cJSON *root = NULL;
    FOVEA_TRY(fovea__json_parse(&root, kept->text, kept->size, kept->path, texts ? NULL : "segmentation"));
    fovea_status status = fovea__coco_index_make(&m.kept, root, kept->path);
    if (!status)
        status = fovea__coco_index_make(&m.native, native, annotations);
    if (!status)
        status = merge(&m);
    if (!status)
        status = fovea__coco_edit(&out->bytes, &out->used, kept->text, kept->size, m.edits.items, m.edits.count,
                                  kept->path);
    clear(&m);
    cJSON_Delete(root);
    return status;
}
