/* COCO's evaluation of boxes, to the last digit as pycocotools 2.0.11 does it (COCOeval, iouType "bbox"):
 *   coco_truth    reads annotations into truths, sorted by category and picture
 *   coco_eval     opens, closes, takes detections
 *   coco_match    assigns the detections of one category in one picture to its truths
 *   coco_curve    turns one category's matches into precision and recall
 *   coco_walk     goes over categories and their pictures, matching
 *   coco_numbers  sums up
 *   coco_points   precision by recall and by score
 *   coco_pairs    which detection was matched with which truth, and what the others lie on
 *
 * Where pycocotools would stop on what is absent this goes on: no "iscrowd" is 0, no "area" is width times height, and
 * an empty list of results is none. */
#ifndef FOVEA_EVAL_COCO_EVAL_H
#define FOVEA_EVAL_COCO_EVAL_H

#include "json.h"

enum {
    FOVEA__EVAL_RANGES = 4,      /* of area: all, small, medium, large */
    FOVEA__EVAL_THRESHOLDS = 10, /* of IoU: .5, .55, ... .95 */
    FOVEA__EVAL_RECALLS = FOVEA_CURVE_POINTS, /* 0, .01, ... 1 */
    FOVEA__EVAL_LIMITS = 3,      /* of detections a picture and category: 1, 10, 100 */
    FOVEA__EVAL_MOST = 100,
    FOVEA__EVAL_NOWHERE = -1 /* place of an id that is not declared */
};

typedef struct fovea__eval_picture {
    int64_t id;
    char *file_name; /* "" where the annotations give none */
} fovea__eval_picture;

typedef struct fovea__eval_category {
    int64_t id;
    char *name;
} fovea__eval_category;

/* One annotated box. */
typedef struct fovea__eval_truth {
    int32_t category, picture; /* places in the evaluator's arrays */
    int64_t id; /* pycocotools takes a match with 0 for none, since it keeps matches by id */
    bool crowd; /* may be matched many times; IoU is over the detection's area */
    uint8_t ignored;           /* bit r: ignored in area range r */
    double box[4];             /* x y width height */
} fovea__eval_truth;

typedef struct fovea__eval_detection {
    int32_t category, picture;
    double box[4], score;
    size_t order; /* in which it was added */
} fovea__eval_detection;

/* What became of one detection. Bit r * THRESHOLDS + t stands for area range r and IoU threshold t. */
typedef struct fovea__eval_verdict {
    double score;
    uint64_t matched, ignored;
    int32_t rank;   /* among its picture's detections of the category, strongest first */
    int32_t chosen; /* place of the truth that it took in area range all at the scratch's threshold; -1: none */
    size_t order;   /* over all pictures, in ascending id, then by rank */
} fovea__eval_verdict;

/* Scratch for the truths of one picture and category. */
typedef struct fovea__eval_scratch {
    size_t room;
    int threshold;    /* place of the IoU threshold that a verdict's `chosen` is about */
    double *overlap;  /* of each candidate with the detection */
    uint32_t *nearby; /* candidates, as places in the picture's truths */
    uint64_t *taken;  /* bits as in a verdict: matched by a stronger detection */
} fovea__eval_scratch;

/* One category's figures; -1 where an area range holds nothing to be found. */
typedef struct fovea__eval_curve {
    double precision[FOVEA__EVAL_RANGES][FOVEA__EVAL_THRESHOLDS]; /* mean over recalls, 100 detections */
    double recall[FOVEA__EVAL_LIMITS][FOVEA__EVAL_RANGES][FOVEA__EVAL_THRESHOLDS];
} fovea__eval_curve;

struct fovea_evaluator {
    char *file;                       /* of the annotations, for messages */
    fovea__eval_picture *pictures;    /* in ascending id */
    uint32_t *file_order;             /* places in pictures, in file order */
    fovea__eval_category *categories; /* in ascending id */
    fovea__eval_truth *truths;        /* by category, picture, then pycocotools' order */
    fovea__eval_detection *detections;
    size_t n_pictures, n_categories, n_truths, n_detections, detections_room;
    size_t n_sorted; /* leading detections that are in order: all of them, or nobody asked since some were added */
};

/* One category in one picture: places in the evaluator's arrays. */
typedef struct fovea__eval_spot {
    size_t truth, n_truths, detection, n_detections;
} fovea__eval_spot;

/* What a walk over the categories has passed, and its room for one category. Begins zeroed but for the evaluator, and
 * takes every category in ascending order. */
typedef struct fovea__eval_walk {
    const fovea_evaluator *evaluator;
    size_t truth, detection; /* first that are not passed yet */
    fovea__eval_scratch scratch;
    fovea__eval_verdict *verdicts;
    double *work;
    size_t n_verdicts, verdicts_room, work_room;
} fovea__eval_walk;

/* Sorts the detections by category and picture; then strongest first, of equal scores in the order in which they were
 * added. */
void fovea__eval_sort(fovea_evaluator *evaluator);

/* The next picture in which `category` has truths or detections; false where there is none left. */
bool fovea__eval_next(fovea__eval_walk *walk, int32_t category, fovea__eval_spot *out);

/* Matches the detections of a spot that count into verdicts[n_verdicts] and on. */
fovea_status fovea__eval_match_spot(fovea__eval_walk *walk, const fovea__eval_spot *spot);

/* Matches one category in all pictures, and makes room in `work`. objects[r]: truths that are not ignored in area range
 * r; *annotated: those that are no crowd. */
fovea_status fovea__eval_match_category(fovea__eval_walk *walk, int32_t category, size_t objects[FOVEA__EVAL_RANGES],
                                        int64_t *annotated);
void fovea__eval_walk_clear(fovea__eval_walk *walk);

/* The place of an IoU among the ten thresholds (0: of .5), and that threshold to the last digit; FOVEA_ERROR_ARGUMENT
 * where it is none of them. */
fovea_status fovea__eval_threshold(int *out, double *exact, double iou, const char *caller);

/* As maskApi.c's bbIou, NaN and negative sizes included; boxes as x y width height. */
double fovea__eval_iou(const double detection[4], const double truth[4], bool crowd);

/* Orders verdicts from the strongest on. */
void fovea__eval_order_verdicts(fovea__eval_verdict *verdicts, size_t n);

/* Precision at each of COCO's recalls at one bit of sorted verdicts, and the score that reaches it; 0 where none does.
 * scores may be NULL; work: room for n doubles. */
void fovea__eval_precision(double precision[FOVEA__EVAL_RECALLS], double *scores, const fovea__eval_verdict *verdicts,
                           size_t n, uint64_t bit, double objects, double *work);

/* Fills a zeroed evaluator; on failure what was made stays in it, to be freed by closing. */
fovea_status fovea__eval_read_truths(fovea_evaluator *evaluator, const cJSON *root);

/* Places of ids; FOVEA__EVAL_NOWHERE where not declared. */
int32_t fovea__eval_find_picture(const fovea_evaluator *evaluator, int64_t id);
int32_t fovea__eval_find_category(const fovea_evaluator *evaluator, int64_t id);

/* Bit r is set where an area lies outside of area range r. */
uint8_t fovea__eval_outside(double area);

/* Matches the detections (strongest first, at most FOVEA__EVAL_MOST) of one category in one picture to its truths.
 * verdicts: one a detection; its order is not set. */
fovea_status fovea__eval_match(fovea__eval_verdict *verdicts, const fovea__eval_detection *detections,
                               size_t n_detections, const fovea__eval_truth *truths, size_t n_truths,
                               fovea__eval_scratch *scratch);
void fovea__eval_scratch_clear(fovea__eval_scratch *scratch);

/* Precision and recall of one category. Sorts the verdicts. objects[r]: truths that are not ignored in range r.
 * work: room for n doubles. */
void fovea__eval_measure(fovea__eval_curve *out, fovea__eval_verdict *verdicts, size_t n,
                         const size_t objects[FOVEA__EVAL_RANGES], double *work);

/* Orders by descending score; NaN comes last, as in numpy. Negative: a comes first; 0: equal. */
int fovea__eval_compare_scores(double a, double b);

/* fovea_evaluator_open() and fovea_evaluator_add_file() from memory; `name` stands for the file in messages. */
fovea_status fovea__eval_open_text(fovea_evaluator **out, const char *text, size_t size_bytes, const char *name);
fovea_status fovea__eval_add_text(fovea_evaluator *evaluator, const char *text, size_t size_bytes, const char *name);

#endif
