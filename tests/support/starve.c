/* Counts and fails allocations, see starve.h. */
#include "starve.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

/* Loader threads allocate too. */
static atomic_long asked, fail_at; /* allocations since injection began, and the one that fails (0: none) */
static atomic_long held;           /* allocated and not yet freed */

static bool may(void)
{
    return ++asked != fail_at;
}

static void *count_new(void *memory)
{
    held += memory != NULL;
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return may() ? count_new(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may() ? count_new(__real_calloc(count, size)) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    if (!may())
        return NULL;
    void *memory = __real_realloc(old, size);
    held += !old && memory;
    return memory;
}

void __wrap_free(void *memory)
{
    held -= memory != NULL;
    __real_free(memory);
}

/* Runs `work` with its n-th allocation failing (0: none). *count: how many it asked for. */
static fovea_status run(const char *what, fovea_status (*work)(void), long n, long *count)
{
    const long before = held;
    asked = 0;
    fail_at = n;
    const fovea_status status = work();
    fail_at = 0;
    const long lost = held - before;
    *count = asked;
    ck_assert_msg(lost == 0, "%s: allocation %ld of it failed, and %ld blocks were lost", what, n, lost);
    return status;
}

void starve(const char *what, fovea_status (*work)(void), long at_least, long samples, bool may_succeed)
{
    long total, count;
    support_scratch();
    support_ok(run(what, work, 0, &total)); /* fills what the first run fills, such as the cache of programs */
    support_ok(run(what, work, 0, &total));
    ck_assert_msg(total >= at_least, "%s: %ld allocations were seen, at least %ld are expected", what, total, at_least);
    const long step = total > samples ? total / samples : 1;
    const long first = 1 + (long)(time(NULL) ^ getpid()) % step; /* other ones in every run, in time all */
    for (long n = first; n <= total; n += step) {
        const fovea_status status = run(what, work, n, &count);
        if (may_succeed && status == FOVEA_OK)
            continue;
        ck_assert_msg(status == FOVEA_ERROR_MEMORY && support_has(fovea_error(), "out of memory"),
                      "%s: allocation %ld of %ld failed: %s: %s", what, n, total, fovea_status_name(status),
                      fovea_error());
    }
}
