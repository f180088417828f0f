/* Pascal VOC's XML of a picture, by libxml2, see convert.h. */
#include "convert.h"

#include "box_finder.h"
#include "memory.h"
#include "sidecar.h"
#include "text.h"
#include "voc_xml.h"

#include <stdlib.h>
#include <string.h>

typedef struct writer {
    const fovea__coco_index *of;
    const fovea__coco_image *image;
    const char *name;
    int size[2];
    bool *used;   /* the picture's boxes that the XML has */
    fovea__box_finder finder;
    bool implied; /* the name is what a file without <filename> means */
    bool changed;
} writer;

static fovea_status out_of_memory(const writer *w)
{
    FOVEA_FAIL(FOVEA_ERROR_MEMORY, "%s: out of memory for its XML", w->name);
}

/* What XML can say: UTF-8 without control characters. */
static fovea_status check_text(const char *text, const writer *w)
{
    bool good = xmlCheckUTF8((const xmlChar *)text);
    for (const char *at = text; *at; at++)
        good = good && ((unsigned char)*at >= ' ' || strchr("\t\n\r", *at));
    if (!good)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: the picture %.100s: '%.100s' has letters that XML cannot hold", w->of->file,
                   w->name, text);
    return FOVEA_OK;
}

/* ---- the tree -------------------------------------------------------------------------------------------------- */

/* Adds a line with the blanks of its depth. */
static bool begin_line(xmlNode *in, int depth)
{
    static const char blanks[] = "\n\t\t\t";
    xmlNode *text = xmlNewTextLen((const xmlChar *)blanks, 1 + depth);
    if (text && xmlAddChild(in, text))
        return true;
    xmlFreeNode(text);
    return false;
}

/* Adds <name>text</name> on a line of its own. */
static fovea_status add_text(const writer *w, xmlNode *in, int depth, const char *name, const char *text)
{
    FOVEA_TRY(check_text(text, w));
    return begin_line(in, depth) && xmlNewTextChild(in, NULL, (const xmlChar *)name, (const xmlChar *)text)
               ? FOVEA_OK
               : out_of_memory(w);
}

static fovea_status add_number(const writer *w, xmlNode *in, int depth, const char *name, double value)
{
    fovea__text text = {0};
    fovea_status status = fovea__text_number(&text, value);
    if (!status)
        status = add_text(w, in, depth, name, text.bytes);
    free(text.bytes);
    return status;
}

static fovea_status add_element(const writer *w, xmlNode **out, xmlNode *in, int depth, const char *name)
{
    *out = begin_line(in, depth) ? xmlNewChild(in, NULL, (const xmlChar *)name, NULL) : NULL;
    return *out ? FOVEA_OK : out_of_memory(w);
}

static fovea_status end_element(const writer *w, xmlNode *in, int depth)
{
    return begin_line(in, depth) ? FOVEA_OK : out_of_memory(w);
}

static fovea_status add_object(const writer *w, xmlNode *root, const fovea__coco_box *box)
{
    static const char *const sides[4] = {"xmin", "ymin", "xmax", "ymax"};
    xmlNode *object, *bounds;
    double corners[4];
    fovea__box_corners(corners, box);
    FOVEA_TRY(add_element(w, &object, root, 1, "object"));
    FOVEA_TRY(add_text(w, object, 2, "name", w->of->categories[box->category].name));
    FOVEA_TRY(add_text(w, object, 2, "pose", "Unspecified"));
    FOVEA_TRY(add_text(w, object, 2, "truncated", "0"));
    FOVEA_TRY(add_text(w, object, 2, "difficult", box->crowd ? "1" : "0"));
    FOVEA_TRY(add_element(w, &bounds, object, 2, "bndbox"));
    for (int i = 0; i < 4; i++)
        FOVEA_TRY(add_number(w, bounds, 3, sides[i], corners[i] + (i < 2)));
    FOVEA_TRY(end_element(w, bounds, 2));
    return end_element(w, object, 1);
}

static fovea_status add_size(const writer *w, xmlNode *root)
{
    xmlNode *size;
    FOVEA_TRY(add_element(w, &size, root, 1, "size"));
    FOVEA_TRY(add_number(w, size, 2, "width", w->size[0]));
    FOVEA_TRY(add_number(w, size, 2, "height", w->size[1]));
    FOVEA_TRY(add_text(w, size, 2, "depth", "3"));
    return end_element(w, size, 1);
}

static fovea_status begin_document(const writer *w, xmlDoc **out)
{
    *out = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *root = *out ? xmlNewDocNode(*out, NULL, (const xmlChar *)"annotation", NULL) : NULL;
    if (!root)
        return out_of_memory(w);
    xmlDocSetRootElement(*out, root);
    FOVEA_TRY(add_text(w, root, 1, "filename", w->name));
    if (w->size[0] > 0 && w->size[1] > 0)
        FOVEA_TRY(add_size(w, root));
    return add_text(w, root, 1, "segmented", "0");
}

/* ---- what is kept ---------------------------------------------------------------------------------------------- */

static void drop(xmlNode *node)
{
    if (!node)
        return;
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

static fovea_status replace_text(const writer *w, xmlNode *in, const char *text)
{
    FOVEA_TRY(check_text(text, w));
    while (in->children)
        drop(in->children);
    xmlNode *made = xmlNewText((const xmlChar *)text);
    if (made && xmlAddChild(in, made))
        return FOVEA_OK;
    xmlFreeNode(made);
    return out_of_memory(w);
}

/* Sets the picture's name and size where the XML has others. What it does not say is left unsaid. */
static fovea_status mend_head(writer *w, xmlNode *root)
{
    char *name = NULL;
    int size[2];
    xmlNode *named = fovea__voc_xml_child(root, "filename");
    FOVEA_TRY(fovea__voc_xml_size(size, root, w->name));
    FOVEA_TRY(fovea__voc_xml_text(&name, named));
    const bool same = *name ? strcmp(name, w->name) == 0 : w->implied;
    free(name);
    if (!same && named) {
        FOVEA_TRY(replace_text(w, named, w->name));
    } else if (!same) {
        FOVEA_TRY(add_text(w, root, 1, "filename", w->name));
    }
    w->changed = w->changed || !same;
    if (w->image->width > 0 && w->image->height > 0 && (size[0] != w->size[0] || size[1] != w->size[1])) {
        drop(fovea__voc_xml_child(root, "size"));
        FOVEA_TRY(add_size(w, root));
        w->changed = true;
    }
    return FOVEA_OK;
}

typedef struct meant {
    const fovea__coco_index *of;
    const fovea__voc_object *object;
} meant;

static bool is_meant(const void *context, const fovea__coco_box *box)
{
    const meant *m = context;
    return fovea__format_holds(FOVEA_FORMAT_VOC, box) && box->crowd == m->object->difficult &&
           fovea__same_name(m->of->categories[box->category].name, m->object->name);
}

/* Finds the picture's box that an <object> tells of; *found: there is one that none before told of. */
static fovea_status find_box(bool *found, writer *w, const xmlNode *node)
{
    fovea__voc_object object;
    *found = false;
    FOVEA_TRY(fovea__voc_xml_object(&object, node, w->name));
    *found = fovea__box_finder_take(&w->finder, object.corners, is_meant, &(meant){w->of, &object});
    free(object.name);
    return FOVEA_OK;
}

static fovea_status mend_objects(writer *w, xmlNode *root)
{
    for (xmlNode *node = root->children, *next; node; node = next) {
        bool found = true;
        next = node->next;
        if (fovea__voc_xml_is(node, "object"))
            FOVEA_TRY(find_box(&found, w, node));
        if (!found) {
            drop(node);
            w->changed = true;
        }
    }
    return FOVEA_OK;
}

static fovea_status add_missing(writer *w, xmlNode *root)
{
    for (size_t i = 0; i < w->image->count; i++) {
        const fovea__coco_box *box = &w->of->boxes[w->image->first + i];
        if (w->used[i] || !fovea__format_holds(FOVEA_FORMAT_VOC, box))
            continue;
        FOVEA_TRY(add_object(w, root, box));
        w->changed = true;
    }
    return FOVEA_OK;
}

static fovea_status dump(const writer *w, fovea__text *out, xmlDoc *xml)
{
    xmlChar *text = NULL;
    int size = 0;
    xmlDocDumpMemoryEnc(xml, &text, &size, "UTF-8");
    const fovea_status status = text ? fovea__text_add(out, (const char *)text, (size_t)size) : out_of_memory(w);
    xmlFree(text);
    return status;
}

static fovea_status render(writer *w, fovea__text *out, xmlDoc **xml, const char *kept)
{
    w->changed = !kept;
    if (kept)
        FOVEA_TRY(fovea__voc_xml_parse(xml, kept, strlen(kept), w->of->file));
    else
        FOVEA_TRY(begin_document(w, xml));
    xmlNode *root = xmlDocGetRootElement(*xml);
    if (kept) {
        FOVEA_TRY(mend_head(w, root));
        FOVEA_TRY(mend_objects(w, root));
    }
    FOVEA_TRY(add_missing(w, root));
    if (!w->changed)
        return fovea__text_word(out, kept);
    FOVEA_TRY(end_element(w, root, 0));
    return dump(w, out, *xml);
}

fovea_status fovea__voc_render(fovea__text *out, const fovea__coco_index *of, size_t image, const char *name,
                               const int size[2], bool plain)
{
    xmlDoc *xml = NULL;
    writer w = {.of = of, .image = &of->images[image], .name = name, .size = {size[0], size[1]}};
    FOVEA_TRY(fovea__allocate(&w.used, w.image->count, sizeof *w.used, "a picture's boxes"));
    const char *const stem = fovea__coco_extra(w.image->item, "voc", "name");
    const size_t length = stem ? strlen(stem) : 0;
    w.implied = stem && strncmp(name, stem, length) == 0 && strcmp(name + length, ".jpg") == 0;
    fovea_status status =
        fovea__box_finder_make(&w.finder, of->boxes + w.image->first, w.image->count, w.used, w.size);
    if (!status)
        status = render(&w, out, &xml, plain ? NULL : fovea__coco_extra(w.image->item, "voc", "xml"));
    fovea__box_finder_clear(&w.finder);
    xmlFreeDoc(xml);
    free(w.used);
    return status;
}
