/* Which detection found which truth at one IoU threshold, and what the other detections lie on. */
#include "coco_eval.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

static const double LEAST_OVERLAP = 0.1; /* of a detection that is badly placed */

/* What stands for a detection: the evaluator's, the truth that it is on and how. */
typedef struct pair {
    const fovea__eval_detection *detection;
    const fovea__eval_truth *truth; /* NULL: none */
    double overlap;
    fovea_match_kind kind;
} pair;

typedef struct object {
    const fovea__eval_truth *truth;
    bool taken;
} object;

typedef struct pairing {
    const fovea_evaluator *evaluator;
    fovea__eval_walk walk;
    const double *min_scores; /* n_scores: one a category, one for all, or none */
    size_t n_scores;
    double iou;
    pair *pairs;     /* detections that count */
    object *objects; /* truths that count */
    size_t n_pairs, n_objects;
} pairing;

/* Finds what is right in one spot among the detections that score at least min_score. */
static fovea_status match_spot(pairing *p, const fovea__eval_spot *spot, double min_score)
{
    const fovea_evaluator *e = p->evaluator;
    const uint64_t bit = UINT64_C(1) << p->walk.scratch.threshold;
    const size_t first = p->n_objects;
    p->walk.n_verdicts = 0;
    FOVEA_TRY(fovea__eval_match_spot(&p->walk, spot));
    for (size_t g = 0; g < spot->n_truths; g++)
        p->objects[p->n_objects++] = (object){.truth = &e->truths[spot->truth + g]};
    for (size_t d = 0; d < p->walk.n_verdicts; d++) {
        const fovea__eval_verdict *verdict = &p->walk.verdicts[d];
        const fovea__eval_detection *detection = &e->detections[spot->detection + d];
        if (!(detection->score >= min_score) || verdict->ignored & bit)
            continue;
        pair found = {.detection = detection, .kind = FOVEA_MATCH_BACKGROUND};
        if (verdict->chosen >= 0) {
            object *on = &p->objects[first + (size_t)verdict->chosen];
            on->taken = true;
            found.truth = on->truth;
            found.kind = FOVEA_MATCH_RIGHT;
            found.overlap = fovea__eval_iou(detection->box, on->truth->box, false);
        }
        p->pairs[p->n_pairs++] = found;
    }
    size_t kept = first;
    for (size_t g = first; g < p->n_objects; g++)
        if (!(p->objects[g].truth->ignored & 1u))
            p->objects[kept++] = p->objects[g];
    p->n_objects = kept;
    return FOVEA_OK;
}

static int compare_pairs(const void *left, const void *right)
{
    const fovea__eval_detection *a = ((const pair *)left)->detection, *b = ((const pair *)right)->detection;
    if (a->picture != b->picture)
        return a->picture < b->picture ? -1 : 1;
    const int by_score = fovea__eval_compare_scores(a->score, b->score);
    return by_score ? by_score : (a->order > b->order) - (a->order < b->order);
}

static int compare_objects(const void *left, const void *right)
{
    const fovea__eval_truth *a = ((const object *)left)->truth, *b = ((const object *)right)->truth;
    if (a->picture != b->picture)
        return a->picture < b->picture ? -1 : 1;
    return (a > b) - (a < b);
}

/* Finds what a detection that is not right lies on, among the objects of its picture. */
static void place(pair *found, object *objects, size_t n, double iou)
{
    object *free_one = NULL, *taken_one = NULL;
    double best_free = iou, best_taken = iou;
    for (size_t g = 0; g < n; g++) {
        const double overlap = fovea__eval_iou(found->detection->box, objects[g].truth->box, false);
        if (overlap > found->overlap)
            found->overlap = overlap;
        if (objects[g].taken && overlap >= best_taken) {
            taken_one = &objects[g];
            best_taken = overlap;
        } else if (!objects[g].taken && overlap >= best_free) {
            free_one = &objects[g];
            best_free = overlap;
        }
    }
    if (!free_one && !taken_one)
        return;
    object *on = free_one ? free_one : taken_one;
    found->kind = free_one ? FOVEA_MATCH_WRONG_CLASS : FOVEA_MATCH_DUPLICATE;
    found->overlap = free_one ? best_free : best_taken;
    found->truth = on->truth;
    on->taken = true;
}

/* Of a detection on nothing: the missed object of its class that it overlaps most, by LEAST_OVERLAP or more. */
static void look_around(pair *found, const object *objects, size_t n)
{
    const object *nearest = NULL;
    double best = LEAST_OVERLAP;
    for (size_t g = 0; g < n; g++) {
        const double overlap = fovea__eval_iou(found->detection->box, objects[g].truth->box, false);
        if (objects[g].taken || objects[g].truth->category != found->detection->category || !(overlap >= best))
            continue;
        nearest = &objects[g];
        best = overlap;
    }
    if (!nearest)
        return;
    found->kind = FOVEA_MATCH_MISPLACED;
    found->truth = nearest->truth;
    found->overlap = best;
}

static void write_box(double out[4], const double box[4])
{
    for (int i = 0; i < 4; i++)
        out[i] = box[i];
}

static void write_match(const fovea_evaluator *e, fovea_match *out, const pair *found)
{
    const fovea__eval_detection *d = found->detection;
    const fovea__eval_truth *t = found->truth;
    *out = (fovea_match){
        .kind = found->kind,
        .image_id = e->pictures[d ? d->picture : t->picture].id,
        .category_id = d ? e->categories[d->category].id : -1,
        .true_category_id = t ? e->categories[t->category].id : -1,
        .annotation_id = t ? t->id : -1,
        .score = d ? d->score : 0.0,
        .overlap = found->overlap,
    };
    if (d)
        write_box(out->box, d->box);
    if (t)
        write_box(out->true_box, t->box);
}

/* Goes through pairs and objects, both sorted, picture by picture; returns how many rows there are. */
static size_t write_pictures(pairing *p, fovea_match *out, size_t capacity)
{
    size_t rows = 0, next_pair = 0, next_object = 0;
    while (next_pair < p->n_pairs || next_object < p->n_objects) {
        const int32_t a = next_pair < p->n_pairs ? p->pairs[next_pair].detection->picture : INT32_MAX;
        const int32_t b = next_object < p->n_objects ? p->objects[next_object].truth->picture : INT32_MAX;
        const int32_t picture = a < b ? a : b;
        object *objects = p->objects + next_object;
        size_t n = 0;
        while (next_object + n < p->n_objects && objects[n].truth->picture == picture)
            n++;
        size_t end = next_pair;
        for (; end < p->n_pairs && p->pairs[end].detection->picture == picture; end++)
            if (p->pairs[end].kind != FOVEA_MATCH_RIGHT)
                place(&p->pairs[end], objects, n, p->iou);
        for (; next_pair < end; next_pair++, rows++) {
            if (p->pairs[next_pair].kind == FOVEA_MATCH_BACKGROUND)
                look_around(&p->pairs[next_pair], objects, n);
            if (rows < capacity)
                write_match(p->evaluator, &out[rows], &p->pairs[next_pair]);
        }
        for (size_t g = 0; g < n; g++) {
            if (objects[g].taken)
                continue;
            const pair missed = {.truth = objects[g].truth, .kind = FOVEA_MATCH_MISSED};
            if (rows < capacity)
                write_match(p->evaluator, &out[rows], &missed);
            rows++;
        }
        next_object += n;
    }
    return rows;
}

static fovea_status find_pairs(pairing *p)
{
    const fovea_evaluator *e = p->evaluator;
    FOVEA_TRY(fovea__allocate(&p->pairs, e->n_detections, sizeof *p->pairs, "matches"));
    FOVEA_TRY(fovea__allocate(&p->objects, e->n_truths, sizeof *p->objects, "objects"));
    for (size_t k = 0; k < e->n_categories; k++) {
        const double min_score = p->n_scores ? p->min_scores[p->n_scores > 1 ? k : 0] : -INFINITY;
        fovea__eval_spot spot;
        while (fovea__eval_next(&p->walk, (int32_t)k, &spot))
            FOVEA_TRY(match_spot(p, &spot, min_score));
    }
    if (p->n_pairs > 1)
        qsort(p->pairs, p->n_pairs, sizeof *p->pairs, compare_pairs);
    if (p->n_objects > 1)
        qsort(p->objects, p->n_objects, sizeof *p->objects, compare_objects);
    return FOVEA_OK;
}

fovea_status fovea_evaluator_matches(fovea_evaluator *evaluator, double iou, const double *min_scores,
                                     size_t n_scores, fovea_match *out, size_t capacity, size_t *count)
{
    int threshold;
    pairing p = {.evaluator = evaluator, .min_scores = min_scores, .n_scores = n_scores};
    FOVEA_CHECK_ARG(evaluator && count, "fovea_evaluator_matches: %s is NULL", evaluator ? "count" : "evaluator");
    *count = 0;
    FOVEA_CHECK_ARG(out || capacity == 0, "fovea_evaluator_matches: out is NULL, capacity %zu", capacity);
    FOVEA_CHECK_ARG(min_scores || n_scores == 0, "fovea_evaluator_matches: min_scores is NULL, n_scores %zu", n_scores);
    FOVEA_CHECK_ARG(n_scores <= 1 || n_scores == evaluator->n_categories,
                    "fovea_evaluator_matches: %zu scores for %zu categories", n_scores, evaluator->n_categories);
    FOVEA_TRY(fovea__eval_threshold(&threshold, &p.iou, iou, "fovea_evaluator_matches"));
    fovea__eval_sort(evaluator);
    p.walk = (fovea__eval_walk){.evaluator = evaluator, .scratch = {.threshold = threshold}};
    const fovea_status status = find_pairs(&p);
    if (!status)
        *count = write_pictures(&p, out, capacity);
    fovea__eval_walk_clear(&p.walk);
    free(p.pairs);
    free(p.objects);
    return status;
}
