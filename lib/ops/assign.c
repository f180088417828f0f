/* Matching anchors to boxes: each box's best IoU first, then every anchor's decision. */
#include "assign.h"

#include "split.h"

enum { CHUNK = 512 }; /* anchors that one work-item looks through for one box; a multiple of 8 */

static size_t chunks_of(size_t n_anchors)
{
    return (n_anchors + CHUNK - 1) / CHUNK;
}

/* Each box's largest IoU in every chunk, then its largest of all. */
size_t fovea__assign_workspace_bytes(size_t n_anchors, size_t n_boxes)
{
    return n_boxes * (chunks_of(n_anchors) + 1) * sizeof(float);
}

static fovea_status find_best_of_boxes(fovea_device *device, const fovea__buffer *anchors, size_t n_anchors,
                                       const fovea__buffer *boxes, size_t n_boxes, fovea__buffer *workspace)
{
    const size_t n_chunks = chunks_of(n_anchors);
    FOVEA_TRY(fovea__launch(device, "assign", "", "assign_partial",
                            (fovea__arg[]){fovea__arg_buffer(anchors), fovea__arg_int((int)n_anchors),
                                           fovea__arg_buffer(boxes), fovea__arg_int((int)n_boxes),
                                           fovea__arg_int(CHUNK), fovea__arg_int((int)n_chunks),
                                           fovea__arg_buffer(workspace)},
                            7, fovea__grid_2d(n_boxes, n_chunks, fovea__split_local(device), 1)));
    return fovea__launch(device, "assign", "", "assign_best",
                         (fovea__arg[]){fovea__arg_buffer(workspace), fovea__arg_int((int)n_boxes),
                                        fovea__arg_int((int)n_chunks), fovea__arg_int((int)(n_boxes * n_chunks)),
                                        fovea__arg_buffer(workspace)},
                         5, fovea__grid_1d(n_boxes, fovea__split_local(device)));
}

fovea_status fovea__assign(fovea_device *device, const fovea__buffer *anchors, size_t n_anchors,
                           const fovea__buffer *boxes, size_t n_boxes, const fovea__buffer *offsets, int batch,
                           fovea__buffer *matches, fovea__buffer *n_objects, fovea__buffer *workspace)
{
    FOVEA_CHECK_ARG(batch >= 1 && n_anchors <= INT32_MAX / 4 && n_anchors * (size_t)batch <= INT32_MAX &&
                        fovea__assign_workspace_bytes(n_anchors, n_boxes) <= INT32_MAX,
                    "assign: %zu anchors and %zu boxes in %d pictures are out of range", n_anchors, n_boxes, batch);
    FOVEA_TRY(fovea__buffer_fill(n_objects, 0, (size_t)batch * sizeof(int32_t), 0));
    FOVEA_TRY(find_best_of_boxes(device, anchors, n_anchors, boxes, n_boxes, workspace));
    fovea__count(device, 0, 20.0 * (double)(n_anchors * (size_t)batch));
    return fovea__launch(device, "assign", "", "assign_match",
                         (fovea__arg[]){fovea__arg_buffer(anchors), fovea__arg_int((int)n_anchors),
                                        fovea__arg_buffer(boxes), fovea__arg_buffer(offsets),
                                        fovea__arg_buffer(workspace),
                                        fovea__arg_int((int)(n_boxes * chunks_of(n_anchors))),
                                        fovea__arg_buffer(matches), fovea__arg_buffer(n_objects)},
                         8, fovea__grid_2d((n_anchors + 7) / 8, (size_t)batch, fovea__split_local(device), 1));
}

fovea_status fovea__assign_scales(fovea_device *device, const fovea__buffer *n_objects, int batch, bool per_picture,
                                  fovea__buffer *scales)
{
    FOVEA_CHECK_ARG(batch >= 1, "assign: a batch of %d pictures", batch);
    return fovea__launch(device, "assign", "", "assign_scales",
                         (fovea__arg[]){fovea__arg_buffer(n_objects), fovea__arg_int(batch),
                                        fovea__arg_int(per_picture), fovea__arg_buffer(scales)},
                         4, fovea__grid_1d((size_t)batch, fovea__split_local(device)));
}
