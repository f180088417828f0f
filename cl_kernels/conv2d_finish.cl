/* What a convolution does to sums that it kept apart. All sizes are arguments.
 *
 * One work-item = one value of y, from `first` on: y = relu?(scale sum + shift + residual); each of the three may be
 * NULL, residual may be y. The sum is that of `parts` parts in their order, each part_values behind the one before
 * it; the first begins at `begin` and may be y itself. first is a multiple of channels. */
__kernel void conv2d_finish(__global const float *sums, int begin, int parts, int part_values,
                            __global const float *scale, __global const float *shift, __global const float *residual,
                            int relu, __global float *y, int first, int count, int channels)
{
    const int i = get_global_id(0), channel = i % channels;
    if (i >= count)
        return;
    float value = sums[begin + i];
    for (int part = 1; part < parts; part++)
        value += sums[begin + i + (uint)part * part_values];
    value = value * (scale ? scale[channel] : 1.0f) + (shift ? shift[channel] : 0.0f);
    value += residual ? residual[first + i] : 0.0f;
    y[first + i] = relu && value < 0.0f ? 0.0f : value;
}
