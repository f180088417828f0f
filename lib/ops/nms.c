/* Non-maximum suppression: one work-group a picture. */
#include "nms.h"

#include "split.h"

enum { GROUP = 256, MOST_SLOTS = 65536 }; /* work-items on GPUs, a power of two */

/* Six planes of whole blocks of eight slots, at least one. */
size_t fovea__nms_workspace_bytes(const fovea__nms *nms)
{
    return 6 * ((size_t)nms->slots / 8 + 1) * 8 * sizeof(float);
}

fovea_status fovea__nms_run(fovea_device *device, const fovea__nms *nms, const fovea__candidates *candidates,
                            fovea__buffer *detections, fovea__buffer *workspace)
{
    FOVEA_CHECK_ARG(nms->slots >= 0 && nms->slots <= MOST_SLOTS, "nms: %d slots, expected 0 to %d", nms->slots,
                    (int)MOST_SLOTS);
    FOVEA_CHECK_ARG(nms->most >= 0 && nms->most <= MOST_SLOTS, "nms: %d detections, expected 0 to %d", nms->most,
                    (int)MOST_SLOTS);
    fovea__count(device, 0, 24.0 * nms->slots);
    const size_t items = fovea__split_group(device, GROUP);
    return fovea__launch(device, "nms", "", "nms",
                         (fovea__arg[]){fovea__arg_buffer(candidates->boxes), fovea__arg_buffer(candidates->scores),
                                        fovea__arg_buffer(candidates->classes), fovea__arg_int(nms->slots),
                                        fovea__arg_float(nms->max_overlap), fovea__arg_int(nms->most),
                                        fovea__arg_buffer(detections), fovea__arg_buffer(workspace),
                                        fovea__arg_local(items * sizeof(float)),
                                        fovea__arg_local(items * sizeof(int32_t))},
                         10, fovea__grid_1d(items, items));
}
