/* Making and freeing a network, and what its parts share. */
#include "network.h"

#include "batch_norm.h"
#include "memory.h"

#include <stdlib.h>

fovea_status fovea__network_create(fovea__network **out, fovea__parameters *parameters, bool training, int freeze)
{
    *out = NULL;
    fovea__network *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "a network"));
    made->device = parameters->device;
    made->parameters = parameters;
    made->training = training;
    made->freeze = freeze;
    const fovea_status status = fovea__retinanet_build(made);
    if (status) {
        fovea__network_free(made);
        return status;
    }
    *out = made;
    return FOVEA_OK;
}

static void free_layers(fovea__network *network)
{
    for (int i = 0; i < network->n_convs; i++)
        for (int d = 0; d < 2; d++)
            for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++)
                fovea__buffer_free(network->convs[i].packed[d][a].buffer);
    for (int i = 0; i < network->n_norms; i++) {
        fovea__norm_layer *norm = &network->norms[i];
        fovea__tensor_clear(&norm->scale);
        fovea__tensor_clear(&norm->shift);
        fovea__tensor_clear(&norm->saved_mean);
        fovea__tensor_clear(&norm->saved_inverse_deviation);
    }
    free(network->convs);
    free(network->norms);
}

void fovea__network_free(fovea__network *network)
{
    if (!network)
        return;
    fovea__network_drop_plan(network);
    for (int i = 0; i < network->n_slabs; i++)
        fovea__buffer_free(network->slabs[i]);
    free(network->slabs);
    free_layers(network);
    free(network->nodes);
    free(network);
}

void fovea__network_anchors(const fovea__network *network, fovea__anchors *out)
{
    const fovea__net_config *config = &network->parameters->config;
    *out = (fovea__anchors){.profile = config->profile, .scales = config->anchor_scales,
                            .ratios = config->anchor_ratios, .image_height = network->height,
                            .image_width = network->width};
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        out->height[level] = network->nodes[network->logits[level]].shape.h;
        out->width[level] = network->nodes[network->logits[level]].shape.w;
    }
}

fovea__tensor *fovea__network_input(fovea__network *network)
{
    return &network->nodes[0].value;
}

fovea__tensor *fovea__network_logits(fovea__network *network, int level)
{
    return &network->nodes[network->logits[level]].value;
}

fovea__tensor *fovea__network_codes(fovea__network *network, int level)
{
    return &network->nodes[network->codes[level]].value;
}

fovea__conv2d_shape fovea__network_conv_shape(const fovea__network *network, const fovea__node *node)
{
    const fovea__shape x = network->nodes[node->input].shape;
    const fovea__conv_layer *conv = &network->convs[node->conv];
    return (fovea__conv2d_shape){.batch = x.n, .height = x.h, .width = x.w, .in_channels = x.c,
                                 .out_channels = conv->weights->value.shape.n, .kernel = conv->kernel,
                                 .stride = conv->stride, .padding = conv->padding};
}

bool fovea__network_trains_conv(const fovea__network *network, const fovea__node *node)
{
    return network->training && node->stage >= network->freeze;
}

/* Packs weights from the device, or from the file through the node's workspace. */
static fovea_status pack(fovea__network *network, const fovea__node *node, fovea__conv2d_direction direction,
                         const fovea__conv2d_shape *shape, fovea__buffer *packed)
{
    const fovea__parameter *weights = network->convs[node->conv].weights;
    fovea__tensor from = weights->value;
    if (weights->in_file) {
        from.buffer = node->forward_work;
        FOVEA_TRY(fovea__parameter_load(network->parameters->file, weights->in_file, from.buffer, 0));
    }
    return fovea__conv2d_pack(network->device, node->algorithm[direction], direction, shape, &from, packed);
}

fovea_status fovea__network_packed(fovea__network *network, const fovea__node *node, fovea__conv2d_direction direction,
                                   const fovea__buffer **packed)
{
    const fovea__conv2d_algorithm algorithm = node->algorithm[direction];
    const fovea__conv2d_shape shape = fovea__network_conv_shape(network, node);
    const size_t floats = fovea__conv2d_packed_floats(network->device, algorithm, direction, &shape);
    fovea__conv_layer *conv = &network->convs[node->conv];
    fovea__packed_weights *entry = &conv->packed[direction == FOVEA__CONV2D_FORWARD ? 0 : 1][algorithm];
    *packed = NULL;
    if (floats == 0)
        return fovea__parameter_need(network->parameters, conv->weights);
    if (!entry->buffer) {
        FOVEA_TRY(fovea__buffer_create(&entry->buffer, network->device, floats * sizeof(float), "packed weights"));
        entry->version = 0;
    }
    if (entry->version != conv->weights->version) {
        FOVEA_TRY(pack(network, node, direction, &shape, entry->buffer));
        entry->version = conv->weights->version;
    }
    *packed = entry->buffer;
    return FOVEA_OK;
}

static uint64_t newest(const fovea__norm_layer *norm)
{
    const uint64_t scale = norm->gamma->version > norm->beta->version ? norm->gamma->version : norm->beta->version;
    const uint64_t statistics =
        norm->mean->version > norm->variance->version ? norm->mean->version : norm->variance->version;
    return scale > statistics ? scale : statistics;
}

fovea_status fovea__network_fold(fovea__network *network)
{
    for (int i = 0; i < network->n_nodes; i++) {
        const fovea__node *node = &network->nodes[i];
        if (node->kind != FOVEA__NODE_CONV || node->norm < 0)
            continue;
        fovea__norm_layer *norm = &network->norms[node->norm];
        const uint64_t version = newest(norm);
        if (norm->version == version)
            continue;
        FOVEA_TRY(fovea__batch_norm_fold(network->device, &norm->gamma->value, &norm->beta->value, &norm->mean->value,
                                         &norm->variance->value, network->parameters->config.norm_epsilon,
                                         &norm->scale, &norm->shift));
        norm->version = version;
    }
    return FOVEA_OK;
}
