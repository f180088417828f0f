/* A model run over annotated pictures, or detections from a file, held to the annotations: what 'evaluate' and the
 * validation of 'train' share. */
#ifndef FOVEA_APPS_JUDGE_H
#define FOVEA_APPS_JUDGE_H

#include "fovea.h"
#include "json_out.h"

#include <signal.h>

typedef struct judge_work {
    fovea_model *model;
    const char *images, *annotations;
    fovea_format format;
    fovea_detect_options detect;
    json_out *detections;              /* receives every detection in COCO's results format; NULL: not wanted */
    bool tells_wait;                   /* a terminal is told that kernels may have to be built first */
    const volatile sig_atomic_t *stop; /* leaves early once it is not 0; NULL: never */
} judge_work;

typedef struct judge_result {
    fovea_evaluation all;
    fovea_class_evaluation *classes;
    fovea_curve *curves; /* of the classes, at IoU .5 */
    fovea_curve whole;   /* of all classes at one score: sums of theirs, the best of scores .05, .06, ... 1, and no
                            precision by recall */
    size_t n_classes;
    fovea_evaluator *evaluator; /* owns the classes' names */
} judge_result;

typedef enum judge_outcome { JUDGE_DONE, JUDGE_FAILED, JUDGE_STOPPED } judge_outcome;

/* Runs the model over every annotated picture. A picture that cannot be read is a failure, told on stderr. */
judge_outcome judge_model(judge_result *result, const judge_work *work);

/* Holds the detections of a file in COCO's results format to the annotations; opens no device. */
judge_outcome judge_file(judge_result *result, const char *images, const char *annotations, fovea_format format,
                         const char *detections);

/* Are the annotated pictures there? Names the first that is not. */
bool judge_check(const char *images, const char *annotations, fovea_format format);

void judge_clear(judge_result *result);

enum { JUDGE_NUMBERS = 12 };

typedef struct judge_number {
    const char *name, *meaning;
    double value;
} judge_number;

/* COCO's numbers one by one. */
void judge_numbers(judge_number out[JUDGE_NUMBERS], const fovea_evaluation *e);

/* A score as a text that --min-score takes: rounded down, so that what scores as much still counts; "-" where F1, which
 * is best there, is not above 0. Returns text. */
const char *judge_score_text(char text[24], double f1, double score);

/* The twelve numbers and a row a class, under the names of COCO: "AP", "AP50", ... "classes"; and where F1 is best, of
 * all classes together and of each: "best_F1", "best_score". */
cJSON *judge_json(const judge_result *result);
void judge_print(const judge_result *result);

#endif
