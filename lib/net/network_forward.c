/* Forward, node by node. */
#include "network.h"

#include "add_relu.h"
#include "batch_norm.h"
#include "group_norm.h"
#include "max_pool.h"
#include "memory.h"
#include "reduce.h"
#include "upsample_add.h"

/* torch's defaults; running = .9 running + .1 batch. */
static const float norm_momentum = 0.1f, group_norm_epsilon = 1e-5f;

static fovea_status forward_conv(fovea__network *network, fovea__node *node)
{
    const fovea__conv2d_shape shape = fovea__network_conv_shape(network, node);
    const fovea__conv_layer *conv = &network->convs[node->conv];
    const fovea__norm_layer *norm = node->norm >= 0 ? &network->norms[node->norm] : NULL;
    const fovea__conv2d_epilogue epilogue = {
        .scale = norm ? &norm->scale : NULL,
        .shift = norm ? &norm->shift : conv->bias ? &conv->bias->value : NULL,
        .residual = node->other >= 0 ? &network->nodes[node->other].value : NULL,
        .relu = node->relu,
    };
    const fovea__buffer *packed = NULL;
    FOVEA_TRY(fovea__network_packed(network, node, FOVEA__CONV2D_FORWARD, &packed));
    return fovea__conv2d_forward(network->device, node->algorithm[FOVEA__CONV2D_FORWARD], &shape,
                                 &network->nodes[node->input].value, &conv->weights->value, packed, &epilogue,
                                 &node->value, node->forward_work);
}

static fovea_status forward_norm(fovea__network *network, fovea__node *node)
{
    fovea__norm_layer *norm = &network->norms[node->norm];
    if (norm->batches)
        norm->batches->batches++;
    return fovea__batch_norm_forward(network->device, &network->nodes[node->input].value, &norm->gamma->value,
                                     &norm->beta->value, network->parameters->config.norm_epsilon, norm_momentum,
                                     node->other >= 0 ? &network->nodes[node->other].value : NULL, node->relu,
                                     &node->value, &norm->saved_mean, &norm->saved_inverse_deviation,
                                     &norm->mean->value, &norm->variance->value, node->forward_work);
}

static fovea_status forward_group_norm(fovea__network *network, fovea__node *node)
{
    const fovea__norm_layer *norm = &network->norms[node->norm];
    return fovea__group_norm_forward(network->device, &network->nodes[node->input].value, &norm->gamma->value,
                                     &norm->beta->value, FOVEA__HEAD_GROUPS, group_norm_epsilon, node->relu,
                                     &node->value, node->statistics, node->forward_work);
}

fovea_status fovea__network_forward_node(fovea__network *network, int index)
{
    fovea__node *node = &network->nodes[index];
    const fovea__tensor *x = node->input >= 0 ? &network->nodes[node->input].value : NULL;
    switch (node->kind) {
    case FOVEA__NODE_INPUT: break;
    case FOVEA__NODE_CONV: return forward_conv(network, node);
    case FOVEA__NODE_NORM: return forward_norm(network, node);
    case FOVEA__NODE_GROUP_NORM: return forward_group_norm(network, node);
    case FOVEA__NODE_POOL:
        return fovea__max_pool_forward(network->device, x, (fovea__max_pool_window){3, 2, 1}, &node->value);
    case FOVEA__NODE_RELU: return fovea__add_relu_forward(network->device, x, NULL, &node->value);
    case FOVEA__NODE_UPSAMPLE_ADD:
        return fovea__upsample_add_forward(network->device, x, &network->nodes[node->other].value, &node->value);
    }
    return FOVEA_OK;
}

fovea_status fovea__network_forward(fovea__network *network)
{
    FOVEA_TRY(fovea__network_fold(network));
    for (int i = 0; i < network->n_nodes; i++)
        FOVEA_TRY(fovea__network_forward_node(network, i));
    return FOVEA_OK;
}

/* What find_nonfinite counts with: a workspace for the largest value, and the count. */
typedef struct checker {
    fovea__buffer *work, *count;
} checker;

static fovea_status is_bad(fovea__network *network, const checker *check, const fovea__tensor *tensor, bool *bad)
{
    int32_t count = 0;
    FOVEA_TRY(fovea__reduce_nonfinite(network->device, tensor->buffer, 0, fovea__shape_elements(tensor->shape),
                                      check->count, 0, check->work));
    FOVEA_TRY(fovea__buffer_read(check->count, 0, &count, sizeof count));
    *bad = count > 0;
    return FOVEA_OK;
}

static fovea_status walk_forward(fovea__network *network, const checker *check, int *found)
{
    FOVEA_TRY(fovea__network_fold(network));
    bool bad = false;
    for (int i = 0; i < network->n_nodes; i++) {
        FOVEA_TRY(fovea__network_forward_node(network, i));
        FOVEA_TRY(is_bad(network, check, &network->nodes[i].value, &bad));
        if (bad) {
            *found = i;
            return FOVEA_OK;
        }
    }
    return FOVEA_OK;
}

static fovea_status walk_backward(fovea__network *network, const checker *check, int *found)
{
    bool bad = false;
    fovea__network_begin_backward(network);
    for (int i = network->n_nodes - 1; i >= 0; i--) {
        if (!network->nodes[i].needs_gradient)
            continue;
        FOVEA_TRY(is_bad(network, check, &network->nodes[i].gradient, &bad));
        if (bad) {
            *found = i;
            return FOVEA_OK;
        }
        FOVEA_TRY(fovea__network_backward_node(network, i));
    }
    return FOVEA_OK;
}

static fovea_status make_checker(fovea__network *network, checker *check)
{
    size_t largest = 0;
    for (int i = 0; i < network->n_nodes; i++) {
        const size_t elements = fovea__shape_elements(network->nodes[i].shape);
        largest = elements > largest ? elements : largest;
    }
    FOVEA_TRY(fovea__buffer_create(&check->work, network->device, fovea__reduce_workspace_bytes(largest),
                                   "the search for what is not finite"));
    return fovea__buffer_create(&check->count, network->device, sizeof(int32_t), "the search for what is not finite");
}

fovea_status fovea__network_find_nonfinite(fovea__network *network, bool backward, const char **layer)
{
    *layer = NULL;
    int found = -1;
    checker check = {0};
    fovea_status status = make_checker(network, &check);
    if (!status)
        status = backward ? walk_backward(network, &check, &found) : walk_forward(network, &check, &found);
    if (!status && found >= 0)
        *layer = network->nodes[found].name;
    fovea__buffer_free(check.work);
    fovea__buffer_free(check.count);
    return status;
}
