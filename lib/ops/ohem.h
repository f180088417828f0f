/* Online hard example mining, the paper's rival (section 5.1; Shrivastava et al. 2016): of each picture's anchors,
 * those of the highest cross entropy stay after NMS, the others are ignored. */
#ifndef FOVEA_OPS_OHEM_H
#define FOVEA_OPS_OHEM_H

#include "tensor.h"

typedef struct fovea__ohem {
    int batch;         /* anchors kept a picture */
    float nms;         /* IoU above which the weaker anchor goes */
    bool one_to_three; /* at most three background anchors for each object kept, or 3 where there is none */
    int classes;
    size_t n_anchors;
    int first_picture; /* the first one's place in matches, losses and n_objects */
} fovea__ohem;

/* losses[n][first_anchor + a] = sum over classes of the cross entropy of one level's anchors; -1 where ignored. A NaN
 * counts as INFINITY: its anchor stays, so that the loss that is taken afterwards shows it. */
fovea_status fovea__ohem_score(fovea_device *device, const fovea__ohem *ohem, const fovea__tensor *logits,
                               size_t first_anchor, const fovea__buffer *matches, const fovea__buffer *labels,
                               fovea__buffer *losses);

size_t fovea__ohem_workspace_bytes(const fovea__ohem *ohem);

/* Of `batch` pictures from first_picture on, sets matches to FOVEA__IGNORED for every anchor that is not kept, and
 * n_objects to the objects kept. Candidates are the strongest 4096 (or all, if fewer) a picture by loss, of equal ones
 * the lower index. NMS takes them strongest first, until ohem->batch are kept: all objects that came so far, and of the
 * background the hardest, with one_to_three at most three times as many as objects (or 3). */
fovea_status fovea__ohem_select(fovea_device *device, const fovea__ohem *ohem, const fovea__buffer *losses,
                                const fovea__buffer *anchors, int batch, fovea__buffer *matches,
                                fovea__buffer *n_objects, fovea__buffer *workspace);

/* values[first .. first+count) times factors[0]. Mined in parts, a batch's divisor is known after the last one:
 * gradients are summed without it, and divided once. */
fovea_status fovea__ohem_rescale(fovea_device *device, const fovea__buffer *factors, fovea__buffer *values,
                                 size_t first, size_t count);

#endif
