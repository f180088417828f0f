/* One step of gradient descent with momentum and decay. A work-item does a run of flat arrays.
 * state: [0] sum of squares of all gradients, [1] class loss, [2] box loss; where one is NaN or infinite, nothing is
 * changed. No -D; arguments: all. */
__kernel void sgd_step(__global float *restrict weights, __global const float *restrict gradients,
                       __global float *restrict momenta, __global const float *restrict state, int first, int count,
                       int run, float rate, float momentum, float decay, float clip)
{
    if (!isfinite(state[0]) || !isfinite(state[1]) || !isfinite(state[2]))
        return;
    const float factor = clip > 0.0f ? fmin(1.0f, clip / (sqrt(state[0]) + 1e-6f)) : 1.0f;
    const matrix_part part = part_of(1, count, 1, run);
    weights += first;
    gradients += first;
    momenta += first;
    for (int i = part.left; i < part.right; i++) {
        const float weight = weights[i];
        const float moved = momentum * momenta[i] + (factor * gradients[i] + decay * weight);
        momenta[i] = moved;
        weights[i] = weight - rate * moved;
    }
}
