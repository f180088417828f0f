/* Device memory. Buffers come from the device's pool: a released buffer is kept and handed out again to the next request
 * of about its size, so steady work allocates nothing. The pool counts bytes held and their peak.
 *
 * All commands of a device run on one in-order queue: a buffer may be released while commands that use it are still
 * waiting, and whoever gets it next runs after them. */
#ifndef FOVEA_CL_BUFFER_H
#define FOVEA_CL_BUFFER_H

#include "status.h"

typedef struct fovea__buffer fovea__buffer;

/* Makes a buffer of at least size_bytes (at least 1; 0 is rounded up). Its content is undefined.
 * Fails with FOVEA_ERROR_MEMORY, saying for what (`what`), how much was asked and how much is held. */
fovea_status fovea__buffer_create(fovea__buffer **out, fovea_device *device, size_t size_bytes, const char *what);

/* The same with every byte 0. size_bytes: a multiple of 4. */
fovea_status fovea__buffer_create_zeros(fovea__buffer **out, fovea_device *device, size_t size_bytes, const char *what);

/* Makes *buffer at least size_bytes large. Where it grows, what it held is lost. *buffer may be NULL. */
fovea_status fovea__buffer_fit(fovea__buffer **buffer, fovea_device *device, size_t size_bytes, const char *what);

/* A part of `parent`, itself perhaps one, which must outlive it. offset_bytes: a multiple of
 * fovea__buffer_alignment(). */
fovea_status fovea__buffer_slice(fovea__buffer **out, fovea__buffer *parent, size_t offset_bytes, size_t size_bytes);
size_t fovea__buffer_alignment(const fovea_device *device);

/* Gives back to the driver what the pool keeps, after all queued work: for who leaves sizes behind that nobody asks
 * for again. */
fovea_status fovea__buffer_pool_empty(fovea_device *device);

void fovea__buffer_free(fovea__buffer *buffer); /* accepts NULL */

size_t fovea__buffer_size(const fovea__buffer *buffer); /* bytes asked for */

/* Copies to the device; returns when `data` may be changed again. */
fovea_status fovea__buffer_write(fovea__buffer *buffer, size_t offset_bytes, const void *data, size_t size_bytes);

/* Lends a part of the buffer to the host, to be written whole; waits for all queued work. What it held is lost. On a CPU
 * this is the buffer's own memory. Unmap gives it back, also after a failure to fill it. */
fovea_status fovea__buffer_map(fovea__buffer *buffer, size_t offset_bytes, size_t size_bytes, void **data);
fovea_status fovea__buffer_unmap(fovea__buffer *buffer, void *data);

/* Copies from the device after all queued work; waits for it. */
fovea_status fovea__buffer_read(const fovea__buffer *buffer, size_t offset_bytes, void *data, size_t size_bytes);

fovea_status fovea__buffer_copy(fovea__buffer *to, size_t to_offset, const fovea__buffer *from, size_t from_offset,
                                size_t size_bytes);

/* Sets every 32-bit word to `word`; offset and size are multiples of 4. */
fovea_status fovea__buffer_fill(fovea__buffer *buffer, size_t offset_bytes, size_t size_bytes, uint32_t word);

#endif
