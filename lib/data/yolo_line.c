/* Lines of labels, see yolo_line.h. */
#include "yolo_line.h"

#include "text.h"

#include <math.h>
#include <string.h>

enum { MOST_NUMBERS = 4096 };

/* x0 y0 x1 y1 as shares of the picture. */
static void bounds(double out[4], const double *numbers, size_t n)
{
    if (n == 4) {
        for (int i = 0; i < 2; i++) {
            out[i] = numbers[i] - numbers[2 + i] / 2;
            out[2 + i] = numbers[i] + numbers[2 + i] / 2;
        }
        return;
    }
    for (int i = 0; i < 2; i++) {
        out[i] = INFINITY;
        out[2 + i] = -INFINITY;
        for (size_t k = (size_t)i; k < n; k += 2) {
            out[i] = fmin(out[i], numbers[k]);
            out[2 + i] = fmax(out[2 + i], numbers[k]);
        }
    }
}

fovea_status fovea__yolo_line_read(fovea__yolo_line *out, char *line, const char *path, size_t number)
{
    double numbers[MOST_NUMBERS];
    size_t n = 0;
    *out = (fovea__yolo_line){.empty = true};
    if (number == 1)
        line += fovea__byte_order_mark(line);
    for (char *word = line + strspn(line, " \t\r"); *word; n++) {
        const size_t length = strcspn(word, " \t\r");
        const bool more = word[length] != '\0';
        word[length] = '\0';
        if (n == MOST_NUMBERS)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %zu: expected at most %d numbers, found more", path, number,
                       MOST_NUMBERS);
        if (!fovea__parse_plain(&numbers[n], word))
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: line %zu: expected numbers, found '%.40s'", path, number, word);
        word += length + more;
        word += strspn(word, " \t\r");
    }
    if (n == 0)
        return FOVEA_OK;
    if (n != 5 && (n < 7 || n % 2 == 0))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT,
                   "%s: line %zu: expected a class, centre x and y, width and height (or a class and a polygon), found "
                   "%zu numbers",
                   path, number, n);
    out->empty = false;
    out->class_number = numbers[0];
    bounds(out->bounds, numbers + 1, n - 1);
    return FOVEA_OK;
}

char *fovea__yolo_line_cut(char **rest)
{
    char *line = *rest;
    if (!*line)
        return NULL;
    const size_t length = strcspn(line, "\n");
    *rest = line + length + (line[length] != '\0');
    line[length] = '\0';
    return line;
}
