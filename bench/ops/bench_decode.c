/* The scores of P3 of a padded 800 x 1088 picture, and a thousand of its boxes. */
#include "bench.h"

#include "ref_decode.h"

#include <stdlib.h>

enum { ANCHORS = 100 * 136 * 9, CLASSES = 80, LOGITS = ANCHORS * CLASSES, K = 1000 };

typedef struct work {
    fovea_device *device;
    fovea__buffer *logits, *scores, *anchors, *codes, *indices, *best, *found;
    fovea__candidates out;
} work;

static fovea_status score(void *context)
{
    work *w = context;
    return fovea__decode_scores(w->device, w->logits, LOGITS, w->scores);
}

static fovea_status decode(void *context)
{
    work *w = context;
    const fovea__decode level = {K, CLASSES, 0, 800, 1088};
    return fovea__decode_level(w->device, &level, w->anchors, w->codes, 0, w->indices, w->best, w->found, 0, &w->out,
                               0);
}

static fovea__buffer *make(fovea_device *device, size_t count, const void *words)
{
    fovea__buffer *buffer = NULL;
    bench_ok(fovea__buffer_create(&buffer, device, count * 4, "a bench's buffer"));
    if (words)
        bench_ok(fovea__buffer_write(buffer, 0, words, count * 4));
    return buffer;
}

static void bench_scores(work *w)
{
    float *logits = bench_random(LOGITS, 1);
    double *want = bench_doubles(logits, LOGITS);
    for (size_t i = 0; i < LOGITS; i++)
        want[i] = ref_decode_score(want[i]);
    w->logits = make(w->device, LOGITS, logits);
    w->scores = make(w->device, LOGITS, NULL);
    bench_ok(score(w));
    bench_ok(fovea__buffer_read(w->scores, 0, logits, sizeof(float) * LOGITS));
    bench_verify("scores", logits, want, LOGITS, 1e-6);
    bench_time("scores, 100 x 136, 9 anchors, 80 classes", score, w, 0, 8.0 * LOGITS);
    free(want);
    free(logits);
}

static void bench_boxes(work *w)
{
    float *anchors = bench_random(4 * ANCHORS, 2), *codes = bench_random(4 * ANCHORS, 3);
    float boxes[4 * K] = {0};
    double want[4 * K];
    int32_t indices[K];
    for (size_t i = 0; i < 4 * ANCHORS; i++)
        anchors[i] = (i % 4 < 2 ? 300.0f : 400.0f) + 40.0f * anchors[i];
    for (int i = 0; i < K; i++) {
        indices[i] = (int)((i * 7919LL) % LOGITS);
        const int anchor = indices[i] / CLASSES;
        ref_decode_box(anchors + 4 * anchor, codes + 4 * anchor, 800, 1088, want + 4 * i);
    }
    w->anchors = make(w->device, 4 * ANCHORS, anchors);
    w->codes = make(w->device, 4 * ANCHORS, codes);
    w->indices = make(w->device, K, indices);
    w->best = make(w->device, K, boxes);
    w->found = make(w->device, 1, (int32_t[]){K});
    w->out = (fovea__candidates){make(w->device, 4 * K, NULL), make(w->device, K, NULL), make(w->device, K, NULL)};
    bench_ok(decode(w));
    bench_ok(fovea__buffer_read(w->out.boxes, 0, boxes, sizeof boxes));
    bench_verify("boxes", boxes, want, 4 * K, 1e-6);
    bench_time("boxes, 1000 of a level", decode, w, 0, 60.0 * K);
    free(codes);
    free(anchors);
}

int main(void)
{
    work w = {.device = bench_open("decode")};
    bench_scores(&w);
    bench_boxes(&w);
    fovea__buffer *all[] = {w.logits, w.scores,    w.anchors,    w.codes,      w.indices,
                            w.best,   w.found,     w.out.boxes,  w.out.scores, w.out.classes};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        fovea__buffer_free(all[i]);
    return bench_close();
}
