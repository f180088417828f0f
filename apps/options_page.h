/* Other forms of a table's help: a page of the manual, and lines for completion in bash. */
#ifndef FOVEA_APPS_OPTIONS_PAGE_H
#define FOVEA_APPS_OPTIONS_PAGE_H

#include "options.h"

#include <stdio.h>

/* Begins a page in roff: fovea(1) where command is NULL, else fovea-COMMAND(1). summary: one line, for its NAME. */
void options_page_begin(FILE *stream, const char *command, const char *summary);

/* Prints `text`, in which no line is taken for a request; and lines as they are, between .EX and .EE. */
void options_page_text(FILE *stream, const char *text);
void options_page_lines(FILE *stream, const char *heading, const char *lines);

/* What follows in the page of a table. */
void options_print_page(const options_table *table, FILE *stream);

/* Prints a table's case branches for bash, which set `options` and, behind an option with a value, `values` (words, or
 * a letter of compgen: -d for folders, -f for files). */
void options_print_bash(const options_table *table, FILE *stream);

#endif
