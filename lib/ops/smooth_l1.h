/* Box loss and gradient over one pyramid level: 0.5 d^2 / beta where |d| < beta, else |d| - beta / 2 (Girshick 2015);
 * beta 0 is L1. Summed over the four codes of anchors that are objects. */
#ifndef FOVEA_OPS_SMOOTH_L1_H
#define FOVEA_OPS_SMOOTH_L1_H

#include "tensor.h"

typedef struct fovea__smooth_l1 {
    float beta;
    size_t n_anchors, first_anchor;
    int first_picture; /* as in focal_loss.h, of targets too */
} fovea__smooth_l1;

size_t fovea__smooth_l1_partials(fovea__shape codes);

/* codes, d_codes: [N][H][W][A 4], may be one buffer; targets: [N][n_anchors][4]; matches, scales, partials as in
 * focal_loss.h. L1's gradient at 0 is 0. */
fovea_status fovea__smooth_l1_run(fovea_device *device, const fovea__smooth_l1 *loss, const fovea__tensor *codes,
                                  const fovea__buffer *targets, const fovea__buffer *matches,
                                  const fovea__buffer *scales, fovea__tensor *d_codes, fovea__buffer *partials,
                                  size_t first_partial);

#endif
