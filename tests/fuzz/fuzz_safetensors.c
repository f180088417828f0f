/* Opens any bytes as a safetensors file; what is accepted must be readable whole. */
#include "safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
