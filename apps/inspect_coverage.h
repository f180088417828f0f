/* How the anchors of a model meet a data set's boxes, and what size or anchors would meet more of them. */
#ifndef FOVEA_APPS_INSPECT_COVERAGE_H
#define FOVEA_APPS_INSPECT_COVERAGE_H

#include "class_cover.h"

#include <cjson/cJSON.h>

typedef enum coverage_state {
    COVERAGE_COVERED, /* an anchor that overlaps it by .5 or more learns it */
    COVERAGE_WEAK,    /* anchors learn it that overlap it by less */
    COVERAGE_NONE,    /* none learns it */
    COVERAGE_STATES
} coverage_state;

typedef enum coverage_reason {
    COVERAGE_SMALL, /* smaller than the smallest anchor */
    COVERAGE_LARGE,
    COVERAGE_LONG,    /* too long for the anchors' shapes at any size */
    COVERAGE_TAKEN,   /* its anchors overlap other boxes more */
    COVERAGE_BETWEEN, /* falls between sizes, shapes or places of anchors */
    COVERAGE_REASONS
} coverage_reason;

/* Bins of sides, the square root of a box's area as the network sees it: below 8, 16, 32, ... 1024, and others. */
enum { COVERAGE_BINS = 9, COVERAGE_SIZES = 9, COVERAGE_ANCHORS = 4, COVERAGE_TEXT = 400, COVERAGE_ADVICE = 3 };

/* What other options would give, on as many boxes as were looked at. */
typedef struct coverage_other {
    fovea_coverage_options options;
    int64_t boxes, covered; /* 0 0: could not be measured */
    int poor;               /* classes of which less than half is covered */
} coverage_other;

typedef struct inspect_coverage {
    fovea_coverage_options options; /* defaults resolved */
    const fovea_dataset *set;       /* borrowed */
    fovea_cover *covers;            /* NULL: not measured */
    size_t count;
    int64_t states[COVERAGE_STATES], reasons[COVERAGE_REASONS], bins[COVERAGE_BINS][COVERAGE_STATES];
    class_covers classes;
    coverage_other sizes[COVERAGE_SIZES], anchors[COVERAGE_ANCHORS];
    int n_sizes, n_anchors;
} inspect_coverage;

/* Measures. Where set is NULL there is nothing to measure; false after a sentence. inspect_coverage_clear() releases
 * it either way. */
bool inspect_coverage_measure(inspect_coverage *out, const fovea_dataset *set, const fovea_coverage_options *options);
void inspect_coverage_clear(inspect_coverage *coverage);

coverage_state inspect_coverage_state(const fovea_cover *cover);
coverage_reason inspect_coverage_reason(const inspect_coverage *coverage, const fovea_cover *cover);
extern const char *const inspect_coverage_reasons[COVERAGE_REASONS]; /* "too small" */

/* What a bin holds: "32 to 64". */
const char *inspect_coverage_bin(char out[24], int bin);

/* Percent of boxes covered. */
double inspect_coverage_percent(int64_t covered, int64_t boxes);

/* What the coverage's own options give on the boxes that others were tried on; NULL where none were. Of a large data
 * set these are fewer than all. */
const coverage_other *inspect_coverage_own(const inspect_coverage *coverage);

/* The place, among others, of what to take: of those that leave the fewest classes with less than half covered, the
 * first that covers nearly as many boxes as any, where that is clearly more than `own` does, or such classes are fewer
 * than with `own`; -1: none. */
int inspect_coverage_better(const coverage_other *others, int n, const coverage_other *own);

/* What it comes to, in a sentence without its full stop; and what to try: so many of `out` are written. */
const char *inspect_coverage_summary(const inspect_coverage *coverage, char out[COVERAGE_TEXT]);
int inspect_coverage_advice(const inspect_coverage *coverage, char out[COVERAGE_ADVICE][COVERAGE_TEXT]);

/* ids: of the boxes, see fovea_inspection_dataset(). */
void inspect_coverage_print(const inspect_coverage *coverage, const int64_t *ids);
void inspect_coverage_json(const inspect_coverage *coverage, const int64_t *ids, cJSON *to);

#endif
