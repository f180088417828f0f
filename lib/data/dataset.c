/* The data set itself: storage, the rules about boxes, and the questions that fovea.h lets a program ask. */
#include "dataset.h"

#include "listing.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double ROUNDING = .02; /* pixels */

fovea_status fovea__dataset_create(fovea_dataset **out, size_t n_pictures, int n_labels)
{
    *out = NULL;
    fovea_dataset *set = NULL;
    FOVEA_TRY(fovea__allocate(&set, 1, sizeof *set, "a data set"));
    set->n_pictures = n_pictures;
    set->n_labels = n_labels;
    fovea_status status = fovea__allocate(&set->pictures, n_pictures, sizeof *set->pictures, "a data set's pictures");
    if (!status)
        status = fovea__allocate(&set->names, (size_t)n_labels, sizeof *set->names, "a data set's labels");
    if (!status)
        status = fovea__allocate(&set->category_ids, (size_t)n_labels, sizeof(int64_t), "a data set's labels");
    if (status) {
        fovea_dataset_close(set);
        return status;
    }
    *out = set;
    return FOVEA_OK;
}

fovea_status fovea__dataset_name_picture(fovea_dataset *set, size_t picture, const char *images_dir,
                                         const char *file_name)
{
    char *path = NULL;
    FOVEA_TRY(fovea__path_join(&path, images_dir, file_name));
    set->pictures[picture].path = path;
    set->pictures[picture].file_name = path + strlen(path) - strlen(file_name);
    return FOVEA_OK;
}

/* Cuts one side pair to 0..size (size 0: unknown, only the lower end is cut); gives how far it reached outside. */
static double cut(double *low, double *high, int size)
{
    const double before[2] = {*low, *high}, limit = size > 0 ? size : INFINITY;
    *low = fmax(*low, 0.0);
    *high = fmin(*high, limit);
    return fmax(*low - before[0], before[1] - *high);
}

fovea__box_fate fovea__dataset_fit(fovea_box *box, const double corners[4], int width, int height)
{
    double x0 = corners[0], y0 = corners[1], x1 = corners[2], y1 = corners[3];
    if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1))
        return FOVEA__BOX_NOT_FINITE;
    if (x1 <= x0 || y1 <= y0)
        return FOVEA__BOX_EMPTY;
    const double reach = fmax(cut(&x0, &x1, width), cut(&y0, &y1, height));
    if (x1 <= x0 || y1 <= y0)
        return FOVEA__BOX_OUTSIDE;
    *box = (fovea_box){.x0 = (float)x0, .y0 = (float)y0, .x1 = (float)x1, .y1 = (float)y1};
    if (!isfinite(box->x1) || !isfinite(box->y1))
        return FOVEA__BOX_NOT_FINITE;
    if (!(box->x1 > box->x0 && box->y1 > box->y0))
        return FOVEA__BOX_EMPTY; /* thinner than a float can tell */
    return reach > ROUNDING ? FOVEA__BOX_CLIPPED : FOVEA__BOX_KEPT;
}

fovea_status fovea__dataset_add_box(fovea_dataset *set, size_t picture, int label, const double corners[4],
                                    fovea__box_fate *fate)
{
    fovea_box box;
    *fate = fovea__dataset_fit(&box, corners, set->pictures[picture].width, set->pictures[picture].height);
    if (*fate >= FOVEA__BOX_NOT_FINITE)
        return FOVEA_OK;
    box.label = label;
    const size_t n = set->n_boxes;
    FOVEA_TRY(fovea__grow(&set->boxes, &set->box_room, n + 1, sizeof box, "a data set's boxes"));
    FOVEA_TRY(fovea__grow(&set->box_pictures, &set->box_picture_room, n + 1, sizeof(size_t), "a data set's boxes"));
    set->boxes[n] = box;
    set->box_pictures[n] = picture;
    set->n_boxes++;
    return FOVEA_OK;
}

fovea_status fovea__dataset_warn(fovea_dataset *set, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    FOVEA_TRY(fovea__grow(&set->warnings, &set->warning_room, set->n_warnings + 1, sizeof(char *), "warnings"));
    FOVEA_TRY(fovea__copy_text(&set->warnings[set->n_warnings], text));
    set->n_warnings++;
    return FOVEA_OK;
}

fovea_status fovea__dataset_finish(fovea_dataset *set, const char *file)
{
    if (set->n_boxes == 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected boxes to train on, found none in %zu pictures%s%s", file,
                   set->n_pictures, set->n_warnings ? "; the first that was left out: " : "",
                   set->n_warnings ? set->warnings[0] : "");
    fovea_box *grouped = NULL;
    FOVEA_TRY(fovea__allocate(&grouped, set->n_boxes, sizeof *grouped, "a data set's boxes"));
    for (size_t i = 0; i < set->n_boxes; i++)
        set->pictures[set->box_pictures[i]].n_boxes++;
    fovea_box *next = grouped;
    for (size_t i = 0; i < set->n_pictures; i++) {
        set->pictures[i].boxes = next;
        next += set->pictures[i].n_boxes;
        set->pictures[i].n_boxes = 0; /* counted again while they are put in */
    }
    for (size_t i = 0; i < set->n_boxes; i++) {
        fovea_picture *picture = &set->pictures[set->box_pictures[i]];
        grouped[(size_t)(picture->boxes - grouped) + picture->n_boxes++] = set->boxes[i];
    }
    free(set->boxes);
    free(set->box_pictures);
    set->boxes = grouped;
    set->box_pictures = NULL;
    return FOVEA_OK;
}

void fovea_dataset_close(fovea_dataset *dataset)
{
    if (!dataset)
        return;
    for (size_t i = 0; dataset->pictures && i < dataset->n_pictures; i++)
        free((char *)dataset->pictures[i].path);
    for (int i = 0; dataset->names && i < dataset->n_labels; i++)
        free(dataset->names[i]);
    for (size_t i = 0; i < dataset->n_warnings; i++)
        free(dataset->warnings[i]);
    free(dataset->pictures);
    free(dataset->boxes);
    free(dataset->box_pictures);
    free(dataset->names);
    free(dataset->category_ids);
    free(dataset->warnings);
    free(dataset);
}

size_t fovea_dataset_size(const fovea_dataset *dataset)
{
    return dataset ? dataset->n_pictures : 0;
}

fovea_status fovea_dataset_picture(const fovea_dataset *dataset, size_t index, fovea_picture *out)
{
    FOVEA_CHECK_ARG(dataset && out, "fovea_dataset_picture: dataset or out is NULL");
    *out = (fovea_picture){0};
    FOVEA_CHECK_ARG(index < dataset->n_pictures, "fovea_dataset_picture: index %zu: expected less than %zu", index,
                    dataset->n_pictures);
    *out = dataset->pictures[index];
    return FOVEA_OK;
}

int fovea_dataset_labels(const fovea_dataset *dataset, const char *const **names, const int64_t **category_ids)
{
    if (names)
        *names = dataset ? (const char *const *)dataset->names : NULL;
    if (category_ids)
        *category_ids = dataset ? dataset->category_ids : NULL;
    return dataset ? dataset->n_labels : 0;
}

size_t fovea_dataset_warnings(const fovea_dataset *dataset)
{
    return dataset ? dataset->n_warnings : 0;
}

const char *fovea_dataset_warning(const fovea_dataset *dataset, size_t index)
{
    return index < fovea_dataset_warnings(dataset) ? dataset->warnings[index] : NULL;
}
