/* Colour jitter as torchvision's ColorJitter defines it for pictures of floats: brightness, contrast, saturation and
 * hue, one after the other in any order, each clamped to 0..1; rounded to bytes once, at the end. */
#ifndef FOVEA_DATA_COLOUR_H
#define FOVEA_DATA_COLOUR_H

#include "status.h"

typedef enum fovea__colour_kind {
    FOVEA__COLOUR_BRIGHTNESS, /* v * factor */
    FOVEA__COLOUR_CONTRAST,   /* away from the mean of the picture's grey, grey being .2989 r + .587 g + .114 b */
    FOVEA__COLOUR_SATURATION, /* away from the pixel's grey */
    FOVEA__COLOUR_HUE,        /* turned by factor, -.5 to .5 of the circle of hues in HSV */
    FOVEA__COLOUR_KINDS
} fovea__colour_kind;

typedef struct fovea__colour_step {
    fovea__colour_kind kind;
    float factor; /* 1 changes nothing, 0 in the case of hue */
} fovea__colour_step;

/* Each kind once at most. */
typedef struct fovea__colour {
    int count;
    fovea__colour_step steps[FOVEA__COLOUR_KINDS];
} fovea__colour;

/* Changes a picture's colours. Fails only where memory for a row runs out; then nothing is changed. */
fovea_status fovea__colour_apply(fovea_image *image, const fovea__colour *colour);

#endif
