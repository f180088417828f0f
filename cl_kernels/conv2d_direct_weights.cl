/* Direct convolution, backward-weights: a matrix product of the columns that the kernel's window sees (kernel row,
 * kernel column, in channel; channels fastest) with the out channels, summed over places.
 *
 * One work-item = at most GROUP out blocks (of BLOCKS * VECTOR channels) x at most COLUMNS columns
 * x one part of the places; the launch's size says how many groups there are. It takes CHUNK places at a time: copies
 * their columns to private memory, 0 where the window looks outside, and their d_y; then, for DEPTH columns x one block
 * at a time, holds the sums in registers over the chunk's places. Sums of a part end in
 * partial[part][tap][block][in channel][lane], which conv2d_layout_sum adds up in order. -D: VECTOR, BLOCKS as in
 * conv2d_direct.cl. All sizes are arguments. Work-groups of one work-item. */
#define WIDTH (VECTOR * BLOCKS)
#define CHUNK 128
#define GROUP (64 / VECTOR)
#define COLUMNS 256
#define PITCH (COLUMNS + 16) /* neighbouring places in different sets of the cache, and room to round up to DEPTH */

/* As many sums as the registers hold: those of 8 floats are 16. */
#define DEPTH (VECTOR == 8 && BLOCKS == 2 ? 6 : 8)

/* One block of one place; lanes behind `count` are 0. */
static inline void load_block(floatv *to, __global const float *from, int count)
{
    const bool whole = count >= WIDTH;
    for (int b = 0; b < BLOCKS; b++)
        to[b] = whole ? vloadv(b, from) : load_lanes(from + b * VECTOR, count - b * VECTOR, 0.0f);
}

static inline void clear_run(float *to, int count)
{
    for (int i = 0; i < count; i++)
        to[i] = 0.0f;
}

/* Whole vectors, the last one over a part of the one before. */
static inline void copy_run(float *to, __global const float *from, int count)
{
    if (count < VECTOR) {
        for (int i = 0; i < count; i++)
            to[i] = from[i];
        return;
    }
    for (int i = 0; i < count - VECTOR; i += VECTOR)
        *(loosev *)(to + i) = vloadv(0, from + i);
    *(loosev *)(to + count - VECTOR) = vloadv(0, from + count - VECTOR);
}

/* The columns from begin to end of the window whose first place in picture n of x is (y, first_x). */
static inline void load_columns(float *to, __global const float *x, int begin, int end, int n, int y, int first_x,
                                int from_h, int from_w, int channels, int size)
{
    const int row = size * channels, inside = clamp(-first_x, 0, size) * channels;
    const int outside = clamp(from_w - first_x, 0, size) * channels;
    int ky = begin / row, at = begin - ky * row;
    uint from = (((uint)n * from_h + y + ky) * from_w + first_x) * channels; /* outside it may wrap, unused */
    for (int left = end - begin; left > 0; ky++, at = 0, from += (uint)from_w * channels) {
        const int count = min(row - at, left), stop = at + count;
        const bool is_outside = (uint)(y + ky) >= (uint)from_h;
        const int low = is_outside ? stop : clamp(inside, at, stop);
        const int high = is_outside ? stop : clamp(outside, low, stop);
        if (low > at)
            clear_run(to, low - at);
        if (low < high)
            copy_run(to + low - at, x + (from + low), high - low);
        if (high < stop)
            clear_run(to + high - at, stop - high);
        to += count;
        left -= count;
    }
}

/* The columns from begin to end of `count` places from `at` on, a row of the panel each; returns the place behind. */
static inline grid_place load_places(float *panel, __global const float *x, int begin, int end, grid_place at, int count,
                                     int grid_h, int grid_w, int from_h, int from_w, int channels, int size, int stride,
                                     int padding)
{
    const bool is_itself = size == 1 && padding == 0;
    for (int j = 0; j < count; j++, at = place_behind(at, grid_h, grid_w)) {
        const int y = at.y * stride - padding, first_x = at.x * stride - padding;
        if (is_itself)
            copy_run(panel + j * PITCH, x + ((((uint)at.n * from_h + y) * from_w + first_x) * channels + begin),
                     end - begin);
        else
            load_columns(panel + j * PITCH, x, begin, end, at.n, y, first_x, from_h, from_w, channels, size);
    }
    return at;
}

/* Copying waits for memory, the products do not: while they run, the next chunk comes closer. */
static inline void fetch_run(__global const float *from, int count)
{
    for (int i = 0; i < count; i += LINE)
        FETCH(from + i);
}

/* DEPTH columns of the panel times the block, over `count` places; added to what sums hold, unless it is the first. */
static inline void add_product(__global float *sums, const float *panel, floatv (*d)[BLOCKS], int count, bool first,
                               int k, int end, int channels, int blocks)
{
    floatv sum[DEPTH][BLOCKS];
    int at[DEPTH];
    int tap = k / channels, c = k % channels;
#pragma unroll
    for (int i = 0; i < DEPTH; i++) {
        at[i] = (tap * blocks * channels + c) * WIDTH;
        if (k + i + 1 < end && ++c == channels) { /* behind the last column: that one again, not stored */
            c = 0;
            tap++;
        }
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            sum[i][b] = first ? 0.0f : vloadv(b, sums + at[i]);
    }
    for (int j = 0; j < count; j++) {
        floatv gradient[BLOCKS];
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            gradient[b] = d[j][b];
#pragma unroll
        for (int i = 0; i < DEPTH; i++) {
            const floatv value = panel[j * PITCH + i];
#pragma unroll
            for (int b = 0; b < BLOCKS; b++)
                sum[i][b] = fma(value, gradient[b], sum[i][b]);
        }
    }
#pragma unroll
    for (int i = 0; i < DEPTH; i++)
        if (k + i < end)
#pragma unroll
            for (int b = 0; b < BLOCKS; b++)
                store_vector(sum[i][b], sums + at[i] + b * VECTOR);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_direct_weights(__global const float *x, __global const float *d_y, __global float *partial, int places,
                      int grid_h, int grid_w, int from_h, int from_w, int channels, int outs, int size, int stride,
                      int padding, int places_a_part)
{
    const int taps = size * size, part = get_global_id(2), blocks = (outs + WIDTH - 1) / WIDTH;
    const int groups_of_blocks = get_global_size(0), groups_of_columns = get_global_size(1);
    const int first_block = get_global_id(0) * blocks / groups_of_blocks;
    const int last_block = (get_global_id(0) + 1) * blocks / groups_of_blocks;
    const int steps = (taps * channels + DEPTH - 1) / DEPTH;
    const int first_column = get_global_id(1) * steps / groups_of_columns * DEPTH;
    const int last_column = min((int)((get_global_id(1) + 1) * steps / groups_of_columns * DEPTH), taps * channels);
    const int begin = part * places_a_part, end = min(places, begin + places_a_part);
    float panel[CHUNK * PITCH] __attribute__((aligned(64)));
    floatv d[GROUP][CHUNK][BLOCKS];
    for (int place = begin; place == begin || place < end; place += CHUNK) {
        const int count = max(min(CHUNK, end - place), 0);
        grid_place ahead = load_places(panel, x, first_column, last_column, place_at(place, grid_h, grid_w), count,
                                       grid_h, grid_w, from_h, from_w, channels, size, stride, padding);
        for (int j = 0; j < count; j++)
            for (int block = first_block; block < last_block; block++)
                load_block(d[block - first_block][j], d_y + ((uint)(place + j) * outs + block * WIDTH),
                           outs - block * WIDTH);
        const int steps_a_chunk = (last_block - first_block) * ((last_column - first_column + DEPTH - 1) / DEPTH);
        const int fetch_a_step = (CHUNK + steps_a_chunk - 1) / steps_a_chunk;
        int fetched = place + CHUNK;
        for (int block = first_block; block < last_block; block++) {
            __global float *sums = partial + (part * taps * blocks + block) * channels * WIDTH;
            for (int k = first_column; k < last_column; k += DEPTH) {
                for (const int stop = min(fetched + fetch_a_step, end); fetched < stop; fetched++) {
                    const uint seen = ((uint)ahead.n * from_h + ahead.y * stride) * from_w + ahead.x * stride;
                    fetch_run(x + (seen * channels + first_column % channels),
                              min(channels, last_column - first_column));
                    fetch_run(d_y + ((uint)fetched * outs + first_block * WIDTH), (last_block - first_block) * WIDTH);
                    ahead = place_behind(ahead, grid_h, grid_w);
                }
                add_product(sums, panel + k - first_column, d[block - first_block], count, place == begin, k,
                            last_column, channels, blocks);
            }
        }
    }
}
