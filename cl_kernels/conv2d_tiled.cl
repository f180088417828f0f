/* Convolution for GPUs: a matrix product through local memory whose left side is gathered on the way.
 *
 * Forward and backward-data (conv2d_tiled_pass) run one pass (lib/ops/conv2d_pass.h): rows are places, columns are
 * written channels, depth is (tap, read channel). Backward-weights (conv2d_tiled_weights): rows are (tap, in channel),
 * columns are out channels, depth is places. Dimension 1 is the parts that depth was cut into; each writes sums of its
 * own, which are added in order afterwards.
 *
 * One work-group = ROWS x COLUMNS of the product, DEPTH at a time: while a step is multiplied out of one half of local
 * memory, the next comes in and fills the other half. One work-item = HIGH x WIDE squares of 4 x 4; work-items lie in
 * patches of 8 x 8, so that those that run together read few different words. Each brings one quad (4 floats in a row)
 * of the left side a step; PITCH keeps its scattered stores off each other's banks. Offsets are unsigned: those of taps
 * outside may wrap, and are not used.
 * -D: DOWN and ACROSS patches in a work-group, HIGH and WIDE squares, LEFT_QUADS and RIGHT_QUADS 1 where the channels
 * that the left side reads and those of the columns are multiples of 4, WEIGHTS for the kernel of backward-weights, which
 * detection does not compile. All sizes are arguments. (The file is long because both products share the tile.) */
#define ITEMS (64 * DOWN * ACROSS)
#define ROWS (32 * DOWN * HIGH)
#define COLUMNS (32 * ACROSS * WIDE)
#define DEPTH (4 * ITEMS / ROWS)
#define PITCH (ROWS / 4 + 1)
#define WIDTH (COLUMNS / 4)
#define RIGHT_EACH ((DEPTH * WIDTH + ITEMS - 1) / ITEMS)
#define LEFT_TAPS (LEFT_QUADS ? 1 : 4)
#define OUTSIDE (-0x40000000)

/* A number in mixed radix: low counts to low_end, middle to middle_end, high on. */
typedef struct {
    int low, middle, high;
} counter;

static inline counter counter_at(int value, int low_end, int middle_end)
{
    const counter at = {value % low_end, value / low_end % middle_end, value / low_end / middle_end};
    return at;
}

static inline counter advance(counter at, int by, int low_end, int middle_end)
{
    at.low += by;
    while (at.low >= low_end) {
        at.low -= low_end;
        if (++at.middle == middle_end) {
            at.middle = 0;
            at.high++;
        }
    }
    return at;
}

/* This work-item's squares: row and column of the first, in quads. */
static inline int my_row(void)
{
    return get_local_id(0) / 8 % 8 + get_local_id(0) / 64 / ACROSS * 8;
}

static inline int my_column(void)
{
    return get_local_id(0) % 8 + get_local_id(0) / 64 % ACROSS * 8;
}

/* `count` floats, at most 4, zeros behind. quads: count is a multiple of 4 and `from` is aligned to it. */
static inline float4 load_quad(__global const float *from, int count, bool quads)
{
    if (quads)
        return count > 0 ? *(__global const float4 *)from : (float4)(0.0f);
    return (float4)(count > 0 ? from[0] : 0.0f, count > 1 ? from[1] : 0.0f, count > 2 ? from[2] : 0.0f,
                    count > 3 ? from[3] : 0.0f);
}

static inline void store_quad(float4 value, __global float *to, int count)
{
    if (RIGHT_QUADS) {
        *(__global float4 *)to = value;
        return;
    }
    to[0] = value.x;
    if (count > 1)
        to[1] = value.y;
    if (count > 2)
        to[2] = value.z;
    if (count > 3)
        to[3] = value.w;
}

/* The right side is a matrix of `columns` columns; this work-item's quads of the step that begins at row `first`. */
static inline void load_right(float4 next[RIGHT_EACH], __global const float *from, int first, int rows, int columns,
                              int block, bool quads)
{
#pragma unroll
    for (int i = 0; i < RIGHT_EACH; i++) {
        const int quad = get_local_id(0) + i * ITEMS, d = quad / WIDTH;
        const int row = first + d, column = block * COLUMNS + quad % WIDTH * 4;
        next[i] = load_quad(from + (uint)row * columns + column, d < DEPTH && row < rows ? columns - column : 0, quads);
    }
}

static inline void store_right(const float4 next[RIGHT_EACH], __local float4 *right)
{
#pragma unroll
    for (int i = 0; i < RIGHT_EACH; i++) {
        const int quad = get_local_id(0) + i * ITEMS;
        if (quad < DEPTH * WIDTH)
            right[quad] = next[i];
    }
}

/* FP_FAST_FMAF says that fma() is no slower than a product and a sum; elsewhere it may be a function of many. */
#ifdef FP_FAST_FMAF
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

/* sum += left^T right over one step of depth. */
static inline void multiply(float4 sum[4 * HIGH][WIDE], __local const float4 *left, __local const float4 *right)
{
    left += my_row();
    right += my_column();
#pragma unroll
    for (int d = 0; d < DEPTH; d++) {
        float4 b[WIDE];
#pragma unroll
        for (int w = 0; w < WIDE; w++)
            b[w] = right[d * WIDTH + w * 8 * ACROSS];
#pragma unroll
        for (int h = 0; h < HIGH; h++) {
            const float4 a = left[d * PITCH + h * 8 * DOWN];
#pragma unroll
            for (int w = 0; w < WIDE; w++) {
                sum[4 * h][w] = MULTIPLY_ADD((float4)(a.x), b[w], sum[4 * h][w]);
                sum[4 * h + 1][w] = MULTIPLY_ADD((float4)(a.y), b[w], sum[4 * h + 1][w]);
                sum[4 * h + 2][w] = MULTIPLY_ADD((float4)(a.z), b[w], sum[4 * h + 2][w]);
                sum[4 * h + 3][w] = MULTIPLY_ADD((float4)(a.w), b[w], sum[4 * h + 3][w]);
            }
        }
    }
}

#ifndef WEIGHTS
/* What a quad of the left side reads in a pass: 4 channels from `k` (channel, tap x, tap y) on of the place whose first
 * tap lies at at_y, at_x and at `at` floats in x. */
static inline float4 gather(__global const float *x, uint at, int at_y, int at_x, counter k, int from_h, int from_w,
                            int from_c, int taps_h, int taps_w)
{
    float value[4];
    for (int i = 0; i < 4; i++) {
        const bool inside =
            k.high < taps_h && (uint)(at_y + k.high) < (uint)from_h && (uint)(at_x + k.middle) < (uint)from_w;
        __global const float *from = x + (at + ((uint)k.high * from_w + k.middle) * from_c + k.low);
        if (LEFT_QUADS)
            return inside ? *(__global const float4 *)from : (float4)(0.0f);
        value[i] = inside ? *from : 0.0f;
        k = advance(k, 1, from_c, taps_w);
    }
    return (float4)(value[0], value[1], value[2], value[3]);
}

/* y = relu?(scale sum + shift + residual); each of the three may be NULL, residual may be y. packed: this pass's
 * weights [tap][read channel][written channel, rounded up to 4] at `offset`. A part takes part_depth, a multiple of
 * DEPTH, and writes part_values behind the part before it. */
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
conv2d_tiled_pass(__global const float *x, __global const float *packed, int offset, __global const float *scale,
                  __global const float *shift, __global const float *residual, int relu, __global float *y, int places,
                  int grid_h, int grid_w, int from_h, int from_w, int from_c, int to_h, int to_w, int to_c, int taps_h,
                  int taps_w, int stride, int first_y, int first_x, int step, int to_y, int to_x, int part_depth,
                  int part_values)
{
    __local float4 left[2][DEPTH * PITCH], right[2][DEPTH * WIDTH];
    const int blocks = (to_c + COLUMNS - 1) / COLUMNS, block = get_group_id(0) % blocks, part = get_group_id(1);
    const int tile = get_group_id(0) / blocks * ROWS, depth = taps_h * taps_w * from_c, begin = part * part_depth;
    const int steps = (min(depth - begin, part_depth) + DEPTH - 1) / DEPTH, width = (to_c + 3) / 4 * 4;
    const int row = get_local_id(0) / 2 % ROWS, quad = get_local_id(0) % 2 + get_local_id(0) / (2 * ROWS) * 2;
    const counter from = counter_at(tile + row, grid_w, grid_h);
    const int at_y = tile + row < places ? from.middle * stride + first_y : OUTSIDE;
    const int at_x = from.low * stride + first_x;
    const uint at = (((uint)from.high * from_h + from.middle * stride + first_y) * from_w + at_x) * from_c;
    counter k = counter_at(begin + quad * 4, from_c, taps_w);
    packed += offset;

    float4 sum[4 * HIGH][WIDE], left_next, right_next[RIGHT_EACH];
#pragma unroll
    for (int r = 0; r < 4 * HIGH; r++)
#pragma unroll
        for (int w = 0; w < WIDE; w++)
            sum[r][w] = 0.0f;
    for (int s = -1; s < steps; s++) {
        left_next = gather(x, at, at_y, at_x, k, from_h, from_w, from_c, taps_h, taps_w);
        load_right(right_next, packed, begin + (s + 1) * DEPTH, depth, width, block, true);
        k = advance(k, DEPTH, from_c, taps_w);
        if (s >= 0)
            multiply(sum, left[s % 2], right[s % 2]);
        __local float *scattered = (__local float *)left[(s + 1) % 2] + quad * 16 * PITCH + row;
        scattered[0] = left_next.x;
        scattered[4 * PITCH] = left_next.y;
        scattered[8 * PITCH] = left_next.z;
        scattered[12 * PITCH] = left_next.w;
        store_right(right_next, right[(s + 1) % 2]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    y += (uint)part * part_values;
#pragma unroll
    for (int r = 0; r < 4 * HIGH; r++) {
        const int place = tile + (my_row() + r / 4 * 8 * DOWN) * 4 + r % 4;
        const counter at_place = counter_at(place, grid_w, grid_h);
        const uint row_to =
            (((uint)at_place.high * to_h + at_place.middle * step + to_y) * to_w + at_place.low * step + to_x) * to_c;
#pragma unroll
        for (int w = 0; w < WIDE; w++) {
            const int column = block * COLUMNS + (my_column() + w * 8 * ACROSS) * 4, count = to_c - column;
            if (place >= places || count <= 0)
                continue;
            const uint to = row_to + column;
            float4 value = sum[r][w];
            if (scale)
                value *= load_quad(scale + column, count, RIGHT_QUADS);
            if (shift)
                value += load_quad(shift + column, count, RIGHT_QUADS);
            if (residual)
                value += load_quad(residual + to, count, RIGHT_QUADS);
            if (relu)
                value = value < 0.0f ? (float4)(0.0f) : value;
            store_quad(value, y + to, count);
        }
    }
}
#else
/* What a quad of the left side reads in backward-weights: its rows' taps (channel, tap x, tap y) at one place. */
static inline float4 gather_rows(__global const float *x, int n, int y, int x_, const counter tap[LEFT_TAPS],
                                 bool is_place, int from_h, int from_w, int channels, int size)
{
    float value[4];
    for (int i = 0; i < 4; i++) {
        const counter at = tap[i % LEFT_TAPS];
        const bool inside = is_place && at.high < size && (uint)(y + at.high) < (uint)from_h &&
                            (uint)(x_ + at.middle) < (uint)from_w;
        __global const float *from =
            x + ((((uint)n * from_h + y + at.high) * from_w + x_ + at.middle) * channels + at.low);
        if (LEFT_QUADS)
            return inside ? *(__global const float4 *)from : (float4)(0.0f);
        value[i] = inside ? *from : 0.0f;
    }
    return (float4)(value[0], value[1], value[2], value[3]);
}

/* partial[part][tap][in channel][out channel] = sum over the part's places of x d_y. */
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
conv2d_tiled_weights(__global const float *x, __global const float *d_y, __global float *partial, int places,
                     int grid_h, int grid_w, int from_h, int from_w, int channels, int outs, int size, int stride,
                     int padding, int part_places)
{
    __local float4 left[2][DEPTH * PITCH], right[2][DEPTH * WIDTH];
    const int blocks = (outs + COLUMNS - 1) / COLUMNS, block = get_group_id(0) % blocks, part = get_group_id(1);
    const int tile = get_group_id(0) / blocks * ROWS, rows = size * size * channels, begin = part * part_places;
    const int steps = (min(places - begin, part_places) + DEPTH - 1) / DEPTH;
    const int quad = get_local_id(0) % (ROWS / 4), d = get_local_id(0) / (ROWS / 4);
    counter place = counter_at(begin + d, grid_w, grid_h), tap[LEFT_TAPS];
    for (int i = 0; i < LEFT_TAPS; i++)
        tap[i] = counter_at(tile + quad * 4 + i, channels, size);

    float4 sum[4 * HIGH][WIDE], left_next, right_next[RIGHT_EACH];
#pragma unroll
    for (int r = 0; r < 4 * HIGH; r++)
#pragma unroll
        for (int w = 0; w < WIDE; w++)
            sum[r][w] = 0.0f;
    for (int s = -1; s < steps; s++) {
        const int first = begin + (s + 1) * DEPTH;
        const int y = place.middle * stride - padding, x_ = place.low * stride - padding;
        left_next = gather_rows(x, place.high, y, x_, tap, first + d < places, from_h, from_w, channels, size);
        load_right(right_next, d_y, first, places, outs, block, RIGHT_QUADS);
        place = advance(place, DEPTH, grid_w, grid_h);
        if (s >= 0)
            multiply(sum, left[s % 2], right[s % 2]);
        left[(s + 1) % 2][d * PITCH + quad] = left_next;
        store_right(right_next, right[(s + 1) % 2]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#pragma unroll
    for (int r = 0; r < 4 * HIGH; r++) {
        const int row = tile + (my_row() + r / 4 * 8 * DOWN) * 4 + r % 4;
#pragma unroll
        for (int w = 0; w < WIDE; w++) {
            const int column = block * COLUMNS + (my_column() + w * 8 * ACROSS) * 4;
            if (row < rows && column < outs)
                store_quad(sum[r][w], partial + ((uint)part * rows + row) * outs + column, outs - column);
        }
    }
}
#endif
