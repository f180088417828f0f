/* Suppression among the candidates of five levels: crowded as a trained network's are, and all of different places. The
 * roof is arithmetic, not memory: 24 bytes a slot are a few microseconds, but each candidate left is held to each
 * detection, and to the strongest so far (a comparison of classes, one of scores), and where the classes are the same
 * that is an IoU of 19 operations, a division among them. An operation is counted as two, since it takes the place of a
 * multiply-add. One work-group does a picture, so a device of several reaches only its share with one picture. */
#include "bench.h"

#include "ref_nms.h"

#include <stdlib.h>

enum { SLOTS = 5000, MOST = 300 };

typedef struct work {
    fovea_device *device;
    fovea__nms nms;
    fovea__candidates candidates;
    fovea__buffer *detections, *workspace;
} work;

static fovea_status run(void *context)
{
    work *w = context;
    return fovea__nms_run(w->device, &w->nms, &w->candidates, w->detections, w->workspace);
}

static fovea__buffer *make(fovea_device *device, size_t count, const void *words)
{
    fovea__buffer *buffer = NULL;
    bench_ok(fovea__buffer_create(&buffer, device, count * 4, "a bench's buffer"));
    if (words)
        bench_ok(fovea__buffer_write(buffer, 0, words, count * 4));
    return buffer;
}

static double count_operations(const work *w, const float *boxes, const int32_t *classes, const int *kept, int n)
{
    double count = 0;
    for (int slot = 0; slot < SLOTS; slot++) {
        bool left = classes[slot] >= 0;
        for (int i = 0; i < n && left; i++) {
            const bool same = classes[slot] == classes[kept[i]];
            count += same ? 2 + 19 : 2;
            left = slot != kept[i] &&
                   !(same && ref_nms_iou(boxes + 4 * slot, boxes + 4 * kept[i]) > (double)w->nms.max_overlap);
        }
    }
    return count;
}

static void bench(work *w, const char *what, int filled, float spread, int classes)
{
    static int32_t class_of[SLOTS];
    static int kept[MOST];
    static float got[1 + 6 * MOST], slots_got[1 + MOST];
    static double slots_want[1 + MOST];
    float *boxes = bench_random(4 * SLOTS, 1), *scores = bench_random(SLOTS, 2);
    for (int i = 0; i < SLOTS; i++) {
        class_of[i] = i % 1000 < filled / 5 ? i % classes : -1;
        float *box = boxes + 4 * i;
        box[0] = 600.0f + spread * box[0];
        box[1] = 400.0f + spread * box[1];
        box[2] = box[0] + 60.0f + 20.0f * box[2];
        box[3] = box[1] + 60.0f + 20.0f * box[3];
    }
    double gap;
    const int n = ref_nms(&w->nms, boxes, scores, class_of, kept, &gap);
    w->candidates = (fovea__candidates){make(w->device, 4 * SLOTS, boxes), make(w->device, SLOTS, scores),
                                        make(w->device, SLOTS, class_of)};
    bench_ok(run(w));
    bench_ok(fovea__buffer_read(w->detections, 0, got, sizeof got));
    slots_want[0] = n;
    slots_got[0] = got[0];
    for (int i = 0; i < n; i++) {
        slots_want[1 + i] = (double)scores[kept[i]];
        slots_got[1 + i] = got[1 + 6 * i + 4];
    }
    bench_verify("count and scores of the detections", slots_got, slots_want, 1 + (size_t)n, 0.0);
    bench_time(what, run, w, 2 * count_operations(w, boxes, class_of, kept, n), 24.0 * SLOTS);
    fovea__buffer_free(w->candidates.boxes);
    fovea__buffer_free(w->candidates.scores);
    fovea__buffer_free(w->candidates.classes);
    free(scores);
    free(boxes);
}

int main(void)
{
    work w = {.device = bench_open("nms"), .nms = {SLOTS, 0.5f, 100}};
    w.detections = make(w.device, 1 + 6 * MOST, NULL);
    w.workspace = make(w.device, fovea__nms_workspace_bytes(&w.nms) / 4, NULL);
    bench(&w, "1000 candidates of 20 classes, 100 detections", 1000, 200.0f, 20);
    bench(&w, "5000 candidates of one class, 100 detections", 5000, 400.0f, 1);
    w.nms.most = MOST;
    bench(&w, "5000 candidates of 80 classes, 300 detections", 5000, 400.0f, 80);
    fovea__buffer_free(w.detections);
    fovea__buffer_free(w.workspace);
    return bench_close();
}
