/* How long a piece of work's kernels take to build. */
#ifndef FOVEA_APPS_BENCH_BUILD_H
#define FOVEA_APPS_BENCH_BUILD_H

#include "bench_row.h"

/* What the first run takes longer than those after it, in seconds. */
double bench_build_seconds(const fovea_benchmark *times);

/* Adds "compile_seconds", found in a process whose caches of built kernels, ours and the drivers', are empty; what
 * tuning has chosen is not known there either. Adds nothing where the work fails there. */
void bench_add_build(cJSON *row, const bench_work *work);

#endif
