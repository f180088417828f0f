/* Encoding and decoding all anchors of a padded 800 x 1088 picture. Bytes: of encoding, matches and codes (an anchor is
 * read where it has a box). Nothing decodes all anchors but this and the tests: detection decodes its candidates. */
#include "bench.h"

#include "ref_box_code.h"

#include <stdlib.h>
#include <string.h>

enum { ANCHORS = 163206, BOXES = 16 };

typedef struct work {
    fovea_device *device;
    fovea__buffer *anchors, *boxes, *matches, *codes;
} work;

static fovea_status encode(void *context)
{
    work *w = context;
    return fovea__box_code_encode(w->device, w->anchors, ANCHORS, w->boxes, w->matches, 1, w->codes);
}

static fovea_status decode(void *context)
{
    work *w = context;
    return fovea__box_code_decode(w->device, w->anchors, w->codes, ANCHORS, w->boxes);
}

static fovea__buffer *make(fovea_device *device, const void *words)
{
    fovea__buffer *buffer = NULL;
    bench_ok(fovea__buffer_create(&buffer, device, 16 * ANCHORS, "a bench's buffer"));
    bench_ok(fovea__buffer_write(buffer, 0, words, 16 * ANCHORS));
    return buffer;
}

int main(void)
{
    work w = {.device = bench_open("box_code")};
    float *anchors = bench_random(4 * ANCHORS, 1), *boxes = bench_random(4 * ANCHORS, 2);
    int32_t *matches = calloc(4 * ANCHORS, sizeof *matches);
    double *codes = calloc(4 * ANCHORS, sizeof *codes), *decoded = calloc(4 * ANCHORS, sizeof *decoded);
    if (!matches || !codes || !decoded)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    for (size_t i = 0; i < 4 * ANCHORS; i++) { /* boxes of sides 16 to 48 around the origin, one anchor in 500 has one */
        anchors[i] = (i % 4 < 2 ? -16.0f : 16.0f) + 8.0f * anchors[i];
        boxes[i] = (i % 4 < 2 ? -16.0f : 16.0f) + 8.0f * boxes[i];
        matches[i] = i % 10000 < 20 ? (int)(i % 20) % BOXES : -1;
    }
    double *exact_anchors = bench_doubles(anchors, 4 * ANCHORS), *exact_boxes = bench_doubles(boxes, 4 * ANCHORS);
    for (size_t i = 0; i < ANCHORS; i++) {
        if (matches[i] >= 0)
            ref_box_code_encode(exact_anchors + 4 * i, exact_boxes + 4 * matches[i], codes + 4 * i);
        ref_box_code_decode(exact_anchors + 4 * i, codes + 4 * i, decoded + 4 * i);
    }
    w.anchors = make(w.device, anchors);
    w.boxes = make(w.device, boxes);
    w.matches = make(w.device, matches);
    w.codes = make(w.device, boxes);
    bench_ok(encode(&w));
    bench_ok(fovea__buffer_read(w.codes, 0, anchors, 16 * ANCHORS));
    bench_verify("codes", anchors, codes, 4 * ANCHORS, 1e-5);
    bench_time("encode 163206 anchors", encode, &w, 0, 20.0 * ANCHORS);
    bench_ok(decode(&w));
    bench_ok(fovea__buffer_read(w.boxes, 0, anchors, 16 * ANCHORS));
    bench_verify("boxes", anchors, decoded, 4 * ANCHORS, 1e-5);
    bench_time("decode 163206 anchors", decode, &w, 0, 48.0 * ANCHORS);
    void *host[] = {anchors, boxes, matches, codes, decoded, exact_anchors, exact_boxes};
    for (size_t i = 0; i < sizeof host / sizeof host[0]; i++)
        free(host[i]);
    fovea__buffer *buffers[] = {w.anchors, w.boxes, w.matches, w.codes};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fovea__buffer_free(buffers[i]);
    return bench_close();
}
