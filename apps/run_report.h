/* RUN/report.html: a training as a page, written anew each epoch: losses, rates, AP by epoch, what the kept evaluation
 * tells (review.h), options, device and version. Nothing of it reaches the training; what cannot be written is told on
 * stderr, and the training goes on. */
#ifndef FOVEA_APPS_RUN_REPORT_H
#define FOVEA_APPS_RUN_REPORT_H

#include "judge.h"
#include "run_folder.h"

enum { RUN_REPORT_POINTS = 600 };

/* Sums over steps that follow each other. */
typedef struct run_report_point {
    double steps, step, class_loss, box_loss, learning_rate, gradient_norm, images_per_second;
} run_report_point;

typedef struct run_report {
    char path[FOLDER_PATH];
    const run_folder *run; /* borrowed */
    cJSON *config;         /* what config.json holds; owned */
    run_report_point points[RUN_REPORT_POINTS];
    int n_points;
    int64_t stride; /* steps that a point stands for: doubled whenever there is no more room */
    judge_result shown; /* the evaluation that the page tells of */
    const char *images; /* of its pictures, borrowed */
    char about[160];    /* which one it is */
    bool is_best;
    double written_at; /* seconds of the monotonic clock */
} run_report;

/* Takes the steps of a run that goes on from its log. config is taken. */
void run_report_begin(run_report *report, const run_folder *run, cJSON *config);

void run_report_step(run_report *report, const fovea_progress *now);

/* Keeps an evaluation (result is taken and left zeroed) where it is the best, or while the best one is not known. */
void run_report_evaluated(run_report *report, judge_result *result, const char *images, int64_t step, double epoch,
                          bool best);

/* Writes the page. Where epochs take no time at all, only the last one has to be told of at once. */
void run_report_write(run_report *report, bool last);
void run_report_clear(run_report *report);

#endif
