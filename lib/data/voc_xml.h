/* One file of Pascal VOC's XML, read by libxml2 and written by it. No entity is expanded, nothing is loaded that a file
 * names.
 *   voc        a data set of such files
 *   voc_write  such files from a COCO document */
#ifndef FOVEA_DATA_VOC_XML_H
#define FOVEA_DATA_VOC_XML_H

#include "status.h"

#include <libxml/tree.h>

typedef struct fovea__voc_object {
    char *name;        /* freed with free() */
    double corners[4]; /* x0 y0 x1 y1 */
    bool difficult;
} fovea__voc_object;

/* *out is freed with xmlFreeDoc(). Fails unless its root is <annotation>. */
fovea_status fovea__voc_xml_parse(xmlDoc **out, const char *text, size_t size, const char *path);

/* The first child element of that name, NULL where there is none. */
xmlNode *fovea__voc_xml_child(const xmlNode *of, const char *name);

/* Is it an element of that name? */
bool fovea__voc_xml_is(const xmlNode *node, const char *name);

/* The text of an element without the blanks around it; *out freed with free(), "" where there is no such element. */
fovea_status fovea__voc_xml_text(char **out, const xmlNode *of);

/* An <object>. Fails where box or class cannot be understood; out->name is NULL then. */
fovea_status fovea__voc_xml_object(fovea__voc_object *out, const xmlNode *from, const char *path);

/* Width and height of <size>; 0 where the file does not say. */
fovea_status fovea__voc_xml_size(int size[2], const xmlNode *root, const char *path);

#endif
