/* Sums in a fixed order. A call is a chain of launches, each of which leaves partial sums, until one is left; so a value
 * takes part in few additions and the error grows with their number, not with the count.
 *   reduce_values   one work-group = `chunk` values: the sum of TERM(value). Its work-items take vectors of WIDTH in
 *                   turn, and the first adds up their sums
 *   reduce_parts    the same of an earlier launch's partial sums
 *   reduce_rows     work-item = `run_rows` rows by at most `run_columns` columns of a matrix: a row of column sums
 * -D: WIDTH (4, 8 or 16); SQUARES or NONFINITE chooses TERM (else the value itself). Arguments: places, sizes and
 * shares. */

#ifdef NONFINITE
typedef int total;
typedef whole totals;
/* 1 where all eight bits of the exponent are set, else 0. */
#define TERM(value, bits) (((((bits) >> 23) & 255) + 1) >> 8)
#else
typedef float total;
typedef vector totals;
#ifdef SQUARES
#define TERM(value, bits) ((value) * (value))
#else
#define TERM(value, bits) (value)
#endif
#endif

/* Adds up the vectors of a work-group's items, and each item's `rest`. */
static inline void write_sum(totals sums, total rest, __local total *shared, __global total *out)
{
    const int item = (int)get_local_id(0);
    total lanes[WIDTH];
    STORE(sums, lanes);
    for (int apart = WIDTH / 2; apart > 0; apart /= 2)
        for (int lane = 0; lane < apart; lane++)
            lanes[lane] += lanes[lane + apart];
    shared[item] = lanes[0] + rest;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item > 0)
        return;
    total sum = shared[0];
    for (int i = 1; i < (int)get_local_size(0); i++)
        sum += shared[i];
    *out = sum;
}

__kernel void reduce_values(__global const float *restrict values, int first, int count, int chunk,
                            __global total *restrict out, int out_first, __local total *shared)
{
    const int item = (int)get_local_id(0), items = (int)get_local_size(0), group = (int)get_group_id(0);
    __global const float *restrict from = values + first + group * chunk;
    const int size = min(chunk, count - group * chunk), vectors = size / WIDTH;
    totals sums = 0;
    total rest = 0;
    for (int i = item; i < vectors; i += items) {
        const vector value = LOAD(from + i * WIDTH);
        sums += TERM(value, AS_WHOLE(value));
    }
    for (int i = vectors * WIDTH + item; i < size; i += items)
        rest += TERM(from[i], as_int(from[i]));
    write_sum(sums, rest, shared, out + out_first + group);
}

__kernel void reduce_parts(__global const total *restrict values, int first, int count, int chunk,
                           __global total *restrict out, int out_first, __local total *shared)
{
    const int item = (int)get_local_id(0), items = (int)get_local_size(0), group = (int)get_group_id(0);
    __global const total *restrict from = values + first + group * chunk;
    const int size = min(chunk, count - group * chunk), vectors = size / WIDTH;
    totals sums = 0;
    total rest = 0;
    for (int i = item; i < vectors; i += items)
        sums += LOAD(from + i * WIDTH);
    for (int i = vectors * WIDTH + item; i < size; i += items)
        rest += from[i];
    write_sum(sums, rest, shared, out + out_first + group);
}

__kernel void reduce_rows(__global const float *restrict x, int first, int rows, int columns, int run_rows,
                          int run_columns, int accumulate, __global float *restrict out, int out_first)
{
    const matrix_part part = part_of(rows, columns, run_rows, run_columns);
    if (part.bottom == 0)
        return;
    __global float *restrict sum = out + out_first + part.top / run_rows * columns;
    if (!accumulate)
        for (int c = part.left; c < part.right; c++)
            sum[c] = 0;
    for (int row = part.top; row < part.bottom; row++) {
        __global const float *restrict from = x + first + row * columns;
        for (int c = part.left; c < part.right; c++)
            sum[c] += from[c];
    }
}
