/* The files of a folder. */
#ifndef FOVEA_BASE_LISTING_H
#define FOVEA_BASE_LISTING_H

#include "status.h"

typedef struct fovea__listing {
    char **names; /* sorted by their bytes */
    size_t count, room;
} fovea__listing;

/* Lists files whose names end in one of `endings` (".jpg", in any case of letters; NULL ends them); names that begin with
 * a dot are passed over. deep: also in the folders inside, as "inner/name". The listing is cleared on failure. */
fovea_status fovea__listing_read(fovea__listing *out, const char *folder, const char *const *endings, bool deep);
void fovea__listing_clear(fovea__listing *listing);

/* Adds a name to the end. */
fovea_status fovea__listing_add(fovea__listing *listing, const char *name);

/* Is `path` a folder? A file of any kind? */
bool fovea__is_folder(const char *path);
bool fovea__is_file(const char *path);

/* Does `name` end so, whatever the case of letters? */
bool fovea__ends_in(const char *name, const char *ending);

/* *out, freed with free(): folder/name, or name alone where it begins with '/' or folder is "". */
fovea_status fovea__path_join(char **out, const char *folder, const char *name);

#endif
