/* The library's one way to host memory. Sizes are checked for overflow; a failure is a status with a sentence. */
#ifndef FOVEA_BASE_MEMORY_H
#define FOVEA_BASE_MEMORY_H

#include "status.h"

/* *out: zeroed room for `count` items of `size` bytes (never NULL on success, also for 0 items); NULL on failure.
 * out is a pointer to any object pointer; `what` names the thing in the message. Freed with free(). */
fovea_status fovea__allocate(void *out, size_t count, size_t size, const char *what);

/* Grows the array *array so that it holds `needed` items of `size` bytes: at least doubled, kept as it was on failure.
 * *capacity is the room in items. */
fovea_status fovea__grow(void *array, size_t *capacity, size_t needed, size_t size, const char *what);

/* *out: a copy of `text`, freed with free(). */
fovea_status fovea__copy_text(char **out, const char *text);

#endif
