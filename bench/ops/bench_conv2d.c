/* Every algorithm in every direction, and packing its weights, on shapes of RetinaNet at 600 pixels. GFLOP/s count the
 * direct algorithm's operations for all: Winograd's, which does fewer, may be above the device's peak. Argument: a text
 * that the names of the cases to run begin with ("direct", "direct backward_weights 1x1"). */
#include "bench.h"
#include "conv2d.h"
#include "ref_conv2d.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const fovea__conv2d_shape shapes[] = {
    {1, 75, 75, 256, 256, 3, 1, 1},   {1, 38, 38, 256, 256, 3, 1, 1},   {4, 10, 10, 256, 256, 3, 1, 1},
    {1, 19, 19, 512, 512, 3, 1, 1},   {1, 75, 75, 128, 128, 3, 1, 1},   {1, 150, 150, 64, 64, 3, 1, 1},
    {1, 75, 75, 256, 720, 3, 1, 1},   {1, 75, 75, 256, 36, 3, 1, 1},    {4, 40, 40, 16, 16, 3, 1, 1},
    {4, 40, 40, 32, 32, 3, 1, 1},     {2, 600, 600, 3, 64, 7, 2, 3},    {2, 150, 150, 128, 128, 3, 2, 1},
    {2, 75, 75, 256, 256, 3, 2, 1},   {2, 38, 38, 512, 512, 3, 2, 1},   {2, 19, 19, 256, 256, 3, 2, 1},
    {2, 150, 150, 64, 64, 1, 1, 0},   {2, 150, 150, 64, 256, 1, 1, 0},  {2, 150, 150, 256, 64, 1, 1, 0},
    {2, 150, 150, 256, 128, 1, 1, 0}, {2, 75, 75, 128, 512, 1, 1, 0},   {2, 75, 75, 512, 128, 1, 1, 0},
    {2, 75, 75, 512, 256, 1, 1, 0},   {2, 38, 38, 256, 1024, 1, 1, 0},  {2, 38, 38, 1024, 256, 1, 1, 0},
    {2, 38, 38, 1024, 512, 1, 1, 0},  {2, 19, 19, 512, 2048, 1, 1, 0},  {2, 19, 19, 2048, 512, 1, 1, 0},
    {1, 19, 19, 512, 2048, 1, 1, 0},  {1, 19, 19, 2048, 256, 1, 1, 0},  {2, 150, 150, 256, 512, 1, 2, 0},
    {2, 75, 75, 512, 1024, 1, 2, 0},  {2, 38, 38, 1024, 2048, 1, 2, 0},
};

typedef struct work {
    fovea_device *device;
    fovea__conv2d_algorithm algorithm;
    fovea__conv2d_direction direction;
    fovea__conv2d_shape shape;
    fovea__tensor x, weights, y;
    fovea__buffer *packed, *workspace;
} work;

static fovea_status run(void *context)
{
    work *w = context;
    switch (w->direction) {
    case FOVEA__CONV2D_FORWARD:
        return fovea__conv2d_forward(w->device, w->algorithm, &w->shape, &w->x, &w->weights, w->packed, NULL, &w->y,
                                     w->workspace);
    case FOVEA__CONV2D_BACKWARD_DATA:
        return fovea__conv2d_backward_data(w->device, w->algorithm, &w->shape, &w->y, &w->weights, w->packed, false,
                                           &w->x, w->workspace);
    default:
        return fovea__conv2d_backward_weights(w->device, w->algorithm, &w->shape, &w->x, &w->y, false, &w->weights,
                                              w->workspace);
    }
}

static fovea_status run_pack(void *context)
{
    work *w = context;
    return fovea__conv2d_pack(w->device, w->algorithm, w->direction, &w->shape, &w->weights, w->packed);
}

/* Holds 40 places to the reference. Sums of up to 30,000 terms round by 2^-23 times their length at the very most; they
 * are held to 1e-4 of the largest. */
static void verify(work *w, const char *what, const double *a, const double *b)
{
    enum { SAMPLES = 40 };
    const fovea__tensor *out = w->direction == FOVEA__CONV2D_FORWARD         ? &w->y
                               : w->direction == FOVEA__CONV2D_BACKWARD_DATA ? &w->x
                                                                             : &w->weights;
    const size_t count = fovea__shape_elements(out->shape);
    float *all = bench_random(count, 0), got[SAMPLES];
    double want[SAMPLES];
    bench_ok(fovea__tensor_read(out, all));
    for (size_t i = 0; i < SAMPLES; i++) {
        const size_t at = (i * 2654435761u) % count;
        got[i] = all[at];
        want[i] = w->direction == FOVEA__CONV2D_FORWARD         ? ref_conv2d_forward_at(&w->shape, a, b, at)
                  : w->direction == FOVEA__CONV2D_BACKWARD_DATA ? ref_conv2d_backward_data_at(&w->shape, a, b, at)
                                                                : ref_conv2d_backward_weights_at(&w->shape, a, b, at);
    }
    bench_verify(what, got, want, SAMPLES, 1e-4);
    free(all);
}

static void fill(fovea__tensor *tensor, const float *values)
{
    bench_ok(fovea__tensor_write(tensor, values));
}

static void bench_one(work *w, const float *x, const float *weights, const float *d_y, const char *only)
{
    static const char *const names[] = {"forward", "backward_data", "backward_weights"};
    const fovea__conv2d_shape *s = &w->shape;
    const fovea__conv2d_direction d = w->direction;
    char what[128], pack[144];
    snprintf(what, sizeof what, "%s %s %dx%d/%d %d->%d at %dx%dx%d", fovea__conv2d_algorithm_name(w->algorithm),
             names[d], s->kernel, s->kernel, s->stride, s->in_channels, s->out_channels, s->batch, s->height, s->width);
    snprintf(pack, sizeof pack, "%s, pack", what);
    if (strncmp(what, only, strlen(only)) != 0)
        return;
    fill(&w->x, x);
    fill(&w->weights, weights);
    fill(&w->y, d_y);
    const size_t floats = fovea__conv2d_packed_floats(w->device, w->algorithm, d, s);
    const size_t bytes = fovea__conv2d_workspace_bytes(w->device, w->algorithm, d, s);
    bench_ok(fovea__buffer_create(&w->packed, w->device, floats * sizeof(float), "packed weights"));
    bench_ok(fovea__buffer_create(&w->workspace, w->device, bytes, "workspace"));
    bench_ok(run_pack(w));
    bench_ok(run(w));
    double *x64 = bench_doubles(x, fovea__shape_elements(w->x.shape));
    double *weights64 = bench_doubles(weights, fovea__shape_elements(w->weights.shape));
    double *d_y64 = bench_doubles(d_y, fovea__shape_elements(w->y.shape));
    const double *a64 = d == FOVEA__CONV2D_BACKWARD_DATA ? d_y64 : x64;
    const double *b64 = d == FOVEA__CONV2D_BACKWARD_WEIGHTS ? d_y64 : weights64;
    if (floats) {
        verify(w, pack, a64, b64);
        bench_time(pack, run_pack, w, 0, (double)(fovea__shape_elements(w->weights.shape) + floats) * sizeof(float));
    }
    verify(w, what, a64, b64);
    const double flops = 2.0 * (double)fovea__shape_elements(w->y.shape) * s->in_channels * s->kernel * s->kernel;
    bench_time(what, run, w, flops, 0);
    free(x64);
    free(weights64);
    free(d_y64);
    fovea__buffer_free(w->packed);
    fovea__buffer_free(w->workspace);
}

static void bench_shape(fovea_device *device, fovea__conv2d_shape shape, const char *only)
{
    work w = {.device = device, .shape = shape};
    bench_ok(fovea__tensor_create(&w.x, device,
                                  (fovea__shape){shape.batch, shape.height, shape.width, shape.in_channels}, "x"));
    bench_ok(fovea__tensor_create(&w.weights, device,
                                  (fovea__shape){shape.out_channels, shape.in_channels, shape.kernel, shape.kernel},
                                  "weights"));
    bench_ok(fovea__tensor_create(&w.y, device, fovea__conv2d_out_shape(&shape), "y"));
    float *x = bench_random(fovea__shape_elements(w.x.shape), 1),
          *d_y = bench_random(fovea__shape_elements(w.y.shape), 3);
    float *weights = bench_random(fovea__shape_elements(w.weights.shape), 2);
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++) {
        w.algorithm = (fovea__conv2d_algorithm)a;
        for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++) {
            w.direction = (fovea__conv2d_direction)d;
            if (fovea__conv2d_can(device, w.algorithm, w.direction, &shape))
                bench_one(&w, x, weights, d_y, only);
        }
    }
    free(x);
    free(weights);
    free(d_y);
    fovea__tensor_clear(&w.x);
    fovea__tensor_clear(&w.weights);
    fovea__tensor_clear(&w.y);
}

int main(int argc, char **argv)
{
    fovea_device *device = bench_open("conv2d");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        bench_shape(device, shapes[i], argc > 1 ? argv[1] : "");
    return bench_close();
}
