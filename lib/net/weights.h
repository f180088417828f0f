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

/* The same for a whole detector, but a convolution's weights stay in the file until someone needs them: detection packs
 * them from there. Their room among the parameters is reserved, but written only by training and for algorithms that take
 * weights as they are: until then it takes memory only where a device commits what nobody wrote. Takes the file over, also
 * where it fails. */
fovea_status fovea__weights_open(fovea__parameters *parameters, fovea__safetensors *file);

/* Holds a checkpoint to the network: every tensor and every momentum must be there in its shape and of a type that can be
 * read. */
fovea_status fovea__weights_check(const fovea__parameters *parameters, const fovea__safetensors *file);

/* Reads every tensor of a checkpoint that was checked, and the momenta, which have "optimizer." before their names. Where
 * it fails only some of them were read. */
fovea_status fovea__weights_resume(fovea__parameters *parameters, const fovea__safetensors *file);

/* Writes all tensors, and the momenta where `with_momenta`. */
fovea_status fovea__weights_write(const fovea__parameters *parameters, const char *path,
                                  const fovea__safetensors_pair *metadata, size_t n_metadata, bool with_momenta);

#endif
