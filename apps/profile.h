/* Where a device's time goes: a table of its kernels, or of its rooms, for 'bench' and 'train'. */
#ifndef FOVEA_APPS_PROFILE_H
#define FOVEA_APPS_PROFILE_H

#include "fovea.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

/* A list of {"name", "launches", "seconds", "share", "gflops", "gbs"}, each for one of `runs` equal runs, the longest
 * first. Rates are left out where nothing was counted. Empty unless the device was opened with .profile; NULL after a
 * failing call of the library. */
cJSON *profile_json(fovea_device *device, bool by_room, double runs);

/* Adds "share_of_peak" to each: of the device's multiply-adds or of its copy, whichever it comes nearer to. */
void profile_add_peaks(cJSON *list, double peak_gflops, double copy_gbs);

void profile_print(FILE *stream, const cJSON *list);

#endif
