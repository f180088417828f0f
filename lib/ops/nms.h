/* Class-wise greedy non-maximum suppression: strongest first (of equal scores the lower slot), a box goes when its IoU
 * with a kept box of its class is > max_overlap. Boxes of zero area overlap nothing and stay. */
#ifndef FOVEA_OPS_NMS_H
#define FOVEA_OPS_NMS_H

#include "decode.h"

typedef struct fovea__nms {
    int slots;         /* candidates, empty ones among them; at most 65536 */
    float max_overlap;
    int most;          /* detections at most */
} fovea__nms;

size_t fovea__nms_workspace_bytes(const fovea__nms *nms);

/* detections: floats [1 + 6 most]: the count, then x0 y0 x1 y1 score class for each, strongest first. One read back
 * gives everything. */
fovea_status fovea__nms_run(fovea_device *device, const fovea__nms *nms, const fovea__candidates *candidates,
                            fovea__buffer *detections, fovea__buffer *workspace);

#endif
