/* Backward, node by node from the last: when a node's turn comes its gradient is complete. It then writes (or, where a
 * later reader has written already, adds to) the gradients of what it read, and writes its parameters' gradients. */
#include "network.h"

#include "add_relu.h"
#include "batch_norm.h"
#include "group_norm.h"
#include "max_pool.h"
#include "reduce.h"
#include "upsample_add.h"

/* Whether to add to the gradient of `index`, or to write it for the first time; from now on it is written. */
static bool add_to(fovea__network *network, int index)
{
    fovea__node *root = &network->nodes[network->nodes[index].gradient_of];
    const bool add = root->gradient_written;
    root->gradient_written = true;
    return add;
}

/* Parameters of the heads get a gradient from every level: the first (P7, backwards) writes, the others add. */
static bool add_to_layer(const fovea__network *network, int index)
{
    const fovea__node *node = &network->nodes[index];
    if (network->adds_gradients)
        return true;
    for (int i = index + 1; i < network->n_nodes; i++)
        if (network->nodes[i].kind == node->kind && network->nodes[i].conv == node->conv &&
            network->nodes[i].norm == node->norm)
            return true;
    return false;
}

/* The part common to convolution and norm: the residual's gradient, and d_y through ReLU and folded scale. */
static fovea_status backward_epilogue(fovea__network *network, fovea__node *node)
{
    const fovea__tensor *mask = node->relu ? &node->value : NULL;
    const bool folded = node->kind == FOVEA__NODE_CONV && node->norm >= 0;
    const fovea__tensor *scale = folded ? &network->norms[node->norm].scale : NULL;
    if (node->other >= 0 && network->nodes[node->other].needs_gradient)
        FOVEA_TRY(fovea__add_relu_backward(network->device, mask, &node->gradient, NULL, add_to(network, node->other),
                                           &network->nodes[node->other].gradient));
    if (!mask && !scale)
        return FOVEA_OK;
    return fovea__add_relu_backward(network->device, mask, &node->gradient, scale, false, &node->gradient);
}

static fovea_status backward_conv(fovea__network *network, int index)
{
    fovea__node *node = &network->nodes[index];
    fovea__node *input = &network->nodes[node->input];
    fovea__conv_layer *conv = &network->convs[node->conv];
    const fovea__conv2d_shape shape = fovea__network_conv_shape(network, node);
    FOVEA_TRY(backward_epilogue(network, node));
    if (fovea__network_trains_conv(network, node)) {
        const bool add = add_to_layer(network, index);
        if (conv->bias)
            FOVEA_TRY(fovea__reduce_channels(network->device, &node->gradient, add, &conv->bias->gradient,
                                             node->backward_work));
        FOVEA_TRY(fovea__conv2d_backward_weights(network->device, node->algorithm[FOVEA__CONV2D_BACKWARD_WEIGHTS],
                                                 &shape, &input->value, &node->gradient, add,
                                                 &conv->weights->gradient, node->backward_work));
    }
    if (!input->needs_gradient)
        return FOVEA_OK;
    const fovea__buffer *packed = NULL;
    FOVEA_TRY(fovea__network_packed(network, node, FOVEA__CONV2D_BACKWARD_DATA, &packed));
    return fovea__conv2d_backward_data(network->device, node->algorithm[FOVEA__CONV2D_BACKWARD_DATA], &shape,
                                       &node->gradient, &conv->weights->value, packed, add_to(network, node->input),
                                       &input->gradient, node->backward_work);
}

static fovea_status backward_norm(fovea__network *network, fovea__node *node)
{
    fovea__norm_layer *norm = &network->norms[node->norm];
    fovea__node *input = &network->nodes[node->input];
    FOVEA_TRY(backward_epilogue(network, node));
    return fovea__batch_norm_backward(network->device, &input->value, &norm->gamma->value, &norm->saved_mean,
                                      &norm->saved_inverse_deviation, &node->gradient, network->adds_gradients,
                                      &norm->gamma->gradient,
                                      &norm->beta->gradient, &input->gradient, node->backward_work);
}

static fovea_status backward_group_norm(fovea__network *network, int index)
{
    fovea__node *node = &network->nodes[index], *input = &network->nodes[node->input];
    fovea__norm_layer *norm = &network->norms[node->norm];
    FOVEA_TRY(backward_epilogue(network, node));
    return fovea__group_norm_backward(network->device, &input->value, &norm->gamma->value, FOVEA__HEAD_GROUPS,
                                      node->statistics, &node->gradient, add_to_layer(network, index),
                                      &norm->gamma->gradient, &norm->beta->gradient, &input->gradient,
                                      node->backward_work);
}

fovea_status fovea__network_backward_node(fovea__network *network, int index)
{
    fovea__node *node = &network->nodes[index];
    if (!node->needs_gradient)
        return FOVEA_OK;
    fovea__node *input = node->input >= 0 ? &network->nodes[node->input] : NULL;
    switch (node->kind) {
    case FOVEA__NODE_INPUT: break;
    case FOVEA__NODE_CONV: return backward_conv(network, index);
    case FOVEA__NODE_NORM: return backward_norm(network, node);
    case FOVEA__NODE_GROUP_NORM: return backward_group_norm(network, index);
    case FOVEA__NODE_POOL:
        return fovea__max_pool_backward(network->device, &input->value, (fovea__max_pool_window){3, 2, 1},
                                        &node->gradient, add_to(network, node->input), &input->gradient);
    case FOVEA__NODE_RELU:
        return fovea__add_relu_backward(network->device, &node->value, &node->gradient, NULL,
                                        add_to(network, node->input), &input->gradient);
    case FOVEA__NODE_UPSAMPLE_ADD: /* the lateral's gradient is this one's, in the same place */
        return fovea__upsample_add_backward(network->device, &node->gradient, add_to(network, node->input),
                                            &input->gradient);
    }
    return FOVEA_OK;
}

void fovea__network_begin_backward(fovea__network *network)
{
    for (int i = 0; i < network->n_nodes; i++)
        network->nodes[i].gradient_written = network->nodes[i].output;
}

fovea_status fovea__network_backward(fovea__network *network)
{
    fovea__network_begin_backward(network);
    for (int i = network->n_nodes - 1; i >= 0; i--)
        FOVEA_TRY(fovea__network_backward_node(network, i));
    return FOVEA_OK;
}
