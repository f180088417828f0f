/* The list of nodes of a RetinaNet (paper section 4): ResNet, with the stride in the 3x3, feature pyramid P3 to P7, and
 * two heads whose weights all levels share. Layers bear torchvision's names. */
#include "network.h"

#include "memory.h"

#include <stdio.h>
#include <string.h>

/* What to build one convolution from. */
typedef struct conv_plan {
    const char *name; /* of the convolution; its batch norm's is `norm`, NULL for none */
    const char *norm;
    int input, other;
    int kernel, stride;
    bool relu;
    int stage;
} conv_plan;

static fovea__parameter *find(fovea__network *network, const char *layer, const char *part)
{
    char name[2 * FOVEA__NAME_ROOM];
    snprintf(name, sizeof name, "%s.%s", layer, part);
    return fovea__parameters_find(network->parameters, name);
}

static fovea_status need(fovea__network *network, const char *layer, const char *part, fovea__parameter **out)
{
    *out = find(network, layer, part);
    if (!*out)
        FOVEA_FAIL(FOVEA_ERROR_ARGUMENT, "the network has no tensor %s.%s", layer, part);
    return FOVEA_OK;
}

static fovea_status add_node(fovea__network *network, const fovea__node *node, const char *name, int *index)
{
    FOVEA_TRY(fovea__grow(&network->nodes, &network->nodes_room, (size_t)network->n_nodes + 1, sizeof *network->nodes,
                          "the network's nodes"));
    *index = network->n_nodes;
    network->nodes[network->n_nodes] = *node;
    snprintf(network->nodes[network->n_nodes].name, FOVEA__NAME_ROOM, "%s", name);
    network->n_nodes++;
    return FOVEA_OK;
}

/* Layers are shared: a head's convolution is asked for once a level. */
static fovea_status conv_layer(fovea__network *network, const conv_plan *plan, int *index)
{
    fovea__conv_layer made = {.kernel = plan->kernel, .stride = plan->stride, .padding = plan->kernel / 2};
    FOVEA_TRY(need(network, plan->name, "weight", &made.weights));
    made.bias = find(network, plan->name, "bias");
    for (*index = 0; *index < network->n_convs; (*index)++)
        if (network->convs[*index].weights == made.weights)
            return FOVEA_OK;
    FOVEA_TRY(fovea__grow(&network->convs, &network->convs_room, (size_t)network->n_convs + 1, sizeof *network->convs,
                          "the network's layers"));
    network->convs[network->n_convs++] = made;
    return FOVEA_OK;
}

static fovea_status norm_layer(fovea__network *network, const char *name, int *index)
{
    FOVEA_TRY(fovea__grow(&network->norms, &network->norms_room, (size_t)network->n_norms + 1, sizeof *network->norms,
                          "the network's layers"));
    *index = network->n_norms++;
    fovea__norm_layer *norm = &network->norms[*index];
    *norm = (fovea__norm_layer){0};
    FOVEA_TRY(need(network, name, "weight", &norm->gamma));
    FOVEA_TRY(need(network, name, "bias", &norm->beta));
    FOVEA_TRY(need(network, name, "running_mean", &norm->mean));
    FOVEA_TRY(need(network, name, "running_var", &norm->variance));
    norm->batches = find(network, name, "num_batches_tracked");
    fovea__tensor *vectors[] = {&norm->scale, &norm->shift, &norm->saved_mean, &norm->saved_inverse_deviation};
    for (int i = 0; i < (network->training ? 4 : 2); i++)
        FOVEA_TRY(fovea__tensor_create(vectors[i], network->device, norm->gamma->value.shape, name));
    return FOVEA_OK;
}

/* As convolutions, a head's group norm is asked for once a level. */
static fovea_status group_norm_layer(fovea__network *network, const char *name, int *index)
{
    fovea__norm_layer made = {0};
    FOVEA_TRY(need(network, name, "weight", &made.gamma));
    FOVEA_TRY(need(network, name, "bias", &made.beta));
    for (*index = 0; *index < network->n_norms; (*index)++)
        if (network->norms[*index].gamma == made.gamma)
            return FOVEA_OK;
    FOVEA_TRY(fovea__grow(&network->norms, &network->norms_room, (size_t)network->n_norms + 1, sizeof *network->norms,
                          "the network's layers"));
    network->norms[network->n_norms++] = made;
    return FOVEA_OK;
}

/* A convolution with what follows it: bias, or batch norm folded or of its own node; other; ReLU. */
static fovea_status add_conv(fovea__network *network, const conv_plan *plan, int *index)
{
    int conv = -1, norm = -1;
    FOVEA_TRY(conv_layer(network, plan, &conv));
    if (plan->norm)
        FOVEA_TRY(norm_layer(network, plan->norm, &norm));
    const bool by_batch = norm >= 0 && network->training && network->parameters->config.norm == FOVEA_NORM_TRAINING &&
                          plan->stage >= network->freeze;
    const fovea__node made = {.kind = FOVEA__NODE_CONV, .stage = plan->stage, .input = plan->input, .conv = conv,
                              .other = by_batch ? -1 : plan->other, .norm = by_batch ? -1 : norm,
                              .relu = !by_batch && plan->relu};
    FOVEA_TRY(add_node(network, &made, plan->name, index));
    if (!by_batch)
        return FOVEA_OK;
    const fovea__node normalize = {.kind = FOVEA__NODE_NORM, .stage = plan->stage, .input = *index,
                                   .other = plan->other, .conv = -1, .norm = norm, .relu = plan->relu};
    return add_node(network, &normalize, plan->norm, index);
}

static fovea_status add_simple(fovea__network *network, fovea__node_kind kind, const char *name, int stage, int input,
                               int other, int *index)
{
    const fovea__node made = {.kind = kind, .stage = stage, .input = input, .other = other, .conv = -1, .norm = -1,
                              .relu = kind == FOVEA__NODE_RELU};
    return add_node(network, &made, name, index);
}

typedef char layer_name[FOVEA__NAME_ROOM];

/* One residual block; *at is its input's node, then its output's. */
static fovea_status add_block(fovea__network *network, int stage, int block, int *at)
{
    layer_name conv[3], norm[3], down[2];
    for (int i = 0; i < 3; i++) {
        snprintf(conv[i], sizeof conv[i], "backbone.body.layer%d.%d.conv%d", stage, block, i + 1);
        snprintf(norm[i], sizeof norm[i], "backbone.body.layer%d.%d.bn%d", stage, block, i + 1);
    }
    for (int i = 0; i < 2; i++)
        snprintf(down[i], sizeof down[i], "backbone.body.layer%d.%d.downsample.%d", stage, block, i);
    const bool bottleneck = fovea__config_bottleneck(network->parameters->config.depth);
    const int stride = stage > 1 && block == 0 ? 2 : 1;
    const int input = *at;
    int shortcut = input;
    if (find(network, down[0], "weight"))
        FOVEA_TRY(add_conv(network, &(conv_plan){down[0], down[1], input, -1, 1, stride, false, stage}, &shortcut));
    const int last = bottleneck ? 2 : 1;
    for (int i = 0; i <= last; i++) {
        const int kernel = bottleneck && i != 1 ? 1 : 3;
        const int step = i == (bottleneck ? 1 : 0) ? stride : 1;
        const conv_plan plan = {conv[i], norm[i], *at, i == last ? shortcut : -1, kernel, step, true, stage};
        FOVEA_TRY(add_conv(network, &plan, at));
    }
    return FOVEA_OK;
}

/* c: the nodes of C3, C4, C5. */
static fovea_status add_backbone(fovea__network *network, int c[3])
{
    int at = -1;
    FOVEA_TRY(add_simple(network, FOVEA__NODE_INPUT, "picture", 0, -1, -1, &at));
    FOVEA_TRY(add_conv(network, &(conv_plan){"backbone.body.conv1", "backbone.body.bn1", at, -1, 7, 2, true, 0}, &at));
    FOVEA_TRY(add_simple(network, FOVEA__NODE_POOL, "backbone.body.maxpool", 0, at, -1, &at));
    for (int stage = 1; stage <= FOVEA__STAGES; stage++) {
        const int blocks = fovea__config_blocks(network->parameters->config.depth, stage);
        for (int block = 0; block < blocks; block++)
            FOVEA_TRY(add_block(network, stage, block, &at));
        if (stage > 1)
            c[stage - 2] = at;
    }
    return FOVEA_OK;
}

/* p: the nodes of P3 to P7. */
static fovea_status add_pyramid(fovea__network *network, const int c[3], int p[FOVEA__LEVELS])
{
    int above = -1;
    for (int i = 2; i >= 0; i--) {
        layer_name inner, layer;
        snprintf(inner, sizeof inner, "backbone.fpn.inner_blocks.%d.0", i);
        snprintf(layer, sizeof layer, "backbone.fpn.layer_blocks.%d.0", i);
        int lateral = -1;
        FOVEA_TRY(add_conv(network, &(conv_plan){inner, NULL, c[i], -1, 1, 1, false, 5}, &lateral));
        if (above >= 0)
            FOVEA_TRY(add_simple(network, FOVEA__NODE_UPSAMPLE_ADD, "backbone.fpn.top_down", 5, above, lateral,
                                 &lateral));
        above = lateral;
        FOVEA_TRY(add_conv(network, &(conv_plan){layer, NULL, above, -1, 3, 1, false, 5}, &p[i]));
    }
    const int from = fovea__config_p6_from_p5(&network->parameters->config) ? p[2] : c[2];
    int active = -1;
    FOVEA_TRY(add_conv(network, &(conv_plan){"backbone.fpn.extra_blocks.p6", NULL, from, -1, 3, 2, false, 5}, &p[3]));
    FOVEA_TRY(add_simple(network, FOVEA__NODE_RELU, "backbone.fpn.extra_blocks.relu", 5, p[3], -1, &active));
    return add_conv(network, &(conv_plan){"backbone.fpn.extra_blocks.p7", NULL, active, -1, 3, 2, false, 5}, &p[4]);
}

static fovea_status add_head(fovea__network *network, const char *head, const char *last, int input, int *output)
{
    int at = input;
    layer_name name;
    const bool group_norm = network->parameters->config.head_norm == FOVEA_HEAD_NORM_GROUP;
    for (int i = 0; i < network->parameters->config.head_depth; i++) {
        snprintf(name, sizeof name, "head.%s.conv.%d.0", head, i);
        FOVEA_TRY(add_conv(network, &(conv_plan){name, NULL, at, -1, 3, 1, !group_norm, 6}, &at));
        if (!group_norm)
            continue;
        snprintf(name, sizeof name, "head.%s.conv.%d.1", head, i);
        fovea__node norm = {.kind = FOVEA__NODE_GROUP_NORM, .stage = 6, .input = at, .other = -1, .conv = -1, .relu = true};
        FOVEA_TRY(group_norm_layer(network, name, &norm.norm));
        FOVEA_TRY(add_node(network, &norm, name, &at));
    }
    snprintf(name, sizeof name, "head.%s.%s", head, last);
    FOVEA_TRY(add_conv(network, &(conv_plan){name, NULL, at, -1, 3, 1, false, 6}, output));
    network->nodes[*output].output = true;
    return FOVEA_OK;
}

fovea_status fovea__retinanet_build(fovea__network *network)
{
    int c[3], p[FOVEA__LEVELS];
    FOVEA_TRY(add_backbone(network, c));
    FOVEA_TRY(add_pyramid(network, c, p));
    for (int i = 0; i < FOVEA__LEVELS; i++) {
        FOVEA_TRY(add_head(network, "classification_head", "cls_logits", p[i], &network->logits[i]));
        FOVEA_TRY(add_head(network, "regression_head", "bbox_reg", p[i], &network->codes[i]));
    }
    return FOVEA_OK;
}
