/* Mending annotations: of an evaluation's mistakes those that somebody who looked at them finds to be the annotations'
 * own. */
#ifndef FOVEA_APPS_MEND_H
#define FOVEA_APPS_MEND_H

#include "review.h"

typedef struct mend_span {
    size_t first, last;
} mend_span;

/* Numbers of mistakes, rising, each once. */
typedef struct mend_numbers {
    mend_span *spans;
    size_t n;
} mend_numbers;

/* Reads "1,4,7-9". On failure why has what is wrong with it; mend_clear() releases it either way. */
bool mend_read(mend_numbers *out, const char *text, char why[160]);
void mend_clear(mend_numbers *numbers);

/* Writes the mended copy of the annotations and prints what was changed; false after a sentence. */
bool mend_write(const review *r, const mend_numbers *numbers, const char *annotations, fovea_format format,
                const char *path);

#endif
