/* Batch norm in training on ResNet-50's first stage at 600 px. */
#include "batch_norm.h"
#include "bench.h"
#include "ref_batch_norm.h"

#include <stdlib.h>

enum { GAMMA, BETA, MEAN, INVERSE, RUNNING_MEAN, RUNNING_VARIANCE, D_GAMMA, D_BETA, VECTORS };
static const float epsilon = 1e-5f;

typedef struct norm {
    fovea_device *device;
    fovea__tensor x, d_y, y, vectors[VECTORS];
    fovea__buffer *workspace;
} norm;

static fovea_status forward(void *context)
{
    norm *s = context;
    fovea__tensor *v = s->vectors;
    return fovea__batch_norm_forward(s->device, &s->x, &v[GAMMA], &v[BETA], epsilon, 0.1f, NULL, true, &s->y, &v[MEAN],
                                     &v[INVERSE], &v[RUNNING_MEAN], &v[RUNNING_VARIANCE], s->workspace);
}

static fovea_status backward(void *context)
{
    norm *s = context;
    fovea__tensor *v = s->vectors;
    return fovea__batch_norm_backward(s->device, &s->x, &v[GAMMA], &v[MEAN], &v[INVERSE], &s->d_y, false,
                                      &v[D_GAMMA], &v[D_BETA], &s->y, s->workspace);
}

int main(void)
{
    fovea_device *device = bench_open("batch_norm");
    const fovea__shape shape = {1, 150, 150, 256};
    const size_t count = fovea__shape_elements(shape), channels = (size_t)shape.c, pixels = count / channels;
    float *values = bench_random(count, 1), *gradient = bench_random(count, 2);
    double *x = bench_doubles(values, count), *d_y = bench_doubles(gradient, count);
    double *want = bench_doubles(values, count);
    double *mean = bench_doubles(values, channels), *variance = bench_doubles(values, channels);
    double *d_gamma = bench_doubles(values, channels), *d_beta = bench_doubles(values, channels);
    norm s = {.device = device, .x = bench_tensor(shape, values)};
    s.d_y = bench_tensor(shape, gradient);
    s.y = bench_tensor(shape, NULL);
    for (int i = 0; i < VECTORS; i++) /* the first values serve as every parameter */
        s.vectors[i] = bench_tensor(fovea__shape_vector(shape.c), values);
    bench_ok(fovea__buffer_create(&s.workspace, device, fovea__batch_norm_workspace_bytes(shape), "a bench"));

    ref_batch_norm_statistics(x, pixels, channels, mean, variance);
    ref_batch_norm_forward(x, pixels, channels, x, x, mean, variance, (double)epsilon, NULL, true, want);
    bench_ok(forward(&s));
    bench_verify_tensor("forward", &s.y, want, 1e-5);
    bench_time("forward 1x150x150x256", forward, &s, 0, 3.0 * (double)count * sizeof(float));

    ref_batch_norm_backward(x, pixels, channels, x, mean, variance, (double)epsilon, d_y, d_gamma, d_beta, want);
    bench_ok(backward(&s));
    bench_verify_tensor("backward", &s.y, want, 1e-5);
    bench_time("backward 1x150x150x256", backward, &s, 0, 5.0 * (double)count * sizeof(float));

    fovea__tensor_clear(&s.x);
    fovea__tensor_clear(&s.d_y);
    fovea__tensor_clear(&s.y);
    for (int i = 0; i < VECTORS; i++)
        fovea__tensor_clear(&s.vectors[i]);
    fovea__buffer_free(s.workspace);
    double *const doubles[] = {x, d_y, want, mean, variance, d_gamma, d_beta};
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        free(doubles[i]);
    free(values);
    free(gradient);
    return bench_close();
}
