/* Making reviews, see review.h. */
#include "review.h"

#include "pick_device.h"

#include <math.h>
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

/* How much a mistake asks to be looked at; never NaN. */
static double weight_of(const fovea_match *m)
{
    const double weight = m->kind == FOVEA_MATCH_MISSED ? m->true_box[2] * m->true_box[3] : m->score;
    return weight == weight ? weight : -INFINITY;
}

/* Detections before misses; of equal ones the first in the evaluator's order. */
static int compare_mistakes(const void *left, const void *right)
{
    const fovea_match *a = *(const fovea_match *const *)left, *b = *(const fovea_match *const *)right;
    const bool a_missed = a->kind == FOVEA_MATCH_MISSED, b_missed = b->kind == FOVEA_MATCH_MISSED;
    if (a_missed != b_missed)
        return a_missed ? 1 : -1;
    const double of_a = weight_of(a), of_b = weight_of(b);
    return of_a > of_b ? -1 : of_a < of_b ? 1 : (a > b) - (a < b);
}

static bool list_mistakes(review *r)
{
    r->mistakes = calloc(r->n_matches + 1, sizeof *r->mistakes);
    if (!r->mistakes) {
        fprintf(stderr, "fovea: out of memory for %zu mistakes\n", r->n_matches);
        return false;
    }
    for (size_t i = 0; i < r->n_matches; i++) {
        const fovea_match *m = &r->matches[i];
        if (m->kind != FOVEA_MATCH_RIGHT)
            r->mistakes[r->n_mistakes++] = m;
        r->n_wrong += m->kind != FOVEA_MATCH_RIGHT && m->kind != FOVEA_MATCH_MISSED;
    }
    if (r->n_mistakes > 1)
        qsort(r->mistakes, r->n_mistakes, sizeof *r->mistakes, compare_mistakes);
    return true;
}

static int compare_pictures(const void *left, const void *right)
{
    const review_name_of *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static bool list_pictures(review *r)
{
    const size_t n = fovea_evaluator_pictures(r->result->evaluator);
    r->pictures = calloc(n + 1, sizeof *r->pictures);
    if (!r->pictures) {
        fprintf(stderr, "fovea: out of memory for the names of %zu pictures\n", n);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!told(fovea_evaluator_picture(r->result->evaluator, i, &r->pictures[i].id, &r->pictures[i].name)))
            return false;
    if (n > 1)
        qsort(r->pictures, n, sizeof *r->pictures, compare_pictures);
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
                      list_by_class(r, scores) && list_mistakes(r) && list_pictures(r);
    free(scores);
    return good;
}

void review_clear(review *r)
{
    free(r->classes);
    free(r->all);
    free(r->matches);
    free(r->mistakes);
    free(r->pictures);
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

static const review_name_of *find_picture(const review *r, int64_t image_id)
{
    const review_name_of key = {.id = image_id};
    const size_t n = fovea_evaluator_pictures(r->result->evaluator);
    return n ? bsearch(&key, r->pictures, n, sizeof key, compare_pictures) : NULL;
}

const char *review_picture(const review *r, int64_t image_id)
{
    const review_name_of *found = find_picture(r, image_id);
    return found ? found->name : "";
}

bool review_has_picture(const review *r, int64_t image_id)
{
    return find_picture(r, image_id) != NULL;
}

void review_matches_of(const review *r, int64_t image_id, size_t *first, size_t *end)
{
    size_t low = 0, high = r->n_matches; /* they stand in ascending id of their pictures */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (r->matches[middle].image_id < image_id)
            low = middle + 1;
        else
            high = middle;
    }
    *first = *end = low;
    while (*end < r->n_matches && r->matches[*end].image_id == image_id)
        ++*end;
}
