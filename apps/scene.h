/* Pictures drawn by the computer: many small shapes over a cluttered, textured ground, each with its tight box. */
#ifndef FOVEA_APPS_SCENE_H
#define FOVEA_APPS_SCENE_H

#include "fovea.h"

enum { SCENE_CLASSES = 6, SCENE_MAX_OBJECTS = 64 };

/* "disc", "square", "triangle", "ring", "cross", "star"; label 0 to SCENE_CLASSES - 1. */
const char *scene_class_name(int label);

typedef struct scene_plan {
    int width, height;
    int classes;    /* the first so many shapes are drawn, 1 to SCENE_CLASSES */
    int objects[2]; /* from so many to so many a picture; fewer where there is no room for them */
    double radius[2]; /* of the circle around a shape, as shares of the shorter side */
    int decoys;       /* halves of the shapes, which are no objects, drawn below them */
    uint64_t seed, picture; /* the same pair gives the same picture */
} scene_plan;

/* *image: the picture. boxes: room for SCENE_MAX_OBJECTS; *n_boxes: how many were drawn. */
fovea_status scene_draw(fovea_image *image, const scene_plan *plan, fovea_box *boxes, size_t *n_boxes);

#endif
