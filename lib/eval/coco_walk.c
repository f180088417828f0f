/* The walk over an evaluator's categories and their pictures, see coco_eval.h. */
#include "coco_eval.h"

#include "memory.h"

#include <stdlib.h>

/* By category and picture; then strongest first, of equal scores in the order in which they were added. */
static int compare_detections(const void *left, const void *right)
{
    const fovea__eval_detection *a = left, *b = right;
    if (a->category != b->category)
        return a->category < b->category ? -1 : 1;
    if (a->picture != b->picture)
        return a->picture < b->picture ? -1 : 1;
    const int by_score = fovea__eval_compare_scores(a->score, b->score);
    return by_score ? by_score : (a->order > b->order) - (a->order < b->order);
}

void fovea__eval_sort(fovea_evaluator *evaluator)
{
    if (evaluator->n_sorted < evaluator->n_detections)
        qsort(evaluator->detections, evaluator->n_detections, sizeof *evaluator->detections, compare_detections);
    evaluator->n_sorted = evaluator->n_detections;
}

static size_t count_truths(const fovea__eval_walk *w, int32_t category, int32_t picture)
{
    const fovea_evaluator *e = w->evaluator;
    size_t end = w->truth;
    while (end < e->n_truths && e->truths[end].category == category && e->truths[end].picture == picture)
        end++;
    return end - w->truth;
}

static size_t count_detections(const fovea__eval_walk *w, int32_t category, int32_t picture)
{
    const fovea_evaluator *e = w->evaluator;
    size_t end = w->detection;
    while (end < e->n_detections && e->detections[end].category == category && e->detections[end].picture == picture)
        end++;
    return end - w->detection;
}

/* The next picture in which `category` has truths or detections; FOVEA__EVAL_NOWHERE where there is none left. */
static int32_t next_picture(const fovea__eval_walk *w, int32_t category)
{
    const fovea_evaluator *e = w->evaluator;
    int32_t picture = FOVEA__EVAL_NOWHERE;
    if (w->truth < e->n_truths && e->truths[w->truth].category == category)
        picture = e->truths[w->truth].picture;
    if (w->detection < e->n_detections && e->detections[w->detection].category == category &&
        (picture == FOVEA__EVAL_NOWHERE || e->detections[w->detection].picture < picture))
        picture = e->detections[w->detection].picture;
    return picture;
}

bool fovea__eval_next(fovea__eval_walk *w, int32_t category, fovea__eval_spot *out)
{
    const int32_t picture = next_picture(w, category);
    if (picture == FOVEA__EVAL_NOWHERE)
        return false;
    *out = (fovea__eval_spot){.truth = w->truth, .n_truths = count_truths(w, category, picture),
                              .detection = w->detection, .n_detections = count_detections(w, category, picture)};
    w->truth += out->n_truths;
    w->detection += out->n_detections;
    return true;
}

fovea_status fovea__eval_match_spot(fovea__eval_walk *w, const fovea__eval_spot *spot)
{
    const fovea_evaluator *e = w->evaluator;
    const size_t used = spot->n_detections < FOVEA__EVAL_MOST ? spot->n_detections : FOVEA__EVAL_MOST;
    FOVEA_TRY(fovea__grow(&w->verdicts, &w->verdicts_room, w->n_verdicts + used, sizeof *w->verdicts, "matches"));
    if (used)
        FOVEA_TRY(fovea__eval_match(w->verdicts + w->n_verdicts, e->detections + spot->detection, used,
                                    e->truths + spot->truth, spot->n_truths, &w->scratch));
    for (size_t i = 0; i < used; i++, w->n_verdicts++)
        w->verdicts[w->n_verdicts].order = w->n_verdicts;
    return FOVEA_OK;
}

fovea_status fovea__eval_match_category(fovea__eval_walk *w, int32_t category, size_t objects[FOVEA__EVAL_RANGES],
                                        int64_t *annotated)
{
    fovea__eval_spot spot;
    w->n_verdicts = 0;
    *annotated = 0;
    for (int range = 0; range < FOVEA__EVAL_RANGES; range++)
        objects[range] = 0;
    while (fovea__eval_next(w, category, &spot)) {
        const fovea__eval_truth *truths = w->evaluator->truths + spot.truth;
        FOVEA_TRY(fovea__eval_match_spot(w, &spot));
        for (size_t g = 0; g < spot.n_truths; g++) {
            *annotated += !truths[g].crowd;
            for (int range = 0; range < FOVEA__EVAL_RANGES; range++)
                objects[range] += !((truths[g].ignored >> range) & 1u);
        }
    }
    return fovea__grow(&w->work, &w->work_room, w->n_verdicts, sizeof *w->work, "a precision curve");
}

void fovea__eval_walk_clear(fovea__eval_walk *w)
{
    fovea__eval_scratch_clear(&w->scratch);
    free(w->verdicts);
    free(w->work);
    *w = (fovea__eval_walk){0};
}
