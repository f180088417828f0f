/* Group norm, backward: with M values in a group and normalised = (x - mean) / deviation,
 *   d_beta = sum d_y,  d_gamma = sum d_y normalised (of all pictures),
 *   d_x = (gamma d_y - (sum gamma d_y) / M - normalised (sum gamma d_y normalised) / M) / deviation.
 *   group_norm_products    work-item = run_rows pixels of a picture by some channels: sums of d_y and d_y normalised
 *   group_norm_sums        work-group = one group of a picture: each channel's two sums, and the group's two means
 *   group_norm_parameters  work-item = one channel: d_gamma, d_beta
 *   group_norm_backward    work-item = a part of a picture's matrix of pixels by channels: d_x
 * Every sum's order is fixed by shape and work-group size. The second dimension counts pictures.
 * -D: IN_PLACE (d_x replaces d_y). Arguments: the rest. */

#ifdef IN_PLACE
#define D_Y d_x
#else
#define D_Y d_y
#endif

/* out, of each part of a picture: sums of d_y, then of d_y normalised. */
kernel void group_norm_products(global const float *restrict x, global const float *restrict d_y,
                                global const float *restrict statistics, int pixels, int channels, int run_rows,
                                int run_columns, global float *restrict out)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    const int picture = get_global_id(1), parts = (pixels + run_rows - 1) / run_rows;
    global const float *restrict mean = statistics + picture * 2 * channels, *restrict inverse = mean + channels;
    global float *restrict plain = out + (picture * parts + part.top / run_rows) * 2 * channels;
    global float *restrict products = plain + channels;
    for (int c = part.left; c < part.right; c++)
        plain[c] = products[c] = 0.0f;
    for (int row = part.top; row < part.bottom; row++) {
        const int first = (picture * pixels + row) * channels;
        for (int c = part.left; c < part.right; c++) {
            plain[c] += d_y[first + c];
            products[c] += d_y[first + c] * ((x[first + c] - mean[c]) * inverse[c]);
        }
    }
}

/* Leaves in work, from `sums` on, of each picture: sums of d_y and of d_y normalised by channel, then their groups' means
 * with gamma, once a channel. */
kernel void group_norm_sums(global float *work, int n_parts, global const float *gamma, int pixels, int channels,
                            int width, int sums, local float *tree)
{
    const int item = get_local_id(0), items = get_local_size(0), picture = get_group_id(1);
    const int first = get_group_id(0) * width;
    global const float *from = work + picture * n_parts * 2 * channels;
    global float *to = work + sums + picture * 4 * channels;
    float plain_mean = 0.0f, product_mean = 0.0f;
    for (int c = first; c < first + width; c++) {
        float plain = 0.0f, product = 0.0f;
        for (int part = item; part < n_parts; part += items) {
            plain += from[part * 2 * channels + c];
            product += from[(part * 2 + 1) * channels + c];
        }
        plain = sum_of_group(plain, tree);
        product = sum_of_group(product, tree);
        plain_mean += gamma[c] * plain / ((float)pixels * (float)width);
        product_mean += gamma[c] * product / ((float)pixels * (float)width);
        if (item == 0) {
            to[c] = plain;
            to[channels + c] = product;
        }
    }
    for (int c = first + item; c < first + width; c += items) {
        to[2 * channels + c] = plain_mean;
        to[3 * channels + c] = product_mean;
    }
}

kernel void group_norm_parameters(global const float *work, int sums, int pictures, int channels, int accumulate,
                                  global float *d_gamma, global float *d_beta)
{
    const int c = get_global_id(0);
    if (c >= channels)
        return;
    float plain = accumulate ? d_beta[c] : 0.0f, product = accumulate ? d_gamma[c] : 0.0f;
    for (int picture = 0; picture < pictures; picture++) {
        plain += work[sums + picture * 4 * channels + c];
        product += work[sums + (picture * 4 + 1) * channels + c];
    }
    d_beta[c] = plain;
    d_gamma[c] = product;
}

kernel void group_norm_backward(global const float *restrict x, global const float *restrict d_y,
                                global const float *restrict gamma, global const float *restrict statistics,
                                global const float *restrict work, int sums, int pixels, int channels, int run_rows,
                                int run_columns, global float *restrict d_x)
{
    const matrix_part part = part_of(pixels, channels, run_rows, run_columns);
    const int picture = get_global_id(1);
    global const float *restrict mean = statistics + picture * 2 * channels, *restrict inverse = mean + channels;
    global const float *restrict plain = work + sums + (picture * 4 + 2) * channels;
    global const float *restrict products = plain + channels;
    for (int row = part.top; row < part.bottom; row++) {
        const int first = (picture * pixels + row) * channels;
        for (int c = part.left; c < part.right; c++) {
            const float normalised = (x[first + c] - mean[c]) * inverse[c];
            d_x[first + c] = inverse[c] * (gamma[c] * D_Y[first + c] - plain[c] - normalised * products[c]);
        }
    }
}
