/* Batch norm, backward in training: with N pixels and normalised = (x - mean) / deviation,
 *   d_beta = sum d_y,  d_gamma = sum d_y normalised,
 *   d_x = gamma / deviation (d_y - d_beta / N - normalised d_gamma / N).
 *   batch_norm_products    work-item = run_rows rows by some channels: sums of d_y and of d_y normalised
 *   batch_norm_parameters  work-item = one channel: d_gamma, d_beta
 *   batch_norm_backward    work-item = a part of the matrix of pixels by channels: d_x
 * -D: IN_PLACE (d_x replaces d_y). Arguments: the rest. */

#ifdef IN_PLACE
#define D_Y d_x
#else
#define D_Y d_y
#endif

/* sums: pairs of rows. */
__kernel void batch_norm_products(__global const float *restrict x, __global const float *restrict d_y,
                                  __global const float *restrict mean, __global const float *restrict inverse,
                                  int rows, int channels, int run_rows, int run_columns, __global float *restrict sums,
                                  int sums_first)
{
    const matrix_part part = part_of(rows, channels, run_rows, run_columns);
    if (part.bottom == 0)
        return;
    __global float *restrict plain = sums + sums_first + part.top / run_rows * 2 * channels;
    __global float *restrict products = plain + channels;
    for (int c = part.left; c < part.right; c++)
        plain[c] = products[c] = 0.0f;
    for (int row = part.top; row < part.bottom; row++) {
        const int first = row * channels;
        for (int c = part.left; c < part.right; c++) {
            plain[c] += d_y[first + c];
            products[c] += d_y[first + c] * ((x[first + c] - mean[c]) * inverse[c]);
        }
    }
}

__kernel void batch_norm_parameters(__global const float *restrict sums, int channels, int accumulate,
                                    __global float *restrict d_gamma, __global float *restrict d_beta)
{
    const int c = (int)get_global_id(0);
    if (c >= channels)
        return;
    d_beta[c] = accumulate ? d_beta[c] + sums[c] : sums[c];
    d_gamma[c] = accumulate ? d_gamma[c] + sums[channels + c] : sums[channels + c];
}

__kernel void batch_norm_backward(__global const float *restrict x, __global const float *restrict d_y,
                                  __global const float *restrict gamma, __global const float *restrict mean,
                                  __global const float *restrict inverse, __global const float *restrict sums,
                                  int rows, int channels, int run_rows, int run_columns, __global float *restrict d_x)
{
    const matrix_part part = part_of(rows, channels, run_rows, run_columns);
    __global const float *restrict plain = sums, *restrict products = sums + channels;
    const float share = 1.0f / (float)rows;
    for (int row = part.top; row < part.bottom; row++) {
        const int first = row * channels;
        for (int c = part.left; c < part.right; c++) {
            const float normalised = (x[first + c] - mean[c]) * inverse[c];
            const float centred = D_Y[first + c] - share * plain[c] - normalised * (share * products[c]);
            d_x[first + c] = gamma[c] * inverse[c] * centred;
        }
    }
}
