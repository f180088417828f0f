/* Direct convolution, forward and backward-data: one pass (lib/ops/conv2d_pass.h) over any tensor.
 *
 * One work-item = TILE consecutive places of the grid (through rows and pictures) x one block of BLOCKS * VECTOR
 * written channels, all sums in registers. A tap that falls outside reads a run of zeros, so borders need no other
 * path. -D: VECTOR floats a register (4, 8, 16), BLOCKS registers of channels, TILE places. All sizes are arguments.
 * Work-groups of one work-item: no local memory, no barrier. */
#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
#define floatv GLUE(float, VECTOR)
#define vloadv GLUE(vload, VECTOR)
#define vstorev GLUE(vstore, VECTOR)
#define WIDTH (VECTOR * BLOCKS)
#define OUTSIDE (-0x40000000)

typedef union lanes {
    floatv vector;
    float lane[VECTOR];
} lanes;

/* The first `count` lanes from memory, the others (all, where there is none) `otherwise`. */
static inline floatv load_lanes(__global const float *from, int count, float otherwise)
{
    lanes value;
    if (from && count >= VECTOR)
        return vloadv(0, from);
    value.vector = otherwise;
    for (int i = 0; from && i < count; i++)
        value.lane[i] = from[i];
    return value.vector;
}

static inline void store_lanes(floatv vector, __global float *to, int count)
{
    lanes value;
    value.vector = vector;
    if (count >= VECTOR)
        vstorev(vector, 0, to);
    else
        for (int i = 0; i < count; i++)
            to[i] = value.lane[i];
}

/* y = relu?(scale sum + shift + residual); each of the three may be NULL, residual may be y. packed: from_c
 * zeros, and this pass's weights at `offset`. Offsets are unsigned: those of taps outside may wrap, and are not used.
 */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_direct_pass(__global const float *x, __global const float *packed, int offset, __global const float *scale,
                   __global const float *shift, __global const float *residual, int relu, __global float *y, int places,
                   int grid_h, int grid_w, int from_h, int from_w, int from_c, int to_h, int to_w, int to_c, int taps_h,
                   int taps_w, int stride, int first_y, int first_x, int step, int to_y, int to_x)
{
    const int place = get_global_id(0) * TILE, block = get_global_id(1);
    __global const float *weights = packed + offset + block * taps_h * taps_w * from_c * WIDTH;
    int gx = place % grid_w, gy = place / grid_w % grid_h, n = place / grid_w / grid_h;
    int at_y[TILE], at_x[TILE];
    uint at[TILE], to[TILE];
#pragma unroll
    for (int i = 0; i < TILE; i++) {
        at_y[i] = place + i < places ? gy * stride + first_y : OUTSIDE;
        at_x[i] = gx * stride + first_x;
        at[i] = (((uint)n * from_h + gy * stride + first_y) * from_w + at_x[i]) * from_c;
        to[i] = (((uint)n * to_h + gy * step + to_y) * to_w + gx * step + to_x) * to_c + block * WIDTH;
        if (++gx == grid_w) {
            gx = 0;
            if (++gy == grid_h) {
                gy = 0;
                n++;
            }
        }
    }
    floatv sum[TILE][BLOCKS];
#pragma unroll
    for (int i = 0; i < TILE; i++)
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            sum[i][b] = 0.0f;
    for (int ty = 0; ty < taps_h; ty++)
        for (int tx = 0; tx < taps_w; tx++) {
            const uint tap = (ty * from_w + tx) * from_c;
            __global const float *from[TILE];
#pragma unroll
            for (int i = 0; i < TILE; i++)
                from[i] = (uint)(at_y[i] + ty) < (uint)from_h && (uint)(at_x[i] + tx) < (uint)from_w ? x + (at[i] + tap)
                                                                                                     : packed;
            for (int c = 0; c < from_c; c++, weights += WIDTH) {
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
        }
    /* The sums leave the registers here, so that what follows may be a loop. */
    floatv done[TILE][BLOCKS];
    uint done_to[TILE];
#pragma unroll
    for (int i = 0; i < TILE; i++) {
        done_to[i] = to[i];
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            done[i][b] = sum[i][b];
    }
    for (int b = 0; b < BLOCKS; b++) {
        const int channel = block * WIDTH + b * VECTOR, count = to_c - channel;
        const floatv factor = load_lanes(scale ? scale + channel : 0, count, 1.0f);
        const floatv term = load_lanes(shift ? shift + channel : 0, count, 0.0f);
        for (int i = 0; i < TILE && place + i < places; i++) {
            const uint place_to = done_to[i] + b * VECTOR;
            floatv value = done[i][b] * factor + term + load_lanes(residual ? residual + place_to : 0, count, 0.0f);
            if (relu)
                value = value < 0.0f ? 0.0f : value;
            store_lanes(value, y + place_to, count);
        }
    }
}
