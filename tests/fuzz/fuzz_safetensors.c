/* Opens any bytes as a safetensors file; what is accepted must be readable whole. */
#include "fuzz.h"
#include "safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const fuzz_words[] = {"NaN", "-1", "0", "18446744073709551615", "4294967296", "null",
                                  "{}",  "[",  "]", "{",                    "}",          ",",
                                  "\"",  "\"F64\"", "\"BOOL\"", "1e3", "[0]", "8", NULL};

/* A length of 8 bytes, the header, 32 bytes of tensors. */
size_t fuzz_seed(int index, uint8_t **out)
{
    static const char header[] =
        "{\"__metadata__\":{\"key\":\"value\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
        "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[24,32]}}";
    const size_t length = sizeof header - 1;
    if (index > 0 || !(*out = calloc(8 + length + 32, 1)))
        return 0;
    (*out)[0] = (uint8_t)length;
    memcpy(*out + 8, header, length);
    return 8 + length + 32;
}

static void read_all(const fovea__safetensors *file)
{
    for (size_t i = 0; i < fovea__safetensors_count(file); i++) {
        const fovea__safetensors_entry *entry = fovea__safetensors_at(file, i);
        void *room = malloc(8 * entry->n_elements + 1);
        if (fovea__safetensors_find(file, entry->name) != entry || !room ||
            fovea__safetensors_read_bytes(file, entry, room))
            abort();
        if (fovea__safetensors_read_floats(file, entry, room) && fovea__safetensors_read_int64(file, entry, room) &&
            !*fovea_error())
            abort();
        free(room);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fovea-fuzz-XXXXXX";
    const int descriptor = mkstemp(path);
    if (descriptor < 0 || write(descriptor, data, size) != (ssize_t)size)
        abort();
    close(descriptor);
    fovea__safetensors *file = NULL;
    if (fovea__safetensors_open(&file, path) == FOVEA_OK)
        read_all(file);
    fovea__safetensors_close(file);
    unlink(path);
    return 0;
}
