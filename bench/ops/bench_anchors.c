/* Writing all anchors of a padded 800 x 1088 picture: once a picture size, in a launch a level, of which the upper ones
 * are too small to fill a device. An anchor of 16 bytes takes four divisions of whole numbers. */
#include "bench.h"

#include "ref_anchors.h"

#include <stdlib.h>

static const fovea__anchors anchors = {
    FOVEA_PROFILE_PAPER, 3, 3, 800, 1088, {100, 50, 25, 13, 7}, {136, 68, 34, 17, 9}};

static fovea_device *device;

static fovea_status write_all(void *out)
{
    return fovea__anchors_write(device, &anchors, out);
}

int main(void)
{
    device = bench_open("anchors");
    const size_t values = 4 * fovea__anchors_count(&anchors);
    fovea__buffer *out = NULL;
    bench_ok(fovea__buffer_create(&out, device, values * sizeof(float), "anchors"));
    float *got = bench_random(values, 1);
    double *want = bench_doubles(got, values);
    ref_anchors_write(&anchors, want);
    bench_ok(write_all(out));
    bench_ok(fovea__buffer_read(out, 0, got, values * sizeof(float)));
    bench_verify("anchors", got, want, values, 1e-6);
    bench_time("800 x 1088, 163206 anchors", write_all, out, 0, (double)values * sizeof(float));
    free(want);
    free(got);
    fovea__buffer_free(out);
    return bench_close();
}
