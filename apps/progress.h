/* Progress on stderr: a bar with rate and time left on a terminal, a plain line now and then elsewhere. */
#ifndef FOVEA_APPS_PROGRESS_H
#define FOVEA_APPS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct progress {
    const char *what; /* "training", borrowed */
    int64_t total, first;
    double began, shown; /* seconds of the monotonic clock */
    bool terminal, counting;
} progress;

/* Seconds of the monotonic clock. */
double progress_seconds(void);

/* Begins at `done` of `total`. Rate and time left count from the first update on, so that what is done once (building
 * kernels) does not weigh on them. */
progress progress_begin(const char *what, int64_t done, int64_t total);

/* Says, at once and before the first update, what is being waited for: "building kernels". */
void progress_wait(const progress *bar, const char *what);

/* `done` of the total are done; the format says what else is worth knowing ("loss 0.52", in the rate's place), and may
 * be "". A terminal too narrow for all goes without the bar. */
void progress_update(progress *bar, int64_t done, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Prints a line of its own above the bar. */
void progress_note(const progress *bar, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Clears the bar from the terminal. */
void progress_end(const progress *bar);

#endif
