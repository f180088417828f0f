/* The inspection itself: its life, the faults and edits that it keeps, and what fovea.h lets a program ask. */
#include "inspection.h"

#include "annotations.h"
#include "file.h"
#include "hash.h"
#include "json.h"
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fovea__list_names[FOVEA__LISTS] = {"images", "categories", "annotations"};

static const struct {
    const char *name, *title, *fix;
} kinds[FOVEA_FAULT_KINDS] = {
    [FOVEA_FAULT_FORM] = {"broken_entry", "broken entries", "the entry is left out"},
    [FOVEA_FAULT_ID_TWICE] = {"id_twice", "ids given twice", "the later one gets an id of its own"},
    [FOVEA_FAULT_PICTURE_TWICE] = {"picture_twice", "pictures listed twice",
                                   "the later entry is left out, its boxes go to the first"},
    [FOVEA_FAULT_PICTURE_SHARED] = {"picture_shared", "pictures of the other split too",
                                    "it is left out here, with its boxes"},
    [FOVEA_FAULT_PICTURE_MISSING] = {"picture_missing", "missing pictures",
                                     "it is left out, with its boxes; or put the file there"},
    [FOVEA_FAULT_PICTURE_BROKEN] = {"picture_broken", "broken pictures",
                                    "it is left out, with its boxes; or get a whole file"},
    [FOVEA_FAULT_PICTURE_SIZE] = {"picture_size", "pictures of another size than annotated",
                                  "the file's size is written; if the boxes do not fit, scale them"},
    [FOVEA_FAULT_PICTURE_TURNED] = {"picture_turned", "pictures annotated before EXIF turned them",
                                    "size and boxes are turned as EXIF turns the picture"},
    [FOVEA_FAULT_PICTURE_UNDECLARED] = {"picture_undeclared", "boxes of pictures that are not listed",
                                        "the box is left out; or list the picture"},
    [FOVEA_FAULT_CATEGORY_UNDECLARED] = {"category_undeclared", "classes that are not declared",
                                         "it is declared with its id for a name; rename it"},
    [FOVEA_FAULT_BOX_NOT_FINITE] = {"box_not_finite", "boxes that are not finite", "it is left out"},
    [FOVEA_FAULT_BOX_EMPTY] = {"box_empty", "empty boxes", "it is left out"},
    [FOVEA_FAULT_BOX_OUTSIDE] = {"box_outside", "boxes outside their picture", "it is left out"},
    [FOVEA_FAULT_BOX_REACHES] = {"box_reaches", "boxes that reach outside", "it is cut to the picture"},
    [FOVEA_FAULT_BOX_TWICE] = {"box_twice", "boxes drawn twice", "the later one is left out"},
    [FOVEA_FAULT_NOTHING] = {"no_boxes_left", "no boxes left", "annotate something"},
    [FOVEA_NOTE_TURNED] = {"turned", "pictures that EXIF turns",
                           "look at its boxes: they are expected as people see the picture"},
    [FOVEA_NOTE_NO_SIZE] = {"no_size", "pictures without a size", "the file's size is written"},
    [FOVEA_NOTE_NO_BOX] = {"no_box", "pictures without boxes", "nothing to do if it shows none of the classes"},
    [FOVEA_NOTE_CROWD] = {"crowd", "boxes of crowds",
                          "nothing to do: training leaves them out, evaluation knows them"},
    [FOVEA_NOTE_UNUSED] = {"unused", "classes without boxes", "nothing to do if another split has boxes of it"},
    [FOVEA_NOTE_GAPS] = {"gaps", "class ids with gaps", "nothing to do: ids are kept as they are"},
    [FOVEA_NOTE_UNCHECKED] = {"unchecked", "not checked", "nothing to do: the format has no place for it"},
};

const char *fovea_fault_name(fovea_fault_kind kind)
{
    return (int)kind >= 0 && kind < FOVEA_FAULT_KINDS ? kinds[kind].name : "unknown_kind";
}

const char *fovea_fault_title(fovea_fault_kind kind)
{
    return (int)kind >= 0 && kind < FOVEA_FAULT_KINDS ? kinds[kind].title : "faults of an unknown kind";
}

fovea_fault fovea__fault_of(fovea_fault_kind kind)
{
    return (fovea_fault){.kind = kind, .mended = true, .image_id = FOVEA_NO_ID, .annotation_id = FOVEA_NO_ID,
                         .category_id = FOVEA_NO_ID, .fix = kinds[kind].fix};
}

fovea_status fovea__inspection_tell(fovea_inspection *in, fovea_fault fault, size_t place, const char *format, ...)
{
    char text[1024], *sentence = NULL;
    va_list args;
    va_start(args, format);
    const int length = snprintf(text, sizeof text, "%s: ", in->file);
    if (length > 0 && (size_t)length < sizeof text)
        vsnprintf(text + length, sizeof text - (size_t)length, format, args);
    va_end(args);
    FOVEA_TRY(fovea__grow(&in->told, &in->told_room, in->n_told + 1, sizeof *in->told, "faults"));
    FOVEA_TRY(fovea__copy_text(&sentence, text));
    fault.sentence = sentence;
    in->told[in->n_told] = (fovea__told){.fault = fault, .place = place, .order = in->n_told};
    in->n_told++;
    in->counts[fault.kind]++;
    return FOVEA_OK;
}

fovea_status fovea__inspection_edit(fovea_inspection *in, fovea__list list, size_t index, const char *key,
                                    const char *format, ...)
{
    fovea__edit edit = {.list = list, .index = index, .key = key, .order = in->n_edits};
    FOVEA_TRY(fovea__grow(&in->edits, &in->edits_room, in->n_edits + 1, sizeof edit, "edits"));
    if (format) {
        char text[256];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        FOVEA_TRY(fovea__copy_text(&edit.value, text));
    }
    in->edits[in->n_edits++] = edit;
    return FOVEA_OK;
}

const char *fovea__inspect_box_name(const fovea_inspection *in, size_t index, bool with_picture,
                                    char out[FOVEA__INSPECT_NAME])
{
    const fovea__seen_box *box = &in->boxes[index];
    const char *picture = in->pictures[box->picture].file_name;
    if (in->format != FOVEA_FORMAT_COCO && box->number)
        snprintf(out, FOVEA__INSPECT_NAME, "box %zu in %s", box->number, picture);
    else if (with_picture)
        snprintf(out, FOVEA__INSPECT_NAME, "annotations[%zu] (id %lld) in %s", index, (long long)box->id, picture);
    else
        snprintf(out, FOVEA__INSPECT_NAME, "annotations[%zu] (id %lld)", index, (long long)box->id);
    return out;
}

const char *fovea__inspect_picture_name(const fovea_inspection *in, size_t index, char out[FOVEA__INSPECT_NAME])
{
    const fovea__seen_picture *picture = &in->pictures[index];
    if (in->format != FOVEA_FORMAT_COCO)
        snprintf(out, FOVEA__INSPECT_NAME, "%s", picture->file_name);
    else
        snprintf(out, FOVEA__INSPECT_NAME, "images[%zu] (id %lld) %s", index, (long long)picture->id,
                 picture->file_name);
    return out;
}

static int compare_keys(const void *a, const void *b)
{
    const fovea__key *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    const int order = x->text && y->text ? strcmp(x->text, y->text) : 0;
    if (order)
        return order;
    return x->index < y->index ? -1 : x->index > y->index;
}

void fovea__keys_sort(fovea__keys *keys)
{
    if (keys->count > 1)
        qsort(keys->items, keys->count, sizeof *keys->items, compare_keys);
}

size_t fovea__keys_find(const fovea__keys *keys, int64_t id)
{
    size_t low = 0, high = keys->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (keys->items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < keys->count && keys->items[low].id == id ? low : SIZE_MAX;
}

static int compare_told(const void *a, const void *b)
{
    const fovea__told *x = a, *y = b;
    if (x->fault.kind != y->fault.kind)
        return x->fault.kind < y->fault.kind ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* ---- opening and closing --------------------------------------------------------------------------------------- */

/* Polygons and masks are most of COCO's files, and nothing here asks for them. */
static const char *const UNREAD = "segmentation";

static fovea_status read_others(fovea_inspection *in, const char *images_dir, const fovea_inspect_options *options)
{
    const char *folder = options->against_images ? options->against_images : images_dir;
    cJSON *root = NULL;
    fovea__listing met = {0}; /* faults of the other split are not told */
    fovea_format format = options->format;
    fovea_status status = fovea__annotations_look(&root, folder, options->against, &format, UNREAD, &met);
    if (!status)
        status = fovea__inspect_others(in, root, folder, options->against);
    fovea__listing_clear(&met);
    cJSON_Delete(root);
    return status;
}

/* What could not be understood of VOC and YOLO, and what these do not hold. */
static fovea_status tell_native(fovea_inspection *in, const fovea__listing *met)
{
    static const char *const unchecked[] = {
        [FOVEA_FORMAT_VOC] = "Pascal VOC has no ids and no list of classes: neither is checked, and a class that is "
                             "misspelt counts as one of its own",
        [FOVEA_FORMAT_YOLO] = "YOLO has no ids and no sizes of pictures: neither is checked"};
    fovea_fault note = fovea__fault_of(FOVEA_NOTE_UNCHECKED);
    note.mended = false;
    for (size_t i = 0; i < met->count; i++)
        FOVEA_TRY(fovea__inspection_tell(in, fovea__fault_of(FOVEA_FAULT_FORM), i, "%s", met->names[i]));
    return fovea__inspection_tell(in, note, 0, "%s", unchecked[in->format]);
}

static fovea_status read_annotations(fovea_inspection *in, const char *text, size_t size_bytes)
{
    cJSON *root = NULL;
    FOVEA_TRY(fovea__json_parse(&root, text, size_bytes, in->file, UNREAD));
    fovea_status status = fovea__json_expect_object(root, &(fovea__json_place){.file = in->file});
    if (!status)
        status = fovea__inspect_lists(in, root);
    cJSON_Delete(root);
    return status;
}

static fovea_status inspect(fovea_inspection *in, const char *images_dir, const char *text, size_t size_bytes,
                            const fovea_inspect_options *options)
{
    in->images_dir = images_dir;
    in->file_hash = fovea__hash(FOVEA__HASH_EMPTY, text, size_bytes);
    FOVEA_TRY(read_annotations(in, text, size_bytes));
    if (options->against)
        FOVEA_TRY(read_others(in, images_dir, options));
    FOVEA_TRY(fovea__inspect_files(in, options));
    FOVEA_TRY(fovea__inspect_boxes(in));
    if (in->n_told > 1)
        qsort(in->told, in->n_told, sizeof *in->told, compare_told);
    in->images_dir = NULL;
    return FOVEA_OK;
}

/* Pascal VOC and YOLO are put into a COCO document first. */
static fovea_status inspect_any(fovea_inspection *in, const char *images_dir, const fovea_inspect_options *options)
{
    cJSON *root = NULL;
    fovea__listing met = {0};
    in->format = options->format;
    FOVEA_TRY(fovea__annotations_tell(&in->format, in->file));
    if (in->format == FOVEA_FORMAT_COCO) {
        char *text = NULL;
        size_t size = 0;
        FOVEA_TRY(fovea__file_read(&text, &size, in->file, UINT32_MAX));
        const fovea_status status = inspect(in, images_dir, text, size, options);
        free(text);
        return status;
    }
    fovea_status status = fovea__annotations_look(&root, images_dir, in->file, &in->format, UNREAD, &met);
    if (!status)
        status = fovea__text_document(&in->text, root);
    cJSON_Delete(root);
    if (!status)
        status = tell_native(in, &met);
    fovea__listing_clear(&met);
    return status ? status : inspect(in, images_dir, in->text.bytes, in->text.used, options);
}

/* text NULL: `name` is a file to be read. */
static fovea_status open_inspection(fovea_inspection **out, const char *images_dir, const char *text, size_t size_bytes,
                                    const char *name, const fovea_inspect_options *options)
{
    static const fovea_inspect_options defaults;
    *out = NULL;
    const fovea__error_kept kept = fovea__error_keep();
    fovea_inspection *in = NULL;
    options = options ? options : &defaults;
    FOVEA_TRY(fovea__allocate(&in, 1, sizeof *in, "an inspection"));
    in->format = FOVEA_FORMAT_COCO;
    in->wants_pictures = !text;
    fovea_status status = fovea__copy_text(&in->file, name);
    if (!status)
        status = text ? inspect(in, images_dir, text, size_bytes, options) : inspect_any(in, images_dir, options);
    if (status) {
        fovea_inspection_close(in);
        return status;
    }
    fovea__error_restore(&kept); /* what was found is told as a fault */
    *out = in;
    return FOVEA_OK;
}

fovea_status fovea__inspection_parse(fovea_inspection **out, const char *images_dir, const char *text,
                                     size_t size_bytes, const char *name, const fovea_inspect_options *options)
{
    return open_inspection(out, images_dir, text, size_bytes, name, options);
}

fovea_status fovea_inspection_open(fovea_inspection **out, const char *images_dir, const char *annotations,
                                   const fovea_inspect_options *options)
{
    FOVEA_CHECK_ARG(out, "fovea_inspection_open: out is NULL");
    *out = NULL;
    FOVEA_CHECK_ARG(images_dir && annotations, "fovea_inspection_open: images_dir or annotations is NULL");
    FOVEA_CHECK_ARG(!options || (options->threads >= 0 && options->threads <= 256),
                    "fovea_inspection_open: threads is %d; expected 0 to 256", options->threads);
    return open_inspection(out, images_dir, NULL, 0, annotations, options);
}

static void free_pictures(fovea__seen_picture *pictures, size_t count)
{
    for (size_t i = 0; pictures && i < count; i++) {
        free(pictures[i].file_name);
        free(pictures[i].path);
        free(pictures[i].why);
    }
    free(pictures);
}

void fovea_inspection_close(fovea_inspection *inspection)
{
    if (!inspection)
        return;
    free_pictures(inspection->pictures, inspection->n_pictures);
    free_pictures(inspection->others, inspection->n_others);
    for (size_t i = 0; i < inspection->n_categories; i++)
        free(inspection->categories[i].name);
    for (size_t i = 0; i < inspection->n_told; i++)
        free((char *)inspection->told[i].fault.sentence);
    for (size_t i = 0; i < inspection->n_edits; i++)
        free(inspection->edits[i].value);
    free(inspection->categories);
    free(inspection->boxes);
    free(inspection->pictures_by_id.items);
    free(inspection->categories_by_id.items);
    free(inspection->boxes_by_id.items);
    free(inspection->told);
    free(inspection->edits);
    free(inspection->box_ids);
    free(inspection->text.bytes);
    free(inspection->file);
    fovea_dataset_close(inspection->dataset);
    free(inspection);
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

size_t fovea_inspection_faults(const fovea_inspection *inspection)
{
    return inspection ? inspection->n_told : 0;
}

fovea_status fovea_inspection_fault(const fovea_inspection *inspection, size_t index, fovea_fault *out)
{
    FOVEA_CHECK_ARG(inspection && out, "fovea_inspection_fault: inspection or out is NULL");
    *out = (fovea_fault){.kind = FOVEA_FAULT_FORM};
    FOVEA_CHECK_ARG(index < inspection->n_told, "fovea_inspection_fault: index %zu: expected less than %zu", index,
                    inspection->n_told);
    *out = inspection->told[index].fault;
    return FOVEA_OK;
}

size_t fovea_inspection_count(const fovea_inspection *inspection, fovea_fault_kind kind)
{
    return inspection && (int)kind >= 0 && kind < FOVEA_FAULT_KINDS ? inspection->counts[kind] : 0;
}

const fovea_dataset *fovea_inspection_dataset(const fovea_inspection *inspection, const int64_t **ids)
{
    if (ids)
        *ids = inspection ? inspection->box_ids : NULL;
    return inspection ? inspection->dataset : NULL;
}
