/* Residual sum with ReLU, and the gradient's mask, on ResNet-50's first stage at 600 px. */
#include "add_relu.h"
#include "bench.h"
#include "ref_add_relu.h"

#include <stdlib.h>

typedef struct sum {
    fovea_device *device;
    fovea__tensor a, b, y, scale;
} sum;

static fovea_status forward(void *context)
{
    sum *s = context;
    return fovea__add_relu_forward(s->device, &s->a, &s->b, &s->y);
}

static fovea_status backward(void *context)
{
    sum *s = context;
    return fovea__add_relu_backward(s->device, &s->a, &s->b, &s->scale, false, &s->y);
}

int main(void)
{
    fovea_device *device = bench_open("add_relu");
    const fovea__shape shape = {1, 150, 150, 256};
    const size_t count = fovea__shape_elements(shape), channels = (size_t)shape.c;
    float *a = bench_random(count, 1), *b = bench_random(count, 2);
    double *wide_a = bench_doubles(a, count), *wide_b = bench_doubles(b, count), *want = calloc(count, sizeof *want);
    sum s = {device, bench_tensor(shape, a), bench_tensor(shape, b), bench_tensor(shape, NULL),
             bench_tensor(fovea__shape_vector(shape.c), a)};
    const double bytes = 3.0 * (double)count * sizeof(float);

    ref_add_relu_forward(wide_a, wide_b, count, want);
    bench_ok(forward(&s));
    bench_verify_tensor("forward", &s.y, want, 1e-6);
    bench_time("forward 1x150x150x256", forward, &s, 0, bytes);

    for (size_t i = 0; i < count; i++)
        want[i] = 0;
    ref_add_relu_backward(wide_a, wide_b, wide_a, count, channels, want);
    bench_ok(backward(&s));
    bench_verify_tensor("backward", &s.y, want, 1e-6);
    bench_time("backward 1x150x150x256", backward, &s, 0, bytes);

    fovea__tensor_clear(&s.a);
    fovea__tensor_clear(&s.b);
    fovea__tensor_clear(&s.y);
    fovea__tensor_clear(&s.scale);
    free(a);
    free(b);
    free(wide_a);
    free(wide_b);
    free(want);
    return bench_close();
}
