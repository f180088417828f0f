/* Work in a process of its own: its memory is its own, and a driver that crashes takes nothing else with it. */
#ifndef FOVEA_APPS_APART_H
#define FOVEA_APPS_APART_H

#include <cjson/cJSON.h>

/* Returns the object that `work` makes in a child of this process, which must not have called OpenCL yet. Where there
 * is none, because the child crashed or memory ran out, it is {"error": SENTENCE}. NULL where there is no memory even
 * for that. */
cJSON *apart_run(cJSON *(*work)(void *context), void *context);

#endif
