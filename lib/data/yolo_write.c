/* YOLO's labels and data.yaml, see convert.h. */
#include "convert.h"

#include "box_finder.h"
#include "memory.h"
#include "sidecar.h"
#include "text.h"
#include "yolo_line.h"
#include "yolo_names.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 100000 };

/* ---- classes --------------------------------------------------------------------------------------------------- */

fovea_status fovea__yolo_numbers(int **out, const fovea__coco_index *of, bool plain)
{
    bool ids = !plain && fovea__json_find(of->root, "yolo") != NULL;
    FOVEA_TRY(fovea__allocate(out, of->n_categories, sizeof **out, "a data set's classes"));
    for (size_t i = 0; i < of->n_categories; i++)
        ids = ids && of->categories[i].id >= 0 && of->categories[i].id < MOST_CLASSES;
    for (size_t i = 0; i < of->n_categories; i++)
        (*out)[i] = ids ? (int)of->categories[i].id : (int)i;
    return FOVEA_OK;
}

/* Does a list hold these names at their numbers, and no others? */
static bool same_names(const fovea__listing *classes, const fovea__coco_index *of, const int *numbers)
{
    size_t named = 0;
    for (size_t i = 0; i < classes->count; i++)
        named += *classes->names[i] != '\0';
    for (size_t i = 0; i < of->n_categories; i++)
        if ((size_t)numbers[i] >= classes->count ||
            !fovea__same_name(classes->names[numbers[i]], of->categories[i].name))
            return false;
    return named == of->n_categories;
}

/* ---- labels ---------------------------------------------------------------------------------------------------- */

typedef struct writer {
    const fovea__coco_index *of;
    const fovea__coco_image *image;
    const int *numbers, *size;
    bool *used; /* the picture's boxes that the labels have */
    fovea__box_finder finder;
} writer;

typedef struct meant {
    const int *numbers;
    double class_number;
} meant;

static bool is_meant(const void *context, const fovea__coco_box *box)
{
    const meant *m = context;
    return fovea__format_holds(FOVEA_FORMAT_YOLO, box) && m->class_number == m->numbers[box->category];
}

/* Finds the picture's box that a line tells of, and that none before told of. */
static bool find_box(writer *w, const fovea__yolo_line *line)
{
    const meant sought = {w->numbers, line->class_number};
    double corners[4];
    for (int i = 0; i < 4; i++)
        corners[i] = line->bounds[i] * w->size[i % 2];
    return fovea__box_finder_take(&w->finder, corners, is_meant, &sought);
}

/* Takes the lines of a text that still tell of boxes. *changed: others were passed over. */
static fovea_status take_lines(writer *w, fovea__text *out, const char *kept, bool *changed)
{
    char *copy = NULL;
    size_t number = 0;
    FOVEA_TRY(fovea__copy_text(&copy, kept));
    fovea_status status = FOVEA_OK;
    for (char *rest = copy, *text; !status && (text = fovea__yolo_line_cut(&rest)) != NULL;) {
        const char *const original = kept + (text - copy);
        fovea__yolo_line line;
        status = fovea__yolo_line_read(&line, text, w->of->file, ++number);
        const bool keep = !status && (line.empty || find_box(w, &line));
        *changed = *changed || !keep;
        if (keep)
            status = fovea__text_add(out, original, strcspn(original, "\n"));
        if (keep && !status)
            status = fovea__text_word(out, "\n");
    }
    free(copy);
    return status;
}

static fovea_status add_line(const writer *w, fovea__text *out, const fovea__coco_box *box)
{
    const double shares[4] = {(box->box[0] + box->box[2] / 2) / w->size[0],
                              (box->box[1] + box->box[3] / 2) / w->size[1], box->box[2] / w->size[0],
                              box->box[3] / w->size[1]};
    FOVEA_TRY(fovea__text_integer(out, w->numbers[box->category]));
    for (int i = 0; i < 4; i++) {
        FOVEA_TRY(fovea__text_word(out, " "));
        FOVEA_TRY(fovea__text_number(out, shares[i]));
    }
    return fovea__text_word(out, "\n");
}

static fovea_status render(writer *w, fovea__text *out, const char *kept)
{
    bool changed = !kept;
    if (kept)
        FOVEA_TRY(take_lines(w, out, kept, &changed));
    for (size_t i = 0; i < w->image->count; i++) {
        const fovea__coco_box *box = &w->of->boxes[w->image->first + i];
        if (w->used[i] || !fovea__format_holds(FOVEA_FORMAT_YOLO, box))
            continue;
        changed = true;
        FOVEA_TRY(add_line(w, out, box));
    }
    if (changed)
        return fovea__text_word(out, "");
    out->used = 0;
    return fovea__text_word(out, kept);
}

fovea_status fovea__yolo_render(fovea__text *out, const fovea__coco_index *of, const int *numbers, size_t image,
                                const int size[2], bool plain)
{
    writer w = {.of = of, .image = &of->images[image], .numbers = numbers, .size = size};
    const char *kept = plain ? NULL : fovea__coco_extra(w.image->item, "yolo", "labels");
    FOVEA_TRY(fovea__allocate(&w.used, w.image->count, sizeof *w.used, "a picture's boxes"));
    fovea_status status = fovea__box_finder_make(&w.finder, of->boxes + w.image->first, w.image->count, w.used, size);
    if (!status)
        status = render(&w, out, kept);
    fovea__box_finder_clear(&w.finder);
    free(w.used);
    return status;
}

/* ---- data.yaml ------------------------------------------------------------------------------------------------- */

/* In single quotes, which hold anything but control characters. */
static fovea_status add_name(fovea__text *out, const fovea__coco_index *of, const char *name)
{
    FOVEA_TRY(fovea__text_word(out, "'"));
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at < ' ')
            FOVEA_FAIL(FOVEA_ERROR_FORMAT,
                       "%s: the class '%.100s' has a control character, which YOLO's names cannot hold", of->file,
                       name);
        FOVEA_TRY(fovea__text_add(out, *at == '\'' ? "''" : at, *at == '\'' ? 2 : 1));
    }
    return fovea__text_word(out, "'");
}

static fovea_status add_place(fovea__text *out, const char *split, const char *place)
{
    FOVEA_TRY(fovea__text_word(out, split));
    FOVEA_TRY(fovea__text_word(out, ": "));
    FOVEA_TRY(fovea__text_word(out, place));
    return fovea__text_word(out, "\n");
}

/* A list, which every tool reads; where numbers are missing, with numbers. */
static fovea_status add_names(fovea__text *out, const fovea__coco_index *of, const int *numbers)
{
    const size_t count = of->n_categories;
    const bool gaps = count > 0 && (size_t)numbers[count - 1] != count - 1;
    FOVEA_TRY(fovea__text_word(out, "nc: "));
    FOVEA_TRY(fovea__text_integer(out, count ? numbers[count - 1] + 1 : 0));
    FOVEA_TRY(fovea__text_word(out, gaps ? "\nnames:\n" : "\nnames: ["));
    for (size_t i = 0; i < count; i++) {
        if (gaps) {
            FOVEA_TRY(fovea__text_word(out, "  "));
            FOVEA_TRY(fovea__text_integer(out, numbers[i]));
        }
        FOVEA_TRY(fovea__text_word(out, gaps ? ": " : i ? ", " : ""));
        FOVEA_TRY(add_name(out, of, of->categories[i].name));
        FOVEA_TRY(fovea__text_word(out, gaps ? "\n" : ""));
    }
    return gaps ? FOVEA_OK : fovea__text_word(out, "]\n");
}

static bool is_key(const char *line, const char *key)
{
    const size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && line[length] == ':';
}

/* A data.yaml of somewhere else with a place of this one instead of those of its splits. */
static fovea_status move_yaml(fovea__text *out, const char *kept, const char *split, const char *place)
{
    bool placed = false, inside = false;
    for (const char *line = kept + fovea__byte_order_mark(kept), *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        end += *end == '\n';
        inside = inside && strchr(" \t-", *line);
        if (inside)
            continue;
        const bool split_here =
            is_key(line, "train") || is_key(line, "val") || is_key(line, "test") || is_key(line, split);
        inside = split_here || is_key(line, "path") || is_key(line, "download");
        if (split_here && !placed)
            FOVEA_TRY(add_place(out, split, place));
        placed = placed || split_here;
        if (inside)
            continue;
        FOVEA_TRY(fovea__text_add(out, line, (size_t)(end - line)));
        if (end[-1] != '\n')
            FOVEA_TRY(fovea__text_word(out, "\n"));
    }
    return placed ? FOVEA_OK : add_place(out, split, place);
}

/* The file that is there, with one more split. */
static fovea_status extend_yaml(fovea__text *out, const fovea__yolo_names *names, const char *split, const char *place,
                                const char *was, const char *path)
{
    const size_t length = strlen(was);
    FOVEA_TRY(fovea__text_add(out, was, length));
    if (names->pictures.count == 1 && strcmp(names->pictures.names[0], place) == 0)
        return FOVEA_OK;
    if (*names->root && strcmp(names->root, ".") != 0)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: has pictures of other splits at another \"path\", %s; expected none", path,
                   names->root);
    if (names->pictures.count > 0)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: has pictures of the split %s already: expected %s, found %s", path, split,
                   place, names->pictures.names[0]);
    if (length > 0 && was[length - 1] != '\n')
        FOVEA_TRY(fovea__text_word(out, "\n"));
    return add_place(out, split, place);
}

fovea_status fovea__yolo_yaml(fovea__text *out, const fovea__coco_index *of, const int *numbers, const char *split,
                              const char *place, const char *was, const char *path, bool plain)
{
    fovea__yolo_names names = {0};
    if (of->n_categories == 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected categories, which YOLO's data.yaml names, found none", of->file);
    const char *kept = was ? was : plain ? NULL : fovea__coco_extra(of->root, "yolo", "yaml");
    fovea_status status = kept ? fovea__yolo_names_parse(&names, kept, was ? path : of->file, split) : FOVEA_OK;
    const bool same = kept && !status && same_names(&names.classes, of, numbers);
    if (!status && was && !same)
        status = fovea__fail(FOVEA_ERROR_IO, "%s: is there already and has other names; expected the %zu of %s", path,
                             of->n_categories, of->file);
    else if (!status && was)
        status = extend_yaml(out, &names, split, place, was, path);
    else if (!status && same)
        status = move_yaml(out, kept, split, place);
    else if (!status) {
        status = add_place(out, split, place);
        if (!status)
            status = add_names(out, of, numbers);
    }
    fovea__yolo_names_clear(&names);
    return status;
}
