/* Held to float64, see convolutions.h. */
#include "convolutions.h"

#include "conv2d_measure.h"
#include "conv2d_samples.h"
#include "tuner.h"

static fovea_status upload(fovea__tensor *tensor, fovea_device *device, fovea__shape shape, const float *values)
{
    FOVEA_TRY(fovea__tensor_create(tensor, device, shape, "a check"));
    return fovea__tensor_write(tensor, values);
}

static fovea_status make_room(fovea__buffer **out, fovea_device *device, size_t bytes)
{
    return bytes ? fovea__buffer_create(out, device, bytes, "a check") : FOVEA_OK;
}

static fovea_status prepare(fovea_device *device, fovea__conv2d_trial *t, const fovea__conv2d_samples *samples)
{
    FOVEA_TRY(upload(&t->x, device, samples->x_shape, samples->x));
    FOVEA_TRY(upload(&t->weights, device, samples->weights_shape, samples->weights));
    FOVEA_TRY(upload(&t->y, device, samples->y_shape, samples->y));
    const size_t packed = fovea__conv2d_packed_floats(device, t->algorithm, t->direction, &t->shape);
    FOVEA_TRY(make_room(&t->packed, device, packed * sizeof(float)));
    FOVEA_TRY(make_room(&t->workspace, device,
                        fovea__conv2d_workspace_bytes(device, t->algorithm, t->direction, &t->shape)));
    return packed ? fovea__conv2d_pack(device, t->algorithm, t->direction, &t->shape, &t->weights, t->packed)
                  : FOVEA_OK;
}

/* Over a result full of NaN. */
static fovea_status run(fovea_device *device, fovea__conv2d_trial *t, fovea__conv2d_samples *samples)
{
    const uint32_t nan_word = 0x7fc00000;
    const fovea__tensor *result = t->direction == FOVEA__CONV2D_FORWARD         ? &t->y
                                  : t->direction == FOVEA__CONV2D_BACKWARD_DATA ? &t->x
                                                                                : &t->weights;
    FOVEA_TRY(prepare(device, t, samples));
    FOVEA_TRY(fovea__buffer_fill(result->buffer, 0, samples->n_result * sizeof(float), nan_word));
    FOVEA_TRY(fovea__conv2d_run_trial(device, t));
    FOVEA_TRY(fovea__tensor_read(result, samples->result));
    if (!fovea__conv2d_samples_agree(samples))
        FOVEA_FAIL(FOVEA_ERROR_NUMERIC,
                   "%s: convolves wrongly: %s by the algorithm \"%s\", %d x %d x %d pixels of %d channels, to %d "
                   "channels by a kernel of %d in steps of %d", fovea_device_name(device),
                   fovea__conv2d_direction_name(t->direction), fovea__conv2d_algorithm_name(t->algorithm),
                   t->shape.batch, t->shape.height, t->shape.width, t->shape.in_channels, t->shape.out_channels,
                   t->shape.kernel, t->shape.stride);
    return FOVEA_OK;
}

static fovea_status check(fovea_device *device, fovea__conv2d_trial trial)
{
    fovea__conv2d_samples samples;
    fovea_status status = fovea__conv2d_samples_make(&samples, trial.direction, &trial.shape);
    if (!status)
        status = run(device, &trial, &samples);
    fovea__tensor_clear(&trial.x);
    fovea__tensor_clear(&trial.weights);
    fovea__tensor_clear(&trial.y);
    fovea__buffer_free(trial.packed);
    fovea__buffer_free(trial.workspace);
    fovea__conv2d_samples_clear(&samples);
    return status;
}

static fovea_status check_all(fovea__workload *work, fovea__tuner *asked)
{
    fovea__network *network = work->trainer ? work->trainer->network : NULL;
    if (!network)
        FOVEA_TRY(fovea__model_network(work->model, &network));
    const int padded = fovea__network_padded(work->options.size);
    FOVEA_TRY(fovea__tuner_add(asked, network, work->options.batch, padded, padded, 1));
    for (size_t i = 0; i < asked->count; i++) {
        const fovea__tuner_item *item = &asked->items[i];
        fovea__conv2d_trial trial = {.direction = item->direction, .shape = item->shape};
        trial.algorithm = fovea__conv2d_choices_pick(network->choices, work->device, item->direction, &item->shape);
        FOVEA_TRY(check(work->device, trial));
    }
    return FOVEA_OK;
}

fovea_status fovea__convolutions_check(fovea_device *device, const fovea_benchmark_options *options)
{
    fovea__workload *work = NULL;
    fovea__tuner asked = {0};
    FOVEA_TRY(fovea__workload_create(&work, device, options));
    const fovea_status status = check_all(work, &asked);
    fovea__tuner_clear(&asked);
    fovea__workload_free(work);
    return status;
}
