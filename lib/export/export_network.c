/* The network's list of nodes, each as the ONNX nodes that do the same. */
#include "export.h"

#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

static int add_window(fovea__onnx *g, const char *op, const int inputs[3], int kernel, int stride, int padding)
{
    return fovea__onnx_add(g, &(fovea__onnx_node){
        .op = op, .inputs = {inputs[0], inputs[1], inputs[2]},
        .attributes = {{"kernel_shape", .integers = {kernel, kernel}, .n_integers = 2},
                       {"strides", .integers = {stride, stride}, .n_integers = 2},
                       {"pads", .integers = {padding, padding, padding, padding}, .n_integers = 4}}});
}

/* relu?(conv + bias + other): the bias is batch norm's shift where there is one, and its factor is in the weights. */
static int add_conv(fovea__export *e, int index, const int *values)
{
    fovea__onnx *g = &e->graph;
    const fovea__node *node = &e->network->nodes[index];
    const fovea__conv_layer *conv = &e->network->convs[node->conv];
    const int64_t *dims = conv->weights->name.dims;
    char bias[FOVEA__NAME_ROOM + 8];
    snprintf(bias, sizeof bias, "%s.bias", node->name);
    int inputs[3] = {values[node->input],
                     fovea__onnx_weights(g, conv->weights->name.name, 4, dims, index, FOVEA__EXPORT_WEIGHTS)};
    if (node->norm >= 0 || conv->bias)
        inputs[2] = fovea__onnx_weights(g, bias, 1, dims, index, FOVEA__EXPORT_BIAS);
    int value = add_window(g, "Conv", inputs, conv->kernel, conv->stride, conv->padding);
    if (node->other >= 0)
        value = fovea__onnx_of_two(g, "Add", value, values[node->other]);
    return node->relu ? fovea__onnx_of(g, "Relu", value) : value;
}

/* Sides are multiples of 32, so that each level is twice as large as the next. */
static int add_upsampled(fovea__onnx *g, int above, int lateral)
{
    const int scales = fovea__onnx_floats(g, (const float[]){1, 1, 2, 2}, 0, 4);
    const int larger = fovea__onnx_add(g, &(fovea__onnx_node){
        .op = "Resize", .inputs = {above, FOVEA__ONNX_ABSENT, scales},
        .attributes = {{"mode", .text = "nearest"}, {"coordinate_transformation_mode", .text = "asymmetric"},
                       {"nearest_mode", .text = "floor"}}});
    return fovea__onnx_of_two(g, "Add", lateral, larger);
}

/* The standard's own group norm came later than the opset: each group as a channel of instance norm, which then scales
 * nothing. */
static int add_group_norm(fovea__export *e, int index, int input)
{
    fovea__onnx *g = &e->graph;
    const fovea__node *node = &e->network->nodes[index];
    const fovea__norm_layer *norm = &e->network->norms[node->norm];
    const int64_t dims[3] = {norm->gamma->name.dims[0], 1, 1}, groups[3] = {0, FOVEA__HEAD_GROUPS, -1};
    float ones[FOVEA__HEAD_GROUPS], zeros[FOVEA__HEAD_GROUPS] = {0};
    for (int i = 0; i < FOVEA__HEAD_GROUPS; i++)
        ones[i] = 1;
    const int grouped = fovea__onnx_of_two(g, "Reshape", input, fovea__onnx_integers(g, groups, 3));
    const int one = fovea__onnx_floats(g, ones, 0, FOVEA__HEAD_GROUPS);
    const int zero = fovea__onnx_floats(g, zeros, 0, FOVEA__HEAD_GROUPS); /* instance norm's epsilon is 1e-5 too */
    const int normal = fovea__onnx_add(g, &(fovea__onnx_node){.op = "InstanceNormalization",
                                                              .inputs = {grouped, one, zero}});
    const int value = fovea__onnx_of_two(g, "Reshape", normal, fovea__onnx_of(g, "Shape", input));
    const int gamma = fovea__onnx_weights(g, norm->gamma->name.name, 3, dims, index, FOVEA__EXPORT_WEIGHTS);
    const int beta = fovea__onnx_weights(g, norm->beta->name.name, 3, dims, index, FOVEA__EXPORT_BIAS);
    const int scaled = fovea__onnx_of_two(g, "Add", fovea__onnx_of_two(g, "Mul", value, gamma), beta);
    return node->relu ? fovea__onnx_of(g, "Relu", scaled) : scaled;
}

static fovea_status add_node(fovea__export *e, int index, int *values)
{
    fovea__onnx *g = &e->graph;
    const fovea__node *node = &e->network->nodes[index];
    const int input = node->input >= 0 ? values[node->input] : 0;
    g->scope = node->name;
    switch (node->kind) {
    case FOVEA__NODE_INPUT: values[index] = e->input; return FOVEA_OK;
    case FOVEA__NODE_CONV: values[index] = add_conv(e, index, values); return FOVEA_OK;
    case FOVEA__NODE_POOL: values[index] = add_window(g, "MaxPool", (const int[3]){input}, 3, 2, 1); return FOVEA_OK;
    case FOVEA__NODE_RELU: values[index] = fovea__onnx_of(g, "Relu", input); return FOVEA_OK;
    case FOVEA__NODE_UPSAMPLE_ADD:
        values[index] = add_upsampled(g, input, values[node->other]);
        return FOVEA_OK;
    case FOVEA__NODE_GROUP_NORM: values[index] = add_group_norm(e, index, input); return FOVEA_OK;
    case FOVEA__NODE_NORM: break;
    }
    return fovea__fail(FOVEA_ERROR_UNSUPPORTED, "%s: a node of a kind that is not exported", node->name);
}

fovea_status fovea__export_network(fovea__export *e)
{
    const fovea__network *network = e->network;
    int *values = NULL;
    FOVEA_TRY(fovea__allocate(&values, (size_t)network->n_nodes, sizeof *values, "the nodes of an ONNX graph"));
    fovea_status status = FOVEA_OK;
    for (int i = 0; i < network->n_nodes && !status; i++)
        status = add_node(e, i, values);
    e->graph.scope = "levels";
    for (int i = 0; i < FOVEA__LEVELS && !status; i++) {
        const int logits = values[network->logits[i]];
        const int sides = fovea__onnx_add(&e->graph, &(fovea__onnx_node){
            .op = "Shape", .inputs = {logits}, .attributes = {{"start", .integer = 2}, {"end", .integer = 4}}});
        e->levels[i] = (fovea__export_level){.logits = logits, .codes = values[network->codes[i]], .sides = sides};
    }
    free(values);
    return status;
}

/* ---- weights --------------------------------------------------------------------------------------------------- */

/* A folded batch norm: y = factor x + shift, a pair a channel. */
typedef struct folded {
    float *values[4]; /* gamma, beta, mean, variance */
    size_t channels;
    double epsilon;
} folded;

static void clear_folded(folded *f)
{
    for (int i = 0; i < 4; i++)
        free(f->values[i]);
}

static fovea_status read_norm(folded *f, const fovea__export *e, const fovea__norm_layer *norm)
{
    const fovea__parameter *parts[4] = {norm->gamma, norm->beta, norm->mean, norm->variance};
    *f = (folded){.channels = fovea__parameter_elements(norm->gamma), .epsilon = e->model->config.norm_epsilon};
    for (int i = 0; i < 4; i++) {
        FOVEA_TRY(fovea__allocate(&f->values[i], f->channels, sizeof(float), norm->gamma->name.name));
        FOVEA_TRY(fovea__parameter_read(fovea__model_shown(e->model), parts[i], f->values[i]));
    }
    return FOVEA_OK;
}

static double factor_of(const folded *f, size_t channel)
{
    return (double)f->values[0][channel] / sqrt((double)f->values[3][channel] + f->epsilon);
}

static fovea_status fill_folded(const fovea__export *e, const fovea__node *node, int part, float *out)
{
    const fovea__parameter *weights = e->network->convs[node->conv].weights;
    folded f = {.channels = 0};
    fovea_status status = read_norm(&f, e, &e->network->norms[node->norm]);
    if (!status && part == FOVEA__EXPORT_WEIGHTS)
        status = fovea__parameter_read(fovea__model_shown(e->model), weights, out);
    const size_t each = fovea__parameter_elements(weights) / (f.channels ? f.channels : 1);
    for (size_t c = 0; c < f.channels && !status; c++) {
        const double factor = factor_of(&f, c);
        if (part == FOVEA__EXPORT_BIAS)
            out[c] = (float)((double)f.values[1][c] - (double)f.values[2][c] * factor);
        for (size_t i = c * each; part == FOVEA__EXPORT_WEIGHTS && i < (c + 1) * each; i++)
            out[i] = (float)((double)out[i] * factor);
    }
    clear_folded(&f);
    return status;
}

fovea_status fovea__export_fill(const void *context, const fovea__onnx_tensor *tensor, float *out)
{
    const fovea__export *e = context;
    const fovea__node *node = &e->network->nodes[tensor->owner];
    const bool bias = tensor->part == FOVEA__EXPORT_BIAS;
    if (node->kind == FOVEA__NODE_GROUP_NORM) {
        const fovea__norm_layer *norm = &e->network->norms[node->norm];
        return fovea__parameter_read(fovea__model_shown(e->model), bias ? norm->beta : norm->gamma, out);
    }
    if (node->norm >= 0)
        return fill_folded(e, node, tensor->part, out);
    const fovea__conv_layer *conv = &e->network->convs[node->conv];
    return fovea__parameter_read(fovea__model_shown(e->model), bias ? conv->bias : conv->weights, out);
}
