/* Detections drawn on a picture: outlined boxes with a label that can be read on any background. */
#ifndef FOVEA_APPS_DRAW_H
#define FOVEA_APPS_DRAW_H

#include "fovea.h"

/* *out: a copy of `image` with the detections drawn on it, the strongest last and so on top. A picture whose shorter
 * side is below 400 pixels is enlarged by a whole factor first, so that labels fit beside small objects.
 * labels[i]: what stands on detections[i]'s label, UTF-8. Frees nothing; on failure *out is zeroed. */
fovea_status draw_detections(fovea_image *out, const fovea_image *image, const fovea_detection *detections,
                             const char *const *labels, size_t count);

#endif
