/* The values of a table of options as JSON, by the options' names. */
#ifndef FOVEA_APPS_OPTIONS_JSON_H
#define FOVEA_APPS_OPTIONS_JSON_H

#include "options.h"

#include <cjson/cJSON.h>

/* Numbers are as one would write them on the command line; null where an option has no value. */
cJSON *options_json(const options_table *table, const void *fields);

#endif
