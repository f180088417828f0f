/* Boxes relative to anchors: dx = (cx - cx_a) / w_a, dy alike, dw = ln(w / w_a), dh alike; weights 1. Decoding limits
 * dw and dh to ln(1000/16). */
#ifndef FOVEA_OPS_BOX_CODE_H
#define FOVEA_OPS_BOX_CODE_H

#include "tensor.h"

/* targets: [batch][n_anchors][4]: the code of the matched box, zeros where an anchor is no object. matches as in
 * assign.h, boxes [.][4]. */
fovea_status fovea__box_code_encode(fovea_device *device, const fovea__buffer *anchors, size_t n_anchors,
                                    const fovea__buffer *boxes, const fovea__buffer *matches, int batch,
                                    fovea__buffer *targets);

/* boxes[i] = decoded codes[i] at anchors[i], count of each. */
fovea_status fovea__box_code_decode(fovea_device *device, const fovea__buffer *anchors, const fovea__buffer *codes,
                                    size_t count, fovea__buffer *boxes);

#endif
