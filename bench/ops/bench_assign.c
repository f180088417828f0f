/* Matching the anchors of a padded 800 x 1088 picture to its boxes. Bytes: each anchor is read, its match written. The
 * roof is arithmetic, not memory: each anchor meets each box twice, at 17 operations (four for the edges, two sizes, two
 * bounds at 0, a product, a sum and a difference, a division, which is counted as one; a comparison and two choices by
 * it, or three for a box's best). An operation is counted as two, since it takes the place of a multiply-add. */
#include "bench.h"

#include "ref_assign.h"
#include "tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANCHORS = 163206, OPERATIONS = 17 };

typedef struct work {
    fovea_device *device;
    fovea__tensor anchors, boxes, offsets, matches, objects, workspace;
    int n_boxes;
} work;

static fovea_status match(void *context)
{
    work *w = context;
    return fovea__assign(w->device, w->anchors.buffer, ANCHORS, w->boxes.buffer, (size_t)w->n_boxes, w->offsets.buffer,
                         1, w->matches.buffer, w->objects.buffer, w->workspace.buffer);
}

/* Boxes of sides 8 to 400 in the picture. */
static float *random_boxes(size_t count, uint64_t seed)
{
    float *boxes = bench_random(4 * count, seed);
    for (size_t i = 0; i < count; i++) {
        float *box = boxes + 4 * i;
        const float x = 544.0f + 544.0f * box[0], y = 400.0f + 400.0f * box[1];
        const float width = expf(4.0f + 1.95f * box[2]), height = expf(4.0f + 1.95f * box[3]);
        box[0] = x - width / 2;
        box[1] = y - height / 2;
        box[2] = x + width / 2;
        box[3] = y + height / 2;
    }
    return boxes;
}

static void make(fovea__tensor *tensor, fovea_device *device, size_t count, const void *words)
{
    bench_ok(fovea__tensor_create(tensor, device, fovea__shape_vector((int)count), "a bench's tensor"));
    if (words)
        bench_ok(fovea__buffer_write(tensor->buffer, 0, words, count * 4));
}

static void verify(work *w, const float *anchors, const float *boxes)
{
    int *got = malloc(ANCHORS * sizeof *got), *want = malloc(ANCHORS * sizeof *want);
    if (!got || !want)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    bench_ok(match(w));
    bench_ok(fovea__buffer_read(w->matches.buffer, 0, got, ANCHORS * sizeof *got));
    ref_assign_match(anchors, ANCHORS, boxes, (size_t)w->n_boxes, want);
    /* An IoU within float32's error of a decision may fall either way: one anchor in ten thousand at the most. */
    float agree = 0.0f;
    for (size_t i = 0; i < ANCHORS; i++)
        agree += got[i] == want[i];
    bench_verify("matches", &agree, (double[]){ANCHORS}, 1, 1e-4);
    free(want);
    free(got);
}

int main(void)
{
    static const int counts[] = {8, 100};
    work w = {.device = bench_open("assign")};
    float *anchors = random_boxes(ANCHORS, 1);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        w.n_boxes = counts[i];
        float *boxes = random_boxes((size_t)w.n_boxes, 2);
        make(&w.anchors, w.device, 4 * ANCHORS, anchors);
        make(&w.boxes, w.device, 4 * (size_t)w.n_boxes, boxes);
        make(&w.offsets, w.device, 2, (int32_t[]){0, w.n_boxes});
        make(&w.matches, w.device, ANCHORS, NULL);
        make(&w.objects, w.device, 1, NULL);
        make(&w.workspace, w.device, fovea__assign_workspace_bytes(ANCHORS, (size_t)w.n_boxes) / 4, NULL);
        verify(&w, anchors, boxes);
        char what[64];
        snprintf(what, sizeof what, "%d anchors, %d boxes", ANCHORS, w.n_boxes);
        bench_time(what, match, &w, 2.0 * 2.0 * OPERATIONS * ANCHORS * w.n_boxes, 20.0 * ANCHORS);
        fovea__tensor *all[] = {&w.anchors, &w.boxes, &w.offsets, &w.matches, &w.objects, &w.workspace};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
            fovea__tensor_clear(all[k]);
        free(boxes);
    }
    free(anchors);
    return bench_close();
}
