/* Picture -> resized and normalised -> network -> per level: scores, top k, decoded boxes -> NMS over all levels (paper
 * section 4.1, "Inference"). One upload; the caller reads one buffer back. */
#include "detector.h"

#include "memory.h"
#include "nms.h"
#include "resize_normalize.h"
#include "top_k.h"

#include <stdlib.h>
#include <string.h>

void fovea__detector_free(void *detector)
{
    fovea__detector *d = detector;
    if (!d)
        return;
    fovea__buffer *buffers[] = {d->pixels, d->anchors, d->indices, d->best, d->found, d->candidates.boxes,
                                d->candidates.scores, d->candidates.classes, d->detections, d->work};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fovea__buffer_free(buffers[i]);
    free(d);
}

fovea_status fovea__detector_of(fovea_model *model, fovea__detector **out)
{
    if (!model->detector) {
        FOVEA_TRY(fovea__allocate(&model->detector, 1, sizeof(fovea__detector), "a detector"));
        model->free_detector = fovea__detector_free;
    }
    *out = model->detector;
    return FOVEA_OK;
}

static size_t level_scores(const fovea__anchors *anchors, int level, int classes)
{
    return fovea__anchors_level_count(anchors, level) * (size_t)classes;
}

static fovea_status fit_buffers(fovea_model *model, fovea__detector *d, const fovea__anchors *anchors,
                                const fovea__detect_plan *plan)
{
    fovea_device *device = model->device;
    const size_t k = (size_t)plan->top_k, slots = k * FOVEA__LEVELS;
    const fovea__nms nms = {.slots = (int)slots, .most = plan->most};
    size_t work = fovea__nms_workspace_bytes(&nms);
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        const size_t bytes = fovea__top_k_workspace_bytes(level_scores(anchors, level, model->config.classes),
                                                          plan->top_k);
        work = bytes > work ? bytes : work;
    }
    FOVEA_TRY(fovea__buffer_fit(&d->indices, device, k * sizeof(int32_t), "candidates"));
    FOVEA_TRY(fovea__buffer_fit(&d->best, device, k * sizeof(float), "candidates"));
    FOVEA_TRY(fovea__buffer_fit(&d->found, device, FOVEA__LEVELS * sizeof(int32_t), "candidates"));
    FOVEA_TRY(fovea__buffer_fit(&d->candidates.boxes, device, slots * 4 * sizeof(float), "candidates"));
    FOVEA_TRY(fovea__buffer_fit(&d->candidates.scores, device, slots * sizeof(float), "candidates"));
    FOVEA_TRY(fovea__buffer_fit(&d->candidates.classes, device, slots * sizeof(int32_t), "candidates"));
    FOVEA_TRY(fovea__buffer_fit(&d->detections, device, (1 + 6 * (size_t)plan->most) * sizeof(float), "detections"));
    return fovea__buffer_fit(&d->work, device, work, "detection's workspace");
}

static fovea_status write_anchors(fovea_model *model, fovea__detector *d, const fovea__anchors *anchors)
{
    if (memcmp(&d->planned, anchors, sizeof *anchors) == 0)
        return FOVEA_OK;
    const size_t bytes = fovea__anchors_count(anchors) * 4 * sizeof(float);
    memset(&d->planned, 0, sizeof d->planned); /* nobody's, until they are written */
    FOVEA_TRY(fovea__buffer_fit(&d->anchors, model->device, bytes, "the anchors"));
    FOVEA_TRY(fovea__anchors_write(model->device, anchors, d->anchors));
    d->planned = *anchors;
    return FOVEA_OK;
}

static fovea_status picture_in(fovea_model *model, fovea__detector *d, const fovea_image *image,
                               const fovea__detect_plan *plan)
{
    const size_t bytes = (size_t)image->width * (size_t)image->height * 3;
    FOVEA_TRY(fovea__buffer_fit(&d->pixels, model->device, bytes, "a picture"));
    FOVEA_TRY(fovea__buffer_write(d->pixels, 0, image->pixels, bytes));
    return fovea__resize_normalize(model->device, d->pixels, 0, image->height, image->width, false, plan->height,
                                   plan->width, 0, fovea__network_input(model->network));
}

static fovea_status level_candidates(fovea_model *model, fovea__detector *d, const fovea__anchors *anchors, int level,
                                     size_t first_anchor, const fovea__detect_plan *plan)
{
    const size_t count = level_scores(anchors, level, model->config.classes);
    fovea__buffer *scores = fovea__network_logits(model->network, level)->buffer;
    FOVEA_TRY(fovea__decode_scores(model->device, scores, count, scores));
    FOVEA_TRY(fovea__top_k(model->device, scores, 0, count, plan->min_score, plan->top_k, d->indices, d->best,
                           d->found, (size_t)level, d->work));
    const fovea__decode decode = {.k = plan->top_k, .classes = model->config.classes, .first_anchor = first_anchor,
                                  .height = (float)plan->height, .width = (float)plan->width};
    return fovea__decode_level(model->device, &decode, d->anchors, fovea__network_codes(model->network, level)->buffer,
                               0, d->indices, d->best, d->found, (size_t)level, &d->candidates,
                               (size_t)level * (size_t)plan->top_k);
}

fovea_status fovea__detector_forward(fovea_model *model, fovea__detector *d, const fovea_image *image,
                                     const fovea__detect_plan *plan)
{
    fovea__network *network = NULL;
    fovea__anchors anchors;
    FOVEA_TRY(fovea__model_network(model, &network));
    FOVEA_TRY(fovea__network_plan(network, 1, plan->padded_height, plan->padded_width));
    fovea__network_anchors(network, &anchors);
    FOVEA_TRY(picture_in(model, d, image, plan));
    FOVEA_TRY(fovea__network_forward(network));
    return write_anchors(model, d, &anchors);
}

fovea_status fovea__detector_run(fovea_model *model, fovea__detector *d, const fovea_image *image,
                                 const fovea__detect_plan *plan)
{
    FOVEA_TRY(fovea__detector_forward(model, d, image, plan));
    FOVEA_TRY(fit_buffers(model, d, &d->planned, plan));
    size_t first_anchor = 0;
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        FOVEA_TRY(level_candidates(model, d, &d->planned, level, first_anchor, plan));
        first_anchor += fovea__anchors_level_count(&d->planned, level);
    }
    const fovea__nms nms = {.slots = plan->top_k * FOVEA__LEVELS, .max_overlap = plan->max_overlap,
                            .most = plan->most};
    return fovea__nms_run(model->device, &nms, &d->candidates, d->detections, d->work);
}
