/* A line of YOLO's labels. */
#ifndef FOVEA_DATA_YOLO_LINE_H
#define FOVEA_DATA_YOLO_LINE_H

#include "status.h"

typedef struct fovea__yolo_line {
    bool empty;       /* the line has no word: nothing else is set */
    double class_number;
    double bounds[4]; /* x0 y0 x1 y1 as shares of the picture */
} fovea__yolo_line;

/* Reads a line, whose words are cut apart: class, centre x and y, width and height, or class and a polygon.
 * `number` and path: for messages. */
fovea_status fovea__yolo_line_read(fovea__yolo_line *out, char *line, const char *path, size_t number);

/* Cuts the next line off *rest, which is then behind it; NULL behind the last. */
char *fovea__yolo_line_cut(char **rest);

#endif
