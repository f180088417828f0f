/* One step of a moving average of 2^24 weights. */
#include "bench.h"
#include "ema.h"
#include "ref_ema.h"

#include <stdlib.h>

enum { N = 1 << 24 };

typedef struct step {
    fovea_device *device;
    float share;
    fovea__tensor average, values, state;
} step;

static fovea_status run(void *context)
{
    step *s = context;
    return fovea__ema_step(s->device, s->share, 0, N, s->average.buffer, s->values.buffer, s->state.buffer);
}

int main(void)
{
    fovea_device *device = bench_open("ema");
    const fovea__shape shape = fovea__shape_vector(N);
    float *start = bench_random(N, 1), *values = bench_random(N, 2);
    double *average = bench_doubles(start, N), *wide = bench_doubles(values, N);
    step s = {device, 0.01f, bench_tensor(shape, start), bench_tensor(shape, values),
              bench_tensor(fovea__shape_vector(3), (const float[3]){1, 1, 1})};
    ref_ema_step(1 - (double)s.share, average, wide, N);
    bench_ok(run(&s));
    bench_verify_tensor("average", &s.average, average, 1e-6);
    bench_time("step 16777216", run, &s, 0, 3.0 * N * sizeof(float));
    fovea__tensor_clear(&s.average);
    fovea__tensor_clear(&s.values);
    fovea__tensor_clear(&s.state);
    free(start);
    free(values);
    free(average);
    free(wide);
    return bench_close();
}
