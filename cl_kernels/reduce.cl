/* Sums in a fixed order. A call is a chain of launches, each of which leaves one partial sum a work-item, until one is
 * left; so a value takes part in few additions and the error grows with their number, not with the count.
 *   reduce_values   work-item = `chunk` values: the sum of TERM(value)
 *   reduce_parts    work-item = `chunk` partial sums of an earlier launch
 *   reduce_rows     work-item = `run_rows` rows by at most `run_columns` columns of a matrix: a row of column sums
 * -D: SQUARES or NONFINITE chooses TERM (else the value itself). Arguments: places, sizes and shares. */

#ifdef NONFINITE
typedef int total;
typedef int8 total8;
typedef int16 total16;
/* 1 where all eight bits of the exponent are set, else 0. */
#define TERM(value) ((((as_int(value) >> 23) & 255) + 1) >> 8)
#define TERM16(value) ((((as_int16(value) >> 23) & 255) + 1) >> 8)
#else
typedef float total;
typedef float8 total8;
typedef float16 total16;
#ifdef SQUARES
#define TERM(value) ((value) * (value))
#else
#define TERM(value) (value)
#endif
#define TERM16(value) TERM(value)
#endif

static inline total sum_of(total16 sums)
{
    const total8 eight = sums.lo + sums.hi;
    return ((eight.s0 + eight.s4) + (eight.s1 + eight.s5)) + ((eight.s2 + eight.s6) + (eight.s3 + eight.s7));
}

__kernel void reduce_values(__global const float *restrict values, int first, int count, int chunk,
                            __global total *restrict out, int out_first)
{
    const matrix_part part = part_of(1, count, 1, chunk);
    if (part.bottom == 0)
        return;
    __global const float *restrict from = values + first;
    total16 sums = 0;
    total rest = 0;
    int i = part.left;
    for (; i + 16 <= part.right; i += 16) {
        const float16 value = vload16(0, from + i);
        sums += TERM16(value);
    }
    for (; i < part.right; i++)
        rest += TERM(from[i]);
    out[out_first + part.left / chunk] = sum_of(sums) + rest;
}

__kernel void reduce_parts(__global const total *restrict values, int first, int count, int chunk,
                           __global total *restrict out, int out_first)
{
    const matrix_part part = part_of(1, count, 1, chunk);
    if (part.bottom == 0)
        return;
    __global const total *restrict from = values + first;
    total16 sums = 0;
    total rest = 0;
    int i = part.left;
    for (; i + 16 <= part.right; i += 16)
        sums += vload16(0, from + i);
    for (; i < part.right; i++)
        rest += from[i];
    out[out_first + part.left / chunk] = sum_of(sums) + rest;
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
