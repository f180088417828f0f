/* Boxes found again, see box_finder.h. */
#include "box_finder.h"

#include "memory.h"
#include "sidecar.h"

#include <math.h>
#include <stdlib.h>

static int by_edge(const void *a, const void *b)
{
    const fovea__left_edge *x = a, *y = b;
    if (x->x < y->x || x->x > y->x)
        return x->x < y->x ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

fovea_status fovea__box_finder_make(fovea__box_finder *out, const fovea__coco_box *boxes, size_t count, bool *used,
                                    const int size[2])
{
    *out = (fovea__box_finder){.boxes = boxes, .used = used, .size = size};
    FOVEA_TRY(fovea__allocate(&out->edges, count + 1, sizeof *out->edges, "a picture's boxes"));
    for (size_t i = 0; i < count; i++)
        if (isfinite(boxes[i].box[0])) /* others are the same as none */
            out->edges[out->n_edges++] = (fovea__left_edge){.x = boxes[i].box[0], .index = i};
    if (out->n_edges > 1)
        qsort(out->edges, out->n_edges, sizeof *out->edges, by_edge);
    for (size_t i = 0; i <= out->n_edges; i++)
        out->edges[i].next = i;
    return FOVEA_OK;
}

void fovea__box_finder_clear(fovea__box_finder *finder)
{
    free(finder->edges);
    *finder = (fovea__box_finder){0};
}

/* The first edge from one on whose box is unused. Ways that were gone are cut short. */
static size_t next_unused(fovea__box_finder *finder, size_t from)
{
    fovea__left_edge *edges = finder->edges;
    while (edges[from].next != from) {
        edges[from].next = edges[edges[from].next].next;
        from = edges[from].next;
    }
    return from;
}

/* The first edge at x or right of it; behind: right of x. */
static size_t first_from(const fovea__box_finder *finder, double x, bool behind)
{
    size_t low = 0, high = finder->n_edges;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (behind ? finder->edges[middle].x <= x : finder->edges[middle].x < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool fovea__box_finder_take(fovea__box_finder *finder, const double corners[4],
                            bool (*is_meant)(const void *context, const fovea__coco_box *box), const void *context)
{
    const double reach = 2 * fovea__corner_tolerance(finder->size); /* more than rounding can add */
    size_t best = finder->n_edges;
    for (size_t at = next_unused(finder, first_from(finder, corners[0] - reach, false));
         at < finder->n_edges && finder->edges[at].x <= corners[0] + reach;) {
        const fovea__left_edge *edge = &finder->edges[at];
        const fovea__coco_box *box = &finder->boxes[edge->index];
        double own[4];
        fovea__box_corners(own, box);
        const bool found = fovea__same_corners(own, corners, finder->size) && is_meant(context, box);
        if (found && (best == finder->n_edges || edge->index < finder->edges[best].index))
            best = at;
        at = next_unused(finder, found ? first_from(finder, edge->x, true) : at + 1); /* of an edge the first will do */
    }
    if (best == finder->n_edges)
        return false;
    finder->used[finder->edges[best].index] = true;
    finder->edges[best].next = best + 1;
    return true;
}
