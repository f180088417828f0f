/* Reading a COCO file as far as it can be understood: what cannot is told, and the rest goes on. Pictures and categories
 * here, annotations in inspect_annotations.c. */
#include "inspection.h"

#include "json.h"
#include "memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *fovea__inspect_met(const fovea_inspection *in)
{
    const char *sentence = fovea_error();
    const size_t length = strlen(in->file);
    return strncmp(sentence, in->file, length) == 0 && strncmp(sentence + length, ": ", 2) == 0 ? sentence + length + 2
                                                                                                : sentence;
}

/* A list of the file, NULL after a fault where it is none. */
static fovea_status find_list(fovea_inspection *in, const cJSON **out, const cJSON *root, fovea__list list)
{
    const fovea__json_place place = {.file = in->file};
    fovea_fault fault = fovea__fault_of(FOVEA_FAULT_FORM);
    if (fovea__json_list(out, root, fovea__list_names[list], &place) == FOVEA_OK)
        return FOVEA_OK;
    *out = NULL;
    fault.mended = false;
    fault.fix = "write the three lists \"images\", \"categories\" and \"annotations\"";
    return fovea__inspection_tell(in, fault, 0, "%s", fovea__inspect_met(in));
}

size_t fovea__inspect_length(const cJSON *list)
{
    return list ? (size_t)cJSON_GetArraySize(list) : 0;
}

static fovea_status read_name(const char **out, const cJSON *item, const char *key, const fovea__json_place *place)
{
    FOVEA_TRY(fovea__json_text(out, item, key, place));
    if (!**out)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu] (id %lld).%s: expected a name, found an empty text", place->file,
                   place->list, place->index, (long long)*place->id, key);
    return FOVEA_OK;
}

fovea_status fovea__inspect_leave_out(fovea_inspection *in, fovea__list list, fovea_fault fault, size_t index)
{
    FOVEA_TRY(fovea__inspection_tell(in, fault, index, "%s", fovea__inspect_met(in)));
    return fovea__inspection_edit(in, list, index, NULL, NULL);
}

/* ---- pictures -------------------------------------------------------------------------------------------------- */

static char *join(const char *folder, const char *name)
{
    const size_t length = *name == '/' ? 0 : strlen(folder), slash = length > 0 && folder[length - 1] != '/';
    char *path = NULL;
    if (fovea__allocate(&path, length + slash + strlen(name) + 1, 1, "a picture's path"))
        return NULL;
    memcpy(path, folder, length);
    if (slash)
        path[length] = '/';
    strcpy(path + length + slash, name);
    return path;
}

static fovea_status read_picture(fovea__seen_picture *out, const cJSON *item, fovea__json_place *place,
                                 const char *images_dir)
{
    const char *name = NULL;
    out->id = FOVEA_NO_ID;
    FOVEA_TRY(fovea__json_expect_object(item, place));
    FOVEA_TRY(fovea__json_integer(&out->id, item, "id", place));
    place->id = &out->id;
    FOVEA_TRY(read_name(&name, item, "file_name", place));
    FOVEA_TRY(fovea__copy_text(&out->file_name, name));
    out->path = join(images_dir, name);
    return out->path ? FOVEA_OK : FOVEA_ERROR_MEMORY;
}

static fovea_status read_side(fovea_inspection *in, int *out, const cJSON *item, const char *key,
                              const fovea__seen_picture *picture, const fovea__json_place *place)
{
    int64_t side = 0;
    *out = 0;
    if (!fovea__json_find(item, key))
        return FOVEA_OK;
    fovea_status status = fovea__json_integer(&side, item, key, place);
    if (!status && (side < 0 || side > INT_MAX))
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: %s[%zu] (id %lld).%s: expected pixels, found %lld", place->file,
                             place->list, place->index, (long long)*place->id, key, (long long)side);
    if (!status) {
        *out = (int)side;
        return FOVEA_OK;
    }
    fovea_fault fault = fovea__fault_of(FOVEA_FAULT_FORM);
    fault.file_name = picture->file_name;
    fault.image_id = picture->id;
    fault.fix = "the file's size is written";
    return fovea__inspection_tell(in, fault, place->index, "%s", fovea__inspect_met(in));
}

static fovea_status read_images(fovea_inspection *in, const cJSON *list)
{
    FOVEA_TRY(fovea__allocate(&in->pictures, fovea__inspect_length(list), sizeof *in->pictures, "pictures"));
    in->n_pictures = fovea__inspect_length(list);
    size_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        fovea__json_place place = {.file = in->file, .list = "images", .index = index};
        fovea__seen_picture *picture = &in->pictures[index];
        picture->stands_for = index;
        const fovea_status status = read_picture(picture, item, &place, in->images_dir);
        if (status == FOVEA_ERROR_MEMORY)
            return status;
        if (status) {
            fovea_fault fault = fovea__fault_of(FOVEA_FAULT_FORM);
            fault.image_id = picture->id;
            picture->out = true;
            FOVEA_TRY(fovea__inspect_leave_out(in, FOVEA__IMAGES, fault, index));
        } else {
            FOVEA_TRY(read_side(in, &picture->width, item, "width", picture, &place));
            FOVEA_TRY(read_side(in, &picture->height, item, "height", picture, &place));
        }
        index++;
    }
    return FOVEA_OK;
}

fovea_fault fovea__inspect_fault_of_picture(const fovea__seen_picture *picture, fovea_fault_kind kind)
{
    fovea_fault fault = fovea__fault_of(kind);
    fault.file_name = picture->file_name;
    fault.image_id = picture->id;
    return fault;
}

/* Of two pictures with one id nobody can say whose boxes are whose; the first is taken for them. */
static fovea_status compare_picture_ids(fovea_inspection *in)
{
    fovea__keys *keys = &in->pictures_by_id;
    FOVEA_TRY(fovea__allocate(&keys->items, in->n_pictures, sizeof *keys->items, "pictures by id"));
    for (size_t i = 0; i < in->n_pictures; i++)
        if (in->pictures[i].file_name)
            keys->items[keys->count++] = (fovea__key){.id = in->pictures[i].id, .index = i};
    fovea__keys_sort(keys);
    const fovea__seen_picture *first = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        fovea__seen_picture *picture = &in->pictures[keys->items[i].index];
        if (!first || first->id != picture->id) {
            first = picture;
        } else if (strcmp(first->file_name, picture->file_name) != 0) {
            fovea_fault fault = fovea__inspect_fault_of_picture(picture, FOVEA_FAULT_ID_TWICE);
            fault.mended = false;
            fault.fix = "give one of the two another id, and its boxes the same";
            picture->out = true;
            FOVEA_TRY(fovea__inspection_tell(in, fault, keys->items[i].index,
                                             "images[%zu] %s has the id %lld of images[%zu] %s", keys->items[i].index,
                                             picture->file_name, (long long)picture->id,
                                             (size_t)(first - in->pictures), first->file_name));
        }
    }
    return FOVEA_OK;
}

static fovea_status compare_names(fovea_inspection *in)
{
    fovea__keys names = {0};
    FOVEA_TRY(fovea__allocate(&names.items, in->n_pictures, sizeof *names.items, "pictures by name"));
    for (size_t i = 0; i < in->n_pictures; i++)
        if (!in->pictures[i].out)
            names.items[names.count++] = (fovea__key){.text = in->pictures[i].file_name, .index = i};
    fovea__keys_sort(&names);
    fovea_status status = FOVEA_OK;
    size_t first = 0;
    for (size_t i = 1; i < names.count && !status; i++) {
        if (strcmp(names.items[i].text, names.items[first].text) != 0) {
            first = i;
            continue;
        }
        const size_t index = names.items[i].index, other = names.items[first].index;
        in->pictures[index].out = true;
        in->pictures[index].stands_for = other;
        const fovea_fault fault = fovea__inspect_fault_of_picture(&in->pictures[index], FOVEA_FAULT_PICTURE_TWICE);
        if (in->format == FOVEA_FORMAT_COCO)
            status = fovea__inspection_tell(in, fault, index, "images[%zu] (id %lld) lists %s once more, after images[%zu] "
                                            "(id %lld)", index, (long long)in->pictures[index].id, names.items[i].text,
                                            other, (long long)in->pictures[other].id);
        else
            status = fovea__inspection_tell(in, fault, index, "%s is annotated once more, by another file",
                                            names.items[i].text);
        if (!status)
            status = fovea__inspection_edit(in, FOVEA__IMAGES, index, NULL, NULL);
    }
    free(names.items);
    return status;
}

fovea_status fovea__inspect_others(fovea_inspection *in, const cJSON *root, const char *images_dir, const char *file)
{
    const cJSON *list = NULL, *item;
    fovea__json_place place = {.file = file};
    FOVEA_TRY(fovea__json_expect_object(root, &place));
    FOVEA_TRY(fovea__json_list(&list, root, "images", &place));
    FOVEA_TRY(fovea__allocate(&in->others, fovea__inspect_length(list), sizeof *in->others, "pictures"));
    in->n_others = fovea__inspect_length(list);
    size_t index = 0;
    cJSON_ArrayForEach(item, list)
    {
        place = (fovea__json_place){.file = file, .list = "images", .index = index};
        const fovea_status status = read_picture(&in->others[index], item, &place, images_dir);
        if (status == FOVEA_ERROR_MEMORY)
            return status;
        in->others[index].out = status != FOVEA_OK;
        index++;
    }
    return FOVEA_OK;
}

/* ---- categories ------------------------------------------------------------------------------------------------ */

static fovea_status name_by_id(fovea__seen_category *category)
{
    char name[32];
    snprintf(name, sizeof name, "%lld", (long long)category->id);
    return fovea__copy_text(&category->name, name);
}

static fovea_status read_category(fovea_inspection *in, fovea__seen_category *out, const cJSON *item, size_t index)
{
    fovea__json_place place = {.file = in->file, .list = "categories", .index = index};
    fovea_fault fault = fovea__fault_of(FOVEA_FAULT_FORM);
    const char *name = NULL;
    if (fovea__json_expect_object(item, &place) || fovea__json_integer(&out->id, item, "id", &place)) {
        out->out = true;
        return fovea__inspect_leave_out(in, FOVEA__CATEGORIES, fault, index);
    }
    place.id = &out->id;
    if (read_name(&name, item, "name", &place) == FOVEA_OK)
        return fovea__copy_text(&out->name, name);
    fault.category_id = out->id;
    fault.fix = "it gets its id for a name; rename it";
    FOVEA_TRY(fovea__inspection_tell(in, fault, index, "%s", fovea__inspect_met(in)));
    FOVEA_TRY(fovea__inspection_edit(in, FOVEA__CATEGORIES, index, "name", "\"%lld\"", (long long)out->id));
    return name_by_id(out);
}

static fovea_status tell_category_twice(fovea_inspection *in, size_t index, size_t first)
{
    fovea__seen_category *category = &in->categories[index];
    fovea_fault fault = fovea__fault_of(FOVEA_FAULT_ID_TWICE);
    fault.category_id = category->id;
    fault.mended = strcmp(category->name, in->categories[first].name) == 0;
    fault.fix = fault.mended ? "the later entry is left out"
                             : "give one of the two another id, and the boxes that are meant the same";
    category->out = true;
    FOVEA_TRY(fovea__inspection_tell(in, fault, index, "categories[%zu] \"%s\" has the id %lld of categories[%zu] "
                                     "\"%s\"", index, category->name, (long long)category->id, first,
                                     in->categories[first].name));
    return fault.mended ? fovea__inspection_edit(in, FOVEA__CATEGORIES, index, NULL, NULL) : FOVEA_OK;
}

fovea_status fovea__inspect_sort_categories(fovea_inspection *in)
{
    fovea__keys *keys = &in->categories_by_id;
    free(keys->items);
    keys->items = NULL;
    FOVEA_TRY(fovea__allocate(&keys->items, in->n_categories, sizeof *keys->items, "categories by id"));
    keys->count = 0;
    for (size_t i = 0; i < in->n_categories; i++)
        if (!in->categories[i].out)
            keys->items[keys->count++] = (fovea__key){.id = in->categories[i].id, .index = i};
    fovea__keys_sort(keys);
    size_t kept = 0;
    for (size_t i = 0; i < keys->count; i++)
        if (kept > 0 && keys->items[kept - 1].id == keys->items[i].id)
            FOVEA_TRY(tell_category_twice(in, keys->items[i].index, keys->items[kept - 1].index));
        else
            keys->items[kept++] = keys->items[i];
    keys->count = kept;
    return FOVEA_OK;
}

static fovea_status read_categories(fovea_inspection *in, const cJSON *list)
{
    const cJSON *item;
    FOVEA_TRY(fovea__grow(&in->categories, &in->categories_room, fovea__inspect_length(list) + 1, sizeof *in->categories,
                          "categories"));
    cJSON_ArrayForEach(item, list)
    {
        in->categories[in->n_categories] = (fovea__seen_category){.id = FOVEA_NO_ID};
        in->n_categories++;
        FOVEA_TRY(read_category(in, &in->categories[in->n_categories - 1], item, in->n_categories - 1));
    }
    FOVEA_TRY(fovea__inspect_sort_categories(in));
    const fovea__keys *keys = &in->categories_by_id;
    if (keys->count == 0)
        return FOVEA_OK;
    const int64_t low = keys->items[0].id, high = keys->items[keys->count - 1].id;
    if ((uint64_t)high - (uint64_t)low == keys->count - 1)
        return FOVEA_OK;
    fovea_fault note = fovea__fault_of(FOVEA_NOTE_GAPS);
    note.mended = false;
    return fovea__inspection_tell(in, note, 0,
                                  "the ids of the %zu categories go from %lld to %lld, with gaps", keys->count,
                                  (long long)low, (long long)high);
}

fovea_status fovea__inspect_declare(fovea_inspection *in, int64_t id)
{
    fovea__seen_category category = {.id = id, .undeclared = true};
    FOVEA_TRY(fovea__grow(&in->categories, &in->categories_room, in->n_categories + 1, sizeof category, "categories"));
    FOVEA_TRY(name_by_id(&category));
    in->categories[in->n_categories++] = category;
    return fovea__inspection_edit(in, FOVEA__CATEGORIES, SIZE_MAX, NULL, "{\"id\": %lld, \"name\": \"%lld\"}",
                                  (long long)id, (long long)id);
}

fovea_status fovea__inspect_lists(fovea_inspection *in, const cJSON *root)
{
    const cJSON *list = NULL;
    FOVEA_TRY(find_list(in, &list, root, FOVEA__IMAGES));
    FOVEA_TRY(read_images(in, list));
    FOVEA_TRY(compare_picture_ids(in));
    FOVEA_TRY(compare_names(in));
    FOVEA_TRY(find_list(in, &list, root, FOVEA__CATEGORIES));
    FOVEA_TRY(read_categories(in, list));
    FOVEA_TRY(find_list(in, &list, root, FOVEA__ANNOTATIONS));
    return fovea__inspect_annotations(in, list);
}
