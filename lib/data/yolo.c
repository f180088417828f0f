/* YOLO's text as a COCO document.
 *   - Annotations are data.yaml ("data.yaml#val": another of its splits than train), or a folder of labels with a list of
 *     names in it or above it (classes.txt, obj.names).
 *   - The labels of a picture stand where the last folder "images" of its path is "labels" instead, under its name with
 *     ".txt"; where there is no such file, the picture has no boxes.
 *   - A line is: class, centre x and y, width and height as shares of the picture; or class and a polygon, whose bounds are
 *     the box. Category ids are the classes' numbers, from 0.
 *   - Sizes are those of the pictures, which are opened for them. */
#include "annotations.h"

#include "file.h"
#include "image.h"
#include "memory.h"
#include "yolo_line.h"
#include "yolo_names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlstring.h>

enum { LARGEST_FILE = 1 << 24 };

static const char *const PICTURES[] = {".jpg", ".jpeg", ".png", NULL};

typedef struct reader {
    const char *images_dir, *annotations;
    bool extras;         /* keep the files' own text, too */
    char *yaml, *folder; /* data.yaml without its split, and the folder that it lies in */
    fovea__yolo_names names;
    fovea__document document;
} reader;

/* ---- labels ---------------------------------------------------------------------------------------------------- */

static fovea_status take_line(reader *r, char *text, const char *path, size_t number, const int size[2])
{
    fovea__yolo_line line;
    FOVEA_TRY(fovea__yolo_line_read(&line, text, path, number));
    const size_t classes = r->names.classes.count;
    if (line.empty)
        return FOVEA_OK;
    if (!(line.class_number >= 0 && line.class_number < (double)classes && line.class_number == floor(line.class_number)))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %zu: expected a class from 0 to %zu, found %g", path, number,
                   classes - 1, line.class_number);
    if (!*r->names.classes.names[(size_t)line.class_number])
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %zu: the class %g has no name", path, number, line.class_number);
    for (int i = 0; i < 4; i++)
        line.bounds[i] *= size[i % 2];
    return fovea__document_box(&r->document, r->document.n_images, (int64_t)line.class_number, line.bounds, false);
}

static fovea_status read_labels(reader *r, const char *path, const int size[2])
{
    char *text = NULL;
    size_t size_bytes = 0, number = 0;
    if (fovea__file_is_missing(path))
        return FOVEA_OK;
    fovea_status status = fovea__file_read(&text, &size_bytes, path, LARGEST_FILE);
    if (status)
        return fovea__document_pass(&r->document, status);
    if (r->extras && strlen(text) == size_bytes)
        status = fovea__document_keep(r->document.last_image, "yolo", "labels", text);
    for (char *rest = text, *line; !status && (line = fovea__yolo_line_cut(&rest)) != NULL;)
        status = fovea__document_pass(&r->document, take_line(r, line, path, ++number, size));
    free(text);
    return status;
}

/* ---- pictures -------------------------------------------------------------------------------------------------- */

/* Begin of the last folder "images" in a path; NULL where there is none. */
static const char *last_images(const char *path)
{
    const char *last = NULL;
    for (const char *at = strstr(path, "images/"); at; at = strstr(at + 1, "images/"))
        if (at == path || at[-1] == '/')
            last = at;
    return last;
}

/* The path of the labels: "images" replaced, the ending too. labels: the folder that stands for all before the name. */
static fovea_status label_path(char **out, const char *picture, const char *labels)
{
    const char *images = labels ? NULL : last_images(picture);
    char *whole = NULL;
    const size_t room = strlen(picture) + (labels ? strlen(labels) : 0) + sizeof "labels/.txt";
    FOVEA_TRY(fovea__allocate(&whole, room, 1, "a path"));
    if (labels) {
        strcat(strcat(strcpy(whole, labels), "/"), picture);
    } else if (images) {
        memcpy(whole, picture, (size_t)(images - picture));
        strcat(strcat(whole, "labels/"), images + strlen("images/"));
    } else {
        strcpy(whole, picture);
    }
    char *dot = strrchr(whole, '.');
    if (dot && !strchr(dot, '/'))
        *dot = '\0';
    *out = strcat(whole, ".txt");
    return FOVEA_OK;
}

/* name: as fovea_picture.file_name will be, inside images_dir. */
static fovea_status add_picture(reader *r, const char *name, const char *labels)
{
    char *path = NULL;
    int size[2] = {0, 0};
    FOVEA_TRY(fovea__path_join(&path, r->images_dir, name));
    fovea_status status = fovea__image_size(&size[0], &size[1], path);
    free(path);
    const bool unread = r->document.met && (status == FOVEA_ERROR_FORMAT || status == FOVEA_ERROR_IO);
    if (status && !unread)
        return status;
    FOVEA_TRY(fovea__document_picture(&r->document, name, size[0], size[1]));
    return unread ? FOVEA_OK : read_labels(r, labels, size);
}

/* A picture of data.yaml by its path; the part behind its folder "images" is its name. */
static fovea_status add_path(reader *r, const char *path, const char *folder)
{
    const char *images = last_images(path);
    const char *name = images ? images + strlen("images/") : path;
    const size_t length = strlen(folder);
    if (!images && strncmp(path, folder, length) == 0 && path[length] == '/')
        name = path + length + 1;
    char *labels = NULL;
    FOVEA_TRY(label_path(&labels, path, NULL));
    const fovea_status status = add_picture(r, name, labels);
    free(labels);
    return status;
}

/* A list of pictures, each a path from the list's folder on. */
static fovea_status add_list(reader *r, const char *list)
{
    fovea__yolo_names lines;
    const char *slash = strrchr(list, '/');
    char *folder = NULL;
    FOVEA_TRY(fovea__copy_text(&folder, slash ? list : "."));
    if (slash)
        folder[slash - list] = '\0';
    fovea_status status = fovea__yolo_names_list(&lines, list);
    for (size_t i = 0; i < lines.classes.count && !status; i++) {
        const char *line = lines.classes.names[i];
        char *path = NULL;
        if (!*line)
            continue;
        status = fovea__path_join(&path, folder, strncmp(line, "./", 2) == 0 ? line + 2 : line);
        if (!status)
            status = add_path(r, path, folder);
        free(path);
    }
    fovea__yolo_names_clear(&lines);
    free(folder);
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Cuts the ending off. */
static char *cut_ending(char *name)
{
    char *dot = strrchr(name, '.');
    if (dot && !strchr(dot, '/'))
        *dot = '\0';
    return name;
}

/* Where faults are looked for: files in the folder of labels that no picture has. The pictures' names lose their endings. */
static fovea_status tell_lone_labels(reader *r, const char *folder, fovea__listing *pictures)
{
    fovea__listing labels;
    if (!r->document.met || !fovea__is_folder(folder))
        return FOVEA_OK;
    FOVEA_TRY(fovea__listing_read(&labels, folder, (const char *const[]){".txt", NULL}, true));
    for (size_t i = 0; i < pictures->count; i++)
        cut_ending(pictures->names[i]);
    if (pictures->count > 1)
        qsort(pictures->names, pictures->count, sizeof *pictures->names, by_text);
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < labels.count && !status; i++) {
        char *const name = cut_ending(labels.names[i]);
        if (strcmp(name, "classes") != 0 &&
            (pictures->count == 0 || !bsearch(&name, pictures->names, pictures->count, sizeof name, by_text)))
            status = fovea__document_pass(&r->document, fovea__fail(FOVEA_ERROR_FORMAT, "%s/%s.txt: expected a picture "
                                                                    "of that name, found none", folder, name));
    }
    fovea__listing_clear(&labels);
    return status;
}

/* The folder of labels that goes with a folder of pictures; *out NULL where both are one. */
static fovea_status labels_of(char **out, const char *folder)
{
    char *inner = NULL;
    *out = NULL;
    FOVEA_TRY(fovea__path_join(&inner, folder, "inner"));
    const fovea_status status = last_images(inner) ? label_path(out, inner, NULL) : FOVEA_OK;
    if (*out)
        *strrchr(*out, '/') = '\0';
    free(inner);
    return status;
}

static fovea_status add_folder(reader *r, const char *folder)
{
    char *labels = NULL;
    fovea__listing listing;
    FOVEA_TRY(fovea__listing_read(&listing, folder, PICTURES, true));
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < listing.count && !status; i++) {
        char *path = NULL;
        status = fovea__path_join(&path, folder, listing.names[i]);
        if (!status)
            status = add_path(r, path, folder);
        free(path);
    }
    if (!status)
        status = labels_of(&labels, folder);
    if (!status && labels)
        status = tell_lone_labels(r, labels, &listing);
    free(labels);
    fovea__listing_clear(&listing);
    return status;
}

/* ---- a data set ------------------------------------------------------------------------------------------------ */

/* A folder or list that data.yaml names, from its "path" and its own folder on; some exporters write "../" too many. */
static fovea_status find_split(char **out, const reader *r, const char *value)
{
    char *root = NULL;
    FOVEA_TRY(fovea__path_join(&root, r->folder, r->names.root));
    fovea_status status = FOVEA_OK;
    *out = NULL;
    for (int attempt = 0; attempt < 2 && !status && !*out; attempt++) {
        const bool up = strncmp(value, "../", 3) == 0;
        if (attempt > 0 && !up)
            break;
        status = fovea__path_join(out, root, attempt ? value + 3 : value);
        if (!status && !fovea__is_folder(*out) && !fovea__is_file(*out)) {
            free(*out);
            *out = NULL;
        }
    }
    if (!status && !*out)
        status = fovea__fail(FOVEA_ERROR_IO, "%s: names the pictures %s, which are not there from %s on", r->yaml, value,
                             root);
    free(root);
    return status;
}

static fovea_status read_yaml(reader *r)
{
    const char *hash = fovea__annotations_split(r->annotations), *split = hash ? hash + 1 : "train";
    FOVEA_TRY(fovea__copy_text(&r->yaml, r->annotations));
    if (hash)
        r->yaml[hash - r->annotations] = '\0';
    const char *slash = strrchr(r->yaml, '/');
    FOVEA_TRY(fovea__copy_text(&r->folder, slash ? r->yaml : "."));
    if (slash)
        r->folder[slash + 1 - r->yaml] = '\0';
    FOVEA_TRY(fovea__yolo_names_read(&r->names, r->yaml, split));
    for (size_t i = 0; i < r->names.pictures.count; i++) {
        char *found = NULL;
        FOVEA_TRY(find_split(&found, r, r->names.pictures.names[i]));
        const fovea_status status = fovea__is_folder(found) ? add_folder(r, found) : add_list(r, found);
        free(found);
        FOVEA_TRY(status);
    }
    return FOVEA_OK;
}

/* The list of names of a folder of labels. */
static fovea_status read_names_beside(reader *r)
{
    static const char *const places[] = {"classes.txt", "obj.names", "../classes.txt", "../obj.names"};
    for (size_t i = 0; i < sizeof places / sizeof places[0] && !r->names.classes.count; i++) {
        char *path = NULL;
        FOVEA_TRY(fovea__path_join(&path, r->annotations, places[i]));
        const fovea_status status = fovea__is_file(path) ? fovea__yolo_names_list(&r->names, path) : FOVEA_OK;
        free(path);
        FOVEA_TRY(status);
    }
    if (r->names.classes.count == 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT,
                   "%s: expected the classes' names in classes.txt or obj.names, in this folder or above it, found none",
                   r->annotations);
    return FOVEA_OK;
}

static fovea_status read_folder(reader *r)
{
    fovea__listing listing;
    FOVEA_TRY(read_names_beside(r));
    FOVEA_TRY(fovea__listing_read(&listing, r->images_dir, PICTURES, true));
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < listing.count && !status; i++) {
        char *labels = NULL;
        status = label_path(&labels, listing.names[i], r->annotations);
        if (!status)
            status = add_picture(r, listing.names[i], labels);
        free(labels);
    }
    if (!status)
        status = tell_lone_labels(r, r->annotations, &listing);
    fovea__listing_clear(&listing);
    return status;
}

/* data.yaml's own text, for what is neither names nor pictures in it. */
static fovea_status keep_yaml(reader *r)
{
    char *text = NULL;
    size_t size = 0;
    FOVEA_TRY(fovea__file_read(&text, &size, r->yaml, LARGEST_FILE));
    fovea_status status = FOVEA_OK;
    if (strlen(text) == size && xmlCheckUTF8((const xmlChar *)text))
        status = fovea__document_keep(r->document.root, "yolo", "yaml", text);
    free(text);
    return status;
}

static fovea_status read_all(reader *r)
{
    if (fovea__is_folder(r->annotations))
        FOVEA_TRY(read_folder(r));
    else
        FOVEA_TRY(read_yaml(r));
    if (r->extras && r->yaml)
        FOVEA_TRY(keep_yaml(r));
    for (size_t i = 0; i < r->names.classes.count; i++) {
        const char *name = r->names.classes.names[i];
        if (!xmlCheckUTF8((const xmlChar *)name))
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected the name of class %zu in UTF-8, found '%.40s'",
                       r->yaml ? r->yaml : r->annotations, i, name);
        if (*name)
            FOVEA_TRY(fovea__document_category(&r->document, (int64_t)i, name));
    }
    return FOVEA_OK;
}

fovea_status fovea__yolo_read(cJSON **out, const char *images_dir, const char *annotations, bool extras,
                              fovea__listing *met)
{
    reader r = {.images_dir = images_dir, .annotations = annotations, .extras = extras};
    fovea_status status = fovea__document_begin(&r.document);
    r.document.met = met;
    if (!status)
        status = read_all(&r);
    if (status)
        fovea__document_drop(&r.document);
    *out = r.document.root;
    fovea__yolo_names_clear(&r.names);
    free(r.yaml);
    free(r.folder);
    return status;
}
