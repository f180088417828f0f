/* Sum and ReLU, and their gradient. A work-item does a part of a matrix of pixels by channels (forward: of a list), see
 * part_of() in common.cl.
 * -D: IN_PLACE: the result replaces the first input, so that `restrict` holds true. Arguments: the rest; b, y and scale
 * may be NULL. */

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
        const float value = INPUT(a, y)[i] + (b ? b[i] : 0.0f);
        y[i] = value < 0.0f ? 0.0f : value; /* keeps NaN, which fmax would hide */
    }
}

__kernel void add_relu_backward(__global const float *restrict y, __global const float *restrict d_y,
                                __global const float *restrict scale, int rows, int columns, int run_rows,
                                int run_columns, int accumulate, __global float *restrict d_x)
{
    const matrix_part part = part_of(rows, columns, run_rows, run_columns);
    for (int row = part.top; row < part.bottom; row++) {
        const int first = row * columns;
        for (int c = part.left; c < part.right; c++) {
            float gradient = INPUT(d_y, d_x)[first + c] * (scale ? scale[c] : 1.0f);
            if (y)
                gradient = y[first + c] > 0.0f ? gradient : 0.0f;
            d_x[first + c] = accumulate ? d_x[first + c] + gradient : gradient;
        }
    }
}
