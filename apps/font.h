/* A bitmap font of 5 x 7 dots for the printable characters of ASCII. */
#ifndef FOVEA_APPS_FONT_H
#define FOVEA_APPS_FONT_H

#include <stdbool.h>

enum { FONT_WIDTH = 5, FONT_HEIGHT = 7, FONT_ADVANCE = 6 };

/* Is the dot at (x, y) of a character set? What is not printable ASCII looks like a question mark. */
bool font_dot(unsigned char character, int x, int y);

#endif
