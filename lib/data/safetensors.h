/* The safetensors format: 8 bytes of little-endian header length, a JSON header, then the tensors' bytes without holes.
 * The header maps names to {"dtype", "shape", "data_offsets": [begin, end]} and "__metadata__" to texts.
 *
 * A file is checked whole when it is opened: whatever an entry says afterwards lies inside the file. The tensors' bytes
 * stay on disk until they are read, so that a model is never held twice. */
#ifndef FOVEA_DATA_SAFETENSORS_H
#define FOVEA_DATA_SAFETENSORS_H

#include "status.h"

#define FOVEA__SAFETENSORS_MAX_DIMS 8
#define FOVEA__SAFETENSORS_MAX_HEADER 100000000 /* bytes; the limit of the format's own library */

/* Element types, in the order in which the format's own library sorts them. */
typedef enum fovea__dtype {
    FOVEA__DTYPE_BOOL,
    FOVEA__DTYPE_U8,
    FOVEA__DTYPE_I8,
    FOVEA__DTYPE_F8_E5M2,
    FOVEA__DTYPE_F8_E4M3,
    FOVEA__DTYPE_I16,
    FOVEA__DTYPE_U16,
    FOVEA__DTYPE_F16,
    FOVEA__DTYPE_BF16,
    FOVEA__DTYPE_I32,
    FOVEA__DTYPE_U32,
    FOVEA__DTYPE_F32,
    FOVEA__DTYPE_F64,
    FOVEA__DTYPE_I64,
    FOVEA__DTYPE_U64,
    FOVEA__DTYPE_COUNT
} fovea__dtype;

const char *fovea__dtype_name(fovea__dtype dtype);  /* "F32" */
size_t fovea__dtype_size(fovea__dtype dtype);       /* bytes an element */

typedef struct fovea__safetensors fovea__safetensors;

/* One tensor of an open file. */
typedef struct fovea__safetensors_entry {
    const char *name; /* borrowed from the file */
    fovea__dtype dtype;
    int n_dims; /* 0: a scalar */
    size_t shape[FOVEA__SAFETENSORS_MAX_DIMS];
    size_t n_elements;
    size_t begin_bytes, size_bytes; /* place behind the header */
} fovea__safetensors_entry;

/* Opens a file and checks all of it but the tensors' values. Fails with FOVEA_ERROR_IO, and with FOVEA_ERROR_FORMAT
 * naming the file, the tensor, what is expected and what was found. */
fovea_status fovea__safetensors_open(fovea__safetensors **out, const char *path);
void fovea__safetensors_close(fovea__safetensors *file); /* accepts NULL */

const char *fovea__safetensors_path(const fovea__safetensors *file);

/* The tensors, in the order of their bytes. index < count. */
size_t fovea__safetensors_count(const fovea__safetensors *file);
const fovea__safetensors_entry *fovea__safetensors_at(const fovea__safetensors *file, size_t index);

/* NULL where the file has no such tensor or key. */
const fovea__safetensors_entry *fovea__safetensors_find(const fovea__safetensors *file, const char *name);
const char *fovea__safetensors_metadata(const fovea__safetensors *file, const char *key);

/* Reads a tensor whole. floats: F16, BF16, F32, F64, rounded to float32; int64: I64; bytes: any, as it lies there.
 * out: room for n_elements (bytes: size_bytes). Fails with FOVEA_ERROR_FORMAT where the type is another one, and with
 * FOVEA_ERROR_IO where the file was written to since it was opened. */
bool fovea__safetensors_holds_floats(const fovea__safetensors_entry *entry);
fovea_status fovea__safetensors_read_floats(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                                            float *out);
fovea_status fovea__safetensors_read_int64(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                                           int64_t *out);
fovea_status fovea__safetensors_read_bytes(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                                           void *out);

/* One tensor to be written. */
typedef struct fovea__safetensors_item {
    const char *name;
    fovea__dtype dtype;
    int n_dims; /* 0: a scalar */
    size_t shape[FOVEA__SAFETENSORS_MAX_DIMS];
    const void *data; /* NULL: `fill` gives it */
} fovea__safetensors_item;

typedef struct fovea__safetensors_pair {
    const char *key, *value;
} fovea__safetensors_pair;

/* Gives the bytes of items[index]; called once an item without data, when its turn comes. */
typedef fovea_status (*fovea__safetensors_fill)(void *context, size_t index, void *out, size_t size_bytes);

typedef struct fovea__safetensors_content {
    const fovea__safetensors_pair *metadata; /* written in this order */
    size_t n_metadata;
    const fovea__safetensors_item *items; /* in any order: written by type, the widest first, then by name */
    size_t n_items;
    fovea__safetensors_fill fill; /* may be NULL where every item has its data */
    void *fill_context;
} fovea__safetensors_content;

/* Writes a file beside `path` and renames it: on failure what was there is unchanged. The same content gives the same
 * bytes, those that the format's own library writes. Fails with FOVEA_ERROR_ARGUMENT on a name or key given twice. */
fovea_status fovea__safetensors_write(const char *path, const fovea__safetensors_content *content);

#endif
