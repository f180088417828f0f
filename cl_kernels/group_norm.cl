/* Group norm, forward: of each picture, mean and variance of each group of neighbouring channels over all its pixels.
 *   group_norm_moments     work-item = run_rows pixels of a picture by some channels: their mean, and their squared
 *                          distances from it, each channel's
 *   group_norm_statistics  work-group = one group of a picture: its mean and inverse deviation, once a channel
 *   group_norm_apply       work-item = a part of a picture's matrix of pixels by channels: y
 * Distances are taken from the mean so far, and both from a value of the data, so neither a mean far from 0 nor a value
 * far from all others costs digits of the variance. Every sum's order is fixed by shape and work-group size. The
 * second dimension counts pictures.
 * -D: Y_IS_X. Arguments: the rest. */

#ifdef Y_IS_X
#define X y
#else
#define X x
#endif

/* out, of each part of a picture: means, then squares. */
kernel void group_norm_moments(global const float *restrict x, int pixels, int channels, int run_rows, int run_columns,
                               global float *restrict out)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    const int picture = get_global_id(1), parts = (pixels + run_rows - 1) / run_rows;
    global const float *restrict from = x + (picture * pixels + part.top) * channels;
    global float *restrict mean = out + (picture * parts + part.top / run_rows) * 2 * channels;
    global float *restrict squares = mean + channels;
    for (int c = part.left; c < part.right; c++)
        mean[c] = squares[c] = 0.0f;
    for (int row = 0; row < part.bottom - part.top; row++) {
        const float share = 1.0f / (float)(row + 1), before = share * (float)row;
        for (int c = part.left; c < part.right; c++) {
            const float distance = from[row * channels + c] - from[c] - mean[c];
            mean[c] += share * distance;
            squares[c] += before * distance * distance;
        }
    }
    for (int c = part.left; c < part.right; c++)
        mean[c] += from[c];
}

/* statistics, of each picture: means, then inverse deviations. */
kernel void group_norm_statistics(global const float *moments, int pixels, int channels, int width, int run_rows,
                                  float epsilon, global float *statistics, local float *sums)
{
    const int item = get_local_id(0), items = get_local_size(0), picture = get_group_id(1);
    const int first = get_group_id(0) * width, parts = (pixels + run_rows - 1) / run_rows;
    global const float *from = moments + picture * parts * 2 * channels + first;
    const float origin = from[0], count = (float)pixels * (float)width;
    float sum = 0.0f, squares = 0.0f;
    for (int part = item; part < parts; part += items) {
        global const float *restrict means = from + part * 2 * channels;
        float distances = 0.0f;
        for (int c = 0; c < width; c++)
            distances += means[c] - origin;
        sum += (float)min(run_rows, pixels - part * run_rows) * distances;
    }
    const float mean = origin + sum_of_group(sum, sums) / count;
    for (int part = item; part < parts; part += items) {
        global const float *restrict means = from + part * 2 * channels;
        float distances = 0.0f, within = 0.0f;
        for (int c = 0; c < width; c++) {
            distances += (means[c] - mean) * (means[c] - mean);
            within += means[channels + c];
        }
        squares += (float)min(run_rows, pixels - part * run_rows) * distances + within;
    }
    const float inverse = 1.0f / sqrt(sum_of_group(squares, sums) / count + epsilon);
    for (int c = first + item; c < first + width; c += items) {
        statistics[picture * 2 * channels + c] = mean;
        statistics[(picture * 2 + 1) * channels + c] = inverse;
    }
}

kernel void group_norm_apply(global const float *restrict x, global const float *restrict gamma,
                             global const float *restrict beta, global const float *restrict statistics, int relu,
                             int pixels, int channels, int run_rows, int run_columns, global float *restrict y)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    const int picture = get_global_id(1);
    global const float *restrict mean = statistics + picture * 2 * channels, *restrict inverse = mean + channels;
    for (int row = part.top; row < part.bottom; row++) {
        const int first = (picture * pixels + row) * channels;
        for (int c = part.left; c < part.right; c++) {
            const float value = (X[first + c] - mean[c]) * (inverse[c] * gamma[c]) + beta[c];
            y[first + c] = relu && value < 0.0f ? 0.0f : value;
        }
    }
}
