/* Failing with a code and a sentence. The only three control-flow macros of the library stand here. */
#ifndef FOVEA_BASE_STATUS_H
#define FOVEA_BASE_STATUS_H

#include "fovea.h"

/* Keeps the sentence for fovea_error() on this thread (at most 1023 bytes) and returns `status`. */
fovea_status fovea__fail(fovea_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts `prefix: ` before the sentence of the failure being passed on, so that a caller can add its file or tensor. */
fovea_status fovea__fail_in(fovea_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For what fails inside a call that does not: keeps the sentence for fovea_error(), and puts it back. */
typedef struct fovea__error_kept {
    char message[1024];
} fovea__error_kept;
fovea__error_kept fovea__error_keep(void);
void fovea__error_restore(const fovea__error_kept *kept);

/* Passes a failure on. For functions that hold nothing to be released. */
#define FOVEA_TRY(call)                          \
    do {                                         \
        const fovea_status try_status_ = (call); \
        if (try_status_)                         \
            return try_status_;                  \
    } while (0)

/* Fails at the spot; for functions that hold nothing to be released. */
#define FOVEA_FAIL(...) return fovea__fail(__VA_ARGS__)

/* Fails with FOVEA_ERROR_ARGUMENT unless `condition` holds; the sentence is given. */
#define FOVEA_CHECK_ARG(condition, ...)                              \
    do {                                                             \
        if (!(condition))                                            \
            return fovea__fail(FOVEA_ERROR_ARGUMENT, __VA_ARGS__);   \
    } while (0)

#endif
