/* FPN's top-down step: nearest upsampling and sum, and its gradient. A work-item does a part of the matrix of pixels
 * (of the result) by channels, see part_of() in common.cl.
 * -D: IN_PLACE (the result replaces lateral). Arguments: sizes and shares; h, w are lateral's, top_h, top_w top's. */

#ifdef IN_PLACE
#define LATERAL y
#else
#define LATERAL lateral
#endif

/* floor(place * in / out) and ceil(place * in / out), exactly. */
static inline int scale_down(int place, int in, int out)
{
    return (int)((long)place * in / out);
}

static inline int scale_up(int place, int in, int out)
{
    return (int)(((long)place * in + out - 1) / out);
}

__kernel void upsample_add_forward(__global const float *restrict top, __global const float *restrict lateral, int h,
                                   int w, int top_h, int top_w, int pixels, int channels, int run_rows,
                                   int run_columns, __global float *restrict y)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    for (int pixel = part.top; pixel < part.bottom; pixel++) {
        const int row = pixel / w, from_x = scale_down(pixel % w, top_w, w), from_y = scale_down(row % h, top_h, h);
        const int from = at_nhwc(row / h, from_y, from_x, 0, top_h, top_w, channels), to = pixel * channels;
        for (int c = part.left; c < part.right; c++)
            y[to + c] = LATERAL[to + c] + top[from + c];
    }
}

/* The places that read place p of top are [ceil(p * h / top_h), ceil((p + 1) * h / top_h)). */
__kernel void upsample_add_backward(__global const float *restrict d_y, int h, int w, int top_h, int top_w, int pixels,
                                    int channels, int run_rows, int run_columns, int accumulate,
                                    __global float *restrict d_top)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    for (int pixel = part.top; pixel < part.bottom; pixel++) {
        const int x = pixel % top_w, row = pixel / top_w, top_y = row % top_h, n = row / top_h;
        const int y_end = scale_up(top_y + 1, h, top_h), x_end = scale_up(x + 1, w, top_w);
        __global float *restrict to = d_top + pixel * channels;
        if (!accumulate)
            for (int c = part.left; c < part.right; c++)
                to[c] = 0.0f;
        for (int from_y = scale_up(top_y, h, top_h); from_y < y_end; from_y++)
            for (int from_x = scale_up(x, w, top_w); from_x < x_end; from_x++) {
                __global const float *restrict from = d_y + at_nhwc(n, from_y, from_x, 0, h, w, channels);
                for (int c = part.left; c < part.right; c++)
                    to[c] += from[c];
            }
    }
}
