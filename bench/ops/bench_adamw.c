/* One step of AdamW on 2^24 weights. */
#include "adamw.h"
#include "bench.h"
#include "ref_adamw.h"

#include <stdlib.h>

typedef struct step {
    fovea_device *device;
    fovea__adamw adamw;
    fovea__tensor weights, gradients, means, squares, state;
} step;

static fovea_status run(void *context)
{
    step *s = context;
    return fovea__adamw_step(s->device, &s->adamw, 0, fovea__shape_elements(s->weights.shape), s->weights.buffer,
                             s->gradients.buffer, s->means.buffer, s->squares.buffer, s->state.buffer);
}

int main(void)
{
    fovea_device *device = bench_open("adamw");
    const fovea__shape shape = fovea__shape_vector(1 << 24);
    const size_t count = fovea__shape_elements(shape);
    const float state[3] = {(float)(1 << 24) / 3, 1, 1};
    float *values = bench_random(count, 1), *positive = bench_random(count, 2);
    for (size_t i = 0; i < count; i++)
        positive[i] *= positive[i];
    double *weights = bench_doubles(values, count), *gradients = bench_doubles(values, count);
    double *means = bench_doubles(values, count), *squares = bench_doubles(positive, count);
    step s = {device, {1e-4f, 0.9f, 0.999f, 1e-3f, 0.01f, 10.0f, 5}, bench_tensor(shape, values),
              bench_tensor(shape, values), bench_tensor(shape, values), bench_tensor(shape, positive),
              bench_tensor(fovea__shape_vector(3), state)};
    const ref_adamw wide = {(double)s.adamw.rate, (double)s.adamw.beta1, (double)s.adamw.beta2,
                            (double)s.adamw.epsilon, (double)s.adamw.decay, (double)s.adamw.clip};
    ref_adamw_step(&wide, (int)s.adamw.step, weights, gradients, means, squares, count, (double)state[0]);
    bench_ok(run(&s));
    bench_verify_tensor("weights", &s.weights, weights, 1e-6);
    bench_time("step 16777216", run, &s, 0, 7.0 * (double)count * sizeof(float));
    fovea__tensor *tensors[] = {&s.weights, &s.gradients, &s.means, &s.squares, &s.state};
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++)
        fovea__tensor_clear(tensors[i]);
    void *arrays[] = {values, positive, weights, gradients, means, squares};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        free(arrays[i]);
    return bench_close();
}
