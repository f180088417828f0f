/* A data set under inspection: what its annotations say, what its files hold, the faults found so far, and the edits of
 * the annotations' text that mend them.
 *   inspect_lists, inspect_annotations  read the entries, as far as they can be understood
 *   inspect_files                       opens the pictures, of the other split too
 *   inspect_boxes                       holds the boxes to their pictures, makes a data set of what is good
 *   inspect_copy                        applies the edits */
#ifndef FOVEA_DATA_INSPECTION_H
#define FOVEA_DATA_INSPECTION_H

#include "json_text.h"
#include "listing.h"

typedef enum fovea__list { FOVEA__IMAGES, FOVEA__CATEGORIES, FOVEA__ANNOTATIONS, FOVEA__LISTS } fovea__list;

/* An entry of "images", and its file. */
typedef struct fovea__seen_picture {
    int64_t id;
    char *file_name, *path; /* NULL: the entry cannot be used */
    int width, height;      /* as annotated; 0: not said */
    size_t stands_for;      /* itself, or the first entry that lists the same picture */
    size_t n_boxes;         /* that were numbered so far */
    bool out;               /* the mended copy is without it */
    bool turned;            /* its boxes were drawn before EXIF turned it */
    fovea_status status;    /* of reading the file; the following is known where it is FOVEA_OK */
    char *why;              /* it failed */
    int true_width, true_height, orientation;
    uint64_t hash; /* of size and pixels, upright */
} fovea__seen_picture;

typedef struct fovea__seen_category {
    int64_t id;
    char *name; /* NULL: the entry cannot be used */
    bool out, undeclared;
    size_t n_boxes;
} fovea__seen_category;

typedef struct fovea__seen_box {
    int64_t id, category_id;
    double box[4], area; /* x y width height; NaN: not said */
    size_t picture, label; /* index in pictures; place in by_id of the categories */
    size_t number;         /* the n-th of its picture; of YOLO's crowds, which stand beside its files, 0 */
    bool crowd, out;
} fovea__seen_box;

/* An entry by its id (or by its text, or both), for sorting and finding. */
typedef struct fovea__key {
    int64_t id;
    const char *text;
    size_t index;
} fovea__key;

typedef struct fovea__keys {
    fovea__key *items;
    size_t count;
} fovea__keys;

typedef struct fovea__told {
    fovea_fault fault; /* sentence is owned */
    size_t place;      /* of its entry in the file's list */
    size_t order;
} fovea__told;

typedef struct fovea__edit {
    fovea__list list;
    size_t index;    /* of the entry; SIZE_MAX: value is a new entry */
    const char *key; /* of the member that gets a new value; NULL: the entry is left out */
    char *value;     /* JSON */
    size_t order;
} fovea__edit;

/* Edits that grow; zeroed to begin with. */
typedef struct fovea__edits {
    fovea__edit *items;
    size_t count, room;
} fovea__edits;

struct fovea_inspection {
    const char *images_dir; /* until opening ends */
    bool wants_pictures;    /* that none is there is no fault, but a failure */
    char *file;
    uint64_t file_hash;
    fovea__seen_picture *pictures, *others; /* others: of the split that it is held against */
    size_t n_pictures, n_others;
    fovea__seen_category *categories;
    size_t n_categories, categories_room;
    fovea__seen_box *boxes;
    size_t n_boxes;
    fovea__keys pictures_by_id, categories_by_id, boxes_by_id;
    int64_t next_id; /* that no annotation has */
    fovea__told *told;
    size_t n_told, told_room, counts[FOVEA_FAULT_KINDS];
    fovea__edit *edits;
    size_t n_edits, edits_room;
    fovea_dataset *dataset;
    int64_t *box_ids;
    fovea_format format;
    fovea__text text; /* the COCO document that Pascal VOC and YOLO were put into; of COCO empty */
};

extern const char *const fovea__list_names[FOVEA__LISTS]; /* "images" */

/* A fault of that kind about nothing yet, mended, with the fix that the kind mostly has. */
fovea_fault fovea__fault_of(fovea_fault_kind kind);

/* Keeps a fault; its sentence is "annotations.json: " and what the format says. */
fovea_status fovea__inspection_tell(fovea_inspection *in, fovea_fault fault, size_t place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Keeps an edit; format NULL: the entry is left out. */
fovea_status fovea__inspection_edit(fovea_inspection *in, fovea__list list, size_t index, const char *key,
                                    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Sorts by id, text and index. */
void fovea__keys_sort(fovea__keys *keys);

/* The first of an id, SIZE_MAX where there is none. */
size_t fovea__keys_find(const fovea__keys *keys, int64_t id);

/* What messages call an entry: "annotations[3] (id 4)", and with its picture " in a.jpg"; of VOC and YOLO, which number
 * nothing, "box 2 in a.jpg". "images[1] (id 2) a.jpg", of those "a.jpg". */
enum { FOVEA__INSPECT_NAME = 400 };
const char *fovea__inspect_box_name(const fovea_inspection *in, size_t index, bool with_picture,
                                    char out[FOVEA__INSPECT_NAME]);
const char *fovea__inspect_picture_name(const fovea_inspection *in, size_t index, char out[FOVEA__INSPECT_NAME]);

/* The sentence of the failure that was met in place of an entry, without the file's name before it. */
const char *fovea__inspect_met(const fovea_inspection *in);

/* Tells what was met in an entry, which is left out. */
fovea_status fovea__inspect_leave_out(fovea_inspection *in, fovea__list list, fovea_fault fault, size_t index);

fovea_fault fovea__inspect_fault_of_picture(const fovea__seen_picture *picture, fovea_fault_kind kind);
size_t fovea__inspect_length(const cJSON *list); /* 0 for NULL */

/* Sorts the categories that can be used by id; of those with one id the first stays. */
fovea_status fovea__inspect_sort_categories(fovea_inspection *in);

/* Adds a category that boxes have and nobody declared. */
fovea_status fovea__inspect_declare(fovea_inspection *in, int64_t id);

fovea_status fovea__inspect_lists(fovea_inspection *in, const cJSON *root);
fovea_status fovea__inspect_annotations(fovea_inspection *in, const cJSON *list);

/* The pictures of another split, whose faults are not told. */
fovea_status fovea__inspect_others(fovea_inspection *in, const cJSON *root, const char *images_dir, const char *file);

fovea_status fovea__inspect_files(fovea_inspection *in, const fovea_inspect_options *options);
fovea_status fovea__inspect_boxes(fovea_inspection *in);

/* fovea_inspection_open() on a text in memory; `name` stands for the file. */
fovea_status fovea__inspection_parse(fovea_inspection **out, const char *images_dir, const char *text,
                                     size_t size_bytes, const char *name, const fovea_inspect_options *options);

/* A copy of a COCO text with its edits, freed with free(): what nobody edits keeps its bytes. The text can be parsed;
 * `file` stands for it in messages. */
fovea_status fovea__coco_edit(char **out, size_t *out_bytes, const char *bytes, size_t size_bytes,
                              const fovea__edit *edits, size_t n_edits, const char *file);

/* Keeps an edit, whose value is taken, also on failure; value NULL: the entry is left out. made: how the value's making
 * went; a failure is given back. */
fovea_status fovea__edits_add(fovea__edits *to, fovea__list list, size_t index, const char *key, fovea__text *value,
                              fovea_status made);
void fovea__edits_clear(fovea__edits *of);

/* The mended text, freed with free(). */
fovea_status fovea__inspection_mend(const fovea_inspection *in, char **out, size_t *out_bytes, const char *text,
                                    size_t size_bytes);

#endif
