/* Mining among the anchors of a padded 800 x 1088 picture. Bytes: logits, matches and losses, but a CPU's roof is its
 * arithmetic: 30 operations a logit (15 for an exponential, 9 for a logarithm), counted as two each since one takes the
 * place of a multiply-add. Selecting is a top k, and a suppression that a single work-group does in turn. */
#include "bench.h"

#include "assign.h"
#include "ref_ohem.h"

#include <stdlib.h>
#include <string.h>

enum { ANCHORS = 163206, CLASSES = 20 };

typedef struct work {
    fovea_device *device;
    fovea__ohem ohem;
    fovea__tensor logits, matches, chosen, labels, losses, anchors, objects, workspace, factor;
} work;

static fovea_status score(void *context)
{
    work *w = context;
    return fovea__ohem_score(w->device, &w->ohem, &w->logits, 0, w->matches.buffer, w->labels.buffer, w->losses.buffer);
}

static fovea_status choose(void *context)
{
    work *w = context;
    FOVEA_TRY(fovea__buffer_copy(w->chosen.buffer, 0, w->matches.buffer, 0, ANCHORS * sizeof(int32_t)));
    return fovea__ohem_select(w->device, &w->ohem, w->losses.buffer, w->anchors.buffer, 1, w->chosen.buffer,
                              w->objects.buffer, w->workspace.buffer);
}

static void make(work *w, fovea__tensor *tensor, fovea__shape shape, const void *words)
{
    bench_ok(fovea__tensor_create(tensor, w->device, shape, "a bench's tensor"));
    if (words)
        bench_ok(fovea__buffer_write(tensor->buffer, 0, words, fovea__shape_elements(shape) * 4));
}

static void bench_choose(work *w, const float *losses, const float *anchors, const int32_t *matches)
{
    static int got[ANCHORS], want[ANCHORS];
    memcpy(want, matches, sizeof want);
    double gap;
    ref_ohem_select(&w->ohem, losses, anchors, want, &gap);
    bench_ok(choose(w));
    bench_ok(fovea__buffer_read(w->chosen.buffer, 0, got, sizeof got));
    float equal = 0.0f;
    for (int i = 0; i < ANCHORS; i++)
        equal += got[i] == want[i];
    bench_verify("matches", &equal, (double[]){ANCHORS}, 1, 0.0);
    bench_time(w->ohem.one_to_three ? "select 128, one to three" : "select 128", choose, w, 0, 0);
}

static fovea_status rescale(void *context)
{
    work *w = context;
    return fovea__ohem_rescale(w->device, w->factor.buffer, w->logits.buffer, 0, ANCHORS * CLASSES);
}

/* Takes the logits for gradients: once by an eighth, which is exact, then timed by 1. */
static void bench_rescale(work *w, const float *logits)
{
    double *want = bench_doubles(logits, ANCHORS * CLASSES);
    for (int i = 0; i < ANCHORS * CLASSES; i++)
        want[i] *= 0.125;
    make(w, &w->factor, fovea__shape_vector(1), (float[]){0.125f});
    bench_ok(rescale(w));
    bench_verify_tensor("rescaled", &w->logits, want, 0.0);
    bench_ok(fovea__tensor_write(&w->factor, (float[]){1.0f}));
    bench_time("rescale 3264120", rescale, w, 0, 8.0 * ANCHORS * CLASSES);
    free(want);
}

int main(void)
{
    work w = {.device = bench_open("ohem"), .ohem = {128, 0.7f, false, CLASSES, ANCHORS, 0}};
    float *logits = bench_random(ANCHORS * CLASSES, 1), *anchors = bench_random(4 * ANCHORS, 2);
    float *losses = bench_random(ANCHORS, 3);
    int32_t *matches = malloc(ANCHORS * sizeof *matches);
    double *want = malloc(ANCHORS * sizeof *want);
    if (!matches || !want)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    for (int i = 0; i < ANCHORS; i++) {
        matches[i] = i % 1000 < 2 ? 0 : FOVEA__BACKGROUND;
        want[i] = ref_ohem_score(logits + i * CLASSES, CLASSES, matches[i] == 0 ? 3 : -1);
        float *box = anchors + 4 * i;
        box[0] = 500.0f + 500.0f * box[0];
        box[1] = 400.0f + 400.0f * box[1];
        box[2] = box[0] + 60.0f + 20.0f * box[2];
        box[3] = box[1] + 60.0f + 20.0f * box[3];
    }
    make(&w, &w.logits, (fovea__shape){1, 1, ANCHORS, CLASSES}, logits);
    make(&w, &w.anchors, (fovea__shape){1, 1, ANCHORS, 4}, anchors);
    make(&w, &w.matches, fovea__shape_vector(ANCHORS), matches);
    make(&w, &w.chosen, fovea__shape_vector(ANCHORS), NULL);
    make(&w, &w.labels, fovea__shape_vector(1), (int32_t[]){3});
    make(&w, &w.losses, fovea__shape_vector(ANCHORS), NULL);
    make(&w, &w.objects, fovea__shape_vector(1), NULL);
    make(&w, &w.workspace, fovea__shape_vector((int)(fovea__ohem_workspace_bytes(&w.ohem) / 4)), NULL);
    bench_ok(score(&w));
    bench_ok(fovea__tensor_read(&w.losses, losses));
    bench_verify("losses", losses, want, ANCHORS, 1e-5);
    bench_time("score 163206 anchors of 20 classes", score, &w, 2.0 * 30 * CLASSES * ANCHORS,
               4.0 * (CLASSES + 2.0) * ANCHORS);
    bench_choose(&w, losses, anchors, matches);
    w.ohem.one_to_three = true;
    bench_choose(&w, losses, anchors, matches);
    bench_rescale(&w, logits);
    fovea__tensor *all[] = {&w.factor, &w.logits, &w.anchors, &w.matches, &w.chosen, &w.labels, &w.losses, &w.objects,
                            &w.workspace};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        fovea__tensor_clear(all[i]);
    void *host[] = {logits, anchors, losses, matches, want};
    for (size_t i = 0; i < sizeof host / sizeof host[0]; i++)
        free(host[i]);
    return bench_close();
}
