/* A large annotation file of random boxes, for the test and the bench of evaluation. */
#ifndef FOVEA_TESTS_MANY_BOXES_H
#define FOVEA_TESTS_MANY_BOXES_H

#include "random.h"

#include <stddef.h>

/* x y width height, whole numbers: corners in 500 x 500, sides from 1 to 140. */
void many_boxes_draw(double box[4], fovea__random *random);

/* COCO annotations of pictures 0, 1, ... with `boxes` boxes each, of random ones of the classes 0, 1, ...
 * Freed with free(); NULL where memory ran out. */
char *many_boxes_annotations(int pictures, int boxes, int classes);

#endif
