/* COCO's twelve numbers: matches category by category, and means over what is to be found. */
#include "coco_eval.h"

#include "memory.h"

#include <stdlib.h>

/* A mean of the values that are not -1; -1 where there are none. */
typedef struct mean {
    double sum;
    size_t n;
} mean;

static void mean_add(mean *m, double value)
{
    if (value > -1.0) {
        m->sum += value;
        m->n++;
    }
}

static double mean_value(mean m)
{
    return m.n ? m.sum / (double)m.n : -1.0;
}

static double mean_of(const double values[FOVEA__EVAL_THRESHOLDS])
{
    mean m = {0};
    for (int t = 0; t < FOVEA__EVAL_THRESHOLDS; t++)
        mean_add(&m, values[t]);
    return mean_value(m);
}

enum { AT_50 = 0, AT_75 = 5, ALL = 0, SMALL = 1, MEDIUM = 2, LARGE = 3, FIRST_1 = 0, FIRST_10 = 1, FIRST_100 = 2 };

/* Means over categories, in the order of fovea_evaluation. */
typedef struct summary {
    mean numbers[12];
} summary;

static void summary_add(summary *s, const fovea__eval_curve *c)
{
    const double numbers[12] = {
        mean_of(c->precision[ALL]),           c->precision[ALL][AT_50],
        c->precision[ALL][AT_75],             mean_of(c->precision[SMALL]),
        mean_of(c->precision[MEDIUM]),        mean_of(c->precision[LARGE]),
        mean_of(c->recall[FIRST_1][ALL]),     mean_of(c->recall[FIRST_10][ALL]),
        mean_of(c->recall[FIRST_100][ALL]),   mean_of(c->recall[FIRST_100][SMALL]),
        mean_of(c->recall[FIRST_100][MEDIUM]), mean_of(c->recall[FIRST_100][LARGE]),
    };
    for (int i = 0; i < 12; i++)
        mean_add(&s->numbers[i], numbers[i]);
}

static fovea_evaluation summary_values(const summary *s)
{
    const mean *m = s->numbers;
    return (fovea_evaluation){
        .ap = mean_value(m[0]),        .ap50 = mean_value(m[1]),      .ap75 = mean_value(m[2]),
        .ap_small = mean_value(m[3]),  .ap_medium = mean_value(m[4]), .ap_large = mean_value(m[5]),
        .ar1 = mean_value(m[6]),       .ar10 = mean_value(m[7]),      .ar100 = mean_value(m[8]),
        .ar_small = mean_value(m[9]),  .ar_medium = mean_value(m[10]), .ar_large = mean_value(m[11]),
    };
}

/* What a walk over the categories has passed, and its room for one category. */
typedef struct walk {
    const fovea_evaluator *evaluator;
    size_t truth, detection; /* first that are not passed yet */
    fovea__eval_scratch scratch;
    fovea__eval_verdict *verdicts;
    double *work;
    size_t n_verdicts, verdicts_room, work_room;
} walk;

static size_t count_truths(const walk *w, int32_t category, int32_t picture)
{
    const fovea_evaluator *e = w->evaluator;
    size_t end = w->truth;
    while (end < e->n_truths && e->truths[end].category == category && e->truths[end].picture == picture)
        end++;
    return end - w->truth;
}

static size_t count_detections(const walk *w, int32_t category, int32_t picture)
{
    const fovea_evaluator *e = w->evaluator;
    size_t end = w->detection;
    while (end < e->n_detections && e->detections[end].category == category && e->detections[end].picture == picture)
        end++;
    return end - w->detection;
}

/* The next picture in which `category` has truths or detections; FOVEA__EVAL_NOWHERE where there is none left. */
static int32_t next_picture(const walk *w, int32_t category)
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

/* Matches one category in all pictures; objects[r]: truths that are not ignored in area range r. */
static fovea_status match_category(walk *w, int32_t category, size_t objects[FOVEA__EVAL_RANGES], int64_t *annotated)
{
    const fovea_evaluator *e = w->evaluator;
    int32_t picture;
    w->n_verdicts = 0;
    *annotated = 0;
    for (int range = 0; range < FOVEA__EVAL_RANGES; range++)
        objects[range] = 0;
    while ((picture = next_picture(w, category)) != FOVEA__EVAL_NOWHERE) {
        const size_t n_truths = count_truths(w, category, picture);
        const size_t n_detections = count_detections(w, category, picture);
        const size_t used = n_detections < FOVEA__EVAL_MOST ? n_detections : FOVEA__EVAL_MOST;
        const fovea__eval_truth *truths = e->truths + w->truth;
        FOVEA_TRY(fovea__grow(&w->verdicts, &w->verdicts_room, w->n_verdicts + used, sizeof *w->verdicts, "matches"));
        if (used)
            FOVEA_TRY(fovea__eval_match(w->verdicts + w->n_verdicts, e->detections + w->detection, used, truths,
                                        n_truths, &w->scratch));
        for (size_t i = 0; i < used; i++, w->n_verdicts++)
            w->verdicts[w->n_verdicts].order = w->n_verdicts;
        for (size_t g = 0; g < n_truths; g++) {
            *annotated += !truths[g].crowd;
            for (int range = 0; range < FOVEA__EVAL_RANGES; range++)
                objects[range] += !((truths[g].ignored >> range) & 1u);
        }
        w->truth += n_truths;
        w->detection += n_detections;
    }
    return FOVEA_OK;
}

static fovea_status walk_categories(walk *w, summary *s, fovea_class_evaluation *classes, size_t capacity)
{
    const fovea_evaluator *e = w->evaluator;
    for (size_t k = 0; k < e->n_categories; k++) {
        fovea__eval_curve curve;
        size_t objects[FOVEA__EVAL_RANGES];
        int64_t annotated = 0;
        FOVEA_TRY(match_category(w, (int32_t)k, objects, &annotated));
        FOVEA_TRY(fovea__grow(&w->work, &w->work_room, w->n_verdicts, sizeof *w->work, "a precision curve"));
        fovea__eval_measure(&curve, w->verdicts, w->n_verdicts, objects, w->work);
        summary_add(s, &curve);
        if (k < capacity)
            classes[k] = (fovea_class_evaluation){
                .category_id = e->categories[k].id,
                .name = e->categories[k].name,
                .ap = mean_of(curve.precision[ALL]),
                .ap50 = curve.precision[ALL][AT_50],
                .ap75 = curve.precision[ALL][AT_75],
                .ar100 = mean_of(curve.recall[FIRST_100][ALL]),
                .objects = annotated,
            };
    }
    return FOVEA_OK;
}

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

fovea_status fovea_evaluator_run(fovea_evaluator *evaluator, fovea_evaluation *out, fovea_class_evaluation *classes,
                                 size_t capacity, size_t *n_classes)
{
    FOVEA_CHECK_ARG(evaluator && out, "fovea_evaluator_run: %s is NULL", evaluator ? "out" : "evaluator");
    FOVEA_CHECK_ARG(classes || capacity == 0, "fovea_evaluator_run: classes is NULL, capacity %zu", capacity);
    if (n_classes)
        *n_classes = evaluator->n_categories;
    if (evaluator->n_detections > 1)
        qsort(evaluator->detections, evaluator->n_detections, sizeof *evaluator->detections, compare_detections);
    walk w = {.evaluator = evaluator};
    summary s = {0};
    const fovea_status status = walk_categories(&w, &s, classes, capacity);
    if (!status)
        *out = summary_values(&s);
    fovea__eval_scratch_clear(&w.scratch);
    free(w.verdicts);
    free(w.work);
    return status;
}
