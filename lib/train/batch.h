/* One step's pictures and boxes, from the loader to the device. */
#ifndef FOVEA_TRAIN_BATCH_H
#define FOVEA_TRAIN_BATCH_H

#include "loader.h"
#include "model.h"
#include "sampler.h"

typedef struct fovea__batch_picture {
    fovea_image image; /* until the next batch is loaded */
    fovea__crop crop;  /* which part of the picture it is; width 0: all of it */
    size_t index;      /* in the data set */
    fovea__augment augment;
    int height, width; /* resized */
} fovea__batch_picture;

typedef struct fovea__batch {
    int size;
    fovea__batch_picture *pictures;
    int padded_height, padded_width; /* multiples of 32 that hold every resized picture */
    size_t n_boxes;
    float *host_boxes; /* [n_boxes][4], pixels of the resized picture */
    int32_t *host_labels, *host_offsets;
    size_t boxes_room, labels_room;
    fovea__buffer *pixels, *boxes, *labels, *offsets; /* as in assign.h; labels are class slots */
} fovea__batch;

fovea_status fovea__batch_create(fovea__batch **out, int size);
void fovea__batch_free(fovea__batch *batch); /* accepts NULL */

/* The size that a picture of height x width is resized to. */
void fovea__batch_resized(const fovea_train_options *plan, const fovea__augment *augment, int height, int width,
                          int *resized_height, int *resized_width);

/* Takes the next pictures from the loader, draws their augmentation, crops and resizes their boxes. Fails where a picture cannot
 * be read. */
fovea_status fovea__batch_load(fovea__batch *batch, fovea__loader *loader, const fovea__sampler *sampler,
                               const fovea_dataset *dataset, const fovea_train_options *plan, const fovea_model *model);

/* Uploads the pixels of part `part`, as many pictures as the network is planned for, and resizes them into its input;
 * with part 0 all parts' boxes go before them. */
fovea_status fovea__batch_upload(fovea__batch *batch, fovea__network *network, int part);

#endif
