/* Files that a call would write over: what it reads, models, pictures. */
#ifndef FOVEA_APPS_OPTIONS_FILES_H
#define FOVEA_APPS_OPTIONS_FILES_H

#include "options.h"

/* Can every file that the options name for writing be written without a loss? The first that cannot is told, as misuse. */
bool options_lose_nothing(const options_table *table, const void *fields, int n_operands, char **operands);

#endif
