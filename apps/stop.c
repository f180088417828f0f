/* Signals that are noted, see stop.h. */
#include "stop.h"

#include <stddef.h>

volatile sig_atomic_t stop_signal;

/* A second signal finds the default action again and ends the process. */
static void note_signal(int number)
{
    stop_signal = number;
}

void stop_on_signals(void)
{
    const struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}
