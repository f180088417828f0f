/* Pictures: the fovea_image_* functions of fovea.h stand in image.c and image_jpeg.c; this is what the loader sees beyond
 * them, and what the decoders share. */
#ifndef FOVEA_DATA_IMAGE_H
#define FOVEA_DATA_IMAGE_H

#include "status.h"

enum { FOVEA__LARGEST_SIDE = 65500 }; /* libjpeg's own limit; PNG is held to it too */

bool fovea__image_size_is_good(int width, int height);

/* fovea_image_read(), and the EXIF orientation (1 to 8) by which the picture was turned upright. */
fovea_status fovea__image_read(fovea_image *out, const char *path, int *orientation);

/* Width and height of a picture, upright, without decoding it. */
fovea_status fovea__image_size(int *width, int *height, const char *path);

/* Decode a file that begins as its kind does; *out is zeroed on failure. *orientation: by which it is to be
 * turned. size_only: no pixels, and the size as it is stored. */
fovea_status fovea__jpeg_decode(fovea_image *out, const void *data, size_t size_bytes, const char *name,
                                bool size_only, int *orientation);
fovea_status fovea__png_decode(fovea_image *out, const void *data, size_t size_bytes, const char *name,
                               bool size_only, int *orientation);

/* The orientation, 1 to 8, that EXIF data (from "Exif\0\0" on) asks for; 1, upright, where it says nothing or nonsense. */
int fovea__image_orientation(const uint8_t *exif, size_t size_bytes);

#endif
