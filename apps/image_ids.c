/* Image ids by file name, see image_ids.h. */
#include "image_ids.h"

#include "pick_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct image_id *)a)->file_name, ((const struct image_id *)b)->file_name);
}

static bool read_rows(image_ids *out, const char *annotations)
{
    if (!told(fovea_evaluator_open(&out->annotations, annotations)))
        return false;
    out->count = fovea_evaluator_pictures(out->annotations);
    out->rows = calloc(out->count ? out->count : 1, sizeof *out->rows);
    if (!out->rows) {
        fprintf(stderr, "fovea: out of memory for %zu image ids\n", out->count);
        return false;
    }
    for (size_t i = 0; i < out->count; i++)
        if (!told(fovea_evaluator_picture(out->annotations, i, &out->rows[i].id, &out->rows[i].file_name)))
            return false;
    qsort(out->rows, out->count, sizeof *out->rows, by_name);
    return true;
}

bool image_ids_open(image_ids *out, const char *annotations, const folder_list *pictures)
{
    *out = (image_ids){0};
    if (!read_rows(out, annotations))
        return false;
    size_t unknown = 0;
    const char *first = NULL;
    for (size_t i = pictures->count; i-- > 0;) {
        int64_t id;
        if (!image_ids_find(out, pictures->paths[i], &id)) {
            unknown++;
            first = pictures->paths[i];
        }
    }
    if (unknown > 0 && unknown == pictures->count) {
        fprintf(stderr, "fovea: %s: names none of the pictures; %s is the first\n", annotations, first);
        return false;
    }
    if (unknown > 0)
        fprintf(stderr, "warning: %s names %zu of %zu pictures; those without an image id are left out of the COCO "
                        "results, %s is the first\n",
                annotations, pictures->count - unknown, pictures->count, first);
    return true;
}

bool image_ids_find(const image_ids *ids, const char *path, int64_t *id)
{
    for (const char *name = path; name;) {
        const struct image_id key = {.file_name = name},
                              *row = bsearch(&key, ids->rows, ids->count, sizeof *ids->rows, by_name);
        if (row && *name) {
            *id = row->id;
            return true;
        }
        const char *slash = strchr(name, '/');
        name = slash ? slash + 1 : NULL;
    }
    return false;
}

void image_ids_close(image_ids *ids)
{
    free(ids->rows);
    fovea_evaluator_close(ids->annotations);
    *ids = (image_ids){0};
}
