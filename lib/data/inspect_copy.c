/* The mended copy: the annotations' own text, with entries left out or added and members rewritten in place, so that what
 * nobody mends keeps its bytes. The text was parsed before, so brackets and quotes are known to match. */
#include "inspection.h"

#include "file.h"
#include "hash.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct text {
    char *bytes;
    size_t used, room;
} text;

typedef struct span {
    size_t begin, end;
} span;

static fovea_status append(text *to, const char *bytes, size_t size)
{
    FOVEA_TRY(fovea__grow(&to->bytes, &to->room, to->used + size + 1, 1, "the mended annotations"));
    memcpy(to->bytes + to->used, bytes, size);
    to->used += size;
    to->bytes[to->used] = '\0';
    return FOVEA_OK;
}

/* ---- walking --------------------------------------------------------------------------------------------------- */

static size_t skip_space(const char *bytes, size_t i, size_t end)
{
    while (i < end && (unsigned char)bytes[i] <= ' ')
        i++;
    return i;
}

static size_t skip_text(const char *bytes, size_t i, size_t end)
{
    for (i++; i < end && bytes[i] != '"'; i++)
        i += bytes[i] == '\\';
    return i < end ? i + 1 : end;
}

static size_t skip_value(const char *bytes, size_t i, size_t end)
{
    size_t depth = 0;
    while (i < end) {
        const char c = bytes[i];
        if (c == '"') {
            i = skip_text(bytes, i, end);
        } else if (c == '[' || c == '{') {
            depth++;
            i++;
        } else if (c == ']' || c == '}') {
            if (depth == 0)
                return i;
            depth--;
            i++;
        } else if (depth == 0) {
            while (i < end && (unsigned char)bytes[i] > ' ' && !strchr(",]}", bytes[i]))
                i++;
            return i;
        } else {
            i++;
        }
        if (depth == 0)
            return i;
    }
    return end;
}

/* The value of an object's member, the last of that name; begin == end where there is none. `object` begins at '{'. */
static span find_member(const char *bytes, span object, const char *name)
{
    const size_t length = strlen(name);
    span found = {0, 0};
    size_t i = skip_space(bytes, object.begin + 1, object.end);
    while (i < object.end && bytes[i] == '"') {
        const size_t key = i, behind = skip_text(bytes, i, object.end);
        i = skip_space(bytes, behind, object.end);
        if (i < object.end && bytes[i] == ':')
            i++;
        const size_t value = skip_space(bytes, i, object.end);
        i = skip_value(bytes, value, object.end);
        if (behind - key == length + 2 && memcmp(bytes + key + 1, name, length) == 0)
            found = (span){value, i};
        i = skip_space(bytes, i, object.end);
        if (i < object.end && bytes[i] == ',')
            i++;
        i = skip_space(bytes, i, object.end);
    }
    return found;
}

/* ---- editing --------------------------------------------------------------------------------------------------- */

static int compare_edits(const void *a, const void *b)
{
    const fovea__edit *x = a, *y = b;
    if (x->list != y->list)
        return x->list < y->list ? -1 : 1;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* The edits of one list, sorted by entry. */
typedef struct edits {
    const fovea__edit *next, *end;
} edits;

static edits edits_of(const fovea__edit *sorted, size_t count, fovea__list list)
{
    edits own = {sorted, sorted};
    for (size_t i = 0; i < count; i++) {
        own.next += sorted[i].list < list;
        own.end += sorted[i].list <= list;
    }
    return own;
}

/* Writes a member anew, or adds it behind the others; item begins at '{' and ends behind '}'. */
static fovea_status write_member(text *item, const fovea__edit *edit)
{
    const span whole = {0, item->used}, value = find_member(item->bytes, whole, edit->key);
    text made = {0};
    fovea_status status = FOVEA_OK;
    if (value.begin < value.end) {
        status = append(&made, item->bytes, value.begin);
        if (!status)
            status = append(&made, edit->value, strlen(edit->value));
        if (!status)
            status = append(&made, item->bytes + value.end, item->used - value.end);
    } else {
        const bool empty = skip_space(item->bytes, 1, item->used) == item->used - 1;
        status = append(&made, item->bytes, item->used - 1);
        const char *const parts[] = {empty ? "\"" : ", \"", edit->key, "\": ", edit->value, "}"};
        for (int i = 0; i < 5 && !status; i++)
            status = append(&made, parts[i], strlen(parts[i]));
    }
    if (status) {
        free(made.bytes);
        return status;
    }
    free(item->bytes);
    *item = made;
    return FOVEA_OK;
}

/* Appends entry `index` with its edits, unless it is left out. `own` moves behind them. */
static fovea_status write_entry(text *out, const char *bytes, span entry, size_t index, edits *own, bool *first)
{
    const fovea__edit *begin = own->next;
    bool left_out = false;
    for (; own->next < own->end && own->next->index == index; own->next++)
        left_out = left_out || !own->next->key;
    if (left_out)
        return FOVEA_OK;
    if (!*first)
        FOVEA_TRY(append(out, ",", 1));
    *first = false;
    const size_t value = skip_space(bytes, entry.begin, entry.end);
    FOVEA_TRY(append(out, bytes + entry.begin, value - entry.begin));
    text item = {0};
    fovea_status status = append(&item, bytes + value, entry.end - value);
    for (const fovea__edit *edit = begin; edit < own->next && !status; edit++)
        status = write_member(&item, edit);
    if (!status)
        status = append(out, item.bytes, item.used);
    free(item.bytes);
    return status;
}

/* Appends a list, whose span begins at '[' and ends behind ']'. */
static fovea_status write_list(text *out, const char *bytes, span list, edits own)
{
    const size_t last = list.end - 1;
    size_t at = list.begin + 1, index = 0;
    bool first = true;
    FOVEA_TRY(append(out, "[", 1));
    while (skip_space(bytes, at, last) < last) {
        const size_t end = skip_value(bytes, skip_space(bytes, at, last), last);
        FOVEA_TRY(write_entry(out, bytes, (span){at, end}, index++, &own, &first));
        at = skip_space(bytes, end, last);
        if (at == last)
            at = end; /* the space before the bracket is kept */
        else
            at++;
        if (skip_space(bytes, at, last) == last)
            break;
    }
    for (; own.next < own.end; own.next++) {
        FOVEA_TRY(append(out, first ? "" : ", ", first ? 0 : 2));
        FOVEA_TRY(append(out, own.next->value, strlen(own.next->value)));
        first = false;
    }
    return append(out, bytes + at, list.end - at);
}

static fovea_status mend(text *out, const char *bytes, size_t size, const fovea__edit *sorted, size_t n_edits,
                         const char *file)
{
    const char *brace = memchr(bytes, '{', size);
    const span root = {brace ? (size_t)(brace - bytes) : 0, size};
    span lists[FOVEA__LISTS];
    size_t at = 0;
    for (int i = 0; i < FOVEA__LISTS; i++) {
        lists[i] = find_member(bytes, root, fovea__list_names[i]);
        const edits own = edits_of(sorted, n_edits, (fovea__list)i);
        if (own.next < own.end && (lists[i].begin == lists[i].end || bytes[lists[i].begin] != '['))
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: cannot be mended: expected a list \"%s\", written so", file,
                       fovea__list_names[i]);
    }
    for (int n = 0; n < FOVEA__LISTS; n++) {
        int next = -1; /* in the order of the text */
        for (int i = 0; i < FOVEA__LISTS; i++)
            if (lists[i].begin >= at && lists[i].begin < lists[i].end && bytes[lists[i].begin] == '[' &&
                (next < 0 || lists[i].begin < lists[next].begin))
                next = i;
        if (next < 0)
            break;
        FOVEA_TRY(append(out, bytes + at, lists[next].begin - at));
        FOVEA_TRY(write_list(out, bytes, lists[next], edits_of(sorted, n_edits, (fovea__list)next)));
        at = lists[next].end;
    }
    return append(out, bytes + at, size - at);
}

fovea_status fovea__coco_edit(char **out, size_t *out_bytes, const char *bytes, size_t size_bytes,
                              const fovea__edit *wanted, size_t n_edits, const char *file)
{
    *out = NULL;
    *out_bytes = 0;
    fovea__edit *sorted = NULL;
    FOVEA_TRY(fovea__allocate(&sorted, n_edits, sizeof *sorted, "edits"));
    if (n_edits) {
        memcpy(sorted, wanted, n_edits * sizeof *sorted);
        qsort(sorted, n_edits, sizeof *sorted, compare_edits);
    }
    text made = {0};
    const fovea_status status = mend(&made, bytes, size_bytes, sorted, n_edits, file);
    free(sorted);
    if (status) {
        free(made.bytes);
        return status;
    }
    *out = made.bytes;
    *out_bytes = made.used;
    return FOVEA_OK;
}

fovea_status fovea__edits_add(fovea__edits *to, fovea__list list, size_t index, const char *key, fovea__text *value,
                              fovea_status made)
{
    if (!made)
        made = fovea__grow(&to->items, &to->room, to->count + 1, sizeof *to->items, "edits");
    if (!made)
        to->items[to->count] = (fovea__edit){list, index, key, value ? value->bytes : NULL, to->count};
    else if (value)
        free(value->bytes);
    to->count += !made;
    return made;
}

void fovea__edits_clear(fovea__edits *of)
{
    for (size_t i = 0; i < of->count; i++)
        free(of->items[i].value);
    free(of->items);
    *of = (fovea__edits){0};
}

fovea_status fovea__inspection_mend(const fovea_inspection *in, char **out, size_t *out_bytes, const char *bytes,
                                    size_t size_bytes)
{
    *out = NULL;
    *out_bytes = 0;
    if (fovea__hash(FOVEA__HASH_EMPTY, bytes, size_bytes) != in->file_hash)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: has changed since it was inspected", in->file);
    return fovea__coco_edit(out, out_bytes, bytes, size_bytes, in->edits, in->n_edits, in->file);
}

fovea_status fovea_inspection_save(const fovea_inspection *inspection, const char *path)
{
    FOVEA_CHECK_ARG(inspection && path, "fovea_inspection_save: inspection or path is NULL");
    FOVEA_CHECK_ARG(!fovea__name_is_taken(path),
                    "%s: is there already and is not written over; name a new file for the mended copy", path);
    const fovea__text *made = &inspection->text;
    char *bytes = NULL, *mended = NULL;
    size_t size = 0, mended_size = 0;
    if (!made->bytes)
        FOVEA_TRY(fovea__file_read(&bytes, &size, inspection->file, UINT32_MAX));
    fovea_status status = fovea__inspection_mend(inspection, &mended, &mended_size, made->bytes ? made->bytes : bytes,
                                                 made->bytes ? made->used : size);
    if (!status)
        status = fovea__file_write(path, mended, mended_size);
    free(mended);
    free(bytes);
    return status;
}
