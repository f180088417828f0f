/* Whole files in, whole files out. */
#ifndef FOVEA_BASE_FILE_H
#define FOVEA_BASE_FILE_H

#include "status.h"

#include <stdio.h>

/* Reads a file. *data is freed with free() and has a 0 byte behind its size. Fails with FOVEA_ERROR_IO naming path and
 * reason, and with FOVEA_ERROR_FORMAT where the file is larger than `limit_bytes`. */
fovea_status fovea__file_read(char **data, size_t *size_bytes, const char *path, size_t limit_bytes);

/* The same of a file's first bytes, at most `most`. *whole: these are all that it has. */
fovea_status fovea__file_read_head(char **data, size_t *size_bytes, bool *whole, const char *path, size_t most);

/* Nothing is there to be read, not even something that one may not read. */
bool fovea__file_is_missing(const char *path);

/* Something has that name, a link to nowhere too. */
bool fovea__name_is_taken(const char *path);

/* A file being written beside its final place. Begin; write to .stream; then commit (flush, fsync, rename, fsync of the
 * folder) or abandon. Until commit succeeds the old file stays as it was. Of writers at once, in one process or many, each
 * has a temporary file of its own (PATH.part1, PATH.part2, ...), and the last to commit stays. What a killed process left
 * of these is taken by the next writer. */
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

/* For who reads a file, changes it and writes it back: waits until no one else holds the folder's lock, and holds it until
 * unlock. Where there are no locks it does nothing. */
int fovea__folder_lock(const char *path);
void fovea__folder_unlock(int lock);

#endif
