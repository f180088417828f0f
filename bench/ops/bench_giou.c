/* GIoU of P3 of a padded 800 x 1088 picture. */
#include "bench.h"

#include "assign.h"
#include "ref_giou.h"

#include <stdlib.h>

enum { ANCHORS = 100 * 136 * 9, BOXES = 7 };

typedef struct work {
    fovea_device *device;
    fovea__giou loss;
    fovea__tensor codes, d_codes, anchors, boxes, matches, scales, partials;
} work;

static fovea_status run(void *context)
{
    work *w = context;
    return fovea__giou_run(w->device, &w->loss, &w->codes, w->anchors.buffer, w->boxes.buffer, w->matches.buffer,
                           w->scales.buffer, &w->d_codes, w->partials.buffer, 0);
}

static void make(work *w, fovea__tensor *tensor, fovea__shape shape, const void *words)
{
    bench_ok(fovea__tensor_create(tensor, w->device, shape, "a bench's tensor"));
    if (words)
        bench_ok(fovea__buffer_write(tensor->buffer, 0, words, fovea__shape_elements(shape) * 4));
}

/* An object in five hundred anchors, where each lies by its box. */
static void lay_out(const float *random, float *anchors, float *boxes, int32_t *matches)
{
    for (int i = 0; i < ANCHORS; i++) {
        matches[i] = i % 10000 < 20 ? i % BOXES : i % 10000 < 60 ? FOVEA__IGNORED : FOVEA__BACKGROUND;
        const float x = 100.0f * (float)(i % BOXES), y = (float)(i % 13);
        const float anchor[4] = {x, y, x + 32, y + 24};
        for (int k = 0; k < 4; k++)
            anchors[4 * i + k] = anchor[k];
    }
    for (int i = 0; i < 4 * BOXES; i++)
        boxes[i] = anchors[i] + 4 * random[i];
}

int main(void)
{
    work w = {.device = bench_open("giou"), .loss = {ANCHORS, 0, 0}};
    const fovea__shape shape = {1, 100, 136, 36};
    float *codes = bench_random(4 * ANCHORS, 1), *anchors = bench_random(4 * ANCHORS, 2), boxes[4 * BOXES];
    int32_t *matches = malloc(ANCHORS * sizeof *matches);
    double *want = malloc(4 * ANCHORS * sizeof *want);
    if (!matches || !want)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    lay_out(codes, anchors, boxes, matches);
    const float scale = 0.1f;
    make(&w, &w.codes, shape, codes);
    make(&w, &w.d_codes, shape, NULL);
    make(&w, &w.anchors, (fovea__shape){1, 1, ANCHORS, 4}, anchors);
    make(&w, &w.boxes, (fovea__shape){1, 1, BOXES, 4}, boxes);
    make(&w, &w.matches, fovea__shape_vector(ANCHORS), matches);
    make(&w, &w.scales, fovea__shape_vector(1), &scale);
    make(&w, &w.partials, fovea__shape_vector((int)fovea__giou_partials(shape)), NULL);
    double *exact = bench_doubles(codes, 4 * ANCHORS), *exact_anchors = bench_doubles(anchors, 4 * ANCHORS);
    double *exact_boxes = bench_doubles(boxes, 4 * BOXES);
    ref_giou_run(&w.loss, shape, exact, exact_anchors, exact_boxes, matches, &scale, want);
    bench_ok(run(&w));
    bench_ok(fovea__tensor_read(&w.d_codes, codes));
    bench_verify("d_codes", codes, want, 4 * ANCHORS, 1e-5);
    bench_time("100 x 136, 9 anchors", run, &w, 0, 20.0 * ANCHORS);
    fovea__tensor *all[] = {&w.codes, &w.d_codes, &w.anchors, &w.boxes, &w.matches, &w.scales, &w.partials};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        fovea__tensor_clear(all[k]);
    void *host[] = {codes, anchors, matches, want, exact, exact_anchors, exact_boxes};
    for (size_t k = 0; k < sizeof host / sizeof host[0]; k++)
        free(host[k]);
    return bench_close();
}
