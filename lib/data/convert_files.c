/* Files and pictures that are put in place together, see convert.h. */
#include "convert.h"

#include "file.h"
#include "listing.h"
#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 14, LONGEST_PATH = 4096 };

static fovea_status add(fovea__outputs *to, const char *folder, const char *name)
{
    FOVEA_TRY(fovea__grow(&to->items, &to->room, to->count + 1, sizeof *to->items, "files to be written"));
    to->items[to->count] = (fovea__output){0};
    FOVEA_TRY(fovea__path_join(&to->items[to->count].path, folder, name));
    to->count++;
    return FOVEA_OK;
}

fovea_status fovea__outputs_text(fovea__outputs *to, const char *folder, const char *name, fovea__text *text,
                                 bool replaces)
{
    const fovea_status status = add(to, folder, name);
    if (status) {
        free(text->bytes);
        return status;
    }
    fovea__output *made = &to->items[to->count - 1];
    made->text = text->bytes;
    made->size = text->used;
    made->replaces = replaces;
    return FOVEA_OK;
}

fovea_status fovea__outputs_picture(fovea__outputs *to, const char *folder, const char *name, const char *source,
                                    bool link)
{
    FOVEA_TRY(add(to, folder, name));
    to->items[to->count - 1].link = link;
    return fovea__copy_text(&to->items[to->count - 1].source, source);
}

void fovea__outputs_clear(fovea__outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        free(outputs->items[i].path);
        free(outputs->items[i].text);
        free(outputs->items[i].source);
    }
    free(outputs->items);
    *outputs = (fovea__outputs){0};
}

/* ---- what is there already ------------------------------------------------------------------------------------- */

static bool same_bytes(FILE *a, FILE *b)
{
    char one[PIECE], other[PIECE];
    for (;;) {
        const size_t n = fread(one, 1, PIECE, a), k = fread(other, 1, PIECE, b);
        if (n != k || memcmp(one, other, n) != 0 || ferror(a) || ferror(b))
            return false;
        if (n == 0)
            return true;
    }
}

static bool same_picture(const char *path, const char *source)
{
    struct stat here, there;
    if (stat(path, &here) != 0 || stat(source, &there) != 0)
        return false;
    if (here.st_dev == there.st_dev && here.st_ino == there.st_ino)
        return true;
    if (here.st_size != there.st_size)
        return false;
    FILE *a = fopen(path, "rb"), *b = fopen(source, "rb");
    const bool same = a && b && same_bytes(a, b);
    if (a)
        fclose(a);
    if (b)
        fclose(b);
    return same;
}

static fovea_status same_text(bool *out, const fovea__output *output)
{
    char *text = NULL;
    size_t size = 0;
    struct stat facts;
    *out = false;
    if (stat(output->path, &facts) != 0 || !S_ISREG(facts.st_mode) || (uint64_t)facts.st_size != output->size)
        return FOVEA_OK;
    FOVEA_TRY(fovea__file_read(&text, &size, output->path, output->size));
    *out = size == output->size && memcmp(text, output->text, size) == 0;
    free(text);
    return FOVEA_OK;
}

/* *needed: it is to be written, in a free place. */
static fovea_status look(bool *needed, const fovea__output *output)
{
    bool same = false;
    *needed = true;
    if (output->source && !fovea__is_file(output->source))
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: the picture is not there", output->source);
    if (!fovea__name_is_taken(output->path))
        return FOVEA_OK;
    if (output->source)
        same = same_picture(output->path, output->source);
    else
        FOVEA_TRY(same_text(&same, output));
    *needed = !same;
    if (!same && !output->replaces)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: is there already and holds something else, which is not written over",
                   output->path);
    return FOVEA_OK;
}

static int by_path(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static fovea_status check_places(const fovea__outputs *outputs)
{
    const char **paths = NULL;
    FOVEA_TRY(fovea__allocate(&paths, outputs->count, sizeof *paths, "files to be written"));
    for (size_t i = 0; i < outputs->count; i++)
        paths[i] = outputs->items[i].path;
    if (outputs->count > 1)
        qsort(paths, outputs->count, sizeof *paths, by_path);
    fovea_status status = FOVEA_OK;
    for (size_t i = 1; i < outputs->count && !status; i++)
        if (strcmp(paths[i - 1], paths[i]) == 0)
            status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: would be written twice, for two pictures of that name", paths[i]);
    free(paths);
    return status;
}

fovea_status fovea__outputs_check(const fovea__outputs *outputs)
{
    bool needed;
    FOVEA_TRY(check_places(outputs));
    for (size_t i = 0; i < outputs->count; i++)
        FOVEA_TRY(look(&needed, &outputs->items[i]));
    return FOVEA_OK;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static bool put_text(FILE *to, const fovea__output *output)
{
    return output->size == 0 || fwrite(output->text, 1, output->size, to) == output->size;
}

static bool put_copy(FILE *to, const fovea__output *output)
{
    char piece[PIECE];
    FILE *from = fopen(output->source, "rb");
    bool good = from != NULL;
    for (size_t n = 1; good && n > 0;) {
        n = fread(piece, 1, sizeof piece, from);
        good = !ferror(from) && (n == 0 || fwrite(piece, 1, n, to) == n);
    }
    if (from)
        fclose(from);
    return good;
}

/* A link that holds wherever it is read from: by the whole path. */
static bool put_link(const fovea__output *output)
{
    char here[LONGEST_PATH], *whole = NULL;
    if (*output->source == '/')
        return symlink(output->source, output->path) == 0;
    const bool good = getcwd(here, sizeof here) && !fovea__path_join(&whole, here, output->source) &&
                      symlink(whole, output->path) == 0;
    free(whole);
    return good;
}

/* Writes into a place that is free at that moment; nothing is left there on failure. */
static fovea_status put(const fovea__output *output)
{
    FILE *to = NULL;
    bool good;
    if (output->replaces)
        return fovea__file_write(output->path, output->text, output->size);
    if (output->source && output->link) {
        good = put_link(output);
    } else {
        to = fopen(output->path, "wbx");
        good = to && (output->source ? put_copy(to, output) : put_text(to, output));
        const int error = errno;
        if (to && fclose(to) != 0)
            good = false;
        else
            errno = error;
        if (to && !good)
            unlink(output->path);
    }
    if (!good)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: cannot be written: %s", output->path, strerror(errno));
    return FOVEA_OK;
}

static fovea_status make_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = NULL;
    if (!slash || slash == path)
        return FOVEA_OK;
    FOVEA_TRY(fovea__copy_text(&folder, path));
    folder[slash - path] = '\0';
    const fovea_status status = fovea__is_folder(folder) ? FOVEA_OK : fovea__folder_make(folder);
    free(folder);
    return status;
}

fovea_status fovea__outputs_write(const fovea__outputs *outputs, size_t *written)
{
    *written = 0;
    for (size_t i = 0; i < outputs->count; i++) {
        bool needed;
        FOVEA_TRY(look(&needed, &outputs->items[i]));
        if (!needed)
            continue;
        FOVEA_TRY(make_folder_of(outputs->items[i].path));
        FOVEA_TRY(put(&outputs->items[i]));
        ++*written;
    }
    return FOVEA_OK;
}
