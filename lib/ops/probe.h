/* What a device can do at best, to hold everything else to: multiply-adds out of registers and a copy in memory. */
#ifndef FOVEA_OPS_PROBE_H
#define FOVEA_OPS_PROBE_H

#include "buffer.h"

#define FOVEA__PROBE_CHAINS 12 /* more than any device's multiply-adds in flight, and they all fit its registers */

/* Floats that one work-item multiplies: CHAINS vectors of the device's width. */
size_t fovea__probe_lanes(const fovea_device *device);

/* sums[item] = sum over lanes of v(rounds), where v(0) = start[lane] + item % 8 and v(r+1) = v(r) factor + term. 2 lanes
 * rounds items operations. start: fovea__probe_lanes() floats. */
fovea_status fovea__probe_multiply_add(fovea_device *device, const fovea__buffer *start, float factor, float term,
                                       int rounds, fovea__buffer *sums, size_t items);

/* Copies `count` floats, a multiple of the device's vector width, from the start of one buffer to that of another. */
fovea_status fovea__probe_copy(fovea_device *device, const fovea__buffer *from, fovea__buffer *to, size_t count);

/* Bytes of each buffer that fovea_device_measure() copies: four times the cache that the device tells of and at least
 * 128 MiB, or what its memory allows. */
size_t fovea__probe_copy_bytes(const fovea_device *device);

#endif
