/* The box loss of P3 of a padded 800 x 1088 picture. */
#include "bench.h"

#include "assign.h"
#include "ref_smooth_l1.h"

#include <stdlib.h>

enum { ANCHORS = 100 * 136 * 9 };

typedef struct work {
    fovea_device *device;
    fovea__smooth_l1 loss;
    fovea__tensor codes, d_codes, targets, matches, scales, partials;
} work;

static fovea_status run(void *context)
{
    work *w = context;
    return fovea__smooth_l1_run(w->device, &w->loss, &w->codes, w->targets.buffer, w->matches.buffer, w->scales.buffer,
                                &w->d_codes, w->partials.buffer, 0);
}

static void make(work *w, fovea__tensor *tensor, fovea__shape shape, const void *words)
{
    bench_ok(fovea__tensor_create(tensor, w->device, shape, "a bench's tensor"));
    if (words)
        bench_ok(fovea__buffer_write(tensor->buffer, 0, words, fovea__shape_elements(shape) * 4));
}

int main(void)
{
    work w = {.device = bench_open("smooth_l1"), .loss = {1.0f / 9, ANCHORS, 0, 0}};
    const fovea__shape shape = {1, 100, 136, 36};
    float *codes = bench_random(4 * ANCHORS, 1), *targets = bench_random(4 * ANCHORS, 2);
    int32_t *matches = malloc(ANCHORS * sizeof *matches);
    double *want = malloc(4 * ANCHORS * sizeof *want);
    if (!matches || !want)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    for (int i = 0; i < ANCHORS; i++) /* an object in five hundred */
        matches[i] = i % 10000 < 20 ? 0 : i % 10000 < 60 ? FOVEA__IGNORED : FOVEA__BACKGROUND;
    const float scale = 0.1f;
    make(&w, &w.codes, shape, codes);
    make(&w, &w.d_codes, shape, NULL);
    make(&w, &w.targets, shape, targets);
    make(&w, &w.matches, fovea__shape_vector(ANCHORS), matches);
    make(&w, &w.scales, fovea__shape_vector(1), &scale);
    make(&w, &w.partials, fovea__shape_vector((int)fovea__smooth_l1_partials(shape)), NULL);
    double *exact = bench_doubles(codes, 4 * ANCHORS), *exact_targets = bench_doubles(targets, 4 * ANCHORS);
    ref_smooth_l1_run(&w.loss, shape, exact, exact_targets, matches, &scale, want);
    bench_ok(run(&w));
    bench_ok(fovea__tensor_read(&w.d_codes, codes));
    bench_verify("d_codes", codes, want, 4 * ANCHORS, 1e-5);
    bench_time("100 x 136, 9 anchors", run, &w, 0, 20.0 * ANCHORS);
    fovea__tensor *all[] = {&w.codes, &w.d_codes, &w.targets, &w.matches, &w.scales, &w.partials};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        fovea__tensor_clear(all[k]);
    void *host[] = {codes, targets, matches, want, exact, exact_targets};
    for (size_t k = 0; k < sizeof host / sizeof host[0]; k++)
        free(host[k]);
    return bench_close();
}
