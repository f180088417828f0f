/* Reads any bytes as YOLO's data.yaml and, behind a line "---", labels. Names that can be read are written and read
 * again; labels are written from a document that keeps their text, to the same bytes where all of it is plain. */
#include "annotations.h"
#include "convert.h"
#include "fuzz.h"
#include "yolo_line.h"
#include "yolo_names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_words[] = {"\n---\n",
                                  "names:",
                                  "train:",
                                  "path:",
                                  "- ",
                                  "  0: ",
                                  "[",
                                  "]",
                                  "{",
                                  "}",
                                  "'",
                                  "\"",
                                  "\\",
                                  "#",
                                  ", ",
                                  ":",
                                  "\n",
                                  "\r\n",
                                  "0 .5 .5 .5 .5\n",
                                  "nan",
                                  "1e999",
                                  "-1",
                                  "99999",
                                  "100001",
                                  NULL};

static const char *const seeds[] = {
    "train: images/train\nnc: 2\nnames: [cat, 'it''s: a \"dog\"']\n---\n0 0.5 0.5 0.25 0.5\n1 .1 .1 .2 .1 .2 .3\n\n",
    "path: ../x # there\ntrain:\n  - a\n  - b\nnames:\n  0: cat\n  2: \"a \\\"b\\\"\"\n---\n2 1e-3 .5 .5 .5\r\n0 1 1 1 1",
    "names:\n- a\n- b\ntrain: [x, y]",
};

size_t fuzz_seed(int index, uint8_t **out)
{
    if ((size_t)index >= sizeof seeds / sizeof seeds[0])
        return 0;
    *out = (uint8_t *)strdup(seeds[index]);
    return *out ? strlen(seeds[index]) : 0;
}

static const int SIZE[2] = {640, 480};

/* Puts labels into a document's only picture; false where a line cannot be read. */
static bool fill(fovea__document *to, const fovea__listing *classes, char *labels, bool *plain)
{
    size_t number = 0;
    for (char *line; (line = fovea__yolo_line_cut(&labels)) != NULL;) {
        fovea__yolo_line read;
        if (fovea__yolo_line_read(&read, line, "labels", ++number)) {
            if (!*fovea_error())
                abort();
            return false;
        }
        if (read.empty)
            continue;
        const double class_number = read.class_number;
        if (!(class_number >= 0 && class_number < (double)classes->count && class_number == floor(class_number)))
            return false;
        for (int i = 0; i < 4; i++) {
            *plain = *plain && fabs(read.bounds[i]) < 1e6;
            read.bounds[i] *= SIZE[i % 2];
        }
        *plain = *plain && *classes->names[(size_t)class_number];
        if (fovea__document_box(to, 1, (int64_t)class_number, read.bounds, false))
            return false;
    }
    return true;
}

static void check_labels(const fovea__coco_index *index, const int *numbers, const char *labels, bool same)
{
    fovea__text made = {0};
    if (fovea__yolo_render(&made, index, numbers, 0, SIZE, false) || (same && strcmp(made.bytes, labels) != 0))
        abort();
    free(made.bytes);
}

/* The names as they are written anew. */
static void check_names(const fovea__coco_index *index, const int *numbers, const fovea__listing *classes)
{
    fovea__text made = {0};
    fovea__yolo_names again = {0};
    if (index->n_categories > 0 &&
        fovea__yolo_yaml(&made, index, numbers, "train", "images/train", NULL, "data.yaml", true) == FOVEA_OK) {
        if (fovea__yolo_names_parse(&again, made.bytes, "again", "train") || again.pictures.count != 1)
            abort();
        for (size_t i = 0; i < index->n_categories; i++)
            if (strcmp(again.classes.names[numbers[i]], classes->names[index->categories[i].id]) != 0)
                abort();
    }
    fovea__yolo_names_clear(&again);
    free(made.bytes);
}

static void check(const fovea__document *document, const fovea__listing *classes, const char *labels, bool plain)
{
    fovea__coco_index index;
    int *numbers = NULL;
    if (fovea__coco_index_make(&index, document->root, "fuzz") == FOVEA_OK) { /* names may be none that JSON has */
        if (fovea__yolo_numbers(&numbers, &index, false))
            abort();
        check_labels(&index, numbers, labels, plain);
        check_names(&index, numbers, classes);
    }
    free(numbers);
    fovea__coco_index_clear(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *yaml = strndup((const char *)data, size), *cut = yaml ? strstr(yaml, "\n---\n") : NULL;
    char *labels = strdup(cut ? cut + strlen("\n---\n") : ""), *lines = labels ? strdup(labels) : NULL;
    fovea__yolo_names names = {0};
    fovea__document document = {0};
    bool plain = true;
    if (cut)
        cut[1] = '\0';
    if (yaml && lines && fovea__yolo_names_parse(&names, yaml, "data.yaml", "train")) {
        if (!*fovea_error())
            abort();
    } else if (yaml && lines && !fovea__document_begin(&document) &&
               !fovea__document_picture(&document, "a.jpg", SIZE[0], SIZE[1]) &&
               !fovea__document_keep(document.root, "yolo", "yaml", yaml) &&
               !fovea__document_keep(document.last_image, "yolo", "labels", labels) &&
               fill(&document, &names.classes, lines, &plain)) {
        for (size_t i = 0; i < names.classes.count; i++)
            if (*names.classes.names[i] && fovea__document_category(&document, (int64_t)i, names.classes.names[i]))
                abort();
        check(&document, &names.classes, labels, plain);
    }
    fovea__document_drop(&document);
    fovea__yolo_names_clear(&names);
    free(labels);
    free(lines);
    free(yaml);
    return 0;
}
