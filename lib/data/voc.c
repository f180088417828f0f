/* Pascal VOC's XML as a COCO document, by libxml2.
 *   - A box is given by the pixels it covers, counted from 1: x0 = xmin - 1, y0 = ymin - 1, x1 = xmax, y1 = ymax, so that
 *     1 .. width is the whole picture (Detectron2's reading).
 *   - "difficult" becomes "iscrowd": training leaves such boxes out, and evaluation counts them neither as found nor as
 *     missed, as VOC's own does.
 *   - Classes are sorted by name. For a list they are those of all files in Annotations, so that train and val agree. */
#include "annotations.h"

#include "file.h"
#include "listing.h"
#include "memory.h"
#include "text.h"
#include "voc_xml.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 1 << 24 };

typedef struct object {
    fovea__voc_object xml;
    int64_t image_id; /* 0: of a picture that is not in the list, known for its class only */
} object;

typedef struct reader {
    char *folder;
    bool extras; /* keep each file's own text, too */
    fovea__document document;
    object *objects;
    size_t n_objects, room;
    char **classes; /* borrowed from the objects, sorted */
    size_t n_classes;
} reader;

/* ---- one file -------------------------------------------------------------------------------------------------- */

/* The picture of a file: <filename>, or the file's own name with ".jpg". */
static fovea_status add_picture(reader *r, const xmlNode *root, const char *path, const char *stem)
{
    char *name = NULL;
    int size[2];
    FOVEA_TRY(fovea__voc_xml_size(size, root, path));
    FOVEA_TRY(fovea__voc_xml_text(&name, fovea__voc_xml_child(root, "filename")));
    fovea_status status = FOVEA_OK;
    if (!*name) {
        free(name);
        status = fovea__allocate(&name, strlen(stem) + sizeof ".jpg", 1, "a file name");
        if (!status)
            strcat(strcpy(name, stem), ".jpg");
    }
    if (!status)
        status = fovea__document_picture(&r->document, name, size[0], size[1]);
    free(name);
    return status;
}

static fovea_status add_object(reader *r, const xmlNode *from, int64_t image_id, const char *path)
{
    object made = {.image_id = image_id};
    FOVEA_TRY(fovea__grow(&r->objects, &r->room, r->n_objects + 1, sizeof made, "a data set's boxes"));
    FOVEA_TRY(fovea__voc_xml_object(&made.xml, from, path));
    r->objects[r->n_objects++] = made;
    return FOVEA_OK;
}

/* What only the file says: its name, and its text, which is put into UTF-8 where it is in another encoding. */
static fovea_status keep_text(reader *r, xmlDoc *xml, const char *text, size_t size, const char *stem)
{
    FOVEA_TRY(fovea__document_keep(r->document.last_image, "voc", "name", stem));
    const bool declared = !xml->encoding || xmlStrcasecmp(xml->encoding, (const xmlChar *)"UTF-8") == 0;
    if (declared && strlen(text) == size && xmlCheckUTF8((const xmlChar *)text))
        return fovea__document_keep(r->document.last_image, "voc", "xml", text);
    xmlChar *dumped = NULL;
    int dumped_size = 0;
    xmlDocDumpMemoryEnc(xml, &dumped, &dumped_size, "UTF-8");
    const fovea_status status =
        dumped ? fovea__document_keep(r->document.last_image, "voc", "xml", (const char *)dumped)
               : fovea__fail(FOVEA_ERROR_MEMORY, "%s.xml: out of memory for its text", stem);
    xmlFree(dumped);
    return status;
}

static fovea_status read_root(reader *r, const xmlNode *root, const char *path, const char *stem, bool listed)
{
    if (listed)
        FOVEA_TRY(add_picture(r, root, path, stem));
    for (const xmlNode *node = root->children; node; node = node->next)
        if (fovea__voc_xml_is(node, "object"))
            FOVEA_TRY(fovea__document_pass(&r->document,
                                           add_object(r, node, listed ? r->document.n_images : 0, path)));
    return FOVEA_OK;
}

/* Where STEM.xml lies, or STEM.XML where that is there instead; freed with free(). */
static fovea_status path_of(char **out, const char *folder, const char *stem)
{
    FOVEA_TRY(fovea__allocate(out, strlen(folder) + strlen(stem) + sizeof "/.xml", 1, "a path"));
    strcat(strcat(strcat(strcpy(*out, folder), "/"), stem), ".xml");
    char *const ending = *out + strlen(*out) - strlen("xml");
    if (fovea__is_file(*out))
        return FOVEA_OK;
    memcpy(ending, "XML", strlen("XML"));
    if (!fovea__is_file(*out))
        memcpy(ending, "xml", strlen("xml"));
    return FOVEA_OK;
}

/* stem: the file's name in the folder without its ending. listed: its picture belongs to the data set. */
static fovea_status read_file(reader *r, const char *stem, bool listed)
{
    char *path = NULL, *text = NULL;
    size_t size = 0;
    xmlDoc *xml = NULL;
    fovea_status status = path_of(&path, r->folder, stem);
    if (!status)
        status = fovea__file_read(&text, &size, path, LARGEST_FILE);
    if (!status)
        status = fovea__voc_xml_parse(&xml, text, size, path);
    if (!status)
        status = read_root(r, xmlDocGetRootElement(xml), path, stem, listed);
    if (!status && listed && r->extras)
        status = keep_text(r, xml, text, size, stem);
    xmlFreeDoc(xml);
    free(text);
    free(path);
    return fovea__document_pass(&r->document, status);
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

/* Is there such a file? */
static fovea_status has_xml(bool *out, const char *folder, const char *stem)
{
    char *path = NULL;
    FOVEA_TRY(path_of(&path, folder, stem));
    *out = fovea__is_file(path);
    free(path);
    return FOVEA_OK;
}

/* A line of a list: a name, blanks in it where there is such a file, else a name and what else stands in the line. */
static fovea_status read_list_line(fovea__listing *out, char *line, const char *folder)
{
    size_t length = strlen(line);
    while (length > 0 && strchr(" \t\r", line[length - 1]))
        line[--length] = '\0';
    line += strspn(line, " \t");
    bool whole = true;
    if (strpbrk(line, " \t"))
        FOVEA_TRY(has_xml(&whole, folder, line));
    if (!whole)
        line[strcspn(line, " \t")] = '\0';
    return *line ? fovea__listing_add(out, line) : FOVEA_OK;
}

static fovea_status read_list(fovea__listing *out, const char *list, const char *folder)
{
    char *text = NULL;
    size_t size = 0;
    FOVEA_TRY(fovea__file_read(&text, &size, list, LARGEST_FILE));
    fovea_status status = FOVEA_OK;
    for (char *line = text + fovea__byte_order_mark(text); *line && !status;) {
        const size_t length = strcspn(line, "\n");
        const bool more = line[length] != '\0';
        line[length] = '\0';
        status = read_list_line(out, line, folder);
        line += length + more;
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
        r->classes[i] = r->objects[i].xml.name;
    if (r->n_objects > 1)
        qsort(r->classes, r->n_objects, sizeof *r->classes, by_text);
    for (size_t i = 0; i < r->n_objects; i++)
        if (r->n_classes == 0 || strcmp(r->classes[r->n_classes - 1], r->classes[i]) != 0)
            r->classes[r->n_classes++] = r->classes[i];
    for (size_t i = 0; i < r->n_classes; i++)
        FOVEA_TRY(fovea__document_category(&r->document, (int64_t)i + 1, r->classes[i]));
    for (size_t i = 0; i < r->n_objects; i++) {
        const object *o = &r->objects[i];
        char **found = bsearch(&o->xml.name, r->classes, r->n_classes, sizeof *r->classes, by_text);
        if (o->image_id)
            FOVEA_TRY(fovea__document_box(&r->document, o->image_id, found - r->classes + 1, o->xml.corners,
                                          o->xml.difficult));
    }
    return FOVEA_OK;
}

/* Finds the folder of XML, of a list's path too. */
static fovea_status find_folder(reader *r, fovea__listing *listed, const char *annotations)
{
    if (!fovea__is_folder(annotations)) {
        FOVEA_TRY(fovea__voc_list_folder(&r->folder, annotations));
        if (!r->folder)
            FOVEA_FAIL(FOVEA_ERROR_IO, "%s: expected a folder ../../Annotations beside this list, found none",
                       annotations);
        FOVEA_TRY(read_list(listed, annotations, r->folder));
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

fovea_status fovea__voc_read(cJSON **out, const char *annotations, bool extras, fovea__listing *met)
{
    *out = NULL;
    reader r = {.extras = extras};
    fovea__listing all = {0}, listed = {0};
    fovea_status status = fovea__document_begin(&r.document);
    r.document.met = met;
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
        free(r.objects[i].xml.name);
    free(r.objects);
    free(r.classes);
    free(r.folder);
    fovea__listing_clear(&all);
    fovea__listing_clear(&listed);
    return status;
}
