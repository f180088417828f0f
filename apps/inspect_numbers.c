/* Counting a data set, see inspect_numbers.h. */
#include "inspect_numbers.h"

#include "json_out.h"

#include <math.h>
#include <stdlib.h>

static int bin(double value, int bins)
{
    return value < 0 ? 0 : value >= bins ? bins - 1 : (int)value;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void spread(double out[3], double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    out[0] = values[0];
    out[1] = count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
    out[2] = values[count - 1];
}

static void count_box(inspect_numbers *n, const fovea_picture *picture, const fovea_box *box, double *side,
                      double *aspect)
{
    const double width = (double)box->x1 - box->x0, height = (double)box->y1 - box->y0;
    *side = sqrt(width * height);
    *aspect = width / height;
    n->by_label[box->label]++;
    n->by_area[*side < 32 ? 0 : *side < 96 ? 1 : 2]++;
    n->sides[bin(floor(2 * log2(*side)), INSPECT_OCTAVES)]++;
    n->aspects[bin(floor(4 * log2(*aspect)) + INSPECT_OCTAVES / 2, INSPECT_OCTAVES)]++;
    if (picture->width > 0 && picture->height > 0)
        n->centres[bin((box->y0 + height / 2) / picture->height * INSPECT_GRID, INSPECT_GRID)]
                  [bin((box->x0 + width / 2) / picture->width * INSPECT_GRID, INSPECT_GRID)]++;
}

static size_t boxes_of(const fovea_dataset *set)
{
    size_t boxes = 0;
    fovea_picture picture;
    for (size_t i = 0; i < fovea_dataset_size(set); i++)
        if (!fovea_dataset_picture(set, i, &picture))
            boxes += picture.n_boxes;
    return boxes;
}

bool inspect_numbers_count(inspect_numbers *out, const fovea_dataset *set)
{
    *out = (inspect_numbers){0};
    const size_t boxes = set ? boxes_of(set) : 0;
    if (boxes == 0)
        return false;
    out->pictures = (int64_t)fovea_dataset_size(set);
    out->labels = fovea_dataset_labels(set, &out->names, &out->ids);
    out->by_label = calloc((size_t)out->labels, sizeof *out->by_label);
    double *values = malloc(2 * boxes * sizeof *values);
    if (!out->by_label || !values) {
        free(values);
        inspect_numbers_free(out);
        return false;
    }
    for (size_t i = 0; i < fovea_dataset_size(set); i++) {
        fovea_picture picture;
        if (fovea_dataset_picture(set, i, &picture))
            continue;
        for (size_t b = 0; b < picture.n_boxes; b++, out->boxes++)
            count_box(out, &picture, &picture.boxes[b], &values[out->boxes], &values[boxes + (size_t)out->boxes]);
        out->a_picture[picture.n_boxes < INSPECT_MOST_COUNTED ? picture.n_boxes : INSPECT_MOST_COUNTED]++;
        if ((int64_t)picture.n_boxes > out->most_a_picture)
            out->most_a_picture = (int64_t)picture.n_boxes;
    }
    spread(out->side, values, boxes);
    spread(out->aspect, values + boxes, boxes);
    free(values);
    return true;
}

void inspect_numbers_free(inspect_numbers *numbers)
{
    free(numbers->by_label);
    *numbers = (inspect_numbers){0};
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static cJSON *counts_json(const int64_t *counts, int n)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)counts[i]));
    return list;
}

void inspect_numbers_json(const inspect_numbers *n, cJSON *to)
{
    json_add_integer(to, "pictures", n->pictures);
    json_add_integer(to, "boxes", n->boxes);
    cJSON *classes = cJSON_AddArrayToObject(to, "classes");
    for (int i = 0; i < n->labels; i++) {
        cJSON *row = cJSON_CreateObject();
        json_add_integer(row, "id", n->ids[i]);
        cJSON_AddStringToObject(row, "name", n->names[i]);
        json_add_integer(row, "boxes", n->by_label[i]);
        cJSON_AddItemToArray(classes, row);
    }
    cJSON *areas = cJSON_AddObjectToObject(to, "boxes_by_area");
    json_add_integer(areas, "small", n->by_area[0]);
    json_add_integer(areas, "medium", n->by_area[1]);
    json_add_integer(areas, "large", n->by_area[2]);
    cJSON_AddItemToObject(to, "side_min_median_max", cJSON_CreateDoubleArray(n->side, 3));
    cJSON_AddItemToObject(to, "aspect_min_median_max", cJSON_CreateDoubleArray(n->aspect, 3));
    cJSON_AddItemToObject(to, "sides_by_half_octave", counts_json(n->sides, INSPECT_OCTAVES));
    cJSON_AddItemToObject(to, "aspects_by_quarter_octave", counts_json(n->aspects, INSPECT_OCTAVES));
    cJSON *grid = cJSON_AddArrayToObject(to, "centres");
    for (int i = 0; i < INSPECT_GRID; i++)
        cJSON_AddItemToArray(grid, counts_json(n->centres[i], INSPECT_GRID));
    cJSON_AddItemToObject(to, "pictures_by_boxes", counts_json(n->a_picture, INSPECT_MOST_COUNTED + 1));
}
