/* The kernel files, embedded by the build. */
#ifndef FOVEA_CL_KERNELS_H
#define FOVEA_CL_KERNELS_H

#include <stddef.h>

typedef struct fovea__kernel_source {
    const char *name; /* the file's name without ".cl" */
    const char *text; /* ends with a 0 byte, not counted */
    size_t size_bytes;
} fovea__kernel_source;

extern const fovea__kernel_source fovea__kernel_sources[];
extern const size_t fovea__n_kernel_sources;

#endif
