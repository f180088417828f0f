/* Boxes relative to anchors, and back. */
#include "box_code.h"

#include "split.h"

fovea_status fovea__box_code_encode(fovea_device *device, const fovea__buffer *anchors, size_t n_anchors,
                                    const fovea__buffer *boxes, const fovea__buffer *matches, int batch,
                                    fovea__buffer *targets)
{
    FOVEA_CHECK_ARG(batch >= 0 && n_anchors <= INT32_MAX / 4 && n_anchors * (size_t)batch <= INT32_MAX / 4,
                    "box_code: %zu anchors in %d pictures are out of range", n_anchors, batch);
    const size_t count = n_anchors * (size_t)batch;
    fovea__count(device, 0, 36.0 * (double)count);
    const fovea__split split = fovea__split_list(device, count);
    return fovea__launch(device, "box_code", "", "box_code_encode",
                         (fovea__arg[]){fovea__arg_buffer(anchors), fovea__arg_int((int)n_anchors),
                                        fovea__arg_buffer(boxes), fovea__arg_buffer(matches),
                                        fovea__arg_int((int)count), fovea__arg_int(split.columns),
                                        fovea__arg_buffer(targets)},
                         7, split.grid);
}

fovea_status fovea__box_code_decode(fovea_device *device, const fovea__buffer *anchors, const fovea__buffer *codes,
                                    size_t count, fovea__buffer *boxes)
{
    FOVEA_CHECK_ARG(count <= INT32_MAX / 4, "box_code: %zu boxes are out of range", count);
    fovea__count(device, 0, 48.0 * (double)count);
    return fovea__launch(device, "box_code", "", "box_code_decode",
                         (fovea__arg[]){fovea__arg_buffer(anchors), fovea__arg_buffer(codes),
                                        fovea__arg_int((int)count), fovea__arg_buffer(boxes)},
                         4, fovea__grid_1d(count, fovea__split_local(device)));
}
