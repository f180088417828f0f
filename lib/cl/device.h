/* What the layers above may ask of an open device, beside the public calls in fovea.h. */
#ifndef FOVEA_CL_DEVICE_H
#define FOVEA_CL_DEVICE_H

#include "status.h"

/* Hands everything queued to the device, and waits for it. */
fovea_status fovea__device_finish(fovea_device *device);
fovea_status fovea__device_flush(fovea_device *device);

/* Sends a sentence to the device's log callback, if there is one. */
void fovea__device_log(fovea_device *device, fovea_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Facts that algorithms choose by. */
bool fovea__device_is_cpu(const fovea_device *device);
int fovea__device_vector_width(const fovea_device *device); /* floats in a vector register: 4, 8 or 16; GPUs 4 */
size_t fovea__device_max_work_group(const fovea_device *device);
size_t fovea__device_local_bytes(const fovea_device *device);
uint64_t fovea__device_cache_bytes(const fovea_device *device); /* of global memory, as the device tells; 0: not */

/* What decides how a device computes, as far as it can be told: library, environment variables that runtimes' compilers
 * heed, platform, device, driver, build flags. A text of at most FOVEA__DEVICE_KEY - 1 bytes. */
enum { FOVEA__DEVICE_KEY = 1024 };
void fovea__device_key(const fovea_device *device, char out[FOVEA__DEVICE_KEY]);

const char *fovea__device_cache_dir(const fovea_device *device); /* NULL: nothing is kept */

/* One thing that a layer above keeps as long as the device is open; `release` is called with it when it closes. NULL
 * before it is set. */
void *fovea__device_kept(const fovea_device *device);
void fovea__device_keep(fovea_device *device, void *kept, void (*release)(void *kept));

/* Seconds that kernels ran since the last call, by the device's clock; -1 unless opened with .profile. */
double fovea__device_busy_seconds(fovea_device *device);

#endif
