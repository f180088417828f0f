/* Focal loss: shapes into chunks, one work-group each. */
#include "focal_loss.h"

#include "split.h"

#include <stdio.h>

enum { CHUNK = 2048, GROUP = 64 }; /* logits a work-group (or one cell's, if more); work-items in it on GPUs */

static int cells_a_chunk(fovea__shape logits)
{
    return logits.c > 0 && logits.c < CHUNK ? CHUNK / logits.c : 1;
}

static size_t chunks_a_picture(fovea__shape logits)
{
    return fovea__split_parts((size_t)logits.h * (size_t)logits.w, (size_t)cells_a_chunk(logits));
}

size_t fovea__focal_loss_partials(fovea__shape logits)
{
    return (size_t)logits.n * chunks_a_picture(logits);
}

static fovea_status check(const fovea__focal_loss *loss, const fovea__tensor *logits, const fovea__tensor *d_logits)
{
    const fovea__shape shape = logits->shape;
    FOVEA_TRY(fovea__shape_check(shape, "the logits of the focal loss"));
    FOVEA_CHECK_ARG(fovea__shape_equal(shape, d_logits->shape), "focal_loss: gradients of another shape than logits");
    FOVEA_CHECK_ARG(loss->classes >= 1 && shape.c % loss->classes == 0, "focal_loss: %d channels are no multiple of %d "
                    "classes", shape.c, loss->classes);
    FOVEA_CHECK_ARG(loss->gamma >= 0.0f && loss->alpha <= 1.0f, "focal_loss: gamma %g, alpha %g; expected gamma >= 0, "
                    "alpha <= 1", (double)loss->gamma, (double)loss->alpha);
    const size_t level = (size_t)shape.h * (size_t)shape.w * (size_t)(shape.c / loss->classes);
    FOVEA_CHECK_ARG(loss->first_anchor + level <= loss->n_anchors &&
                        loss->n_anchors * (size_t)(loss->first_picture + shape.n) <= INT32_MAX,
                    "focal_loss: anchors %zu to %zu of %zu are out of range", loss->first_anchor,
                    loss->first_anchor + level, loss->n_anchors);
    return FOVEA_OK;
}

fovea_status fovea__focal_loss_run(fovea_device *device, const fovea__focal_loss *loss, const fovea__tensor *logits,
                                   const fovea__buffer *matches, const fovea__buffer *labels,
                                   const fovea__buffer *scales, fovea__tensor *d_logits, fovea__buffer *partials,
                                   size_t first_partial)
{
    FOVEA_TRY(check(loss, logits, d_logits));
    const fovea__shape shape = logits->shape;
    const bool balanced = loss->alpha >= 0.0f;
    const size_t items = fovea__split_group(device, GROUP), chunks = chunks_a_picture(shape);
    fovea__count(device, 0, (8.0 + 4.0 / loss->classes) * (double)fovea__shape_elements(shape));
    char options[32];
    snprintf(options, sizeof options, "-DWIDTH=%d", fovea__device_vector_width(device));
    const fovea__arg args[] = {
        fovea__arg_buffer(logits->buffer),
        fovea__arg_buffer(matches),
        fovea__arg_buffer(labels),
        fovea__arg_buffer(scales),
        fovea__arg_int(loss->classes),
        fovea__arg_int((int)loss->n_anchors),
        fovea__arg_int((int)loss->first_anchor), fovea__arg_int(loss->first_picture),
        fovea__arg_int(cells_a_chunk(shape) * shape.c),
        fovea__arg_int(shape.h * shape.w * shape.c),
        fovea__arg_float(balanced ? loss->alpha : 1.0f),
        fovea__arg_float(balanced ? 1.0f - loss->alpha : 1.0f),
        fovea__arg_float(loss->gamma),
        fovea__arg_buffer(d_logits->buffer),
        fovea__arg_buffer(partials),
        fovea__arg_int((int)first_partial),
        fovea__arg_local(items * sizeof(float)),
    };
    return fovea__launch(device, "focal_loss", options, "focal_loss", args, sizeof args / sizeof args[0],
                         fovea__grid_2d(chunks * items, (size_t)shape.n, items, 1));
}
