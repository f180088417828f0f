/* Shapes, algorithms and memory for one batch and size. Time runs 0 .. N-1 over forward's nodes, N for the losses, and
 * 2N-i for node i in backward; every block has the span of times at which it is needed, and the arena does the rest. */
#include "network.h"

#include "batch_norm.h"
#include "device.h"
#include "group_norm.h"
#include "max_pool.h"
#include "memory.h"
#include "reduce.h"

#include <stdlib.h>

/* Blocks to be placed, and whose buffers they become. */
typedef struct planner {
    fovea__network *network;
    fovea__block *blocks;
    fovea__buffer ***owners;
    size_t count, blocks_room, owners_room;
    int *value_block, *gradient_block; /* of each node; -1: none */
} planner;

static int backward_time(const fovea__network *network, int node)
{
    return 2 * network->n_nodes - node;
}

static fovea__shape shape_of(const fovea__network *network, const fovea__node *node, fovea__shape picture)
{
    switch (node->kind) {
    case FOVEA__NODE_INPUT: return picture;
    case FOVEA__NODE_POOL:
        return fovea__max_pool_out_shape(network->nodes[node->input].shape, (fovea__max_pool_window){3, 2, 1});
    case FOVEA__NODE_UPSAMPLE_ADD: return network->nodes[node->other].shape;
    case FOVEA__NODE_NORM:
    case FOVEA__NODE_GROUP_NORM:
    case FOVEA__NODE_RELU: return network->nodes[node->input].shape;
    case FOVEA__NODE_CONV: break;
    }
    const fovea__conv2d_shape conv = fovea__network_conv_shape(network, node);
    return fovea__conv2d_out_shape(&conv);
}

static bool needs_gradient(const fovea__network *network, const fovea__node *node)
{
    if (!network->training || node->kind == FOVEA__NODE_INPUT)
        return false;
    if (node->kind == FOVEA__NODE_NORM || (node->kind == FOVEA__NODE_CONV && fovea__network_trains_conv(network, node)))
        return true;
    return network->nodes[node->input].needs_gradient ||
           (node->other >= 0 && network->nodes[node->other].needs_gradient);
}

/* True where a residual is read for the last time: in detection the sum takes its place. Not where someone outside reads
 * it, and not where the convolution's input lies there too, which is still read while the sum is written. */
static bool adds_in_place(const fovea__network *network, int index)
{
    const fovea__node *node = &network->nodes[index];
    if (network->training || node->kind != FOVEA__NODE_CONV || node->other < 0)
        return false;
    const int place = network->nodes[node->other].value_of;
    if (network->nodes[node->other].output || network->nodes[node->input].value_of == place)
        return false;
    for (int i = index + 1; i < network->n_nodes; i++)
        if (network->nodes[i].input == node->other || network->nodes[i].other == node->other)
            return false;
    return true;
}

/* What depends on the size but not on memory. */
fovea_status fovea__network_set_shapes(fovea__network *network, int batch, int height, int width)
{
    const fovea__shape picture = {batch, height, width, 3};
    for (int i = 0; i < network->n_nodes; i++) {
        fovea__node *node = &network->nodes[i];
        node->shape = shape_of(network, node, picture);
        FOVEA_TRY(fovea__shape_check(node->shape, node->name));
        node->value.shape = node->gradient.shape = node->shape;
        node->needs_gradient = needs_gradient(network, node);
        node->value_of = node->gradient_of = i;
        if (node->kind == FOVEA__NODE_CONV) {
            const fovea__conv2d_shape shape = fovea__network_conv_shape(network, node);
            for (int direction = 0; direction < 3; direction++)
                node->algorithm[direction] =
                    network->plain ? FOVEA__CONV2D_DIRECT
                                   : fovea__conv2d_choices_pick(network->choices, network->device,
                                                                (fovea__conv2d_direction)direction, &shape);
        }
        if (node->kind == FOVEA__NODE_NORM || node->kind == FOVEA__NODE_GROUP_NORM)
            network->nodes[node->input].gradient_of = i; /* the convolution's only reader; its gradient is made in place */
        if (node->kind == FOVEA__NODE_GROUP_NORM && !network->training)
            node->value_of = network->nodes[node->input].value_of;
        if (adds_in_place(network, i))
            node->value_of = network->nodes[node->other].value_of;
        if (node->kind == FOVEA__NODE_UPSAMPLE_ADD) { /* the lateral's only reader: sum and gradient are shared */
            node->value_of = network->nodes[node->other].value_of;
            network->nodes[node->other].gradient_of = i;
        }
    }
    return FOVEA_OK;
}

static fovea_status add_block(planner *plan, size_t bytes, int first, int last, fovea__buffer **owner, int *index)
{
    FOVEA_TRY(fovea__grow(&plan->blocks, &plan->blocks_room, plan->count + 1, sizeof *plan->blocks, "a memory plan"));
    FOVEA_TRY(fovea__grow(&plan->owners, &plan->owners_room, plan->count + 1, sizeof(fovea__buffer **),
                          "a memory plan"));
    plan->blocks[plan->count] = (fovea__block){.bytes = bytes ? bytes : 4, .first = first, .last = last};
    plan->owners[plan->count] = owner;
    if (index)
        *index = (int)plan->count;
    plan->count++;
    return FOVEA_OK;
}

static void extend(planner *plan, int block, int time)
{
    if (block < 0)
        return;
    fovea__block *at = &plan->blocks[block];
    at->first = time < at->first ? time : at->first;
    at->last = time > at->last ? time : at->last;
}

static size_t value_bytes(const fovea__node *node)
{
    return fovea__shape_elements(node->shape) * sizeof(float);
}

static fovea_status add_tensors(planner *plan)
{
    fovea__network *network = plan->network;
    for (int i = 0; i < network->n_nodes; i++) {
        fovea__node *node = &network->nodes[i];
        plan->value_block[i] = plan->gradient_block[i] = -1;
        if (node->value_of == i)
            FOVEA_TRY(add_block(plan, value_bytes(node), i, i, &node->value.buffer, &plan->value_block[i]));
        const int back = backward_time(network, i);
        if (node->needs_gradient && node->gradient_of == i && !node->output)
            FOVEA_TRY(add_block(plan, value_bytes(node), back, back, &node->gradient.buffer,
                                &plan->gradient_block[i]));
        if (node->kind == FOVEA__NODE_GROUP_NORM)
            FOVEA_TRY(add_block(plan, fovea__group_norm_statistics_bytes(node->shape), i, network->training ? back : i,
                                &node->statistics, NULL));
        if (node->kind == FOVEA__NODE_INPUT && network->training) /* a search for what is not finite walks twice */
            extend(plan, plan->value_block[i], 2 * network->n_nodes);
        if (node->output) /* losses read the value and put the gradient in its place */
            extend(plan, plan->value_block[i], network->training ? back : network->n_nodes);
    }
    return FOVEA_OK;
}

/* True where node's backward reads the value of its input. */
static bool backward_reads_input(const fovea__network *network, const fovea__node *node)
{
    switch (node->kind) {
    case FOVEA__NODE_CONV: return fovea__network_trains_conv(network, node);
    case FOVEA__NODE_NORM:
    case FOVEA__NODE_GROUP_NORM:
    case FOVEA__NODE_POOL: return node->needs_gradient;
    case FOVEA__NODE_INPUT:
    case FOVEA__NODE_RELU:
    case FOVEA__NODE_UPSAMPLE_ADD: break;
    }
    return false;
}

/* Spans from readers: a value lives until its last reader, a gradient from its first writer. */
static void set_spans(planner *plan)
{
    fovea__network *network = plan->network;
    for (int i = 0; i < network->n_nodes; i++) {
        const fovea__node *node = &network->nodes[i];
        const int back = backward_time(network, i);
        const int read[2] = {node->input, node->other};
        for (int r = 0; r < 2; r++) {
            if (read[r] < 0)
                continue;
            const fovea__node *from = &network->nodes[read[r]];
            extend(plan, plan->value_block[from->value_of], i);
            if (node->needs_gradient)
                extend(plan, plan->gradient_block[from->gradient_of], back);
        }
        extend(plan, plan->value_block[node->value_of], i);
        if (backward_reads_input(network, node))
            extend(plan, plan->value_block[network->nodes[node->input].value_of], back);
        if (node->relu && node->needs_gradient)
            extend(plan, plan->value_block[node->value_of], back);
        if (node->needs_gradient)
            extend(plan, plan->gradient_block[node->gradient_of], back);
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t conv_backward_bytes(const fovea__network *network, const fovea__node *node,
                                  const fovea__conv2d_shape *shape)
{
    size_t bytes = 0;
    if (fovea__network_trains_conv(network, node))
        bytes = fovea__conv2d_workspace_bytes(network->device, node->algorithm[FOVEA__CONV2D_BACKWARD_WEIGHTS],
                                              FOVEA__CONV2D_BACKWARD_WEIGHTS, shape);
    if (network->nodes[node->input].needs_gradient)
        bytes = larger(bytes, fovea__conv2d_workspace_bytes(network->device,
                                                            node->algorithm[FOVEA__CONV2D_BACKWARD_DATA],
                                                            FOVEA__CONV2D_BACKWARD_DATA, shape));
    if (network->convs[node->conv].bias)
        bytes = larger(bytes, fovea__reduce_workspace_bytes(fovea__shape_elements(node->shape)));
    return bytes;
}

static fovea_status add_workspaces(planner *plan)
{
    fovea__network *network = plan->network;
    for (int i = 0; i < network->n_nodes; i++) {
        fovea__node *node = &network->nodes[i];
        size_t forward = 0, backward = 0;
        if (node->kind == FOVEA__NODE_CONV) {
            const fovea__conv2d_shape shape = fovea__network_conv_shape(network, node);
            forward = fovea__conv2d_workspace_bytes(network->device, node->algorithm[FOVEA__CONV2D_FORWARD],
                                                    FOVEA__CONV2D_FORWARD, &shape);
            if (network->convs[node->conv].weights->in_file)
                forward = larger(forward, fovea__parameter_elements(network->convs[node->conv].weights) * sizeof(float));
            backward = conv_backward_bytes(network, node, &shape);
        } else if (node->kind == FOVEA__NODE_NORM) {
            forward = backward = fovea__batch_norm_workspace_bytes(node->shape);
        } else if (node->kind == FOVEA__NODE_GROUP_NORM) {
            forward = backward = fovea__group_norm_workspace_bytes(node->shape);
        }
        const int back = backward_time(network, i);
        if (forward)
            FOVEA_TRY(add_block(plan, forward, i, i, &node->forward_work, NULL));
        if (backward && node->needs_gradient)
            FOVEA_TRY(add_block(plan, backward, back, back, &node->backward_work, NULL));
    }
    return FOVEA_OK;
}

void fovea__network_drop_plan(fovea__network *network)
{
    for (int i = 0; i < network->n_nodes; i++) {
        fovea__node *node = &network->nodes[i];
        if (node->value_of == i)
            fovea__buffer_free(node->value.buffer);
        if (node->gradient_of == i && !node->output)
            fovea__buffer_free(node->gradient.buffer);
        fovea__buffer_free(node->statistics);
        fovea__buffer_free(node->forward_work);
        fovea__buffer_free(node->backward_work);
        node->value.buffer = node->gradient.buffer = NULL;
        node->statistics = node->forward_work = node->backward_work = NULL;
    }
    network->batch = 0;
}

/* Slabs only grow: a new size takes the places of the old one. */
static fovea_status fit_slabs(fovea__network *network, const size_t *sizes, int n_slabs)
{
    if (n_slabs > network->n_slabs) {
        size_t room = (size_t)network->n_slabs;
        FOVEA_TRY(fovea__grow(&network->slabs, &room, (size_t)n_slabs, sizeof(fovea__buffer *), "slabs"));
        while (network->n_slabs < n_slabs)
            network->slabs[network->n_slabs++] = NULL;
    }
    for (int i = 0; i < n_slabs; i++)
        FOVEA_TRY(fovea__buffer_fit(&network->slabs[i], network->device, sizes[i], "the network's activations"));
    return FOVEA_OK;
}

static fovea_status place(planner *plan)
{
    fovea__network *network = plan->network;
    const size_t alignment = fovea__buffer_alignment(network->device);
    const size_t limit = (size_t)fovea_device_describe(network->device)->max_allocation_bytes / alignment * alignment;
    size_t *sizes = NULL;
    int n_slabs = 0;
    FOVEA_TRY(fovea__arena_plan(plan->blocks, plan->count, alignment, limit, &sizes, &n_slabs));
    fovea_status status = fit_slabs(network, sizes, n_slabs);
    free(sizes);
    for (size_t i = 0; i < plan->count && !status; i++) {
        const fovea__block *block = &plan->blocks[i];
        status = fovea__buffer_slice(plan->owners[i], network->slabs[block->slab], block->offset, block->bytes);
    }
    return status;
}

/* Values and gradients that lie in another node's place. */
static void share_places(fovea__network *network)
{
    for (int i = 0; i < network->n_nodes; i++) {
        fovea__node *node = &network->nodes[i];
        node->value.buffer = network->nodes[node->value_of].value.buffer;
        if (node->output)
            node->gradient.buffer = node->value.buffer;
    }
    for (int i = 0; i < network->n_nodes; i++) {
        fovea__node *node = &network->nodes[i];
        node->gradient.buffer = network->nodes[node->gradient_of].gradient.buffer;
    }
}

static fovea_status plan_memory(fovea__network *network)
{
    planner plan = {.network = network};
    const size_t n = (size_t)network->n_nodes;
    fovea_status status = fovea__allocate(&plan.value_block, n, sizeof(int), "a memory plan");
    if (!status)
        status = fovea__allocate(&plan.gradient_block, n, sizeof(int), "a memory plan");
    if (!status)
        status = add_tensors(&plan);
    if (!status) {
        set_spans(&plan);
        status = add_workspaces(&plan);
    }
    if (!status)
        status = place(&plan);
    if (!status)
        share_places(network);
    free(plan.value_block);
    free(plan.gradient_block);
    free(plan.blocks);
    free(plan.owners);
    return status;
}

fovea_status fovea__network_plan(fovea__network *network, int batch, int height, int width)
{
    FOVEA_CHECK_ARG(batch > 0 && height > 0 && width > 0, "a network for %d pictures of %d x %d", batch, height, width);
    const uint64_t version = network->choices ? network->choices->version : 0;
    if (network->batch == batch && network->height == height && network->width == width &&
        network->choices_version == version)
        return FOVEA_OK;
    fovea__network_drop_plan(network);
    fovea_status status = fovea__network_set_shapes(network, batch, height, width);
    if (!status)
        status = plan_memory(network);
    if (status) {
        fovea__network_drop_plan(network);
        if (status == FOVEA_ERROR_MEMORY || status == FOVEA_ERROR_UNSUPPORTED)
            return fovea__fail_in(status, "the network for %d of %d x %d pixels%s", batch, height, width,
                                  network->training ? ", in training" : "");
        return status;
    }
    network->batch = batch;
    network->height = height;
    network->width = width;
    network->choices_version = version;
    return FOVEA_OK;
}
