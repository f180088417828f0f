/* Which algorithm a convolution takes: a table from direction and shape to algorithm, as measured (conv2d_measure.h). A
 * shape that is not in it, to the last number, is left to the rule, fovea__conv2d_choose().
 *
 * Every device has a table, kept on disk beside its programs. A training run has its own, fixed before its first step
 * and kept in its checkpoints. As text a table is JSON, in the order of direction and shape:
 *   [{"direction":"forward","shape":[2,75,75,256,256,3,1,1],"algorithm":"direct"}, ...]
 * with the shape's numbers in the order of fovea__conv2d_shape, and on disk "gflops" and "rule_gflops" too. */
#ifndef FOVEA_OPS_CONV2D_CHOICES_H
#define FOVEA_OPS_CONV2D_CHOICES_H

#include "conv2d.h"

typedef struct fovea__conv2d_choice {
    fovea__conv2d_direction direction;
    fovea__conv2d_shape shape;
    fovea__conv2d_algorithm algorithm;
    double gflops, rule_gflops; /* measured, of the algorithm and of the rule's; 0: not known */
} fovea__conv2d_choice;

typedef struct fovea__conv2d_choices {
    fovea__conv2d_choice *items; /* in ascending order of direction and shape */
    size_t count, room;
    uint64_t version; /* moves with every change, so that plans made of it know */
} fovea__conv2d_choices;

/* 2 batch out_height out_width out_channels in_channels kernel^2: the operations of any direction. */
double fovea__conv2d_operations(const fovea__conv2d_shape *shape);

const char *fovea__conv2d_direction_name(fovea__conv2d_direction direction); /* "backward data". Static text */

/* NULL where the table (which may be NULL) has none. */
const fovea__conv2d_choice *fovea__conv2d_choices_find(const fovea__conv2d_choices *choices,
                                                       fovea__conv2d_direction direction,
                                                       const fovea__conv2d_shape *shape);

/* The table's algorithm where it has one that this device can run, else the rule's. choices may be NULL. */
fovea__conv2d_algorithm fovea__conv2d_choices_pick(const fovea__conv2d_choices *choices, fovea_device *device,
                                                   fovea__conv2d_direction direction,
                                                   const fovea__conv2d_shape *shape);

/* Adds a choice, or puts it in the place of the one for its direction and shape. */
fovea_status fovea__conv2d_choices_set(fovea__conv2d_choices *choices, const fovea__conv2d_choice *choice);
void fovea__conv2d_choices_clear(fovea__conv2d_choices *choices);

/* *text is freed with free(). parse: `name` stands for the text in messages; fails with FOVEA_ERROR_FORMAT, and then
 * *out is empty. */
fovea_status fovea__conv2d_choices_text(char **text, const fovea__conv2d_choices *choices, bool with_speeds);
fovea_status fovea__conv2d_choices_parse(fovea__conv2d_choices *out, const char *text, const char *name);

/* A device's table, borrowed from it. It is read from disk when first asked for; a file that cannot be used is told to
 * the device's log and left alone until the next save. */
fovea_status fovea__conv2d_choices_of(fovea__conv2d_choices **out, fovea_device *device);

/* Writes a device's table to disk, with what others have put there meanwhile: the folder is locked from reading to
 * writing, so that none of two that save at once is lost (where the file system has locks). Of a shape that both have,
 * this device's choice stays. A file that cannot be written is told to the log and is no failure. */
void fovea__conv2d_choices_save(fovea_device *device);

#endif
