/* The values of a table of options as JSON, by the options' names, and back: both ways by the table that also parses
 * the command line and prints the help. */
#ifndef FOVEA_APPS_OPTIONS_JSON_H
#define FOVEA_APPS_OPTIONS_JSON_H

#include "options.h"

#include <cjson/cJSON.h>

/* Numbers are as one would write them on the command line; null where an option has no value. Rows .of_the_call are
 * left out. */
cJSON *options_json(const options_table *table, const void *fields);

/* Sets the options that the "options" object of a JSON file has; null leaves one as it is. Returns the document, which
 * owns the texts that `fields` then borrows, or NULL after a sentence: an unknown name and the one that was probably
 * meant, or what an option takes and what it found. */
cJSON *options_json_read(const options_table *table, void *fields, const char *path);

#endif
