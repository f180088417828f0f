/* Direct convolution, forward and backward-data: one pass (lib/ops/conv2d_pass.h) over any tensor.
 *
 * One work-item = TILE consecutive places of the grid (through rows and pictures) x a group of blocks of
 * BLOCKS * VECTOR written channels, one after the other, all sums of a block in registers; the launch's size says how
 * many groups there are. It reads runs of channels, of a whole row of taps where that lies inside; a tap that falls
 * outside reads a run of zeros, so borders need no other path. -D: VECTOR floats a register (4, 8, 16), BLOCKS
 * registers of channels, TILE places. All sizes are arguments. Work-groups of one work-item: no local memory, no
 * barrier. */
#define WIDTH (VECTOR * BLOCKS)
#define OUTSIDE (-0x40000000)

/* Adds the products of `run` values from each place with as many rows of weights. Some compilers inline too late to see
 * that the sums fit registers. */
static inline __attribute__((always_inline)) void add_run(floatv (*sum)[BLOCKS], __global const float *const *from,
                                                          __global const float *weights, int run)
{
    for (int c = 0; c < run; c++, weights += WIDTH) {
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

/* sum = scale sum + shift, by channel. */
static inline void scale_sums(floatv (*sum)[BLOCKS], __global const float *scale, __global const float *shift,
                              int channel, int to_c)
{
#pragma unroll
    for (int b = 0; b < BLOCKS; b++, channel += VECTOR) {
        const floatv factor = load_lanes(scale ? scale + channel : 0, to_c - channel, 1.0f);
        const floatv term = load_lanes(shift ? shift + channel : 0, to_c - channel, 0.0f);
#pragma unroll
        for (int i = 0; i < TILE; i++)
            sum[i][b] = sum[i][b] * factor + term;
    }
}

/* Stores a whole tile of sums, in whole registers, from them: `to` are its places in y and residual. */
static inline void store_whole(floatv (*sum)[BLOCKS], __global const float *residual, __global float *y, const uint *to,
                               floatv least)
{
    if (residual)
#pragma unroll
        for (int i = 0; i < TILE; i++)
#pragma unroll
            for (int b = 0; b < BLOCKS; b++)
                sum[i][b] += vloadv(b, residual + to[i]);
#pragma unroll
    for (int i = 0; i < TILE; i++)
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            store_vector(sum[i][b] < least ? least : sum[i][b], y + to[i] + b * VECTOR);
}

/* Stores the sums of `count` places, of which `lanes_left` channels exist. */
static inline void store_part(floatv (*sum)[BLOCKS], __global const float *residual, __global float *y, const uint *to,
                              floatv least, int count, int lanes_left)
{
    /* The sums leave the registers here, so that what follows may be a loop. */
    floatv done[TILE][BLOCKS];
#pragma unroll
    for (int i = 0; i < TILE; i++)
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            done[i][b] = sum[i][b];
    for (int i = 0; i < count; i++)
        for (int b = 0; b * VECTOR < min(lanes_left, WIDTH); b++) {
            const uint at = to[i] + b * VECTOR;
            floatv value = done[i][b];
            if (residual)
                value += load_lanes(residual + at, lanes_left - b * VECTOR, 0.0f);
            store_lanes(value < least ? least : value, y + at, lanes_left - b * VECTOR);
        }
}

/* y = relu?(scale sum + shift + residual); each of the three may be NULL, residual may be y. packed: taps_w from_c
 * zeros, and this pass's weights at `offset`. Offsets are unsigned: those of taps outside may wrap, unused. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_direct_pass(__global const float *x, __global const float *packed, int offset, __global const float *scale,
                   __global const float *shift, __global const float *residual, int relu, __global float *y, int places,
                   int grid_h, int grid_w, int from_h, int from_w, int from_c, int to_h, int to_w, int to_c, int taps_h,
                   int taps_w, int stride, int first_y, int first_x, int step, int to_y, int to_x)
{
    const int first_place = get_global_id(0) * TILE, count = min(TILE, places - first_place);
    const int blocks = (to_c + WIDTH - 1) / WIDTH, groups = get_global_size(1);
    const int first = get_global_id(1) * blocks / groups, last = (get_global_id(1) + 1) * blocks / groups;
    __global const float *weights = packed + offset + first * taps_h * taps_w * from_c * WIDTH;
    int at_y[TILE], at_x[TILE];
    uint at[TILE], to[TILE];
    bool whole = true; /* no place's window leaves x to the left or right */
    grid_place place = place_at(first_place, grid_h, grid_w);
#pragma unroll
    for (int i = 0; i < TILE; i++) {
        at_y[i] = i < count ? place.y * stride + first_y : OUTSIDE;
        at_x[i] = place.x * stride + first_x;
        whole = whole && at_x[i] >= 0 && at_x[i] + taps_w <= from_w;
        at[i] = (((uint)place.n * from_h + place.y * stride + first_y) * from_w + at_x[i]) * from_c;
        to[i] = (((uint)place.n * to_h + place.y * step + to_y) * to_w + place.x * step + to_x) * to_c + first * WIDTH;
        place = place_behind(place, grid_h, grid_w);
    }
    const int taps_a_run = whole ? taps_w : 1, run = taps_a_run * from_c;
    const uint row = (uint)from_w * from_c, pitch = (uint)stride * from_c;
    const int fresh = min(stride, taps_w) * from_c; /* of a place's window row, what the place before did not read */
    const bool fetches = first_place + 2 * TILE <= places && from_c >= LINE && from_c <= 512;
    const floatv least = relu ? 0.0f : -INFINITY;
    for (int channel = first * WIDTH; channel < last * WIDTH; channel += WIDTH) {
        const int ahead = fetches && channel == first * WIDTH ? TILE : 0; /* places whose channels are fetched */
        floatv sum[TILE][BLOCKS];
#pragma unroll
        for (int i = 0; i < TILE; i++)
#pragma unroll
            for (int b = 0; b < BLOCKS; b++) {
                sum[i][b] = 0.0f;
                FETCH(y + to[i] + b * VECTOR);
            }
        for (int i = 0; residual && i < count; i++)
            for (int b = 0; b < BLOCKS; b++)
                FETCH(residual + to[i] + b * VECTOR);
        for (int ty = 0; ty < taps_h; ty++) {
            for (int i = 0; i < ahead; i++)
                for (int c = 0; c < fresh; c += LINE)
                    FETCH(x + (at[0] + ty * row + (TILE + i) * pitch + c));
            for (int tx = 0; tx < taps_w; tx += taps_a_run, weights += run * WIDTH) {
                __global const float *from[TILE];
#pragma unroll
                for (int i = 0; i < TILE; i++) {
                    const bool inside = (uint)(at_y[i] + ty) < (uint)from_h && (uint)(at_x[i] + tx) < (uint)from_w;
                    from[i] = inside ? x + (at[i] + ty * row + (uint)tx * from_c) : packed;
                }
                add_run(sum, from, weights, run);
            }
        }
        scale_sums(sum, scale, shift, channel, to_c);
        if (count == TILE && channel + WIDTH <= to_c)
            store_whole(sum, residual, y, to, least);
        else
            store_part(sum, residual, y, to, least, count, to_c - channel);
#pragma unroll
        for (int i = 0; i < TILE; i++)
            to[i] += WIDTH;
    }
}
