/* fovea.SPLIT.json, which fovea_dataset_convert() writes beside Pascal VOC's and YOLO's files: the COCO document
 * that they were made of, byte by byte. Reading the files again, an entry of it counts while the files still say
 * the same of it:
 *   - a picture while it is in them, a box while they have one of its class within TOLERANCE in its picture;
 *   - what they cannot hold (YOLO: crowds) while its picture is there.
 * All else in them is new: whoever edits the files has the last word. Where nothing was edited the bytes come back. */
#ifndef FOVEA_DATA_SIDECAR_H
#define FOVEA_DATA_SIDECAR_H

#include "coco_index.h"
#include "json_text.h"
#include "listing.h"

/* *out, to be freed, NULL on failure: the document with the edits of `native`, which was read from `annotations`.
 * *found: there was a document beside them. places NULL: pictures are called as in the files. Else as in the
 * document, and each one's name in the files is added to `places`, in the order of *out. texts: what else was
 * edited in XML or labels is in members "voc" and "yolo" of *out. */
fovea_status fovea__sidecar_merge(fovea__text *out, bool *found, const cJSON *native, fovea_format format,
                                  const char *annotations, bool texts, fovea__listing *places);

/* The same of a document at hand. */
typedef struct fovea__sidecar {
    const char *text, *path, *split;
    size_t size;
} fovea__sidecar;

fovea_status fovea__sidecar_apply(fovea__text *out, const fovea__sidecar *kept, const cJSON *native,
                                  fovea_format format, const char *annotations, bool texts, fovea__listing *places);

/* Can boxes of that format say this one? */
bool fovea__format_holds(fovea_format format, const fovea__coco_box *box);

/* Are boxes the same, given by corners, in a picture of that size (0: not known)? */
bool fovea__same_corners(const double a[4], const double b[4], const int size[2]);
double fovea__corner_tolerance(const int size[2]); /* how far corners of the same box may be apart, in pixels */
void fovea__box_corners(double out[4], const fovea__coco_box *box);

/* Are names the same but for blanks around them, which XML does not keep? */
bool fovea__same_name(const char *a, const char *b);

#endif
