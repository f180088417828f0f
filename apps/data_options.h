/* Which data set: the options that train, evaluate, inspect and convert have alike. */
#ifndef FOVEA_APPS_DATA_OPTIONS_H
#define FOVEA_APPS_DATA_OPTIONS_H

#include "options.h"

typedef struct data_options {
    const char *images, *annotations;
    int format; /* a fovea_format */
} data_options;

/* The rows of a table whose struct `type` has them as its field .data. */
#define DATA_OPTIONS_ROWS(type)                                                                                  \
    {"images", "DIR", "The folder that the annotations' file names start from (of YOLO its folder \"images\").", \
     .kind = OPTIONS_TEXT, .at = offsetof(type, data.images)},                                                   \
    {"annotations", "FILE", "The annotated boxes: COCO JSON; Pascal VOC, a folder of XML or a list in "           \
     "ImageSets/Main; or YOLO, data.yaml (data.yaml#val: its split val) or a folder of labels with "             \
     "classes.txt.", .kind = OPTIONS_TEXT, .at = offsetof(type, data.annotations)},                              \
    {"format", "NAME", "What the annotations are in: coco, voc, yolo or any (any: told by content).",            \
     .kind = OPTIONS_CHOICE, .at = offsetof(type, data.format), .choices = options_formats}

#endif
