/* Ctrl-C and SIGTERM as a wish to stop, for commands that have something to save first. */
#ifndef FOVEA_APPS_STOP_H
#define FOVEA_APPS_STOP_H

#include <signal.h>

/* The signal that came; 0: none. */
extern volatile sig_atomic_t stop_signal;

/* From now on the first signal is noted in stop_signal and acknowledged on stderr at once, as "stopping WHEN; again to
 * stop now" ("after this step"); a second one ends the process. */
void stop_on_signals(const char *when);

#endif
