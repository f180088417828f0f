/* Verifying, timing and telling, the same way for every room. */
#include "bench.h"

#include "clock.h"
#include "device.h"
#include "probe.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static fovea_device *the_device;
static fovea_device_speed best;
static const char *the_room;
static bool verified, all_verified = true;
static fovea__buffer *swept[2]; /* together beyond the caches */
static size_t swept_bytes;

void bench_ok(fovea_status status)
{
    if (status == FOVEA_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", the_room, fovea_status_name(status), fovea_error());
    exit(EXIT_FAILURE);
}

fovea_device *bench_open(const char *room)
{
    the_room = room;
    if (fovea_device_open(&the_device, NULL) != FOVEA_OK) {
        fprintf(stderr, "%s: no device: %s\n", room, fovea_error());
        exit(77);
    }
    return the_device;
}

int bench_close(void)
{
    fovea__buffer_free(swept[0]);
    fovea__buffer_free(swept[1]);
    fovea_device_close(the_device);
    return all_verified ? EXIT_SUCCESS : EXIT_FAILURE;
}

void bench_verify(const char *what, const float *got, const double *want, size_t count, double relative)
{
    double largest = 0, worst = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(want[i]));
    bool good = isfinite(largest);
    for (size_t i = 0; i < count; i++) {
        const double error = fabs((double)got[i] - want[i]);
        if (!(error <= worst))
            worst = error;
        if (!(error <= relative * largest))
            good = false;
    }
    if (!good)
        fprintf(stderr, "%s: %s is wrong: largest error %g, largest value %g\n", the_room, what, worst, largest);
    verified = good;
    all_verified = all_verified && good;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A JSON string without what would need an escape. */
static void print_text(const char *name, const char *text)
{
    printf("\"%s\": \"", name);
    for (; *text; text++)
        if ((unsigned char)*text >= ' ' && *text != '"' && *text != '\\')
            putchar(*text);
    printf("\"");
}

static void print_result(const char *what, const double *seconds, int runs, double flops, double bytes)
{
    const fovea_device_info *info = fovea_device_describe(the_device);
    const double median = (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2, least = seconds[0];
    printf("{");
    print_text("room", the_room);
    printf(", ");
    print_text("case", what);
    printf(", \"median_ms\": %.4f, \"min_ms\": %.4f, \"spread\": %.3f, \"runs\": %d", median * 1e3, least * 1e3,
           (seconds[runs - 1] - least) / median, runs);
    if (flops > 0)
        printf(", \"gflops\": %.2f, \"best_gflops\": %.2f, \"of_peak\": %.3f", flops / median * 1e-9,
               flops / least * 1e-9, flops / least * 1e-9 / best.gflops);
    if (bytes > 0)
        printf(", \"gbs\": %.2f, \"of_copy\": %.3f", bytes / median * 1e-9, bytes / least * 1e-9 / best.copy_gbs);
    printf(", \"verified\": %s, ", verified ? "true" : "false");
    print_text("device", info->name);
    printf(", ");
    print_text("driver", info->driver);
    printf("}\n");
    fflush(stdout);
}

/* Drives what the last run left in the device's caches out of them, by a copy as large as the probe's. */
static void sweep_caches(void)
{
    for (int i = 0; i < 2 && !swept[1]; i++) {
        swept_bytes = fovea__probe_copy_bytes(the_device) / 2;
        bench_ok(fovea__buffer_create(&swept[i], the_device, swept_bytes, "a bench"));
        bench_ok(fovea__buffer_fill(swept[i], 0, swept_bytes, 0));
    }
    bench_ok(fovea__probe_copy(the_device, swept[0], swept[1], swept_bytes / sizeof(float)));
    bench_ok(fovea__device_finish(the_device));
}

void bench_time(const char *what, fovea_status (*call)(void *context), void *context, double flops, double bytes)
{
    enum { WARM_UP = 2, LEAST = 5, MOST = 50 };
    double seconds[MOST], total = 0;
    int runs = 0;
    if (best.gflops == 0)
        bench_ok(fovea_device_measure(the_device, &best));
    for (int i = 0; i < WARM_UP; i++)
        bench_ok(call(context));
    bench_ok(fovea__device_finish(the_device));
    while (runs < LEAST || (runs < MOST && total < 0.5)) {
        if (bytes > 0)
            sweep_caches();
        const double start = fovea__clock();
        bench_ok(call(context));
        bench_ok(fovea__device_finish(the_device));
        seconds[runs] = fovea__clock() - start;
        total += seconds[runs++];
    }
    qsort(seconds, (size_t)runs, sizeof *seconds, compare_doubles);
    print_result(what, seconds, runs, flops, bytes);
    verified = false;
}

float *bench_random(size_t count, uint64_t seed)
{
    float *values = malloc((count ? count : 1) * sizeof *values);
    if (!values)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    fovea__random random = fovea__random_stream(seed, 0, 0);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(2 * fovea__random_uniform(&random) - 1);
    return values;
}

double *bench_doubles(const float *values, size_t count)
{
    double *copy = malloc((count ? count : 1) * sizeof *copy);
    if (!copy)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    for (size_t i = 0; i < count; i++)
        copy[i] = (double)values[i];
    return copy;
}

fovea__tensor bench_tensor(fovea__shape shape, const float *values)
{
    fovea__tensor made = {0};
    bench_ok(fovea__tensor_create(&made, the_device, shape, "a bench"));
    if (values)
        bench_ok(fovea__tensor_write(&made, values));
    return made;
}

void bench_verify_tensor(const char *what, const fovea__tensor *got, const double *want, double relative)
{
    const size_t count = fovea__shape_elements(got->shape);
    float *values = malloc((count ? count : 1) * sizeof *values);
    if (!values)
        bench_ok(fovea__fail(FOVEA_ERROR_MEMORY, "out of memory"));
    bench_ok(fovea__tensor_read(got, values));
    bench_verify(what, values, want, count, relative);
    free(values);
}
