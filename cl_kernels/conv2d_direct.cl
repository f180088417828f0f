/* Direct convolution, forward and backward-data: one pass (lib/ops/conv2d_pass.h) over any tensor.
 *
 * One work-item = TILE consecutive places of the grid (through rows and pictures) x a group of blocks of
 * BLOCKS * VECTOR written channels, one after the other, all sums of a block in registers; the launch's size says how
 * many groups there are. It reads runs of channels, of a whole row of taps where that lies inside; a tap that falls
 * outside reads a run of zeros, so borders need no other path. -D: VECTOR floats a register (4, 8, 16), BLOCKS
 * registers of channels, TILE places. All sizes are arguments. Work-groups of one work-item: no local memory, no
 * barrier. */
#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
#define floatv GLUE(float, VECTOR)
#define vloadv GLUE(vload, VECTOR)
#define WIDTH (VECTOR * BLOCKS)
#define LINE 16 /* floats */
#define OUTSIDE (-0x40000000)

/* Brings a line to the second-level cache. OpenCL's prefetch() names no level, and is nothing on PoCL and Intel's
 * runtime; Oclgrind, built on an older clang than either, knows nothing else. */
#if defined(__x86_64__) || defined(__aarch64__) || (defined(__clang_major__) && __clang_major__ > 17)
#define FETCH(line) __builtin_prefetch(line, 0, 2)
#else
#define FETCH(line) prefetch(line, LINE)
#endif

/* A vector at any float's address. Written through it, it is one store; vstore16 is four on some implementations. */
typedef floatv loosev __attribute__((aligned(4)));

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
        *(__global loosev *)to = vector;
    else
        for (int i = 0; i < count; i++)
            to[i] = value.lane[i];
}

/* Adds the residual to a vector of which `count` lanes exist, and stores it. */
static inline void finish(floatv value, __global const float *residual, __global float *y, uint at, floatv least,
                          int count)
{
    if (residual)
        value += load_lanes(residual + at, count, 0.0f);
    store_lanes(value < least ? least : value, y + at, count);
}

/* y = relu?(scale sum + shift + residual); each of the three may be NULL, residual may be y. packed: taps_w from_c
 * zeros, and this pass's weights at `offset`. Offsets are unsigned: those of taps outside may wrap, unused. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_direct_pass(__global const float *x, __global const float *packed, int offset, __global const float *scale,
                   __global const float *shift, __global const float *residual, int relu, __global float *y, int places,
                   int grid_h, int grid_w, int from_h, int from_w, int from_c, int to_h, int to_w, int to_c, int taps_h,
                   int taps_w, int stride, int first_y, int first_x, int step, int to_y, int to_x)
{
    const int place = get_global_id(0) * TILE, count = min(TILE, places - place);
    const int blocks = (to_c + WIDTH - 1) / WIDTH, groups = get_global_size(1);
    const int first = get_global_id(1) * blocks / groups, last = (get_global_id(1) + 1) * blocks / groups;
    __global const float *weights = packed + offset + first * taps_h * taps_w * from_c * WIDTH;
    int gx = place % grid_w, gy = place / grid_w % grid_h, n = place / grid_w / grid_h;
    int at_y[TILE], at_x[TILE];
    uint at[TILE], to[TILE];
    bool whole = true; /* no place's window leaves x to the left or right */
#pragma unroll
    for (int i = 0; i < TILE; i++) {
        at_y[i] = i < count ? gy * stride + first_y : OUTSIDE;
        at_x[i] = gx * stride + first_x;
        whole = whole && at_x[i] >= 0 && at_x[i] + taps_w <= from_w;
        at[i] = (((uint)n * from_h + gy * stride + first_y) * from_w + at_x[i]) * from_c;
        to[i] = (((uint)n * to_h + gy * step + to_y) * to_w + gx * step + to_x) * to_c;
        if (++gx == grid_w) {
            gx = 0;
            if (++gy == grid_h) {
                gy = 0;
                n++;
            }
        }
    }
    const int pitch = stride * from_c, taps_a_run = whole ? taps_w : 1, run = taps_a_run * from_c;
    const int fresh = min(stride, taps_w) * from_c; /* of a place's window row, what the place before did not read */
    const bool fetches = place + 2 * TILE <= places && from_c >= LINE && from_c <= 512;
    const floatv least = relu ? 0.0f : -INFINITY;
    for (int block = first; block < last; block++) {
        const int ahead = fetches && block == first ? TILE : 0; /* places whose channels are fetched */
        floatv sum[TILE][BLOCKS];
#pragma unroll
        for (int i = 0; i < TILE; i++)
#pragma unroll
            for (int b = 0; b < BLOCKS; b++) {
                sum[i][b] = 0.0f;
                FETCH(y + to[i] + (block * WIDTH + b * VECTOR));
            }
        for (int i = 0; residual && i < count; i++)
            for (int b = 0; b < BLOCKS; b++)
                FETCH(residual + to[i] + (block * WIDTH + b * VECTOR));
        for (int ty = 0; ty < taps_h; ty++) {
            const uint next = at[0] + (uint)(ty * from_w * from_c + TILE * pitch);
            for (int i = 0; i < ahead; i++)
                for (int c = 0; c < fresh; c += LINE)
                    FETCH(x + (next + (uint)(i * pitch + c)));
            for (int tx = 0; tx < taps_w; tx += taps_a_run) {
                const uint tap = (ty * from_w + tx) * from_c;
                __global const float *from[TILE];
#pragma unroll
                for (int i = 0; i < TILE; i++) {
                    const bool inside = (uint)(at_y[i] + ty) < (uint)from_h && (uint)(at_x[i] + tx) < (uint)from_w;
                    from[i] = inside ? x + (at[i] + tap) : packed;
                }
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
        }
#pragma unroll
        for (int b = 0; b < BLOCKS; b++) {
            const int channel = block * WIDTH + b * VECTOR, lanes_left = to_c - channel;
            const floatv factor = load_lanes(scale ? scale + channel : 0, lanes_left, 1.0f);
            const floatv term = load_lanes(shift ? shift + channel : 0, lanes_left, 0.0f);
#pragma unroll
            for (int i = 0; i < TILE; i++)
                sum[i][b] = sum[i][b] * factor + term;
        }
        if (count == TILE && (block + 1) * WIDTH <= to_c) {
            if (residual)
#pragma unroll
                for (int i = 0; i < TILE; i++)
#pragma unroll
                    for (int b = 0; b < BLOCKS; b++)
                        sum[i][b] += vloadv(0, residual + (to[i] + (block * WIDTH + b * VECTOR)));
#pragma unroll
            for (int i = 0; i < TILE; i++)
#pragma unroll
                for (int b = 0; b < BLOCKS; b++)
                    *(__global loosev *)(y + (to[i] + (block * WIDTH + b * VECTOR))) =
                        sum[i][b] < least ? least : sum[i][b];
            continue;
        }
        /* The sums leave the registers here, so that what follows may be a loop. */
        floatv done[TILE][BLOCKS];
#pragma unroll
        for (int i = 0; i < TILE; i++)
#pragma unroll
            for (int b = 0; b < BLOCKS; b++)
                done[i][b] = sum[i][b];
        for (int i = 0; i < count; i++)
            for (int b = 0; b < BLOCKS; b++) {
                const int channel = block * WIDTH + b * VECTOR;
                finish(done[i][b], residual, y, to[i] + channel, least, to_c - channel);
            }
    }
}
