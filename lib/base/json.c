/* Reading JSON exactly. cJSON knows neither NaN nor whole numbers above 2^53, so a text is copied before it is parsed,
 * and in the copy each such number becomes a text that begins with MARK; the getters below know it. The copy keeps
 * every line where it was. */
#include "json.h"

#include "file.h"
#include "memory.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MARK '\x01'
#define EXACT_DIGITS 15      /* whole numbers of so many digits are exact in a double */
#define LONGEST_NUMBER 60    /* bytes; cJSON reads no longer ones */
#define LARGEST_FILE UINT32_MAX

/* ---- preparing the text ---------------------------------------------------------------------------------------- */

/* Bytes of the string that starts at text[0] == '"', both quotes included; `size` where it does not end. */
static size_t string_length(const char *text, size_t size)
{
    for (size_t i = 1; i < size; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"')
            return i + 1;
    }
    return size;
}

/* Bytes of the number or word that starts at text[0]; *marked: it is a number that cJSON cannot hold. */
static size_t token_length(const char *text, size_t size, bool *marked)
{
    size_t length = 0;
    bool whole = true;
    while (length < size && text[length] && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzEIN", text[length])) {
        whole = whole && ((text[length] == '-' && length == 0) || (text[length] >= '0' && text[length] <= '9'));
        length++;
    }
    const bool word = (length == 3 && memcmp(text, "NaN", 3) == 0) ||
                      (length == 8 && memcmp(text, "Infinity", 8) == 0) ||
                      (length == 9 && memcmp(text, "-Infinity", 9) == 0);
    const bool number = length > 0 && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
    *marked = word || (number && length > (whole ? EXACT_DIGITS : LONGEST_NUMBER));
    return length;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The list or object that is the value of the name just passed. *begin and *end: the offsets of its brackets; *end is
 * `size` where it is not closed. False where no list or object follows. */
static bool find_value(const char *text, size_t size, size_t *begin, size_t *end)
{
    size_t i = 0, depth = 0;
    while (i < size && is_space(text[i]))
        i++;
    if (i == size || text[i++] != ':')
        return false;
    while (i < size && is_space(text[i]))
        i++;
    if (i == size || (text[i] != '[' && text[i] != '{'))
        return false;
    *begin = i;
    for (; i < size; i++) {
        if (text[i] == '"')
            i += string_length(text + i, size - i) - 1;
        else if (text[i] == '[' || text[i] == '{')
            depth++;
        else if ((text[i] == ']' || text[i] == '}') && --depth == 0)
            break;
    }
    *end = i < size ? i : size;
    return true;
}

/* Copies `text`, marking what must be marked and blanking what is not to be read; returns the size of the copy.
 * out NULL: only tells the size. */
static size_t prepare(char *out, const char *text, size_t size, const char *unread)
{
    const size_t name_length = unread ? strlen(unread) : 0;
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        bool marked = false;
        size_t length = text[i] == '"' ? string_length(text + i, size - i) : token_length(text + i, size - i, &marked);
        if (length == 0)
            length = 1;
        if (out && marked) {
            out[used] = '"';
            out[used + 1] = MARK;
            memcpy(out + used + 2, text + i, length);
            out[used + 2 + length] = '"';
        } else if (out) {
            memcpy(out + used, text + i, length);
        }
        used += length + (marked ? 3 : 0);
        const bool skip = unread && text[i] == '"' && length == name_length + 2 &&
                          memcmp(text + i + 1, unread, name_length) == 0;
        i += length;
        size_t begin = 0, end = 0;
        if (!skip || !find_value(text + i, size - i, &begin, &end))
            continue;
        if (end == size - i) { /* cut short: the rest is left to the parser, so that no text is searched twice */
            unread = NULL;
            continue;
        }
        for (size_t k = 0; out && k <= end; k++) /* the brackets and the lines between them stay */
            out[used + k] = k <= begin || k == end || text[i + k] == '\n' ? text[i + k] : ' ';
        used += end + 1;
        i += end + 1;
    }
    return used;
}

/* ---- parsing --------------------------------------------------------------------------------------------------- */

/* Says where the prepared text stopped making sense. */
static fovea_status fail_at(const char *text, size_t size, size_t stop, const char *name)
{
    size_t line = 1, column = 1;
    while (size > 0 && is_space(text[size - 1]))
        size--;
    if (size == 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected JSON, found an empty file", name);
    for (size_t i = 0; i < stop && i < size; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
        if (text[i] == MARK)
            column -= column > 3 ? 3 : 0;
    }
    const bool open_text = stop > 0 && stop < size && text[stop - 1] == '"' &&
                           string_length(text + stop - 1, size - stop + 1) == size - stop + 1;
    if (stop >= size || open_text)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %zu, column %zu: expected the rest of the JSON, found the file's end "
                   "(cut short?)", name, line, column);
    char found[24];
    size_t shown = 0;
    for (; shown < sizeof found - 1 && stop + shown < size; shown++) {
        const char c = text[stop + shown];
        found[shown] = c >= ' ' && c <= '~' ? c : '?';
    }
    found[shown] = '\0';
    FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %zu, column %zu: expected JSON, found `%s`", name, line, column, found);
}

/* Parses the prepared text of `size` bytes with a 0 behind it. */
static fovea_status parse(cJSON **out, const char *text, size_t size, const char *name)
{
    const char *end = NULL;
    *out = cJSON_ParseWithLengthOpts(text, size + 1, &end, true);
    if (*out && end == text + size)
        return FOVEA_OK;
    cJSON_Delete(*out);
    *out = NULL;
    return fail_at(text, size, end ? (size_t)(end - text) : 0, name);
}

fovea_status fovea__json_parse(cJSON **out, const char *text, size_t size_bytes, const char *name, const char *unread)
{
    *out = NULL;
    const size_t size = prepare(NULL, text, size_bytes, unread);
    char *copy = NULL;
    FOVEA_TRY(fovea__allocate(&copy, size + 1, 1, name));
    prepare(copy, text, size_bytes, unread);
    const fovea_status status = parse(out, copy, size, name);
    free(copy);
    return status;
}

fovea_status fovea__json_read(cJSON **out, const char *path, const char *unread)
{
    *out = NULL;
    char *text = NULL;
    size_t size = 0;
    FOVEA_TRY(fovea__file_read(&text, &size, path, LARGEST_FILE));
    const fovea_status status = fovea__json_parse(out, text, size, path, unread);
    free(text);
    return status;
}

/* ---- members --------------------------------------------------------------------------------------------------- */

static bool is_marked(const cJSON *item)
{
    return cJSON_IsString(item) && item->valuestring[0] == MARK;
}

const char *fovea__json_kind(const cJSON *item)
{
    if (!item)
        return "nothing";
    if (cJSON_IsNumber(item) || is_marked(item))
        return "a number";
    return cJSON_IsString(item)   ? "a text"
           : cJSON_IsArray(item)  ? "a list"
           : cJSON_IsObject(item) ? "an object"
           : cJSON_IsBool(item)   ? "true or false"
           : cJSON_IsNull(item)   ? "null"
                                  : "something else";
}

const cJSON *fovea__json_find(const cJSON *object, const char *key)
{
    const cJSON *found = NULL, *item;
    if (cJSON_IsObject(object))
        cJSON_ArrayForEach(item, object)
        {
            if (strcmp(item->string, key) == 0)
                found = item;
        }
    return found;
}

static fovea_status fail_kind(const fovea__json_place *place, const char *key, const char *expected, const char *found)
{
    char id[32] = "";
    if (place->id)
        snprintf(id, sizeof id, " (id %lld)", (long long)*place->id);
    if (place->list)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu]%s%s%s: expected %s, found %s", place->file, place->list,
                   place->index, id, *key ? "." : "", key, expected, found);
    FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s: expected %s, found %s", place->file, *key ? key : "outermost value",
               expected, found);
}

static bool number_of(const cJSON *item, double *out)
{
    if (cJSON_IsNumber(item))
        *out = item->valuedouble;
    else if (cJSON_IsBool(item))
        *out = cJSON_IsTrue(item) ? 1.0 : 0.0;
    else
        return is_marked(item) && fovea__parse_plain(out, item->valuestring + 1);
    return true;
}

fovea_status fovea__json_number(double *out, const cJSON *object, const char *key, const fovea__json_place *place)
{
    const cJSON *item = fovea__json_find(object, key);
    if (!number_of(item, out))
        return fail_kind(place, key, "a number", fovea__json_kind(item));
    return FOVEA_OK;
}

fovea_status fovea__json_integer(int64_t *out, const cJSON *object, const char *key, const fovea__json_place *place)
{
    const cJSON *item = fovea__json_find(object, key);
    double value = 0.0;
    if (!number_of(item, &value))
        return fail_kind(place, key, "a whole number", fovea__json_kind(item));
    if (is_marked(item)) {
        char *end = NULL;
        errno = 0;
        const long long exact = strtoll(item->valuestring + 1, &end, 10);
        if (*end == '\0' && errno == 0) {
            *out = exact;
            return FOVEA_OK;
        }
    }
    if (!(value >= -0x1p63 && value < 0x1p63 && value == floor(value)))
        return fail_kind(place, key, "a whole number of 64 bits", "another number");
    *out = (int64_t)value;
    return FOVEA_OK;
}

fovea_status fovea__json_text(const char **out, const cJSON *object, const char *key, const fovea__json_place *place)
{
    const cJSON *item = fovea__json_find(object, key);
    if (!cJSON_IsString(item) || is_marked(item))
        return fail_kind(place, key, "a text", fovea__json_kind(item));
    *out = item->valuestring;
    return FOVEA_OK;
}

fovea_status fovea__json_list(const cJSON **out, const cJSON *object, const char *key, const fovea__json_place *place)
{
    *out = fovea__json_find(object, key);
    if (!cJSON_IsArray(*out))
        return fail_kind(place, key, "a list", fovea__json_kind(*out));
    return FOVEA_OK;
}

fovea_status fovea__json_numbers(double *out, size_t count, const cJSON *object, const char *key,
                                 const fovea__json_place *place)
{
    const cJSON *list = NULL, *item;
    char expected[64];
    size_t n = 0;
    snprintf(expected, sizeof expected, "a list of %zu numbers", count);
    if (fovea__json_list(&list, object, key, place))
        return fail_kind(place, key, expected, fovea__json_kind(list));
    cJSON_ArrayForEach(item, list)
    {
        double value = 0.0;
        if (!number_of(item, &value)) {
            char found[64];
            snprintf(found, sizeof found, "%s at place %zu", fovea__json_kind(item), n);
            return fail_kind(place, key, expected, found);
        }
        if (n < count)
            out[n] = value;
        n++;
    }
    if (n != count) {
        char found[64];
        snprintf(found, sizeof found, "%zu", n);
        return fail_kind(place, key, expected, found);
    }
    return FOVEA_OK;
}

fovea_status fovea__json_expect_object(const cJSON *item, const fovea__json_place *place)
{
    if (!cJSON_IsObject(item))
        return fail_kind(place, "", "an object", fovea__json_kind(item));
    return FOVEA_OK;
}
