/* What the decoding threads do to a training picture: a crop, then colours. It follows from the seed and the place k in the
 * stream of pictures alone, whoever does it. */
#ifndef FOVEA_DATA_AUGMENT_H
#define FOVEA_DATA_AUGMENT_H

#include "colour.h"
#include "crop.h"

/* All zeros: nothing is done. */
typedef struct fovea__augment_plan {
    uint64_t seed;
    double crop;                             /* chance */
    double brightness, contrast, saturation; /* factors are drawn from max(0, 1 - x) to 1 + x */
    double hue;                              /* turns from -x to x */
} fovea__augment_plan;

/* The part of the k-th picture, of width x height, that is kept. */
fovea__crop fovea__augment_crop(const fovea__augment_plan *plan, uint64_t k, const fovea_picture *picture, int width,
                                int height);

/* The k-th picture's colours: the steps that are asked for, in an order that is drawn too. */
fovea__colour fovea__augment_colour(const fovea__augment_plan *plan, uint64_t k);

/* Does both to the k-th picture; *crop is for its boxes. */
fovea_status fovea__augment_picture(const fovea__augment_plan *plan, uint64_t k, const fovea_picture *picture,
                                    fovea_image *image, fovea__crop *crop);

#endif
