#include "losses.h"

#include "assign.h"
#include "box_code.h"
#include "focal_loss.h"
#include "giou.h"
#include "memory.h"
#include "ohem.h"
#include "reduce.h"
#include "smooth_l1.h"

#include <stdlib.h>
#include <string.h>

enum { STATE_FLOATS = 3 };

/* One pass over the outputs: how many anchors, classes and partial sums there are. */
typedef struct extent {
    fovea__anchors anchors;
    size_t n_anchors, class_partials, box_partials;
    int batch, part_batch, classes; /* pictures of all parts, and of one */
} extent;

fovea_status fovea__losses_create(fovea__losses **out, fovea_device *device)
{
    *out = NULL;
    fovea__losses *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "the losses"));
    const fovea_status status = fovea__buffer_create(&made->state, device, STATE_FLOATS * sizeof(float), "the losses");
    if (status) {
        free(made);
        return status;
    }
    *out = made;
    return FOVEA_OK;
}

void fovea__losses_free(fovea__losses *losses)
{
    if (!losses)
        return;
    fovea__buffer *buffers[] = {losses->anchors,  losses->matches,        losses->n_objects,    losses->scales,
                                losses->targets,  losses->hardness,       losses->class_partials,
                                losses->box_partials, losses->work,       losses->state};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fovea__buffer_free(buffers[i]);
    free(losses);
}

static size_t box_partials_of(const fovea_train_options *plan, const fovea__tensor *codes)
{
    return plan->box_loss == FOVEA_BOX_LOSS_GIOU ? fovea__giou_partials(codes->shape)
                                                 : fovea__smooth_l1_partials(codes->shape);
}

static extent measure(fovea__network *network, const fovea__batch *batch, const fovea_train_options *plan)
{
    extent e = {.batch = batch->size, .part_batch = network->batch};
    fovea__network_anchors(network, &e.anchors);
    e.n_anchors = fovea__anchors_count(&e.anchors);
    e.classes = network->parameters->config.classes;
    const size_t parts = (size_t)(e.batch / e.part_batch);
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        e.class_partials += parts * fovea__focal_loss_partials(fovea__network_logits(network, level)->shape);
        e.box_partials += parts * box_partials_of(plan, fovea__network_codes(network, level));
    }
    return e;
}

static fovea__ohem ohem_of(const extent *e, const fovea_train_options *plan, int part)
{
    return (fovea__ohem){.batch = plan->ohem_batch, .nms = (float)plan->ohem_nms, .one_to_three = plan->ohem_ratio,
                         .classes = e->classes, .n_anchors = e->n_anchors, .first_picture = part * e->part_batch};
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static fovea_status fit_buffers(fovea__losses *l, fovea_device *device, const extent *e, size_t n_boxes,
                                const fovea_train_options *plan)
{
    const size_t batch = (size_t)e->batch, all = batch * e->n_anchors;
    size_t work = fovea__assign_workspace_bytes(e->n_anchors, n_boxes);
    work = larger(work, fovea__reduce_workspace_bytes(larger(e->class_partials, e->box_partials)));
    if (plan->loss == FOVEA_LOSS_OHEM) {
        const fovea__ohem ohem = ohem_of(e, plan, 0);
        work = larger(work, fovea__ohem_workspace_bytes(&ohem));
        FOVEA_TRY(fovea__buffer_fit(&l->hardness, device, all * sizeof(float), "hard examples"));
    }
    FOVEA_TRY(fovea__buffer_fit(&l->matches, device, all * sizeof(int32_t), "the anchors' boxes"));
    FOVEA_TRY(fovea__buffer_fit(&l->n_objects, device, batch * sizeof(int32_t), "the losses"));
    FOVEA_TRY(fovea__buffer_fit(&l->scales, device, batch * sizeof(float), "the losses"));
    if (plan->box_loss == FOVEA_BOX_LOSS_SMOOTH_L1)
        FOVEA_TRY(fovea__buffer_fit(&l->targets, device, all * 4 * sizeof(float), "the anchors' targets"));
    FOVEA_TRY(fovea__buffer_fit(&l->class_partials, device, e->class_partials * sizeof(float), "the losses"));
    FOVEA_TRY(fovea__buffer_fit(&l->box_partials, device, e->box_partials * sizeof(float), "the losses"));
    return fovea__buffer_fit(&l->work, device, work, "the losses");
}

static fovea_status write_anchors(fovea__losses *l, fovea_device *device, const extent *e)
{
    if (memcmp(&l->planned, &e->anchors, sizeof e->anchors) == 0)
        return FOVEA_OK;
    memset(&l->planned, 0, sizeof l->planned); /* nobody's, until they are written */
    FOVEA_TRY(fovea__buffer_fit(&l->anchors, device, e->n_anchors * 4 * sizeof(float), "the anchors"));
    FOVEA_TRY(fovea__anchors_write(device, &e->anchors, l->anchors));
    l->planned = e->anchors;
    return FOVEA_OK;
}

/* Leaves only the hardest anchors of a part in matches. */
static fovea_status mine(fovea__losses *l, fovea__network *network, const extent *e, const fovea__batch *batch,
                         const fovea_train_options *plan, int part)
{
    const fovea__ohem ohem = ohem_of(e, plan, part);
    size_t first = 0;
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        FOVEA_TRY(fovea__ohem_score(network->device, &ohem, fovea__network_logits(network, level), first, l->matches,
                                    batch->labels, l->hardness));
        first += fovea__anchors_level_count(&e->anchors, level);
    }
    return fovea__ohem_select(network->device, &ohem, l->hardness, l->anchors, e->part_batch, l->matches, l->n_objects,
                              l->work);
}

/* Of one level, whose first anchor is `first_anchor`, and of the pictures from `first_picture` on. */
static fovea_status run_boxes(fovea__losses *l, fovea__network *network, const extent *e, const fovea__batch *batch,
                              const fovea_train_options *plan, int level, size_t first_anchor, int first_picture,
                              size_t first_partial)
{
    fovea__tensor *codes = fovea__network_codes(network, level);
    if (plan->box_loss == FOVEA_BOX_LOSS_GIOU) {
        const fovea__giou giou = {e->n_anchors, first_anchor, first_picture};
        return fovea__giou_run(network->device, &giou, codes, l->anchors, batch->boxes, l->matches, l->scales, codes,
                               l->box_partials, first_partial);
    }
    const bool torchvision = network->parameters->config.profile == FOVEA_PROFILE_TORCHVISION;
    const fovea__smooth_l1 smooth = {torchvision ? 0.0f : 1.0f / 9.0f, e->n_anchors, first_anchor, first_picture};
    return fovea__smooth_l1_run(network->device, &smooth, codes, l->targets, l->matches, l->scales, codes,
                                l->box_partials, first_partial);
}

static fovea_status run_levels(fovea__losses *l, fovea__network *network, const extent *e, const fovea__batch *batch,
                               const fovea_train_options *plan, int part)
{
    fovea__focal_loss focal = {.alpha = (float)plan->alpha, .gamma = (float)plan->gamma, .classes = e->classes,
                               .n_anchors = e->n_anchors, .first_picture = part * e->part_batch};
    const int parts = e->batch / e->part_batch;
    size_t class_partials = e->class_partials / (size_t)parts * (size_t)part;
    size_t box_partials = e->box_partials / (size_t)parts * (size_t)part;
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        fovea__tensor *logits = fovea__network_logits(network, level);
        FOVEA_TRY(fovea__focal_loss_run(network->device, &focal, logits, l->matches, batch->labels, l->scales, logits,
                                        l->class_partials, class_partials));
        FOVEA_TRY(run_boxes(l, network, e, batch, plan, level, focal.first_anchor, focal.first_picture, box_partials));
        class_partials += fovea__focal_loss_partials(logits->shape);
        box_partials += box_partials_of(plan, fovea__network_codes(network, level));
        focal.first_anchor += fovea__anchors_level_count(&e->anchors, level);
    }
    if (part + 1 < parts)
        return FOVEA_OK;
    FOVEA_TRY(fovea__reduce_sum(network->device, l->class_partials, 0, class_partials, l->state, 1, l->work));
    return fovea__reduce_sum(network->device, l->box_partials, 0, box_partials, l->state, 2, l->work);
}

static fovea_status assign_all(fovea__losses *l, fovea__network *network, const extent *e, const fovea__batch *batch,
                               const fovea_train_options *plan)
{
    fovea_device *device = network->device;
    FOVEA_TRY(fit_buffers(l, device, e, batch->n_boxes, plan));
    FOVEA_TRY(write_anchors(l, device, e));
    FOVEA_TRY(fovea__assign(device, l->anchors, e->n_anchors, batch->boxes, batch->n_boxes, batch->offsets, e->batch,
                            l->matches, l->n_objects, l->work));
    if (plan->box_loss == FOVEA_BOX_LOSS_GIOU)
        return FOVEA_OK;
    return fovea__box_code_encode(device, l->anchors, e->n_anchors, batch->boxes, l->matches, e->batch, l->targets);
}

static bool per_picture(const fovea__network *network)
{
    return network->parameters->config.profile == FOVEA_PROFILE_TORCHVISION;
}

static bool divides_late(const fovea__network *network, const extent *e, const fovea_train_options *plan)
{
    return plan->loss == FOVEA_LOSS_OHEM && e->batch > e->part_batch && !per_picture(network);
}

/* What each picture's losses are multiplied by, as far as it is known: 1 where fovea__losses_divide() is to come. */
static fovea_status set_scales(fovea__losses *l, fovea__network *network, const extent *e,
                               const fovea_train_options *plan)
{
    static const float one = 1.0f;
    uint32_t word;
    memcpy(&word, &one, sizeof word);
    if (divides_late(network, e, plan))
        return fovea__buffer_fill(l->scales, 0, (size_t)e->batch * sizeof(float), word);
    return fovea__assign_scales(network->device, l->n_objects, e->batch, per_picture(network), l->scales);
}

fovea_status fovea__losses_run(fovea__losses *l, fovea__network *network, const fovea__batch *batch,
                               const fovea_train_options *plan, int part)
{
    const extent e = measure(network, batch, plan);
    if (part == 0)
        FOVEA_TRY(assign_all(l, network, &e, batch, plan));
    if (plan->loss == FOVEA_LOSS_OHEM)
        FOVEA_TRY(mine(l, network, &e, batch, plan, part));
    if (plan->loss == FOVEA_LOSS_OHEM || part == 0)
        FOVEA_TRY(set_scales(l, network, &e, plan));
    return run_levels(l, network, &e, batch, plan, part);
}

fovea_status fovea__losses_divide(fovea__losses *l, fovea__network *network, const fovea__batch *batch,
                                  const fovea_train_options *plan, size_t first, size_t count)
{
    const extent e = measure(network, batch, plan);
    if (!divides_late(network, &e, plan))
        return FOVEA_OK;
    FOVEA_TRY(fovea__assign_scales(network->device, l->n_objects, e.batch, false, l->scales));
    FOVEA_TRY(fovea__ohem_rescale(network->device, l->scales, l->state, 1, 2));
    return fovea__ohem_rescale(network->device, l->scales, network->parameters->gradients, first, count);
}
