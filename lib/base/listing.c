/* Folders and paths, see listing.h. */
#include "listing.h"

#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEEPEST = 16 }; /* folders inside folders; links may make rings of them */

bool fovea__is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

bool fovea__is_file(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && !S_ISDIR(facts.st_mode);
}

bool fovea__ends_in(const char *name, const char *ending)
{
    const size_t length = strlen(name), tail = strlen(ending);
    return length >= tail && strcasecmp(name + length - tail, ending) == 0;
}

fovea_status fovea__path_join(char **out, const char *folder, const char *name)
{
    const size_t length = *name == '/' ? 0 : strlen(folder);
    const size_t slash = length > 0 && folder[length - 1] != '/';
    FOVEA_TRY(fovea__allocate(out, length + slash + strlen(name) + 1, 1, "a path"));
    memcpy(*out, folder, length);
    if (slash)
        (*out)[length] = '/';
    strcpy(*out + length + slash, name);
    return FOVEA_OK;
}

fovea_status fovea__listing_add(fovea__listing *listing, const char *name)
{
    FOVEA_TRY(fovea__grow(&listing->names, &listing->room, listing->count + 1, sizeof(char *), "file names"));
    FOVEA_TRY(fovea__copy_text(&listing->names[listing->count], name));
    listing->count++;
    return FOVEA_OK;
}

void fovea__listing_clear(fovea__listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        free(listing->names[i]);
    free(listing->names);
    *listing = (fovea__listing){0};
}

static fovea_status add_folder(fovea__listing *out, const char *folder, const char *inner, const char *const *endings,
                               int depth);

static fovea_status add_entry(fovea__listing *out, const char *folder, const char *inner, const char *entry,
                              const char *const *endings, int depth)
{
    char *name = NULL, *path = NULL;
    FOVEA_TRY(fovea__path_join(&name, inner, entry));
    fovea_status status = fovea__path_join(&path, folder, name);
    if (!status && fovea__is_folder(path))
        status = depth > 0 ? add_folder(out, folder, name, endings, depth - 1) : FOVEA_OK;
    else
        for (size_t i = 0; !status && endings[i]; i++)
            if (fovea__ends_in(entry, endings[i])) {
                status = fovea__listing_add(out, name);
                break;
            }
    free(path);
    free(name);
    return status;
}

static fovea_status add_folder(fovea__listing *out, const char *folder, const char *inner, const char *const *endings,
                               int depth)
{
    char *path = NULL;
    FOVEA_TRY(fovea__path_join(&path, folder, inner));
    DIR *stream = opendir(path);
    fovea_status status = FOVEA_OK;
    if (!stream)
        status = fovea__fail(FOVEA_ERROR_IO, "%s: the folder cannot be read: %s", path, strerror(errno));
    free(path);
    if (status)
        return status;
    for (struct dirent *entry = readdir(stream); entry && !status; entry = readdir(stream))
        if (entry->d_name[0] != '.')
            status = add_entry(out, folder, inner, entry->d_name, endings, depth);
    closedir(stream);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

fovea_status fovea__listing_read(fovea__listing *out, const char *folder, const char *const *endings, bool deep)
{
    *out = (fovea__listing){0};
    const fovea_status status = add_folder(out, folder, "", endings, deep ? DEEPEST : 0);
    if (status)
        fovea__listing_clear(out);
    else if (out->count > 1)
        qsort(out->names, out->count, sizeof *out->names, by_name);
    return status;
}
