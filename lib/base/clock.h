/* Time in seconds from some moment on: for telling how long something took. */
#ifndef FOVEA_BASE_CLOCK_H
#define FOVEA_BASE_CLOCK_H

double fovea__clock(void);        /* that everyone's clock shows; never set back */
double fovea__clock_thread(void); /* that this thread has had of a processor */

#endif
