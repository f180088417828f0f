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

/* out: the folder that a path lies in, "." where it names none. */
void folder_above(char out[FOLDER_PATH], const char *path);

/* Do two paths name the same file or folder? */
bool folder_same(const char *a, const char *b);

/* What a file begins as: a JPEG or PNG, a safetensors file, or anything else, or nothing that can be read. */
typedef enum folder_content { FOLDER_OTHER, FOLDER_PICTURE, FOLDER_MODEL } folder_content;
folder_content folder_content_of(const char *path);

/* A list of paths that grows. */
typedef struct folder_list {
    char **paths;
    size_t count, room;
} folder_list;

bool folder_list_add(folder_list *list, const char *path);
void folder_list_free(folder_list *list);

/* Does a name end in .jpg, .jpeg or .png, in any case of letters? Hidden files, which begin with a dot, do not. */
bool folder_is_picture(const char *path);

/* Adds the pictures of a folder, sorted by path, and those of the folders in it where `recursive` (links to folders are
 * not followed, nor are hidden folders entered). False after a sentence where one cannot be read; *added: how many. */
bool folder_list_pictures(folder_list *list, const char *path, bool recursive, size_t *added);

#endif
