/* Making reviews, see review.h. */
#include "review.h"

#include "pick_device.h"

#include <stdlib.h>

static const double LEAST_SCORE = 0.05; /* where no score is better than another */

static bool list_matches(fovea_evaluator *evaluator, const double *scores, size_t n_scores, fovea_match **out,
                         size_t *n)
{
    if (!told(fovea_evaluator_matches(evaluator, 0.5, scores, n_scores, NULL, 0, n)))
        return false;
    *out = calloc(*n ? *n : 1, sizeof **out);
    if (!*out) {
        fprintf(stderr, "fovea: out of memory for %zu matches\n", *n);
        return false;
    }
    return told(fovea_evaluator_matches(evaluator, 0.5, scores, n_scores, *out, *n, n));
}

/* Lists what counts by each class's own score. scores: room for one a class. */
static bool list_by_class(review *r, double *scores)
{
    const judge_result *result = r->result;
    for (size_t k = 0; k < result->n_classes; k++)
        scores[k] = result->curves[k].best_f1 > 0 ? result->curves[k].best_score : r->score;
    if (!list_matches(result->evaluator, scores, result->n_classes, &r->matches, &r->n_matches))
        return false;
    for (size_t k = 0; k < result->n_classes; k++)
        r->classes[k].score = scores[k];
    for (size_t i = 0; i < r->n_matches; i++) {
        const fovea_match *m = &r->matches[i];
        if (m->kind == FOVEA_MATCH_MISSED)
            continue;
        review_class *c = &r->classes[review_place(r, m->category_id)];
        *(m->kind == FOVEA_MATCH_RIGHT ? &c->right : &c->wrong) += 1;
    }
    return true;
}

bool review_make(review *r, const judge_result *result, const char *images)
{
    *r = (review){.result = result, .images = images};
    r->score = result->whole.best_f1 > 0 ? result->whole.best_score : LEAST_SCORE;
    r->classes = calloc(result->n_classes + 1, sizeof *r->classes);
    double *scores = calloc(result->n_classes + 1, sizeof *scores);
    if (!r->classes || !scores)
        fprintf(stderr, "fovea: out of memory for %zu classes\n", result->n_classes);
    const bool good = r->classes && scores && list_matches(result->evaluator, NULL, 0, &r->all, &r->n_all) &&
                      list_by_class(r, scores);
    free(scores);
    return good;
}

void review_clear(review *r)
{
    free(r->classes);
    free(r->all);
    free(r->matches);
    *r = (review){0};
}

static int compare_ids(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = ((const fovea_class_evaluation *)right)->category_id;
    return (a > b) - (a < b);
}

size_t review_place(const review *r, int64_t category_id)
{
    const fovea_class_evaluation *classes = r->result->classes;
    const size_t n = r->result->n_classes;
    const fovea_class_evaluation *found = n ? bsearch(&category_id, classes, n, sizeof *classes, compare_ids) : NULL;
    return found ? (size_t)(found - classes) : n;
}

const char *review_name(const review *r, int64_t category_id)
{
    const size_t place = review_place(r, category_id);
    return place < r->result->n_classes ? r->result->classes[place].name : "";
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
