/* FL(p_t) = -alpha_t (1 - p_t)^gamma log p_t (paper section 3.2) over K sigmoids an anchor, and its gradient
 * y alpha_t (1 - p_t)^gamma (gamma p_t log p_t + p_t - 1) (eq. 10), in one pass over one pyramid level. gamma 0 is
 * (with alpha: balanced) cross entropy. Finite for every finite logit and every gamma >= 0: log p_t by log-sigmoid. */
#ifndef FOVEA_OPS_FOCAL_LOSS_H
#define FOVEA_OPS_FOCAL_LOSS_H

#include "tensor.h"

typedef struct fovea__focal_loss {
    float alpha; /* weight of objects, 1 - alpha of background; negative: every alpha_t is 1 */
    float gamma;
    int classes;         /* K; logits have A K channels, (anchor, class) rows */
    size_t n_anchors;    /* of the whole pyramid, for matches */
    size_t first_anchor; /* of this level */
    int first_picture;   /* the logits' first one's place in matches and scales */
} fovea__focal_loss;

/* How many partial sums a level of this shape yields. */
size_t fovea__focal_loss_partials(fovea__shape logits);

/* logits, d_logits: [N][H][W][A K], may be one buffer. matches: int32 [N][n_anchors]; labels: int32, the class of each
 * box that matches points to; scales: [N] (assign.h). Ignored anchors give 0.
 * d_logits = scales[n] dFL/dlogit; partials[first_partial ...]: sums of scales[n] FL, to be summed by reduce_sum. */
fovea_status fovea__focal_loss_run(fovea_device *device, const fovea__focal_loss *loss, const fovea__tensor *logits,
                                   const fovea__buffer *matches, const fovea__buffer *labels,
                                   const fovea__buffer *scales, fovea__tensor *d_logits, fovea__buffer *partials,
                                   size_t first_partial);

#endif
