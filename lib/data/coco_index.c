/* Documents by their relations, see coco_index.h. */
#include "coco_index.h"

#include "memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct id_of {
    int64_t id;
    size_t index;
} id_of;

static int by_id(const void *a, const void *b)
{
    const id_of *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_category_id(const void *a, const void *b)
{
    const fovea__coco_category *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_image(const void *a, const void *b)
{
    const fovea__coco_box *x = a, *y = b;
    if (x->image != y->image)
        return (size_t)x->image < (size_t)y->image ? -1 : 1; /* FOVEA__NOWHERE is last */
    return x->place < y->place ? -1 : x->place > y->place;
}

static ptrdiff_t find(const id_of *ids, size_t count, int64_t id)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ids[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && ids[low].id == id ? (ptrdiff_t)ids[low].index : FOVEA__NOWHERE;
}

/* Where ids for new entries begin: FOVEA__NEW_IDS that none of `count` sorted ones has. Above all of these, or where
 * the largest leaves too little room, from 1 on in the first gap that is wide enough: fewer than 2^30 ids, as many as
 * a file has room for, cannot leave all gaps below INT64_MAX narrower. */
static int64_t first_new(const id_of *ids, size_t count)
{
    const int64_t largest = count ? ids[count - 1].id : 0;
    int64_t next = 1;
    if (largest <= INT64_MAX - FOVEA__NEW_IDS)
        return largest > 0 ? largest + 1 : next;
    for (size_t i = 0; i < count && (ids[i].id < next || ids[i].id - next < FOVEA__NEW_IDS); i++)
        if (ids[i].id >= next)
            next = ids[i].id + 1;
    return next;
}

/* A list of objects with ids of their own; *ids, freed with free(), is sorted by them. */
static fovea_status read_ids(id_of **ids, const cJSON **list, size_t *count, int64_t *next, const cJSON *root,
                             fovea__json_place *place)
{
    const char *name = place->list;
    place->list = NULL;
    FOVEA_TRY(fovea__json_list(list, root, name, place));
    place->list = name;
    *count = (size_t)cJSON_GetArraySize(*list);
    FOVEA_TRY(fovea__allocate(ids, *count, sizeof **ids, name));
    const cJSON *item;
    place->index = 0;
    cJSON_ArrayForEach(item, *list)
    {
        id_of *one = &(*ids)[place->index];
        FOVEA_TRY(fovea__json_expect_object(item, place));
        FOVEA_TRY(fovea__json_integer(&one->id, item, "id", place));
        one->index = place->index++;
    }
    if (*count > 1)
        qsort(*ids, *count, sizeof **ids, by_id);
    for (size_t i = 1; i < *count; i++)
        if ((*ids)[i].id == (*ids)[i - 1].id)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].id: expected an id of its own, found %lld, which is %s[%zu]'s",
                       place->file, name, (*ids)[i].index, (long long)(*ids)[i].id, name, (*ids)[i - 1].index);
    *next = first_new(*ids, *count);
    return FOVEA_OK;
}

static fovea_status read_name(const char **out, const cJSON *item, const char *key, const fovea__json_place *place)
{
    FOVEA_TRY(fovea__json_text(out, item, key, place));
    if (!**out)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].%s: expected a name, found an empty text", place->file, place->list,
                   place->index, key);
    return FOVEA_OK;
}

/* Width or height; 0 where the file does not say. */
static fovea_status read_side(int *out, const cJSON *item, const char *key, const fovea__json_place *place)
{
    int64_t side = 0;
    if (fovea__json_find(item, key))
        FOVEA_TRY(fovea__json_integer(&side, item, key, place));
    if (side < 0 || side > INT_MAX)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].%s: expected pixels, found %lld", place->file, place->list,
                   place->index, key, (long long)side);
    *out = (int)side;
    return FOVEA_OK;
}

static fovea_status read_images(fovea__coco_index *to, id_of **ids)
{
    fovea__json_place place = {.file = to->file, .list = "images"};
    const cJSON *list, *item;
    FOVEA_TRY(read_ids(ids, &list, &to->n_images, &to->next_image, to->root, &place));
    FOVEA_TRY(fovea__allocate(&to->images, to->n_images, sizeof *to->images, "a data set's pictures"));
    for (size_t i = 0; i < to->n_images; i++)
        to->images[(*ids)[i].index].id = (*ids)[i].id;
    place.index = 0;
    cJSON_ArrayForEach(item, list)
    {
        fovea__coco_image *image = &to->images[place.index];
        image->item = item;
        FOVEA_TRY(read_name(&image->file_name, item, "file_name", &place));
        FOVEA_TRY(read_side(&image->width, item, "width", &place));
        FOVEA_TRY(read_side(&image->height, item, "height", &place));
        place.index++;
    }
    return FOVEA_OK;
}

static fovea_status read_categories(fovea__coco_index *to, id_of **ids)
{
    fovea__json_place place = {.file = to->file, .list = "categories"};
    const cJSON *list, *item;
    FOVEA_TRY(read_ids(ids, &list, &to->n_categories, &to->next_category, to->root, &place));
    FOVEA_TRY(fovea__allocate(&to->categories, to->n_categories, sizeof *to->categories, "a data set's classes"));
    for (size_t i = 0; i < to->n_categories; i++)
        to->categories[(*ids)[i].index].id = (*ids)[i].id;
    place.index = 0;
    cJSON_ArrayForEach(item, list)
    {
        fovea__coco_category *category = &to->categories[place.index];
        category->place = place.index;
        FOVEA_TRY(read_name(&category->name, item, "name", &place));
        place.index++;
    }
    if (to->n_categories > 1)
        qsort(to->categories, to->n_categories, sizeof *to->categories, by_category_id);
    for (size_t i = 0; i < to->n_categories; i++)
        (*ids)[i].index = i;
    return FOVEA_OK;
}

static fovea_status read_box(fovea__coco_box *out, const cJSON *item, const fovea__coco_index *of,
                             const id_of *image_ids, const id_of *category_ids, const fovea__json_place *place)
{
    int64_t image_id, category_id;
    double crowd = 0.0;
    FOVEA_TRY(fovea__json_integer(&image_id, item, "image_id", place));
    FOVEA_TRY(fovea__json_integer(&category_id, item, "category_id", place));
    FOVEA_TRY(fovea__json_numbers(out->box, 4, item, "bbox", place));
    if (fovea__json_find(item, "iscrowd"))
        FOVEA_TRY(fovea__json_number(&crowd, item, "iscrowd", place));
    out->image = find(image_ids, of->n_images, image_id);
    out->category = find(category_ids, of->n_categories, category_id);
    out->crowd = crowd != 0.0;
    out->place = place->index;
    out->item = item;
    return FOVEA_OK;
}

static fovea_status read_boxes(fovea__coco_index *to, id_of **ids, const id_of *image_ids, const id_of *category_ids)
{
    fovea__json_place place = {.file = to->file, .list = "annotations"};
    const cJSON *list, *item;
    FOVEA_TRY(read_ids(ids, &list, &to->n_boxes, &to->next_box, to->root, &place));
    FOVEA_TRY(fovea__allocate(&to->boxes, to->n_boxes, sizeof *to->boxes, "a data set's boxes"));
    place.index = 0;
    cJSON_ArrayForEach(item, list)
    {
        FOVEA_TRY(read_box(&to->boxes[place.index], item, to, image_ids, category_ids, &place));
        place.index++;
    }
    if (to->n_boxes > 1)
        qsort(to->boxes, to->n_boxes, sizeof *to->boxes, by_image);
    for (size_t i = 0; i < to->n_boxes && to->boxes[i].image >= 0; i++) {
        fovea__coco_image *image = &to->images[to->boxes[i].image];
        if (image->count++ == 0)
            image->first = i;
    }
    return FOVEA_OK;
}

fovea_status fovea__coco_index_make(fovea__coco_index *out, const cJSON *root, const char *file)
{
    *out = (fovea__coco_index){.root = root, .file = file};
    id_of *images = NULL, *categories = NULL, *boxes = NULL;
    fovea_status status = fovea__json_expect_object(root, &(fovea__json_place){.file = file});
    if (!status)
        status = read_images(out, &images);
    if (!status)
        status = read_categories(out, &categories);
    if (!status)
        status = read_boxes(out, &boxes, images, categories);
    free(images);
    free(categories);
    free(boxes);
    return status;
}

void fovea__coco_index_clear(fovea__coco_index *index)
{
    free(index->images);
    free(index->categories);
    free(index->boxes);
    *index = (fovea__coco_index){0};
}

fovea_status fovea__coco_bbox_text(fovea__text *to, const double box[4])
{
    for (int i = 0; i < 4; i++) {
        FOVEA_TRY(fovea__text_word(to, i ? ", " : "["));
        FOVEA_TRY(fovea__text_number(to, box[i]));
    }
    return fovea__text_word(to, "]");
}

fovea_status fovea__coco_box_text(fovea__text *to, int64_t id, int64_t image_id, int64_t category_id,
                                  const double box[4], bool crowd)
{
    FOVEA_TRY(fovea__text_word(to, "{\"id\": "));
    FOVEA_TRY(fovea__text_integer(to, id));
    FOVEA_TRY(fovea__text_word(to, ", \"image_id\": "));
    FOVEA_TRY(fovea__text_integer(to, image_id));
    FOVEA_TRY(fovea__text_word(to, ", \"category_id\": "));
    FOVEA_TRY(fovea__text_integer(to, category_id));
    FOVEA_TRY(fovea__text_word(to, ", \"bbox\": "));
    FOVEA_TRY(fovea__coco_bbox_text(to, box));
    FOVEA_TRY(fovea__text_word(to, ", \"area\": "));
    FOVEA_TRY(fovea__text_number(to, box[2] * box[3]));
    return fovea__text_word(to, crowd ? ", \"iscrowd\": 1}" : ", \"iscrowd\": 0}");
}

const char *fovea__coco_extra(const cJSON *of, const char *format, const char *key)
{
    const fovea__json_place nowhere = {.file = ""};
    const cJSON *extra = fovea__json_find(of, format), *item = fovea__json_find(extra, key);
    const char *text = NULL;
    return cJSON_IsString(item) && !fovea__json_text(&text, extra, key, &nowhere) ? text : NULL;
}
