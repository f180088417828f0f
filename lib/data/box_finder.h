/* A picture's boxes, sorted to find those that files tell of: n boxes of n take n log n steps while few have the same
 * left edge. */
#ifndef FOVEA_DATA_BOX_FINDER_H
#define FOVEA_DATA_BOX_FINDER_H

#include "coco_index.h"

/* A box by its left edge. */
typedef struct fovea__left_edge {
    double x;
    size_t index, next; /* next: the first edge from this one on that may be unused */
} fovea__left_edge;

typedef struct fovea__box_finder {
    const fovea__coco_box *boxes;
    bool *used;      /* borrowed, [boxes]: those that were found */
    const int *size; /* borrowed: of the picture, 0 where not known */
    fovea__left_edge *edges; /* by x, then by index; behind the last one a guard */
    size_t n_edges;
} fovea__box_finder;

/* used: all false. To be cleared, also on failure. */
fovea_status fovea__box_finder_make(fovea__box_finder *out, const fovea__coco_box *boxes, size_t count, bool *used,
                                    const int size[2]);
void fovea__box_finder_clear(fovea__box_finder *finder);

/* Takes the first box in the document's order that is unused, has these corners (fovea__same_corners()), and that
 * `is_meant` says true of; marks it as used. False where there is none. */
bool fovea__box_finder_take(fovea__box_finder *finder, const double corners[4],
                            bool (*is_meant)(const void *context, const fovea__coco_box *box), const void *context);

#endif
