/* Group norm in 32 groups of a head's P3 at 600 px. */
#include "bench.h"
#include "group_norm.h"
#include "ref_group_norm.h"

#include <stdlib.h>

enum { GAMMA, BETA, D_GAMMA, D_BETA, VECTORS, GROUPS = 32 };
static const float epsilon = 1e-5f;

typedef struct norm {
    fovea_device *device;
    fovea__tensor x, d_y, y, vectors[VECTORS];
    fovea__buffer *statistics, *workspace;
} norm;

static fovea_status forward(void *context)
{
    norm *s = context;
    return fovea__group_norm_forward(s->device, &s->x, &s->vectors[GAMMA], &s->vectors[BETA], GROUPS, epsilon, true,
                                     &s->y, s->statistics, s->workspace);
}

static fovea_status backward(void *context)
{
    norm *s = context;
    return fovea__group_norm_backward(s->device, &s->x, &s->vectors[GAMMA], GROUPS, s->statistics, &s->d_y, false,
                                      &s->vectors[D_GAMMA], &s->vectors[D_BETA], &s->y, s->workspace);
}

int main(void)
{
    fovea_device *device = bench_open("group_norm");
    const fovea__shape shape = {2, 75, 75, 256};
    const size_t count = fovea__shape_elements(shape), channels = (size_t)shape.c;
    const ref_group_norm of = {2, 75 * 75, channels, GROUPS, (double)epsilon};
    float *values = bench_random(count, 1), *gradient = bench_random(count, 2);
    double *x = bench_doubles(values, count), *d_y = bench_doubles(gradient, count);
    double *want = bench_doubles(values, count), *d_gamma = bench_doubles(values, channels);
    double *d_beta = bench_doubles(values, channels);
    norm s = {.device = device, .x = bench_tensor(shape, values)};
    s.d_y = bench_tensor(shape, gradient);
    s.y = bench_tensor(shape, NULL);
    for (int i = 0; i < VECTORS; i++) /* the first values serve as every parameter */
        s.vectors[i] = bench_tensor(fovea__shape_vector(shape.c), values);
    bench_ok(fovea__buffer_create(&s.statistics, device, fovea__group_norm_statistics_bytes(shape), "a bench"));
    bench_ok(fovea__buffer_create(&s.workspace, device, fovea__group_norm_workspace_bytes(shape), "a bench"));

    ref_group_norm_forward(&of, x, x, x, true, want);
    bench_ok(forward(&s));
    bench_verify_tensor("forward", &s.y, want, 1e-5);
    bench_time("forward 2x75x75x256", forward, &s, 0, 3.0 * (double)count * sizeof(float));

    ref_group_norm_backward(&of, x, x, d_y, d_gamma, d_beta, want);
    bench_ok(backward(&s));
    bench_verify_tensor("backward", &s.y, want, 1e-5);
    bench_time("backward 2x75x75x256", backward, &s, 0, 5.0 * (double)count * sizeof(float));

    fovea__tensor_clear(&s.x);
    fovea__tensor_clear(&s.d_y);
    fovea__tensor_clear(&s.y);
    for (int i = 0; i < VECTORS; i++)
        fovea__tensor_clear(&s.vectors[i]);
    fovea__buffer_free(s.statistics);
    fovea__buffer_free(s.workspace);
    double *const doubles[] = {x, d_y, want, d_gamma, d_beta};
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        free(doubles[i]);
    free(values);
    free(gradient);
    return bench_close();
}
