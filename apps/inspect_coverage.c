/* Measuring anchor coverage, see inspect_coverage.h. */
#include "inspect_coverage.h"

#include "pick_device.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_SIZE = 65500, LEAST_SIZE = 64, LARGEST_OTHER = 4096, MOST_LOOKED_AT = 50000 };

/* A box k times as long as an anchor of its area overlaps it by (1/sqrt k) / (2 - 1/sqrt k): by less than .5 from 2.25
 * on. */
static const double MOST_LONGER = 2.25;

const char *const inspect_coverage_reasons[COVERAGE_REASONS] = {
    "too small", "too large", "too long and narrow", "other boxes take its anchors", "between anchors"};

static double side_of(const fovea_cover *c)
{
    return sqrt((double)c->width * (double)c->height);
}

coverage_state inspect_coverage_state(const fovea_cover *c)
{
    return c->anchors > c->weak ? COVERAGE_COVERED : c->anchors > 0 ? COVERAGE_WEAK : COVERAGE_NONE;
}

coverage_reason inspect_coverage_reason(const inspect_coverage *coverage, const fovea_cover *c)
{
    const double longer = fmax(c->width, c->height) / fmin(c->width, c->height);
    const int scales = coverage->options.anchor_scales;
    const double largest = 512 * pow(2, (scales - 1.0) / scales);
    if (c->overlap >= 0.5f)
        return COVERAGE_TAKEN;
    if (!(longer < MOST_LONGER * (coverage->options.anchor_ratios == 3 ? 2 : 1)))
        return COVERAGE_LONG;
    return side_of(c) < 32 ? COVERAGE_SMALL : side_of(c) > largest ? COVERAGE_LARGE : COVERAGE_BETWEEN;
}

const char *inspect_coverage_bin(char out[24], int bin)
{
    if (bin == 0)
        snprintf(out, 24, "below 8");
    else if (bin == COVERAGE_BINS - 1)
        snprintf(out, 24, "%d and more", 4 << bin);
    else
        snprintf(out, 24, "%d to %d", 4 << bin, 8 << bin);
    return out;
}

double inspect_coverage_percent(int64_t covered, int64_t boxes)
{
    return boxes ? 100.0 * (double)covered / (double)boxes : 0.0;
}

const coverage_other *inspect_coverage_own(const inspect_coverage *coverage)
{
    for (int i = 0; i < coverage->n_sizes; i++)
        if (coverage->sizes[i].options.size == coverage->options.size)
            return &coverage->sizes[i];
    return NULL;
}

int inspect_coverage_better(const coverage_other *others, int n, const coverage_other *own)
{
    static const double NEARLY = .5; /* of a percent: what is not worth a larger size */
    int least = own->poor;
    for (int i = 0; i < n; i++)
        least = others[i].boxes && others[i].poor < least ? others[i].poor : least;
    const double worth = least < own->poor ? 0 : inspect_coverage_percent(own->covered, own->boxes) + NEARLY;
    double best = worth;
    for (int i = 0; i < n; i++)
        if (others[i].poor <= least)
            best = fmax(best, inspect_coverage_percent(others[i].covered, others[i].boxes));
    for (int i = 0; i < n && best > worth; i++)
        if (others[i].poor <= least && inspect_coverage_percent(others[i].covered, others[i].boxes) >= best - NEARLY)
            return i;
    return -1;
}

/* ---- measuring ------------------------------------------------------------------------------------------------- */

static void count(inspect_coverage *coverage)
{
    for (size_t i = 0; i < coverage->count; i++) {
        const fovea_cover *c = &coverage->covers[i];
        const coverage_state state = inspect_coverage_state(c);
        int bin = 0;
        while (bin < COVERAGE_BINS - 1 && side_of(c) >= 8 << bin)
            bin++;
        coverage->states[state]++;
        coverage->bins[bin][state]++;
        if (state != COVERAGE_COVERED)
            coverage->reasons[inspect_coverage_reason(coverage, c)]++;
    }
}

static bool measure_other(coverage_other *other, const fovea_dataset *set)
{
    fovea_cover *covers = NULL;
    size_t n = 0;
    other->options.most_boxes = MOST_LOOKED_AT;
    const fovea_status status = fovea_coverage_measure(&covers, &n, set, &other->options);
    other->boxes = (int64_t)n;
    for (size_t i = 0; i < n; i++)
        other->covered += inspect_coverage_state(&covers[i]) == COVERAGE_COVERED;
    class_covers classes = {0};
    const bool good = class_covers_count(&classes, set, covers, n);
    other->poor = class_covers_poor(&classes);
    class_covers_free(&classes);
    fovea_coverage_free(covers);
    return good && (status == FOVEA_ERROR_UNSUPPORTED || told(status)); /* too large a size is not offered */
}

/* Sizes around the one asked for, the limit of the longer side in proportion. */
static bool measure_sizes(inspect_coverage *coverage)
{
    static const double factors[COVERAGE_SIZES] = {.5, 2.0 / 3, .75, 1, 1.25, 1.5, 2, 3, 4};
    const fovea_coverage_options *own = &coverage->options;
    for (int i = 0; i < COVERAGE_SIZES; i++) {
        coverage_other other = {.options = *own};
        const double size = floor(own->size * factors[i] + 0.5), limit = floor(own->max_size * factors[i] + 0.5);
        const bool same = (int)size == own->size;
        if ((size < LEAST_SIZE || size > LARGEST_OTHER || limit > MOST_SIZE) && !same)
            continue;
        other.options.size = (int)size;
        other.options.max_size = (int)limit;
        if (!measure_other(&other, coverage->set))
            return false;
        coverage->sizes[coverage->n_sizes] = other;
        coverage->n_sizes += other.boxes > 0;
    }
    return true;
}

/* From few anchors to many. */
static bool measure_anchors(inspect_coverage *coverage)
{
    static const struct {
        int scales, ratios;
    } tried[COVERAGE_ANCHORS] = {{1, 3}, {2, 3}, {3, 3}, {4, 3}};
    for (int i = 0; i < COVERAGE_ANCHORS; i++) {
        coverage_other other = {.options = coverage->options};
        other.options.anchor_scales = tried[i].scales;
        other.options.anchor_ratios = tried[i].ratios;
        if (!measure_other(&other, coverage->set))
            return false;
        coverage->anchors[coverage->n_anchors++] = other;
    }
    return true;
}

bool inspect_coverage_measure(inspect_coverage *out, const fovea_dataset *set, const fovea_coverage_options *options)
{
    *out = (inspect_coverage){.options = *options, .set = set};
    fovea_coverage_options *o = &out->options;
    if (!o->max_size)
        o->max_size = o->size < MOST_SIZE * 3 / 5 ? o->size * 5 / 3 : MOST_SIZE;
    if (!set)
        return true;
    if (!told(fovea_coverage_measure(&out->covers, &out->count, set, o)) ||
        !class_covers_count(&out->classes, set, out->covers, out->count))
        return false;
    count(out);
    return out->count == 0 || (measure_sizes(out) && measure_anchors(out));
}

void inspect_coverage_clear(inspect_coverage *coverage)
{
    fovea_coverage_free(coverage->covers);
    class_covers_free(&coverage->classes);
    *coverage = (inspect_coverage){0};
}
