/* The sheet of 'fovea train --show-batches', see show_batches.h. */
#include "show_batches.h"

#include "pick_device.h"
#include "sheet.h"

#include <stdio.h>
#include <stdlib.h>

enum { PICTURES = 20, CELL_WIDTH = 320, CELL_HEIGHT = 240 };

typedef struct showing {
    sheet sheet;
    const char *const *names;
    size_t boxes;
    bool failed;
} showing;

static bool add(void *cookie, const fovea_look *look)
{
    showing *s = cookie;
    char caption[512];
    draw_box *boxes = calloc(look->n_boxes + 1, sizeof *boxes);
    if (!boxes) {
        fputs("fovea: out of memory for a picture's boxes\n", stderr);
        s->failed = true;
        return false;
    }
    for (size_t i = 0; i < look->n_boxes; i++) {
        const fovea_box *box = &look->boxes[i];
        boxes[i] = (draw_box){.x0 = box->x0, .y0 = box->y0, .x1 = box->x1, .y1 = box->y1, .label = box->label,
                              .text = s->names[box->label]};
    }
    char part[64] = "";
    if (look->width != look->picture.width || look->height != look->picture.height)
        snprintf(part, sizeof part, " of %dx%d+%d+%d", look->width, look->height, look->left, look->top);
    snprintf(caption, sizeof caption, "%s%s%s: %dx%d", look->picture.file_name, part, look->mirrored ? " mirrored" : "",
             look->image.width, look->image.height);
    s->failed = !sheet_add(&s->sheet, &look->image, boxes, look->n_boxes, caption);
    s->boxes += look->n_boxes;
    free(boxes);
    return !s->failed && s->sheet.used < PICTURES;
}

bool show_batches(fovea_trainer *trainer, const fovea_dataset *dataset, const char *path)
{
    showing s = {0};
    fovea_dataset_labels(dataset, &s.names, NULL);
    if (!sheet_create(&s.sheet, PICTURES, CELL_WIDTH, CELL_HEIGHT))
        return false;
    const bool good = told(fovea_trainer_look(trainer, add, &s)) && !s.failed &&
                      told(fovea_image_write_jpeg(&s.sheet.image, path, 0));
    if (good)
        printf("%s: %zu pictures with %zu boxes, as the network gets them\n", path, s.sheet.used, s.boxes);
    sheet_clear(&s.sheet);
    return good;
}
