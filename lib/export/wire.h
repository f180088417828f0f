/* Protocol buffers' wire format, as much of it as ONNX needs: a message is a sequence of fields, each a number and a
 * whole number, four bytes, or bytes with their length before them (a text, a message in the message). */
#ifndef FOVEA_EXPORT_WIRE_H
#define FOVEA_EXPORT_WIRE_H

#include "status.h"

/* A message being put together. Starts zeroed; .bytes is freed with free(). Of calls behind the first that failed none
 * does anything. */
typedef struct fovea__wire {
    unsigned char *bytes;
    size_t count, capacity;
    fovea_status status;
} fovea__wire;

void fovea__wire_integer(fovea__wire *wire, int field, int64_t value);
void fovea__wire_float(fovea__wire *wire, int field, float value);
void fovea__wire_bytes(fovea__wire *wire, int field, const void *bytes, size_t count);
void fovea__wire_text(fovea__wire *wire, int field, const char *text);

/* Takes a finished message in, and frees it. */
void fovea__wire_message(fovea__wire *wire, int field, fovea__wire *message);

/* Field and length of `count` bytes that are to follow, and bytes as they are. */
void fovea__wire_begin(fovea__wire *wire, int field, uint64_t count);
void fovea__wire_put(fovea__wire *wire, const void *bytes, size_t count);

#endif
