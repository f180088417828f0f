/* A RetinaNet as a list of nodes: each reads the values of earlier nodes and makes one value. The list is built once
 * (retinanet.c); memory is planned by lifetime for the current batch and size (network_plan.c), and a new size is a new
 * plan in the same slabs; forward and backward walk the list (network_forward.c, network_backward.c).
 *
 *   detection  a value's place is free for others after its last reader; batch norm is folded into convolutions
 *   training   values that backward reads stay; batch norm of trained stages uses the batch's statistics */
#ifndef FOVEA_NET_NETWORK_H
#define FOVEA_NET_NETWORK_H

#include "anchors.h"
#include "arena.h"
#include "conv2d_choices.h"
#include "parameters.h"

typedef enum fovea__node_kind {
    FOVEA__NODE_INPUT,       /* the picture */
    FOVEA__NODE_CONV,        /* relu?(conv + bias), or with folded norm relu?(scale conv + shift + other) */
    FOVEA__NODE_NORM,        /* relu?(batch norm + other), by the batch's statistics */
    FOVEA__NODE_GROUP_NORM,  /* relu?(group norm), in detection in its input's place */
    FOVEA__NODE_POOL,        /* the stem's max pooling */
    FOVEA__NODE_RELU,
    FOVEA__NODE_UPSAMPLE_ADD /* other (the lateral) + upsampled input, in other's place */
} fovea__node_kind;

/* A batch norm: its parameters, its folded form, and what training saves for backward. Or a group norm: gamma and beta. */
typedef struct fovea__norm_layer {
    fovea__parameter *gamma, *beta, *mean, *variance;
    fovea__parameter *batches; /* NULL where it is frozen */
    fovea__tensor scale, shift;
    uint64_t version; /* of what they were folded from */
    fovea__tensor saved_mean, saved_inverse_deviation; /* empty in detection */
} fovea__norm_layer;

/* A convolution's weights as the algorithms want them, made anew when their version moved. */
typedef struct fovea__packed_weights {
    fovea__buffer *buffer;
    uint64_t version;
} fovea__packed_weights;

typedef struct fovea__conv_layer {
    fovea__parameter *weights, *bias; /* bias NULL: none */
    int kernel, stride, padding;
    fovea__packed_weights packed[2][FOVEA__CONV2D_ALGORITHMS]; /* forward, backward data */
} fovea__conv_layer;

typedef struct fovea__node {
    fovea__node_kind kind;
    char name[FOVEA__NAME_ROOM]; /* of the layer, for messages */
    int stage;                   /* as in names.h */
    int input, other;            /* nodes whose values are read; -1: none */
    int conv, norm;              /* layers; -1: none */
    bool relu;

    /* The plan for the current size. */
    fovea__shape shape;
    fovea__tensor value, gradient;
    bool needs_gradient;      /* a trained parameter lies before it */
    bool gradient_written;    /* during backward: a later node has written, the next one adds */
    bool output;              /* read from outside the network */
    int value_of, gradient_of; /* the node in whose place they lie, itself mostly */
    fovea__conv2d_algorithm algorithm[3];
    fovea__buffer *statistics; /* of group norm */
    fovea__buffer *forward_work, *backward_work; /* forward's also takes weights on their way from file to packing */
} fovea__node;

typedef struct fovea__network {
    fovea_device *device;
    fovea__parameters *parameters; /* borrowed */
    bool training;
    bool plain; /* every convolution by the direct algorithm: what others are held to. Set before the first plan */
    int freeze; /* stages before it are not trained */
    bool adds_gradients; /* backward adds to the parameters' gradients instead of writing them */
    fovea__node *nodes;
    int n_nodes;
    size_t nodes_room;
    fovea__conv_layer *convs;
    int n_convs;
    size_t convs_room;
    fovea__norm_layer *norms;
    int n_norms;
    size_t norms_room;
    int logits[FOVEA__LEVELS], codes[FOVEA__LEVELS]; /* output nodes, P3 to P7 */

    const fovea__conv2d_choices *choices; /* borrowed; what plans take their algorithms from. NULL: from the rule */
    int batch, height, width; /* of the plan; 0: none */
    uint64_t choices_version; /* of .choices, when it was planned */
    fovea__buffer **slabs;
    int n_slabs;
} fovea__network;

/* Builds the list. training: gradients can be had, once the parameters' training has begun; freeze: leading stages that
 * stay as they are (1: the stem ...). */
fovea_status fovea__network_create(fovea__network **out, fovea__parameters *parameters, bool training, int freeze);
void fovea__network_free(fovea__network *network); /* accepts NULL */

/* Plans shapes, memory and algorithms for batches of `batch` pictures of height x width (multiples of 32). Cheap where
 * nothing changed, .choices included. Fails with FOVEA_ERROR_MEMORY, saying what a smaller batch or size would help. */
fovea_status fovea__network_plan(fovea__network *network, int batch, int height, int width);

/* Gives up the plan, so that the next call makes one: for who has .choices point elsewhere. */
void fovea__network_drop_plan(fovea__network *network);

/* Sets the nodes' shapes alone, for who wants to know what a size asks of convolutions. There must be no plan. */
fovea_status fovea__network_set_shapes(fovea__network *network, int batch, int height, int width);

/* A picture's side with its padding: the next multiple of 32. */
static inline int fovea__network_padded(int side)
{
    return (side + 31) / 32 * 32;
}

/* Sizes of the levels, for the anchors. */
void fovea__network_anchors(const fovea__network *network, fovea__anchors *out);

/* [batch][height][width][3], to be filled before forward. */
fovea__tensor *fovea__network_input(fovea__network *network);

/* Outputs of a level: logits [N][H][W][A K], codes [N][H][W][A 4]. In training their gradients, to be filled before
 * backward, lie in the same place. */
fovea__tensor *fovea__network_logits(fovea__network *network, int level);
fovea__tensor *fovea__network_codes(fovea__network *network, int level);

fovea_status fovea__network_forward(fovea__network *network);

/* Writes the gradient of every trained parameter of the stages that are not frozen. */
fovea_status fovea__network_backward(fovea__network *network);

/* Walks forward (or backward, which needs the outputs' gradients in their place) again, node by node, and names the
 * layer whose value (or gradient) is the first that is not finite; *layer is NULL when all are. Walking forward moves
 * the running statistics. */
fovea_status fovea__network_find_nonfinite(fovea__network *network, bool backward, const char **layer);

/* Inside lib/net. */
fovea_status fovea__retinanet_build(fovea__network *network);
fovea_status fovea__network_fold(fovea__network *network);
fovea_status fovea__network_forward_node(fovea__network *network, int index);
fovea_status fovea__network_backward_node(fovea__network *network, int index);
void fovea__network_begin_backward(fovea__network *network);
fovea__conv2d_shape fovea__network_conv_shape(const fovea__network *network, const fovea__node *node);
bool fovea__network_trains_conv(const fovea__network *network, const fovea__node *node);

/* The weights packed for a direction: current, or NULL where none are wanted. */
fovea_status fovea__network_packed(fovea__network *network, const fovea__node *node, fovea__conv2d_direction direction,
                                   const fovea__buffer **packed);

#endif
