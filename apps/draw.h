/* Boxes and labels drawn on a picture, so that they can be read on any ground and by people of any colour vision.
 * Failures are told on stderr. */
#ifndef FOVEA_APPS_DRAW_H
#define FOVEA_APPS_DRAW_H

#include "fovea.h"

typedef struct draw_colour {
    uint8_t r, g, b;
} draw_colour;

enum { DRAW_COLOURS = 20 };

/* The colour of a class: the same in every picture. Labels that are equal modulo DRAW_COLOURS share theirs. */
draw_colour draw_class_colour(int label);

/* Black or white, whichever has the stronger contrast on `ground`. */
draw_colour draw_text_colour(draw_colour ground);

typedef struct draw_box {
    float x0, y0, x1, y1; /* in pixels of the picture */
    int label;            /* chooses the colour */
    const char *text;     /* stands on the box's label, UTF-8; NULL: no label */
    bool dashed;          /* as for what a person annotated, beside what a model found */
} draw_box;

/* Draws boxes, times `scale`, on a picture; the first ones are drawn last and so on top, and labels keep clear of each
 * other while there is room. dot: pixels a dot of the letters. False where memory ran out; then none is drawn. */
bool draw_boxes(fovea_image *image, const draw_box *boxes, size_t count, double scale, int dot);

/* *out: a copy of `image` with the boxes drawn on it. A picture whose shorter side is below 400 pixels is enlarged by a
 * whole factor first, so that labels fit beside small objects. On failure *out is zeroed. */
bool draw_picture(fovea_image *out, const fovea_image *image, const draw_box *boxes, size_t count);

/* Fills x0..x1-1, y0..y1-1 as far as it lies in the picture. */
void draw_fill(fovea_image *image, int x0, int y0, int x1, int y1, draw_colour colour);

/* Writes UTF-8 text, whose marks may reach two dots above and below, and says how wide it is. Letters that the font
 * does not have look like question marks. */
void draw_text(fovea_image *image, int left, int top, int dot, const char *text, draw_colour colour);
int draw_text_width(const char *text, int dot);

#endif
