/* The options of 'fovea train': the table, what they mean to the library, and config.json's view of them. */
#ifndef FOVEA_APPS_TRAIN_OPTIONS_H
#define FOVEA_APPS_TRAIN_OPTIONS_H

#include "fovea.h"
#include "options.h"

#include <cjson/cJSON.h>

typedef struct train_options {
    const char *images, *annotations, *val_images, *val_annotations, *out;
    const char *weights, *device, *json;
    int depth, norm, profile, loss;
    double prior, norm_epsilon;
    fovea_model_options model; /* the fields that are options as they stand */
    fovea_train_options plan;
    int save_every, eval_every;
    bool resume, time_kernels;
} train_options;

extern const options_table train_options_table;

/* Parses and checks; what was not given holds its default afterwards. */
options_result train_options_parse(train_options *o, int argc, char **argv);

/* Every option by its name, defaults too. */
cJSON *train_options_json(const train_options *o);

/* May an option differ between a run's beginning and its resumption? Those that decide its bits may not. */
bool train_options_may_change(const char *name);

#endif
