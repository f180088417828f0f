/* Whole files in, whole files out. */
#ifndef FOVEA_BASE_FILE_H
#define FOVEA_BASE_FILE_H

#include "status.h"

#include <stdio.h>

/* Reads a file. *data is freed with free() and has a 0 byte behind its size. Fails with FOVEA_ERROR_IO naming path and
 * reason, and with FOVEA_ERROR_FORMAT where the file is larger than `limit_bytes`. */
fovea_status fovea__file_read(char **data, size_t *size_bytes, const char *path, size_t limit_bytes);

/* A file being written beside its final place. Begin; write to .stream; then commit (flush, fsync, rename, fsync of the
 * folder) or abandon. Until commit succeeds the old file stays as it was. */
typedef struct fovea__file_writer {
    FILE *stream;
    char *path, *temporary;
} fovea__file_writer;

fovea_status fovea__file_begin(fovea__file_writer *writer, const char *path);
fovea_status fovea__file_put(fovea__file_writer *writer, const void *data, size_t size_bytes);
fovea_status fovea__file_commit(fovea__file_writer *writer);  /* on failure the writer is abandoned */
void fovea__file_abandon(fovea__file_writer *writer);         /* accepts a zeroed or finished writer */

/* begin, put, commit. */
fovea_status fovea__file_write(const char *path, const void *data, size_t size_bytes);

/* Makes a folder and those above it; one that is there is no error. */
fovea_status fovea__folder_make(const char *path);

#endif
