/* Drawing of boxes and labels, see draw.h. The colours are Okabe and Ito's, which people of every colour vision can
 * tell apart; every line has a dark edge, so that it shows on light and on dark ground. */
#include "draw.h"

#include "font.h"

#include <math.h>
#include <string.h>

typedef struct colour {
    uint8_t r, g, b;
} colour;

static const colour palette[] = {
    {230, 159, 0},   /* orange */
    {86, 180, 233},  /* sky blue */
    {0, 158, 115},   /* bluish green */
    {240, 228, 66},  /* yellow */
    {204, 121, 167}, /* reddish purple */
    {213, 94, 0},    /* vermillion */
    {0, 114, 178},   /* blue */
    {255, 255, 255}, /* white */
};

static const colour dark = {0, 0, 0}, light = {255, 255, 255};

enum { N_COLOURS = sizeof palette / sizeof palette[0], SMALL_SIDE = 400 };

/* Fills x0..x1-1, y0..y1-1 as far as it lies in the picture. */
static void fill(fovea_image *image, int x0, int y0, int x1, int y1, colour c)
{
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 > image->width ? image->width : x1;
    y1 = y1 > image->height ? image->height : y1;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            memcpy(image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x), &(uint8_t[3]){c.r, c.g, c.b}, 3);
}

/* The outline of a box, `thick` pixels to the inside. */
static void frame(fovea_image *image, int x0, int y0, int x1, int y1, int thick, colour c)
{
    fill(image, x0, y0, x1, y0 + thick, c);
    fill(image, x0, y1 - thick, x1, y1, c);
    fill(image, x0, y0, x0 + thick, y1, c);
    fill(image, x1 - thick, y0, x1, y1, c);
}

/* Characters of UTF-8 text: bytes that do not continue one. */
static int text_length(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

static void write_text(fovea_image *image, int left, int top, int dot, const char *text, colour c)
{
    for (; *text; text++) {
        if ((*text & 0xc0) == 0x80)
            continue;
        for (int y = 0; y < FONT_HEIGHT; y++)
            for (int x = 0; x < FONT_WIDTH; x++)
                if (font_dot((unsigned char)*text, x, y))
                    fill(image, left + x * dot, top + y * dot, left + (x + 1) * dot, top + (y + 1) * dot, c);
        left += FONT_ADVANCE * dot;
    }
}

/* The label stands on the box's upper edge, or inside it where there is no room above. */
static void write_label(fovea_image *image, int x0, int y0, int dot, const char *text, colour ground)
{
    const int width = text_length(text) * FONT_ADVANCE * dot + 3 * dot, height = (FONT_HEIGHT + 4) * dot;
    int left = x0, top = y0 - height;
    if (top < 0)
        top = y0 > 0 ? y0 : 0;
    if (left + width > image->width)
        left = image->width - width;
    if (left < 0)
        left = 0;
    const int brightness = 299 * ground.r + 587 * ground.g + 114 * ground.b;
    fill(image, left - 1, top - 1, left + width + 1, top + height + 1, dark);
    fill(image, left, top, left + width, top + height, ground);
    write_text(image, left + 2 * dot, top + 2 * dot, dot, text, brightness > 128000 ? dark : light);
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

/* A box edge in pixels of the drawn picture; NaN and far values land on the border. */
static int edge(float value, int factor, int limit)
{
    const double at = floor((double)value * factor + 0.5);
    return at >= limit ? limit : at > 0 ? (int)at : 0;
}

fovea_status draw_detections(fovea_image *out, const fovea_image *image, const fovea_detection *detections,
                             const char *const *labels, size_t count)
{
    const int shorter = image->width < image->height ? image->width : image->height;
    const int longer = image->width < image->height ? image->height : image->width;
    int factor = (SMALL_SIDE + shorter - 1) / shorter;
    if (factor > 8)
        factor = 8;
    while (factor > 1 && longer > 65500 / factor)
        factor--;
    const fovea_status status = fovea_image_create(out, image->width * factor, image->height * factor);
    if (status)
        return status;
    enlarge(out, image, factor);

    const int side = shorter * factor;
    const int dot = side < 700 ? 1 + (side >= 300) : side / 350, thick = 1 + side / 400;
    for (size_t i = count; i-- > 0;) {
        const fovea_detection *d = &detections[i];
        const colour c = palette[(unsigned)d->label % N_COLOURS];
        const int x0 = edge(d->x0, factor, out->width), y0 = edge(d->y0, factor, out->height);
        const int x1 = edge(d->x1, factor, out->width), y1 = edge(d->y1, factor, out->height);
        frame(out, x0 - 1, y0 - 1, x1 + 1, y1 + 1, thick + 2, dark);
        frame(out, x0, y0, x1, y1, thick, c);
        write_label(out, x0, y0, dot, labels[i], c);
    }
    return FOVEA_OK;
}
