/* Reading and writing whole files, see file.h. */
#include "file.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_WRITERS = 100 };

static fovea_status read_stream(char **data, size_t *size_bytes, FILE *stream, const char *path, size_t limit_bytes)
{
    char *text = NULL;
    size_t used = 0, room = 0;
    fovea_status status = FOVEA_OK;
    for (;;) {
        status = fovea__grow(&text, &room, used + 65536 + 1, 1, path);
        if (status)
            break;
        const size_t got = fread(text + used, 1, room - used - 1, stream);
        used += got;
        if (used > limit_bytes) {
            status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: larger than %zu bytes, the most that is read", path,
                                 limit_bytes);
            break;
        }
        if (got == 0) {
            if (ferror(stream))
                status = fovea__fail(FOVEA_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
            break;
        }
    }
    if (status) {
        free(text);
        return status;
    }
    text[used] = '\0';
    *data = text;
    *size_bytes = used;
    return FOVEA_OK;
}

static fovea_status open_stream(FILE **out, const char *path)
{
    struct stat facts;
    *out = NULL;
    if (stat(path, &facts) != 0)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: is a folder, a file is expected", path);
    *out = fopen(path, "rb");
    if (!*out)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    return FOVEA_OK;
}

fovea_status fovea__file_read(char **data, size_t *size_bytes, const char *path, size_t limit_bytes)
{
    *data = NULL;
    *size_bytes = 0;
    FILE *stream;
    FOVEA_TRY(open_stream(&stream, path));
    const fovea_status status = read_stream(data, size_bytes, stream, path, limit_bytes);
    fclose(stream);
    return status;
}

fovea_status fovea__file_read_head(char **data, size_t *size_bytes, bool *whole, const char *path, size_t most)
{
    *data = NULL;
    *size_bytes = 0;
    FILE *stream = NULL;
    FOVEA_TRY(fovea__allocate(data, most + 1, 1, path));
    fovea_status status = open_stream(&stream, path);
    if (!status) {
        *size_bytes = fread(*data, 1, most, stream);
        *whole = *size_bytes < most;
        if (ferror(stream))
            status = fovea__fail(FOVEA_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
        fclose(stream);
    }
    if (status) {
        free(*data);
        *data = NULL;
        *size_bytes = 0;
    }
    return status;
}

bool fovea__file_is_missing(const char *path)
{
    struct stat facts;
    return stat(path, &facts) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool fovea__name_is_taken(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0;
}

/* Locks a temporary file and empties it. One that is not this writer's own making is either another's, who holds the
 * lock, or was left by a process that was killed, whose lock went with it. A file system without locks keeps those. */
static bool take(int file, const char *name, bool made)
{
    struct stat held, named;
    const bool locked = flock(file, LOCK_EX | LOCK_NB) == 0;
    if (!locked && (!made || errno == EWOULDBLOCK))
        return false;
    return fstat(file, &held) == 0 && stat(name, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino && ftruncate(file, 0) == 0;
}

/* Opens PATH.part1, or the next one that no other writer has. NULL with errno set where that fails. */
static FILE *open_temporary(char *name, size_t size, const char *path)
{
    for (int i = 1; i <= MOST_WRITERS; i++) {
        snprintf(name, size, "%s.part%d", path, i);
        int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        const bool made = file >= 0;
        if (!made && errno != EEXIST)
            return NULL;
        if (!made)
            file = open(name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        FILE *stream = file >= 0 && take(file, name, made) ? fdopen(file, "wb") : NULL;
        if (stream)
            return stream;
        if (file >= 0)
            close(file);
    }
    errno = EBUSY;
    return NULL;
}

fovea_status fovea__file_begin(fovea__file_writer *writer, const char *path)
{
    *writer = (fovea__file_writer){0};
    const size_t size = strlen(path) + 16;
    FOVEA_TRY(fovea__copy_text(&writer->path, path));
    fovea_status status = fovea__allocate(&writer->temporary, size, 1, "a file name");
    if (!status) {
        writer->stream = open_temporary(writer->temporary, size, path);
        if (!writer->stream) {
            status = fovea__fail(FOVEA_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
            free(writer->temporary); /* another's, if anyone's */
            writer->temporary = NULL;
        }
    }
    if (status)
        fovea__file_abandon(writer);
    return status;
}

fovea_status fovea__file_put(fovea__file_writer *writer, const void *data, size_t size_bytes)
{
    if (size_bytes && fwrite(data, 1, size_bytes, writer->stream) != size_bytes)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: cannot be written: %s; what was there before is unchanged", writer->path,
                   strerror(errno));
    return FOVEA_OK;
}

/* A rename survives a crash only once the folder itself is on disk; folders that cannot be opened are let be. */
static void sync_folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    const int folder = open(!slash ? "." : *path ? path : "/", O_RDONLY);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

fovea_status fovea__file_commit(fovea__file_writer *writer)
{
    fovea_status status = FOVEA_OK;
    if (fflush(writer->stream) == 0 && fsync(fileno(writer->stream)) == 0 &&
        rename(writer->temporary, writer->path) == 0) { /* still open, and so locked: nobody takes it over meanwhile */
        free(writer->temporary);
        writer->temporary = NULL;
        sync_folder_of(writer->path);
    } else {
        status = fovea__fail(FOVEA_ERROR_IO, "%s: cannot be written: %s; what was there before is unchanged",
                             writer->path, strerror(errno));
    }
    fovea__file_abandon(writer);
    return status;
}

void fovea__file_abandon(fovea__file_writer *writer)
{
    if (writer->temporary)
        unlink(writer->temporary);
    if (writer->stream)
        fclose(writer->stream);
    free(writer->temporary);
    free(writer->path);
    *writer = (fovea__file_writer){0};
}

fovea_status fovea__file_write(const char *path, const void *data, size_t size_bytes)
{
    fovea__file_writer writer;
    FOVEA_TRY(fovea__file_begin(&writer, path));
    const fovea_status status = fovea__file_put(&writer, data, size_bytes);
    if (status) {
        fovea__file_abandon(&writer);
        return status;
    }
    return fovea__file_commit(&writer);
}

fovea_status fovea__folder_make(const char *path)
{
    FOVEA_CHECK_ARG(*path, "a folder's name is empty");
    char *part = NULL;
    FOVEA_TRY(fovea__copy_text(&part, path));
    fovea_status status = FOVEA_OK;
    for (char *at = part + 1; !status; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        const char kept = *at;
        *at = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            status = fovea__fail(FOVEA_ERROR_IO, "%s: the folder cannot be made: %s", part, strerror(errno));
        *at = kept;
        if (kept == '\0')
            break;
    }
    free(part);
    struct stat facts;
    if (!status && (stat(path, &facts) != 0 || !S_ISDIR(facts.st_mode)))
        status = fovea__fail(FOVEA_ERROR_IO, "%s: is a file, a folder is expected", path);
    return status;
}

int fovea__folder_lock(const char *path)
{
    const int folder = open(path, O_RDONLY | O_CLOEXEC);
    if (folder >= 0)
        flock(folder, LOCK_EX);
    return folder;
}

void fovea__folder_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}
