/* Convolution by Winograd's F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016):
 *   4 x 4 outputs = A^T [ (G g G^T) . (B^T d B) ] A   of a 3 x 3 kernel g and a 6 x 6 tile d of the input.
 * For each of the 36 points of a transformed tile the sum over channels is a matrix product.
 *
 * conv2d_winograd_pass is forward or backward-data of one stride-1 3x3 pass (lib/ops/conv2d_pass.h). One work-item =
 * every n-th block of `block` tiles (n: the global size), with a slice of `work` of its own, so that a block stays in
 * cache:
 *   1. transforms its tiles to           v[point][tile][read channel]
 *   2. for each point: TILE tiles x one block of WIDTH written channels at a time, all sums in registers, to
 *                                        m[point][tile][written channel]
 *   3. transforms those back, and stores. A place outside is read from a run of zeros, so borders need no other path.
 * The points of v and m lie 16 floats further apart than their size asks, lest they share the sets of a cache.
 *
 * -D: VECTOR floats a register (4, 8, 16), BLOCKS registers of written channels, TILE tiles; BACKWARD_WEIGHTS: the
 * other kernel, so that detection does not compile it. All sizes are arguments.
 * Work-groups of one work-item: no local memory, no barrier. */
#define WIDTH (VECTOR * BLOCKS)
#define POINTS 36
#define APART 16

/* out = B^T in, of 6 values `in_step` and `out_step` apart. */
static inline void transform_input(const floatv *in, int in_step, floatv *out, int out_step)
{
    const floatv d0 = in[0], d1 = in[in_step], d2 = in[2 * in_step], d3 = in[3 * in_step], d4 = in[4 * in_step],
                 d5 = in[5 * in_step];
    const floatv p = d4 - 4.0f * d2, q = d3 - 4.0f * d1, r = d4 - d2, s = 2.0f * (d3 - d1);
    out[0] = 4.0f * d0 - 5.0f * d2 + d4;
    out[out_step] = p + q;
    out[2 * out_step] = p - q;
    out[3 * out_step] = r + s;
    out[4 * out_step] = r - s;
    out[5 * out_step] = 4.0f * d1 - 5.0f * d3 + d5;
}

/* out = A^T in: 6 values to 4. */
static inline void transform_output(const floatv *in, int in_step, floatv *out, int out_step)
{
    const floatv a = in[in_step] + in[2 * in_step], b = in[in_step] - in[2 * in_step];
    const floatv c = in[3 * in_step] + in[4 * in_step], d = in[3 * in_step] - in[4 * in_step];
    out[0] = in[0] + a + c;
    out[out_step] = b + 2.0f * d;
    out[2 * out_step] = a + 4.0f * c;
    out[3 * out_step] = b + 8.0f * d + in[5 * in_step];
}

/* One register of channels of one tile, `at` floats from each of its points in x, `apart` floats between those of v. */
static inline void input_tile(__global const float *const *from, int at, __global float *v, int apart)
{
    floatv d[POINTS], t[POINTS];
#pragma unroll
    for (int row = 0; row < 6; row++) {
#pragma unroll
        for (int i = 0; i < 6; i++)
            d[row * 6 + i] = vloadv(0, from[row * 6 + i] + at);
        transform_input(d + row * 6, 1, t + row * 6, 1);
    }
#pragma unroll
    for (int column = 0; column < 6; column++)
        transform_input(t + column, 6, d + column, 6);
#pragma unroll
    for (int i = 0; i < POINTS; i++)
        store_vector(d[i], v + i * apart);
}

/* All channels of the tile whose first place is (y0, x0) of picture n. spare: room for POINTS registers, for the last
 * channels where they do not fill one. */
static inline void input_tile_channels(__global const float *x, __global const float *zeros, int n, int y0, int x0,
                                       int height, int width, int channels, __global float *v, int apart,
                                       __global float *spare)
{
    __global const float *from[POINTS];
    for (int i = 0; i < POINTS; i++) {
        const int y = y0 + i / 6, at_x = x0 + i % 6;
        const bool inside = (uint)y < (uint)height && (uint)at_x < (uint)width;
        from[i] = inside ? x + (((uint)n * height + y) * width + at_x) * channels : zeros;
    }
    int channel = 0;
    for (; channel + VECTOR <= channels; channel += VECTOR)
        input_tile(from, channel, v + channel, apart);
    if (channel == channels)
        return;
    for (int i = 0; i < POINTS; i++) {
        store_vector(load_lanes(from[i] + channel, channels - channel, 0.0f), spare + i * VECTOR);
        from[i] = spare + i * VECTOR;
    }
    input_tile(from, 0, v + channel, apart);
}

#ifndef BACKWARD_WEIGHTS
/* TILE tiles (the last of them again where there are fewer) x one block of written channels, at one point. */
static inline void multiply(__global const float *v, __global const float *weights, __global float *m, int count,
                            int channels, int v_row, int m_row)
{
    floatv sum[TILE][BLOCKS];
    __global const float *from[TILE];
#pragma unroll
    for (int i = 0; i < TILE; i++) {
        from[i] = v + min(i, count - 1) * v_row;
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            sum[i][b] = 0.0f;
    }
    for (int c = 0; c < channels; c++, weights += WIDTH) {
        floatv weight[BLOCKS];
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            weight[b] = vloadv(b, weights);
#pragma unroll
        for (int i = 0; i < TILE; i++) {
            const floatv value = from[i][c];
#pragma unroll
            for (int b = 0; b < BLOCKS; b++)
                sum[i][b] = fma(value, weight[b], sum[i][b]);
        }
    }
#pragma unroll
    for (int i = 0; i < TILE; i++)
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            if (i < count)
                store_vector(sum[i][b], m + i * m_row + b * VECTOR);
}

/* One register of written channels of one tile: 4 x 4 values, row after row. */
static inline void output_tile(__global const float *m, int apart, floatv *out)
{
    floatv t[24];
#pragma unroll
    for (int row = 0; row < 6; row++) {
        floatv d[6];
#pragma unroll
        for (int i = 0; i < 6; i++)
            d[i] = vloadv(0, m + (row * 6 + i) * apart);
        transform_output(d, 1, t + row * 4, 1);
    }
#pragma unroll
    for (int column = 0; column < 4; column++)
        transform_output(t + column, 4, out + column, 4);
}

/* y = relu?(scale sum + shift + residual); each of the three may be NULL, residual may be y. packed: `begin` zeros,
 * then weights[point][block of written channels][read channel][lane]. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_winograd_pass(__global const float *x, __global const float *packed, int begin, __global const float *scale,
                     __global const float *shift, __global const float *residual, int relu, __global float *y,
                     __global float *work, int slice, int block, int tiles, int from_h, int from_w, int from_c,
                     int to_h, int to_w, int to_c, int first_y, int first_x)
{
    const int across = (to_w + 3) / 4, down = (to_h + 3) / 4, blocks = (to_c + WIDTH - 1) / WIDTH;
    const int v_row = (from_c + VECTOR - 1) / VECTOR * VECTOR, m_row = blocks * WIDTH;
    const int v_apart = block * v_row + APART, m_apart = block * m_row + APART;
    __global float *spare = work + (size_t)get_global_id(0) * slice, *v = spare + POINTS * VECTOR,
                   *m = v + POINTS * v_apart;
    for (int first = get_global_id(0) * block; first < tiles; first += get_global_size(0) * block) {
        const int count = min(block, tiles - first);
        for (int i = 0; i < count; i++) {
            const grid_place tile = place_at(first + i, down, across);
            input_tile_channels(x, packed, tile.n, tile.y * 4 + first_y, tile.x * 4 + first_x, from_h, from_w, from_c,
                                v + i * v_row, v_apart, spare);
        }
        __global const float *weights = packed + begin;
        for (int point = 0; point < POINTS; point++)
            for (int b = 0; b < blocks; b++, weights += from_c * WIDTH)
                for (int i = 0; i < count; i += TILE)
                    multiply(v + point * v_apart + i * v_row, weights, m + point * m_apart + i * m_row + b * WIDTH,
                             min(TILE, count - i), from_c, v_row, m_row);
        for (int channel = 0; channel < to_c; channel += VECTOR) {
            const int lanes_left = to_c - channel;
            const floatv factor = load_lanes(scale ? scale + channel : 0, lanes_left, 1.0f);
            const floatv term = load_lanes(shift ? shift + channel : 0, lanes_left, 0.0f);
            for (int i = 0; i < count; i++) {
                const grid_place tile = place_at(first + i, down, across);
                floatv out[16];
                output_tile(m + i * m_row + channel, m_apart, out);
                for (int j = 0; j < 16; j++) {
                    const int to_y = tile.y * 4 + j / 4, to_x = tile.x * 4 + j % 4;
                    if (to_y >= to_h || to_x >= to_w)
                        continue;
                    const uint to = (((uint)tile.n * to_h + to_y) * to_w + to_x) * to_c + channel;
                    floatv value = out[j] * factor + term + load_lanes(residual ? residual + to : 0, lanes_left, 0.0f);
                    if (relu)
                        value = value < 0.0f ? 0.0f : value;
                    store_lanes(value, y + to, lanes_left);
                }
            }
        }
    }
}
#else
/* For backward-weights. One work-item = one tile of those from `first` on, all its channels, to v[point][tile][channel]
 * as in step 1 above, at v_at in `work`. It begins with from_c zeros; at spare_at is room for POINTS registers a tile.
 */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_winograd_tiles(__global const float *x, __global float *work, int spare_at, int v_at, int first, int block,
                      int to_h, int to_w, int from_h, int from_w, int from_c, int first_y, int first_x)
{
    const int i = get_global_id(0), v_row = (from_c + VECTOR - 1) / VECTOR * VECTOR;
    const grid_place tile = place_at(first + i, (to_h + 3) / 4, (to_w + 3) / 4);
    input_tile_channels(x, work, tile.n, tile.y * 4 + first_y, tile.x * 4 + first_x, from_h, from_w, from_c,
                        work + v_at + i * v_row, block * v_row + APART, work + spare_at + i * POINTS * VECTOR);
}
#endif
