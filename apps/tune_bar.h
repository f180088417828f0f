/* What 'fovea tune' and 'fovea train' show while convolutions are measured. A signal (stop.h) ends the measuring; what
 * was measured counts. */
#ifndef FOVEA_APPS_TUNE_BAR_H
#define FOVEA_APPS_TUNE_BAR_H

#include "fovea.h"
#include "progress.h"

typedef struct tune_bar {
    const char *head; /* a line that stands before the bar; NULL: none */
    progress bar;
    double began;
    size_t measured, changed, total; /* changed: how many of the measured leave the rule */
} tune_bar;

tune_bar tune_bar_begin(const char *head);

/* A fovea_tune_callback; the cookie is a tune_bar. */
bool tune_bar_hear(void *cookie, const fovea_choice *choice, size_t done, size_t total);

/* Clears the bar and says what came of it; where there was nothing to measure, nothing. */
void tune_bar_end(const tune_bar *t);

#endif
