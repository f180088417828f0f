/* A picture's way into the network: bilinear resize, normalisation, zero padding. A work-item does a part of the matrix
 * of rows by columns of one slot of y, see part_of() in common.cl.
 * No -D. Arguments: pixels from first_byte, their height and width; flip; the resized size, and the ratios in / out of
 * both axes; y's first value, height and width. */

__constant float mean_of[3] = {0.485f, 0.456f, 0.406f};
__constant float deviation_of[3] = {0.229f, 0.224f, 0.225f};

/* Where a place of the result lies in the picture, by half-pixel centres; rounded after each step, as torch does it. */
static inline float source_of(int place, float ratio)
{
#pragma OPENCL FP_CONTRACT OFF
    const float scaled = ((float)place + 0.5f) * ratio;
    return fmax(scaled - 0.5f, 0.0f);
}

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
                to[c] = (value / 255.0f - mean_of[c]) / deviation_of[c];
            }
        }
    }
}
