/* The launches of the probes, and fovea_device_measure(), which times them. */
#include "probe.h"

#include "clock.h"
#include "memory.h"
#include "split.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

size_t fovea__probe_lanes(const fovea_device *device)
{
    return (size_t)fovea__device_vector_width(device) * FOVEA__PROBE_CHAINS;
}

static void write_options(const fovea_device *device, char *out, size_t room)
{
    snprintf(out, room, "-DVECTOR=%d -DCHAINS=%d", fovea__device_vector_width(device), FOVEA__PROBE_CHAINS);
}

fovea_status fovea__probe_multiply_add(fovea_device *device, const fovea__buffer *start, float factor, float term,
                                       int rounds, fovea__buffer *sums, size_t items)
{
    FOVEA_CHECK_ARG(items <= INT_MAX, "probe: %zu work-items are beyond the 2^31-1 that kernels can index", items);
    char options[64];
    write_options(device, options, sizeof options);
    fovea__count(device, 2.0 * (double)fovea__probe_lanes(device) * rounds * (double)items, 0);
    return fovea__launch(device, "probe", options, "probe_multiply_add",
                         (fovea__arg[]){fovea__arg_buffer(start), fovea__arg_float(factor), fovea__arg_float(term),
                                        fovea__arg_int(rounds), fovea__arg_buffer(sums), fovea__arg_int((int)items)},
                         6, fovea__split_grid(device, items));
}

fovea_status fovea__probe_copy(fovea_device *device, const fovea__buffer *from, fovea__buffer *to, size_t count)
{
    const size_t width = (size_t)fovea__device_vector_width(device);
    FOVEA_CHECK_ARG(count % width == 0 && count <= INT_MAX, "probe: a copy of %zu floats in vectors of %zu", count,
                    width);
    char options[64];
    write_options(device, options, sizeof options);
    fovea__count(device, 0, 8.0 * (double)count);
    const fovea__split split = fovea__split_list(device, count / width);
    return fovea__launch(device, "probe", options, "probe_copy",
                         (fovea__arg[]){fovea__arg_buffer(from), fovea__arg_buffer(to),
                                        fovea__arg_int((int)(count / width)), fovea__arg_int(split.columns)},
                         4, split.grid);
}

/* ---- measuring ------------------------------------------------------------------------------------------------- */

enum {
    ROUNDS = 4096,         /* sums of whole numbers stay below 2^24, where float32 is exact */
    MOST_ITEMS = 1 << 22,
    COPY_BYTES = 128 << 20, /* at least: devices may tell of a nearer cache than their last */
    RUNS = 20              /* the best counts; the first also builds and warms up */
};
static const double long_enough = 0.02; /* seconds, beside which a launch costs nothing */

typedef struct measuring {
    fovea_device *device;
    fovea__buffer *start, *sums, *from, *to;
    float *host;
    size_t items, copied;
} measuring;

size_t fovea__probe_copy_bytes(const fovea_device *device)
{
    const fovea_device_info *info = fovea_device_describe(device);
    const uint64_t most = (uint64_t)4 << 30; /* of floats that an int counts */
    uint64_t bytes = COPY_BYTES;
    while (bytes < 4 * fovea__device_cache_bytes(device) && bytes < most)
        bytes *= 2;
    while (bytes > info->max_allocation_bytes || bytes > info->memory_bytes / 8)
        bytes /= 2;
    return (size_t)bytes;
}

static fovea_status multiply_add(measuring *m)
{
    return fovea__probe_multiply_add(m->device, m->start, 1.0f, 1.0f, ROUNDS, m->sums, m->items);
}

static fovea_status copy(measuring *m)
{
    return fovea__probe_copy(m->device, m->from, m->to, m->copied);
}

/* The shortest of some runs. */
static fovea_status time_runs(measuring *m, fovea_status (*run)(measuring *), int runs, double *seconds)
{
    *seconds = 0;
    FOVEA_TRY(fovea__device_finish(m->device));
    for (int i = 0; i < runs; i++) {
        const double began = fovea__clock();
        FOVEA_TRY(run(m));
        FOVEA_TRY(fovea__device_finish(m->device));
        const double took = fovea__clock() - began;
        if (i == 0 || took < *seconds)
            *seconds = took;
    }
    return FOVEA_OK;
}

static fovea_status check_sums(measuring *m)
{
    const double lanes = (double)fovea__probe_lanes(m->device);
    FOVEA_TRY(fovea__buffer_read(m->sums, 0, m->host, m->items * sizeof(float)));
    for (size_t i = 0; i < m->items; i++) {
        const double want = lanes * ((lanes - 1) / 2 + (double)(i % 8) + ROUNDS);
        if (!((double)m->host[i] == want))
            FOVEA_FAIL(FOVEA_ERROR_NUMERIC, "%s: multiplies and adds wrongly: %.9g, expected %.9g",
                       fovea_device_name(m->device), (double)m->host[i], want);
    }
    return FOVEA_OK;
}

static fovea_status measure_multiply_add(measuring *m, double *gflops)
{
    const size_t lanes = fovea__probe_lanes(m->device);
    double seconds = 0;
    for (size_t i = 0; i < lanes; i++)
        m->host[i] = (float)i;
    FOVEA_TRY(fovea__buffer_create(&m->start, m->device, lanes * sizeof(float), "a measurement"));
    FOVEA_TRY(fovea__buffer_create(&m->sums, m->device, MOST_ITEMS * sizeof(float), "a measurement"));
    FOVEA_TRY(fovea__buffer_write(m->start, 0, m->host, lanes * sizeof(float)));
    m->items = 1024;
    FOVEA_TRY(time_runs(m, multiply_add, 2, &seconds));
    while (seconds < long_enough && m->items < MOST_ITEMS) {
        m->items *= 2;
        FOVEA_TRY(time_runs(m, multiply_add, 1, &seconds));
    }
    FOVEA_TRY(time_runs(m, multiply_add, RUNS, &seconds));
    FOVEA_TRY(check_sums(m));
    *gflops = 2e-9 * (double)lanes * ROUNDS * (double)m->items / seconds;
    return FOVEA_OK;
}

static fovea_status measure_copy(measuring *m, double *gbs)
{
    const size_t bytes = fovea__probe_copy_bytes(m->device);
    m->copied = bytes / sizeof(float);
    const uint32_t word = 0x3fc00000; /* 1.5 */
    double seconds = 0;
    FOVEA_TRY(fovea__buffer_create(&m->from, m->device, bytes, "a measurement"));
    FOVEA_TRY(fovea__buffer_create(&m->to, m->device, bytes, "a measurement"));
    FOVEA_TRY(fovea__buffer_fill(m->from, 0, bytes, word));
    FOVEA_TRY(fovea__buffer_fill(m->to, 0, bytes, 0));
    FOVEA_TRY(time_runs(m, copy, RUNS, &seconds));
    enum { SAMPLE = 4096 };
    for (size_t part = 0; part < 16; part++) {
        FOVEA_TRY(fovea__buffer_read(m->to, bytes / 16 * (part + 1) - SAMPLE * sizeof(float), m->host,
                                     SAMPLE * sizeof(float)));
        for (size_t i = 0; i < SAMPLE; i++)
            if (!(m->host[i] == 1.5f))
                FOVEA_FAIL(FOVEA_ERROR_NUMERIC, "%s: copies wrongly: %.9g, expected 1.5",
                           fovea_device_name(m->device), (double)m->host[i]);
    }
    *gbs = 2e-9 * (double)bytes / seconds;
    return FOVEA_OK;
}

fovea_status fovea_device_measure(fovea_device *device, fovea_device_speed *out)
{
    FOVEA_CHECK_ARG(device && out, "fovea_device_measure: device or out is NULL");
    *out = (fovea_device_speed){0};
    measuring m = {.device = device};
    fovea_device_speed speed = {0};
    fovea_status status = fovea__allocate(&m.host, MOST_ITEMS, sizeof *m.host, "a measurement");
    if (!status)
        status = measure_multiply_add(&m, &speed.gflops);
    if (!status)
        status = measure_copy(&m, &speed.copy_gbs);
    fovea__buffer_free(m.start);
    fovea__buffer_free(m.sums);
    fovea__buffer_free(m.from);
    fovea__buffer_free(m.to);
    free(m.host);
    if (!status)
        *out = speed;
    return status;
}
