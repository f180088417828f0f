#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

fovea_status fovea__allocate(void *out, size_t count, size_t size, const char *what)
{
    void *made = NULL;
    if (size == 0 || count <= SIZE_MAX / size)
        made = calloc(count ? count : 1, size ? size : 1);
    memcpy(out, &made, sizeof made);
    if (!made)
        FOVEA_FAIL(FOVEA_ERROR_MEMORY, "out of memory: %zu x %zu bytes for %s", count, size, what);
    return FOVEA_OK;
}

fovea_status fovea__grow(void *array, size_t *capacity, size_t needed, size_t size, const char *what)
{
    if (needed <= *capacity)
        return FOVEA_OK;
    size_t room = *capacity < 8 ? 16 : *capacity * 2;
    if (room < needed)
        room = needed;
    void *old;
    memcpy(&old, array, sizeof old);
    void *made = room <= SIZE_MAX / size ? realloc(old, room * size) : NULL;
    if (!made)
        FOVEA_FAIL(FOVEA_ERROR_MEMORY, "out of memory: %zu x %zu bytes for %s", room, size, what);
    memcpy(array, &made, sizeof made);
    *capacity = room;
    return FOVEA_OK;
}

fovea_status fovea__copy_text(char **out, const char *text)
{
    const size_t size = strlen(text) + 1;
    FOVEA_TRY(fovea__allocate(out, size, 1, "a text"));
    memcpy(*out, text, size);
    return FOVEA_OK;
}
