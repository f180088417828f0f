/* Batch norm, forward: frozen statistics folded to a factor and a shift; training's statistics and normalisation.
 *   batch_norm_fold        work-item = one channel
 *   batch_norm_moments     work-item = run_rows rows by some channels: their mean, and their squared distances from it
 *   batch_norm_statistics  work-item = one channel: what backward needs, and the running statistics
 *   batch_norm_apply       work-item = a part of the matrix of pixels by channels: y
 * Moments are merged in a tree (Chan, Golub, LeVeque 1979): batch_norm_moments reads values first (span 1), then means
 * and squares of `span` values each, of fewer in the last. Either is read once. Distances are taken from the mean so
 * far, and both from the part's first row, so a mean far from 0 costs no digits of the variance.
 * -D: Y_IS_X, Y_IS_RESIDUAL. Arguments: the rest; residual may be NULL. */

#ifdef Y_IS_X
#define X y
#else
#define X x
#endif
#ifdef Y_IS_RESIDUAL
#define ADDED y
#else
#define ADDED residual
#endif

__kernel void batch_norm_fold(__global const float *restrict gamma, __global const float *restrict beta,
                              __global const float *restrict mean, __global const float *restrict variance,
                              float epsilon, int channels, __global float *restrict scale,
                              __global float *restrict shift)
{
    const int c = (int)get_global_id(0);
    if (c >= channels)
        return;
    const float factor = gamma[c] / sqrt(variance[c] + epsilon);
    scale[c] = factor;
    shift[c] = beta[c] - mean[c] * factor;
}

static inline int values_of(int row, int span, int count)
{
    return min(span, count - row * span);
}

/* in: rows of `channels` values, or pairs of rows (mean, squares); out: pairs of rows. Places are in values. */
__kernel void batch_norm_moments(__global const float *restrict in, int first, int rows, int span, int count,
                                 int channels, int run_rows, int run_columns, __global float *restrict out,
                                 int out_first)
{
    const matrix_part part = part_of(rows, channels, run_rows, run_columns);
    if (part.bottom == 0)
        return;
    const int stride = span == 1 ? channels : 2 * channels;
    __global const float *restrict from = in + first;
    __global float *restrict mean = out + out_first + part.top / run_rows * 2 * channels;
    __global float *restrict squares = mean + channels;
    __global const float *restrict origin = from + part.top * stride;
    for (int c = part.left; c < part.right; c++)
        mean[c] = squares[c] = 0.0f;
    for (int row = part.top; row < part.bottom; row++) {
        const float before = (float)((row - part.top) * span), here = (float)values_of(row, span, count);
        const float share = here / (before + here);
        for (int c = part.left; c < part.right; c++) {
            const float distance = from[row * stride + c] - origin[c] - mean[c];
            mean[c] += share * distance;
            squares[c] += before * share * distance * distance;
        }
        for (int c = part.left; c < part.right && span > 1; c++)
            squares[c] += from[row * stride + channels + c];
    }
    for (int c = part.left; c < part.right; c++)
        mean[c] += origin[c];
}

__kernel void batch_norm_statistics(__global const float *restrict moments, int first, int count, int channels,
                                    float epsilon, float momentum, __global float *restrict saved_mean,
                                    __global float *restrict saved_inverse_deviation,
                                    __global float *restrict running_mean, __global float *restrict running_variance)
{
    const int c = (int)get_global_id(0);
    if (c >= channels)
        return;
    const float mean = moments[first + c], squares = moments[first + channels + c];
    saved_mean[c] = mean;
    saved_inverse_deviation[c] = 1.0f / sqrt(squares / (float)count + epsilon);
    const float unbiased = count > 1 ? squares / (float)(count - 1) : 0.0f;
    running_mean[c] += momentum * (mean - running_mean[c]);
    running_variance[c] += momentum * (unbiased - running_variance[c]);
}

__kernel void batch_norm_apply(__global const float *restrict x, __global const float *restrict gamma,
                               __global const float *restrict beta, __global const float *restrict mean,
                               __global const float *restrict inverse, __global const float *restrict residual,
                               int relu, int rows, int channels, int run_rows, int run_columns,
                               __global float *restrict y)
{
    const matrix_part part = part_of(rows, channels, run_rows, run_columns);
    for (int row = part.top; row < part.bottom; row++) {
        const int first = row * channels;
        for (int c = part.left; c < part.right; c++) {
            float value = (X[first + c] - mean[c]) * (inverse[c] * gamma[c]) + beta[c];
            if (residual)
                value += ADDED[first + c];
            y[first + c] = relu && value < 0.0f ? 0.0f : value;
        }
    }
}
