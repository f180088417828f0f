#include "batch.h"

#include "memory.h"
#include "resize_normalize.h"

#include <math.h>
#include <stdlib.h>

fovea_status fovea__batch_create(fovea__batch **out, int size)
{
    *out = NULL;
    fovea__batch *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "a batch"));
    made->size = size;
    fovea_status status = fovea__allocate(&made->pictures, (size_t)size, sizeof *made->pictures, "a batch");
    if (!status)
        status = fovea__allocate(&made->host_offsets, (size_t)size + 1, sizeof(int32_t), "a batch");
    if (status) {
        fovea__batch_free(made);
        return status;
    }
    *out = made;
    return FOVEA_OK;
}

static void let_go(fovea__batch *batch)
{
    for (int i = 0; i < batch->size && batch->pictures; i++)
        fovea_image_clear(&batch->pictures[i].image);
}

void fovea__batch_free(fovea__batch *batch)
{
    if (!batch)
        return;
    let_go(batch);
    fovea__buffer_free(batch->pixels);
    fovea__buffer_free(batch->boxes);
    fovea__buffer_free(batch->labels);
    fovea__buffer_free(batch->offsets);
    free(batch->pictures);
    free(batch->host_boxes);
    free(batch->host_labels);
    free(batch->host_offsets);
    free(batch);
}

/* Boxes of the picture as annotated, in pixels of the cropped, resized and perhaps mirrored one. */
static fovea_status add_boxes(fovea__batch *batch, const fovea__batch_picture *at, const fovea_picture *picture,
                              const fovea_model *model)
{
    const size_t needed = batch->n_boxes + picture->n_boxes;
    FOVEA_TRY(fovea__grow(&batch->host_boxes, &batch->boxes_room, 4 * needed, sizeof(float), "a batch's boxes"));
    FOVEA_TRY(fovea__grow(&batch->host_labels, &batch->labels_room, needed, sizeof(int32_t), "a batch's boxes"));
    const float x_ratio = (float)at->width / (float)at->image.width;
    const float y_ratio = (float)at->height / (float)at->image.height;
    for (size_t b = 0; b < picture->n_boxes; b++) {
        fovea_box box;
        if (!fovea__crop_box(&box, &picture->boxes[b], &at->crop))
            continue;
        float *out = batch->host_boxes + 4 * batch->n_boxes;
        const float x0 = box.x0 * x_ratio, x1 = box.x1 * x_ratio;
        out[0] = at->augment.flip ? (float)at->width - x1 : x0;
        out[1] = box.y0 * y_ratio;
        out[2] = at->augment.flip ? (float)at->width - x0 : x1;
        out[3] = box.y1 * y_ratio;
        batch->host_labels[batch->n_boxes++] = fovea__model_slot(model, box.label);
    }
    return FOVEA_OK;
}

static int scaled(int size, double factor)
{
    const double value = floor(size * factor + 0.5);
    return value < 1 ? 1 : value > FOVEA__MOST_SIZE ? FOVEA__MOST_SIZE : (int)value;
}

void fovea__batch_resized(const fovea_train_options *plan, const fovea__augment *augment, int height, int width,
                          int *resized_height, int *resized_width)
{
    fovea__resize_normalize_size(height, width, scaled(augment->size, augment->scale),
                                 scaled(plan->max_size, augment->scale), resized_height, resized_width);
}

static fovea_status load_one(fovea__batch *batch, int slot, fovea__loader *loader, const fovea__sampler *sampler,
                             const fovea_dataset *dataset, const fovea_train_options *plan, const fovea_model *model)
{
    fovea__batch_picture *at = &batch->pictures[slot];
    fovea__loaded loaded;
    fovea_picture picture;
    FOVEA_TRY(fovea__loader_next(loader, &loaded));
    at->image = loaded.image;
    at->crop = loaded.crop;
    at->index = loaded.index;
    at->augment = fovea__sampler_augment(sampler, plan, loaded.k);
    fovea__batch_resized(plan, &at->augment, at->image.height, at->image.width, &at->height, &at->width);
    const int height = fovea__network_padded(at->height), width = fovea__network_padded(at->width);
    batch->padded_height = height > batch->padded_height ? height : batch->padded_height;
    batch->padded_width = width > batch->padded_width ? width : batch->padded_width;
    FOVEA_TRY(fovea_dataset_picture(dataset, at->index, &picture));
    FOVEA_TRY(add_boxes(batch, at, &picture, model));
    batch->host_offsets[slot + 1] = (int32_t)batch->n_boxes;
    return FOVEA_OK;
}

fovea_status fovea__batch_load(fovea__batch *batch, fovea__loader *loader, const fovea__sampler *sampler,
                               const fovea_dataset *dataset, const fovea_train_options *plan, const fovea_model *model)
{
    let_go(batch);
    batch->n_boxes = 0;
    batch->padded_height = batch->padded_width = 0;
    batch->host_offsets[0] = 0;
    for (int slot = 0; slot < batch->size; slot++)
        FOVEA_TRY(load_one(batch, slot, loader, sampler, dataset, plan, model));
    return FOVEA_OK;
}

static size_t picture_bytes(const fovea_image *image)
{
    return (size_t)image->width * (size_t)image->height * 3;
}

/* One picture's room serves all: the next one is written after this one was resized. */
static fovea_status upload_pixels(fovea__batch *batch, fovea__network *network, int first)
{
    size_t largest = 0;
    for (int i = first; i < first + network->batch; i++) {
        const size_t bytes = picture_bytes(&batch->pictures[i].image);
        largest = bytes > largest ? bytes : largest;
    }
    FOVEA_TRY(fovea__buffer_fit(&batch->pixels, network->device, largest, "a picture"));
    for (int i = first; i < first + network->batch; i++) {
        const fovea__batch_picture *at = &batch->pictures[i];
        FOVEA_TRY(fovea__buffer_write(batch->pixels, 0, at->image.pixels, picture_bytes(&at->image)));
        FOVEA_TRY(fovea__resize_normalize(network->device, batch->pixels, 0, at->image.height, at->image.width,
                                          at->augment.flip, at->height, at->width, i - first,
                                          fovea__network_input(network)));
    }
    return FOVEA_OK;
}

static fovea_status upload_boxes(fovea__batch *batch, fovea_device *device)
{
    const size_t boxes = 4 * batch->n_boxes * sizeof(float), labels = batch->n_boxes * sizeof(int32_t);
    const size_t offsets = ((size_t)batch->size + 1) * sizeof(int32_t);
    FOVEA_TRY(fovea__buffer_fit(&batch->boxes, device, boxes, "a batch's boxes"));
    FOVEA_TRY(fovea__buffer_fit(&batch->labels, device, labels, "a batch's boxes"));
    FOVEA_TRY(fovea__buffer_fit(&batch->offsets, device, offsets, "a batch's boxes"));
    FOVEA_TRY(fovea__buffer_write(batch->boxes, 0, batch->host_boxes, boxes));
    FOVEA_TRY(fovea__buffer_write(batch->labels, 0, batch->host_labels, labels));
    return fovea__buffer_write(batch->offsets, 0, batch->host_offsets, offsets);
}

fovea_status fovea__batch_upload(fovea__batch *batch, fovea__network *network, int part)
{
    if (part == 0)
        FOVEA_TRY(upload_boxes(batch, network->device));
    return upload_pixels(batch, network, part * network->batch);
}
