/* A child that hands its result over as JSON in a pipe, see apart.h. */
#include "apart.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static cJSON *error_json(const char *what, const char *why)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s", what, why);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "error", text);
    return object;
}

/* The child: never returns. A signal that its parent notes ends it, whatever a driver is doing. */
static void work_and_tell(cJSON *(*work)(void *context), void *context, int to)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    char *text = cJSON_PrintUnformatted(work(context));
    const size_t size = text ? strlen(text) : 0;
    size_t written = 0;
    while (written < size) {
        const ssize_t now = write(to, text + written, size - written);
        if (now < 0 && errno != EINTR)
            break;
        written += now > 0 ? (size_t)now : 0;
    }
    _exit(size > 0 && written == size ? 0 : 1);
}

/* All that comes until the other end is closed; freed with free(). */
static char *read_all(int from, size_t *size)
{
    char *text = NULL;
    size_t room = 0;
    *size = 0;
    for (;;) {
        if (*size == room) {
            room = room ? 2 * room : 4096;
            char *grown = realloc(text, room);
            if (!grown)
                break;
            text = grown;
        }
        const ssize_t now = read(from, text + *size, room - *size);
        if (now == 0 || (now < 0 && errno != EINTR))
            break;
        *size += now > 0 ? (size_t)now : 0;
    }
    return text;
}

static cJSON *take_result(pid_t child, int from)
{
    size_t size = 0;
    int status = 0;
    char *text = read_all(from, &size);
    cJSON *result = text ? cJSON_ParseWithLength(text, size) : NULL;
    free(text);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (cJSON_IsObject(result))
        return result;
    cJSON_Delete(result);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return error_json("the system ended the process", "memory has probably run out");
    return error_json("the device's driver ended the process",
                      WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "without a result");
}

cJSON *apart_run(cJSON *(*work)(void *context), void *context)
{
    int ends[2];
    if (pipe(ends) != 0)
        return error_json("no pipe", strerror(errno));
    fflush(stdout);
    fflush(stderr);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        work_and_tell(work, context, ends[1]);
    }
    const int error = errno;
    close(ends[1]);
    cJSON *result = child > 0 ? take_result(child, ends[0]) : error_json("no process", strerror(error));
    close(ends[0]);
    return result;
}
