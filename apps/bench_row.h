/* What 'bench' finds out, as JSON objects: a device's facts, and a row for each piece of work. */
#ifndef FOVEA_APPS_BENCH_ROW_H
#define FOVEA_APPS_BENCH_ROW_H

#include "fovea.h"

#include <cjson/cJSON.h>

typedef struct bench_work {
    const char *match; /* of the device, see fovea_device_options.match */
    fovea_benchmark_options options;
    bool unverified; /* timed without a look at its results */
    bool profile;    /* with every kernel timed, into "rooms" */
} bench_work;

/* {"count": how many devices there are}, or {"error"}. */
cJSON *bench_count_devices(void);

/* {"device", "index", "type", "driver", "peak_gflops", "copy_gbs"}, measured, or {"error"} and what is known of the
 * others. Devices of the same name have "#1", "#2", ... behind it. */
cJSON *bench_device(const char *match);

/* One row of {"rows"}: what was done, on the device whose facts are given, and what came of it: "verified" (null where
 * nobody looked), times, rates and memory; or "error". What is wrong is not timed. "compile_seconds" is what building
 * takes from empty caches, or with .unverified from those that are there; it is missing where it could not be found
 * out. */
cJSON *bench_row(const bench_work *work, const cJSON *facts);

/* A row's number, or `otherwise` where it has none; its text, or "". */
double bench_number(const cJSON *row, const char *name, double otherwise);
const char *bench_text(const cJSON *row, const char *name);

/* Adds a number with four digits: more would be noise. */
void bench_add_rounded(cJSON *row, const char *name, double value);

#endif
