/* Two evaluations side by side, on the same annotations or on two with the same classes: what got better and what got
 * worse, by number, class and picture. */
#ifndef FOVEA_APPS_AGAINST_H
#define FOVEA_APPS_AGAINST_H

#include "review.h"

/* A picture's detections that are wrong and objects that are missed; each result's classes at their own best scores. */
typedef struct against_picture {
    int64_t id;
    const char *name;
    int now, before;
} against_picture;

typedef struct against {
    const review *now, *before; /* borrowed; rows of classes are the same in both */
    const char *now_name, *before_name;
    const char *before_annotations; /* NULL: those of now */
    against_picture *pictures; /* those of both that changed: from the most improved to the most worsened */
    size_t n_pictures, n_better;
} against;

/* False after a sentence. against_clear() releases it either way. */
bool against_make(against *a, const review *now, const char *now_name, const review *before, const char *before_name,
                  const char *before_annotations);
void against_clear(against *a);

enum { AGAINST_LINKS = 3 };

/* Links to the page's sections; returns how many there are. */
size_t against_links(page_link out[AGAINST_LINKS]);

void against_print(const against *a);
cJSON *against_json(const against *a);
void against_write(FILE *to, const against *a);

#endif
