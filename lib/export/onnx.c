/* Graphs in the form of ONNX's messages; field numbers are those of the standard's onnx.proto. */
#include "onnx.h"

#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRAPH_NODE = 1, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_INTEGER = 3, ATTRIBUTE_TEXT = 4, ATTRIBUTE_INTEGERS = 8, ATTRIBUTE_TYPE = 20 };
enum { TYPE_INTEGER = 2, TYPE_TEXT = 3, TYPE_INTEGERS = 7 };
enum { END_NAME = 1, END_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2, SHAPE_DIM = 1 };
enum { DIM_VALUE = 1, DIM_NAME = 2 };

void fovea__onnx_clear(fovea__onnx *graph)
{
    for (size_t i = 0; i < graph->n_tensors; i++)
        free(graph->tensors[i].data);
    free(graph->tensors);
    free(graph->names);
    free(graph->nodes.bytes);
    free(graph->ends.bytes);
    *graph = (fovea__onnx){0};
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static int add_value(fovea__onnx *graph, const char *format, ...)
{
    if (!graph->status)
        graph->status = fovea__grow(&graph->names, &graph->names_room, graph->n_values + 2, sizeof *graph->names,
                                    "the values of an ONNX graph");
    if (graph->status)
        return 0;
    if (graph->n_values == 0)
        graph->names[graph->n_values++][0] = 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(graph->names[graph->n_values], sizeof *graph->names, format, arguments);
    va_end(arguments);
    return (int)graph->n_values++;
}

/* A tensor that stands in the file, without its data. */
static fovea__onnx_tensor *add_tensor(fovea__onnx *graph, int value, fovea__onnx_type type, int n_dims,
                                      const int64_t *dims)
{
    if (!graph->status)
        graph->status = fovea__grow(&graph->tensors, &graph->tensors_room, graph->n_tensors + 1,
                                    sizeof *graph->tensors, "the tensors of an ONNX graph");
    if (graph->status)
        return NULL;
    fovea__onnx_tensor *tensor = &graph->tensors[graph->n_tensors++];
    *tensor = (fovea__onnx_tensor){.value = value, .type = type, .n_dims = n_dims};
    tensor->size_bytes = type == FOVEA__ONNX_FLOAT ? sizeof(float) : sizeof(int64_t);
    for (int i = 0; i < n_dims; i++) {
        tensor->dims[i] = dims[i];
        tensor->size_bytes *= (uint64_t)dims[i];
    }
    return tensor;
}

static int add_constant(fovea__onnx *graph, fovea__onnx_type type, int n_dims, const int64_t *dims, const void *data)
{
    const int value = add_value(graph, "%s/constant_%zu", graph->scope, graph->n_values);
    fovea__onnx_tensor *tensor = add_tensor(graph, value, type, n_dims, dims);
    if (!tensor)
        return 0;
    graph->status = fovea__allocate(&tensor->data, 1, (size_t)tensor->size_bytes, "a constant of an ONNX graph");
    if (!graph->status)
        memcpy(tensor->data, data, (size_t)tensor->size_bytes);
    return value;
}

int fovea__onnx_float(fovea__onnx *graph, float value)
{
    return add_constant(graph, FOVEA__ONNX_FLOAT, 0, NULL, &value);
}

int fovea__onnx_double(fovea__onnx *graph, double value)
{
    return add_constant(graph, FOVEA__ONNX_DOUBLE, 0, NULL, &value);
}

int fovea__onnx_integer(fovea__onnx *graph, int64_t value)
{
    return add_constant(graph, FOVEA__ONNX_INT64, 0, NULL, &value);
}

int fovea__onnx_integers(fovea__onnx *graph, const int64_t *values, int count)
{
    return add_constant(graph, FOVEA__ONNX_INT64, 1, &(int64_t){count}, values);
}

int fovea__onnx_floats(fovea__onnx *graph, const float *values, int rows, int columns)
{
    const int64_t dims[2] = {rows ? rows : columns, columns};
    return add_constant(graph, FOVEA__ONNX_FLOAT, rows ? 2 : 1, dims, values);
}

int fovea__onnx_weights(fovea__onnx *graph, const char *name, int n_dims, const int64_t *dims, int owner, int part)
{
    for (size_t i = 0; i < graph->n_tensors; i++)
        if (strcmp(graph->names[graph->tensors[i].value], name) == 0)
            return graph->tensors[i].value;
    const int value = add_value(graph, "%s", name);
    fovea__onnx_tensor *tensor = add_tensor(graph, value, FOVEA__ONNX_FLOAT, n_dims, dims);
    if (tensor) {
        tensor->owner = owner;
        tensor->part = part;
    }
    return value;
}

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

static void put_attribute(fovea__wire *node, const fovea__onnx_attribute *attribute)
{
    fovea__wire message = {0};
    fovea__wire_text(&message, ATTRIBUTE_NAME, attribute->name);
    int type = TYPE_INTEGER;
    if (attribute->text) {
        type = TYPE_TEXT;
        fovea__wire_text(&message, ATTRIBUTE_TEXT, attribute->text);
    } else if (attribute->n_integers > 0) {
        type = TYPE_INTEGERS;
        for (int i = 0; i < attribute->n_integers; i++)
            fovea__wire_integer(&message, ATTRIBUTE_INTEGERS, attribute->integers[i]);
    } else {
        fovea__wire_integer(&message, ATTRIBUTE_INTEGER, attribute->integer);
    }
    fovea__wire_integer(&message, ATTRIBUTE_TYPE, type);
    fovea__wire_message(node, NODE_ATTRIBUTE, &message);
}

/* Puts a finished message into a part of the graph, whose status takes on the message's. */
static void finish(fovea__onnx *graph, fovea__wire *part, int field, fovea__wire *message)
{
    fovea__wire_message(part, field, message);
    if (!graph->status)
        graph->status = part->status;
}

int fovea__onnx_add(fovea__onnx *graph, const fovea__onnx_node *node)
{
    if (graph->status)
        return 0; /* inputs may be no values */
    fovea__wire message = {0};
    int first = 0;
    for (int i = 0; i < FOVEA__ONNX_INPUTS && node->inputs[i] != 0; i++)
        fovea__wire_text(&message, NODE_INPUT,
                         node->inputs[i] == FOVEA__ONNX_ABSENT ? "" : graph->names[node->inputs[i]]);
    for (int i = 0; i < (node->outputs ? node->outputs : 1); i++) {
        const int value = add_value(graph, "%s/%s_%zu", graph->scope, node->op, graph->n_values);
        first = i == 0 ? value : first;
        if (value)
            fovea__wire_text(&message, NODE_OUTPUT, graph->names[value]);
    }
    if (first)
        fovea__wire_text(&message, NODE_NAME, graph->names[first]);
    fovea__wire_text(&message, NODE_OP, node->op);
    for (int i = 0; i < FOVEA__ONNX_ATTRIBUTES && node->attributes[i].name; i++)
        put_attribute(&message, &node->attributes[i]);
    finish(graph, &graph->nodes, GRAPH_NODE, &message);
    return first;
}

int fovea__onnx_of(fovea__onnx *graph, const char *op, int input)
{
    return fovea__onnx_add(graph, &(fovea__onnx_node){.op = op, .inputs = {input}});
}

int fovea__onnx_of_two(fovea__onnx *graph, const char *op, int first, int second)
{
    return fovea__onnx_add(graph, &(fovea__onnx_node){.op = op, .inputs = {first, second}});
}

int fovea__onnx_cast(fovea__onnx *graph, int input, fovea__onnx_type type)
{
    return fovea__onnx_add(graph, &(fovea__onnx_node){.op = "Cast", .inputs = {input},
                                                      .attributes = {{"to", .integer = type}}});
}

int fovea__onnx_gather(fovea__onnx *graph, int data, int indices, int axis)
{
    return fovea__onnx_add(graph, &(fovea__onnx_node){.op = "Gather", .inputs = {data, indices},
                                                      .attributes = {{"axis", .integer = axis}}});
}

int fovea__onnx_concat(fovea__onnx *graph, const int *inputs, int n_inputs, int axis)
{
    fovea__onnx_node node = {.op = "Concat", .attributes = {{"axis", .integer = axis}}};
    for (int i = 0; i < n_inputs; i++)
        node.inputs[i] = inputs[i];
    return fovea__onnx_add(graph, &node);
}

/* ---- inputs and outputs ---------------------------------------------------------------------------------------- */

static void put_end(fovea__onnx *graph, int field, const fovea__onnx_end *end)
{
    fovea__wire shape = {0}, tensor = {0}, type = {0}, message = {.status = graph->status};
    for (int i = 0; end->dims[i]; i++) {
        fovea__wire dim = {0};
        const int64_t size = strtoll(end->dims[i], NULL, 10);
        if (size > 0)
            fovea__wire_integer(&dim, DIM_VALUE, size);
        else
            fovea__wire_text(&dim, DIM_NAME, end->dims[i]);
        fovea__wire_message(&shape, SHAPE_DIM, &dim);
    }
    fovea__wire_integer(&tensor, TENSOR_ELEMENT, end->type);
    fovea__wire_message(&tensor, TENSOR_SHAPE, &shape);
    fovea__wire_message(&type, TYPE_TENSOR, &tensor);
    fovea__wire_text(&message, END_NAME, end->name);
    fovea__wire_message(&message, END_TYPE, &type);
    finish(graph, &graph->ends, field, &message);
}

int fovea__onnx_input(fovea__onnx *graph, const fovea__onnx_end *end)
{
    put_end(graph, GRAPH_INPUT, end);
    return add_value(graph, "%s", end->name);
}

void fovea__onnx_output(fovea__onnx *graph, int value, const fovea__onnx_end *end)
{
    fovea__wire message = {.status = graph->status};
    if (!graph->status) {
        fovea__wire_text(&message, NODE_INPUT, graph->names[value]);
        fovea__wire_text(&message, NODE_OUTPUT, end->name);
        fovea__wire_text(&message, NODE_NAME, end->name);
        fovea__wire_text(&message, NODE_OP, "Identity");
    }
    finish(graph, &graph->nodes, GRAPH_NODE, &message);
    put_end(graph, GRAPH_OUTPUT, end);
}
