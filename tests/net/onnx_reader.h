/* ONNX files read back, by protocol buffers' rules alone: what a graph's nodes, tensors, inputs and outputs are. */
#ifndef FOVEA_TESTS_ONNX_READER_H
#define FOVEA_TESTS_ONNX_READER_H

#include "support.h"

enum { ONNX_MOST = 4096, ONNX_NAME = 160 };

typedef char onnx_name[ONNX_NAME];

typedef struct onnx_node {
    onnx_name name, op, inputs[6], outputs[2];
    int n_inputs, n_outputs;
} onnx_node;

/* A tensor of the file, or an input or output of the graph (which has no data; a side that is not fixed is -1). */
typedef struct onnx_tensor {
    onnx_name name;
    int type, n_dims;
    int64_t dims[4];
    const unsigned char *data;
    size_t size_bytes;
} onnx_tensor;

typedef struct onnx_model {
    char *file; /* everything borrows from it */
    size_t file_bytes;
    int64_t ir, opset;
    onnx_name producer;
    struct {
        onnx_name key;
        char *value; /* freed with the rest */
    } metadata[4];
    int n_metadata;
    onnx_node *nodes;
    onnx_tensor *tensors, inputs[2], outputs[4];
    int n_nodes, n_tensors, n_inputs, n_outputs;
} onnx_model;

/* Reads a file; the test fails where it is no ONNX file, or has fields that this reader does not know. */
onnx_model *onnx_read(const char *path);
void onnx_free(onnx_model *model);

/* Fails the test unless every value has a name and one source, stands before its readers, and has one. */
void onnx_check(const onnx_model *model);

/* NULL where there is none of that name, or op. */
const onnx_tensor *onnx_tensor_named(const onnx_model *model, const char *name);
const onnx_node *onnx_node_of(const onnx_model *model, const char *op);

#endif
