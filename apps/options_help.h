/* The help text of a table of options. */
#ifndef FOVEA_APPS_OPTIONS_HELP_H
#define FOVEA_APPS_OPTIONS_HELP_H

#include "options.h"

#include <stdio.h>

/* Prints usage, options and examples, within 80 columns. */
void options_print_help(const options_table *table, FILE *stream);

/* Writes what an option's value may be: "a whole number from 1 to 512". */
void options_expected(const options_row *row, char *out, size_t size);

#endif
