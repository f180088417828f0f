/* Reads any bytes as a COCO data set: boxes that can be trained on, or a sentence. */
#include "fuzz.h"

#include "coco.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_words[] = {
    "NaN", "-Infinity", "1e999", "-1", "0",       "9007199254740993", "18446744073709551616", "null",
    "{}",  "[",         "]",     "{",  "}",       ",",                "\"",                   "\\",
    "\\u0000", "true", "\"id\":", "\"bbox\":", "[[[[[[", "\"iscrowd\":1", "\"segmentation\":[[1", NULL};

static const char *const seeds[] = {
    "{\"images\": [{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 100, \"height\": 50}, {\"id\": 8, \"file_name\": "
    "\"b\"}],"
    "\"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 1, \"name\": \"dog\"}], \"annotations\": ["
    "{\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, 4], \"segmentation\": [[1, 2, 3.5]]},"
    "{\"id\": 2, \"image_id\": 8, \"category_id\": 1, \"bbox\": [1.5, 2, 30, 4e1], \"iscrowd\": 0}]}",
    "{\"images\": [{\"id\": 9007199254740993, \"file_name\": \"a\"}], \"categories\": [{\"id\": -5, \"name\": "
    "\"\\u00e4\"}],"
    "\"annotations\": [{\"id\": 9007199254740993, \"image_id\": 9007199254740993, \"category_id\": -5, \"bbox\": "
    "[-1, NaN, 3, 4]}, {\"id\": 5, \"image_id\": 9007199254740993, \"category_id\": -5, \"bbox\": [-1, -1, 3, 4]}]}",
};

size_t fuzz_seed(int index, uint8_t **out)
{
    if ((size_t)index >= sizeof seeds / sizeof seeds[0])
        return 0;
    *out = (uint8_t *)strdup(seeds[index]);
    return *out ? strlen(seeds[index]) : 0;
}

static size_t check_picture(const fovea_dataset *set, size_t index, int labels)
{
    fovea_picture p;
    if (fovea_dataset_picture(set, index, &p) || !p.path || !p.file_name || !*p.file_name || p.width < 0 ||
        p.height < 0)
        abort();
    for (size_t i = 0; i < p.n_boxes; i++) {
        const fovea_box *b = &p.boxes[i];
        if (!(b->x0 >= 0 && b->x0 < b->x1 && b->y0 >= 0 && b->y0 < b->y1) || !isfinite(b->x1) || !isfinite(b->y1) ||
            (p.width && b->x1 > (float)p.width) || (p.height && b->y1 > (float)p.height) || b->label < 0 ||
            b->label >= labels)
            abort();
    }
    return p.n_boxes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fovea_dataset *set = NULL;
    if (fovea__coco_parse(&set, "folder", (const char *)data, size, "fuzz") == FOVEA_OK) {
        const char *const *names = NULL;
        const int64_t *ids = NULL;
        const int labels = fovea_dataset_labels(set, &names, &ids);
        size_t boxes = 0;
        for (int i = 0; i < labels; i++)
            if (!*names[i] || (i > 0 && ids[i] <= ids[i - 1]))
                abort();
        for (size_t i = 0; i < fovea_dataset_size(set); i++)
            boxes += check_picture(set, i, labels);
        if (boxes == 0)
            abort();
        for (size_t i = 0; i < fovea_dataset_warnings(set); i++)
            if (strncmp(fovea_dataset_warning(set, i), "fuzz: ", 6) != 0)
                abort();
    } else if (set || !*fovea_error()) {
        abort();
    }
    fovea_dataset_close(set);
    return 0;
}
