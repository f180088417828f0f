/* Maximum over windows, and its gradient in gather form. A work-item does a part of the matrix of pixels (of y;
 * backward: of d_x) by channels, see part_of() in common.cl.
 * -D: BACKWARD: the gradient alone, so that detection does not compile it; its LANES channels at once in private memory.
 * Arguments: sizes and shares; size, stride and padding are the window's. Forward's comparison is written so that NaN
 * is larger than everything, as in torch. */

#ifndef BACKWARD
__kernel void max_pool_forward(__global const float *restrict x, int h, int w, int out_h, int out_w, int size,
                               int stride, int padding, int pixels, int channels, int run_rows, int run_columns,
                               __global float *restrict y)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    for (int pixel = part.top; pixel < part.bottom; pixel++) {
        const int x0 = pixel % out_w * stride - padding, row = pixel / out_w, y0 = row % out_h * stride - padding;
        const int left = max(x0, 0), right = min(x0 + size, w), top = max(y0, 0), bottom = min(y0 + size, h);
        __global float *restrict to = y + pixel * channels;
        for (int in_y = top; in_y < bottom; in_y++)
            for (int in_x = left; in_x < right; in_x++) {
                __global const float *restrict from = x + at_nhwc(row / out_h, in_y, in_x, 0, h, w, channels);
                if (in_y == top && in_x == left)
                    for (int c = part.left; c < part.right; c++)
                        to[c] = from[c];
                else
                    for (int c = part.left; c < part.right; c++)
                        to[c] = from[c] > to[c] || from[c] != from[c] ? from[c] : to[c];
            }
    }
}
#else
/* Place (y, x) wins a window where no earlier value is as large and no later one larger. */
__kernel void max_pool_backward(__global const float *restrict x, __global const float *restrict d_y, int h, int w,
                                int out_h, int out_w, int size, int stride, int padding, int pixels, int channels,
                                int run_rows, int run_columns, int accumulate, __global float *restrict d_x)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    for (int pixel = part.top; pixel < part.bottom; pixel++) {
        const int row = pixel / w, here_y = row % h, here_x = pixel % w, n = row / h;
        /* The windows that hold this place. */
        const int first_y = max(0, (here_y + padding - size + stride) / stride);
        const int first_x = max(0, (here_x + padding - size + stride) / stride);
        const int last_y = min(out_h - 1, (here_y + padding) / stride);
        const int last_x = min(out_w - 1, (here_x + padding) / stride);
        for (int left = part.left; left < part.right; left += LANES) {
            const int lanes = min(LANES, part.right - left);
            __global const float *restrict here = x + pixel * channels + left;
            float sum[LANES];
            int wins[LANES];
            for (int c = 0; c < lanes; c++)
                sum[c] = 0.0f;
            for (int out_y = first_y; out_y <= last_y; out_y++)
                for (int out_x = first_x; out_x <= last_x; out_x++) {
                    for (int c = 0; c < lanes; c++)
                        wins[c] = 1;
                    for (int i = 0; i < size * size; i++) {
                        const int in_y = out_y * stride - padding + i / size;
                        const int in_x = out_x * stride - padding + i % size;
                        if (in_y < 0 || in_y >= h || in_x < 0 || in_x >= w)
                            continue;
                        __global const float *restrict other = x + at_nhwc(n, in_y, in_x, left, h, w, channels);
                        if (in_y < here_y || (in_y == here_y && in_x < here_x))
                            for (int c = 0; c < lanes; c++)
                                wins[c] &= !(other[c] >= here[c]);
                        else
                            for (int c = 0; c < lanes; c++)
                                wins[c] &= !(other[c] > here[c]);
                    }
                    __global const float *restrict from = d_y + at_nhwc(n, out_y, out_x, left, out_h, out_w, channels);
                    for (int c = 0; c < lanes; c++)
                        sum[c] += wins[c] ? from[c] : 0.0f;
                }
            __global float *restrict to = d_x + pixel * channels + left;
            for (int c = 0; c < lanes; c++)
                to[c] = accumulate ? to[c] + sum[c] : sum[c];
        }
    }
}
#endif
