/* Random weights, pictures and boxes, and one run over them. */
#include "workload.h"

#include "dataset.h"
#include "device.h"
#include "memory.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOXES = 7, MOST_STEPS = 1 << 20, MOST_DETECTIONS = 300 };

fovea_status fovea__workload_resolve(fovea_benchmark_options *o, const fovea_benchmark_options *options)
{
    *o = options ? *options : (fovea_benchmark_options){0};
    FOVEA_CHECK_ARG(o->work == FOVEA_WORK_DETECT || o->work == FOVEA_WORK_STEP,
                    "a benchmark's work is %d: expected 0 or 1", (int)o->work);
    FOVEA_CHECK_ARG(o->size >= 0 && o->size <= FOVEA__MOST_SIZE, "a benchmark's size is %d: expected 0 to %d", o->size,
                    FOVEA__MOST_SIZE);
    FOVEA_CHECK_ARG(o->batch >= 0 && o->batch <= 4096, "a benchmark's batch is %d: expected 0 to 4096", o->batch);
    FOVEA_CHECK_ARG(o->labels >= 0 && o->labels <= 100000, "a benchmark's labels are %d: expected 0 to 100000",
                    o->labels);
    FOVEA_CHECK_ARG(o->runs >= 0 && o->runs <= 1000, "a benchmark's runs are %d: expected 0 to 1000", o->runs);
    o->depth = o->depth ? o->depth : 50;
    o->size = o->size ? o->size : 600;
    o->batch = o->work == FOVEA_WORK_DETECT ? 1 : o->batch ? o->batch : 2;
    o->labels = o->labels ? o->labels : 80;
    o->runs = o->runs ? o->runs : 5;
    o->norm = o->norm == FOVEA_NORM_DEFAULT ? FOVEA_NORM_TRAINING : o->norm;
    return FOVEA_OK;
}

fovea_status fovea__workload_name_labels(fovea_dataset *set)
{
    for (int i = 0; i < set->n_labels; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i + 1);
        FOVEA_TRY(fovea__copy_text(&set->names[i], name));
        set->category_ids[i] = i + 1;
    }
    return FOVEA_OK;
}

/* Noise, and boxes whose sides are from 16 pixels to 16 and a quarter of the picture's. */
static fovea_status make_picture(fovea__workload *work, int index)
{
    fovea__random random = fovea__random_stream(1, 0, (uint64_t)index);
    fovea_image *image = &work->pictures[index];
    const int size = work->options.size;
    FOVEA_TRY(fovea_image_create(image, size, size));
    for (size_t i = 0; i < (size_t)size * (size_t)size * 3; i++)
        image->pixels[i] = (uint8_t)(fovea__random_bits(&random) >> 56);
    work->dataset->pictures[index].width = work->dataset->pictures[index].height = size;
    FOVEA_TRY(fovea__dataset_name_picture(work->dataset, (size_t)index, "", "noise"));
    for (int box = 0; box < BOXES; box++) {
        double corners[4];
        fovea__box_fate fate;
        for (int axis = 0; axis < 2; axis++) {
            corners[axis] = fovea__random_uniform(&random) * .7 * size;
            corners[axis + 2] = corners[axis] + 16 + fovea__random_uniform(&random) * .25 * size;
        }
        const int label = (int)fovea__random_below(&random, (uint64_t)work->options.labels);
        FOVEA_TRY(fovea__dataset_add_box(work->dataset, (size_t)index, label, corners, &fate));
    }
    return FOVEA_OK;
}

static fovea_status make_data(fovea__workload *work)
{
    const int batch = work->options.batch;
    FOVEA_TRY(fovea__allocate(&work->pictures, (size_t)batch, sizeof *work->pictures, "a benchmark's pictures"));
    FOVEA_TRY(fovea__dataset_create(&work->dataset, (size_t)batch, work->options.labels));
    FOVEA_TRY(fovea__workload_name_labels(work->dataset));
    for (int i = 0; i < batch; i++)
        FOVEA_TRY(make_picture(work, i));
    work->dataset->images = work->pictures;
    return fovea__dataset_finish(work->dataset, "a benchmark");
}

static fovea_status create(fovea__workload *work)
{
    const fovea_benchmark_options *o = &work->options;
    FOVEA_TRY(make_data(work));
    const fovea_model_options model = {.depth = o->depth, .profile = FOVEA_PROFILE_TORCHVISION, .norm = o->norm,
                                       .size = o->size, .max_size = o->size};
    const char *const *names = (const char *const *)work->dataset->names;
    FOVEA_TRY(fovea_model_create(&work->model, work->device, o->labels, names, &model));
    if (o->work == FOVEA_WORK_DETECT)
        return FOVEA_OK;
    const fovea_train_options plan = {.batch = o->batch, .steps = MOST_STEPS, .learning_rate = 1e-4, .warmup = -1,
                                      .decay_at = {-1, -1}, .clip = -1, .flip = -1, .loader_threads = 1};
    return fovea_trainer_create(&work->trainer, work->model, work->dataset, &plan);
}

fovea_status fovea__workload_create(fovea__workload **out, fovea_device *device, const fovea_benchmark_options *options)
{
    *out = NULL;
    fovea__workload *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "a benchmark"));
    made->device = device;
    fovea_status status = fovea__workload_resolve(&made->options, options);
    if (!status)
        status = create(made);
    if (status)
        fovea__workload_free(made);
    else
        *out = made;
    return status;
}

void fovea__workload_free(fovea__workload *work)
{
    if (!work)
        return;
    fovea_trainer_free(work->trainer);
    fovea_model_free(work->model);
    fovea_dataset_close(work->dataset);
    for (int i = 0; work->pictures && i < work->options.batch; i++)
        fovea_image_clear(&work->pictures[i]);
    free(work->pictures);
    free(work);
}

fovea_status fovea__workload_run(fovea__workload *work)
{
    if (work->trainer) {
        FOVEA_TRY(fovea_trainer_step(work->trainer, &work->progress));
    } else {
        fovea_detection found[MOST_DETECTIONS];
        size_t count = 0;
        FOVEA_TRY(fovea_detect(work->model, &work->pictures[0], NULL, found, MOST_DETECTIONS, &count));
    }
    return fovea__device_finish(work->device);
}

double fovea__workload_flops(const fovea__workload *work)
{
    const fovea__network *network = work->trainer ? work->trainer->network : work->model->network;
    double flops = 0;
    for (int i = 0; network && i < network->n_nodes; i++) {
        const fovea__node *node = &network->nodes[i];
        if (node->kind != FOVEA__NODE_CONV)
            continue;
        const fovea__conv2d_shape shape = fovea__network_conv_shape(network, node);
        const double once = 2.0 * (double)fovea__shape_elements(node->shape) * shape.in_channels * shape.kernel *
                            shape.kernel;
        int times = 1;
        if (network->training)
            times += fovea__network_trains_conv(network, node) + network->nodes[node->input].needs_gradient;
        flops += times * once;
    }
    return flops;
}
