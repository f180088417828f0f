/* Contact sheets: pictures with their boxes, scaled down into a grid. Failures are told on stderr. */
#ifndef FOVEA_APPS_SHEET_H
#define FOVEA_APPS_SHEET_H

#include "draw.h"

/* *out: `image` with its sides' ratio kept, as large as fits into width x height, and the boxes drawn on it. Each pixel
 * is the mean of what it covers. On failure *out is zeroed. */
bool sheet_thumbnail(fovea_image *out, const fovea_image *image, int width, int height, const draw_box *boxes,
                     size_t count);

typedef struct sheet {
    fovea_image image; /* the sheet as far as it is filled */
    int columns, rows, cell_width, cell_height;
    size_t used; /* cells so far */
} sheet;

/* A sheet for `count` pictures, 1 to 1,000, in cells of so many pixels (0 0: 240 x 180) and a line for the caption
 * each; its sides are about 4:3. On failure *out is zeroed. */
bool sheet_create(sheet *out, size_t count, int cell_width, int cell_height);

/* Fills the next cell. caption: a line under the picture, of which the end is shown where it is too long (a path);
 * NULL: none. Nothing of what is passed is kept. The caller adds no more than `count` pictures. */
bool sheet_add(sheet *s, const fovea_image *image, const draw_box *boxes, size_t count, const char *caption);

/* Frees the picture and zeroes the struct. */
void sheet_clear(sheet *s);

#endif
