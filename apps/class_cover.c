/* Anchor coverage by class, see class_cover.h. */
#include "class_cover.h"

#include "inspect_coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAMED = 3, LONGEST_NAME = 40, MOST_LOOKED_AT = 200000 };

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

/* What 'fovea inspect' must be given to look at the same anchors. */
static void print_inspect(const fovea_coverage_options *o)
{
    fprintf(stderr, "see fovea inspect --size %d --max-size %d", o->size, o->max_size);
    if (o->profile == FOVEA_PROFILE_TORCHVISION)
        fputs(" --profile torchvision", stderr);
    if (o->anchor_scales != 3 || o->anchor_ratios != 3)
        fprintf(stderr, " --anchor-scales %d --anchor-ratios %d", o->anchor_scales, o->anchor_ratios);
    fputc('\n', stderr);
}

void class_covers_warn(const fovea_dataset *set, const fovea_coverage_options *options)
{
    fovea_coverage_options looked = *options;
    fovea_cover *covers = NULL;
    class_covers classes = {0};
    size_t count = 0;
    char named[CLASS_COVER_TEXT];
    looked.most_boxes = MOST_LOOKED_AT;
    if (fovea_coverage_measure(&covers, &count, set, &looked) == FOVEA_OK &&
        class_covers_count(&classes, set, covers, count) && class_covers_poor(&classes) > 0) {
        fprintf(stderr, "warning: at --size %d anchors cover less than half of a class, which will hardly be learnt: "
                "%s; ", looked.size, class_covers_name_poor(&classes, named));
        print_inspect(&looked);
    }
    class_covers_free(&classes);
    fovea_coverage_free(covers);
}
