/* Detection on one picture: what fovea_detect() keeps on the device between calls. */
#ifndef FOVEA_DETECT_DETECTOR_H
#define FOVEA_DETECT_DETECTOR_H

#include "decode.h"
#include "model.h"

typedef struct fovea__detector {
    fovea__buffer *pixels;  /* the picture, uint8 [height][width][3] */
    fovea__buffer *anchors; /* of the network's plan */
    fovea__anchors planned; /* whose anchors these are */
    fovea__buffer *indices, *best, *found;
    fovea__candidates candidates;
    fovea__buffer *detections, *work;
} fovea__detector;

/* Detection options with every default resolved. */
typedef struct fovea__detect_plan {
    float min_score, max_overlap;
    int top_k, most;
    int size, max_size;              /* shorter side and limit of the longer */
    int height, width;               /* of the resized picture */
    int padded_height, padded_width; /* multiples of 32 */
} fovea__detect_plan;

/* Checks and resolves options (NULL: all defaults), and leaves the picture's sizes 0; then with them. */
fovea_status fovea__detect_plan_begin(fovea__detect_plan *out, const fovea_model *model,
                                      const fovea_detect_options *options);
fovea_status fovea__detect_plan_make(fovea__detect_plan *out, const fovea_model *model, const fovea_image *image,
                                     const fovea_detect_options *options);

/* The model's detector, made at first use. */
fovea_status fovea__detector_of(fovea_model *model, fovea__detector **out);

/* Queues the picture's way through the network: then its logits and codes lie in it, and the detector has the anchors. */
fovea_status fovea__detector_forward(fovea_model *model, fovea__detector *detector, const fovea_image *image,
                                     const fovea__detect_plan *plan);

/* Queues everything from the picture's pixels to fovea__detector.detections. */
fovea_status fovea__detector_run(fovea_model *model, fovea__detector *detector, const fovea_image *image,
                                 const fovea__detect_plan *plan);
void fovea__detector_free(void *detector); /* accepts NULL */

#endif
