/* Time per kernel, by the device's clock, for devices opened with .profile. */
#include "device_state.h"
#include "launch.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Events are read in batches, so that a long run does not gather them without end. */
enum { MOST_EVENTS = 4096 };

static fovea_status find_row(fovea_device *device, const char *room, const char *kernel, size_t *row)
{
    for (*row = 0; *row < device->n_times; (*row)++)
        if (strcmp(device->times[*row].kernel, kernel) == 0)
            return FOVEA_OK;
    FOVEA_TRY(fovea__grow(&device->times, &device->times_room, device->n_times + 1, sizeof *device->times, "timings"));
    fovea_kernel_time *made = &device->times[device->n_times++];
    *made = (fovea_kernel_time){0};
    snprintf(made->room, sizeof made->room, "%s", room);
    snprintf(made->kernel, sizeof made->kernel, "%s", kernel);
    return FOVEA_OK;
}

void fovea__count(fovea_device *device, double flops, double bytes)
{
    device->counted_flops = flops;
    device->counted_bytes = bytes;
}

static void release(const fovea__timed *timed)
{
    clReleaseEvent(timed->event);
    if (timed->before)
        clReleaseEvent(timed->before);
}

fovea_status fovea__timing_add(fovea_device *device, const char *room, const char *kernel, cl_event before,
                               cl_event event)
{
    size_t row = 0;
    fovea_status status = find_row(device, room, kernel, &row);
    if (!status)
        status = fovea__grow(&device->timed, &device->timed_room, device->n_timed + 1, sizeof *device->timed, "timings");
    if (status) {
        release(&(fovea__timed){before, event, row});
        return status;
    }
    device->timed[device->n_timed++] = (fovea__timed){before, event, row};
    device->times[row].flops += device->counted_flops;
    device->times[row].bytes += device->counted_bytes;
    fovea__count(device, 0, 0);
    return device->n_timed >= MOST_EVENTS ? fovea__timing_settle(device) : FOVEA_OK;
}

fovea_status fovea__timing_settle(fovea_device *device)
{
    fovea_status status = fovea__device_finish(device);
    for (size_t i = 0; i < device->n_timed; i++) {
        cl_ulong start = 0, end = 0;
        const cl_event event = device->timed[i].event, before = device->timed[i].before;
        if (!status &&
            !clGetEventProfilingInfo(before ? before : event,
                                     before ? CL_PROFILING_COMMAND_END : CL_PROFILING_COMMAND_START, sizeof start,
                                     &start, NULL) &&
            !clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) && end > start) {
            const double seconds = (double)(end - start) * 1e-9;
            device->times[device->timed[i].row].launches++;
            device->times[device->timed[i].row].seconds += seconds;
            device->busy_seconds += seconds;
        }
        release(&device->timed[i]);
    }
    device->n_timed = 0;
    return status;
}

void fovea__timing_free(fovea_device *device)
{
    for (size_t i = 0; i < device->n_timed; i++)
        release(&device->timed[i]);
    free(device->timed);
    free(device->times);
    device->timed = NULL;
    device->times = NULL;
    device->n_timed = device->n_times = 0;
}

double fovea__device_busy_seconds(fovea_device *device)
{
    if (!device->profile || fovea__timing_settle(device))
        return -1.0;
    const double seconds = device->busy_seconds;
    device->busy_seconds = 0.0;
    return seconds;
}

static int longer_first(const void *a, const void *b)
{
    const double x = ((const fovea_kernel_time *)a)->seconds, y = ((const fovea_kernel_time *)b)->seconds;
    return (x < y) - (x > y);
}

fovea_status fovea_device_profile(fovea_device *device, fovea_kernel_time *out, size_t capacity, size_t *count,
                                  bool reset)
{
    FOVEA_CHECK_ARG(device && count, "fovea_device_profile: device or count is NULL");
    FOVEA_CHECK_ARG(out || capacity == 0, "fovea_device_profile: out is NULL, but capacity is %zu", capacity);
    FOVEA_TRY(fovea__timing_settle(device));
    if (device->n_times)
        qsort(device->times, device->n_times, sizeof *device->times, longer_first);
    *count = device->n_times;
    for (size_t i = 0; i < device->n_times && i < capacity; i++)
        out[i] = device->times[i];
    if (reset)
        device->n_times = 0;
    return FOVEA_OK;
}
