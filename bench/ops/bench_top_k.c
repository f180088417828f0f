/* The strongest thousand scores of P3 of a padded 800 x 1088 picture: as a trained network has them, few above the
 * threshold and near each other; and at the worst, where all pass. And of a small picture, where launching is the cost. */
#include "bench.h"

#include "ref_top_k.h"

#include <stdlib.h>

enum { COUNT = 100 * 136 * 9 * 80, K = 1000 };

typedef struct work {
    fovea_device *device;
    fovea__buffer *values, *indices, *best, *found, *workspace;
    size_t count;
    float threshold;
} work;

static fovea_status run(void *context)
{
    work *w = context;
    return fovea__top_k(w->device, w->values, 0, w->count, w->threshold, K, w->indices, w->best, w->found, 0,
                        w->workspace);
}

static void bench(work *w, const char *what, const float *values)
{
    static int got[K], want[K];
    bench_ok(fovea__buffer_write(w->values, 0, values, sizeof(float) * w->count));
    bench_ok(run(w));
    bench_ok(fovea__buffer_read(w->indices, 0, got, sizeof got));
    ref_top_k(values, w->count, w->threshold, K, want);
    float equal = 0.0f;
    for (int i = 0; i < K; i++)
        equal += got[i] == want[i];
    bench_verify("indices", &equal, (double[]){K}, 1, 0.0);
    bench_time(what, run, w, 0, sizeof(float) * (double)w->count);
}

int main(void)
{
    work w = {.device = bench_open("top_k"), .count = COUNT, .threshold = 0.05f};
    bench_ok(fovea__buffer_create(&w.values, w.device, sizeof(float) * COUNT, "values"));
    bench_ok(fovea__buffer_create(&w.indices, w.device, sizeof(int32_t) * K, "indices"));
    bench_ok(fovea__buffer_create(&w.best, w.device, sizeof(float) * K, "best"));
    bench_ok(fovea__buffer_create(&w.found, w.device, sizeof(int32_t), "found"));
    bench_ok(fovea__buffer_create(&w.workspace, w.device, fovea__top_k_workspace_bytes(COUNT, K), "workspace"));
    float *values = bench_random(COUNT, 1);
    for (size_t i = 0; i < COUNT; i++) { /* 2000 above the threshold, in 20 places */
        const float u = 0.5f + 0.5f * values[i];
        values[i] = i % (COUNT / 20) < 100 ? 0.05f + 0.9f * u : 0.04f * u;
    }
    bench(&w, "1000 of 9792000, 2000 above the threshold", values);
    w.threshold = -1.0f;
    bench(&w, "1000 of 9792000, all above the threshold", values);
    w.count = 30 * 40 * 9 * 4;
    w.threshold = 0.05f;
    bench(&w, "1000 of 43200, 100 above the threshold", values);
    free(values);
    fovea__buffer *all[] = {w.values, w.indices, w.best, w.found, w.workspace};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        fovea__buffer_free(all[i]);
    return bench_close();
}
