/* Contact sheets, see sheet.h. */
#include "sheet.h"

#include "font.h"
#include "pick_device.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 8, CAPTION_HEIGHT = FONT_HEIGHT + 6 };

static const draw_colour ground = {32, 32, 32}, ink = {224, 224, 224};

/* Adds a stretch of a row of pixels, times `weight`, to the sums of the output's columns: each gets what it covers. */
static void add_row(double *sums, int n_out, const uint8_t *row, int n_in, double weight)
{
    const double step = (double)n_in / n_out;
    for (int i = 0; i < n_out; i++) {
        const double from = i * step, to = (i + 1) * step;
        for (int x = (int)from; x < n_in && x < to; x++) {
            const double share = weight * (fmin(x + 1, to) - fmax(x, from));
            for (int c = 0; c < 3; c++)
                sums[3 * i + c] += share * row[3 * x + c];
        }
    }
}

/* Makes `out` of the whole of `image`, each pixel the mean of the area that it covers. */
static bool resample(fovea_image *out, const fovea_image *image)
{
    const size_t n = 3 * (size_t)out->width;
    const double step_x = (double)image->width / out->width, step_y = (double)image->height / out->height;
    double *sums = malloc(n * sizeof *sums);
    if (!sums) {
        fputs("fovea: out of memory for a thumbnail\n", stderr);
        return false;
    }
    for (int i = 0; i < out->height; i++) {
        const double from = i * step_y, to = (i + 1) * step_y;
        memset(sums, 0, n * sizeof *sums);
        for (int y = (int)from; y < image->height && y < to; y++)
            add_row(sums, out->width, image->pixels + 3 * (size_t)y * (size_t)image->width, image->width,
                    fmin(y + 1, to) - fmax(y, from));
        for (size_t k = 0; k < n; k++)
            out->pixels[(size_t)i * n + k] = (uint8_t)fmin(255, sums[k] / (step_x * step_y) + 0.5);
    }
    free(sums);
    return true;
}

static int rounded(double side)
{
    return side < 1 ? 1 : (int)(side + 0.5);
}

bool sheet_thumbnail(fovea_image *out, const fovea_image *image, int width, int height, const draw_box *boxes,
                     size_t count)
{
    const double scale = fmin((double)width / image->width, (double)height / image->height);
    if (!told(fovea_image_create(out, rounded(scale * image->width), rounded(scale * image->height))))
        return false;
    const bool good = resample(out, image) && draw_boxes(out, boxes, count, scale, 1);
    if (!good)
        fovea_image_clear(out);
    return good;
}

bool sheet_create(sheet *out, size_t count, int cell_width, int cell_height)
{
    const int width = cell_width > 0 ? cell_width : 240, height = cell_height > 0 ? cell_height : 180;
    const int wanted = (int)ceil(sqrt((double)count * 4 / 3 * height / width));
    const int columns = wanted < (int)count ? wanted : (int)count;
    const int rows = ((int)count + columns - 1) / columns;
    *out = (sheet){.columns = columns, .rows = rows, .cell_width = width, .cell_height = height};
    const int whole_width = GAP + columns * (width + GAP), whole_height = GAP + rows * (height + CAPTION_HEIGHT + GAP);
    if (!told(fovea_image_create(&out->image, whole_width, whole_height))) {
        *out = (sheet){0};
        return false;
    }
    draw_fill(&out->image, 0, 0, out->image.width, out->image.height, ground);
    return true;
}

/* The caption's end where it is wider than the cell, after two dots. */
static void write_caption(sheet *s, int left, int top, const char *caption)
{
    const int room = s->cell_width / FONT_ADVANCE;
    const char *at = caption;
    while (draw_text_width(at, 1) > room * FONT_ADVANCE)
        at++;
    if (at > caption && room > 4) {
        for (int skipped = 0; *at && (skipped < 2 || (*at & 0xc0) == 0x80); at++)
            skipped += (*at & 0xc0) != 0x80;
        draw_text(&s->image, left, top, 1, "..", ink);
        left += draw_text_width("..", 1);
    }
    draw_text(&s->image, left, top, 1, at, ink);
}

bool sheet_add(sheet *s, const fovea_image *image, const draw_box *boxes, size_t count, const char *caption)
{
    const int column = (int)(s->used % (size_t)s->columns), row = (int)(s->used / (size_t)s->columns);
    fovea_image small = {0};
    if (!sheet_thumbnail(&small, image, s->cell_width, s->cell_height, boxes, count))
        return false;
    const int left = GAP + column * (s->cell_width + GAP);
    const int top = GAP + row * (s->cell_height + CAPTION_HEIGHT + GAP);
    const int x = left + (s->cell_width - small.width) / 2, y = top + (s->cell_height - small.height) / 2;
    for (int i = 0; i < small.height; i++)
        memcpy(s->image.pixels + 3 * ((size_t)(y + i) * (size_t)s->image.width + (size_t)x),
               small.pixels + 3 * (size_t)i * (size_t)small.width, 3 * (size_t)small.width);
    fovea_image_clear(&small);
    if (caption)
        write_caption(s, left, top + s->cell_height + 3, caption);
    s->used++;
    return true;
}

void sheet_clear(sheet *s)
{
    fovea_image_clear(&s->image);
    *s = (sheet){0};
}
