/* Pictures: the fovea_image_* functions of fovea.h stand in image.c; this is what the loader sees beyond them. */
#ifndef FOVEA_DATA_IMAGE_H
#define FOVEA_DATA_IMAGE_H

#include "status.h"

/* fovea_image_read_jpeg(), and the EXIF orientation (1 to 8) by which the picture was turned upright. */
fovea_status fovea__image_read(fovea_image *out, const char *path, int *orientation);

#endif
