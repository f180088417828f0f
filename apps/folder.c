/* Paths and folders, see folder.h. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool folder_join(char *out, const char *a, const char *b, const char *c)
{
    const char *slash = *a && a[strlen(a) - 1] == '/' ? "" : "/";
    const int length = snprintf(out, FOLDER_PATH, "%s%s%s%s%s", a, slash, b, c ? "/" : "", c ? c : "");
    if (length < FOLDER_PATH)
        return true;
    fprintf(stderr, "fovea: %.200s...: the path is longer than %d bytes\n", a, FOLDER_PATH - 1);
    return false;
}

void folder_above(char out[FOLDER_PATH], const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(out, FOLDER_PATH, "%.*s", slash ? (slash == path ? 1 : (int)(slash - path)) : 1, slash ? path : ".");
}

bool folder_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

bool folder_make(const char *path)
{
    char part[FOLDER_PATH];
    if (snprintf(part, sizeof part, "%s", path) >= FOLDER_PATH) {
        fprintf(stderr, "fovea: %.200s...: the path is longer than %d bytes\n", path, FOLDER_PATH - 1);
        return false;
    }
    for (char *at = part + 1; *at; at++)
        if (*at == '/') {
            *at = '\0';
            mkdir(part, 0777); /* where it fails, the last one tells */
            *at = '/';
        }
    if (mkdir(part, 0777) == 0 || folder_exists(path))
        return true;
    fprintf(stderr, "fovea: %s: the folder cannot be made: %s\n", path, strerror(errno));
    return false;
}

bool folder_is_free(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return errno == ENOENT;
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    bool empty = true;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        empty = empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    closedir(folder);
    return empty;
}

bool folder_same(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

folder_content folder_content_of(const char *path)
{
    struct stat facts;
    unsigned char head[9] = {0};
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode))
        return FOLDER_OTHER;
    FILE *file = fopen(path, "rb");
    if (!file)
        return FOLDER_OTHER;
    const size_t size = fread(head, 1, sizeof head, file);
    fclose(file);
    if (memcmp(head, "\xff\xd8\xff", 3) == 0 || memcmp(head, "\x89PNG\r\n", 6) == 0)
        return FOLDER_PICTURE;
    uint64_t header = 0; /* safetensors: its bytes, and then it, in JSON */
    for (int i = 7; i >= 0; i--)
        header = header << 8 | head[i];
    return size == sizeof head && head[8] == '{' && header < (uint64_t)facts.st_size ? FOLDER_MODEL : FOLDER_OTHER;
}

bool folder_list_add(folder_list *list, const char *path)
{
    if (list->count == list->room) {
        const size_t room = list->room ? 2 * list->room : 64;
        char **grown = realloc(list->paths, room * sizeof *grown);
        if (!grown) {
            fprintf(stderr, "fovea: out of memory for %zu paths\n", room);
            return false;
        }
        list->paths = grown;
        list->room = room;
    }
    const size_t size = strlen(path) + 1;
    char *copy = malloc(size);
    if (!copy) {
        fprintf(stderr, "fovea: out of memory for a path\n");
        return false;
    }
    memcpy(copy, path, size);
    list->paths[list->count++] = copy;
    return true;
}

void folder_list_free(folder_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (folder_list){0};
}

bool folder_is_picture(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return name[0] != '.' && dot && (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 ||
                                     strcasecmp(dot, ".png") == 0);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds a folder's pictures to one list and, where that is given, its folders to another. */
static bool read_folder(folder_list *pictures, folder_list *folders, const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        fprintf(stderr, "fovea: %s: cannot be read: %s\n", path, strerror(errno));
        return false;
    }
    bool good = true;
    for (struct dirent *entry = readdir(folder); entry && good; entry = readdir(folder)) {
        char whole[FOLDER_PATH];
        struct stat facts;
        if (entry->d_name[0] == '.')
            continue;
        good = folder_join(whole, path, entry->d_name, NULL);
        if (good && folders && lstat(whole, &facts) == 0 && S_ISDIR(facts.st_mode))
            good = folder_list_add(folders, whole);
        else if (good && folder_is_picture(whole))
            good = folder_list_add(pictures, whole);
    }
    closedir(folder);
    return good;
}

bool folder_list_pictures(folder_list *list, const char *path, bool recursive, size_t *added)
{
    const size_t first = list->count;
    folder_list folders = {0};
    bool good = read_folder(list, recursive ? &folders : NULL, path);
    for (size_t i = 0; i < folders.count; i++) /* grows as folders are found */
        good = read_folder(list, &folders, folders.paths[i]) && good;
    folder_list_free(&folders);
    *added = list->count - first;
    if (*added > 1)
        qsort(list->paths + first, *added, sizeof *list->paths, by_path);
    return good;
}
