/* Pascal VOC's XML as a COCO document, by libxml2.
 *   - A box is given by the pixels it covers, counted from 1: x0 = xmin - 1, y0 = ymin - 1, x1 = xmax, y1 = ymax, so that
 *     1 .. width is the whole picture (Detectron2's reading).
 *   - "difficult" becomes "iscrowd": training leaves such boxes out, and evaluation counts them neither as found nor as
 *     missed, as VOC's own does.
 *   - Classes are sorted by name. For a list they are those of all files in Annotations, so that train and val agree.
 * No entity is expanded, and nothing is loaded that a file names. */
#include "annotations.h"

#include "file.h"
#include "listing.h"
#include "memory.h"
#include "text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

enum { LARGEST_FILE = 1 << 24 };

typedef struct object {
    char *name;
    double corners[4];
    bool difficult;
    int64_t image_id; /* 0: of a picture that is not in the list, known for its class only */
} object;

typedef struct reader {
    char *folder;
    fovea__document document;
    object *objects;
    size_t n_objects, room;
    char **classes; /* borrowed from the objects, sorted */
    size_t n_classes;
} reader;

/* ---- one file -------------------------------------------------------------------------------------------------- */

static const xmlNode *child(const xmlNode *of, const char *name)
{
    for (const xmlNode *node = of->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0)
            return node;
    return NULL;
}

/* The text of an element without the blanks around it; *out freed with free(), "" where there is no such element. */
static fovea_status text_of(char **out, const xmlNode *of)
{
    size_t length = 0;
    for (const xmlNode *node = of ? of->children : NULL; node; node = node->next)
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
            length += strlen((const char *)node->content);
    FOVEA_TRY(fovea__allocate(out, length + 1, 1, "a text"));
    for (const xmlNode *node = of ? of->children : NULL; node; node = node->next)
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
            strcat(*out, (const char *)node->content);
    const size_t blanks = strspn(*out, " \t\r\n");
    memmove(*out, *out + blanks, length - blanks + 1);
    for (length -= blanks; length > 0 && strchr(" \t\r\n", (*out)[length - 1]); length--)
        (*out)[length - 1] = '\0';
    return FOVEA_OK;
}

/* A number in the element `name` of `of`, whose line says where a fault is. */
static fovea_status number_of(double *out, const xmlNode *of, const char *name, const char *path)
{
    char *text = NULL;
    FOVEA_TRY(text_of(&text, child(of, name)));
    fovea_status status = FOVEA_OK;
    if (!fovea__parse_plain(out, text))
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: line %d: <%s>: expected a number in <%s>, found '%.40s'", path,
                             (int)of->line, (const char *)of->name, name, text);
    free(text);
    return status;
}

static fovea_status read_object(reader *r, const xmlNode *from, int64_t image_id, const char *path)
{
    static const char *const sides[4] = {"xmin", "ymin", "xmax", "ymax"};
    object made = {.image_id = image_id};
    double difficult = 0.0;
    const xmlNode *box = child(from, "bndbox");
    if (!box)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %d: <object>: expected a <bndbox>, found none", path, (int)from->line);
    for (int i = 0; i < 4; i++)
        FOVEA_TRY(number_of(&made.corners[i], box, sides[i], path));
    made.corners[0] -= 1.0;
    made.corners[1] -= 1.0;
    if (child(from, "difficult"))
        FOVEA_TRY(number_of(&difficult, from, "difficult", path));
    made.difficult = difficult != 0.0;
    FOVEA_TRY(fovea__grow(&r->objects, &r->room, r->n_objects + 1, sizeof made, "a data set's boxes"));
    FOVEA_TRY(text_of(&made.name, child(from, "name")));
    r->objects[r->n_objects++] = made;
    if (!*made.name)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %d: <object>: expected a class in <name>, found nothing", path,
                   (int)from->line);
    return FOVEA_OK;
}

/* Width or height of <size>; 0 where the file does not say. */
static fovea_status read_side(int *out, const xmlNode *size, const char *name, const char *path)
{
    double value = 0.0;
    *out = 0;
    if (!size || !child(size, name))
        return FOVEA_OK;
    FOVEA_TRY(number_of(&value, size, name, path));
    if (!(value >= 0.0 && value <= INT_MAX))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %d: <%s>: expected pixels, found %g", path, (int)size->line, name,
                   value);
    *out = (int)value;
    return FOVEA_OK;
}

/* The picture of a file: <filename>, or the file's own name with ".jpg". */
static fovea_status add_picture(reader *r, const xmlNode *root, const char *path, const char *stem)
{
    char *name = NULL;
    int width = 0, height = 0;
    const xmlNode *size = child(root, "size");
    FOVEA_TRY(read_side(&width, size, "width", path));
    FOVEA_TRY(read_side(&height, size, "height", path));
    FOVEA_TRY(text_of(&name, child(root, "filename")));
    fovea_status status = FOVEA_OK;
    if (!*name) {
        free(name);
        status = fovea__allocate(&name, strlen(stem) + sizeof ".jpg", 1, "a file name");
        if (!status)
            strcat(strcpy(name, stem), ".jpg");
    }
    if (!status)
        status = fovea__document_picture(&r->document, name, width, height);
    free(name);
    return status;
}

static fovea_status read_root(reader *r, const xmlNode *root, const char *path, const char *stem, bool listed)
{
    if (!root || strcmp((const char *)root->name, "annotation") != 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected Pascal VOC's <annotation>, found <%.40s>", path,
                   root ? (const char *)root->name : "");
    if (listed)
        FOVEA_TRY(add_picture(r, root, path, stem));
    for (const xmlNode *node = root->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "object") == 0)
            FOVEA_TRY(read_object(r, node, listed ? r->document.n_images : 0, path));
    return FOVEA_OK;
}

static fovea_status parse(xmlDoc **out, const char *text, size_t size, const char *path)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    *out = context ? xmlCtxtReadMemory(context, text, (int)size, path, NULL,
                                       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                   : NULL;
    fovea_status status = FOVEA_OK;
    if (!*out && (!context || context->lastError.code == XML_ERR_NO_MEMORY)) {
        status = fovea__fail(FOVEA_ERROR_MEMORY, "%s: out of memory for its XML", path);
    } else if (!*out) {
        const char *message = context->lastError.message ? context->lastError.message : "cut short?";
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: line %d: not XML that can be read: %.*s", path,
                             context->lastError.line, (int)strcspn(message, "\n"), message);
    }
    xmlFreeParserCtxt(context);
    return status;
}

/* stem: the file's name in the folder without ".xml". listed: its picture belongs to the data set. */
static fovea_status read_file(reader *r, const char *stem, bool listed)
{
    char *name = NULL, *path = NULL, *text = NULL;
    size_t size = 0;
    xmlDoc *xml = NULL;
    fovea_status status = fovea__allocate(&name, strlen(stem) + sizeof ".xml", 1, "a file name");
    if (!status)
        status = fovea__path_join(&path, r->folder, strcat(strcpy(name, stem), ".xml"));
    if (!status)
        status = fovea__file_read(&text, &size, path, LARGEST_FILE);
    if (!status)
        status = parse(&xml, text, size, path);
    if (!status)
        status = read_root(r, xmlDocGetRootElement(xml), path, stem, listed);
    xmlFreeDoc(xml);
    free(text);
    free(path);
    free(name);
    return status;
}

/* ---- a data set ------------------------------------------------------------------------------------------------ */

fovea_status fovea__voc_list_folder(char **out, const char *list)
{
    const char *slash = strrchr(list, '/');
    char *folder = NULL;
    FOVEA_TRY(fovea__allocate(&folder, strlen(list) + sizeof "../../Annotations", 1, "a path"));
    strcat(strncpy(folder, list, slash ? (size_t)(slash + 1 - list) : 0), "../../Annotations");
    if (!fovea__is_folder(folder)) {
        free(folder);
        folder = NULL;
    }
    *out = folder;
    return FOVEA_OK;
}

/* The names in a list, which stand first in each line. */
static fovea_status read_list(fovea__listing *out, const char *list)
{
    char *text = NULL;
    size_t size = 0;
    FOVEA_TRY(fovea__file_read(&text, &size, list, LARGEST_FILE));
    fovea_status status = FOVEA_OK;
    for (char *line = text, *end; *line && !status; line = end) {
        end = line + strcspn(line, "\n");
        end += *end == '\n';
        line += strspn(line, " \t\r");
        const size_t length = strcspn(line, " \t\r\n");
        if (length == 0)
            continue;
        const char after = line[length];
        line[length] = '\0';
        status = fovea__listing_add(out, line);
        line[length] = after;
    }
    free(text);
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* With a list: its files in its order, then the others for their classes. */
static fovea_status read_files(reader *r, const fovea__listing *all, const fovea__listing *listed)
{
    fovea__listing sorted = {0};
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < listed->count && !status; i++) {
        status = read_file(r, listed->names[i], true);
        if (!status)
            status = fovea__listing_add(&sorted, listed->names[i]);
    }
    if (sorted.count > 1)
        qsort(sorted.names, sorted.count, sizeof *sorted.names, by_text);
    for (size_t i = 0; i < all->count && !status; i++) {
        char *const stem = all->names[i];
        stem[strlen(stem) - strlen(".xml")] = '\0';
        const bool done = sorted.count > 0 &&
                          bsearch(&stem, sorted.names, sorted.count, sizeof *sorted.names, by_text) != NULL;
        if (!done)
            status = read_file(r, stem, listed->count == 0);
    }
    fovea__listing_clear(&sorted);
    return status;
}

static fovea_status add_classes(reader *r)
{
    FOVEA_TRY(fovea__allocate(&r->classes, r->n_objects, sizeof *r->classes, "a data set's classes"));
    for (size_t i = 0; i < r->n_objects; i++)
        r->classes[i] = r->objects[i].name;
    if (r->n_objects > 1)
        qsort(r->classes, r->n_objects, sizeof *r->classes, by_text);
    for (size_t i = 0; i < r->n_objects; i++)
        if (r->n_classes == 0 || strcmp(r->classes[r->n_classes - 1], r->classes[i]) != 0)
            r->classes[r->n_classes++] = r->classes[i];
    for (size_t i = 0; i < r->n_classes; i++)
        FOVEA_TRY(fovea__document_category(&r->document, (int64_t)i + 1, r->classes[i]));
    for (size_t i = 0; i < r->n_objects; i++) {
        const object *o = &r->objects[i];
        char **found = bsearch(&o->name, r->classes, r->n_classes, sizeof *r->classes, by_text);
        if (o->image_id)
            FOVEA_TRY(fovea__document_box(&r->document, o->image_id, found - r->classes + 1, o->corners,
                                          o->difficult));
    }
    return FOVEA_OK;
}

/* Finds the folder of XML, of a list's path too. */
static fovea_status find_folder(reader *r, fovea__listing *listed, const char *annotations)
{
    if (!fovea__is_folder(annotations)) {
        FOVEA_TRY(read_list(listed, annotations));
        FOVEA_TRY(fovea__voc_list_folder(&r->folder, annotations));
        if (!r->folder)
            FOVEA_FAIL(FOVEA_ERROR_IO, "%s: expected a folder ../../Annotations beside this list, found none",
                       annotations);
        if (listed->count == 0)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected names of pictures, found none", annotations);
        return FOVEA_OK;
    }
    FOVEA_TRY(fovea__path_join(&r->folder, annotations, "Annotations"));
    if (fovea__is_folder(r->folder))
        return FOVEA_OK;
    free(r->folder);
    r->folder = NULL;
    return fovea__copy_text(&r->folder, annotations);
}

fovea_status fovea__voc_read(cJSON **out, const char *annotations)
{
    *out = NULL;
    reader r = {0};
    fovea__listing all = {0}, listed = {0};
    fovea_status status = fovea__document_begin(&r.document);
    if (!status)
        status = find_folder(&r, &listed, annotations);
    if (!status)
        status = fovea__listing_read(&all, r.folder, (const char *const[]){".xml", NULL}, false);
    if (!status && all.count == 0)
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: expected *.xml in it, found none", r.folder);
    if (!status)
        status = read_files(&r, &all, &listed);
    if (!status)
        status = add_classes(&r);
    if (status)
        fovea__document_drop(&r.document);
    *out = r.document.root;
    for (size_t i = 0; i < r.n_objects; i++)
        free(r.objects[i].name);
    free(r.objects);
    free(r.classes);
    free(r.folder);
    fovea__listing_clear(&all);
    fovea__listing_clear(&listed);
    return status;
}
