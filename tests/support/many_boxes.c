#include "many_boxes.h"

#include <stdio.h>
#include <stdlib.h>

void many_boxes_draw(double box[4], fovea__random *random)
{
    for (int i = 0; i < 4; i++)
        box[i] = i < 2 ? (double)fovea__random_below(random, 500) : 1.0 + (double)fovea__random_below(random, 140);
}

/* Writes "name":[{"id":0},{"id":1},...], and returns how many bytes that took. */
static size_t write_ids(char *out, size_t room, const char *name, int count)
{
    size_t used = (size_t)snprintf(out, room, "\"%s\":[", name);
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(out + used, room - used, "%s{\"id\":%d}", i ? "," : "", i);
    return used + (size_t)snprintf(out + used, room - used, "],");
}

char *many_boxes_annotations(int pictures, int boxes, int classes)
{
    const size_t room = 256 + ((size_t)pictures + (size_t)classes) * 24 + (size_t)pictures * (size_t)boxes * 112;
    char *text = malloc(room);
    if (!text)
        return NULL;
    fovea__random random = fovea__random_stream(1, 1, 1);
    size_t used = (size_t)snprintf(text, room, "{");
    used += write_ids(text + used, room - used, "images", pictures);
    used += write_ids(text + used, room - used, "categories", classes);
    used += (size_t)snprintf(text + used, room - used, "\"annotations\":[");
    for (int i = 0; i < pictures * boxes; i++) {
        const int category = (int)fovea__random_below(&random, (uint64_t)classes);
        double b[4];
        many_boxes_draw(b, &random);
        used += (size_t)snprintf(text + used, room - used,
                                 "%s{\"id\":%d,\"image_id\":%d,\"category_id\":%d,\"bbox\":[%.0f,%.0f,%.0f,%.0f],"
                                 "\"iscrowd\":0}",
                                 i ? "," : "", i + 1, i / boxes, category, b[0], b[1], b[2], b[3]);
    }
    snprintf(text + used, room - used, "]}");
    return text;
}
