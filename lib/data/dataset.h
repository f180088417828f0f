/* What every reader of annotations fills: pictures, their boxes, labels and warnings. The rules about boxes stand here
 * once; a reader brings the places for its messages. Create, fill, fovea__dataset_finish(). */
#ifndef FOVEA_DATA_DATASET_H
#define FOVEA_DATA_DATASET_H

#include "status.h"

struct fovea_dataset {
    fovea_picture *pictures; /* path is owned, file_name points into it */
    size_t n_pictures;
    fovea_box *boxes; /* after finish: grouped by picture, in file order within each */
    size_t n_boxes, box_room;
    size_t *box_pictures; /* until finish: the picture of each box */
    size_t box_picture_room;
    char **names; /* one a label */
    int64_t *category_ids;
    int n_labels;
    char **warnings;
    size_t n_warnings, warning_room;
    const fovea_image *images; /* one a picture, borrowed, for pictures that are in no file; NULL: they are read */
};

/* An empty data set with room for so many pictures and labels, all zeroed. */
fovea_status fovea__dataset_create(fovea_dataset **out, size_t n_pictures, int n_labels);

/* Sets path and file_name: images_dir/file_name, or file_name alone where it begins with '/' or images_dir is "". */
fovea_status fovea__dataset_name_picture(fovea_dataset *set, size_t picture, const char *images_dir,
                                         const char *file_name);

typedef enum fovea__box_fate {
    FOVEA__BOX_KEPT,
    FOVEA__BOX_CLIPPED,    /* kept, cut to its picture */
    FOVEA__BOX_NOT_FINITE, /* this and the following are left out */
    FOVEA__BOX_EMPTY,
    FOVEA__BOX_OUTSIDE
} fovea__box_fate;

/* What becomes of a box x0 y0 x1 y1 in a picture of that size (0: unknown); *box is set where it is kept. */
fovea__box_fate fovea__dataset_fit(fovea_box *box, const double corners[4], int width, int height);

/* Adds a box, x0 y0 x1 y1, to a picture whose width and height are set. Reaching outside by up to .02 pixels is
 * rounding (files give x and width with two decimals each) and is cut without being called CLIPPED. */
fovea_status fovea__dataset_add_box(fovea_dataset *set, size_t picture, int label, const double corners[4],
                                    fovea__box_fate *fate);

/* Keeps a sentence for fovea_dataset_warning(), at most 1023 bytes. */
fovea_status fovea__dataset_warn(fovea_dataset *set, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Groups the boxes by picture. Fails where there is no box at all; `file` names the annotations. */
fovea_status fovea__dataset_finish(fovea_dataset *set, const char *file);

#endif
