/* Pictures inside a page (page.h), as JPEG in base64. */
#ifndef FOVEA_APPS_PAGE_PICTURE_H
#define FOVEA_APPS_PAGE_PICTURE_H

#include "fovea.h"

#include <stdio.h>

/* Writes a picture as an address, "data:image/jpeg;base64,...", for an attribute. False after a sentence; then nothing is
 * written. */
bool page_picture(FILE *to, const fovea_image *image);

#endif
