/* Rows are taken apart into planes, so that a compiler makes vectors of the loops. The mean that contrast needs is that
 * of the whole picture after the steps before it: these run once for the mean and once more for the result, and no
 * picture of floats is kept. */
#include "colour.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* A row of a picture, values 0..1; `together` has room for the same in the order of its bytes, on the way from and to
 * them. */
typedef struct planes {
    float *r, *g, *b, *together;
    int width;
} planes;

/* fminf() and fmaxf() would be calls, for what they do with NaN. */
static inline float lesser(float a, float b)
{
    return a < b ? a : b;
}

static inline float greater(float a, float b)
{
    return a > b ? a : b;
}

static inline float clamped(float value)
{
    return lesser(greater(value, 0.0f), 1.0f);
}

static inline float grey_of(float r, float g, float b)
{
    return 0.2989f * r + 0.587f * g + 0.114f * b;
}

/* factor * v + (1 - factor) * other. */
static void blend(float *v, int width, float factor, float other)
{
    const float rest = (1.0f - factor) * other;
    for (int i = 0; i < width; i++)
        v[i] = clamped(factor * v[i] + rest);
}

static void saturate(const planes *row, float factor)
{
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b;
    for (int i = 0; i < row->width; i++) {
        const float rest = (1.0f - factor) * grey_of(r[i], g[i], b[i]);
        r[i] = clamped(factor * r[i] + rest);
        g[i] = clamped(factor * g[i] + rest);
        b[i] = clamped(factor * b[i] + rest);
    }
}

/* To HSV and back: of the hue, as 0 to 6 from red, each channel is a trapezium between the least and the greatest. */
static void turn_hue(const planes *row, float turn)
{
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b;
    for (int i = 0; i < row->width; i++) {
        const float greatest = greater(greater(r[i], g[i]), b[i]), least = lesser(lesser(r[i], g[i]), b[i]);
        const float chroma = greatest - least, inverse = 1.0f / (chroma > 0.0f ? chroma : 1.0f);
        const float from_red = (g[i] - b[i]) * inverse, from_green = 2.0f + (b[i] - r[i]) * inverse;
        const float from_blue = 4.0f + (r[i] - g[i]) * inverse;
        float hue = greatest <= r[i] ? from_red : greatest <= g[i] ? from_green : from_blue;
        hue += 6.0f * turn;
        hue += hue < 0.0f ? 6.0f : 0.0f;
        hue -= hue >= 6.0f ? 6.0f : 0.0f;
        r[i] = least + chroma * clamped(fabsf(hue - 3.0f) - 1.0f);
        g[i] = least + chroma * clamped(2.0f - fabsf(hue - 2.0f));
        b[i] = least + chroma * clamped(2.0f - fabsf(hue - 4.0f));
    }
}

static void take_step(const planes *row, const fovea__colour_step *step, float mean)
{
    const float other = step->kind == FOVEA__COLOUR_CONTRAST ? mean : 0.0f;
    if (step->kind == FOVEA__COLOUR_SATURATION) {
        saturate(row, step->factor);
    } else if (step->kind == FOVEA__COLOUR_HUE) {
        turn_hue(row, step->factor);
    } else {
        blend(row->r, row->width, step->factor, other);
        blend(row->g, row->width, step->factor, other);
        blend(row->b, row->width, step->factor, other);
    }
}

static void take_apart(const planes *row, const uint8_t *restrict pixels)
{
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict together = row->together;
    for (int i = 0; i < 3 * row->width; i++)
        together[i] = (float)pixels[i] / 255.0f;
    for (int i = 0; i < row->width; i++) {
        r[i] = together[3 * i];
        g[i] = together[3 * i + 1];
        b[i] = together[3 * i + 2];
    }
}

static void put_together(const planes *row, uint8_t *restrict pixels)
{
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict together = row->together;
    for (int i = 0; i < row->width; i++) {
        together[3 * i] = r[i];
        together[3 * i + 1] = g[i];
        together[3 * i + 2] = b[i];
    }
    for (int i = 0; i < 3 * row->width; i++)
        pixels[i] = (uint8_t)(int)(together[i] * 255.0f + 0.5f);
}

static uint8_t *row_of(const fovea_image *image, int y)
{
    return image->pixels + 3 * (size_t)y * (size_t)image->width;
}

/* In four lanes, which do not wait for each other. */
static double sum_grey(const planes *row)
{
    float *restrict grey = row->together;
    double sums[4] = {0};
    int i = 0;
    for (int k = 0; k < row->width; k++)
        grey[k] = grey_of(row->r[k], row->g[k], row->b[k]);
    for (; i + 4 <= row->width; i += 4)
        for (int lane = 0; lane < 4; lane++)
            sums[lane] += (double)grey[i + lane];
    for (; i < row->width; i++)
        sums[0] += (double)grey[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* The mean grey after the first `count` steps. */
static float mean_grey(const fovea_image *image, const fovea__colour *colour, int count, const planes *row)
{
    double sum = 0;
    for (int y = 0; y < image->height; y++) {
        take_apart(row, row_of(image, y));
        for (int s = 0; s < count; s++)
            take_step(row, &colour->steps[s], 0.0f);
        sum += sum_grey(row);
    }
    return (float)(sum / ((double)image->width * (double)image->height));
}

fovea_status fovea__colour_apply(fovea_image *image, const fovea__colour *colour)
{
    if (colour->count == 0)
        return FOVEA_OK;
    float *values = NULL, mean = 0.0f;
    const size_t width = (size_t)image->width;
    FOVEA_TRY(fovea__allocate(&values, 6 * width, sizeof *values, "a row of a picture"));
    const planes row = {values, values + width, values + 2 * width, values + 3 * width, image->width};
    for (int s = 0; s < colour->count; s++)
        if (colour->steps[s].kind == FOVEA__COLOUR_CONTRAST)
            mean = mean_grey(image, colour, s, &row);
    for (int y = 0; y < image->height; y++) {
        take_apart(&row, row_of(image, y));
        for (int s = 0; s < colour->count; s++)
            take_step(&row, &colour->steps[s], mean);
        put_together(&row, row_of(image, y));
    }
    free(values);
    return FOVEA_OK;
}
