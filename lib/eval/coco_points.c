/* Curves of each category: precision by recall as COCOeval.accumulate keeps it, right and wrong detections by score. */
#include "coco_eval.h"

#include <math.h>

/* verdicts: sorted; bit: of area range all and the threshold. */
static void count_by_score(fovea_curve *out, const fovea__eval_verdict *verdicts, size_t n, uint64_t bit)
{
    int point = FOVEA_CURVE_POINTS - 1;
    int64_t right = 0, wrong = 0;
    out->best_f1 = out->best_score = -1.0;
    for (size_t i = 0; i <= n; i++) {
        const double score = i < n ? verdicts[i].score : -1.0;
        for (; point >= 0 && !(score >= point * 0.01); point--) {
            out->right[point] = right;
            out->wrong[point] = wrong;
        }
        if (i == n)
            break;
        if (!(verdicts[i].ignored & bit)) {
            right += verdicts[i].matched & bit ? 1 : 0;
            wrong += verdicts[i].matched & bit ? 0 : 1;
        }
        const double f1 = 2.0 * (double)right / (double)(right + wrong + out->objects);
        const bool last = i + 1 == n || fovea__eval_compare_scores(score, verdicts[i + 1].score) != 0;
        if (out->objects && last && !isnan(score) && f1 > out->best_f1) {
            out->best_f1 = f1;
            out->best_score = right ? score : -1.0;
        }
    }
}

static fovea_status fill(fovea__eval_walk *w, int32_t category, int threshold, fovea_curve *out)
{
    const fovea__eval_category *about = &w->evaluator->categories[category];
    const uint64_t bit = UINT64_C(1) << threshold;
    size_t objects[FOVEA__EVAL_RANGES];
    int64_t annotated;
    FOVEA_TRY(fovea__eval_match_category(w, category, objects, &annotated));
    fovea__eval_order_verdicts(w->verdicts, w->n_verdicts);
    *out = (fovea_curve){.category_id = about->id, .name = about->name, .objects = (int64_t)objects[0]};
    count_by_score(out, w->verdicts, w->n_verdicts, bit);
    if (objects[0])
        fovea__eval_precision(out->precision, out->score, w->verdicts, w->n_verdicts, bit, (double)objects[0],
                              w->work);
    for (int r = 0; r < FOVEA_CURVE_POINTS && !objects[0]; r++)
        out->precision[r] = out->score[r] = -1.0;
    return FOVEA_OK;
}

fovea_status fovea_evaluator_curves(fovea_evaluator *evaluator, double iou, fovea_curve *out, size_t capacity,
                                    size_t *count)
{
    int threshold;
    double exact;
    FOVEA_CHECK_ARG(evaluator, "fovea_evaluator_curves: evaluator is NULL");
    FOVEA_CHECK_ARG(out || capacity == 0, "fovea_evaluator_curves: out is NULL, capacity %zu", capacity);
    FOVEA_TRY(fovea__eval_threshold(&threshold, &exact, iou, "fovea_evaluator_curves"));
    if (count)
        *count = evaluator->n_categories;
    fovea__eval_sort(evaluator);
    fovea__eval_walk w = {.evaluator = evaluator};
    fovea_status status = FOVEA_OK;
    for (size_t k = 0; k < evaluator->n_categories && k < capacity && !status; k++)
        status = fill(&w, (int32_t)k, threshold, &out[k]);
    fovea__eval_walk_clear(&w);
    return status;
}
