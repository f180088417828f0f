/* What fovea_dataset_convert() is made of.
 *   convert         reads, plans, checks, writes, tells
 *   convert_names   the names that pictures get in the new place
 *   convert_files   files and pictures to be put somewhere, none of them over another
 *   voc_write, yolo_write   the files of these formats from a COCO document
 *   sidecar         what stands beside these */
#ifndef FOVEA_DATA_CONVERT_H
#define FOVEA_DATA_CONVERT_H

#include "coco_index.h"
#include "json_text.h"

/* Names by which pictures stand in VOC's or YOLO's folders, one an image of the document, each the only one with
 * its stem: VOC: without folders ("a/b.jpg" is "a_b.jpg"). YOLO: in a folder SPLIT, without "..". They follow from
 * the document and the split alone. */
fovea_status fovea__convert_names(char ***out, const fovea__coco_index *of, fovea_format format, const char *split);
void fovea__convert_names_free(char **names, size_t count);

/* Makes a name that no folder can be left by: "..", "." and control characters are gone; *out freed with free(). */
fovea_status fovea__convert_safe(char **out, const char *name);

/* Length of a name without its ending. */
size_t fovea__convert_stem(const char *name);

/* The XML of a picture that is called `name`. Where the document keeps XML of it that still says the same, that;
 * where it says something else, that with the difference. size: 0 where not known. plain: whatever the document
 * keeps. */
fovea_status fovea__voc_render(fovea__text *out, const fovea__coco_index *of, size_t image, const char *name,
                               const int size[2], bool plain);

/* The class numbers of a document's categories, freed with free(): their ids where it came from YOLO, else their
 * order. */
fovea_status fovea__yolo_numbers(int **out, const fovea__coco_index *of, bool plain);

/* The labels of a picture, as the XML above. */
fovea_status fovea__yolo_render(fovea__text *out, const fovea__coco_index *of, const int *numbers, size_t image,
                                const int size[2], bool plain);

/* data.yaml with a split's pictures at `place`. was: what the file holds already, NULL where it is not there; it
 * must have the same names. */
fovea_status fovea__yolo_yaml(fovea__text *out, const fovea__coco_index *of, const int *numbers, const char *split,
                              const char *place, const char *was, const char *path, bool plain);

/* ---- files ----------------------------------------------------------------------------------------------------- */

typedef struct fovea__output {
    char *path, *text, *source; /* text, or a picture's file */
    size_t size;
    bool link;     /* of a picture: not a copy */
    bool replaces; /* a text whose place may hold another one */
} fovea__output;

typedef struct fovea__outputs {
    fovea__output *items;
    size_t count, room;
} fovea__outputs;

/* Adds folder/name with a text, which is taken also on failure, or with a picture. */
fovea_status fovea__outputs_text(fovea__outputs *to, const char *folder, const char *name, fovea__text *text,
                                 bool replaces);
fovea_status fovea__outputs_picture(fovea__outputs *to, const char *folder, const char *name, const char *source,
                                    bool link);

/* Fails where a place holds something else, or a picture is not there. */
fovea_status fovea__outputs_check(const fovea__outputs *outputs);

/* Puts all in place; *written: those that were not there. */
fovea_status fovea__outputs_write(const fovea__outputs *outputs, size_t *written);
void fovea__outputs_clear(fovea__outputs *outputs);

#endif
