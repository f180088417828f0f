/* A random part of a picture, as SSD (Liu et al. 2016, section 2.2) and torchvision's RandomIoUCrop draw it: .3 to 1 of
 * each side, its sides' ratio within 1:2 and 2:1, with the centre of a box in it whose overlap (IoU) with the part is at
 * least 0, .1, .3, .5, .7 or .9, drawn too. A box stays where its centre is in the part, cut to it. */
#ifndef FOVEA_DATA_CROP_H
#define FOVEA_DATA_CROP_H

#include "random.h"
#include "status.h"

/* Whole pixels; width 0: the whole picture. */
typedef struct fovea__crop {
    int left, top, width, height;
} fovea__crop;

/* Draws a part of a picture of width x height; of one without boxes, any that is large enough. At least one box stays where
 * there is one. Where 50 times 40 trials find none, it is the whole picture. */
fovea__crop fovea__crop_draw(fovea__random *random, const fovea_box *boxes, size_t n_boxes, int width, int height);

/* Makes a picture that part of it, which lies within. */
void fovea__crop_image(fovea_image *image, const fovea__crop *crop);

/* *out: the box in pixels of the part. False where it does not stay. */
bool fovea__crop_box(fovea_box *out, const fovea_box *box, const fovea__crop *crop);

#endif
