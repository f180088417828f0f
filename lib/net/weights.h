/* Tensors between safetensors files and the device. */
#ifndef FOVEA_NET_WEIGHTS_H
#define FOVEA_NET_WEIGHTS_H

#include "parameters.h"
#include "safetensors.h"

/* Reads every tensor of the file that the network has, under today's or an older name (names.h); others are passed over.
 * A class head or P6 of another shape is passed over too when `partial`; any other shape that differs is
 * FOVEA_ERROR_FORMAT.
 * loaded: one flag a parameter. */
fovea_status fovea__weights_read(fovea__parameters *parameters, const fovea__safetensors *file, bool partial,
                                 bool *loaded);

/* Holds a file of weights to begin with to the depth of the network that shall take them, by the blocks of the stages
 * that the file has: FOVEA_ERROR_FORMAT names the ResNet that they are of, where it is another one. */
fovea_status fovea__weights_check_depth(const fovea__safetensors *file, int depth);

/* Reads a whole detector so, but a convolution's weights stay in the file until someone needs them: detection packs
 * them from there. Their room among the parameters is reserved, but written only by training and for algorithms that take
 * weights as they are: until then it takes memory only where a device commits what nobody wrote. Takes the file over, also
 * where it fails. */
fovea_status fovea__weights_open(fovea__parameters *parameters, fovea__safetensors *file);

/* What a checkpoint holds beside the tensors: floats that lie as the parameters do. */
typedef struct fovea__weights_state {
    const char *prefix; /* before the tensors' names in the file: "optimizer." and at most one word more */
    fovea__buffer *values;
    bool trained;       /* of what is trained alone; else of running statistics and frozen norms too */
} fovea__weights_state;

/* A model's file beyond its tensors and the metadata that every one has. */
typedef struct fovea__weights_more {
    const fovea__safetensors_pair *metadata;
    size_t n_metadata;
    const fovea__weights_state *states;
    size_t n_states;
} fovea__weights_more;

/* Holds a checkpoint to the network: every tensor and the states' must be there in its shape and of a type that can be
 * read. */
fovea_status fovea__weights_check(const fovea__parameters *parameters, const fovea__safetensors *file,
                                  const fovea__weights_state *states, size_t n_states);

/* Reads every tensor of a checkpoint that was checked, and the states'. Where it fails only some of them were read. */
fovea_status fovea__weights_resume(fovea__parameters *parameters, const fovea__safetensors *file,
                                   const fovea__weights_state *states, size_t n_states);

/* Writes all tensors, and the metadata and states of `all`. */
fovea_status fovea__weights_write(const fovea__parameters *parameters, const char *path,
                                  const fovea__weights_more *all);

#endif
