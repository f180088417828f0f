/* Online hard example mining: the hardest anchors by top k, suppression among them, all others ignored. */
#include "ohem.h"

#include "assign.h"
#include "split.h"
#include "top_k.h"

#include <limits.h>

enum { MOST = 4096, GROUP = 256 }; /* candidates a picture; work-items on GPUs, a power of two */

fovea_status fovea__ohem_score(fovea_device *device, const fovea__ohem *ohem, const fovea__tensor *logits,
                               size_t first_anchor, const fovea__buffer *matches, const fovea__buffer *labels,
                               fovea__buffer *losses)
{
    const fovea__shape shape = logits->shape;
    FOVEA_TRY(fovea__shape_check(shape, "the logits of hard example mining"));
    FOVEA_CHECK_ARG(ohem->classes >= 1 && shape.c % ohem->classes == 0, "ohem: %d channels are no multiple of %d "
                    "classes", shape.c, ohem->classes);
    const size_t level = (size_t)shape.h * (size_t)shape.w * (size_t)(shape.c / ohem->classes);
    const size_t before = (size_t)ohem->first_picture, pictures = before + (size_t)shape.n;
    FOVEA_CHECK_ARG(first_anchor + level <= ohem->n_anchors && ohem->n_anchors * pictures <= INT32_MAX,
                    "ohem: anchors %zu to %zu of %zu are out of range", first_anchor, first_anchor + level,
                    ohem->n_anchors);
    return fovea__launch(device, "ohem", "-DWIDTH=8", "ohem_score",
                         (fovea__arg[]){fovea__arg_buffer(logits->buffer), fovea__arg_buffer(matches),
                                        fovea__arg_buffer(labels), fovea__arg_int(ohem->classes),
                                        fovea__arg_int((int)ohem->n_anchors),
                                        fovea__arg_int((int)(before * ohem->n_anchors + first_anchor)),
                                        fovea__arg_int((int)level), fovea__arg_buffer(losses)},
                         8, fovea__grid_2d(level, (size_t)shape.n, fovea__split_local(device), 1));
}

static int candidates_of(const fovea__ohem *ohem)
{
    return ohem->n_anchors < MOST ? (int)ohem->n_anchors : MOST;
}

/* Top k's, and after it the lists of ohem.cl. */
size_t fovea__ohem_workspace_bytes(const fovea__ohem *ohem)
{
    const size_t k = (size_t)candidates_of(ohem), lists = (2 + 4 * k + GROUP) * sizeof(int32_t);
    const size_t top_k = fovea__top_k_workspace_bytes(ohem->n_anchors, (int)k);
    return lists > top_k ? lists : top_k;
}

/* One picture. candidates: k indices, and behind them how many there are. */
static fovea_status select_of_picture(fovea_device *device, const fovea__ohem *ohem, const fovea__buffer *losses,
                                      const fovea__buffer *anchors, int picture, fovea__buffer *candidates,
                                      fovea__buffer *matches, fovea__buffer *n_objects, fovea__buffer *workspace)
{
    const int k = candidates_of(ohem);
    const size_t first = (size_t)picture * ohem->n_anchors;
    const size_t items = fovea__split_group(device, GROUP);
    FOVEA_TRY(fovea__top_k(device, losses, first, ohem->n_anchors, -0.5f, k, candidates, NULL, candidates, (size_t)k,
                           workspace));
    FOVEA_TRY(fovea__launch(device, "ohem", "-DWIDTH=8", "ohem_select",
                            (fovea__arg[]){fovea__arg_buffer(candidates), fovea__arg_int(k),
                                           fovea__arg_buffer(anchors), fovea__arg_int((int)first),
                                           fovea__arg_float(ohem->nms), fovea__arg_int(ohem->batch),
                                           fovea__arg_int(ohem->one_to_three), fovea__arg_buffer(matches),
                                           fovea__arg_int(picture), fovea__arg_buffer(n_objects),
                                           fovea__arg_buffer(workspace), fovea__arg_local(items * sizeof(int32_t))},
                            12, fovea__grid_1d(items, items)));
    FOVEA_TRY(fovea__buffer_fill(matches, first * sizeof(int32_t), ohem->n_anchors * sizeof(int32_t),
                                 (uint32_t)FOVEA__IGNORED));
    return fovea__launch(device, "ohem", "-DWIDTH=8", "ohem_keep",
                         (fovea__arg[]){fovea__arg_buffer(workspace), fovea__arg_int(k), fovea__arg_int((int)first),
                                        fovea__arg_buffer(matches)},
                         4, fovea__grid_1d((size_t)(ohem->batch < k ? ohem->batch : k), fovea__split_local(device)));
}

fovea_status fovea__ohem_select(fovea_device *device, const fovea__ohem *ohem, const fovea__buffer *losses,
                                const fovea__buffer *anchors, int batch, fovea__buffer *matches,
                                fovea__buffer *n_objects, fovea__buffer *workspace)
{
    const int end = ohem->first_picture + batch;
    FOVEA_CHECK_ARG(ohem->batch >= 1 && ohem->nms >= 0.0f && ohem->nms <= 1.0f, "ohem: batch %d, nms %g; expected at "
                    "least 1, and 0 to 1", ohem->batch, (double)ohem->nms);
    FOVEA_CHECK_ARG(batch >= 0 && ohem->n_anchors <= INT32_MAX / 4 && ohem->n_anchors * (size_t)end <= INT32_MAX,
                    "ohem: %zu anchors in %d pictures are out of range", ohem->n_anchors, end);
    const size_t k = (size_t)candidates_of(ohem);
    fovea__buffer *candidates = NULL;
    FOVEA_TRY(fovea__buffer_create(&candidates, device, (k + 1) * sizeof(int32_t), "hard examples"));
    fovea_status status = FOVEA_OK;
    for (int picture = ohem->first_picture; picture < end && status == FOVEA_OK; picture++)
        status = select_of_picture(device, ohem, losses, anchors, picture, candidates, matches, n_objects, workspace);
    fovea__buffer_free(candidates);
    return status;
}

fovea_status fovea__ohem_rescale(fovea_device *device, const fovea__buffer *factors, fovea__buffer *values,
                                 size_t first, size_t count)
{
    FOVEA_CHECK_ARG(first <= INT_MAX && count <= INT_MAX - first,
                    "ohem: %zu values from %zu are beyond the 2^31-1 that kernels can index", count, first);
    const fovea__split split = fovea__split_list(device, count);
    fovea__count(device, 0, 8.0 * (double)count);
    return fovea__launch(device, "ohem", "-DWIDTH=8", "ohem_rescale",
                         (fovea__arg[]){fovea__arg_buffer(factors), fovea__arg_buffer(values),
                                        fovea__arg_int((int)first), fovea__arg_int((int)count),
                                        fovea__arg_int(split.columns)},
                         5, split.grid);
}
