/* Smooth L1: shapes into chunks, one work-group each. */
#include "smooth_l1.h"

#include "split.h"

enum { CHUNK = 1024, GROUP = 64 }; /* anchors a work-group; work-items in it on GPUs */

static size_t anchors_a_picture(fovea__shape codes)
{
    return (size_t)codes.h * (size_t)codes.w * (size_t)(codes.c / 4);
}

static size_t chunks_a_picture(fovea__shape codes)
{
    return (anchors_a_picture(codes) + CHUNK - 1) / CHUNK;
}

size_t fovea__smooth_l1_partials(fovea__shape codes)
{
    return (size_t)codes.n * chunks_a_picture(codes);
}

fovea_status fovea__smooth_l1_run(fovea_device *device, const fovea__smooth_l1 *loss, const fovea__tensor *codes,
                                  const fovea__buffer *targets, const fovea__buffer *matches,
                                  const fovea__buffer *scales, fovea__tensor *d_codes, fovea__buffer *partials,
                                  size_t first_partial)
{
    const fovea__shape shape = codes->shape;
    FOVEA_TRY(fovea__shape_check(shape, "the codes of the box loss"));
    FOVEA_CHECK_ARG(shape.c % 4 == 0, "smooth_l1: %d channels are no multiple of 4", shape.c);
    FOVEA_CHECK_ARG(fovea__shape_equal(shape, d_codes->shape), "smooth_l1: gradients of another shape than codes");
    FOVEA_CHECK_ARG(loss->beta >= 0.0f, "smooth_l1: beta %g, expected at least 0", (double)loss->beta);
    FOVEA_CHECK_ARG(loss->first_anchor + anchors_a_picture(shape) <= loss->n_anchors &&
                        loss->n_anchors * (size_t)(loss->first_picture + shape.n) <= INT32_MAX / 4,
                    "smooth_l1: anchors %zu to %zu of %zu are out of range", loss->first_anchor,
                    loss->first_anchor + anchors_a_picture(shape), loss->n_anchors);
    fovea__count(device, 0, 13.0 * (double)fovea__shape_elements(shape));
    const size_t items = fovea__split_group(device, GROUP);
    return fovea__launch(device, "smooth_l1", "", "smooth_l1",
                         (fovea__arg[]){fovea__arg_buffer(codes->buffer), fovea__arg_buffer(targets),
                                        fovea__arg_buffer(matches), fovea__arg_buffer(scales),
                                        fovea__arg_float(loss->beta), fovea__arg_int((int)loss->n_anchors),
                                        fovea__arg_int((int)loss->first_anchor), fovea__arg_int(loss->first_picture),
                                        fovea__arg_int(CHUNK),
                                        fovea__arg_int((int)anchors_a_picture(shape)),
                                        fovea__arg_buffer(d_codes->buffer), fovea__arg_buffer(partials),
                                        fovea__arg_int((int)first_partial), fovea__arg_local(items * sizeof(float))},
                         14, fovea__grid_2d(chunks_a_picture(shape) * items, (size_t)shape.n, items, 1));
}
