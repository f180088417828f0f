/* Making reviews, see review.h. */
#include "review.h"

#include "pick_device.h"

#include <stdlib.h>

static double f1(double right, double wrong, double objects)
{
    return objects + wrong + right > 0 ? 2 * right / (right + wrong + objects) : 0;
}

/* Finds the score from which on all classes together do best. */
static void choose_score(review *r)
{
    double best = -1;
    for (int point = 5; point < FOVEA_CURVE_POINTS; point++) {
        double right = 0, wrong = 0, objects = 0;
        for (size_t k = 0; k < r->result->n_classes; k++) {
            right += (double)r->curves[k].right[point];
            wrong += (double)r->curves[k].wrong[point];
            objects += (double)r->curves[k].objects;
        }
        if (f1(right, wrong, objects) > best) {
            best = f1(right, wrong, objects);
            r->score = point * 0.01;
            r->right = right;
            r->wrong = wrong;
            r->objects = objects;
        }
    }
}

static bool list_matches(fovea_evaluator *evaluator, double score, fovea_match **out, size_t *n)
{
    if (!told(fovea_evaluator_matches(evaluator, 0.5, &score, 1, NULL, 0, n)))
        return false;
    *out = calloc(*n ? *n : 1, sizeof **out);
    if (!*out) {
        fprintf(stderr, "fovea: out of memory for %zu matches\n", *n);
        return false;
    }
    return told(fovea_evaluator_matches(evaluator, 0.5, &score, 1, *out, *n, n));
}

bool review_make(review *r, const judge_result *result, const char *images)
{
    *r = (review){.result = result, .images = images};
    r->curves = calloc(result->n_classes ? result->n_classes : 1, sizeof *r->curves);
    if (!r->curves) {
        fprintf(stderr, "fovea: out of memory for the curves of %zu classes\n", result->n_classes);
        return false;
    }
    if (!told(fovea_evaluator_curves(result->evaluator, 0.5, r->curves, result->n_classes, NULL)))
        return false;
    choose_score(r);
    return list_matches(result->evaluator, 0, &r->all, &r->n_all) &&
           list_matches(result->evaluator, r->score, &r->matches, &r->n_matches);
}

void review_clear(review *r)
{
    free(r->curves);
    free(r->all);
    free(r->matches);
    *r = (review){0};
}

const char *review_class(const review *r, int64_t category_id)
{
    for (size_t k = 0; k < r->result->n_classes; k++)
        if (r->result->classes[k].category_id == category_id)
            return r->result->classes[k].name;
    return "";
}

const char *review_picture(const review *r, int64_t image_id)
{
    for (size_t i = 0; i < fovea_evaluator_pictures(r->result->evaluator); i++) {
        int64_t id;
        const char *name;
        if (!fovea_evaluator_picture(r->result->evaluator, i, &id, &name) && id == image_id)
            return name;
    }
    return "";
}
