/* One step of a moving average. A work-item does a run of flat arrays.
 * state: as in sgd.cl; where one of its three is NaN or infinite, nothing is changed. No -D; arguments: all. */
__kernel void ema_step(__global float *restrict average, __global const float *restrict values,
                       __global const float *restrict state, int first, int count, int run, float share)
{
    if (!isfinite(state[0]) || !isfinite(state[1]) || !isfinite(state[2]))
        return;
    const matrix_part part = part_of(1, count, 1, run);
    average += first;
    values += first;
    for (int i = part.left; i < part.right; i++)
        average[i] += share * (values[i] - average[i]);
}
