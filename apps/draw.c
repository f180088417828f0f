/* Drawing of boxes and labels, see draw.h. Every line has a dark edge, so that it shows on light and on dark ground. */
#include "draw.h"

#include "font.h"
#include "pick_device.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Okabe and Ito's colours, and others chosen one after another as far as possible from those before: any two are at
 * least 15 units of CIE L*a*b* apart for normal vision and for protanopes, deuteranopes and tritanopes (as Machado,
 * Oliveira and Fernandes simulate them, 2009). */
static const draw_colour palette[DRAW_COLOURS] = {
    {230, 159, 0},   /* orange */
    {86, 180, 233},  /* sky blue */
    {0, 158, 115},   /* bluish green */
    {240, 228, 66},  /* yellow */
    {204, 121, 167}, /* reddish purple */
    {213, 94, 0},    /* vermillion */
    {0, 114, 178},   /* blue */
    {255, 255, 255}, /* white */
    {136, 0, 255},   /* violet */
    {119, 51, 17},   /* brown */
    {68, 68, 85},    /* dark grey */
    {170, 255, 136}, /* light green */
    {136, 187, 102}, /* moss */
    {187, 85, 255},  /* lavender */
    {51, 51, 187},   /* navy */
    {0, 238, 170},   /* mint */
    {153, 0, 136},   /* magenta */
    {221, 0, 68},    /* crimson */
    {204, 204, 221}, /* silver */
    {153, 85, 136},  /* plum */
};

static const draw_colour dark = {0, 0, 0}, light = {255, 255, 255};

enum { SMALL_SIDE = 400 };

typedef struct area {
    int x0, y0, x1, y1;
} area;

draw_colour draw_class_colour(int label)
{
    return palette[(unsigned)label % DRAW_COLOURS];
}

/* The luminance of a colour as WCAG 2 defines it, 0 to 1. */
static double luminance(draw_colour colour)
{
    const uint8_t channels[3] = {colour.r, colour.g, colour.b};
    static const double weights[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        const double c = channels[i] / 255.0;
        sum += weights[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

draw_colour draw_text_colour(draw_colour ground)
{
    const double y = luminance(ground) + 0.05;
    return y / 0.05 >= 1.05 / y ? dark : light;
}

void draw_fill(fovea_image *image, int x0, int y0, int x1, int y1, draw_colour c)
{
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 > image->width ? image->width : x1;
    y1 = y1 > image->height ? image->height : y1;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            memcpy(image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x), &(uint8_t[3]){c.r, c.g, c.b}, 3);
}

/* Fills a side of a frame, whole or in dashes as long as four times its thickness. */
static void draw_side(fovea_image *image, area at, int thick, bool dashed, draw_colour c)
{
    const bool across = at.x1 - at.x0 > at.y1 - at.y0;
    const int length = across ? at.x1 - at.x0 : at.y1 - at.y0, dash = dashed ? 4 * thick : length;
    for (int from = 0; from < length; from += 2 * dash) {
        const int to = from + dash < length ? from + dash : length;
        if (across)
            draw_fill(image, at.x0 + from, at.y0, at.x0 + to, at.y1, c);
        else
            draw_fill(image, at.x0, at.y0 + from, at.x1, at.y0 + to, c);
    }
}

/* The outline of a box, `thick` pixels to the inside. */
static void draw_frame(fovea_image *image, area at, int thick, bool dashed, draw_colour c)
{
    draw_side(image, (area){at.x0, at.y0, at.x1, at.y0 + thick}, thick, dashed, c);
    draw_side(image, (area){at.x0, at.y1 - thick, at.x1, at.y1}, thick, dashed, c);
    draw_side(image, (area){at.x0, at.y0, at.x0 + thick, at.y1}, thick, dashed, c);
    draw_side(image, (area){at.x1 - thick, at.y0, at.x1, at.y1}, thick, dashed, c);
}

int draw_text_width(const char *text, int dot)
{
    font_letter letters[2];
    int n = 0;
    while (*text)
        n += font_read(&text, letters);
    return n * FONT_ADVANCE * dot;
}

void draw_text(fovea_image *image, int left, int top, int dot, const char *text, draw_colour c)
{
    font_letter letters[2];
    while (*text)
        for (int i = 0, n = font_read(&text, letters); i < n; i++, left += FONT_ADVANCE * dot)
            for (int y = -FONT_MARK; y < FONT_HEIGHT + FONT_MARK; y++)
                for (int x = 0; x < FONT_WIDTH; x++)
                    if (font_dot(letters[i], x, y))
                        draw_fill(image, left + x * dot, top + y * dot, left + (x + 1) * dot, top + (y + 1) * dot, c);
}

static int within(int value, int low, int high)
{
    return value > high ? (high > low ? high : low) : value < low ? low : value;
}

static bool is_clear(area at, const area *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (at.x0 < others[i].x1 && others[i].x0 < at.x1 && at.y0 < others[i].y1 && others[i].y0 < at.y1)
            return false;
    return true;
}

/* Where a label goes: on the box's upper edge, under its lower one, inside at the top or at the bottom; the first that
 * is in the picture and clear of the labels placed before, else the first that is in the picture. */
static area place_label(const fovea_image *image, area box, const char *text, int dot, const area *placed, size_t count)
{
    const int width = draw_text_width(text, dot) + 3 * dot, height = (FONT_HEIGHT + 4) * dot;
    const int tops[4] = {box.y0 - height, box.y1, box.y0, box.y1 - height};
    const int left = within(box.x0, 0, image->width - width);
    const int inside = within(box.y0, 0, image->height - height);
    area chosen = {left, inside, left + width, inside + height};
    bool found = false;
    for (int i = 0; i < 4; i++) {
        const area at = {left, tops[i], left + width, tops[i] + height};
        if (at.y0 < 0 || at.y1 > image->height)
            continue;
        if (is_clear(at, placed, count))
            return at;
        if (!found)
            chosen = at;
        found = true;
    }
    return chosen;
}

static void draw_label(fovea_image *image, area at, const char *text, int dot, draw_colour ground)
{
    draw_fill(image, at.x0 - 1, at.y0 - 1, at.x1 + 1, at.y1 + 1, dark);
    draw_fill(image, at.x0, at.y0, at.x1, at.y1, ground);
    draw_text(image, at.x0 + 2 * dot, at.y0 + 2 * dot, dot, text, draw_text_colour(ground));
}

/* A box edge in pixels of the drawn picture; NaN and far values land on the border. */
static int edge(float value, double scale, int limit)
{
    const double at = floor((double)value * scale + 0.5);
    return at >= limit ? limit : at > 0 ? (int)at : 0;
}

bool draw_boxes(fovea_image *image, const draw_box *boxes, size_t count, double scale, int dot)
{
    const int side = image->width < image->height ? image->width : image->height, thick = 1 + side / 400;
    area *edges = malloc((count ? count : 1) * sizeof *edges), *labels = malloc((count ? count : 1) * sizeof *labels);
    if (!edges || !labels) {
        free(edges);
        free(labels);
        fputs("fovea: out of memory for the boxes on a picture\n", stderr);
        return false;
    }
    size_t placed = 0;
    for (size_t i = 0; i < count; i++) {
        const draw_box *b = &boxes[i];
        edges[i] = (area){edge(b->x0, scale, image->width), edge(b->y0, scale, image->height),
                          edge(b->x1, scale, image->width), edge(b->y1, scale, image->height)};
        if (b->text) {
            labels[placed] = place_label(image, edges[i], b->text, dot, labels, placed);
            placed++;
        }
    }
    for (size_t i = count; i-- > 0;) {
        const area at = edges[i], around = {at.x0 - 1, at.y0 - 1, at.x1 + 1, at.y1 + 1};
        draw_frame(image, around, thick + 2, false, dark);
        draw_frame(image, at, thick, boxes[i].dashed, draw_class_colour(boxes[i].label));
    }
    for (size_t i = count; i-- > 0;)
        if (boxes[i].text)
            draw_label(image, labels[--placed], boxes[i].text, dot, draw_class_colour(boxes[i].label));
    free(edges);
    free(labels);
    return true;
}

/* Bilinear enlargement by a whole factor, half-pixel centres. */
static void enlarge(fovea_image *out, const fovea_image *image, int factor)
{
    for (int y = 0; y < out->height; y++) {
        const double v = ((double)y + 0.5) / factor - 0.5;
        const int ya = v < 0 ? 0 : (int)v, yb = ya + 1 < image->height ? ya + 1 : ya;
        const double fy = v < 0 ? 0 : v - ya;
        for (int x = 0; x < out->width; x++) {
            const double u = ((double)x + 0.5) / factor - 0.5;
            const int xa = u < 0 ? 0 : (int)u, xb = xa + 1 < image->width ? xa + 1 : xa;
            const double fx = u < 0 ? 0 : u - xa;
            const uint8_t *upper = image->pixels + 3 * (size_t)ya * (size_t)image->width;
            const uint8_t *lower = image->pixels + 3 * (size_t)yb * (size_t)image->width;
            uint8_t *to = out->pixels + 3 * ((size_t)y * (size_t)out->width + (size_t)x);
            for (int c = 0; c < 3; c++) {
                const double above = upper[3 * xa + c] * (1 - fx) + upper[3 * xb + c] * fx;
                const double below = lower[3 * xa + c] * (1 - fx) + lower[3 * xb + c] * fx;
                to[c] = (uint8_t)(above * (1 - fy) + below * fy + 0.5);
            }
        }
    }
}

bool draw_picture(fovea_image *out, const fovea_image *image, const draw_box *boxes, size_t count)
{
    const int shorter = image->width < image->height ? image->width : image->height;
    const int longer = image->width < image->height ? image->height : image->width;
    int factor = (SMALL_SIDE + shorter - 1) / shorter;
    if (factor > 8)
        factor = 8;
    while (factor > 1 && longer > 65500 / factor)
        factor--;
    if (!told(fovea_image_create(out, image->width * factor, image->height * factor)))
        return false;
    if (factor == 1)
        memcpy(out->pixels, image->pixels, 3 * (size_t)image->width * (size_t)image->height);
    else
        enlarge(out, image, factor);
    const int side = shorter * factor;
    const bool good = draw_boxes(out, boxes, count, factor, side < 700 ? 1 + (side >= 300) : side / 350);
    if (!good)
        fovea_image_clear(out);
    return good;
}
