/* Paths and folders. Failures are told on stderr. */
#ifndef FOVEA_APPS_FOLDER_H
#define FOVEA_APPS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

enum { FOLDER_PATH = 4096 };

/* out (FOLDER_PATH bytes): a/b or, where c is given, a/b/c. */
bool folder_join(char *out, const char *a, const char *b, const char *c);

/* Makes a folder and those above it; one that is there is no failure. */
bool folder_make(const char *path);

/* Is there nothing at `path`, or a folder with nothing in it? */
bool folder_is_free(const char *path);

bool folder_exists(const char *path);

/* Do two paths name the same file or folder? */
bool folder_same(const char *a, const char *b);

/* A list of paths that grows. */
typedef struct folder_list {
    char **paths;
    size_t count, room;
} folder_list;

bool folder_list_add(folder_list *list, const char *path);
void folder_list_free(folder_list *list);

/* Adds the *.jpg, *.jpeg and *.png of a folder (in any case of letters), sorted by name; its own folders are not entered.
 * False after a sentence where the folder cannot be read; *added: how many. */
bool folder_list_pictures(folder_list *list, const char *path, size_t *added);

#endif
