/* Reads a COCO data set for training: {"images": [{"id", "file_name", "width"?, "height"?}], "categories": [{"id",
 * "name"}], "annotations": [{"id", "image_id", "category_id", "bbox": [x, y, width, height], "iscrowd"?}]}.
 * What cannot be understood is an error; boxes that cannot be trained on are left out with a warning. */
#include "coco.h"

#include "dataset.h"
#include "memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    int64_t id;
    size_t index; /* in the list of the file */
    const cJSON *item;
} entry;

/* One of the three lists, sorted by id. */
typedef struct table {
    const char *name;
    const cJSON *items;
    entry *entries;
    size_t count;
} table;

/* Annotations of one kind that were left out, told in one sentence. */
typedef struct tally {
    size_t count;
    char first[400];
} tally;

typedef struct reader {
    const char *file, *images_dir;
    fovea_dataset *set;
    table images, categories, annotations;
    tally crowds, strangers;
} reader;

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* NULL where no entry has that id. */
static const entry *find(const table *in, int64_t id)
{
    size_t low = 0, high = in->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (in->entries[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < in->count && in->entries[low].id == id ? &in->entries[low] : NULL;
}

static fovea_status read_table(table *out, const cJSON *root, const char *name, const char *file)
{
    fovea__json_place place = {.file = file};
    FOVEA_TRY(fovea__json_list(&out->items, root, name, &place));
    out->name = place.list = name;
    out->count = (size_t)cJSON_GetArraySize(out->items);
    FOVEA_TRY(fovea__allocate(&out->entries, out->count, sizeof *out->entries, name));
    entry *next = out->entries;
    const cJSON *item;
    cJSON_ArrayForEach(item, out->items)
    {
        FOVEA_TRY(fovea__json_expect_object(item, &place));
        FOVEA_TRY(fovea__json_integer(&next->id, item, "id", &place));
        next->item = item;
        next->index = place.index++;
        next++;
    }
    qsort(out->entries, out->count, sizeof *out->entries, compare_entries);
    for (size_t i = 1; i < out->count; i++)
        if (out->entries[i].id == out->entries[i - 1].id)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].id: expected an id of its own, found %lld, which is %s[%zu]'s",
                       file, name, out->entries[i].index, (long long)out->entries[i].id, name,
                       out->entries[i - 1].index);
    return FOVEA_OK;
}

/* A text with at least one character. */
static fovea_status read_name(const char **out, const cJSON *item, const char *key, const fovea__json_place *place)
{
    FOVEA_TRY(fovea__json_text(out, item, key, place));
    if (!**out)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu] (id %lld).%s: expected a name, found an empty text", place->file,
                   place->list, place->index, (long long)*place->id, key);
    return FOVEA_OK;
}

/* Labels are the categories in ascending id. */
static fovea_status read_categories(reader *r)
{
    for (size_t i = 0; i < r->categories.count; i++) {
        const entry *from = &r->categories.entries[i];
        const fovea__json_place place = {.file = r->file, .list = "categories", .index = from->index, .id = &from->id};
        const char *name = NULL;
        FOVEA_TRY(read_name(&name, from->item, "name", &place));
        FOVEA_TRY(fovea__copy_text(&r->set->names[i], name));
        r->set->category_ids[i] = from->id;
    }
    return FOVEA_OK;
}

/* Width or height: 0 where the file does not say. */
static fovea_status read_side(int *out, const cJSON *item, const char *key, const fovea__json_place *place)
{
    int64_t side = 0;
    if (fovea__json_find(item, key))
        FOVEA_TRY(fovea__json_integer(&side, item, key, place));
    if (side < 0 || side > INT_MAX)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu] (id %lld).%s: expected pixels, found %lld", place->file,
                   place->list, place->index, (long long)*place->id, key, (long long)side);
    *out = (int)side;
    return FOVEA_OK;
}

static fovea_status read_images(reader *r)
{
    for (size_t i = 0; i < r->images.count; i++) {
        const entry *from = &r->images.entries[i];
        const fovea__json_place place = {.file = r->file, .list = "images", .index = from->index, .id = &from->id};
        fovea_picture *picture = &r->set->pictures[from->index];
        const char *name = NULL;
        picture->id = from->id;
        FOVEA_TRY(read_name(&name, from->item, "file_name", &place));
        FOVEA_TRY(read_side(&picture->width, from->item, "width", &place));
        FOVEA_TRY(read_side(&picture->height, from->item, "height", &place));
        FOVEA_TRY(fovea__dataset_name_picture(r->set, from->index, r->images_dir, name));
    }
    return FOVEA_OK;
}

/* What one annotation says, checked for its form. */
typedef struct annotation {
    int64_t id, image_id, category_id;
    double box[4]; /* x y width height */
    bool crowd;
} annotation;

static fovea_status read_annotation(annotation *out, const cJSON *item, fovea__json_place *place)
{
    double crowd = 0.0;
    FOVEA_TRY(fovea__json_integer(&out->id, item, "id", place));
    place->id = &out->id;
    FOVEA_TRY(fovea__json_integer(&out->image_id, item, "image_id", place));
    FOVEA_TRY(fovea__json_integer(&out->category_id, item, "category_id", place));
    FOVEA_TRY(fovea__json_numbers(out->box, 4, item, "bbox", place));
    if (fovea__json_find(item, "iscrowd"))
        FOVEA_TRY(fovea__json_number(&crowd, item, "iscrowd", place));
    out->crowd = crowd != 0.0;
    return FOVEA_OK;
}

static void count(tally *counted, size_t index, const annotation *from, const char *where)
{
    if (counted->count++ == 0)
        snprintf(counted->first, sizeof counted->first, "annotations[%zu] (id %lld)%s%s", index, (long long)from->id,
                 *where ? " in " : "", where);
}

static fovea_status warn_of_box(const reader *r, size_t index, const annotation *from, const fovea_picture *picture,
                                fovea__box_fate fate)
{
    static const char *const faults[] = {
        [FOVEA__BOX_CLIPPED] = "reaches outside; it was clipped",
        [FOVEA__BOX_NOT_FINITE] = "is not finite; it was left out",
        [FOVEA__BOX_EMPTY] = "has zero area; it was left out",
        [FOVEA__BOX_OUTSIDE] = "lies outside; it was left out",
    };
    char size[48] = "";
    if (picture->width > 0 && picture->height > 0)
        snprintf(size, sizeof size, " of %dx%d", picture->width, picture->height);
    return fovea__dataset_warn(r->set,
                               "%s: annotations[%zu] (id %lld) in %s%s: the box [%.10g, %.10g, %.10g, %.10g] %s",
                               r->file, index, (long long)from->id, picture->file_name, size, from->box[0],
                               from->box[1], from->box[2], from->box[3], faults[fate]);
}

static fovea_status take_annotation(reader *r, const cJSON *item, size_t index)
{
    fovea__json_place place = {.file = r->file, .list = "annotations", .index = index};
    annotation a;
    FOVEA_TRY(read_annotation(&a, item, &place));
    const entry *category = find(&r->categories, a.category_id);
    if (!category)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT,
                   "%s: annotations[%zu] (id %lld).category_id: expected the id of one of the %zu "
                   "categories, found %lld",
                   r->file, index, (long long)a.id, r->categories.count, (long long)a.category_id);
    const entry *image = find(&r->images, a.image_id);
    if (!image) {
        char where[64];
        snprintf(where, sizeof where, "image_id %lld", (long long)a.image_id);
        count(&r->strangers, index, &a, where);
        return FOVEA_OK;
    }
    const fovea_picture *picture = &r->set->pictures[image->index];
    if (a.crowd) {
        count(&r->crowds, index, &a, picture->file_name);
        return FOVEA_OK;
    }
    const double corners[4] = {a.box[0], a.box[1], a.box[0] + a.box[2], a.box[1] + a.box[3]};
    const int label = (int)(category - r->categories.entries);
    fovea__box_fate fate;
    FOVEA_TRY(fovea__dataset_add_box(r->set, image->index, label, corners, &fate));
    return fate == FOVEA__BOX_KEPT ? FOVEA_OK : warn_of_box(r, index, &a, picture, fate);
}

static fovea_status read_annotations(reader *r)
{
    size_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, r->annotations.items)
    {
        FOVEA_TRY(take_annotation(r, item, index++));
    }
    if (r->crowds.count)
        FOVEA_TRY(fovea__dataset_warn(r->set,
                                      "%s: annotations of crowds (iscrowd 1) were left out: %zu, the first is %s",
                                      r->file, r->crowds.count, r->crowds.first));
    if (r->strangers.count)
        FOVEA_TRY(fovea__dataset_warn(r->set,
                                      "%s: annotations of pictures that are not in \"images\" were left out: %zu, "
                                      "the first is %s",
                                      r->file, r->strangers.count, r->strangers.first));
    return fovea__dataset_finish(r->set, r->file);
}

static fovea_status read_root(reader *r, const cJSON *root)
{
    FOVEA_TRY(fovea__json_expect_object(root, &(fovea__json_place){.file = r->file}));
    FOVEA_TRY(read_table(&r->images, root, "images", r->file));
    FOVEA_TRY(read_table(&r->categories, root, "categories", r->file));
    FOVEA_TRY(read_table(&r->annotations, root, "annotations", r->file));
    FOVEA_TRY(fovea__dataset_create(&r->set, r->images.count, (int)r->categories.count));
    FOVEA_TRY(read_categories(r));
    FOVEA_TRY(read_images(r));
    return read_annotations(r);
}

fovea_status fovea__coco_take(fovea_dataset **out, const char *images_dir, const cJSON *root, const char *file)
{
    *out = NULL;
    reader r = {.file = file, .images_dir = images_dir};
    const fovea_status status = read_root(&r, root);
    free(r.images.entries);
    free(r.categories.entries);
    free(r.annotations.entries);
    if (status)
        fovea_dataset_close(r.set);
    else
        *out = r.set;
    return status;
}

fovea_status fovea__coco_parse(fovea_dataset **out, const char *images_dir, const char *text, size_t size_bytes,
                               const char *name)
{
    *out = NULL;
    cJSON *root = NULL;
    FOVEA_TRY(fovea__json_parse(&root, text, size_bytes, name, FOVEA__COCO_UNREAD));
    const fovea_status status = fovea__coco_take(out, images_dir, root, name);
    cJSON_Delete(root);
    return status;
}
