/* Sum and ReLU, and their gradient. A work-item does a part of a matrix of pixels by channels (forward: of a list), see
 * part_of() in common.cl.
 * -D: IN_PLACE: the result replaces the first input, so that `restrict` holds true. SUM: b is added. MASK: y masks.
 * SCALE: a factor a channel. ACCUMULATE: d_x is added to. Arguments: sizes and shares. */

#ifdef IN_PLACE
#define INPUT(name, result) result
#else
#define INPUT(name, result) name
#endif

__kernel void add_relu_forward(__global const float *restrict a, __global const float *restrict b, int count, int run,
                               __global float *restrict y)
{
    const matrix_part part = part_of(1, count, 1, run);
    for (int i = part.left; i < part.right; i++) {
        float value = INPUT(a, y)[i];
#ifdef SUM
        value += b[i];
#endif
        y[i] = value < 0.0f ? 0.0f : value; /* keeps NaN, which fmax would hide */
    }
}

__kernel void add_relu_backward(__global const float *restrict y, __global const float *restrict d_y,
                                __global const float *restrict scale, int rows, int columns, int run_rows,
                                int run_columns, __global float *restrict d_x)
{
    const matrix_part part = part_of(rows, columns, run_rows, run_columns);
    for (int row = part.top; row < part.bottom; row++) {
        const int first = row * columns;
        for (int c = part.left; c < part.right; c++) {
            float gradient = INPUT(d_y, d_x)[first + c];
#ifdef SCALE
            gradient *= scale[c];
#endif
#ifdef MASK
            gradient = y[first + c] > 0.0f ? gradient : 0.0f;
#endif
#ifdef ACCUMULATE
            gradient += d_x[first + c];
#endif
            d_x[first + c] = gradient;
        }
    }
}
