#include "crop.h"

#include <math.h>
#include <string.h>

enum { DRAWS = 50, TRIALS = 40 };

static const double least_side = 0.3, most_ratio = 2.0, overlaps[] = {0, 0.1, 0.3, 0.5, 0.7, 0.9};

/* False where the part has no pixels or is too long. */
static bool draw_part(fovea__crop *crop, fovea__random *random, int width, int height)
{
    crop->width = (int)(width * (least_side + (1 - least_side) * fovea__random_uniform(random)));
    crop->height = (int)(height * (least_side + (1 - least_side) * fovea__random_uniform(random)));
    crop->left = (int)((width - crop->width) * fovea__random_uniform(random));
    crop->top = (int)((height - crop->height) * fovea__random_uniform(random));
    return crop->width > 0 && crop->height > 0 && crop->width <= most_ratio * crop->height &&
           crop->height <= most_ratio * crop->width;
}

static bool has_centre(const fovea__crop *crop, const fovea_box *box)
{
    const double x = ((double)box->x0 + (double)box->x1) / 2, y = ((double)box->y0 + (double)box->y1) / 2;
    return crop->left < x && x < crop->left + crop->width && crop->top < y && y < crop->top + crop->height;
}

static double overlap(const fovea__crop *crop, const fovea_box *box)
{
    const double x0 = (double)box->x0, y0 = (double)box->y0, x1 = (double)box->x1, y1 = (double)box->y1;
    const double shared = (fmin(x1, crop->left + crop->width) - fmax(x0, crop->left)) *
                          (fmin(y1, crop->top + crop->height) - fmax(y0, crop->top));
    return shared / ((x1 - x0) * (y1 - y0) + (double)crop->width * crop->height - shared);
}

static bool shows_one(const fovea__crop *crop, const fovea_box *boxes, size_t n_boxes, double least)
{
    for (size_t i = 0; i < n_boxes; i++)
        if (has_centre(crop, &boxes[i]) && overlap(crop, &boxes[i]) >= least)
            return true;
    return n_boxes == 0;
}

fovea__crop fovea__crop_draw(fovea__random *random, const fovea_box *boxes, size_t n_boxes, int width, int height)
{
    for (int draw = 0; draw < DRAWS; draw++) {
        const double least = overlaps[fovea__random_below(random, sizeof overlaps / sizeof overlaps[0])];
        for (int trial = 0; trial < TRIALS; trial++) {
            fovea__crop crop;
            if (draw_part(&crop, random, width, height) && shows_one(&crop, boxes, n_boxes, least))
                return crop;
        }
    }
    return (fovea__crop){0};
}

void fovea__crop_image(fovea_image *image, const fovea__crop *crop)
{
    if (crop->width == 0)
        return;
    const size_t row = 3 * (size_t)crop->width;
    for (int y = 0; y < crop->height; y++) {
        const size_t from = (size_t)(crop->top + y) * (size_t)image->width + (size_t)crop->left;
        memmove(image->pixels + (size_t)y * row, image->pixels + 3 * from, row);
    }
    image->width = crop->width;
    image->height = crop->height;
}

bool fovea__crop_box(fovea_box *out, const fovea_box *box, const fovea__crop *crop)
{
    *out = *box;
    if (crop->width == 0)
        return true;
    out->x0 = fmaxf(box->x0 - (float)crop->left, 0.0f);
    out->y0 = fmaxf(box->y0 - (float)crop->top, 0.0f);
    out->x1 = fminf(box->x1 - (float)crop->left, (float)crop->width);
    out->y1 = fminf(box->y1 - (float)crop->top, (float)crop->height);
    return has_centre(crop, box);
}
