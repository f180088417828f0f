/* The two probes that everything else is held to: 2^15 chains of multiply-adds, and a copy of 128 MiB. */
#include "bench.h"
#include "probe.h"
#include "ref_probe.h"

#include <stdlib.h>

enum { ITEMS = 1 << 15, ROUNDS = 4096, COPIED = 32 << 20 };

typedef struct probes {
    fovea_device *device;
    fovea__tensor start, sums, from, to;
} probes;

static fovea_status multiply_add(void *context)
{
    probes *p = context;
    return fovea__probe_multiply_add(p->device, p->start.buffer, 1, 1, ROUNDS, p->sums.buffer, ITEMS);
}

static fovea_status copy(void *context)
{
    probes *p = context;
    return fovea__probe_copy(p->device, p->from.buffer, p->to.buffer, COPIED);
}

int main(void)
{
    fovea_device *device = bench_open("probe");
    const size_t lanes = fovea__probe_lanes(device);
    float *values = bench_random(COPIED, 1);
    double *start = bench_doubles(values, lanes), *sums = calloc(ITEMS, sizeof *sums);
    double *copied = bench_doubles(values, COPIED);
    probes p = {device, bench_tensor(fovea__shape_vector((int)lanes), values),
                bench_tensor(fovea__shape_vector(ITEMS), NULL), bench_tensor(fovea__shape_vector(COPIED), values),
                bench_tensor(fovea__shape_vector(COPIED), NULL)};

    ref_probe_multiply_add(start, lanes, 1, 1, ROUNDS, sums, 8);
    for (size_t i = 8; i < ITEMS; i++)
        sums[i] = sums[i % 8];
    bench_ok(multiply_add(&p));
    bench_verify_tensor("sums", &p.sums, sums, 1e-4);
    bench_time("multiply_add", multiply_add, &p, 2.0 * (double)lanes * ROUNDS * ITEMS, 0);

    bench_ok(copy(&p));
    bench_verify_tensor("copy", &p.to, copied, 0);
    bench_time("copy 128 MiB", copy, &p, 0, 2.0 * COPIED * sizeof(float));

    fovea__tensor_clear(&p.start);
    fovea__tensor_clear(&p.sums);
    fovea__tensor_clear(&p.from);
    fovea__tensor_clear(&p.to);
    free(values);
    free(start);
    free(sums);
    free(copied);
    return bench_close();
}
