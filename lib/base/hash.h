/* FNV-1a, 64 bits: for keys and fingerprints, not against an adversary. Begin with FOVEA__HASH_EMPTY. */
#ifndef FOVEA_BASE_HASH_H
#define FOVEA_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define FOVEA__HASH_EMPTY 0xcbf29ce484222325u

static inline uint64_t fovea__hash(uint64_t so_far, const void *data, size_t size_bytes)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size_bytes; i++)
        so_far = (so_far ^ bytes[i]) * 0x100000001b3u;
    return so_far;
}

#endif
