/* ResNet's stem pooling at 600 px. */
#include "bench.h"
#include "max_pool.h"
#include "ref_max_pool.h"

#include <stdlib.h>

static const fovea__max_pool_window stem = {3, 2, 1};

typedef struct pooling {
    fovea_device *device;
    fovea__tensor x, y, d_x;
} pooling;

static fovea_status forward(void *context)
{
    pooling *p = context;
    return fovea__max_pool_forward(p->device, &p->x, stem, &p->y);
}

static fovea_status backward(void *context)
{
    pooling *p = context;
    return fovea__max_pool_backward(p->device, &p->x, stem, &p->y, false, &p->d_x);
}

int main(void)
{
    fovea_device *device = bench_open("max_pool");
    const fovea__shape shape = {1, 300, 300, 64}, out = fovea__max_pool_out_shape(shape, stem);
    const size_t count = fovea__shape_elements(shape), n_out = fovea__shape_elements(out);
    const double bytes = (double)(count + n_out) * sizeof(float);
    float *values = bench_random(count, 1);
    double *wide = bench_doubles(values, count), *y = calloc(n_out, sizeof *y), *d_x = calloc(count, sizeof *d_x);
    pooling p = {device, bench_tensor(shape, values), bench_tensor(out, NULL), bench_tensor(shape, NULL)};

    ref_max_pool_forward(wide, shape, stem, y);
    bench_ok(forward(&p));
    bench_verify_tensor("forward", &p.y, y, 0);
    bench_time("forward 1x300x300x64", forward, &p, 0, bytes);

    ref_max_pool_backward(wide, shape, stem, y, d_x); /* y serves as its own gradient */
    bench_ok(backward(&p));
    bench_verify_tensor("backward", &p.d_x, d_x, 1e-6);
    bench_time("backward 1x300x300x64", backward, &p, 0, bytes + (double)count * sizeof(float));

    fovea__tensor_clear(&p.x);
    fovea__tensor_clear(&p.y);
    fovea__tensor_clear(&p.d_x);
    free(values);
    free(wide);
    free(y);
    free(d_x);
    return bench_close();
}
