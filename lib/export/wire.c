/* Fields of protocol buffers. Assumes a little-endian host. */
#include "wire.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { VARINT = 0, LENGTH = 2, FOUR_BYTES = 5 };

void fovea__wire_put(fovea__wire *wire, const void *bytes, size_t count)
{
    if (!wire->status)
        wire->status = fovea__grow(&wire->bytes, &wire->capacity, wire->count + count, 1, "an ONNX graph");
    if (wire->status || count == 0)
        return;
    memcpy(wire->bytes + wire->count, bytes, count);
    wire->count += count;
}

/* Seven bits a byte, the lowest first; all bytes but the last have the highest bit set. */
static void put_varint(fovea__wire *wire, uint64_t value)
{
    unsigned char bytes[10];
    size_t count = 0;
    for (; value >= 128; value >>= 7)
        bytes[count++] = (unsigned char)(value | 128);
    bytes[count++] = (unsigned char)value;
    fovea__wire_put(wire, bytes, count);
}

static void put_key(fovea__wire *wire, int field, int kind)
{
    put_varint(wire, (uint64_t)field << 3 | (uint64_t)kind);
}

void fovea__wire_integer(fovea__wire *wire, int field, int64_t value)
{
    put_key(wire, field, VARINT);
    put_varint(wire, (uint64_t)value);
}

void fovea__wire_float(fovea__wire *wire, int field, float value)
{
    put_key(wire, field, FOUR_BYTES);
    fovea__wire_put(wire, &value, sizeof value);
}

void fovea__wire_begin(fovea__wire *wire, int field, uint64_t count)
{
    put_key(wire, field, LENGTH);
    put_varint(wire, count);
}

void fovea__wire_bytes(fovea__wire *wire, int field, const void *bytes, size_t count)
{
    fovea__wire_begin(wire, field, count);
    fovea__wire_put(wire, bytes, count);
}

void fovea__wire_text(fovea__wire *wire, int field, const char *text)
{
    fovea__wire_bytes(wire, field, text, strlen(text));
}

void fovea__wire_message(fovea__wire *wire, int field, fovea__wire *message)
{
    if (!wire->status)
        wire->status = message->status;
    fovea__wire_bytes(wire, field, message->bytes, message->count);
    free(message->bytes);
    *message = (fovea__wire){0};
}
