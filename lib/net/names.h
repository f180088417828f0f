/* The names and shapes of a RetinaNet's tensors on file: those of torchvision's state_dict, in its order. Pure C. */
#ifndef FOVEA_NET_NAMES_H
#define FOVEA_NET_NAMES_H

#include "config.h"

#define FOVEA__NAME_ROOM 96 /* the longest name and its 0 byte need less */

typedef enum fovea__name_kind {
    FOVEA__NAME_CONV,     /* convolution weights [out][in][height][width] */
    FOVEA__NAME_BIAS,     /* of a convolution */
    FOVEA__NAME_GAMMA,    /* batch norm's weight, or group norm's in the heads */
    FOVEA__NAME_BETA,     /* and bias */
    FOVEA__NAME_MEAN,     /* running_mean */
    FOVEA__NAME_VARIANCE, /* running_var */
    FOVEA__NAME_BATCHES   /* num_batches_tracked, a scalar int64; only where batch norm is trained */
} fovea__name_kind;

/* One tensor on file. */
typedef struct fovea__name {
    char name[FOVEA__NAME_ROOM];
    fovea__name_kind kind;
    int stage; /* 0 the stem, 1 to 4 layer1 to layer4, 5 the FPN, 6 the heads */
    bool trained; /* has a gradient: all of convolutions and group norm, and batch norm's weight and bias unless frozen */
    int n_dims; /* 4, 1, or 0 for a scalar */
    int64_t dims[4]; /* those from n_dims on are 1 */
} fovea__name;

/* Lists every tensor of a network in state_dict order; *out is freed with free(). */
fovea_status fovea__names_list(fovea__name **out, size_t *count, const fovea__net_config *config);

/* Writes the name that the list above has for a tensor called `name` on file: older keys of torchvision
 * (fpn.inner_blocks.0.weight, head's conv.2.bias) and names of a bare backbone (conv1.weight, layer1.0...) are turned
 * into today's. False where it is no tensor of a detector (fc.*, optimizer.*, ...), or is longer than `room`. */
bool fovea__names_canonical(const char *name, char *out, size_t room);

/* A tensor as a file declares it, under its name on file. */
typedef struct fovea__named_shape {
    const char *name;
    int n_dims;
    int64_t dims[4]; /* of more than 4, the first ones */
} fovea__named_shape;

/* Reads a whole detector's configuration off its tensors: fills depth, width, channels, head_depth, head_norm, classes,
 * p6_channels, anchor_scales and anchor_ratios (kept where what they hold fits the file), and leaves the rest as it is.
 * Then holds every tensor of that network to the file: fails with FOVEA_ERROR_FORMAT naming the tensor that is missing
 * or has another shape (expected and found), or that no RetinaNet of this kind has. num_batches_tracked may be missing
 * or be there. */
fovea_status fovea__names_configure(fovea__net_config *config, const fovea__named_shape *tensors, size_t n_tensors);

/* The place of a canonical name in a list; NULL where it is not there. */
const fovea__name *fovea__names_find(const fovea__name *list, size_t count, const char *name);

/* "[64, 3, 7, 7]" for messages; at most `room` bytes. Returns out. */
const char *fovea__names_shape_text(char *out, size_t room, int n_dims, const int64_t *dims);

#endif
