/* Built programs on disk. An entry is a file named by the hash of its key, holding:
 *   "fovea program 1\n", the key's size (8 bytes), the binary's size (8), the binary's hash (8), key, binary
 * all in the machine's own byte order: a cache never travels. Whatever does not fit in every part is not used, and is
 * overwritten by the next build. Failing to save is no failure: the next start compiles again. */
#include "device_state.h"
#include "file.h"
#include "hash.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "fovea program 1\n";
enum { MAGIC_BYTES = sizeof magic - 1, HEAD_BYTES = MAGIC_BYTES + 24 };

static void entry_path(const fovea_device *device, const char *key, char *path, size_t room)
{
    snprintf(path, room, "%s/%016llx.bin", device->cache_dir,
             (unsigned long long)fovea__hash(FOVEA__HASH_EMPTY, key, strlen(key)));
}

void fovea__binary_load(const fovea_device *device, const char *key, unsigned char **binary, size_t *size_bytes)
{
    *binary = NULL;
    *size_bytes = 0;
    if (!device->cache_dir)
        return;
    char path[1200];
    entry_path(device, key, path, sizeof path);
    char *data = NULL;
    size_t size = 0;
    const fovea__error_kept kept = fovea__error_keep();
    if (fovea__file_read(&data, &size, path, (size_t)256 << 20)) {
        fovea__error_restore(&kept);
        return;
    }
    uint64_t facts[3] = {0};
    const size_t key_size = strlen(key);
    if (size > HEAD_BYTES && memcmp(data, magic, MAGIC_BYTES) == 0)
        memcpy(facts, data + MAGIC_BYTES, sizeof facts);
    const bool sound = facts[0] == key_size && facts[1] > 0 && facts[1] <= size &&
                       size == HEAD_BYTES + key_size + facts[1] && memcmp(data + HEAD_BYTES, key, key_size) == 0 &&
                       fovea__hash(FOVEA__HASH_EMPTY, data + HEAD_BYTES + key_size, (size_t)facts[1]) == facts[2];
    if (sound) {
        memmove(data, data + HEAD_BYTES + key_size, (size_t)facts[1]);
        *binary = (unsigned char *)data;
        *size_bytes = (size_t)facts[1];
    } else {
        free(data);
    }
}

static fovea_status put_entry(fovea__file_writer *writer, const char *key, const unsigned char *binary, size_t size)
{
    const uint64_t facts[3] = {strlen(key), size, fovea__hash(FOVEA__HASH_EMPTY, binary, size)};
    FOVEA_TRY(fovea__file_put(writer, magic, MAGIC_BYTES));
    FOVEA_TRY(fovea__file_put(writer, facts, sizeof facts));
    FOVEA_TRY(fovea__file_put(writer, key, strlen(key)));
    return fovea__file_put(writer, binary, size);
}

static fovea_status write_entry(const fovea_device *device, const char *path, const char *key,
                                const unsigned char *binary, size_t size)
{
    fovea__file_writer writer;
    FOVEA_TRY(fovea__folder_make(device->cache_dir));
    FOVEA_TRY(fovea__file_begin(&writer, path));
    const fovea_status status = put_entry(&writer, key, binary, size);
    if (status) {
        fovea__file_abandon(&writer);
        return status;
    }
    return fovea__file_commit(&writer);
}

void fovea__binary_save(const fovea_device *device, const char *key, const unsigned char *binary, size_t size_bytes)
{
    char path[1200];
    entry_path(device, key, path, sizeof path);
    const fovea__error_kept kept = fovea__error_keep();
    if (write_entry(device, path, key, binary, size_bytes))
        fovea__error_restore(&kept);
}
