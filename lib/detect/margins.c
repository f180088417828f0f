/* fovea_margins_add(): the network's logits and the assignment of anchors, read back and counted on the host. */
#include "assign.h"
#include "detector.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* What is asked of one picture. */
typedef struct work {
    fovea_model *model;
    fovea__detector *detector;
    float *boxes; /* [n_boxes][4], pixels of the resized picture */
    int32_t *labels; /* class slots */
    size_t n_boxes, n_anchors;
    fovea__buffer *device_boxes, *offsets, *matches, *n_objects, *workspace;
    int32_t *host_matches;
    float *logits; /* of a level */
    fovea_margins *found;
} work;

static fovea_status scale_boxes(work *w, const fovea_image *image, const fovea__detect_plan *plan,
                                const fovea_box *boxes)
{
    FOVEA_TRY(fovea__allocate(&w->boxes, 4 * w->n_boxes + 1, sizeof(float), "a picture's boxes"));
    FOVEA_TRY(fovea__allocate(&w->labels, w->n_boxes + 1, sizeof(int32_t), "a picture's boxes"));
    const float x_ratio = (float)plan->width / (float)image->width;
    const float y_ratio = (float)plan->height / (float)image->height;
    for (size_t i = 0; i < w->n_boxes; i++) {
        const fovea_box *box = &boxes[i];
        FOVEA_CHECK_ARG(box->label >= 0 && box->label < w->model->labels,
                        "fovea_margins_add: label %d of box %zu; the model has %d", box->label, i, w->model->labels);
        w->boxes[4 * i] = box->x0 * x_ratio;
        w->boxes[4 * i + 1] = box->y0 * y_ratio;
        w->boxes[4 * i + 2] = box->x1 * x_ratio;
        w->boxes[4 * i + 3] = box->y1 * y_ratio;
        w->labels[i] = fovea__model_slot(w->model, box->label);
    }
    return FOVEA_OK;
}

static fovea_status assign(work *w)
{
    fovea_device *device = w->model->device;
    const int32_t offsets[2] = {0, (int32_t)w->n_boxes};
    const size_t box_bytes = 4 * w->n_boxes * sizeof(float), match_bytes = w->n_anchors * sizeof(int32_t);
    FOVEA_TRY(fovea__buffer_create(&w->device_boxes, device, box_bytes, "a picture's boxes"));
    FOVEA_TRY(fovea__buffer_create(&w->offsets, device, sizeof offsets, "a picture's boxes"));
    FOVEA_TRY(fovea__buffer_create(&w->matches, device, match_bytes, "the anchors' boxes"));
    FOVEA_TRY(fovea__buffer_create(&w->n_objects, device, sizeof(int32_t), "the anchors' boxes"));
    FOVEA_TRY(fovea__buffer_create(&w->workspace, device, fovea__assign_workspace_bytes(w->n_anchors, w->n_boxes),
                                   "the anchors' boxes"));
    if (w->n_boxes > 0)
        FOVEA_TRY(fovea__buffer_write(w->device_boxes, 0, w->boxes, box_bytes));
    FOVEA_TRY(fovea__buffer_write(w->offsets, 0, offsets, sizeof offsets));
    FOVEA_TRY(fovea__assign(device, w->detector->anchors, w->n_anchors, w->device_boxes, w->n_boxes, w->offsets, 1,
                            w->matches, w->n_objects, w->workspace));
    FOVEA_TRY(fovea__allocate(&w->host_matches, w->n_anchors, sizeof(int32_t), "the anchors' boxes"));
    return fovea__buffer_read(w->matches, 0, w->host_matches, match_bytes);
}

static void count(uint64_t *bins, float margin)
{
    const float place = floorf((margin + 32) * 64);
    bins[place < 0 ? 0 : place > FOVEA_MARGIN_BINS - 1 ? FOVEA_MARGIN_BINS - 1 : (int)place]++;
}

static fovea_status count_level(work *w, int level, size_t first, size_t anchors)
{
    const int classes = w->model->config.classes;
    const fovea__tensor *logits = fovea__network_logits(w->model->network, level);
    FOVEA_TRY(fovea__tensor_read(logits, w->logits));
    for (size_t a = 0; a < anchors; a++) {
        const float *row = w->logits + a * (size_t)classes;
        const int32_t match = w->host_matches[first + a];
        for (int c = 0; c < classes; c++)
            if (!isfinite(row[c]))
                return fovea__fail(FOVEA_ERROR_NUMERIC, "a logit of anchor %zu is %g", first + a, (double)row[c]);
        for (int c = 0; c < classes && match != FOVEA__IGNORED; c++)
            if (match >= 0 && c == w->labels[match])
                count(w->found->objects, row[c]);
            else
                count(w->found->background, -row[c]);
    }
    return FOVEA_OK;
}

static fovea_status run(work *w, const fovea_image *image, const fovea_box *boxes, const fovea_detect_options *options)
{
    fovea__detect_plan plan;
    FOVEA_TRY(fovea__detect_plan_make(&plan, w->model, image, options));
    FOVEA_TRY(scale_boxes(w, image, &plan, boxes));
    FOVEA_TRY(fovea__detector_of(w->model, &w->detector));
    FOVEA_TRY(fovea__detector_forward(w->model, w->detector, image, &plan));
    const fovea__anchors *anchors = &w->detector->planned;
    w->n_anchors = fovea__anchors_count(anchors);
    FOVEA_TRY(assign(w));
    const size_t classes = (size_t)w->model->config.classes;
    FOVEA_TRY(fovea__allocate(&w->logits, w->n_anchors * classes, sizeof(float), "the logits of a picture"));
    FOVEA_TRY(fovea__allocate(&w->found, 1, sizeof *w->found, "the margins of a picture"));
    for (size_t level = 0, first = 0; level < FOVEA__LEVELS; level++) {
        const size_t here = fovea__anchors_level_count(anchors, (int)level);
        FOVEA_TRY(count_level(w, (int)level, first, here));
        first += here;
    }
    return FOVEA_OK;
}

fovea_status fovea_margins_add(fovea_margins *margins, fovea_model *model, const fovea_image *image,
                               const fovea_box *boxes, size_t n_boxes, const fovea_detect_options *options)
{
    FOVEA_CHECK_ARG(margins && model && image, "fovea_margins_add: margins, model or image is NULL");
    FOVEA_CHECK_ARG(image->pixels && image->width > 0 && image->height > 0, "fovea_margins_add: the image is empty");
    FOVEA_CHECK_ARG(boxes || n_boxes == 0, "fovea_margins_add: boxes is NULL, but n_boxes is %zu", n_boxes);
    FOVEA_CHECK_ARG(n_boxes <= 1000000, "fovea_margins_add: %zu boxes; expected at most 1000000", n_boxes);
    work w = {.model = model, .n_boxes = n_boxes};
    const fovea_status status = run(&w, image, boxes, options);
    for (int i = 0; i < FOVEA_MARGIN_BINS && !status; i++) {
        margins->objects[i] += w.found->objects[i];
        margins->background[i] += w.found->background[i];
    }
    fovea__buffer *buffers[] = {w.device_boxes, w.offsets, w.matches, w.n_objects, w.workspace};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fovea__buffer_free(buffers[i]);
    free(w.boxes);
    free(w.labels);
    free(w.host_matches);
    free(w.logits);
    free(w.found);
    return status;
}
