/* One category's precision and recall from what became of its detections, as COCOeval.accumulate has them: precision is
 * made to fall only, and read at the 101 recalls i * .01. */
#include "coco_eval.h"

#include <float.h>
#include <stdlib.h>

static const int32_t LIMITS[FOVEA__EVAL_LIMITS] = {1, 10, 100};

int fovea__eval_compare_scores(double a, double b)
{
    if (a != a || b != b)
        return (a != a) - (b != b);
    return (a < b) - (a > b);
}

static int compare_verdicts(const void *left, const void *right)
{
    const fovea__eval_verdict *a = left, *b = right;
    const int by_score = fovea__eval_compare_scores(a->score, b->score);
    return by_score ? by_score : (a->order > b->order) - (a->order < b->order);
}

void fovea__eval_order_verdicts(fovea__eval_verdict *verdicts, size_t n)
{
    if (n > 1)
        qsort(verdicts, n, sizeof *verdicts, compare_verdicts);
}

void fovea__eval_precision(double precision[FOVEA__EVAL_RECALLS], double *scores, const fovea__eval_verdict *verdicts,
                           size_t n, uint64_t bit, double objects, double *work)
{
    double hits = 0.0, misses = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!(verdicts[i].ignored & bit)) {
            hits += verdicts[i].matched & bit ? 1.0 : 0.0;
            misses += verdicts[i].matched & bit ? 0.0 : 1.0;
        }
        work[i] = hits / (misses + hits + DBL_EPSILON);
    }
    for (size_t i = n; i-- > 1;)
        if (work[i] > work[i - 1])
            work[i - 1] = work[i];
    size_t at = 0;
    hits = 0.0;
    for (int r = 0; r < FOVEA__EVAL_RECALLS; r++) {
        for (; at < n; at++) { /* hits: those before detection `at` */
            const bool hit = verdicts[at].matched & ~verdicts[at].ignored & bit;
            if ((hits + hit) / objects >= r * 0.01)
                break;
            hits += hit;
        }
        precision[r] = at < n ? work[at] : 0.0;
        if (scores)
            scores[r] = at < n ? verdicts[at].score : 0.0;
    }
}

/* Mean over the recalls of the precision at one bit. */
static double mean_precision(const fovea__eval_verdict *verdicts, size_t n, uint64_t bit, double objects, double *work)
{
    double precision[FOVEA__EVAL_RECALLS], sum = 0.0;
    fovea__eval_precision(precision, NULL, verdicts, n, bit, objects, work);
    for (int r = 0; r < FOVEA__EVAL_RECALLS; r++)
        sum += precision[r];
    return sum / FOVEA__EVAL_RECALLS;
}

static double recall(const fovea__eval_verdict *verdicts, size_t n, uint64_t bit, double objects, int32_t limit)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++)
        hits += verdicts[i].rank < limit && (verdicts[i].matched & ~verdicts[i].ignored & bit);
    return (double)hits / objects;
}

void fovea__eval_measure(fovea__eval_curve *out, fovea__eval_verdict *verdicts, size_t n,
                         const size_t objects[FOVEA__EVAL_RANGES], double *work)
{
    fovea__eval_order_verdicts(verdicts, n);
    for (int range = 0; range < FOVEA__EVAL_RANGES; range++) {
        const double found = (double)objects[range];
        for (int t = 0; t < FOVEA__EVAL_THRESHOLDS; t++) {
            const uint64_t bit = UINT64_C(1) << (range * FOVEA__EVAL_THRESHOLDS + t);
            out->precision[range][t] = objects[range] ? mean_precision(verdicts, n, bit, found, work) : -1.0;
            for (int limit = 0; limit < FOVEA__EVAL_LIMITS; limit++)
                out->recall[limit][range][t] = objects[range] ? recall(verdicts, n, bit, found, LIMITS[limit]) : -1.0;
        }
    }
}
