/* Looking at what a run is about to be shown: pictures and boxes go the way that they go in a step, and come back from
 * the device. */
#include "memory.h"
#include "resize_normalize.h"
#include "trainer.h"

#include <stdlib.h>

/* One picture's room on the way to the callback. */
typedef struct view {
    fovea_trainer *trainer;
    fovea__buffer *pixels;
    fovea__tensor input;
    float *values; /* of the input */
    fovea_image image;
    fovea_box *boxes;
    size_t n_values, n_boxes; /* that there is room for */
} view;

static void clear(view *v)
{
    fovea__buffer_free(v->pixels);
    fovea__tensor_clear(&v->input);
    free(v->values);
    fovea_image_clear(&v->image);
    free(v->boxes);
}

/* Resizes on the device, as for a step, and takes the normalisation back. */
static fovea_status read_back(view *v, const fovea__batch_picture *at)
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
    fovea_device *device = v->trainer->model->device;
    const size_t bytes = 3 * (size_t)at->image.width * (size_t)at->image.height;
    FOVEA_TRY(fovea__buffer_fit(&v->pixels, device, bytes, "a picture"));
    FOVEA_TRY(fovea__buffer_write(v->pixels, 0, at->image.pixels, bytes));
    fovea__tensor_clear(&v->input);
    FOVEA_TRY(fovea__tensor_create(&v->input, device, (fovea__shape){1, at->height, at->width, 3}, "a picture"));
    FOVEA_TRY(fovea__resize_normalize(device, v->pixels, 0, at->image.height, at->image.width, at->augment.flip,
                                      at->height, at->width, 0, &v->input));
    const size_t count = fovea__shape_elements(v->input.shape);
    FOVEA_TRY(fovea__grow(&v->values, &v->n_values, count, sizeof(float), "a picture"));
    FOVEA_TRY(fovea__tensor_read(&v->input, v->values));
    fovea_image_clear(&v->image);
    FOVEA_TRY(fovea_image_create(&v->image, at->width, at->height));
    for (size_t i = 0; i < count; i++) /* a mean of bytes, but for float32's rounding: half a level keeps it within */
        v->image.pixels[i] = (uint8_t)((v->values[i] * deviation[i % 3] + mean[i % 3]) * 255.0f + 0.5f);
    return FOVEA_OK;
}

static fovea_status show(view *v, int slot, int64_t step, fovea_look_callback seen, void *cookie, bool *more)
{
    const fovea__batch *batch = v->trainer->batch;
    const fovea__batch_picture *at = &batch->pictures[slot];
    const size_t first = (size_t)batch->host_offsets[slot], end = (size_t)batch->host_offsets[slot + 1];
    fovea_look look = {.n_boxes = end - first, .left = at->crop.left, .top = at->crop.top, .width = at->image.width,
                       .height = at->image.height, .mirrored = at->augment.flip, .step = step + 1};
    FOVEA_TRY(fovea_dataset_picture(v->trainer->dataset, at->index, &look.picture));
    FOVEA_TRY(read_back(v, at));
    FOVEA_TRY(fovea__grow(&v->boxes, &v->n_boxes, look.n_boxes, sizeof(fovea_box), "a picture's boxes"));
    for (size_t i = first; i < end; i++) {
        const float *box = batch->host_boxes + 4 * i;
        v->boxes[i - first] = (fovea_box){box[0], box[1], box[2], box[3],
                                          batch->host_labels[i] - fovea__model_slot(v->trainer->model, 0)};
    }
    look.image = v->image;
    look.boxes = v->boxes;
    *more = seen(cookie, &look);
    return FOVEA_OK;
}

fovea_status fovea_trainer_look(fovea_trainer *trainer, fovea_look_callback seen, void *cookie)
{
    FOVEA_CHECK_ARG(trainer && seen, "fovea_trainer_look: trainer or seen is NULL");
    view v = {.trainer = trainer};
    bool more = true;
    fovea_status status = fovea__trainer_need_loader(trainer);
    for (int64_t step = trainer->step; step < trainer->plan.steps && more && !status; step++) {
        status = fovea__batch_load(trainer->batch, trainer->loader, trainer->sampler, trainer->dataset, &trainer->plan,
                                   trainer->model);
        for (int slot = 0; slot < trainer->batch->size && more && !status; slot++)
            status = show(&v, slot, step, seen, cookie, &more);
    }
    fovea__loader_free(trainer->loader); /* the stream goes on where it was */
    trainer->loader = NULL;
    clear(&v);
    return status;
}
