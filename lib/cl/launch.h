/* Running kernels. A kernel is named by its file in cl_kernels/ (without ".cl"), the -D options it is built with, and
 * its name; programs are built at first use, kept by the device and cached on disk.
 *
 *   fovea__launch(device, "add_relu", "", "add_relu_forward",
 *                 (fovea__arg[]){fovea__arg_buffer(x), fovea__arg_int(n)}, 2, fovea__grid_1d(n, 0)); */
#ifndef FOVEA_CL_LAUNCH_H
#define FOVEA_CL_LAUNCH_H

#include "buffer.h"

typedef struct fovea__arg {
    enum { FOVEA__ARG_BUFFER, FOVEA__ARG_INT, FOVEA__ARG_FLOAT, FOVEA__ARG_LOCAL } kind;
    union {
        const fovea__buffer *buffer;
        int32_t integer;
        float real;
        size_t local_bytes;
    } as;
} fovea__arg;

static inline fovea__arg fovea__arg_buffer(const fovea__buffer *buffer) /* NULL passes a null pointer */
{
    return (fovea__arg){.kind = FOVEA__ARG_BUFFER, .as.buffer = buffer};
}
static inline fovea__arg fovea__arg_int(int32_t integer)
{
    return (fovea__arg){.kind = FOVEA__ARG_INT, .as.integer = integer};
}
static inline fovea__arg fovea__arg_float(float real)
{
    return (fovea__arg){.kind = FOVEA__ARG_FLOAT, .as.real = real};
}
static inline fovea__arg fovea__arg_local(size_t bytes)
{
    return (fovea__arg){.kind = FOVEA__ARG_LOCAL, .as.local_bytes = bytes};
}

/* fovea__launch makes local no more than the device can, halving it, and rounds global up to a multiple of it (kernels
 * check their bounds; those that need their group whole ask fovea__device_max_work_group() and lie along the first
 * dimension). local 0 lets the implementation choose. A global size of 0 launches nothing and succeeds. */
typedef struct fovea__grid {
    int dimensions;
    size_t global[3], local[3];
} fovea__grid;

static inline fovea__grid fovea__grid_1d(size_t x, size_t local)
{
    return (fovea__grid){1, {x, 1, 1}, {local, 1, 1}};
}
static inline fovea__grid fovea__grid_2d(size_t x, size_t y, size_t local_x, size_t local_y)
{
    return (fovea__grid){2, {x, y, 1}, {local_x, local_y, 1}};
}
static inline fovea__grid fovea__grid_3d(size_t x, size_t y, size_t z, size_t local_x, size_t local_y, size_t local_z)
{
    return (fovea__grid){3, {x, y, z}, {local_x, local_y, local_z}};
}

/* For fovea_device_profile(): what the op whose kernels are launched next does by its shapes, whatever its kernels do:
 * the direct algorithm's operations (a multiply-add is two), and the bytes that must be read and written at least. It
 * is put down to the op's first kernel. */
void fovea__count(fovea_device *device, double flops, double bytes);

/* Queues one kernel. `options`: "-DNAME=VALUE ..." or "". Fails with FOVEA_ERROR_DEVICE; a kernel that does not build
 * gives its compiler's log in the message (shortened) and in full to the device's log callback. */
fovea_status fovea__launch(fovea_device *device, const char *room, const char *options, const char *kernel,
                           const fovea__arg *args, int n_args, fovea__grid grid);

/* How many work-items of a kernel fit into one work-group of this device: its registers may allow fewer than
 * fovea__device_max_work_group(). Builds the kernel at first use, and fails as a launch does. */
fovea_status fovea__launch_most_items(fovea_device *device, const char *room, const char *options, const char *kernel,
                                      size_t *items);

#endif
