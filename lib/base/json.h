/* JSON files, read with cJSON; what cJSON leaves open is settled here.
 *   - Exact: whole numbers of 64 bits keep every digit (cJSON has doubles only), and NaN, Infinity and -Infinity, which
 *     Python writes, are numbers.
 *   - Of members that bear the same name the last counts, as in Python.
 *   - Every failure names file, place, what was expected and what was found.
 * Lists are walked with cJSON_ArrayForEach, never by index: cJSON's lists are linked. */
#ifndef FOVEA_BASE_JSON_H
#define FOVEA_BASE_JSON_H

#include "status.h"

#include <cjson/cJSON.h>

/* Where a value stands, for messages: "file: list[index] (id 7).member". list NULL: the file's outermost value. */
typedef struct fovea__json_place {
    const char *file, *list;
    size_t index;
    const int64_t *id; /* NULL: not known, and not said */
} fovea__json_place;

/* Parses a file or a text; *out is freed with cJSON_Delete(). `name` stands for the file in messages.
 * `unread` names members whose list or object is replaced by an empty one, which spares the memory of large parts that
 * nobody asks for ("segmentation"); NULL: everything is kept. */
fovea_status fovea__json_read(cJSON **out, const char *path, const char *unread);
fovea_status fovea__json_parse(cJSON **out, const char *text, size_t size_bytes, const char *name, const char *unread);

/* The member of an object, the last of that name; NULL where there is none or `object` is no object. */
const cJSON *fovea__json_find(const cJSON *object, const char *key);

/* Required members. Fail with FOVEA_ERROR_FORMAT where there is none, or it is of another type. An integer may be
 * written as 7 or 7.0; true and false are the numbers 1 and 0. */
fovea_status fovea__json_integer(int64_t *out, const cJSON *object, const char *key, const fovea__json_place *place);
fovea_status fovea__json_number(double *out, const cJSON *object, const char *key, const fovea__json_place *place);
fovea_status fovea__json_text(const char **out, const cJSON *object, const char *key, const fovea__json_place *place);
fovea_status fovea__json_list(const cJSON **out, const cJSON *object, const char *key, const fovea__json_place *place);

/* A list of exactly `count` numbers, e.g. a box. */
fovea_status fovea__json_numbers(double *out, size_t count, const cJSON *object, const char *key,
                                 const fovea__json_place *place);

/* Fails unless `item` is an object: for the items of a list, before their members are asked for. */
fovea_status fovea__json_expect_object(const cJSON *item, const fovea__json_place *place);

/* "a list", "a text", ... for messages; "nothing" for NULL. Static text. */
const char *fovea__json_kind(const cJSON *item);

#endif
