/* Running kernels. */
#include "launch.h"

#include "device_state.h"

static fovea_status set_argument(cl_kernel kernel, const char *name, cl_uint index, const fovea__arg *arg)
{
    cl_int code = CL_SUCCESS;
    cl_mem memory = NULL;
    switch (arg->kind) {
    case FOVEA__ARG_BUFFER:
        memory = arg->as.buffer ? fovea__buffer_memory(arg->as.buffer) : NULL;
        code = clSetKernelArg(kernel, index, sizeof memory, arg->as.buffer ? &memory : NULL);
        break;
    case FOVEA__ARG_INT: code = clSetKernelArg(kernel, index, sizeof arg->as.integer, &arg->as.integer); break;
    case FOVEA__ARG_FLOAT: code = clSetKernelArg(kernel, index, sizeof arg->as.real, &arg->as.real); break;
    case FOVEA__ARG_LOCAL: code = clSetKernelArg(kernel, index, arg->as.local_bytes, NULL); break;
    }
    return fovea__cl_check(code, "argument %u of kernel %s", (unsigned)index, name);
}

/* What a group has along a dimension: as asked, but no more than the device can, nor than `room` in all. */
static size_t fit_local(const fovea_device *device, int dimension, size_t asked, size_t room)
{
    while (asked > device->max_items[dimension] || asked > room)
        asked /= 2;
    return asked;
}

fovea_status fovea__launch(fovea_device *device, const char *room, const char *options, const char *kernel,
                           const fovea__arg *args, int n_args, fovea__grid grid)
{
    bool chosen = true;
    size_t global[3] = {1, 1, 1}, local[3] = {1, 1, 1}, left = device->max_work_group;
    for (int i = 0; i < grid.dimensions; i++) {
        if (grid.global[i] == 0)
            return FOVEA_OK;
        if (grid.local[i] == 0)
            chosen = false;
        else
            local[i] = fit_local(device, i, grid.local[i], left);
        left /= local[i];
        global[i] = (grid.global[i] + local[i] - 1) / local[i] * local[i];
    }
    const fovea__kernel *found = NULL;
    FOVEA_TRY(fovea__program_kernel(device, room, options, kernel, &found));
    FOVEA_CHECK_ARG(found->n_args == (cl_uint)n_args, "kernel %s takes %u arguments, %d are given", kernel,
                    (unsigned)found->n_args, n_args);
    for (int i = 0; i < n_args; i++)
        FOVEA_TRY(set_argument(found->kernel, kernel, (cl_uint)i, &args[i]));
    cl_event event = NULL;
    const cl_int code = clEnqueueNDRangeKernel(device->queue, found->kernel, (cl_uint)grid.dimensions, NULL, global,
                                               chosen ? local : NULL, 0, NULL, device->profile ? &event : NULL);
    FOVEA_TRY(fovea__cl_check(code, "%s: launching %s over %zu x %zu x %zu", device->info.name, kernel, global[0],
                              global[1], global[2]));
    return event ? fovea__timing_add(device, room, kernel, NULL, event) : FOVEA_OK;
}

fovea_status fovea__launch_most_items(fovea_device *device, const char *room, const char *options, const char *kernel,
                                      size_t *items)
{
    const fovea__kernel *found = NULL;
    *items = 0;
    FOVEA_TRY(fovea__program_kernel(device, room, options, kernel, &found));
    *items = found->most_items;
    return FOVEA_OK;
}
