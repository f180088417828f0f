/* What is said of losses, see convert_losses.h. */
#include "convert_losses.h"

#include "sidecar.h"

#include <math.h>
#include <string.h>

enum { MOST_KEYS = 64 };

/* Members of one kind of entry, and how many have them. */
typedef struct keys {
    const char *names[MOST_KEYS];
    size_t counts[MOST_KEYS], n;
} keys;

static void count(keys *to, const char *name)
{
    size_t i = 0;
    while (i < to->n && strcmp(to->names[i], name) != 0)
        i++;
    if (i == MOST_KEYS)
        return;
    to->names[i] = name;
    to->counts[i]++;
    to->n += i == to->n;
}

/* Members but for `known` ones, a list that NULL ends, and those in which the format finds its own words. */
static void count_members(keys *to, const cJSON *of, const char *const *known, fovea_format format)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, of)
    {
        bool said = strcmp(member->string, format == FOVEA_FORMAT_VOC ? "voc" : "yolo") == 0;
        for (size_t i = 0; known[i] && !said; i++)
            said = strcmp(member->string, known[i]) == 0;
        if (!said)
            count(to, member->string);
    }
}

/* An area is said where it is the box's own. */
static bool has_other_area(const fovea__coco_box *box)
{
    const fovea__json_place nowhere = {.file = ""};
    const double own = box->box[2] * box->box[3];
    double area;
    const fovea__error_kept kept = fovea__error_keep();
    if (!fovea__json_find(box->item, "area"))
        return false;
    if (fovea__json_number(&area, box->item, "area", &nowhere) == FOVEA_OK)
        return !(fabs(area - own) <= 1e-6 * fabs(own) + 1e-2);
    fovea__error_restore(&kept);
    return true;
}

static fovea_status add_keys(fovea__text *out, const char *what, const keys *from)
{
    for (size_t i = 0; i < from->n; i++) {
        FOVEA_TRY(fovea__text_word(out, i ? ", " : what));
        FOVEA_TRY(fovea__text_word(out, from->names[i]));
        FOVEA_TRY(fovea__text_word(out, " ("));
        FOVEA_TRY(fovea__text_integer(out, (int64_t)from->counts[i]));
        FOVEA_TRY(fovea__text_word(out, ")"));
    }
    return FOVEA_OK;
}

fovea_status fovea__convert_losses(fovea__text *out, const fovea__coco_index *of, fovea_format from, fovea_format to,
                                   bool plain)
{
    static const char *const known_images[] = {"id", "file_name", "width", "height", NULL};
    static const char *const known_categories[] = {"id", "name", NULL};
    static const char *const known_boxes[] = {"id", "image_id", "category_id", "bbox", "area", "iscrowd", NULL};
    static const char *const known_all[] = {"images", "categories", "annotations", NULL};
    keys images = {0}, categories = {0}, boxes = {0}, all = {0};
    if (from == to)
        return FOVEA_OK;
    if (to == FOVEA_FORMAT_COCO)
        return !plain
                   ? FOVEA_OK
                   : fovea__text_word(out, from == FOVEA_FORMAT_VOC
                                               ? "lost: what else the XML says (pose, truncated, parts, sources, ...)"
                                               : "lost: polygons but for their bounds, what else data.yaml says");
    for (size_t i = 0; i < of->n_images; i++)
        count_members(&images, of->images[i].item, known_images, to);
    const cJSON *item;
    cJSON_ArrayForEach(item, fovea__json_find(of->root, "categories"))
        count_members(&categories, item, known_categories, to);
    for (size_t i = 0; i < of->n_boxes; i++) {
        count_members(&boxes, of->boxes[i].item, known_boxes, to);
        if (has_other_area(&of->boxes[i]))
            count(&boxes, "area");
        if (!fovea__format_holds(to, &of->boxes[i]))
            count(&all, of->boxes[i].crowd ? "crowds" : "boxes that are not finite, or of no picture or category");
    }
    count_members(&all, of->root, known_all, to);
    FOVEA_TRY(fovea__text_word(out, to == FOVEA_FORMAT_VOC ? "Pascal VOC has no place for ids"
                                                           : "YOLO has no place for ids"));
    FOVEA_TRY(add_keys(out, "; of pictures: ", &images));
    FOVEA_TRY(add_keys(out, "; of categories: ", &categories));
    FOVEA_TRY(add_keys(out, "; of boxes: ", &boxes));
    FOVEA_TRY(add_keys(out, "; of all: ", &all));
    return fovea__text_word(out, plain ? "; these are lost" : "; these are kept beside the files, for the way back");
}
