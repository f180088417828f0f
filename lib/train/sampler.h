/* Which picture comes when, and how it is augmented: pure functions of seed and place k in the endless stream of pictures
 * (epoch after epoch, each in an order of its own), so a resumed run needs nothing but k. */
#ifndef FOVEA_TRAIN_SAMPLER_H
#define FOVEA_TRAIN_SAMPLER_H

#include "status.h"

typedef struct fovea__sampler {
    uint64_t seed;
    size_t pictures;
    uint64_t epoch; /* whose order is kept; UINT64_MAX: none yet */
    size_t *order;
} fovea__sampler;

fovea_status fovea__sampler_create(fovea__sampler **out, size_t pictures, uint64_t seed);
void fovea__sampler_free(fovea__sampler *sampler); /* accepts NULL */

/* The data set's index of the k-th picture. */
uint64_t fovea__sampler_picture(void *sampler, uint64_t k);

/* A picture's augmentation by the device; augment.h has what comes before. */
typedef struct fovea__augment {
    bool flip;
    int size;     /* shorter side, the same for all pictures of a step */
    double scale; /* factor on size and max_size */
} fovea__augment;

/* plan: resolved. */
fovea__augment fovea__sampler_augment(const fovea__sampler *sampler, const fovea_train_options *plan, uint64_t k);

#endif
