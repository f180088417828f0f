/* Hard example mining in double: sort, suppress, choose. */
#include "ref_ohem.h"

#include "assign.h"

#include <math.h>
#include <stdlib.h>

double ref_ohem_score(const float *logits, int classes, int label)
{
    double loss = 0;
    for (int c = 0; c < classes; c++) {
        const double z = c == label ? (double)logits[c] : -(double)logits[c]; /* p_t = sigmoid(z) */
        loss += z > 0 ? log1p(exp(-z)) : log1p(exp(z)) - z;
    }
    return loss;
}

typedef struct entry {
    float loss;
    int anchor;
} entry;

static int hardest_first(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->loss > y->loss || x->loss < y->loss)
        return x->loss > y->loss ? -1 : 1;
    return (x->anchor > y->anchor) - (x->anchor < y->anchor);
}

static double iou_of(const float a[4], const float b[4])
{
    const double width = fmin((double)a[2], (double)b[2]) - fmax((double)a[0], (double)b[0]);
    const double height = fmin((double)a[3], (double)b[3]) - fmax((double)a[1], (double)b[1]);
    const double both = fmax(width, 0.0) * fmax(height, 0.0);
    const double area_a = ((double)a[2] - (double)a[0]) * ((double)a[3] - (double)a[1]);
    const double area_b = ((double)b[2] - (double)b[0]) * ((double)b[3] - (double)b[1]);
    return both / (area_a + area_b - both);
}

/* What is left of the candidates after suppression; all of it, strongest first. */
static int survivors_of(const fovea__ohem *ohem, const float *anchors, const entry *order, int n, int *survivors,
                        double *gap)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        bool free_standing = true;
        for (int k = 0; k < count && free_standing; k++) {
            const double iou = iou_of(anchors + 4 * survivors[k], anchors + 4 * order[i].anchor);
            const double limit = (double)ohem->nms;
            if (iou > limit || iou < limit)
                *gap = fmin(*gap, fabs(iou - limit));
            free_standing = !(iou > limit);
        }
        if (free_standing)
            survivors[count++] = order[i].anchor;
    }
    return count;
}

static int room_of(const fovea__ohem *ohem, int objects)
{
    const int room = ohem->batch - objects, limit = 3 * (objects > 1 ? objects : 1);
    return ohem->one_to_three && limit < room ? limit : room;
}

int ref_ohem_select(const fovea__ohem *ohem, const float *losses, const float *anchors, int *matches, double *gap)
{
    entry *order = malloc((ohem->n_anchors + 1) * sizeof *order);
    int *survivors = malloc((ohem->n_anchors + 1) * sizeof *survivors);
    int *kept = malloc((ohem->n_anchors + 1) * sizeof *kept);
    if (!order || !survivors || !kept)
        abort();
    int n = 0;
    for (size_t i = 0; i < ohem->n_anchors; i++)
        if (losses[i] >= 0.0f)
            order[n++] = (entry){losses[i], (int)i};
    qsort(order, (size_t)n, sizeof *order, hardest_first);
    *gap = 1.0;
    const int count = survivors_of(ohem, anchors, order, n < 4096 ? n : 4096, survivors, gap);
    /* The shortest run of the hardest whose objects and permitted background fill the batch, or all. */
    int objects = 0, background = 0, end = 0;
    while (end < count && objects + (background < room_of(ohem, objects) ? background : room_of(ohem, objects)) <
                              ohem->batch) {
        objects += matches[survivors[end]] >= 0;
        background += matches[survivors[end++]] < 0;
    }
    for (size_t i = 0; i < ohem->n_anchors; i++)
        kept[i] = FOVEA__IGNORED;
    int room = room_of(ohem, objects);
    for (int i = 0; i < end; i++)
        if (matches[survivors[i]] >= 0 || room-- > 0)
            kept[survivors[i]] = matches[survivors[i]];
    for (size_t i = 0; i < ohem->n_anchors; i++)
        matches[i] = kept[i];
    free(kept);
    free(survivors);
    free(order);
    return objects;
}
