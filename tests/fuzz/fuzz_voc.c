/* Reads any bytes as one of Pascal VOC's XML files. What can be read is written again from a document that keeps
 * its text: to the same bytes where its boxes are plain, in any case to XML that can be read. */
#include "annotations.h"
#include "convert.h"
#include "fuzz.h"
#include "voc_xml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_words[] = {"<object>",
                                  "</object>",
                                  "<name>",
                                  "<bndbox>",
                                  "<xmin>1</xmin>",
                                  "<size>",
                                  "nan",
                                  "-1",
                                  "1e999",
                                  "<![CDATA[",
                                  "]]>",
                                  "<!--",
                                  "-->",
                                  "&amp;",
                                  "&#0;",
                                  "&#xfffe;",
                                  "<!DOCTYPE a [",
                                  "<!ENTITY e \"x\">",
                                  "&e;",
                                  "<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
                                  "<filename/>",
                                  " ",
                                  "\xc3",
                                  NULL};

#define BOX "<bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>30</xmax><ymax>40</ymax></bndbox>"

static const char *const seeds[] = {
    "<annotation><folder>x</folder><filename>a "
    "b.jpg</filename><size><width>64</width><height>48</height><depth>3</depth>"
    "</size><object><name>dog</name><pose>Left</pose><difficult>1</difficult>" BOX "</object></annotation>",
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<annotation>\n<object>" BOX
    "<name><![CDATA[a <cat>]]></name></object>"
    "<object><name> dog &amp; x</name>" BOX "<part><name>head</name>" BOX "</part></object><!-- c --></annotation>\n",
};

size_t fuzz_seed(int index, uint8_t **out)
{
    if ((size_t)index >= sizeof seeds / sizeof seeds[0])
        return 0;
    *out = (uint8_t *)strdup(seeds[index]);
    return *out ? strlen(seeds[index]) : 0;
}

/* Puts the file into a document; false where it cannot be. *plain: its boxes are of a size that leaves no digits. */
static bool fill(fovea__document *to, const xmlNode *root, const char *name, const int size[2], bool *plain)
{
    int64_t classes = 0;
    if (fovea__document_picture(to, name, size[0], size[1]))
        return false;
    for (const xmlNode *node = root->children; node; node = node->next) {
        fovea__voc_object object;
        if (!fovea__voc_xml_is(node, "object"))
            continue;
        if (fovea__voc_xml_object(&object, node, "fuzz")) {
            if (object.name || !*fovea_error())
                abort();
            return false;
        }
        for (int i = 0; i < 4; i++)
            *plain = *plain && fabs(object.corners[i]) < 1e9;
        const bool good = !fovea__document_category(to, ++classes, object.name) &&
                          !fovea__document_box(to, 1, classes, object.corners, object.difficult);
        free(object.name);
        if (!good)
            return false;
    }
    return true;
}

/* Writes it again. */
static void render(const fovea__document *from, const char *text, const char *name, const int size[2], bool same)
{
    fovea__coco_index index;
    fovea__text made = {0};
    xmlDoc *again = NULL;
    if (fovea__coco_index_make(&index, from->root, "fuzz"))
        abort();
    if (fovea__voc_render(&made, &index, 0, name, size, false) == FOVEA_OK) {
        if ((same && strcmp(made.bytes, text) != 0) || fovea__voc_xml_parse(&again, made.bytes, made.used, "again"))
            abort();
    } else if (same) {
        abort();
    }
    xmlFreeDoc(again);
    free(made.bytes);
    fovea__coco_index_clear(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    xmlDoc *xml = NULL;
    char *name = NULL, *text = strndup((const char *)data, size);
    fovea__document document = {0};
    int sides[2];
    bool plain = text && strlen(text) == size && xmlCheckUTF8((const xmlChar *)text);
    if (fovea__voc_xml_parse(&xml, (const char *)data, size, "fuzz")) {
        if (xml || !*fovea_error())
            abort();
    } else if (!fovea__voc_xml_size(sides, xmlDocGetRootElement(xml), "fuzz") &&
               !fovea__voc_xml_text(&name, fovea__voc_xml_child(xmlDocGetRootElement(xml), "filename")) &&
               !fovea__document_begin(&document) && text &&
               fill(&document, xmlDocGetRootElement(xml), *name ? name : "fuzz.jpg", sides, &plain) &&
               !fovea__document_keep(document.last_image, "voc", "name", "fuzz") &&
               !fovea__document_keep(document.last_image, "voc", "xml", text)) {
        render(&document, text, *name ? name : "fuzz.jpg", sides, plain && !xml->encoding);
    }
    fovea__document_drop(&document);
    xmlFreeDoc(xml);
    free(name);
    free(text);
    return 0;
}
