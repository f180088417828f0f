/* Matching anchors to boxes in double, one anchor and one box at a time. */
#include "ref_assign.h"

#include <math.h>

double ref_assign_iou(const float a[4], const float b[4])
{
    const double width = fmin((double)a[2], (double)b[2]) - fmax((double)a[0], (double)b[0]);
    const double height = fmin((double)a[3], (double)b[3]) - fmax((double)a[1], (double)b[1]);
    const double both = fmax(width, 0.0) * fmax(height, 0.0);
    const double area_a = ((double)a[2] - (double)a[0]) * ((double)a[3] - (double)a[1]);
    const double area_b = ((double)b[2] - (double)b[0]) * ((double)b[3] - (double)b[1]);
    return both / (area_a + area_b - both);
}

/* Of all boxes the one that the anchor overlaps most, the lower of equals; FOVEA__BACKGROUND where it meets none. */
static int best_box_of(const float anchor[4], const float *boxes, size_t n_boxes, double *best)
{
    int found = FOVEA__BACKGROUND;
    *best = 0.0;
    for (size_t k = 0; k < n_boxes; k++) {
        const double iou = ref_assign_iou(anchor, boxes + 4 * k);
        if (iou > *best) {
            *best = iou;
            found = (int)k;
        }
    }
    return found;
}

/* The largest IoU that any anchor has with the box. */
static double best_of_box(const float *anchors, size_t n_anchors, const float box[4])
{
    double best = 0.0;
    for (size_t i = 0; i < n_anchors; i++) {
        const double iou = ref_assign_iou(anchors + 4 * i, box);
        if (iou > best)
            best = iou;
    }
    return best;
}

int ref_assign_match(const float *anchors, size_t n_anchors, const float *boxes, size_t n_boxes, int *matches)
{
    for (size_t i = 0; i < n_anchors; i++) {
        double best;
        const int box = best_box_of(anchors + 4 * i, boxes, n_boxes, &best);
        matches[i] = best >= 0.5 ? box : best >= 0.4 ? FOVEA__IGNORED : FOVEA__BACKGROUND;
    }
    for (size_t k = 0; k < n_boxes; k++) {
        const double largest = best_of_box(anchors, n_anchors, boxes + 4 * k);
        for (size_t i = 0; i < n_anchors && largest > 0.0; i++) {
            double best;
            if (ref_assign_iou(anchors + 4 * i, boxes + 4 * k) >= largest)
                matches[i] = best_box_of(anchors + 4 * i, boxes, n_boxes, &best);
        }
    }
    int n_objects = 0;
    for (size_t i = 0; i < n_anchors; i++)
        n_objects += matches[i] >= 0;
    return n_objects;
}

static void note_gap(double *gap, double a, double b)
{
    const double between = fabs(a - b);
    if (between > 0.0 && between < *gap)
        *gap = between;
}

double ref_assign_gap(const float *anchors, size_t n_anchors, const float *boxes, size_t n_boxes, const int *matches)
{
    double gap = 1.0;
    for (size_t i = 0; i < n_anchors; i++) {
        double best;
        best_box_of(anchors + 4 * i, boxes, n_boxes, &best);
        note_gap(&gap, best, 0.4);
        note_gap(&gap, best, 0.5);
        for (size_t k = 0; k < n_boxes && matches[i] >= 0; k++)
            note_gap(&gap, best, ref_assign_iou(anchors + 4 * i, boxes + 4 * k));
    }
    for (size_t k = 0; k < n_boxes; k++) {
        const double largest = best_of_box(anchors, n_anchors, boxes + 4 * k);
        for (size_t i = 0; i < n_anchors; i++)
            note_gap(&gap, largest, ref_assign_iou(anchors + 4 * i, boxes + 4 * k));
    }
    return gap;
}
