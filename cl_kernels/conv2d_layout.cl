/* Weights into the layout that the convolutions read, and gradients of weights out of the layout that they write. Both
 * turn rows of memory into columns, so work-items move squares of VECTOR x VECTOR floats.
 * -D: VECTOR (4, 8, 16); BACKWARD: the kernels of training, so that detection does not compile them. */

/* Each round deals the first half of the rows and the second into one another, like cards; after log2(VECTOR) rounds
 * rows are columns. */
static inline void transpose(floatv *row)
{
#pragma unroll
    for (int round = VECTOR; round > 1; round /= 2) {
        floatv next[VECTOR];
#pragma unroll
        for (int i = 0; i < VECTOR / 2; i++) {
            next[2 * i].even = row[i].lo;
            next[2 * i].odd = row[i + VECTOR / 2].lo;
            next[2 * i + 1].even = row[i].hi;
            next[2 * i + 1].odd = row[i + VECTOR / 2].hi;
        }
#pragma unroll
        for (int i = 0; i < VECTOR; i++)
            row[i] = next[i];
    }
}

#ifndef BACKWARD
/* Forward. One work-item = VECTOR columns (in channel, tap; taps fastest) x VECTOR lanes of a block:
 *   packed[offset + ((block taps + tap) channels + c) width + lane] = weights[block width + lane][c][tap] */
__kernel __attribute__((vec_type_hint(floatv))) void
conv2d_layout_pack(__global const float *weights, __global float *packed, int offset, int channels, int outs, int width,
                   int taps)
{
    const int columns = channels * taps, column = get_global_id(0) * VECTOR;
    const int lane = get_global_id(1) * VECTOR, block = get_global_id(2), out = block * width + lane;
    if (column >= columns || lane >= width)
        return;
    floatv square[VECTOR];
#pragma unroll
    for (int i = 0; i < VECTOR; i++)
        square[i] = load_lanes(weights + ((out + i) * columns + column), out + i < outs ? columns - column : 0, 0.0f);
    transpose(square);
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
        const int c = (column + i) / taps, tap = (column + i) % taps;
        if (column + i < columns)
            store_lanes(square[i], packed + (offset + ((block * taps + tap) * channels + c) * width + lane),
                        width - lane);
    }
}
#else
/* Backward-data. One work-item = VECTOR lanes of a block, one out channel, and all taps of one pass:
 *   packed[offset + ((block taps + tap) outs + out) width + lane] = weights[out][block width + lane][place of tap] */
__kernel __attribute__((vec_type_hint(floatv))) void
conv2d_layout_pack_back(__global const float *weights, __global float *packed, int offset, int channels, int outs,
                        int width, int size, int taps_h, int taps_w, int kernel_y, int kernel_x, int kernel_step)
{
    const int lane = get_global_id(0) * VECTOR, out = get_global_id(1), block = get_global_id(2);
    const int first = block * width + lane, count = channels - first, places = size * size;
    if (out >= outs || lane >= width)
        return;
    __global const float *source = weights + (out * channels + first) * places;
    for (int ty = 0; ty < taps_h; ty++)
        for (int tx = 0; tx < taps_w; tx++) {
            const int place = (kernel_y + ty * kernel_step) * size + kernel_x + tx * kernel_step;
            lanes value;
            if (places == 1)
                value.vector = load_lanes(source, count, 0.0f);
            else
#pragma unroll
                for (int i = 0; i < VECTOR; i++)
                    value.lane[i] = i < count ? source[i * places + place] : 0.0f;
            const int tap = block * taps_h * taps_w + ty * taps_w + tx;
            store_lanes(value.vector, packed + (offset + (tap * outs + out) * width + lane), width - lane);
        }
}

/* One work-item = VECTOR columns (in channel, tap; taps fastest) x VECTOR lanes of a block: d_weights (+)= the sum over
 * parts, in order, of partial[part][tap][block][in channel][lane]. */
__kernel __attribute__((vec_type_hint(floatv))) void
conv2d_layout_sum(__global const float *partial, __global float *d_weights, int parts, int taps, int channels, int outs,
                  int width, int blocks, int accumulate)
{
    const int columns = channels * taps, column = get_global_id(0) * VECTOR;
    const int lane = get_global_id(1) * VECTOR, block = get_global_id(2), out = block * width + lane;
    const int floats = taps * blocks * channels * width;
    if (column >= columns || lane >= width)
        return;
    floatv square[VECTOR];
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
        const int k = min(column + i, columns - 1);
        __global const float *from = partial + (((k % taps * blocks + block) * channels + k / taps) * width + lane);
        square[i] = 0.0f;
        for (int part = 0; part < parts; part++)
            square[i] += load_lanes(from + part * floats, width - lane, 0.0f);
    }
    transpose(square);
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
        const int count = lane + i < width && out + i < outs ? columns - column : 0;
        __global float *to = d_weights + ((out + i) * columns + column);
        if (accumulate)
            square[i] += load_lanes(to, count, 0.0f);
        store_lanes(square[i], to, count);
    }
}
#endif
