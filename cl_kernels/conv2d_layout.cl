/* Weights into the layout that the convolutions read, and gradients of weights out of the layout that they write. */

/* One work-item = one (lane, read channel, block) of one pass, all its taps:
 *   packed[offset + ((block taps + tap) from_c + c) width + lane] = weight(to = block width + lane, c, tap)
 * weights is OIHW; from_stride and to_stride are the floats between neighbouring read and written channels. */
__kernel void conv2d_layout_pack(__global const float *weights, __global float *packed, int offset, int from_c,
                                 int to_c, int width, int from_stride, int to_stride, int size, int taps_h, int taps_w,
                                 int kernel_y, int kernel_x, int kernel_step)
{
    const int lane = get_global_id(0), c = get_global_id(1), block = get_global_id(2);
    if (lane >= width || c >= from_c)
        return;
    const int to = block * width + lane;
    __global const float *source = weights + to * to_stride + c * from_stride;
    for (int ty = 0; ty < taps_h; ty++)
        for (int tx = 0; tx < taps_w; tx++) {
            const int tap = ty * taps_w + tx;
            const int place = (kernel_y + ty * kernel_step) * size + kernel_x + tx * kernel_step;
            packed[offset + ((block * taps_h * taps_w + tap) * from_c + c) * width + lane] =
                to < to_c ? source[place] : 0.0f;
        }
}

/* One work-item = one (lane, in channel, block), all its taps: d_weights[o][i][tap] (+)= the splits' sums, in order. */
__kernel void conv2d_layout_sum(__global const float *partial, __global float *d_weights, int splits, int taps,
                                int channels, int outs, int width, int blocks, int accumulate)
{
    const int lane = get_global_id(0), c = get_global_id(1), block = get_global_id(2);
    const int out = block * width + lane;
    if (lane >= width || c >= channels || out >= outs)
        return;
    for (int tap = 0; tap < taps; tap++) {
        float sum = 0.0f;
        for (int split = 0; split < splits; split++)
            sum += partial[(((split * taps + tap) * blocks + block) * channels + c) * width + lane];
        const int at = (out * channels + c) * taps + tap;
        d_weights[at] = accumulate ? d_weights[at] + sum : sum;
    }
}
