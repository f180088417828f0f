/* Memory that runs out, at any allocation one likes. Programs that use this are linked with
 * --wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free, so that what the library's own code allocates comes through
 * here; what OpenCL, libjpeg and cJSON allocate for themselves does not. */
#ifndef FOVEA_TESTS_STARVE_H
#define FOVEA_TESTS_STARVE_H

#include "support.h"

/* Runs `work` with the first, the second, ... of its allocations failing, until it asks for no more; of more than
 * `samples` allocations only about so many, spread evenly from another one on each run. Each time it must fail with
 * FOVEA_ERROR_MEMORY and give back all it had. `work` asserts nothing: the test library allocates too. at_least: allocations that must be seen.
 * may_succeed: it may also do without (a cache that cannot be read). */
void starve(const char *what, fovea_status (*work)(void), long at_least, long samples, bool may_succeed);

#endif
