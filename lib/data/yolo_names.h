/* YOLO's data.yaml: the part of YAML that such files are written in, and plain lists of names. */
#ifndef FOVEA_DATA_YOLO_NAMES_H
#define FOVEA_DATA_YOLO_NAMES_H

#include "listing.h"

typedef struct fovea__yolo_names {
    fovea__listing classes;  /* by index */
    fovea__listing pictures; /* what the split names: folders of pictures or lists of them */
    char *root;              /* "path", "" where there is none */
} fovea__yolo_names;

/* Reads `names`, `path` and the key `split` of a data.yaml: "key: value" at the line's begin; values are words, quoted or
 * plain, lists ([a, b] or lines with "- ") and, for names, {0: a, 1: b} or lines "0: a". To be cleared, also on failure. */
fovea_status fovea__yolo_names_read(fovea__yolo_names *out, const char *path, const char *split);

/* The same of a text; none of the split is no failure. */
fovea_status fovea__yolo_names_parse(fovea__yolo_names *out, const char *text, const char *path, const char *split);

/* A name a line. */
fovea_status fovea__yolo_names_list(fovea__yolo_names *out, const char *path);
void fovea__yolo_names_clear(fovea__yolo_names *names);

#endif
