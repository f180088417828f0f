/* A training as 'fovea train' runs it: what it holds, what comes before its first step, and its steps. Failures are told
 * on stderr. */
#ifndef FOVEA_APPS_TRAINING_H
#define FOVEA_APPS_TRAINING_H

#include "json_out.h"
#include "progress.h"
#include "run_folder.h"
#include "run_report.h"
#include "train_options.h"

typedef struct training {
    train_options o;
    run_folder run;
    fovea_dataset *dataset;
    fovea_device *device;
    fovea_model *model;
    fovea_trainer *trainer;
    json_out json;
    progress bar;
    run_report report;
    int64_t saved_step; /* of last.safetensors */
    double saved_at;
} training;

/* Everything before the first step, by the options alone: data, device, model, the state of a run that goes on, and
 * what is written in its folder. */
bool training_prepare(training *t);

/* Instead of that, --show-batches: all that a run needs to take its next step, but no run. */
bool training_show(training *t);

/* Before the first step of a run: measures what the device's table lacks. A run that goes on has its choices. */
bool training_tune(training *t);

/* Steps, checkpoints, evaluations and reports until the end or a signal. */
bool training_run(training *t);

/* Is there nothing left to do, by the schedule or by --patience? */
bool training_is_finished(const training *t);

#endif
