/* Which anchor learns which box (paper section 4): IoU >= .5 object, < .4 background, between them ignored; besides,
 * each box's best anchors (all that tie, IoU > 0 only) become objects, and learn the box that they themselves overlap
 * most (torchvision's rule). Of equal IoUs the lower box index wins. */
#ifndef FOVEA_OPS_ASSIGN_H
#define FOVEA_OPS_ASSIGN_H

#include "tensor.h"

#define FOVEA__BACKGROUND (-1)
#define FOVEA__IGNORED (-2)

size_t fovea__assign_workspace_bytes(size_t n_anchors, size_t n_boxes);

/* anchors: [n_anchors][4] floats. boxes: [n_boxes][4] floats, all pictures' one after the other; offsets: int32
 * [batch+1], picture n has boxes offsets[n] .. offsets[n+1]-1; may have none (all background).
 * matches: int32 [batch][n_anchors], index into boxes, FOVEA__BACKGROUND or FOVEA__IGNORED.
 * n_objects: int32 [batch], anchors that are objects. */
fovea_status fovea__assign(fovea_device *device, const fovea__buffer *anchors, size_t n_anchors,
                           const fovea__buffer *boxes, size_t n_boxes, const fovea__buffer *offsets, int batch,
                           fovea__buffer *matches, fovea__buffer *n_objects, fovea__buffer *workspace);

/* scales[n] = what picture n's losses are multiplied by: 1 / max(1, sum of n_objects), or, per_picture,
 * 1 / (batch max(1, n_objects[n])). */
fovea_status fovea__assign_scales(fovea_device *device, const fovea__buffer *n_objects, int batch, bool per_picture,
                                  fovea__buffer *scales);

#endif
