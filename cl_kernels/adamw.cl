/* One step of AdamW. A work-item does a run of vectors of flat arrays; explicit ones, since a root of one float each would
 * keep some compilers from making them.
 * state: as in sgd.cl; where one of its three is NaN or infinite, nothing is changed. shrink: rate times decay; pace: the
 * rate with the means' correction; unbias: the correction of the squares' root.
 * -DVECTOR: floats at once, 4, 8 or 16. Arguments: all others. */
__kernel void adamw_step(__global float *restrict weights, __global const float *restrict gradients,
                         __global float *restrict means, __global float *restrict squares,
                         __global const float *restrict state, int first, int count, int run, float clip, float beta1,
                         float beta2, float epsilon, float shrink, float pace, float unbias)
{
    if (!isfinite(state[0]) || !isfinite(state[1]) || !isfinite(state[2]))
        return;
    const float factor = clip > 0.0f ? fmin(1.0f, clip / (sqrt(state[0]) + 1e-6f)) : 1.0f;
    const matrix_part part = part_of(1, (count + VECTOR - 1) / VECTOR, 1, run);
    for (int v = part.left; v < part.right; v++) {
        const int i = first + v * VECTOR, left = count - v * VECTOR;
        const floatv weight = load_lanes(weights + i, left, 0.0f);
        const floatv gradient = factor * load_lanes(gradients + i, left, 0.0f);
        const floatv mean = beta1 * load_lanes(means + i, left, 0.0f) + (1.0f - beta1) * gradient;
        const floatv square = beta2 * load_lanes(squares + i, left, 0.0f) + (1.0f - beta2) * (gradient * gradient);
        const floatv moved = shrink * weight + pace * mean / (unbias * sqrt(square) + epsilon);
        store_lanes(mean, means + i, left);
        store_lanes(square, squares + i, left);
        store_lanes(weight - moved, weights + i, left);
    }
}
