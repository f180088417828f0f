/* A photograph of 480 x 640 on its way to 600 px. Bytes: all of its and all of the result. Six in seven are written,
 * and a CPU reads a line of memory before it writes to it, so that four fifths of a copy's rate are the most it can. */
#include "bench.h"
#include "ref_resize_normalize.h"
#include "resize_normalize.h"

#include <stdlib.h>

enum { HEIGHT = 480, WIDTH = 640, OUT_HEIGHT = 600, OUT_WIDTH = 800, ROWS = 608 };

typedef struct resizing {
    fovea_device *device;
    fovea__buffer *pixels;
    fovea__tensor y;
} resizing;

static fovea_status run(void *context)
{
    resizing *r = context;
    return fovea__resize_normalize(r->device, r->pixels, 0, HEIGHT, WIDTH, false, OUT_HEIGHT, OUT_WIDTH, 0, &r->y);
}

int main(void)
{
    fovea_device *device = bench_open("resize_normalize");
    const fovea__shape shape = {1, ROWS, OUT_WIDTH, 3};
    const size_t count = fovea__shape_elements(shape), n_bytes = (size_t)HEIGHT * WIDTH * 3;
    float *noise = bench_random(n_bytes, 1);
    uint8_t *bytes = malloc(n_bytes);
    double *want = calloc(count, sizeof *want);
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = (uint8_t)(127.5f * (noise[i] + 1));
    resizing r = {device, NULL, bench_tensor(shape, NULL)};
    bench_ok(fovea__buffer_create(&r.pixels, device, n_bytes, "a bench"));
    bench_ok(fovea__buffer_write(r.pixels, 0, bytes, n_bytes));

    ref_resize_normalize(bytes, HEIGHT, WIDTH, false, OUT_HEIGHT, OUT_WIDTH, ROWS, OUT_WIDTH, want);
    bench_ok(run(&r));
    bench_verify_tensor("y", &r.y, want, 5e-4);
    bench_time("480x640 to 600x800", run, &r, 0, (double)count * sizeof(float) + (double)n_bytes);

    fovea__tensor_clear(&r.y);
    fovea__buffer_free(r.pixels);
    free(noise);
    free(bytes);
    free(want);
    return bench_close();
}
