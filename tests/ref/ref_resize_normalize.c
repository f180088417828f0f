/* Bilinear resize in float64: every place of the result samples the picture, continued beyond its borders, at the same
 * share of its side; samples between pixel centres weigh the nearest four by their distance. */
#include "ref_resize_normalize.h"

#include <math.h>

static const double mean_of[3] = {.485, .456, .406}, deviation_of[3] = {.229, .224, .225};

static int clamp(int place, int size)
{
    return place < 0 ? 0 : place >= size ? size - 1 : place;
}

/* The picture at (row, column), border pixels continued. */
static double pixel_at(const uint8_t *pixels, int height, int width, bool flip, int row, int column, int c)
{
    column = clamp(column, width);
    if (flip)
        column = width - 1 - column;
    return pixels[((int64_t)clamp(row, height) * width + column) * 3 + c];
}

static double sample(const uint8_t *pixels, int height, int width, bool flip, double y, double x, int c)
{
    double sum = 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            const double row = floor(y) + i, column = floor(x) + j;
            sum += (1 - fabs(y - row)) * (1 - fabs(x - column)) *
                   pixel_at(pixels, height, width, flip, (int)row, (int)column, c);
        }
    return sum;
}

void ref_resize_normalize(const uint8_t *pixels, int height, int width, bool flip, int out_height, int out_width,
                          int rows, int columns, double *y)
{
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            for (int c = 0; c < 3; c++) {
                const double from_y = (row + .5) * height / out_height - .5;
                const double from_x = (column + .5) * width / out_width - .5;
                double *to = &y[((int64_t)row * columns + column) * 3 + c];
                *to = 0;
                if (row < out_height && column < out_width)
                    *to = (sample(pixels, height, width, flip, from_y, from_x, c) / 255 - mean_of[c]) / deviation_of[c];
            }
}
