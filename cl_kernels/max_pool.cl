/* Maximum over windows, and its gradient.
 *   max_pool_forward   work-item = a part of the matrix of y's pixels by channels, see part_of() in common.cl
 *   max_pool_backward  work-item = a tile of d_x by some channels: it looks through all windows that reach its tile
 *   -DWIDTH            channels at once, 1, 4, 8 or 16; divides the channels
 *   -DSIZE             of the window
 *   -DBACKWARD         the gradient alone, so that detection does not compile it
 *   arguments          sizes and shares; stride and padding are the window's
 * A NaN is larger than everything, as in torch. */

/* The largest values of the window at (y, x); *place is the row-major place of the first of each, or of the last NaN.
 * Places outside the picture are taken for the nearest inside, which belong to the window too. */
static inline vector largest(__global const float *picture, int y, int x, int h, int w, int channels, whole *place)
{
    vector best = (vector)(-INFINITY);
    whole winner = (whole)(max(y, 0) * w + max(x, 0));
#pragma unroll
    for (int i = 0; i < SIZE; i++)
#pragma unroll
        for (int j = 0; j < SIZE; j++) {
            const int here = clamp(y + i, 0, h - 1) * w + clamp(x + j, 0, w - 1);
            const vector value = LOAD(picture + here * channels);
            const whole wins = (value > best) | (value != value);
            best = CHOOSE(best, value, wins);
            winner = CHOOSE(winner, (whole)(here), wins);
        }
    *place = winner;
    return best;
}

#ifndef BACKWARD
__kernel void max_pool_forward(__global const float *restrict x, int h, int w, int out_h, int out_w, int stride,
                               int padding, int pixels, int channels, int run_rows, int run_columns,
                               __global float *restrict y)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    for (int pixel = part.top; pixel < part.bottom; pixel++) {
        const int row = pixel / out_w, in_y = row % out_h * stride - padding, in_x = pixel % out_w * stride - padding;
        __global const float *picture = x + row / out_h * h * w * channels;
        for (int c = part.left; c < part.right; c += WIDTH) {
            whole place;
            PUT(largest(picture + c, in_y, in_x, h, w, channels, &place), y + pixel * channels + c);
        }
    }
}
#else
/* Zeroes a tile's rows from `ready` on, up to `end`; each just before a window reaches it, so that it is still in a
 * cache when gradients are added. Gives the first row that is not ready. */
static inline int zero_rows(__global float *d_picture, int ready, int end, int left, int right, int w, int channels,
                            int first_channel, int last_channel)
{
    for (; ready < end; ready++)
        for (int x = left; x < right; x++)
            for (int c = first_channel; c < last_channel; c += WIDTH)
                PUT((vector)(0.0f), d_picture + (ready * w + x) * channels + c);
    return ready;
}

/* Tiles are of tile_h x tile_w pixels, `across` of them side by side and `down` in a picture. */
__kernel void max_pool_backward(__global const float *restrict x, __global const float *restrict d_y, int h, int w,
                                int out_h, int out_w, int stride, int padding, int tile_h, int tile_w, int down,
                                int across, int tiles, int channels, int run_columns, int accumulate,
                                __global float *restrict d_x)
{
    const matrix_part part = part_of(tiles, channels, 1, run_columns);
    if (part.bottom == 0)
        return;
    const int n = part.top / across / down, top = part.top / across % down * tile_h, left = part.top % across * tile_w;
    const int bottom = min(top + tile_h, h), right = min(left + tile_w, w);
    __global const float *picture = x + n * h * w * channels;
    __global float *d_picture = d_x + n * h * w * channels;
    const int first_y = max(0, (top + padding - SIZE + stride) / stride);
    const int first_x = max(0, (left + padding - SIZE + stride) / stride);
    const int last_y = min(out_h - 1, (bottom - 1 + padding) / stride);
    const int last_x = min(out_w - 1, (right - 1 + padding) / stride);
    int ready = accumulate ? bottom : top;
    for (int out_y = first_y; out_y <= last_y; out_y++) {
        const int y = out_y * stride - padding;
        ready = zero_rows(d_picture, ready, min(y + SIZE, bottom), left, right, w, channels, part.left, part.right);
        for (int out_x = first_x; out_x <= last_x; out_x++) {
            const int x0 = out_x * stride - padding;
            const bool inside = y >= top && y + SIZE <= bottom && x0 >= left && x0 + SIZE <= right;
            __global const float *from = d_y + at_nhwc(n, out_y, out_x, 0, out_h, out_w, channels);
            for (int c = part.left; c < part.right; c += WIDTH) {
                whole place;
                largest(picture + c, y, x0, h, w, channels, &place);
                const vector gradient = LOAD(from + c);
#pragma unroll
                for (int i = 0; i < SIZE * SIZE; i++) {
                    const int to_y = y + i / SIZE, to_x = x0 + i % SIZE, here = to_y * w + to_x;
                    if (!inside && (to_y < top || to_y >= bottom || to_x < left || to_x >= right))
                        continue;
                    __global float *to = d_picture + here * channels + c;
                    PUT(LOAD(to) + CHOOSE((vector)(0.0f), gradient, place == here), to);
                }
            }
        }
    }
    zero_rows(d_picture, ready, bottom, left, right, w, channels, part.left, part.right);
}
#endif
