/* Annotations of any format as one COCO document: Pascal VOC and YOLO are put into COCO's words here, so that the rules
 * about boxes, their warnings and evaluation are the same for all.
 *   annotations  tells formats apart; makes documents
 *   voc          Pascal VOC's XML; voc_xml one file of it
 *   yolo         YOLO's text; yolo_line a line of it, yolo_names its data.yaml and lists of names
 *   sidecar      what fovea_dataset_convert() put beside VOC and YOLO, as these cannot hold it */
#ifndef FOVEA_DATA_ANNOTATIONS_H
#define FOVEA_DATA_ANNOTATIONS_H

#include "json.h"
#include "json_text.h"
#include "listing.h"

/* Reads annotations; *out is freed with cJSON_Delete(). unread: as in fovea__json_read(). */
fovea_status fovea__annotations_read(cJSON **out, const char *images_dir, const char *annotations, fovea_format format,
                                     const char *unread);

/* "#val" of "data.yaml#val"; NULL where there is none, also where a file or folder has the whole for its name. */
const char *fovea__annotations_split(const char *annotations);

/* Tells *format by content where it is FOVEA_FORMAT_ANY. */
fovea_status fovea__annotations_tell(fovea_format *format, const char *annotations);

/* The same for who looks for faults: what cannot be understood of Pascal VOC and YOLO is left out, each a sentence in
 * `met`; pictures that cannot be read have no size and no box. *format: as given, or told by content. */
fovea_status fovea__annotations_look(cJSON **out, const char *images_dir, const char *annotations, fovea_format *format,
                                     const char *unread, fovea__listing *met);

/* The same as a text, for who writes it in another form: of COCO the file's bytes; of the others a document that
 * keeps in members "voc" and "yolo" what COCO has no words for. places: pictures have the names that they had
 * before they were converted, and where they have others by now `places` gets these; NULL: they have those of now.
 * plain: nothing of that, the boxes alone. *format: as given, or told by content. */
fovea_status fovea__annotations_text(fovea__text *out, fovea__listing *places, fovea_format *format,
                                     const char *images_dir, const char *annotations, bool plain);

/* A COCO document being made. Begin, add, end; or drop. */
typedef struct fovea__document {
    cJSON *root, *images, *categories, *annotations;
    int64_t n_images, n_annotations;
    cJSON *last_image;
    fovea__listing *met; /* gets what cannot be understood; NULL: that is a failure */
} fovea__document;

fovea_status fovea__document_begin(fovea__document *document);
fovea_status fovea__document_category(fovea__document *document, int64_t id, const char *name);

/* Keeps the sentence of what was met in a file and goes on, where the document does so; else gives back the status. */
fovea_status fovea__document_pass(const fovea__document *document, fovea_status status);

/* Ids count from 1. width and height: 0 where not known. */
fovea_status fovea__document_picture(fovea__document *document, const char *file_name, int width, int height);

/* A box x0 y0 x1 y1 of the picture `image_id`. */
fovea_status fovea__document_box(fovea__document *document, int64_t image_id, int64_t category_id,
                                 const double corners[4], bool crowd);

/* Keeps a text as the member `key` of the object `format` in the root or in an entry. */
fovea_status fovea__document_keep(cJSON *in, const char *format, const char *key, const char *text);
void fovea__document_drop(fovea__document *document);

/* *out: annotations in VOC's or YOLO's form. `annotations` and images_dir as fovea_dataset_open() has them. extras:
 * with the files' own text, as {"voc": {"name", "xml"}} and {"yolo": {"labels"}} of pictures and {"yolo": {"yaml"}}
 * of all. met: as in fovea__document. */
fovea_status fovea__voc_read(cJSON **out, const char *annotations, bool extras, fovea__listing *met);
fovea_status fovea__yolo_read(cJSON **out, const char *images_dir, const char *annotations, bool extras,
                              fovea__listing *met);

/* Of ImageSets/Main/LIST.txt the folder Annotations of that data set; *out freed with free(), NULL where there is
 * none. */
fovea_status fovea__voc_list_folder(char **out, const char *list);

#endif
