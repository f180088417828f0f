/* What a data set is made of: boxes by class, size, shape, place and picture. */
#ifndef FOVEA_APPS_INSPECT_NUMBERS_H
#define FOVEA_APPS_INSPECT_NUMBERS_H

#include "fovea.h"

#include <cjson/cJSON.h>

enum { INSPECT_GRID = 20, INSPECT_OCTAVES = 24, INSPECT_MOST_COUNTED = 64 };

typedef struct inspect_numbers {
    int64_t pictures, boxes, most_a_picture;
    int labels;
    const char *const *names; /* borrowed from the data set */
    const int64_t *ids;
    int64_t *by_label;
    double side[3], aspect[3];     /* smallest, median, largest: square root of the area; width / height */
    int64_t by_area[3];            /* COCO's small, medium and large: below 32 x 32, below 96 x 96, others */
    int64_t sides[INSPECT_OCTAVES];          /* [k]: sides from 2^(k/2) on, below 2^((k+1)/2); the ends take the rest */
    int64_t aspects[INSPECT_OCTAVES];        /* [k]: from 2^((k-12)/4) on */
    int64_t centres[INSPECT_GRID][INSPECT_GRID]; /* [row][column] of the picture, as twentieths of its sides */
    int64_t a_picture[INSPECT_MOST_COUNTED + 1]; /* pictures with so many boxes; the last takes more */
} inspect_numbers;

/* Counts. False, with zeroed numbers, where set is NULL or memory ran out. */
bool inspect_numbers_count(inspect_numbers *out, const fovea_dataset *set);
void inspect_numbers_free(inspect_numbers *numbers);

/* Adds them to a JSON object. */
void inspect_numbers_json(const inspect_numbers *numbers, cJSON *to);

#endif
