/* The image ids that COCO-format annotations give to files. Failures are told on stderr. */
#ifndef FOVEA_APPS_IMAGE_IDS_H
#define FOVEA_APPS_IMAGE_IDS_H

#include "folder.h"
#include "fovea.h"

typedef struct image_ids {
    fovea_evaluator *annotations;
    struct image_id {
        const char *file_name; /* borrowed from the annotations */
        int64_t id;
    } *rows; /* in ascending file name */
    size_t count;
} image_ids;

/* Reads the annotations. Of `pictures`, those that they do not name are told in one warning; where that is all of them
 * it is a failure. */
bool image_ids_open(image_ids *out, const char *annotations, const folder_list *pictures);

/* The id of a path, which is or ends in an annotated file name (after a slash); the longest such name counts. False
 * where there is none. */
bool image_ids_find(const image_ids *ids, const char *path, int64_t *id);

/* Accepts a zeroed struct. */
void image_ids_close(image_ids *ids);

#endif
