/* What a convolution needs around a matrix product. A chunk is `count` places of y from `first` on; its columns are
 * columns[begin + ((place - first) taps + tap) channels + in channel]. All sizes are arguments. */

/* One work-item = one value of the columns: x where the tap reads, 0 outside. */
__kernel void conv2d_gemm_columns(__global const float *x, __global float *columns, int begin, int first, int count,
                                  int y_h, int y_w, int x_h, int x_w, int channels, int size, int stride, int padding)
{
    const int row = size * size * channels, item = get_global_id(0), value = item % row, at = item / row;
    if (at >= count)
        return;
    const int tap = value / channels, place = first + at;
    const int y = place / y_w % y_h * stride - padding + tap / size;
    const int x_ = place % y_w * stride - padding + tap % size;
    const bool inside = y >= 0 && y < x_h && x_ >= 0 && x_ < x_w;
    columns[begin + at * row + value] =
        inside ? x[at_nhwc(place / y_w / y_h, y, x_, value % channels, x_h, x_w, channels)] : 0.0f;
}

/* One work-item = one value of d_x, of picture first_picture on: adds what the chunk's places hand back, in the order
 * of the taps. */
__kernel void conv2d_gemm_gather(__global const float *columns, __global float *d_x, int first, int count,
                                 int first_picture, int pixels, int y_h, int y_w, int x_h, int x_w, int channels,
                                 int size, int stride, int padding)
{
    const int item = get_global_id(0), channel = item % channels, pixel = item / channels;
    if (pixel >= pixels)
        return;
    const int n = first_picture + pixel / (x_h * x_w), y = pixel / x_w % x_h, x = pixel % x_w;
    float sum = 0.0f;
    for (int ky = 0; ky < size; ky++)
        for (int kx = 0; kx < size; kx++) {
            const int row = y + padding - ky, column = x + padding - kx;
            if (row < 0 || column < 0 || row % stride != 0 || column % stride != 0)
                continue;
            if (row / stride >= y_h || column / stride >= y_w)
                continue;
            const int at = (n * y_h + row / stride) * y_w + column / stride - first;
            if (at >= 0 && at < count)
                sum += columns[((at * size + ky) * size + kx) * channels + channel];
        }
    d_x[at_nhwc(n, y, x, channel, x_h, x_w, channels)] += sum;
}
