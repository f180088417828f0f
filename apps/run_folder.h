/* The folder of a training run: config.json, log.jsonl, model.safetensors, last.safetensors, evaluation.json.
 *
 * Order of writing, so that a run may be killed at any moment and resumed to the same bytes: where an evaluation is
 * due, last.safetensors is saved first, then model.safetensors if it is the best, then evaluation.json. A step that
 * evaluation.json does not list is evaluated again on resuming. Failures are told on stderr. */
#ifndef FOVEA_APPS_RUN_FOLDER_H
#define FOVEA_APPS_RUN_FOLDER_H

#include "folder.h"
#include "fovea.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

typedef struct run_folder {
    const char *path; /* borrowed */
    char config[FOLDER_PATH], log[FOLDER_PATH], model[FOLDER_PATH], last[FOLDER_PATH], evaluation[FOLDER_PATH];
    FILE *log_stream;
    cJSON *history; /* "step", "epoch", "AP", ... of each evaluation */
    double best_ap;
    bool has_last; /* there is a checkpoint to resume from */
} run_folder;

/* Looks at the folder, if there is one, and writes nothing. Refuses one that holds a run unless `resume`; one whose run
 * ended before its first step is as good as empty. */
bool run_folder_open(run_folder *run, const char *path, bool resume);

/* Does config.json, where there is one, agree with `config` in all options that may not change? An option's value is
 * that of "options", or of "resolved" where it is null there. Names the first that does not.
 * may_change tells by an option's name. */
bool run_folder_agrees(const run_folder *run, const cJSON *config, bool (*may_change)(const char *name));

/* Warns where config.json was written on another device, since the bits then differ. */
void run_folder_compare_device(const run_folder *run, const cJSON *config);

/* Begins writing after `steps_done` steps: makes the folder where it is missing, writes config.json (taken) unless a
 * resumed run has one, cuts the log behind that step and forgets later evaluations. Refuses while another process writes
 * there. */
bool run_folder_begin(run_folder *run, cJSON *config, int64_t steps_done);

/* Appends a line to log.jsonl. */
bool run_folder_log(run_folder *run, const char *line);

bool run_folder_was_evaluated(const run_folder *run, int64_t step);

/* Would an average precision be the best so far? */
bool run_folder_is_best(const run_folder *run, double ap);

/* How many evaluations there were since the best. */
int run_folder_since_best(const run_folder *run);

/* Keeps an evaluation. numbers (taken): what judge_json() makes; where it is the best it becomes evaluation.json's
 * body. */
bool run_folder_evaluated(run_folder *run, cJSON *numbers, int64_t step, double epoch);

void run_folder_close(run_folder *run);

/* Loads a model, or that of a run where `path` is its folder. */
fovea_status run_folder_load(fovea_model **out, fovea_device *device, const char *path,
                             const fovea_load_options *options);

#endif
