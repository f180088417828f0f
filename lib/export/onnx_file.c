/* The file of an ONNX graph: what is small is put together in memory, weights are streamed behind it one by one. */
#include "onnx.h"

#include "file.h"
#include "memory.h"

#include <stdlib.h>

enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_VERSION = 3, MODEL_DESCRIPTION = 6, MODEL_GRAPH = 7, MODEL_OPSET = 8,
       MODEL_METADATA = 14 };
enum { OPSET_VERSION = 2, PAIR_KEY = 1, PAIR_VALUE = 2 };
enum { GRAPH_NAME = 2, GRAPH_TENSOR = 5 };
enum { TENSOR_DIM = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_DATA = 9 };

static const uint64_t most_bytes = INT32_MAX; /* of a message */

/* What stands in the file before a tensor's data; freed with free(start->bytes), also where it fails. */
static fovea_status make_start(fovea__wire *start, const fovea__onnx *graph, const fovea__onnx_tensor *tensor)
{
    fovea__wire head = {0};
    *start = (fovea__wire){0};
    for (int i = 0; i < tensor->n_dims; i++)
        fovea__wire_integer(&head, TENSOR_DIM, tensor->dims[i]);
    fovea__wire_integer(&head, TENSOR_TYPE, tensor->type);
    fovea__wire_text(&head, TENSOR_NAME, graph->names[tensor->value]);
    fovea__wire_begin(&head, TENSOR_DATA, tensor->size_bytes);
    start->status = head.status;
    fovea__wire_begin(start, GRAPH_TENSOR, head.count + tensor->size_bytes);
    fovea__wire_put(start, head.bytes, head.count);
    free(head.bytes);
    return start->status;
}

/* Bytes that the graph's message has. */
static fovea_status graph_bytes(uint64_t *out, const fovea__onnx *graph, const fovea__wire *name)
{
    *out = graph->nodes.count + graph->ends.count + name->count;
    for (size_t i = 0; i < graph->n_tensors; i++) {
        fovea__wire start;
        const fovea_status status = make_start(&start, graph, &graph->tensors[i]);
        *out += start.count + graph->tensors[i].size_bytes;
        free(start.bytes);
        FOVEA_TRY(status);
    }
    return FOVEA_OK;
}

/* The model's fields, the last of which is the graph's, to be followed by its content. */
static void put_model(fovea__wire *model, const fovea__onnx_file *file, uint64_t bytes_of_graph)
{
    fovea__wire opset = {0};
    fovea__wire_integer(model, MODEL_IR, FOVEA__ONNX_IR);
    fovea__wire_text(model, MODEL_PRODUCER, "fovea");
    fovea__wire_text(model, MODEL_VERSION, fovea_version());
    fovea__wire_text(model, MODEL_DESCRIPTION, file->description);
    fovea__wire_integer(&opset, OPSET_VERSION, FOVEA__ONNX_OPSET);
    fovea__wire_message(model, MODEL_OPSET, &opset);
    for (size_t i = 0; i < file->n_metadata; i++) {
        fovea__wire pair = {0};
        fovea__wire_text(&pair, PAIR_KEY, file->metadata[i][0]);
        fovea__wire_text(&pair, PAIR_VALUE, file->metadata[i][1]);
        fovea__wire_message(model, MODEL_METADATA, &pair);
    }
    fovea__wire_begin(model, MODEL_GRAPH, bytes_of_graph);
}

static fovea_status put_tensor(fovea__file_writer *writer, const fovea__onnx *graph, const fovea__onnx_tensor *tensor,
                               const fovea__onnx_file *file)
{
    fovea__wire start;
    float *made = NULL;
    fovea_status status = make_start(&start, graph, tensor);
    if (!status && !tensor->data)
        status = fovea__allocate(&made, 1, (size_t)tensor->size_bytes, graph->names[tensor->value]);
    if (!status && !tensor->data)
        status = file->fill(file->context, tensor, made);
    if (!status)
        status = fovea__file_put(writer, start.bytes, start.count);
    if (!status)
        status = fovea__file_put(writer, made ? made : tensor->data, (size_t)tensor->size_bytes);
    free(start.bytes);
    free(made);
    return status;
}

static fovea_status put_all(const fovea__onnx *graph, const char *path, const fovea__onnx_file *file,
                            const fovea__wire *model, const fovea__wire *name)
{
    fovea__file_writer writer = {0};
    const fovea__wire *parts[] = {model, &graph->nodes, name, &graph->ends};
    fovea_status status = fovea__file_begin(&writer, path);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !status; i++)
        status = fovea__file_put(&writer, parts[i]->bytes, parts[i]->count);
    for (size_t i = 0; i < graph->n_tensors && !status; i++)
        status = put_tensor(&writer, graph, &graph->tensors[i], file);
    if (!status)
        return fovea__file_commit(&writer);
    fovea__file_abandon(&writer);
    return status;
}

fovea_status fovea__onnx_write(const fovea__onnx *graph, const char *path, const fovea__onnx_file *file)
{
    FOVEA_TRY(graph->status);
    fovea__wire model = {0}, name = {0};
    uint64_t bytes = 0;
    fovea__wire_text(&name, GRAPH_NAME, "fovea");
    fovea_status status = name.status;
    if (!status)
        status = graph_bytes(&bytes, graph, &name);
    if (!status) {
        put_model(&model, file, bytes);
        status = model.status;
    }
    if (!status && model.count + bytes > most_bytes)
        status = fovea__fail(FOVEA_ERROR_UNSUPPORTED,
                             "%s: the model takes %llu bytes; ONNX files have room for 2^31-1 (2 GB)", path,
                             (unsigned long long)(model.count + bytes));
    if (!status)
        status = put_all(graph, path, file, &model, &name);
    free(model.bytes);
    free(name.bytes);
    return status;
}
