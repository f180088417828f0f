/* Tuning: which convolutions networks ask for, measured the heaviest first within a time, into the device's table of
 * choices; and the part of that table that a training run holds on to. */
#ifndef FOVEA_NET_TUNER_H
#define FOVEA_NET_TUNER_H

#include "network.h"

typedef struct fovea__tuner_item {
    fovea__conv2d_direction direction;
    fovea__conv2d_shape shape;
    double operations; /* of all its uses */
} fovea__tuner_item;

/* Begins zeroed. */
typedef struct fovea__tuner {
    fovea__tuner_item *items;
    size_t count, room;
} fovea__tuner;

/* Adds what a network does with one batch of a padded size, counted `times`: forward, and in training backward as far
 * as it goes. The network loses its plan. */
fovea_status fovea__tuner_add(fovea__tuner *tuner, fovea__network *network, int batch, int height, int width,
                              double times);

/* Measures what the device's table lacks (all of it where `again`), and saves the table. After `seconds` it ends with the
 * algorithm that is being tried. What cannot be measured is told to the device's log; it keeps the choice that it had, and
 * where it had none, the rule's. report may be NULL. */
fovea_status fovea__tuner_run(fovea__tuner *tuner, fovea_device *device, double seconds, bool again,
                              fovea_tune_callback report, void *cookie);
void fovea__tuner_clear(fovea__tuner *tuner);

/* Copies from the device's table what a training with batches of `batch` may meet and the rule would choose otherwise:
 * the layers of the network, at that batch in every direction, and forward for one picture (evaluation). */
fovea_status fovea__tuner_pick(fovea__conv2d_choices *out, const fovea__network *network, int batch);

#endif
