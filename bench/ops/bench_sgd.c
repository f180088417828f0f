/* One step of gradient descent on 2^24 weights. */
#include "bench.h"
#include "ref_sgd.h"
#include "sgd.h"

#include <stdlib.h>

typedef struct step {
    fovea_device *device;
    fovea__sgd sgd;
    fovea__tensor weights, gradients, momenta, state;
} step;

static fovea_status run(void *context)
{
    step *s = context;
    return fovea__sgd_step(s->device, &s->sgd, 0, fovea__shape_elements(s->weights.shape), s->weights.buffer,
                           s->gradients.buffer, s->momenta.buffer, s->state.buffer);
}

int main(void)
{
    fovea_device *device = bench_open("sgd");
    const fovea__shape shape = fovea__shape_vector(1 << 24);
    const size_t count = fovea__shape_elements(shape);
    const float state[3] = {(float)(1 << 24) / 3, 1, 1};
    float *values = bench_random(count, 1);
    double *weights = bench_doubles(values, count), *momenta = bench_doubles(values, count);
    double *gradients = bench_doubles(values, count);
    step s = {device, {0.01f, 0.9f, 1e-4f, 10.0f}, bench_tensor(shape, values), bench_tensor(shape, values),
              bench_tensor(shape, values), bench_tensor(fovea__shape_vector(3), state)};
    const ref_sgd wide = {(double)s.sgd.rate, (double)s.sgd.momentum, (double)s.sgd.decay, (double)s.sgd.clip};
    ref_sgd_step(&wide, weights, gradients, momenta, count, (double)state[0]);
    bench_ok(run(&s));
    bench_verify_tensor("weights", &s.weights, weights, 1e-6);
    bench_time("step 16777216", run, &s, 0, 5.0 * (double)count * sizeof(float));
    fovea__tensor_clear(&s.weights);
    fovea__tensor_clear(&s.gradients);
    fovea__tensor_clear(&s.momenta);
    fovea__tensor_clear(&s.state);
    free(values);
    free(weights);
    free(momenta);
    free(gradients);
    return bench_close();
}
