/* COCO's twelve numbers: means over categories of what is to be found. */
#include "coco_eval.h"

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

static fovea_status walk_categories(fovea__eval_walk *w, summary *s, fovea_class_evaluation *classes, size_t capacity)
{
    const fovea_evaluator *e = w->evaluator;
    for (size_t k = 0; k < e->n_categories; k++) {
        fovea__eval_curve curve;
        size_t objects[FOVEA__EVAL_RANGES];
        int64_t annotated = 0;
        FOVEA_TRY(fovea__eval_match_category(w, (int32_t)k, objects, &annotated));
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
                .ap_small = mean_of(curve.precision[SMALL]),
                .ap_medium = mean_of(curve.precision[MEDIUM]),
                .ap_large = mean_of(curve.precision[LARGE]),
            };
    }
    return FOVEA_OK;
}

fovea_status fovea_evaluator_run(fovea_evaluator *evaluator, fovea_evaluation *out, fovea_class_evaluation *classes,
                                 size_t capacity, size_t *n_classes)
{
    FOVEA_CHECK_ARG(evaluator && out, "fovea_evaluator_run: %s is NULL", evaluator ? "out" : "evaluator");
    FOVEA_CHECK_ARG(classes || capacity == 0, "fovea_evaluator_run: classes is NULL, capacity %zu", capacity);
    if (n_classes)
        *n_classes = evaluator->n_categories;
    fovea__eval_sort(evaluator);
    fovea__eval_walk w = {.evaluator = evaluator};
    summary s = {0};
    const fovea_status status = walk_categories(&w, &s, classes, capacity);
    if (!status)
        *out = summary_values(&s);
    fovea__eval_walk_clear(&w);
    return status;
}
