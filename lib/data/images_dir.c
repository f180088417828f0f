/* The folder of the pictures, and where they are when it is another, see images_dir.h. */
#include "images_dir.h"

#include "listing.h"
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

fovea_status fovea__images_dir_check(const char *images_dir)
{
    struct stat facts;
    if (*images_dir && stat(images_dir, &facts) != 0)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: the folder of the pictures cannot be opened: %s", images_dir, strerror(errno));
    if (*images_dir && !S_ISDIR(facts.st_mode))
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: expected the folder of the pictures, found a file", images_dir);
    return FOVEA_OK;
}

static fovea_status holds(bool *out, const char *folder, const char *name)
{
    char *path = NULL;
    FOVEA_TRY(fovea__path_join(&path, folder, name));
    *out = fovea__is_file(path);
    free(path);
    return FOVEA_OK;
}

/* *above, freed with free(): the folder that a folder lies in. */
static fovea_status find_above(char **above, const char *folder)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    size_t last = length; /* where its own name begins */
    while (last > 0 && folder[last - 1] != '/')
        last--;
    const size_t name = length - last;
    if (name == 0 || (folder[last] == '.' && (name == 1 || (name == 2 && folder[last + 1] == '.'))))
        return fovea__path_join(above, folder, "..");
    while (last > 1 && folder[last - 1] == '/')
        last--;
    FOVEA_TRY(fovea__copy_text(above, last ? folder : "."));
    if (last)
        (*above)[last] = '\0';
    return FOVEA_OK;
}

/* The first by name of the folders in `folder` that hold it; *out stays NULL where none does. */
static fovea_status find_below(char **out, const char *folder, const char *name)
{
    DIR *listing = opendir(folder);
    fovea_status status = FOVEA_OK;
    for (const struct dirent *entry; listing && !status && (entry = readdir(listing));) {
        char *inner = NULL;
        bool there = false;
        if (entry->d_name[0] == '.')
            continue;
        status = fovea__path_join(&inner, strcmp(folder, ".") ? folder : "", entry->d_name);
        if (!status)
            status = holds(&there, inner, name);
        if (there && (!*out || strcmp(inner, *out) < 0)) {
            char *before = *out;
            *out = inner;
            inner = before;
        }
        free(inner);
    }
    if (listing)
        closedir(listing);
    return status;
}

/* *out, freed with free(): where a picture lies that is not in images_dir; NULL: not near it. */
static fovea_status find_near(char **out, const char *images_dir, const char *name)
{
    char *above = NULL;
    bool there = false;
    *out = NULL;
    if (*name == '/' || !*images_dir)
        return FOVEA_OK;
    FOVEA_TRY(find_above(&above, images_dir));
    fovea_status status = holds(&there, above, name);
    if (!status && there) {
        *out = above;
        return FOVEA_OK;
    }
    free(above);
    if (!status)
        status = find_below(out, images_dir, name);
    if (status) {
        free(*out);
        *out = NULL;
    }
    return status;
}

fovea_status fovea_images_check(const char *images_dir, const char *const *file_names, size_t count)
{
    FOVEA_CHECK_ARG(images_dir && (file_names || count == 0), "fovea_images_check: images_dir or file_names is NULL");
    FOVEA_TRY(fovea__images_dir_check(images_dir));
    for (size_t i = 0; i < count; i++) {
        bool there = false;
        FOVEA_TRY(holds(&there, images_dir, file_names[i]));
        if (there)
            return FOVEA_OK;
    }
    if (count == 0)
        return FOVEA_OK;
    char *elsewhere = NULL, none[64] = "the picture is not";
    const char *where = *images_dir ? images_dir : "pictures by their paths";
    if (count > 1)
        snprintf(none, sizeof none, "none of the %zu pictures is", count);
    FOVEA_TRY(find_near(&elsewhere, images_dir, file_names[0]));
    fovea_status status;
    if (elsewhere)
        status = fovea__fail(FOVEA_ERROR_IO, "%s: %s in this folder; %s lies in %s, which is the folder to give", where,
                             none, file_names[0], elsewhere);
    else
        status = fovea__fail(FOVEA_ERROR_IO, "%s: %s there; the first would be %s", where, none, file_names[0]);
    free(elsewhere);
    return status;
}
