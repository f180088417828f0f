/* Files, folders, patterns and lists, see pictures.h. */
#include "pictures.h"

#include "pick_device.h"

#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool add_folder(folder_list *pictures, const char *path, bool recursive)
{
    size_t added = 0;
    const bool good = folder_list_pictures(pictures, path, recursive, &added);
    if (good && added == 0)
        fprintf(stderr, "fovea: %s: the folder holds no *.jpg, *.jpeg or *.png%s\n", path,
                recursive ? "" : " (--recursive looks into the folders in it)");
    return good && added > 0;
}

/* Folders that match are entered; of files those that end as pictures do are taken. */
static bool add_pattern(folder_list *pictures, const char *pattern, bool recursive)
{
    glob_t found = {0};
    const size_t before = pictures->count;
    const int code = glob(pattern, 0, NULL, &found);
    bool good = code == 0 || code == GLOB_NOMATCH;
    if (!good)
        fprintf(stderr, "fovea: %s: the pattern cannot be followed: %s\n", pattern, strerror(errno));
    for (size_t i = 0; code == 0 && i < found.gl_pathc && good; i++) {
        size_t added;
        if (folder_exists(found.gl_pathv[i]))
            good = folder_list_pictures(pictures, found.gl_pathv[i], recursive, &added);
        else if (folder_is_picture(found.gl_pathv[i]))
            good = folder_list_add(pictures, found.gl_pathv[i]);
    }
    globfree(&found);
    if (good && pictures->count == before) {
        fprintf(stderr, "fovea: %s: matches no *.jpg, *.jpeg or *.png\n", pattern);
        return false;
    }
    return good;
}

bool pictures_add(folder_list *pictures, const char *word, bool recursive)
{
    struct stat facts;
    if (stat(word, &facts) == 0)
        return S_ISDIR(facts.st_mode) ? add_folder(pictures, word, recursive) : folder_list_add(pictures, word);
    return strpbrk(word, "*?[") ? add_pattern(pictures, word, recursive) : folder_list_add(pictures, word);
}

bool pictures_add_list(folder_list *pictures, const char *file, bool recursive)
{
    const bool standard = strcmp(file, "-") == 0;
    FILE *stream = standard ? stdin : fopen(file, "r");
    if (!stream) {
        fprintf(stderr, "fovea: %s: cannot be read: %s\n", file, strerror(errno));
        return false;
    }
    bool good = true;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stream) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line)
            good = pictures_add(pictures, line, recursive) && good;
    }
    if (ferror(stream)) {
        fprintf(stderr, "fovea: %s: cannot be read: %s\n", standard ? "standard input" : file, strerror(errno));
        good = false;
    }
    free(line);
    if (!standard)
        fclose(stream);
    return good;
}

/* Adds what the whole lines of the text name, and keeps the rest; at the stream's end the rest is a line. */
static bool take_lines(folder_list *pictures, pictures_stream *stream, bool recursive)
{
    bool good = true;
    char *line = stream->text, *end = line + stream->used;
    while (line < end) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline && !stream->ended)
            break;
        char *const behind = newline ? newline : end;
        *behind = '\0';
        line[strcspn(line, "\r")] = '\0';
        if (*line)
            good = pictures_add(pictures, line, recursive) && good;
        line = newline ? newline + 1 : end;
    }
    stream->used = (size_t)(end - line);
    memmove(stream->text, line, stream->used);
    return good;
}

bool pictures_add_coming(folder_list *pictures, pictures_stream *stream, bool recursive)
{
    enum { PIECE = 1 << 16 };
    const size_t before = pictures->count;
    bool good = true;
    while (!stream->ended && pictures->count == before) {
        if (stream->room < stream->used + PIECE + 1) {
            char *grown = realloc(stream->text, stream->used + PIECE + 1);
            if (!grown) {
                fputs("fovea: out of memory for a list\n", stderr);
                stream->ended = true;
                return false;
            }
            stream->text = grown;
            stream->room = stream->used + PIECE + 1;
        }
        struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN}; /* which a signal ends, and no read() */
        if (poll(&wait, 1, -1) < 0 && errno == EINTR)
            return good;
        const ssize_t got = read(STDIN_FILENO, stream->text + stream->used, PIECE);
        if (got < 0)
            fprintf(stderr, "fovea: standard input: cannot be read: %s\n", strerror(errno));
        stream->used += got > 0 ? (size_t)got : 0;
        stream->ended = got <= 0;
        good = got >= 0 && take_lines(pictures, stream, recursive) && good;
    }
    return good;
}

void pictures_stream_free(pictures_stream *stream)
{
    free(stream->text);
    *stream = (pictures_stream){0};
}

/* out: the path from the root, without "." and "..", as its text says (links are not followed). */
static bool make_absolute(char out[FOLDER_PATH], const char *path)
{
    char whole[FOLDER_PATH], here[FOLDER_PATH] = "/";
    if (*path != '/' && !getcwd(here, sizeof here)) {
        fprintf(stderr, "fovea: the folder where the command runs has no name: %s\n", strerror(errno));
        return false;
    }
    if (!folder_join(whole, here, path, NULL))
        return false;
    size_t length = 0;
    for (const char *part = whole; *part;) {
        part += strspn(part, "/");
        const size_t size = strcspn(part, "/");
        if (size == 2 && strncmp(part, "..", 2) == 0) {
            while (length > 0 && out[--length] != '/')
                continue;
        } else if (size > 0 && !(size == 1 && *part == '.')) {
            out[length++] = '/';
            memcpy(out + length, part, size);
            length += size;
        }
        part += size;
    }
    out[length] = '\0';
    return true;
}

/* How much of the paths all share, up to a slash and with it. */
static size_t shared_length(const folder_list *paths)
{
    size_t shared = strlen(paths->paths[0]);
    for (size_t i = 0; i < paths->count; i++) {
        size_t same = 0;
        while (same < shared && paths->paths[i][same] == paths->paths[0][same])
            same++;
        shared = same;
    }
    while (shared > 0 && paths->paths[0][shared - 1] != '/')
        shared--;
    return shared;
}

static int by_text_then_place(const void *a, const void *b)
{
    char *const *one = *(char *const *const *)a, *const *other = *(char *const *const *)b;
    const int order = strcmp(*one, *other);
    return order ? order : (one > other) - (one < other);
}

/* Puts ".jpg" in the place of a name's ending, behind _NUMBER where that is above 1. */
static bool end_name(char **name, int number)
{
    const char *slash = strrchr(*name, '/'), *file = slash ? slash + 1 : *name, *dot = strrchr(file, '.');
    const int stem = (int)(dot && dot > file ? dot - *name : (long)strlen(*name));
    char with_number[16] = "";
    if (number > 1)
        snprintf(with_number, sizeof with_number, "_%d", number);
    const size_t size = (size_t)stem + sizeof with_number + sizeof ".jpg";
    char *ended = malloc(size);
    if (!ended) {
        fputs("fovea: out of memory for a path\n", stderr);
        return false;
    }
    snprintf(ended, size, "%.*s%s.jpg", stem, *name, with_number);
    free(*name);
    *name = ended;
    return true;
}

/* Numbers the equal ones among the names, in the order in which they were given, until all differ. */
static bool number_names(folder_list *names)
{
    char ***order = malloc((names->count ? names->count : 1) * sizeof *order);
    bool good = order != NULL, again = true;
    if (!good)
        fputs("fovea: out of memory for the names of drawings\n", stderr);
    while (good && again) {
        again = false;
        for (size_t i = 0; i < names->count; i++)
            order[i] = &names->paths[i];
        qsort(order, names->count, sizeof *order, by_text_then_place);
        for (size_t i = 0, equal; i < names->count && good; i += equal) {
            for (equal = 1; i + equal < names->count && strcmp(*order[i], *order[i + equal]) == 0; equal++)
                continue;
            for (size_t k = equal; k-- > 1 && good; again = true)
                good = end_name(order[i + k], (int)k + 1);
        }
    }
    free(order);
    return good;
}

fovea_reader *pictures_read(const folder_list *pictures, size_t first)
{
    enum { MOST_THREADS = 8 };
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const fovea_reader_options options = {.threads = cores > MOST_THREADS ? MOST_THREADS : cores > 1 ? (int)cores : 1};
    fovea_reader *reader = NULL;
    const char *const *paths = pictures->paths ? (const char *const *)pictures->paths + first : NULL;
    told(fovea_reader_open(&reader, paths, pictures->count - first, &options));
    return reader;
}

bool pictures_name(folder_list *names, const folder_list *pictures)
{
    folder_list absolute = {0};
    bool good = true;
    for (size_t i = 0; i < pictures->count && good; i++) {
        char path[FOLDER_PATH];
        good = make_absolute(path, pictures->paths[i]) && folder_list_add(&absolute, path);
    }
    const size_t shared = good && absolute.count > 0 ? shared_length(&absolute) : 0;
    for (size_t i = 0; i < absolute.count && good; i++)
        good = folder_list_add(names, absolute.paths[i] + shared) && end_name(&names->paths[i], 1);
    folder_list_free(&absolute);
    return good && number_names(names);
}
