/* What an evaluation has to tell: numbers, curves, confusions, mistakes; as sections of a page. */
#ifndef FOVEA_APPS_REVIEW_H
#define FOVEA_APPS_REVIEW_H

#include "judge.h"

typedef struct review {
    const judge_result *result; /* borrowed; the rows of curves are those of its classes */
    const char *images;         /* the pictures' folder, borrowed; NULL: none to be shown */
    fovea_curve *curves;        /* at IoU .5 */
    fovea_match *all;           /* every detection and object */
    fovea_match *matches;       /* those that score at least `score` */
    size_t n_all, n_matches;
    double score; /* at which F1 over all classes together is best, of .05, .06, ... 1 */
    double right, wrong, objects; /* at that score */
} review;

/* Makes a review; false after a sentence. review_clear() releases it either way. */
bool review_make(review *r, const judge_result *result, const char *images);
void review_clear(review *r);

/* The name of a class by its id; "" where there is none. */
const char *review_class(const review *r, int64_t category_id);

/* The file name of a picture by its id; "" where there is none. */
const char *review_picture(const review *r, int64_t image_id);

/* Every section but the pictures, and those. */
void review_write(FILE *to, const review *r);
void review_write_pictures(FILE *to, const review *r);

#endif
