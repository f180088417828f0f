/* Gradients of weights by Winograd's F(4x4, 3x3); conv2d_winograd.cl has the transforms of x.
 *   dg = G^T du G, where du = sum over tiles of v . (A dy A^T), with v from conv2d_winograd_tiles and dy a tile's 4 x 4
 * gradients, 0 for places behind the border
 *
 * -D: VECTOR floats a register (4, 8, 16), BLOCKS registers of out channels, TILE in channels of a product. All sizes
 * are arguments. Work-groups of one work-item. */
#define WIDTH (VECTOR * BLOCKS)
#define POINTS 36
#define APART 16

/* out = G^T in: 6 values to 3. */
static inline void transform_back(const floatv *in, int in_step, floatv *out, int out_step)
{
    const floatv a = in[in_step] + in[2 * in_step], b = in[2 * in_step] - in[in_step];
    const floatv c = in[3 * in_step] + in[4 * in_step], d = in[3 * in_step] - in[4 * in_step];
    out[0] = in[0] * 0.25f - a * (1.0f / 6) + c * (1.0f / 24);
    out[out_step] = b * (1.0f / 6) + d * (1.0f / 12);
    out[2 * out_step] = (c - a) * (1.0f / 6) + in[5 * in_step];
}

/* out = A in: 4 values to 6. */
static inline void transform_gradient(const floatv *in, int in_step, floatv *out, int out_step)
{
    const floatv d0 = in[0], d1 = in[in_step], d2 = in[2 * in_step], d3 = in[3 * in_step];
    const floatv a = d0 + d2, b = d1 + d3, c = d0 + 4.0f * d2, d = 2.0f * d1 + 8.0f * d3;
    out[0] = d0;
    out[out_step] = a + b;
    out[2 * out_step] = a - b;
    out[3 * out_step] = c + d;
    out[4 * out_step] = c - d;
    out[5 * out_step] = d3;
}

/* One work-item = one register of out channels of one tile of those from `first` on, to d[point][tile][channel] at d_at
 * in `work`: rows of `row` floats, points `block * row + APART` apart. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_winograd_gradient(__global const float *d_y, __global float *work, int d_at, int first, int block, int row,
                         int height, int width, int channels)
{
    const int channel = get_global_id(0) * VECTOR, tile = get_global_id(1);
    const grid_place place = place_at(first + tile, (height + 3) / 4, (width + 3) / 4);
    floatv from[16], t[24], out[POINTS];
    for (int i = 0; i < 16; i++) {
        const int y = place.y * 4 + i / 4, x = place.x * 4 + i % 4;
        const uint at = (((uint)place.n * height + y) * width + x) * channels + channel;
        from[i] = load_lanes(d_y + at, y < height && x < width ? channels - channel : 0, 0.0f);
    }
#pragma unroll
    for (int column = 0; column < 4; column++)
        transform_gradient(from + column, 4, t + column, 4);
#pragma unroll
    for (int line = 0; line < 6; line++)
        transform_gradient(t + line * 4, 1, out + line * 6, 1);
#pragma unroll
    for (int point = 0; point < POINTS; point++)
        store_vector(out[point], work + d_at + point * (block * row + APART) + tile * row + channel);
}

/* One register of out channels of one in channel: d_weights[o][c][tap] (+)= G^T u G. `count` lanes are channels. */
static inline void store_weights(const floatv *u, __global float *d_weights, int of_out, int count, int accumulate)
{
    floatv t[18], g[9];
    lanes out[9];
#pragma unroll
    for (int column = 0; column < 6; column++)
        transform_back(u + column, 6, t + column, 6);
#pragma unroll
    for (int row = 0; row < 3; row++)
        transform_back(t + row * 6, 1, g + row * 3, 1);
#pragma unroll
    for (int tap = 0; tap < 9; tap++)
        out[tap].vector = g[tap];
    for (int lane = 0; lane < VECTOR && lane < count; lane++, d_weights += of_out)
        for (int tap = 0; tap < 9; tap++)
            d_weights[tap] = accumulate ? d_weights[tap] + out[tap].lane[lane] : out[tap].lane[lane];
}

/* One work-item = TILE in channels x one block of out channels, over `count` tiles: for each point
 *   du[c][o] = sum over tiles of v[point][tile][c] d[point][tile][o]
 * in registers, then back to the gradient of the weights. v and d lie in `work`, `block` tiles a point. Behind the last
 * in channel it reads what lies behind a row, for nothing. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_winograd_product(__global const float *work, int v_at, int d_at, __global float *d_weights, int count, int block,
                        int channels, int outs, int accumulate)
{
    const int c = get_global_id(0) * TILE, o = get_global_id(1) * WIDTH;
    const int v_row = (channels + VECTOR - 1) / VECTOR * VECTOR, d_row = (outs + WIDTH - 1) / WIDTH * WIDTH;
    floatv du[TILE][BLOCKS][POINTS];
    for (int point = 0; point < POINTS; point++) {
        __global const float *v = work + v_at + point * (block * v_row + APART) + c;
        __global const float *d = work + d_at + point * (block * d_row + APART) + o;
        floatv sum[TILE][BLOCKS];
#pragma unroll
        for (int i = 0; i < TILE; i++)
#pragma unroll
            for (int j = 0; j < BLOCKS; j++)
                sum[i][j] = 0.0f;
        for (int tile = 0; tile < count; tile++, v += v_row, d += d_row) {
            floatv gradient[BLOCKS];
#pragma unroll
            for (int j = 0; j < BLOCKS; j++)
                gradient[j] = vloadv(j, d);
#pragma unroll
            for (int i = 0; i < TILE; i++) {
                const floatv value = v[i];
#pragma unroll
                for (int j = 0; j < BLOCKS; j++)
                    sum[i][j] = fma(value, gradient[j], sum[i][j]);
            }
        }
#pragma unroll
        for (int i = 0; i < TILE; i++)
#pragma unroll
            for (int j = 0; j < BLOCKS; j++)
                du[i][j][point] = sum[i][j];
    }
    for (int i = 0; i < TILE && c + i < channels; i++)
        for (int j = 0; j < BLOCKS; j++) {
            const int out = o + j * VECTOR;
            store_weights(du[i][j], d_weights + (out * channels + c + i) * 9, channels * 9, outs - out, accumulate);
        }
}
