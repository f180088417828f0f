/* COCO's JSON for training. Evaluation reads the same files by other rules and has a reader of its own. */
#ifndef FOVEA_DATA_COCO_H
#define FOVEA_DATA_COCO_H

#include "json.h"

/* Polygons and masks are most of COCO's files, and training does not ask for them. */
#define FOVEA__COCO_UNREAD "segmentation"

/* A data set from a COCO document; `file` stands for it in messages. */
fovea_status fovea__coco_take(fovea_dataset **out, const char *images_dir, const cJSON *root, const char *file);

/* The same from a text in memory; `name` stands for the file in messages, and images_dir need not be
 * there. */
fovea_status fovea__coco_parse(fovea_dataset **out, const char *images_dir, const char *text, size_t size_bytes,
                               const char *name);

#endif
