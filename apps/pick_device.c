/* Opening the device, see pick_device.h. */
#include "pick_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_log(void *cookie, fovea_log_level level, const char *message)
{
    const fovea_log_level *limit = cookie;
    if (level <= *limit)
        fprintf(stderr, "%s%s\n", level == FOVEA_LOG_WARNING ? "warning: " : "", message);
}

fovea_status open_device(fovea_device **out, const char *match, bool time_kernels)
{
    static fovea_log_level limit = FOVEA_LOG_WARNING; /* outlives the device, which keeps its address */
    const char *wanted = getenv("FOVEA_LOG");
    if (wanted && strcmp(wanted, "info") == 0)
        limit = FOVEA_LOG_INFO;
    else if (wanted && strcmp(wanted, "debug") == 0)
        limit = FOVEA_LOG_DEBUG;

    const fovea_device_options options = {
        .match = match, .log = print_log, .log_cookie = &limit, .profile = time_kernels};
    return fovea_device_open(out, &options);
}

fovea_device *pick_device(const char *match, bool time_kernels)
{
    fovea_device *device = NULL;
    if (open_device(&device, match, time_kernels)) {
        print_failure();
        return NULL;
    }
    const fovea_device_info *info = fovea_device_describe(device);
    fprintf(stderr, "device: %s (%s)\n", info->name, info->platform);
    return device;
}

const char *device_type_name(fovea_device_type type)
{
    switch (type) {
    case FOVEA_DEVICE_CPU:
        return "CPU";
    case FOVEA_DEVICE_GPU:
        return "GPU";
    case FOVEA_DEVICE_ACCELERATOR:
        return "accelerator";
    case FOVEA_DEVICE_OTHER:
        break;
    }
    return "other";
}

void print_failure(void)
{
    fprintf(stderr, "%sfovea: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", fovea_error()); /* clears a bar */
}

bool told(fovea_status status)
{
    if (status)
        print_failure();
    return status == FOVEA_OK;
}
