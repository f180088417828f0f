/* Is a folder the one that pictures' names start from? fovea_images_check() in fovea.h is the rest of it. */
#ifndef FOVEA_DATA_IMAGES_DIR_H
#define FOVEA_DATA_IMAGES_DIR_H

#include "status.h"

/* Fails with FOVEA_ERROR_IO where images_dir is neither "" nor a folder. */
fovea_status fovea__images_dir_check(const char *images_dir);

#endif
