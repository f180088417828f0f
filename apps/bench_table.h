/* The rows of 'bench' as lines on the terminal. */
#ifndef FOVEA_APPS_BENCH_TABLE_H
#define FOVEA_APPS_BENCH_TABLE_H

#include <cjson/cJSON.h>

/* A device's name with what was measured of it, and the heads of the columns. */
void bench_table_head(const cJSON *facts);

/* One line; where the row failed, its sentence. A device that failed before any work is named on a line of its own. */
void bench_table_row(const cJSON *row);

#endif
