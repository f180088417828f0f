/* From the network's outputs and a batch's boxes to the two losses and the outputs' gradients (paper section 4.1). */
#ifndef FOVEA_TRAIN_LOSSES_H
#define FOVEA_TRAIN_LOSSES_H

#include "batch.h"

typedef struct fovea__losses {
    fovea__buffer *anchors, *matches, *n_objects, *scales, *targets;
    fovea__buffer *hardness; /* OHEM's loss an anchor */
    fovea__buffer *class_partials, *box_partials;
    fovea__buffer *work;
    fovea__buffer *state; /* floats: [0] sum of squares of the gradients, [1] class loss, [2] box loss (sgd.h) */
    fovea__anchors planned; /* whose anchors these are */
} fovea__losses;

fovea_status fovea__losses_create(fovea__losses **out, fovea_device *device);
void fovea__losses_free(fovea__losses *losses); /* accepts NULL */

/* Of part `part` of a batch, as many pictures as the network is planned for: puts the gradients in the outputs' place.
 * Part 0 first assigns the anchors of all parts, whose divisor is theirs together; the last
 * one writes both losses of all to state[1] and state[2]. */
fovea_status fovea__losses_run(fovea__losses *losses, fovea__network *network, const fovea__batch *batch,
                               const fovea_train_options *plan, int part);

/* After the last part went backward: divides gradients and losses where the divisor was not known before. That is so
 * with OHEM in several parts by the paper's profile, which divides by the objects kept of all parts. */
fovea_status fovea__losses_divide(fovea__losses *losses, fovea__network *network, const fovea__batch *batch,
                                  const fovea_train_options *plan, size_t first, size_t count);

#endif
