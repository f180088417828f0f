/* Box loss and gradient over one pyramid level: 1 - GIoU of the decoded box with the object's (Rezatofighi et al.
 * 2019), summed over anchors that are objects. With I the intersection's area, U the union's, C that of the smallest
 * box around both and e = 1e-7 it is 1 - I / (U + e) + (C - U) / (C + e), as torchvision has it: between 0 and 2. */
#ifndef FOVEA_OPS_GIOU_H
#define FOVEA_OPS_GIOU_H

#include "tensor.h"

typedef struct fovea__giou {
    size_t n_anchors, first_anchor;
    int first_picture; /* as in focal_loss.h */
} fovea__giou;

size_t fovea__giou_partials(fovea__shape codes);

/* codes, d_codes: [N][H][W][A 4], may be one buffer; anchors: [n_anchors][4]; boxes: [.][4], which matches count;
 * matches, scales, partials as in focal_loss.h. The gradient is that through the decoding of box_code.h: none for a dw
 * or dh beyond its limit. Where two edges are the same, each has half the slope. */
fovea_status fovea__giou_run(fovea_device *device, const fovea__giou *loss, const fovea__tensor *codes,
                             const fovea__buffer *anchors, const fovea__buffer *boxes, const fovea__buffer *matches,
                             const fovea__buffer *scales, fovea__tensor *d_codes, fovea__buffer *partials,
                             size_t first_partial);

#endif
