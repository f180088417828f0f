/* A text that grows, and JSON written into it so that every number reads back as the same double (cJSON's printer
 * lets the last digits go). */
#ifndef FOVEA_BASE_JSON_TEXT_H
#define FOVEA_BASE_JSON_TEXT_H

#include "status.h"

#include <cjson/cJSON.h>

/* Zeroed to begin with; bytes is freed with free(), and ends in a 0 byte once something was added. */
typedef struct fovea__text {
    char *bytes;
    size_t used, room;
} fovea__text;

fovea_status fovea__text_add(fovea__text *to, const char *bytes, size_t size);
fovea_status fovea__text_word(fovea__text *to, const char *word);

/* The shortest text of a number that reads back as it; NaN, Infinity, -Infinity as Python writes them. */
fovea_status fovea__text_number(fovea__text *to, double value);
fovea_status fovea__text_integer(fovea__text *to, int64_t value);

/* A JSON string with its quotes. */
fovea_status fovea__text_quote(fovea__text *to, const char *word);

/* A value as Python's json.dumps() lays it out. Of one that fovea__json_parse() made, numbers beyond a double are
 * texts. */
fovea_status fovea__text_json(fovea__text *to, const cJSON *item);

/* An object whose lists stand with an item a line, and a line end behind it. */
fovea_status fovea__text_document(fovea__text *to, const cJSON *root);

#endif
