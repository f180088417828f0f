/* A COCO document by its relations, for who changes its form: pictures in file order with their boxes, categories, and
 * where each stands in its list. Nothing is left out, boxes of unknown pictures or categories neither. */
#ifndef FOVEA_DATA_COCO_INDEX_H
#define FOVEA_DATA_COCO_INDEX_H

#include "json.h"
#include "json_text.h"

enum { FOVEA__NOWHERE = -1 };

#define FOVEA__NEW_IDS (INT64_C(1) << 32) /* more than entries have room in memory */

typedef struct fovea__coco_image {
    int64_t id;
    const char *file_name;
    int width, height; /* 0: not said */
    const cJSON *item;
    size_t first, count; /* of its boxes */
} fovea__coco_image;

typedef struct fovea__coco_category {
    int64_t id;
    const char *name;
    size_t place; /* in the file's list */
} fovea__coco_category;

typedef struct fovea__coco_box {
    ptrdiff_t image, category; /* FOVEA__NOWHERE: the document has none of that id */
    double box[4];             /* x y width height */
    bool crowd;
    size_t place;
    const cJSON *item;
} fovea__coco_box;

typedef struct fovea__coco_index {
    const cJSON *root;
    const char *file; /* for messages */
    fovea__coco_image *images;
    fovea__coco_category *categories; /* by ascending id */
    fovea__coco_box *boxes;           /* by image, then in file order; those of no image last */
    size_t n_images, n_categories, n_boxes;
    int64_t next_image, next_category, next_box; /* these and FOVEA__NEW_IDS - 1 above them none has */
} fovea__coco_index;

/* Everything is borrowed from root. To be cleared, also on failure. */
fovea_status fovea__coco_index_make(fovea__coco_index *out, const cJSON *root, const char *file);
void fovea__coco_index_clear(fovea__coco_index *index);

/* Appends a box as an entry of "annotations"; its area is width * height. */
fovea_status fovea__coco_box_text(fovea__text *to, int64_t id, int64_t image_id, int64_t category_id,
                                  const double box[4], bool crowd);

/* Appends "[x, y, width, height]". */
fovea_status fovea__coco_bbox_text(fovea__text *to, const double box[4]);

/* The text KEY in the object that bears a format's name ("voc", "yolo"), which keeps of an entry or of the document
 * what only that format can say; NULL where there is none. */
const char *fovea__coco_extra(const cJSON *of, const char *format, const char *key);

#endif
