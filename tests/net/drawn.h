/* A tiny data set of this program's own: noisy pictures with bright and dark rectangles in them, written to the scratch
 * folder as JPEG and COCO JSON; and the narrow model that learns it. */
#ifndef FOVEA_TESTS_DRAWN_H
#define FOVEA_TESTS_DRAWN_H

#include "support.h"

typedef struct drawn_options {
    int pictures;
    int width, height;   /* of the first picture */
    bool unlike;         /* every other picture is turned on its side */
    bool last_is_empty;  /* the last picture has no box */
} drawn_options;

/* Writes the pictures to NAME/ and the boxes to NAME.json in the scratch folder, and opens them. */
fovea_dataset *drawn_dataset(const char *name, const drawn_options *options);

/* ResNet-18 of width 8 with 16 channels and one convolution a head, for the data set's two labels. */
fovea_model *drawn_model(fovea_norm norm, fovea_profile profile, uint64_t seed);

/* A trainer, and its steps up to number `step`; what the last of them told. Fails where a loss or norm is not finite. */
fovea_trainer *drawn_trainer(fovea_model *model, fovea_dataset *dataset, const fovea_train_options *options);
fovea_progress drawn_run_until(fovea_trainer *trainer, int64_t step);

/* A picture of noise. */
fovea_image drawn_noise(int width, int height, uint64_t seed);

/* True where two files hold the same bytes. */
bool drawn_same_files(const char *a, const char *b);

#endif
