/* Anchor coverage by class, see class_cover.h. */
#include "class_cover.h"

#include "inspect_coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAMED = 3, LONGEST_NAME = 40 };

static int compare(const void *a, const void *b)
{
    const class_cover *x = a, *y = b;
    if (!x->boxes != !y->boxes)
        return x->boxes ? -1 : 1;
    const double less = (double)x->covered * (double)y->boxes;
    const double more = (double)y->covered * (double)x->boxes;
    if (less < more || less > more)
        return less < more ? -1 : 1;
    return x->boxes != y->boxes ? (x->boxes > y->boxes ? -1 : 1) : x->label - y->label;
}

bool class_covers_count(class_covers *out, const fovea_dataset *set, const fovea_cover *covers, size_t count)
{
    const char *const *names;
    const int64_t *ids;
    const int labels = fovea_dataset_labels(set, &names, &ids);
    fovea_picture picture;
    size_t at = SIZE_MAX; /* the picture's index */
    *out = (class_covers){calloc((size_t)labels + 1, sizeof *out->items), labels};
    if (!out->items) {
        fputs("fovea: out of memory for the coverage of classes\n", stderr);
        out->count = 0;
        return false;
    }
    for (int i = 0; i < labels; i++)
        out->items[i] = (class_cover){.name = names[i], .id = ids[i], .label = i};
    for (size_t i = 0; i < count; i++) {
        if (covers[i].picture != at && fovea_dataset_picture(set, covers[i].picture, &picture))
            continue;
        at = covers[i].picture;
        class_cover *own = &out->items[picture.boxes[covers[i].box].label];
        own->boxes++;
        own->covered += inspect_coverage_state(&covers[i]) == COVERAGE_COVERED;
    }
    qsort(out->items, (size_t)labels, sizeof *out->items, compare);
    return true;
}

void class_covers_free(class_covers *covers)
{
    free(covers->items);
    *covers = (class_covers){0};
}

int class_covers_poor(const class_covers *covers)
{
    int n = 0;
    while (n < covers->count && 2 * covers->items[n].covered < covers->items[n].boxes)
        n++;
    return n;
}

/* Bytes of a name, or of as many of its letters as fit. */
static int fitting(const char *name)
{
    size_t bytes = strlen(name);
    if (bytes > LONGEST_NAME)
        for (bytes = LONGEST_NAME; bytes > 0 && ((unsigned char)name[bytes] & 0xC0) == 0x80;)
            bytes--;
    return (int)bytes;
}

const char *class_covers_name_poor(const class_covers *covers, char out[CLASS_COVER_TEXT])
{
    const int poor = class_covers_poor(covers), named = poor < MOST_NAMED ? poor : MOST_NAMED;
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < named; i++) {
        const class_cover *c = &covers->items[i];
        at += (size_t)snprintf(out + at, CLASS_COVER_TEXT - at, "%s%.*s: %lld of %lld box%s", i ? "; " : "",
                               fitting(c->name), c->name, (long long)c->covered, (long long)c->boxes,
                               c->boxes == 1 ? "" : "es");
    }
    if (poor > named)
        snprintf(out + at, CLASS_COVER_TEXT - at, "; and %d more class%s", poor - named, poor - named == 1 ? "" : "es");
    return out;
}
