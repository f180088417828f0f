/* Writing safetensors files, byte for byte as the format's own library does: tensors by type (the widest first, so that
 * each is aligned), then by name; the header padded with blanks to a multiple of 8. Assumes a little-endian host. */
#include "safetensors.h"

#include "file.h"
#include "memory.h"

#include <cjson/cJSON.h>

#include <stdlib.h>
#include <string.h>

/* An item in its place of the file. */
typedef struct placed {
    const fovea__safetensors_item *item;
    size_t size_bytes;
} placed;

static int compare_placed(const void *a, const void *b)
{
    const placed *left = a, *right = b;
    if (left->item->dtype != right->item->dtype)
        return left->item->dtype > right->item->dtype ? -1 : 1;
    return strcmp(left->item->name, right->item->name);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Fails where one of the texts stands there twice or is the format's own key. */
static fovea_status check_names(const char *path, const char **names, size_t count)
{
    qsort(names, count, sizeof *names, compare_texts);
    for (size_t i = 0; i < count; i++) {
        FOVEA_CHECK_ARG(strcmp(names[i], "__metadata__") != 0, "%s: no tensor may be called __metadata__", path);
        FOVEA_CHECK_ARG(i == 0 || strcmp(names[i - 1], names[i]) != 0, "%s: \"%s\" is to be written twice", path,
                        names[i]);
    }
    return FOVEA_OK;
}

static fovea_status check_content(const char *path, const fovea__safetensors_content *content)
{
    const size_t count = content->n_items > content->n_metadata ? content->n_items : content->n_metadata;
    const char **names = NULL;
    FOVEA_TRY(fovea__allocate(&names, count, sizeof *names, "names"));
    for (size_t i = 0; i < content->n_items; i++)
        names[i] = content->items[i].name;
    fovea_status status = check_names(path, names, content->n_items);
    for (size_t i = 0; i < content->n_metadata; i++)
        names[i] = content->metadata[i].key;
    if (!status)
        status = check_names(path, names, content->n_metadata);
    free(names);
    return status;
}

static fovea_status place_items(const char *path, const fovea__safetensors_content *content, placed *places)
{
    for (size_t i = 0; i < content->n_items; i++) {
        const fovea__safetensors_item *item = &content->items[i];
        FOVEA_CHECK_ARG(item->data || content->fill, "%s: tensor %s has no data", path, item->name);
        FOVEA_CHECK_ARG(item->n_dims >= 0 && item->n_dims <= FOVEA__SAFETENSORS_MAX_DIMS,
                        "%s: tensor %s has %d dimensions, at most %d are expected", path, item->name, item->n_dims,
                        FOVEA__SAFETENSORS_MAX_DIMS);
        size_t size = fovea__dtype_size(item->dtype);
        for (int d = 0; d < item->n_dims; d++) {
            FOVEA_CHECK_ARG(!item->shape[d] || size <= PTRDIFF_MAX / item->shape[d], "%s: tensor %s is too large", path,
                            item->name);
            size *= item->shape[d];
        }
        places[i] = (placed){item, size};
    }
    qsort(places, content->n_items, sizeof *places, compare_placed);
    return FOVEA_OK;
}

/* ---- the header ------------------------------------------------------------------------------------------------ */

static bool add_number(cJSON *array, size_t value)
{
    cJSON *number = cJSON_CreateNumber((double)value);
    if (cJSON_AddItemToArray(array, number))
        return true;
    cJSON_Delete(number);
    return false;
}

/* {"dtype": ..., "shape": [...], "data_offsets": [begin, end]}; false where memory ran out. */
static bool describe(cJSON *header, const placed *place, size_t begin)
{
    const fovea__safetensors_item *item = place->item;
    cJSON *entry = cJSON_AddObjectToObject(header, item->name);
    bool good = cJSON_AddStringToObject(entry, "dtype", fovea__dtype_name(item->dtype)) != NULL;
    cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
    for (int d = 0; d < item->n_dims; d++)
        good = add_number(shape, item->shape[d]) && good;
    cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
    return add_number(offsets, begin) && add_number(offsets, begin + place->size_bytes) && shape && good;
}

/* *text: the header as JSON, freed with cJSON_free(). */
static fovea_status make_header(char **text, const fovea__safetensors_content *content, const placed *places)
{
    cJSON *header = cJSON_CreateObject();
    bool good = header != NULL;
    if (content->n_metadata) {
        cJSON *metadata = cJSON_AddObjectToObject(header, "__metadata__");
        for (size_t i = 0; i < content->n_metadata; i++) {
            const fovea__safetensors_pair *pair = &content->metadata[i];
            good = cJSON_AddStringToObject(metadata, pair->key, pair->value) && good;
        }
    }
    size_t begin = 0;
    for (size_t i = 0; i < content->n_items; i++) {
        good = describe(header, &places[i], begin) && good;
        begin += places[i].size_bytes;
    }
    *text = good ? cJSON_PrintUnformatted(header) : NULL;
    cJSON_Delete(header);
    if (!*text)
        FOVEA_FAIL(FOVEA_ERROR_MEMORY, "out of memory for a safetensors header");
    return FOVEA_OK;
}

static fovea_status put_header(fovea__file_writer *writer, const char *text)
{
    const size_t used = strlen(text);
    const uint64_t length = (used + 7) / 8 * 8;
    FOVEA_TRY(fovea__file_put(writer, &length, 8));
    FOVEA_TRY(fovea__file_put(writer, text, used));
    return fovea__file_put(writer, "       ", (size_t)length - used);
}

/* ---- the tensors ----------------------------------------------------------------------------------------------- */

static fovea_status put_items(fovea__file_writer *writer, const fovea__safetensors_content *content,
                              const placed *places)
{
    char *room = NULL;
    size_t room_bytes = 0;
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; !status && i < content->n_items; i++) {
        const fovea__safetensors_item *item = places[i].item;
        const void *data = item->data;
        if (!data) {
            status = fovea__grow(&room, &room_bytes, places[i].size_bytes, 1, item->name);
            if (!status)
                status = content->fill(content->fill_context, (size_t)(item - content->items), room,
                                       places[i].size_bytes);
            data = room;
        }
        if (!status)
            status = fovea__file_put(writer, data, places[i].size_bytes);
    }
    free(room);
    return status;
}

fovea_status fovea__safetensors_write(const char *path, const fovea__safetensors_content *content)
{
    placed *places = NULL;
    char *header = NULL;
    fovea__file_writer writer = {0};
    fovea_status status = check_content(path, content);
    if (!status)
        status = fovea__allocate(&places, content->n_items, sizeof *places, "a safetensors header");
    if (!status)
        status = place_items(path, content, places);
    if (!status)
        status = make_header(&header, content, places);
    if (!status)
        status = fovea__file_begin(&writer, path);
    if (!status)
        status = put_header(&writer, header);
    if (!status)
        status = put_items(&writer, content, places);
    if (!status)
        status = fovea__file_commit(&writer);
    else
        fovea__file_abandon(&writer);
    cJSON_free(header);
    free(places);
    return status;
}
