/* The open device, seen by lib/cl alone: it owns its context, queue, programs, memory pool and timings. */
#ifndef FOVEA_CL_DEVICE_STATE_H
#define FOVEA_CL_DEVICE_STATE_H

#include "buffer.h"
#include "device.h"

#include <CL/cl.h>

typedef struct fovea__kernel {
    char *name;
    cl_kernel kernel;
    cl_uint n_args;
    size_t most_items; /* of a work-group, by the registers and local memory that the kernel took */
} fovea__kernel;

/* A built program and the kernels taken from it; there are a few dozen. */
typedef struct fovea__program {
    char *room, *options;
    uint64_t hash; /* of room and options */
    cl_program program; /* NULL: it did not build */
    fovea__kernel *kernels;
    size_t n_kernels, kernels_room;
} fovea__program;

/* A buffer that waits in the pool for its next use. */
typedef struct fovea__pooled {
    cl_mem memory;
    size_t bytes;
} fovea__pooled;

/* A launch whose time is not yet known. */
typedef struct fovea__timed {
    cl_event before; /* NULL, or what ends where the time begins: it then ends with `event` */
    cl_event event;
    size_t row; /* of fovea_device.times */
} fovea__timed;

struct fovea_device {
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    fovea_device_info info;
    fovea_log_callback log;
    void *log_cookie;

    uint64_t environment; /* of the variables that runtimes' compilers heed */
    size_t max_work_group, local_bytes, alignment;
    uint64_t cache_bytes;
    size_t max_items[3]; /* of a work-group in each dimension; max_work_group is no more than the first */
    int vector_width;
    bool blas_is_set; /* CLBlast has been told its parameters for this device */
    const char *build_flags; /* of every program: OpenCL C 1.2, and exact division where the device has it, so that a
                                threshold on an IoU falls alike everywhere */

    char *cache_dir; /* NULL: nothing is kept */
    char *kernel_dir; /* NULL, or $FOVEA_KERNEL_DIR: kernels are read from there instead of the embedded ones */
    fovea__program *programs;
    size_t n_programs, programs_room;

    void *kept; /* see fovea__device_keep() */
    void (*release_kept)(void *kept);

    fovea__pooled *pool;
    size_t n_pooled, pool_room;
    uint64_t held_bytes, pooled_bytes, peak_bytes; /* pooled ones are not among the held */

    bool profile;
    fovea_kernel_time *times;
    size_t n_times, times_room;
    double counted_flops, counted_bytes; /* by fovea__count(), for the next launch */
    fovea__timed *timed;
    size_t n_timed, timed_room;
    double busy_seconds; /* since fovea__device_busy_seconds() last asked */
};

/* "CL_OUT_OF_RESOURCES" for -5; "OpenCL error" for an unknown code. Static text. */
const char *fovea__cl_error_name(cl_int code);

/* Every cl* call of this layer goes through this: FOVEA_OK, or FOVEA_ERROR_DEVICE (FOVEA_ERROR_MEMORY for the memory
 * codes) with "<doing>: CL_NAME (code)". */
fovea_status fovea__cl_check(cl_int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* choose.c: the device that `match` means, see fovea_device_options.match. */
fovea_status fovea__device_choose(const char *match, cl_device_id *id, fovea_device_info *info);
void fovea__device_read_info(cl_platform_id platform, cl_device_id id, fovea_device_info *info);

/* program.c: the kernel, built at first use. Borrowed from the device. */
fovea_status fovea__program_kernel(fovea_device *device, const char *room, const char *options, const char *name,
                                   const fovea__kernel **kernel);
void fovea__programs_free(fovea_device *device);

/* binary.c: the disk cache. load: *binary is NULL (and no failure) where there is no sound entry. */
void fovea__binary_load(const fovea_device *device, const char *key, unsigned char **binary, size_t *size_bytes);
void fovea__binary_save(const fovea_device *device, const char *key, const unsigned char *binary, size_t size_bytes);

/* buffer.c */
cl_mem fovea__buffer_memory(const fovea__buffer *buffer);
void fovea__pool_free(fovea_device *device);

/* timing.c: takes the event of a launch, or two marks around several, on devices opened with .profile. */
fovea_status fovea__timing_add(fovea_device *device, const char *room, const char *kernel, cl_event before,
                               cl_event event);
fovea_status fovea__timing_settle(fovea_device *device); /* reads all events; waits for the device */
void fovea__timing_free(fovea_device *device);

#endif
