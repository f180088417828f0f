/* What a file of weights did not hold. */
#ifndef FOVEA_APPS_UNTRAINED_H
#define FOVEA_APPS_UNTRAINED_H

#include "fovea.h"

#include <cjson/cJSON.h>

/* Says on stderr, in one line, how many tensors of the model `file` did not hold and in which modules they are; nothing
 * where it held all. */
void untrained_print(const char *file, const fovea_model *model);

/* Their names, all of them, as a list; NULL where there are none. */
cJSON *untrained_json(const fovea_model *model);

#endif
