/* FPN's top-down step from P4 to P3 at 600 px. */
#include "bench.h"
#include "ref_upsample_add.h"
#include "upsample_add.h"

#include <stdlib.h>

typedef struct step {
    fovea_device *device;
    fovea__tensor top, lateral, y;
} step;

static fovea_status forward(void *context)
{
    step *s = context;
    return fovea__upsample_add_forward(s->device, &s->top, &s->lateral, &s->y);
}

static fovea_status backward(void *context)
{
    step *s = context;
    return fovea__upsample_add_backward(s->device, &s->lateral, false, &s->top);
}

int main(void)
{
    fovea_device *device = bench_open("upsample_add");
    const fovea__shape coarse = {2, 38, 38, 256}, fine = {2, 75, 75, 256};
    const size_t n_coarse = fovea__shape_elements(coarse), n_fine = fovea__shape_elements(fine);
    float *top = bench_random(n_coarse, 1), *lateral = bench_random(n_fine, 2);
    double *wide_top = bench_doubles(top, n_coarse), *wide = bench_doubles(lateral, n_fine);
    double *want = bench_doubles(lateral, n_fine), *d_top = calloc(n_coarse, sizeof *d_top);
    step s = {device, bench_tensor(coarse, top), bench_tensor(fine, lateral), bench_tensor(fine, NULL)};

    ref_upsample_add_forward(wide_top, coarse, wide, fine, want);
    bench_ok(forward(&s));
    bench_verify_tensor("forward", &s.y, want, 1e-6);
    bench_time("forward 2x75x75x256", forward, &s, 0, (2.0 * (double)n_fine + (double)n_coarse) * sizeof(float));

    ref_upsample_add_backward(wide, fine, coarse, d_top);
    bench_ok(backward(&s));
    bench_verify_tensor("backward", &s.top, d_top, 1e-6);
    bench_time("backward 2x75x75x256", backward, &s, 0, (double)(n_fine + n_coarse) * sizeof(float));

    fovea__tensor_clear(&s.top);
    fovea__tensor_clear(&s.lateral);
    fovea__tensor_clear(&s.y);
    free(top);
    free(lateral);
    free(wide_top);
    free(wide);
    free(want);
    free(d_top);
    return bench_close();
}
