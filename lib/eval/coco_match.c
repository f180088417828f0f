/* Assigning detections to truths, in pycocotools' order of arithmetic and of comparisons.
 *
 * The strongest detection chooses first, anew for each area range and IoU threshold: the free truth of the largest IoU,
 * of equal ones the last; an ignored truth only where no other will do. Only truths that overlap by the lowest
 * threshold can be chosen at all, so these are gathered first and the 40 choices are made among them. */
#include "coco_eval.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* numpy.linspace(.5, .95, 10) */
static const double THRESHOLDS[FOVEA__EVAL_THRESHOLDS] = {
    0x1p-1,           0x1.199999999999ap-1, 0x1.3333333333333p-1, 0x1.4cccccccccccdp-1, 0x1.6666666666666p-1,
    0x1.8p-1,         0x1.999999999999ap-1, 0x1.b333333333333p-1, 0x1.cccccccccccccp-1, 0x1.e666666666666p-1,
};

fovea_status fovea__eval_threshold(int *out, double *exact, double iou, const char *caller)
{
    const double wanted = iou == 0.0 ? THRESHOLDS[0] : iou;
    for (int t = 0; t < FOVEA__EVAL_THRESHOLDS; t++)
        if (fabs(wanted - THRESHOLDS[t]) < 1e-6) {
            *out = t;
            *exact = THRESHOLDS[t];
            return FOVEA_OK;
        }
    FOVEA_FAIL(FOVEA_ERROR_ARGUMENT, "%s: IoU %g: expected one of .5, .55, ... .95, or 0 for .5", caller, iou);
}

static const double AREAS[FOVEA__EVAL_RANGES][2] = {{0.0, 1e10}, {0.0, 1024.0}, {1024.0, 9216.0}, {9216.0, 1e10}};

uint8_t fovea__eval_outside(double area)
{
    unsigned outside = 0;
    for (int range = 0; range < FOVEA__EVAL_RANGES; range++)
        if (area < AREAS[range][0] || area > AREAS[range][1])
            outside |= 1u << range;
    return (uint8_t)outside;
}

/* fmin() and fmax() without the call: a NaN gives way to the other. */
static double smaller(double a, double b)
{
    return a <= b || b != b ? a : b;
}

static double larger(double a, double b)
{
    return a >= b || b != b ? a : b;
}

double fovea__eval_iou(const double d[4], const double g[4], bool crowd)
{
    const double w = smaller(d[2] + d[0], g[2] + g[0]) - larger(d[0], g[0]);
    if (w <= 0)
        return 0.0;
    const double h = smaller(d[3] + d[1], g[3] + g[1]) - larger(d[1], g[1]);
    if (h <= 0)
        return 0.0;
    const double i = w * h, detection_area = d[2] * d[3];
    return i / (crowd ? detection_area : detection_area + g[2] * g[3] - i);
}

/* Gathers the truths that `box` may be matched with; returns their number. A NaN among the overlaps makes every truth a
 * candidate, since nothing compares less than NaN once it is the best. */
static size_t gather(const double box[4], const fovea__eval_truth *truths, size_t n_truths,
                     fovea__eval_scratch *scratch)
{
    size_t n = 0;
    bool all = false;
    for (size_t g = 0; g < n_truths; g++) {
        const double overlap = fovea__eval_iou(box, truths[g].box, truths[g].crowd);
        if (overlap < THRESHOLDS[0])
            continue;
        all = all || overlap != overlap;
        scratch->overlap[n] = overlap;
        scratch->nearby[n++] = (uint32_t)g;
    }
    for (size_t g = 0; all && g < n_truths; g++) {
        scratch->overlap[g] = fovea__eval_iou(box, truths[g].box, truths[g].crowd);
        scratch->nearby[g] = (uint32_t)g;
    }
    return all ? n_truths : n;
}

/* The candidate to be matched in one area range at one threshold; n where there is none. */
static size_t choose(const fovea__eval_truth *truths, size_t n, const fovea__eval_scratch *scratch, int range,
                     int threshold)
{
    const uint64_t bit = UINT64_C(1) << (range * FOVEA__EVAL_THRESHOLDS + threshold);
    double best = THRESHOLDS[threshold]; /* pycocotools' min(t, 1 - 1e-10) is t */
    size_t chosen = n;
    for (unsigned ignored = 0; ignored < 2 && chosen == n; ignored++) {
        for (size_t i = 0; i < n; i++) {
            const uint32_t g = scratch->nearby[i];
            if (((truths[g].ignored >> range) & 1u) != ignored || (scratch->taken[g] & bit && !truths[g].crowd) ||
                scratch->overlap[i] < best)
                continue;
            best = scratch->overlap[i];
            chosen = i;
        }
    }
    return chosen;
}

static fovea__eval_verdict judge(const fovea__eval_detection *detection, const fovea__eval_truth *truths,
                                 size_t n_truths, fovea__eval_scratch *scratch)
{
    fovea__eval_verdict verdict = {.score = detection->score, .chosen = -1};
    const uint8_t outside = fovea__eval_outside(detection->box[2] * detection->box[3]);
    const size_t n = gather(detection->box, truths, n_truths, scratch);
    for (int range = 0; range < FOVEA__EVAL_RANGES; range++) {
        for (int threshold = 0; threshold < FOVEA__EVAL_THRESHOLDS; threshold++) {
            const uint64_t bit = UINT64_C(1) << (range * FOVEA__EVAL_THRESHOLDS + threshold);
            const size_t chosen = n ? choose(truths, n, scratch, range, threshold) : n;
            if (chosen < n) {
                const fovea__eval_truth *truth = &truths[scratch->nearby[chosen]];
                scratch->taken[scratch->nearby[chosen]] |= bit;
                if (range == 0 && threshold == scratch->threshold)
                    verdict.chosen = (int32_t)scratch->nearby[chosen];
                verdict.matched |= truth->id == 0 ? 0 : bit;
                verdict.ignored |= (truth->ignored >> range) & 1u ? bit : 0;
            }
            if (!(verdict.matched & bit) && (outside >> range) & 1u)
                verdict.ignored |= bit;
        }
    }
    return verdict;
}

static fovea_status make_room(fovea__eval_scratch *scratch, size_t n)
{
    if (n <= scratch->room)
        return FOVEA_OK;
    const int threshold = scratch->threshold;
    fovea__eval_scratch_clear(scratch);
    scratch->threshold = threshold;
    FOVEA_TRY(fovea__allocate(&scratch->overlap, n, sizeof *scratch->overlap, "overlaps"));
    FOVEA_TRY(fovea__allocate(&scratch->nearby, n, sizeof *scratch->nearby, "overlaps"));
    FOVEA_TRY(fovea__allocate(&scratch->taken, n, sizeof *scratch->taken, "matches"));
    scratch->room = n;
    return FOVEA_OK;
}

void fovea__eval_scratch_clear(fovea__eval_scratch *scratch)
{
    free(scratch->overlap);
    free(scratch->nearby);
    free(scratch->taken);
    *scratch = (fovea__eval_scratch){0};
}

fovea_status fovea__eval_match(fovea__eval_verdict *verdicts, const fovea__eval_detection *detections,
                               size_t n_detections, const fovea__eval_truth *truths, size_t n_truths,
                               fovea__eval_scratch *scratch)
{
    FOVEA_TRY(make_room(scratch, n_truths));
    for (size_t g = 0; g < n_truths; g++)
        scratch->taken[g] = 0;
    for (size_t d = 0; d < n_detections; d++) {
        verdicts[d] = judge(&detections[d], truths, n_truths, scratch);
        verdicts[d].rank = (int32_t)d;
    }
    return FOVEA_OK;
}
