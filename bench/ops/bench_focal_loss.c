/* The focal loss of P3 of two pictures of 600 px, and of a narrow network's. Bytes: each logit is read, each gradient
 * written. A CPU's roof is its arithmetic: a logit takes 40 operations at gamma 2 (15 for an exponential, 9 for a
 * logarithm, a division), which loss and gradient share, and 18 more where gamma is neither 0, 1 nor 2 (a second
 * exponential). An operation is counted as two, since it takes the place of a multiply-add. On two cores of 112 GFLOP/s
 * each, 58 operations a logit are 15 GB/s at the very best. */
#include "bench.h"

#include "assign.h"
#include "ref_focal_loss.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct work {
    fovea_device *device;
    fovea__focal_loss loss;
    fovea__tensor logits, d_logits, matches, labels, scales, partials;
} work;

static fovea_status run(void *context)
{
    work *w = context;
    return fovea__focal_loss_run(w->device, &w->loss, &w->logits, w->matches.buffer, w->labels.buffer, w->scales.buffer,
                                 &w->d_logits, w->partials.buffer, 0);
}

static void make(work *w, fovea__tensor *tensor, fovea__shape shape, const void *words)
{
    bench_ok(fovea__tensor_create(tensor, w->device, shape, "a bench's tensor"));
    if (words)
        bench_ok(fovea__buffer_write(tensor->buffer, 0, words, fovea__shape_elements(shape) * 4));
}

static void bench(work *w, int batch, int height, int width, int classes, float gamma)
{
    const fovea__shape shape = {batch, height, width, 9 * classes};
    const size_t count = fovea__shape_elements(shape), anchors = (size_t)(height * width) * 9;
    w->loss = (fovea__focal_loss){0.25f, gamma, classes, anchors, 0, 0};
    float *logits = bench_random(count, 1);
    const size_t n_matches = (size_t)batch * anchors;
    int32_t *matches = malloc(n_matches * sizeof *matches);
    double *want = malloc(count * sizeof *want);
    if (!matches || !want)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    for (size_t i = 0; i < n_matches; i++) /* an object in five hundred, near each other as they are */
        matches[i] = i % 10000 < 20 ? 0 : i % 10000 < 60 ? FOVEA__IGNORED : FOVEA__BACKGROUND;
    for (size_t i = 0; i < count; i++)
        logits[i] = -4.6f + 2.0f * logits[i];
    const float scales[2] = {0.1f, 0.1f};
    make(w, &w->logits, shape, logits);
    make(w, &w->d_logits, shape, NULL);
    make(w, &w->matches, fovea__shape_vector((int)n_matches), matches);
    make(w, &w->labels, fovea__shape_vector(1), (int32_t[]){1});
    make(w, &w->scales, fovea__shape_vector(batch), scales);
    make(w, &w->partials, fovea__shape_vector((int)fovea__focal_loss_partials(shape)), NULL);
    double *exact = bench_doubles(logits, count);
    ref_focal_loss_run(&w->loss, shape, exact, matches, (int[]){1}, scales, want);
    bench_ok(run(w));
    bench_ok(fovea__tensor_read(&w->d_logits, logits));
    bench_verify("d_logits", logits, want, count, 1e-6);
    char what[80];
    snprintf(what, sizeof what, "%d x %d x %d, 9 anchors, %d classes, gamma %g", batch, height, width, classes,
             (double)gamma);
    const int operations = gamma == 2.0f ? 40 : gamma == 0.0f ? 37 : 58;
    bench_time(what, run, w, 2.0 * operations * (double)count, 8.0 * (double)count);
    fovea__tensor *all[] = {&w->logits, &w->d_logits, &w->matches, &w->labels, &w->scales, &w->partials};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        fovea__tensor_clear(all[k]);
    free(exact);
    free(want);
    free(matches);
    free(logits);
}

int main(void)
{
    work w = {.device = bench_open("focal_loss")};
    bench(&w, 2, 75, 75, 80, 2.0f);
    bench(&w, 2, 75, 75, 80, 0.0f);
    bench(&w, 2, 75, 75, 80, 0.5f);
    bench(&w, 2, 30, 40, 4, 2.0f);
    return bench_close();
}
