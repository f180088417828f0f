/* What an evaluation has to tell: numbers, curves, confusions, mistakes; as sections of a page. */
#ifndef FOVEA_APPS_REVIEW_H
#define FOVEA_APPS_REVIEW_H

#include "judge.h"
#include "page.h"

/* What counts of a class, and what became of it. */
typedef struct review_class {
    double score; /* the least that counts: where its F1 is best; that of all classes where nothing of it is right */
    double right, wrong;
} review_class;

typedef struct review_name_of {
    int64_t id;
    const char *name; /* borrowed from the evaluator */
} review_name_of;

typedef struct review {
    const judge_result *result; /* borrowed */
    const char *images;         /* the pictures' folder, borrowed; NULL: none to be shown */
    review_class *classes;      /* those of the result */
    fovea_match *all;           /* every detection and object, at IoU .5 */
    fovea_match *matches;       /* detections that count, and every object */
    size_t n_all, n_matches;
    const fovea_match **mistakes; /* of the matches those that are wrong: detections, the surest first, then missed
                                     objects, the largest first. The number that users see is the place here + 1 */
    size_t n_mistakes, n_wrong;   /* n_wrong: detections */
    review_name_of *pictures;     /* by ascending id */
    double score; /* of all classes: where F1 of all together is best, .05 where nothing is right */
} review;

/* Makes a review; false after a sentence. review_clear() releases it either way. */
bool review_make(review *r, const judge_result *result, const char *images);
void review_clear(review *r);

/* The place of a class by its id; n_classes where there is none. */
size_t review_place(const review *r, int64_t category_id);

/* The name of a class by its id; "" where there is none. */
const char *review_name(const review *r, int64_t category_id);

/* The file name of a picture by its id; "" where there is none. */
const char *review_picture(const review *r, int64_t image_id);
bool review_has_picture(const review *r, int64_t image_id);

/* The matches of a picture: those from *first on before *end. */
void review_matches_of(const review *r, int64_t image_id, size_t *first, size_t *end);

enum { REVIEW_LINKS = 8 };

/* Links to the sections; returns how many there are. */
size_t review_links(page_link out[REVIEW_LINKS], const review *r);

/* Every section but the pictures, and those. */
void review_write(FILE *to, const review *r);
void review_write_pictures(FILE *to, const review *r);

#endif
