/* What an inspection found, as text and as JSON. */
#ifndef FOVEA_APPS_INSPECT_REPORT_H
#define FOVEA_APPS_INSPECT_REPORT_H

#include "fovea.h"

#include <cjson/cJSON.h>

/* How many faults there are, notes not counted. */
size_t inspect_report_count(const fovea_inspection *inspection);

/* Prints it to stdout, a few of each kind. fixed: where the mended copy went, NULL where there is none. */
void inspect_report_print(const fovea_inspection *inspection, const char *annotations, const char *fixed);

/* Everything; NULL where memory ran out. */
cJSON *inspect_report_json(const fovea_inspection *inspection, const char *annotations);

#endif
