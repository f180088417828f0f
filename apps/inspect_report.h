/* What an inspection found, as text and as JSON. */
#ifndef FOVEA_APPS_INSPECT_REPORT_H
#define FOVEA_APPS_INSPECT_REPORT_H

#include "inspect_coverage.h"
#include "inspect_numbers.h"

#include <stdio.h>

typedef struct inspect_report {
    const fovea_inspection *inspection; /* borrowed, and so are the names */
    const char *images, *annotations;
    const char *fixed;       /* where the mended copy went; NULL: there is none */
    inspect_numbers numbers; /* zeroed where there is no box */
    inspect_coverage coverage;
} inspect_report;

/* Counts and measures what the inspection left; false after a sentence. inspect_report_clear() releases it either way. */
bool inspect_report_make(inspect_report *report, const fovea_coverage_options *options);
void inspect_report_clear(inspect_report *report);

/* How many faults there are, notes not counted. */
size_t inspect_report_count(const inspect_report *report);

/* What stands above a kind's faults: "empty boxes: 3"; of what is about no picture, box or class the title alone. */
enum { INSPECT_TITLE = 80 };
const char *inspect_report_title(const fovea_fault *fault, size_t count, char out[INSPECT_TITLE]);

/* A fault's sentence without the annotations' name, which it begins with. */
const char *inspect_report_short(const inspect_report *report, const char *sentence);

/* Prints it to stdout, a few of each kind. */
void inspect_report_print(const inspect_report *report);

/* A page of its own. */
void inspect_html_write(FILE *to, const inspect_report *report);

/* Its sections with pictures of the data set, which are read for it. */
void inspect_html_pictures(FILE *to, const inspect_report *report);

/* Everything; NULL where memory ran out. */
cJSON *inspect_report_json(const inspect_report *report);

#endif
