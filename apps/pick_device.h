/* The device a subcommand works on: chosen by --device or FOVEA_DEVICE, named on stderr. */
#ifndef FOVEA_APPS_PICK_DEVICE_H
#define FOVEA_APPS_PICK_DEVICE_H

#include "fovea.h"

/* Opens the device that `match` names (NULL: FOVEA_DEVICE, else the first GPU, else the first device) and says on
 * stderr which it is. Warnings of the library go to stderr; FOVEA_LOG=info or debug shows more. NULL after a sentence
 * on stderr. */
fovea_device *pick_device(const char *match, bool time_kernels);

/* Opens it, the library's warnings going to stderr, and says nothing else. */
fovea_status open_device(fovea_device **out, const char *match, bool time_kernels);

const char *device_type_name(fovea_device_type type); /* "CPU". Static text */

/* The help of --device. */
#define PICK_DEVICE_HELP                                                                                         \
    "The OpenCL device: its number in 'fovea devices', or a part of a platform's or a device's name. Default: " \
    "$FOVEA_DEVICE, else the first GPU, else the first device."

/* Prints "fovea: SENTENCE" to stderr for the last failing call of the library. */
void print_failure(void);

/* Whether a call of the library succeeded; where it did not, after print_failure(). */
bool told(fovea_status status);

#endif
