/* One XML file of Pascal VOC, see voc_xml.h. */
#include "voc_xml.h"

#include "json_text.h"
#include "text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

bool fovea__voc_xml_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

xmlNode *fovea__voc_xml_child(const xmlNode *of, const char *name)
{
    for (xmlNode *node = of->children; node; node = node->next)
        if (fovea__voc_xml_is(node, name))
            return node;
    return NULL;
}

fovea_status fovea__voc_xml_text(char **out, const xmlNode *of)
{
    fovea__text text = {0};
    fovea_status status = fovea__text_word(&text, "");
    for (const xmlNode *node = of ? of->children : NULL; node && !status; node = node->next)
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
            status = fovea__text_word(&text, (const char *)node->content);
    if (status) {
        free(text.bytes);
        return status;
    }
    const size_t blanks = strspn(text.bytes, " \t\r\n");
    size_t length = text.used - blanks;
    memmove(text.bytes, text.bytes + blanks, length + 1);
    while (length > 0 && strchr(" \t\r\n", text.bytes[length - 1]))
        text.bytes[--length] = '\0';
    *out = text.bytes;
    return FOVEA_OK;
}

/* A number in the element `name` of `of`, whose line says where a fault is. */
static fovea_status number_of(double *out, const xmlNode *of, const char *name, const char *path)
{
    char *text = NULL;
    FOVEA_TRY(fovea__voc_xml_text(&text, fovea__voc_xml_child(of, name)));
    fovea_status status = FOVEA_OK;
    if (!fovea__parse_plain(out, text))
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: line %d: <%s>: expected a number in <%s>, found '%.40s'", path,
                             (int)of->line, (const char *)of->name, name, text);
    free(text);
    return status;
}

fovea_status fovea__voc_xml_object(fovea__voc_object *out, const xmlNode *from, const char *path)
{
    static const char *const sides[4] = {"xmin", "ymin", "xmax", "ymax"};
    double difficult = 0.0;
    const xmlNode *box = fovea__voc_xml_child(from, "bndbox");
    *out = (fovea__voc_object){0};
    if (!box)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %d: <object>: expected a <bndbox>, found none", path, (int)from->line);
    for (int i = 0; i < 4; i++)
        FOVEA_TRY(number_of(&out->corners[i], box, sides[i], path));
    out->corners[0] -= 1.0;
    out->corners[1] -= 1.0;
    if (fovea__voc_xml_child(from, "difficult"))
        FOVEA_TRY(number_of(&difficult, from, "difficult", path));
    out->difficult = difficult != 0.0;
    FOVEA_TRY(fovea__voc_xml_text(&out->name, fovea__voc_xml_child(from, "name")));
    if (*out->name)
        return FOVEA_OK;
    free(out->name);
    out->name = NULL;
    FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %d: <object>: expected a class in <name>, found nothing", path,
               (int)from->line);
}

fovea_status fovea__voc_xml_size(int size[2], const xmlNode *root, const char *path)
{
    static const char *const names[2] = {"width", "height"};
    const xmlNode *from = fovea__voc_xml_child(root, "size");
    size[0] = size[1] = 0;
    for (int i = 0; i < 2 && from; i++) {
        double value = 0.0;
        if (!fovea__voc_xml_child(from, names[i]))
            continue;
        FOVEA_TRY(number_of(&value, from, names[i], path));
        if (!(value >= 0.0 && value <= INT_MAX))
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %d: <%s>: expected pixels, found %g", path, (int)from->line,
                       names[i], value);
        size[i] = (int)value;
    }
    return FOVEA_OK;
}

/* Fails unless the root is <annotation>; *xml is freed then. */
static fovea_status check_root(xmlDoc **xml, const char *path)
{
    const xmlNode *root = xmlDocGetRootElement(*xml);
    if (root && fovea__voc_xml_is(root, "annotation"))
        return FOVEA_OK;
    const fovea_status status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: expected Pascal VOC's <annotation>, found <%.40s>",
                                            path, root ? (const char *)root->name : "");
    xmlFreeDoc(*xml);
    *xml = NULL;
    return status;
}

fovea_status fovea__voc_xml_parse(xmlDoc **out, const char *text, size_t size, const char *path)
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
    return status ? status : check_root(out, path);
}
