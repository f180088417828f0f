/* A network's tensors on the device, under torchvision's state_dict names (names.h). All values lie in one buffer: first
 * what is trained, stage after stage, then running statistics and frozen norms; so the optimizer and the gradient's norm
 * are one launch over a range. Gradients have the same layout, and so has all that an optimizer keeps. */
#ifndef FOVEA_NET_PARAMETERS_H
#define FOVEA_NET_PARAMETERS_H

#include "names.h"
#include "safetensors.h"
#include "tensor.h"

typedef struct fovea__parameter {
    fovea__name name;
    size_t first;            /* floats from the start of the flat buffers */
    fovea__tensor value;     /* weights OIHW, else a vector; no buffer for num_batches_tracked */
    fovea__tensor gradient;  /* same shape; a buffer only for trained ones, once training began */
    int64_t batches;         /* num_batches_tracked */
    uint64_t version;        /* of the parameters, when its value last moved */
    const fovea__safetensors_entry *in_file; /* its value lies in fovea__parameters.file alone; NULL: on the device */
} fovea__parameter;

typedef struct fovea__parameters {
    fovea_device *device;
    fovea__net_config config;
    fovea__parameter *items; /* in state_dict order */
    size_t count;
    size_t n_trained, n_floats; /* trained ones are [0, n_trained) of the flat buffers */
    fovea__buffer *values, *gradients; /* the latter NULL until training begins */
    uint64_t version; /* moves whenever values change, so that packed copies know */
    fovea__safetensors *file; /* owned: holds the values that were never needed on the device; NULL: none */
} fovea__parameters;

/* Makes them with zero values. */
fovea_status fovea__parameters_create(fovea__parameters **out, fovea_device *device, const fovea__net_config *config);
void fovea__parameters_free(fovea__parameters *parameters); /* accepts NULL */

/* Initial values: He's normal for the backbone, uniform of variance 1 / fan-in for the FPN, normal .01 for the heads, biases 0
 * but the class logits', which is -log((1 - prior) / prior) (paper sections 3.3 and 4.1). */
fovea_status fovea__parameters_initialize(fovea__parameters *parameters, uint64_t seed);

/* Writes every tensor as `fill` makes it; batches are 0. */
typedef void (*fovea__parameter_filler)(const fovea__name *name, const void *context, float *values, size_t count);
fovea_status fovea__parameters_fill(fovea__parameters *parameters, fovea__parameter_filler fill, const void *context);

/* Reads to the device what is still in the file, and makes gradients, all 0; or lets go of these, also of what a failed
 * beginning left. */
fovea_status fovea__parameters_begin_training(fovea__parameters *parameters);
void fovea__parameters_end_training(fovea__parameters *parameters);

/* The tensor of a canonical name, NULL when there is none. */
fovea__parameter *fovea__parameters_find(fovea__parameters *parameters, const char *name);

/* Elements of one tensor, and its whole content from and to the host, wherever it lies. */
size_t fovea__parameter_elements(const fovea__parameter *parameter);
fovea_status fovea__parameter_write(fovea__parameters *parameters, fovea__parameter *parameter, const float *values);
fovea_status fovea__parameter_read(const fovea__parameters *parameters, const fovea__parameter *parameter,
                                   float *values);

/* Reads a tensor of floats from its file straight into device memory, n_elements of it. */
fovea_status fovea__parameter_load(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                                   fovea__buffer *to, size_t offset_bytes);

/* Reads a tensor to the device where it is still in the file. */
fovea_status fovea__parameter_need(fovea__parameters *parameters, fovea__parameter *parameter);

/* Notes that a step changed what is trained from `stage` on, and its running statistics. */
void fovea__parameters_moved(fovea__parameters *parameters, int stage);

/* Where the trained floats of stages >= `stage` begin: stages before it stay as they are. */
size_t fovea__parameters_first_of_stage(const fovea__parameters *parameters, int stage);

#endif
