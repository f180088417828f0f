/* The options of 'fovea train': the table, what they mean to the library, and config.json's view of them. */
#ifndef FOVEA_APPS_TRAIN_OPTIONS_H
#define FOVEA_APPS_TRAIN_OPTIONS_H

#include "data_options.h"
#include "fovea.h"

#include <cjson/cJSON.h>

typedef struct train_options {
    data_options data; /* its format is the validation set's too */
    const char *val_images, *val_annotations, *out, *weights, *device, *json;
    int depth, norm, profile, optimizer, schedule, loss, box_loss, head_norm;
    double prior, norm_epsilon;
    fovea_model_options model; /* the fields that are options as they stand */
    fovea_train_options plan;
    int save_every, eval_every, patience;
    bool resume, time_kernels;
    const char *show_batches;
    const char *config; /* the file of options that came before the command line's */
    cJSON *document;    /* of that file; owns texts above */
    cJSON *given;       /* options by their names as they were given, before defaults that follow from others */
} train_options;

extern const options_table train_options_table;

/* Reads --config's file (with --resume and without --config RUN/config.json, where there is one), then parses the
 * command line over it, and checks; what was not given holds its default afterwards. To be cleared, whatever the
 * result. */
options_result train_options_parse(train_options *o, int argc, char **argv);

void train_options_clear(train_options *o);

/* Adds to a run's config.json: "options", each by its name as it was given or by default, which is what --config takes,
 * and "resolved", the values that followed from other options. */
void train_options_add_json(cJSON *config, const train_options *o);

/* The largest that pictures are resized to in training. */
int train_options_largest_size(const train_options *o);

/* May an option differ between a run's beginning and its resumption? Those that decide its bits may not. */
bool train_options_may_change(const char *name);

#endif
