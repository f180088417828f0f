/* The sentence of the last failure, one a thread. */
#include "status.h"

#include <stdio.h>
#include <string.h>

static _Thread_local char message[1024];

const char *fovea_error(void)
{
    return message;
}

fovea_status fovea__fail(fovea_status status, const char *format, ...)
{
    char text[sizeof message]; /* the arguments may point into the old message */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    memcpy(message, text, sizeof text);
    return status;
}

fovea_status fovea__fail_in(fovea_status status, const char *format, ...)
{
    char text[sizeof message];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length > 0 && (size_t)length < sizeof text - 2) {
        const size_t room = sizeof text - (size_t)length;
        const size_t rest = strnlen(message, room - 3);
        memcpy(text + length, ": ", 2);
        memcpy(text + length + 2, message, rest);
        text[(size_t)length + 2 + rest] = '\0';
    }
    memcpy(message, text, sizeof text);
    return status;
}

fovea__error_kept fovea__error_keep(void)
{
    fovea__error_kept kept;
    memcpy(kept.message, message, sizeof message);
    return kept;
}

void fovea__error_restore(const fovea__error_kept *kept)
{
    memcpy(message, kept->message, sizeof message);
}

const char *fovea_status_name(fovea_status status)
{
    switch (status) {
    case FOVEA_OK: return "FOVEA_OK";
    case FOVEA_ERROR_ARGUMENT: return "FOVEA_ERROR_ARGUMENT";
    case FOVEA_ERROR_MEMORY: return "FOVEA_ERROR_MEMORY";
    case FOVEA_ERROR_IO: return "FOVEA_ERROR_IO";
    case FOVEA_ERROR_FORMAT: return "FOVEA_ERROR_FORMAT";
    case FOVEA_ERROR_DEVICE: return "FOVEA_ERROR_DEVICE";
    case FOVEA_ERROR_UNSUPPORTED: return "FOVEA_ERROR_UNSUPPORTED";
    case FOVEA_ERROR_NUMERIC: return "FOVEA_ERROR_NUMERIC";
    }
    return "unknown status";
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *fovea_version(void)
{
    return TEXT(FOVEA_VERSION_MAJOR) "." TEXT(FOVEA_VERSION_MINOR) "." TEXT(FOVEA_VERSION_PATCH);
}
