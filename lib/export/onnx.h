/* An ONNX graph being put together, and its file. A value is what flows between nodes: a tensor that is an input of the
 * graph, stands in the file, or is what a node makes. Values are numbers; 0 is none.
 *
 * Values are numbered and named as they are made: one at most of a call's arguments, or of an initializer's members,
 * may make any, or the file would depend on which of them a compiler takes first.
 *
 * Calls that add to the graph report no failure: of those behind the first that failed none does anything, and
 * fovea__onnx_write() tells of it. */
#ifndef FOVEA_EXPORT_ONNX_H
#define FOVEA_EXPORT_ONNX_H

#include "wire.h"

/* Of the standard's opset 17 and file format 8, which onnxruntime reads since 1.12 (2022). */
enum { FOVEA__ONNX_OPSET = 17, FOVEA__ONNX_IR = 8 };

enum { FOVEA__ONNX_ABSENT = -1 }; /* an optional input that is left out before one that is not */

enum { FOVEA__ONNX_NAME = 160, FOVEA__ONNX_DIMS = 4 };

/* Element types by the standard's numbers. */
typedef enum fovea__onnx_type {
    FOVEA__ONNX_FLOAT = 1,
    FOVEA__ONNX_UINT8 = 2,
    FOVEA__ONNX_INT64 = 7,
    FOVEA__ONNX_DOUBLE = 11
} fovea__onnx_type;

/* A tensor that stands in the file. */
typedef struct fovea__onnx_tensor {
    int value;
    fovea__onnx_type type;
    int n_dims;
    int64_t dims[FOVEA__ONNX_DIMS];
    uint64_t size_bytes;
    void *data;      /* owned; NULL: made when the file is written */
    int owner, part; /* of one without data: what its maker knows it by */
} fovea__onnx_tensor;

typedef struct fovea__onnx {
    fovea_status status; /* of the first failure */
    const char *scope;   /* what the nodes to come belong to; begins the names of what they make */
    char (*names)[FOVEA__ONNX_NAME]; /* of values; that of 0 is empty */
    size_t n_values, names_room;
    fovea__onnx_tensor *tensors;
    size_t n_tensors, tensors_room;
    fovea__wire nodes, ends; /* fields of the graph: its nodes; its inputs and outputs */
} fovea__onnx;

/* One of text, list of integers (n_integers > 0), integer. */
typedef struct fovea__onnx_attribute {
    const char *name, *text;
    int64_t integers[FOVEA__ONNX_DIMS];
    int n_integers;
    int64_t integer;
} fovea__onnx_attribute;

enum { FOVEA__ONNX_INPUTS = 6, FOVEA__ONNX_ATTRIBUTES = 4 };

typedef struct fovea__onnx_node {
    const char *op;
    int inputs[FOVEA__ONNX_INPUTS];  /* up to the first 0 */
    int outputs;                     /* how many values it makes (0: 1) */
    fovea__onnx_attribute attributes[FOVEA__ONNX_ATTRIBUTES]; /* up to the first without a name */
} fovea__onnx_node;

/* Adds a node and gives its first value; further ones have the numbers behind it. */
int fovea__onnx_add(fovea__onnx *graph, const fovea__onnx_node *node);

/* Nodes of one and of two inputs without attributes; Cast; Gather and Concat along an axis. */
int fovea__onnx_of(fovea__onnx *graph, const char *op, int input);
int fovea__onnx_of_two(fovea__onnx *graph, const char *op, int first, int second);
int fovea__onnx_cast(fovea__onnx *graph, int input, fovea__onnx_type type);
int fovea__onnx_gather(fovea__onnx *graph, int data, int indices, int axis);
int fovea__onnx_concat(fovea__onnx *graph, const int *inputs, int n_inputs, int axis);

/* Constants: scalars, a list, a matrix. */
int fovea__onnx_float(fovea__onnx *graph, float value);
int fovea__onnx_double(fovea__onnx *graph, double value);
int fovea__onnx_integer(fovea__onnx *graph, int64_t value);
int fovea__onnx_integers(fovea__onnx *graph, const int64_t *values, int count);
int fovea__onnx_floats(fovea__onnx *graph, const float *values, int rows, int columns); /* rows 0: a list */

/* A tensor of floats that is made when the file is written; the same value for a name that was asked for before. */
int fovea__onnx_weights(fovea__onnx *graph, const char *name, int n_dims, const int64_t *dims, int owner, int part);

/* An input of the graph, and an output named so. A dimension is a number, or a name where it is not fixed. */
typedef struct fovea__onnx_end {
    const char *name;
    fovea__onnx_type type;
    const char *dims[FOVEA__ONNX_DIMS + 1]; /* up to the first NULL */
} fovea__onnx_end;
int fovea__onnx_input(fovea__onnx *graph, const fovea__onnx_end *end);
void fovea__onnx_output(fovea__onnx *graph, int value, const fovea__onnx_end *end);

/* What a file tells besides its graph. */
typedef struct fovea__onnx_file {
    const char *description;
    const char *const (*metadata)[2]; /* keys and values */
    size_t n_metadata;
    fovea_status (*fill)(const void *context, const fovea__onnx_tensor *tensor, float *out); /* makes weights */
    const void *context;
} fovea__onnx_file;

/* Writes the graph beside `path`, then renames; holds one tensor of weights at a time. Fails with
 * FOVEA_ERROR_UNSUPPORTED where the file would have 2^31 bytes or more, which protocol buffers cannot hold. */
fovea_status fovea__onnx_write(const fovea__onnx *graph, const char *path, const fovea__onnx_file *file);

void fovea__onnx_clear(fovea__onnx *graph);

#endif
