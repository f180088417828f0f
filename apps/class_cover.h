/* How many boxes of each class the anchors of a model cover. A rare class may be missed whole where nearly all boxes
 * are covered. */
#ifndef FOVEA_APPS_CLASS_COVER_H
#define FOVEA_APPS_CLASS_COVER_H

#include "fovea.h"

typedef struct class_cover {
    const char *name; /* borrowed from the data set */
    int64_t id;
    int label;
    int64_t boxes, covered;
} class_cover;

typedef struct class_covers {
    class_cover *items; /* those with the smallest part covered first, those without boxes last */
    int count;
} class_covers;

/* Counts rows of fovea_coverage_measure(). False, with a zeroed *out, after a sentence. */
bool class_covers_count(class_covers *out, const fovea_dataset *set, const fovea_cover *covers, size_t count);
void class_covers_free(class_covers *covers);

/* How many classes have less than half of their boxes covered; they come first. */
int class_covers_poor(const class_covers *covers);

/* Names these: "Platelets: 36 of 209 boxes; Ring: 0 of 4 boxes; and 3 more classes". */
enum { CLASS_COVER_TEXT = 320 };
const char *class_covers_name_poor(const class_covers *covers, char out[CLASS_COVER_TEXT]);

/* Names them on stderr before a training with these options, none of which is 0. Of more than 200,000 boxes those of
 * evenly chosen pictures are looked at; where that fails nothing is said, for the training will. */
void class_covers_warn(const fovea_dataset *set, const fovea_coverage_options *options);

#endif
