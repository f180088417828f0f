/* A picture's way into the network: bilinear resize, normalisation, zero padding. A work-item does a part of the matrix
 * of rows by columns of one slot of y, see part_of() in common.cl.
 *   -DCOLUMNS, -DSOURCE  for CPUs: the most columns of a work-item, and the most pixels side by side that they are made
 *                        of. It resizes rows of the picture along before it blends two of them, and keeps both for
 *                        the next row of y, which often needs one or both again. Without, each place of y is made of
 *                        four pixels. Both round every step alike.
 *   arguments            pixels from first_byte, their height and width; flip; the resized size, and the ratios in/out
 *                        of both axes; y's first value, height and width */

__constant float mean_of[3] = {0.485f, 0.456f, 0.406f};
__constant float deviation_of[3] = {0.229f, 0.224f, 0.225f};

/* Where a place of the result lies in the picture, by half-pixel centres; rounded after each step, as torch does it. */
static inline float source_of(int place, float ratio)
{
#pragma OPENCL FP_CONTRACT OFF
    const float scaled = ((float)place + 0.5f) * ratio;
    return fmax(scaled - 0.5f, 0.0f);
}

/* a / b without a division, which takes CPUs as long as ten multiply-adds. Where these are fused it is rounded as a
 * division is: `inverse` is 1 / b to the nearest float, and what a first quotient leaves of a is exact. */
static inline float quotient(float a, float b, float inverse)
{
    const float near = a * inverse;
    return (a - near * b) * inverse + near;
}

static inline float normalized(float value, float mean, float deviation, float inverse)
{
    return quotient(quotient(value, 255.0f, 1.0f / 255.0f) - mean, deviation, inverse);
}

#ifdef COLUMNS
/* Resizes a row of the picture along: each of `count` pixels between those that begin at from[] and to[]. */
static inline void resize_along(__global const uchar *row, int bytes, const int *from, const int *to,
                                const float *along, int count, float *source, float *resized)
{
    for (int i = 0; i < bytes; i++)
        source[i] = row[i];
    for (int i = 0; i < count; i++) {
        const float4 a = vload4(0, source + from[i]), b = vload4(0, source + to[i]);
        vstore4((1.0f - along[i]) * a + along[i] * b, 0, resized + 3 * i);
    }
}

__kernel void resize_normalize(__global const uchar *restrict pixels, int first_byte, int height, int width, int flip,
                               int out_height, int out_width, float ratio_y, float ratio_x, int first, int rows,
                               int columns, int run_rows, int run_columns, __global float *restrict y)
{
    const matrix_part part = part_of(rows, columns, run_rows, run_columns);
    const int filled = clamp(out_width - part.left, 0, part.right - part.left);
    int from[COLUMNS], to[COLUMNS], lowest = width, highest = 0;
    float along[COLUMNS], mean[3 * COLUMNS], deviation[3 * COLUMNS], inverse[3 * COLUMNS];
    for (int i = 0; i < filled; i++) {
        const float from_x = source_of(part.left + i, ratio_x);
        const int left = min((int)from_x, width - 1), right = min(left + 1, width - 1);
        along[i] = from_x - (float)left;
        from[i] = flip ? width - 1 - left : left;
        to[i] = flip ? width - 1 - right : right;
        lowest = min(lowest, min(from[i], to[i]));
        highest = max(highest, max(from[i], to[i]));
    }
    for (int i = 0; i < filled; i++) {
        from[i] = 3 * (from[i] - lowest);
        to[i] = 3 * (to[i] - lowest);
        for (int c = 0; c < 3; c++) {
            mean[3 * i + c] = mean_of[c];
            deviation[3 * i + c] = deviation_of[c];
            inverse[3 * i + c] = 1.0f / deviation_of[c];
        }
    }
    __global const uchar *restrict picture = pixels + first_byte + 3 * lowest;
    const int bytes = 3 * (highest - lowest + 1);
    int kept[2] = {-1, -1}; /* the rows of the picture that resized[] are of */
    float source[3 * SOURCE + 1], resized[2][3 * COLUMNS + 1];
    for (int row = part.top; row < part.bottom; row++) {
        __global float *restrict out = y + first + (row * columns + part.left) * 3;
        const int values = row < out_height ? 3 * filled : 0;
        const float from_y = source_of(row, ratio_y);
        const int above = min((int)from_y, height - 1), below = min(above + 1, height - 1);
        const float down = from_y - (float)above;
        for (int wanted = above; wanted <= below && values > 0; wanted++) {
            if (kept[wanted % 2] != wanted)
                resize_along(picture + wanted * width * 3, bytes, from, to, along, filled, source,
                             resized[wanted % 2]);
            kept[wanted % 2] = wanted;
        }
        const float *upper = resized[above % 2], *lower = resized[below % 2];
        for (int i = 0; i < values; i++)
            out[i] = normalized((1.0f - down) * upper[i] + down * lower[i], mean[i], deviation[i], inverse[i]);
        for (int i = values; i < 3 * (part.right - part.left); i++)
            out[i] = 0.0f;
    }
}
#else
__kernel void resize_normalize(__global const uchar *restrict pixels, int first_byte, int height, int width, int flip,
                               int out_height, int out_width, float ratio_y, float ratio_x, int first, int rows,
                               int columns, int run_rows, int run_columns, __global float *restrict y)
{
    const matrix_part part = part_of(rows, columns, run_rows, run_columns);
    __global const uchar *restrict picture = pixels + first_byte;
    for (int row = part.top; row < part.bottom; row++) {
        const float from_y = source_of(row, ratio_y);
        const int above = min((int)from_y, height - 1), below = min(above + 1, height - 1);
        const float down = from_y - (float)above;
        for (int column = part.left; column < part.right; column++) {
            __global float *restrict to = y + first + (row * columns + column) * 3;
            if (row >= out_height || column >= out_width) {
                to[0] = to[1] = to[2] = 0.0f;
                continue;
            }
            const float from_x = source_of(column, ratio_x);
            int left = min((int)from_x, width - 1), right = min(left + 1, width - 1);
            const float along = from_x - (float)left;
            left = flip ? width - 1 - left : left;
            right = flip ? width - 1 - right : right;
            for (int c = 0; c < 3; c++) {
                const float a = picture[(above * width + left) * 3 + c], b = picture[(above * width + right) * 3 + c];
                const float d = picture[(below * width + left) * 3 + c], e = picture[(below * width + right) * 3 + c];
                const float upper = (1.0f - along) * a + along * b, lower = (1.0f - along) * d + along * e;
                const float value = (1.0f - down) * upper + down * lower;
                to[c] = normalized(value, mean_of[c], deviation_of[c], 1.0f / deviation_of[c]);
            }
        }
    }
}
#endif
