/* Sums: the squares of a gradient of 2^24 values, and a bias's gradient. */
#include "bench.h"
#include "ref_reduce.h"
#include "reduce.h"

#include <stdlib.h>

typedef struct sums {
    fovea_device *device;
    fovea__tensor x, out;
    fovea__buffer *workspace;
} sums;

static fovea_status run_squares(void *context)
{
    sums *s = context;
    return fovea__reduce_squares(s->device, s->x.buffer, 0, fovea__shape_elements(s->x.shape), s->out.buffer, 0,
                                 s->workspace);
}

static fovea_status run_channels(void *context)
{
    sums *s = context;
    return fovea__reduce_channels(s->device, &s->x, false, &s->out, s->workspace);
}

static void bench(fovea_device *device, const char *name, fovea__shape shape, bool channels)
{
    const size_t count = fovea__shape_elements(shape), results = channels ? (size_t)shape.c : 1;
    float *values = bench_random(count, 1), *zeros = calloc(results, sizeof *zeros);
    double *wide = bench_doubles(values, count), *want = bench_doubles(zeros, results);
    sums s = {device, bench_tensor(shape, values), bench_tensor(fovea__shape_vector((int)results), NULL), NULL};
    bench_ok(fovea__buffer_create(&s.workspace, device, fovea__reduce_workspace_bytes(count), "a bench"));
    if (channels)
        ref_reduce_channels(wide, count / results, results, want);
    else
        want[0] = ref_reduce_squares(wide, count);
    fovea_status (*run)(void *) = channels ? run_channels : run_squares;
    bench_ok(run(&s));
    bench_verify_tensor(name, &s.out, want, 1e-5);
    bench_time(name, run, &s, (double)count, (double)count * sizeof(float));
    fovea__buffer_free(s.workspace);
    fovea__tensor_clear(&s.x);
    fovea__tensor_clear(&s.out);
    free(values);
    free(zeros);
    free(wide);
    free(want);
}

int main(void)
{
    fovea_device *device = bench_open("reduce");
    bench(device, "squares 16777216", fovea__shape_vector(1 << 24), false);
    bench(device, "channels 2x75x75x256", (fovea__shape){2, 75, 75, 256}, true);
    return bench_close();
}
