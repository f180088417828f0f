/* The ground of a synthetic picture: noise of several scales, lines and soft blobs that are no objects. */
#ifndef FOVEA_APPS_GROUND_H
#define FOVEA_APPS_GROUND_H

#include "fovea.h"

/* Random numbers for drawing: splitmix64 (Steele, Lea, Flood 2014), the same on every machine. */
typedef struct ground_random {
    uint64_t state;
} ground_random;

double ground_uniform(ground_random *random); /* [0, 1) */

/* A picture being painted, RGB from 0 to 255, [height][width][3]. */
typedef struct canvas {
    float *pixels;
    int width, height;
} canvas;

/* Makes and paints a ground. False where memory ran out. */
bool ground_draw(canvas *out, ground_random *random, int width, int height);

/* Adds the camera's noise, rounds into `image` (of the same size) and frees the canvas. */
void ground_finish(fovea_image *image, canvas *from, ground_random *random);

#endif
