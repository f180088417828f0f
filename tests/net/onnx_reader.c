/* Messages of onnx.proto, field by field. */
#include "onnx_reader.h"

#include "file.h"

#include <stdlib.h>
#include <string.h>

/* What is left of a message, and its current field. */
typedef struct message {
    const unsigned char *at, *end;
    int field, kind;
    uint64_t integer;           /* of kind 0 */
    const unsigned char *bytes; /* of kind 2 */
    size_t count;
} message;

static uint64_t varint(message *m)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        ck_assert_msg(m->at < m->end && shift < 70, "a number of a field runs over its message's end");
        value |= (uint64_t)(*m->at & 127) << shift;
        if (!(*m->at++ & 128))
            return value;
    }
}

static bool next(message *m)
{
    if (m->at == m->end)
        return false;
    const uint64_t key = varint(m);
    m->field = (int)(key >> 3);
    m->kind = (int)(key & 7);
    if (m->kind == 0) {
        m->integer = varint(m);
        return true;
    }
    ck_assert_msg(m->kind == 2, "field %d is of kind %d", m->field, m->kind);
    m->count = (size_t)varint(m);
    ck_assert_msg(m->count <= (size_t)(m->end - m->at), "field %d runs over its message's end", m->field);
    m->bytes = m->at;
    m->at += m->count;
    return true;
}

static message inside(const message *m)
{
    return (message){.at = m->bytes, .end = m->bytes + m->count};
}

static void copy_name(onnx_name out, const message *m)
{
    ck_assert_uint_lt(m->count, ONNX_NAME);
    memcpy(out, m->bytes, m->count);
    out[m->count] = 0;
}

static void read_node(onnx_node *node, message m)
{
    while (next(&m)) {
        switch (m.field) {
        case 1: ck_assert_int_lt(node->n_inputs, 6); copy_name(node->inputs[node->n_inputs++], &m); break;
        case 2: ck_assert_int_lt(node->n_outputs, 2); copy_name(node->outputs[node->n_outputs++], &m); break;
        case 3: copy_name(node->name, &m); break;
        case 4: copy_name(node->op, &m); break;
        case 5: break; /* an attribute */
        default: ck_abort_msg("a node has a field %d", m.field);
        }
    }
}

static void add_dim(onnx_tensor *tensor, int64_t dim)
{
    ck_assert_int_lt(tensor->n_dims, 4);
    tensor->dims[tensor->n_dims++] = dim;
}

static void read_tensor(onnx_tensor *tensor, message m)
{
    while (next(&m)) {
        switch (m.field) {
        case 1: add_dim(tensor, (int64_t)m.integer); break;
        case 2: tensor->type = (int)m.integer; break;
        case 8: copy_name(tensor->name, &m); break;
        case 9: tensor->data = m.bytes; tensor->size_bytes = m.count; break;
        default: ck_abort_msg("a tensor has a field %d", m.field);
        }
    }
}

/* TypeProto, its Tensor, its TensorShapeProto, and so on down to the sides. */
static void read_type(onnx_tensor *end, message m, int depth)
{
    while (next(&m)) {
        if (depth == 1 && m.field == 1)
            end->type = (int)m.integer;
        else if (depth == 3)
            add_dim(end, m.field == 1 ? (int64_t)m.integer : -1);
        else
            read_type(end, inside(&m), depth + 1);
    }
}

static void read_end(onnx_tensor *end, message m)
{
    while (next(&m)) {
        if (m.field == 1)
            copy_name(end->name, &m);
        else
            read_type(end, inside(&m), 0);
    }
}

static void read_graph(onnx_model *model, message m)
{
    while (next(&m)) {
        ck_assert(model->n_nodes < ONNX_MOST && model->n_tensors < ONNX_MOST && model->n_inputs < 2 &&
                  model->n_outputs < 4);
        switch (m.field) {
        case 1: read_node(&model->nodes[model->n_nodes++], inside(&m)); break;
        case 2: break; /* its name */
        case 5: read_tensor(&model->tensors[model->n_tensors++], inside(&m)); break;
        case 11: read_end(&model->inputs[model->n_inputs++], inside(&m)); break;
        case 12: read_end(&model->outputs[model->n_outputs++], inside(&m)); break;
        default: ck_abort_msg("the graph has a field %d", m.field);
        }
    }
}

static void read_pair(onnx_model *model, message m)
{
    ck_assert_int_lt(model->n_metadata, 4);
    while (next(&m)) {
        if (m.field == 1) {
            copy_name(model->metadata[model->n_metadata].key, &m);
            continue;
        }
        char *value = calloc(m.count + 1, 1);
        ck_assert_ptr_nonnull(value);
        memcpy(value, m.bytes, m.count);
        model->metadata[model->n_metadata].value = value;
    }
    model->n_metadata++;
}

static void read_opset(onnx_model *model, message m)
{
    while (next(&m)) {
        ck_assert_int_eq(m.field, 2);
        model->opset = (int64_t)m.integer;
    }
}

onnx_model *onnx_read(const char *path)
{
    onnx_model *model = calloc(1, sizeof *model);
    ck_assert_ptr_nonnull(model);
    model->nodes = calloc(ONNX_MOST, sizeof *model->nodes);
    model->tensors = calloc(ONNX_MOST, sizeof *model->tensors);
    ck_assert(model->nodes && model->tensors);
    support_ok(fovea__file_read(&model->file, &model->file_bytes, path, 1 << 30));
    const unsigned char *bytes = (const unsigned char *)model->file;
    message m = {.at = bytes, .end = bytes + model->file_bytes};
    while (next(&m)) {
        switch (m.field) {
        case 1: model->ir = (int64_t)m.integer; break;
        case 2: copy_name(model->producer, &m); break;
        case 3: case 6: break; /* version and description */
        case 7: read_graph(model, inside(&m)); break;
        case 8: read_opset(model, inside(&m)); break;
        case 14: read_pair(model, inside(&m)); break;
        default: ck_abort_msg("the model has a field %d", m.field);
        }
    }
    return model;
}

void onnx_free(onnx_model *model)
{
    for (int i = 0; i < model->n_metadata; i++)
        free(model->metadata[i].value);
    free(model->nodes);
    free(model->tensors);
    free(model->file);
    free(model);
}

const onnx_tensor *onnx_tensor_named(const onnx_model *model, const char *name)
{
    for (int i = 0; i < model->n_tensors; i++)
        if (strcmp(model->tensors[i].name, name) == 0)
            return &model->tensors[i];
    return NULL;
}

const onnx_node *onnx_node_of(const onnx_model *model, const char *op)
{
    for (int i = 0; i < model->n_nodes; i++)
        if (strcmp(model->nodes[i].op, op) == 0)
            return &model->nodes[i];
    return NULL;
}

/* ---- whether a graph holds together ---------------------------------------------------------------------------- */

enum { FLOAT = 1, INT64 = 7, DOUBLE = 11 }; /* types of tensors in files */

/* Names of values, in the order in which they come to be; how often each is read. */
typedef struct known {
    const char **names;
    int *reads, count;
} known;

static int *reads_of(const known *k, const char *name)
{
    for (int i = 0; i < k->count; i++)
        if (strcmp(k->names[i], name) == 0)
            return &k->reads[i];
    return NULL;
}

static void learn(known *k, const char *name)
{
    ck_assert_msg(name[0] && !reads_of(k, name), "a value called \"%s\" is there twice, or has no name", name);
    k->names[k->count++] = name;
}

static void need(const known *k, const char *name, const char *by)
{
    int *reads = reads_of(k, name);
    ck_assert_msg(reads != NULL, "%s reads %s, which is not there yet", by, name);
    (*reads)++;
}

static void check_tensor(const onnx_tensor *tensor)
{
    uint64_t bytes = tensor->type == FLOAT ? 4 : 8;
    ck_assert_msg(tensor->type == FLOAT || tensor->type == INT64 ||
                  tensor->type == DOUBLE, "%s is of type %d", tensor->name, tensor->type);
    for (int i = 0; i < tensor->n_dims; i++)
        bytes *= (uint64_t)tensor->dims[i];
    ck_assert_msg(tensor->data && bytes == tensor->size_bytes, "%s has %zu bytes", tensor->name, tensor->size_bytes);
}

void onnx_check(const onnx_model *model)
{
    const size_t room = 2 * ((size_t)model->n_nodes + (size_t)model->n_tensors) + 8;
    known k = {.names = calloc(room, sizeof *k.names), .reads = calloc(room, sizeof *k.reads)};
    ck_assert(k.names && k.reads);
    for (int i = 0; i < model->n_inputs; i++)
        learn(&k, model->inputs[i].name);
    for (int i = 0; i < model->n_tensors; i++) {
        learn(&k, model->tensors[i].name);
        check_tensor(&model->tensors[i]);
    }
    for (int i = 0; i < model->n_nodes; i++) {
        const onnx_node *node = &model->nodes[i];
        ck_assert_msg(node->name[0] && node->op[0] && node->n_outputs > 0, "node %d lacks a part", i);
        for (int n = 0; n < node->n_inputs; n++)
            if (node->inputs[n][0])
                need(&k, node->inputs[n], node->name);
        for (int n = 0; n < node->n_outputs; n++)
            learn(&k, node->outputs[n]);
        for (int n = 0; n < i; n++)
            ck_assert_msg(strcmp(model->nodes[n].name, node->name) != 0, "two nodes are called %s", node->name);
    }
    for (int i = 0; i < model->n_outputs; i++)
        need(&k, model->outputs[i].name, "the graph's outside");
    for (int i = 0; i < k.count; i++)
        ck_assert_msg(k.reads[i] > 0, "nothing reads %s", k.names[i]);
    free(k.names);
    free(k.reads);
}
