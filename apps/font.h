/* A bitmap font of 5 x 7 dots for the printable characters of ASCII and, with marks above and below these, for the
 * letters of Europe's languages in Latin script. */
#ifndef FOVEA_APPS_FONT_H
#define FOVEA_APPS_FONT_H

#include <stdbool.h>

enum { FONT_WIDTH = 5, FONT_HEIGHT = 7, FONT_ADVANCE = 6, FONT_MARK = 2 }; /* FONT_MARK: rows above and below for marks */

typedef struct font_letter {
    unsigned char base; /* ASCII */
    char mark;          /* 0: none */
} font_letter;

/* Reads a character of UTF-8 from *text, which is then behind it: into no letter (a combining mark), one, or two
 * ("ss"). What the font does not have looks like a question mark. */
int font_read(const char **text, font_letter out[2]);

/* Is the dot at (x, y) of a letter set? y: -FONT_MARK to FONT_HEIGHT + FONT_MARK - 1. */
bool font_dot(font_letter letter, int x, int y);

#endif
