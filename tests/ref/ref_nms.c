/* Suppression in double: sort, then hold every candidate to all that are kept. */
#include "ref_nms.h"

#include <math.h>
#include <stdlib.h>

double ref_nms_iou(const float a[4], const float b[4])
{
    const double width = fmin((double)a[2], (double)b[2]) - fmax((double)a[0], (double)b[0]);
    const double height = fmin((double)a[3], (double)b[3]) - fmax((double)a[1], (double)b[1]);
    const double both = fmax(width, 0.0) * fmax(height, 0.0);
    const double area_a = ((double)a[2] - (double)a[0]) * ((double)a[3] - (double)a[1]);
    const double area_b = ((double)b[2] - (double)b[0]) * ((double)b[3] - (double)b[1]);
    return both > 0.0 ? both / (area_a + area_b - both) : 0.0;
}

typedef struct entry {
    float score;
    int slot;
} entry;

static int stronger_first(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->score > y->score || x->score < y->score)
        return x->score > y->score ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

int ref_nms(const fovea__nms *nms, const float *boxes, const float *scores, const int *classes, int *kept, double *gap)
{
    entry *order = malloc(((size_t)nms->slots + 1) * sizeof *order);
    if (!order)
        abort();
    size_t n = 0;
    for (int slot = 0; slot < nms->slots; slot++)
        if (classes[slot] >= 0)
            order[n++] = (entry){scores[slot], slot};
    qsort(order, n, sizeof *order, stronger_first);
    int n_kept = 0;
    *gap = 1.0;
    for (size_t i = 0; i < n && n_kept < nms->most; i++) {
        const int slot = order[i].slot;
        bool free_standing = true;
        for (int k = 0; k < n_kept && free_standing; k++) {
            if (classes[kept[k]] != classes[slot])
                continue;
            const double iou = ref_nms_iou(boxes + 4 * kept[k], boxes + 4 * slot), limit = (double)nms->max_overlap;
            if (iou > limit || iou < limit)
                *gap = fmin(*gap, fabs(iou - limit));
            free_standing = !(iou > limit);
        }
        if (free_standing)
            kept[n_kept++] = slot;
    }
    free(order);
    return n_kept;
}
