/* Annotations of any format as one COCO document: Pascal VOC and YOLO are put into COCO's words here, so that the rules
 * about boxes, their warnings and evaluation are the same for all.
 *   annotations  tells formats apart; makes documents
 *   voc          Pascal VOC's XML
 *   yolo         YOLO's text; yolo_names its data.yaml and lists of names */
#ifndef FOVEA_DATA_ANNOTATIONS_H
#define FOVEA_DATA_ANNOTATIONS_H

#include "json.h"

/* Reads annotations; *out is freed with cJSON_Delete(). unread: as in fovea__json_read(). */
fovea_status fovea__annotations_read(cJSON **out, const char *images_dir, const char *annotations, fovea_format format,
                                     const char *unread);

/* A COCO document being made. Begin, add, end; or drop. */
typedef struct fovea__document {
    cJSON *root, *images, *categories, *annotations;
    int64_t n_images, n_annotations;
} fovea__document;

fovea_status fovea__document_begin(fovea__document *document);
fovea_status fovea__document_category(fovea__document *document, int64_t id, const char *name);

/* Ids count from 1. width and height: 0 where not known. */
fovea_status fovea__document_picture(fovea__document *document, const char *file_name, int width, int height);

/* A box x0 y0 x1 y1 of the picture `image_id`. */
fovea_status fovea__document_box(fovea__document *document, int64_t image_id, int64_t category_id,
                                 const double corners[4], bool crowd);
void fovea__document_drop(fovea__document *document);

/* *out: annotations in VOC's or YOLO's form. `annotations` and images_dir as fovea_dataset_open() has them. */
fovea_status fovea__voc_read(cJSON **out, const char *annotations);
fovea_status fovea__yolo_read(cJSON **out, const char *images_dir, const char *annotations);

/* Of ImageSets/Main/LIST.txt the folder Annotations of that data set; *out freed with free(), NULL where there is none. */
fovea_status fovea__voc_list_folder(char **out, const char *list);

#endif
