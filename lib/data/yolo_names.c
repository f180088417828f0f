/* A small reader of data.yaml, see yolo_names.h. */
#include "yolo_names.h"

#include "file.h"
#include "memory.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 1 << 20, MOST_CLASSES = 100000 };

static const char BLANKS[] = " \t\r\n";

/* Cuts one value off *rest: quoted, or up to one of `ends` or a comment. What is quoted may hold anything.
 * *end: what ended it. */
static char *cut_value(char **rest, const char *ends, char *end)
{
    char *at = *rest + strspn(*rest, BLANKS), *value = at, *to = at;
    if (*at == '\'' || *at == '"') {
        const char quote = *at++;
        for (; *at && (*at != quote || (quote == '\'' && at[1] == quote)); at++) {
            if (*at == quote || (quote == '"' && *at == '\\' && at[1]))
                at++;
            *to++ = *at;
        }
        at += *at != '\0';
        at += strcspn(at, ends);
    } else {
        while (*at && !strchr(ends, *at) && !(*at == '#' && (at == value || strchr(BLANKS, at[-1]))))
            at++;
        to = at;
        while (to > value && strchr(BLANKS, to[-1]))
            to--;
        at += *at == '#' ? strlen(at) : 0;
    }
    *end = *at;
    *rest = at + (*at != '\0');
    *to = '\0';
    return value;
}

/* Puts a class at its index; what lies between stays without a name. */
static fovea_status set_class(fovea__listing *classes, const char *index, const char *name, const char *path)
{
    char *end = NULL;
    const unsigned long place = strtoul(index, &end, 10);
    if (end == index || *end || place > MOST_CLASSES)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: names: expected a class's number, found '%.40s'", path, index);
    while (classes->count <= place)
        FOVEA_TRY(fovea__listing_add(classes, ""));
    free(classes->names[place]);
    classes->names[place] = NULL;
    return fovea__copy_text(&classes->names[place], name);
}

/* [a, b] or {0: a, 1: b}, from the bracket on. */
static fovea_status read_flow(fovea__listing *out, char *text, const char *path)
{
    const bool map = *text == '{';
    const char *const ends = map ? ",}" : ",]";
    char *rest = text + 1, end = ',';
    while (end == ',') {
        rest += strspn(rest, BLANKS);
        if (*rest == ends[1])
            break;
        if (map) {
            const char *index = cut_value(&rest, ":", &end);
            FOVEA_TRY(set_class(out, index, cut_value(&rest, ends, &end), path));
        } else {
            FOVEA_TRY(fovea__listing_add(out, cut_value(&rest, ends, &end)));
        }
    }
    if (end != ends[1] && *rest != ends[1])
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected '%c' at a list's end, found none", path, ends[1]);
    return FOVEA_OK;
}

/* The value behind "key:", in the same line or the indented ones below; `text` is writable. */
static fovea_status read_value(fovea__listing *out, char *text, const char *path)
{
    char end;
    text += strspn(text, " \t");
    if (*text == '[' || *text == '{')
        return read_flow(out, text, path);
    if (*text && *text != '\n' && *text != '\r' && *text != '#') {
        text[strcspn(text, "\n")] = '\0';
        return fovea__listing_add(out, cut_value(&text, "\n", &end));
    }
    for (char *line = text + strcspn(text, "\n"); *line;) {
        line++;
        char *begin = line + strspn(line, " \t\r"), *next = line + strcspn(line, "\n");
        const bool dash = begin[0] == '-' && (begin[1] == ' ' || begin[1] == '\t');
        if (begin == line && !dash && *begin != '\n' && *begin != '#')
            return FOVEA_OK;
        const bool more = *next != '\0';
        *next = '\0';
        if (dash) {
            begin++;
            FOVEA_TRY(fovea__listing_add(out, cut_value(&begin, "\n", &end)));
        } else if (*begin && *begin != '#') {
            const char *index = cut_value(&begin, ":", &end);
            FOVEA_TRY(set_class(out, index, cut_value(&begin, "\n", &end), path));
        }
        line = next;
        if (more)
            *next = '\n';
    }
    return FOVEA_OK;
}

/* Reads the value of a key at the begin of a line; none is no failure. */
static fovea_status read_key(fovea__listing *out, const char *text, const char *key, const char *path)
{
    const size_t length = strlen(key);
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, key, length) != 0 || line[length] != ':')
            continue;
        char *copy = NULL;
        FOVEA_TRY(fovea__copy_text(&copy, line + length + 1));
        const fovea_status status = read_value(out, copy, path);
        free(copy);
        return status;
    }
    return FOVEA_OK;
}

fovea_status fovea__yolo_names_parse(fovea__yolo_names *out, const char *text, const char *path, const char *split)
{
    *out = (fovea__yolo_names){0};
    fovea__listing root = {0}, pose = {0};
    text += fovea__byte_order_mark(text);
    fovea_status status = read_key(&out->classes, text, "names", path);
    if (!status)
        status = read_key(&out->pictures, text, split, path);
    if (!status)
        status = read_key(&root, text, "path", path);
    if (!status)
        status = read_key(&pose, text, "kpt_shape", path);
    if (!status && pose.count > 0) /* their lines would pass for polygons */
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: kpt_shape: labels of poses are not read; expected lines of a class "
                             "and a box, without the points, and no kpt_shape", path);
    if (!status)
        status = fovea__copy_text(&out->root, root.count ? root.names[0] : "");
    if (!status && out->classes.count == 0)
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: expected the classes' names in \"names\", found none", path);
    fovea__listing_clear(&root);
    fovea__listing_clear(&pose);
    return status;
}

fovea_status fovea__yolo_names_read(fovea__yolo_names *out, const char *path, const char *split)
{
    *out = (fovea__yolo_names){0};
    char *text = NULL;
    size_t size = 0;
    FOVEA_TRY(fovea__file_read(&text, &size, path, LARGEST_FILE));
    fovea_status status = fovea__yolo_names_parse(out, text, path, split);
    free(text);
    if (!status && out->pictures.count == 0)
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: expected pictures in \"%s\", found none", path, split);
    return status;
}

/* Cuts the blanks around a text off. */
static char *trim(char *text)
{
    text += strspn(text, BLANKS);
    size_t length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        text[--length] = '\0';
    return text;
}

static void drop_blank_end(fovea__listing *lines)
{
    while (lines->count > 0 && !*lines->names[lines->count - 1])
        free(lines->names[--lines->count]);
    if (lines->count == 0)
        fovea__listing_clear(lines);
}

fovea_status fovea__yolo_names_list(fovea__yolo_names *out, const char *path)
{
    *out = (fovea__yolo_names){0};
    char *text = NULL;
    size_t size = 0;
    FOVEA_TRY(fovea__file_read(&text, &size, path, LARGEST_FILE));
    fovea_status status = FOVEA_OK;
    for (char *rest = text + fovea__byte_order_mark(text); *rest && !status;) {
        const size_t length = strcspn(rest, "\n");
        const bool more = rest[length] != '\0';
        rest[length] = '\0';
        status = fovea__listing_add(&out->classes, trim(rest));
        rest += length + more;
    }
    drop_blank_end(&out->classes);
    free(text);
    return status;
}

void fovea__yolo_names_clear(fovea__yolo_names *names)
{
    fovea__listing_clear(&names->classes);
    fovea__listing_clear(&names->pictures);
    free(names->root);
    *names = (fovea__yolo_names){0};
}
