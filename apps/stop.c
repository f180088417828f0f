/* Signals that are noted, see stop.h. */
#include "stop.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

volatile sig_atomic_t stop_signal;

static char said[96]; /* written before the handler is set, read by it alone */
static size_t said_length;

/* A second signal finds the default action again and ends the process. */
static void note_signal(int number)
{
    const int kept = errno;
    stop_signal = number;
    const ssize_t written = write(STDERR_FILENO, said, said_length);
    (void)written;
    errno = kept;
}

void stop_on_signals(const char *when)
{
    const char *clear = isatty(STDERR_FILENO) ? "\r\033[K" : "";
    said_length = (size_t)snprintf(said, sizeof said, "%sstopping %s; again to stop now\n", clear, when);
    if (said_length >= sizeof said)
        said_length = sizeof said - 1;
    const struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}
