/* The list of what is measured, the measuring, and what programs see of it. */
#include "tuner.h"

#include "clock.h"
#include "conv2d_measure.h"
#include "device.h"
#include "memory.h"
#include "model.h"
#include "resize_normalize.h"

#include <stdlib.h>
#include <string.h>

static const double seconds_each = 0.1; /* after the first runs */

/* ---- the list -------------------------------------------------------------------------------------------------- */

static fovea_status add_item(fovea__tuner *tuner, fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                             double times)
{
    const double operations = times * fovea__conv2d_operations(shape);
    if (!(operations > 0))
        return FOVEA_OK;
    for (size_t i = 0; i < tuner->count; i++) {
        fovea__tuner_item *item = &tuner->items[i];
        if (item->direction == direction && memcmp(&item->shape, shape, sizeof *shape) == 0) {
            item->operations += operations;
            return FOVEA_OK;
        }
    }
    FOVEA_TRY(fovea__grow(&tuner->items, &tuner->room, tuner->count + 1, sizeof *tuner->items, "tuning"));
    tuner->items[tuner->count++] = (fovea__tuner_item){direction, *shape, operations};
    return FOVEA_OK;
}

fovea_status fovea__tuner_add(fovea__tuner *tuner, fovea__network *network, int batch, int height, int width,
                              double times)
{
    fovea__network_drop_plan(network);
    FOVEA_TRY(fovea__network_set_shapes(network, batch, height, width));
    for (int i = 0; i < network->n_nodes; i++) {
        const fovea__node *node = &network->nodes[i];
        if (node->kind != FOVEA__NODE_CONV)
            continue;
        const fovea__conv2d_shape shape = fovea__network_conv_shape(network, node);
        FOVEA_TRY(add_item(tuner, FOVEA__CONV2D_FORWARD, &shape, times));
        if (node->needs_gradient && network->nodes[node->input].needs_gradient)
            FOVEA_TRY(add_item(tuner, FOVEA__CONV2D_BACKWARD_DATA, &shape, times));
        if (fovea__network_trains_conv(network, node))
            FOVEA_TRY(add_item(tuner, FOVEA__CONV2D_BACKWARD_WEIGHTS, &shape, times));
    }
    return FOVEA_OK;
}

void fovea__tuner_clear(fovea__tuner *tuner)
{
    free(tuner->items);
    *tuner = (fovea__tuner){0};
}

/* ---- measuring ------------------------------------------------------------------------------------------------- */

static int heavier_first(const void *a, const void *b)
{
    const double x = ((const fovea__tuner_item *)a)->operations, y = ((const fovea__tuner_item *)b)->operations;
    return (x < y) - (x > y);
}

static void drop_known(fovea__tuner *tuner, const fovea__conv2d_choices *known)
{
    size_t kept = 0;
    for (size_t i = 0; i < tuner->count; i++)
        if (!fovea__conv2d_choices_find(known, tuner->items[i].direction, &tuner->items[i].shape))
            tuner->items[kept++] = tuner->items[i];
    tuner->count = kept;
}

static fovea_choice row_of(fovea_device *device, const fovea__conv2d_choice *c)
{
    return (fovea_choice){.direction = fovea__conv2d_direction_name(c->direction),
                          .batch = c->shape.batch,
                          .height = c->shape.height,
                          .width = c->shape.width,
                          .in_channels = c->shape.in_channels,
                          .out_channels = c->shape.out_channels,
                          .kernel = c->shape.kernel,
                          .stride = c->shape.stride,
                          .padding = c->shape.padding,
                          .algorithm = fovea__conv2d_algorithm_name(c->algorithm),
                          .rule = fovea__conv2d_algorithm_name(fovea__conv2d_choose(device, c->direction, &c->shape)),
                          .gflops = c->gflops,
                          .rule_gflops = c->rule_gflops};
}

/* One item; *measured is false where it could not be, or not in time. */
static fovea_status measure(fovea_device *device, const fovea__tuner_item *item, double until,
                            fovea__conv2d_choice *choice, bool *measured)
{
    const fovea__error_kept kept = fovea__error_keep();
    const fovea__conv2d_patience patience = {.seconds = seconds_each, .until = until};
    const fovea_status status = fovea__conv2d_measure(choice, measured, device, item->direction, &item->shape,
                                                      patience, fovea__conv2d_run_trial);
    if (status != FOVEA_ERROR_MEMORY && status != FOVEA_ERROR_UNSUPPORTED && status != FOVEA_ERROR_NUMERIC)
        return status;
    fovea__device_log(device, FOVEA_LOG_WARNING, "a convolution is not measured: %s", fovea_error());
    fovea__error_restore(&kept);
    return FOVEA_OK;
}

static fovea_status measure_all(const fovea__tuner *tuner, fovea_device *device, double seconds,
                                fovea__conv2d_choices *table, fovea_tune_callback report, void *cookie)
{
    const double until = fovea__clock() + seconds;
    bool go_on = true;
    for (size_t i = 0; i < tuner->count && go_on && fovea__clock() < until; i++) {
        fovea__conv2d_choice choice;
        bool measured = false;
        FOVEA_TRY(measure(device, &tuner->items[i], until, &choice, &measured));
        if (!measured)
            continue;
        FOVEA_TRY(fovea__conv2d_choices_set(table, &choice));
        const fovea_choice row = row_of(device, &choice);
        go_on = !report || report(cookie, &row, i + 1, tuner->count);
    }
    return FOVEA_OK;
}

fovea_status fovea__tuner_run(fovea__tuner *tuner, fovea_device *device, double seconds, bool again,
                              fovea_tune_callback report, void *cookie)
{
    fovea__conv2d_choices *table = NULL;
    FOVEA_TRY(fovea__conv2d_choices_of(&table, device));
    if (!again)
        drop_known(tuner, table);
    if (tuner->count == 0)
        return FOVEA_OK;
    qsort(tuner->items, tuner->count, sizeof *tuner->items, heavier_first);
    const fovea_status status = measure_all(tuner, device, seconds, table, report, cookie);
    fovea__conv2d_choices_save(device);
    FOVEA_TRY(status);
    return fovea__buffer_pool_empty(device);
}

/* ---- a run's part ---------------------------------------------------------------------------------------------- */

static bool has_layer(const fovea__network *network, const fovea__conv2d_shape *shape)
{
    for (int i = 0; i < network->n_convs; i++) {
        const fovea__conv_layer *conv = &network->convs[i];
        const fovea__shape weights = conv->weights->value.shape;
        if (weights.n == shape->out_channels && weights.h == shape->in_channels && conv->kernel == shape->kernel &&
            conv->stride == shape->stride && conv->padding == shape->padding)
            return true;
    }
    return false;
}

fovea_status fovea__tuner_pick(fovea__conv2d_choices *out, const fovea__network *network, int batch)
{
    fovea__conv2d_choices *table = NULL;
    FOVEA_TRY(fovea__conv2d_choices_of(&table, network->device));
    fovea__conv2d_choices_clear(out);
    for (size_t i = 0; i < table->count; i++) {
        fovea__conv2d_choice choice = table->items[i];
        const bool met = choice.shape.batch == batch ||
                         (choice.shape.batch == 1 && choice.direction == FOVEA__CONV2D_FORWARD);
        if (!met || !has_layer(network, &choice.shape) ||
            choice.algorithm == fovea__conv2d_choose(network->device, choice.direction, &choice.shape))
            continue;
        choice.gflops = choice.rule_gflops = 0;
        FOVEA_TRY(fovea__conv2d_choices_set(out, &choice));
    }
    return FOVEA_OK;
}

/* ---- what programs call ---------------------------------------------------------------------------------------- */

static fovea_status add_network(fovea__tuner *tuner, fovea_model *model, bool training, int batch, int height,
                                int width)
{
    fovea__network *network = NULL;
    FOVEA_TRY(fovea__network_create(&network, model->parameters, training, 0));
    const fovea_status status = fovea__tuner_add(tuner, network, batch, height, width, 1);
    fovea__network_free(network);
    return status;
}

fovea_status fovea_model_tune(fovea_model *model, const fovea_tune_options *options, fovea_tune_callback report,
                              void *cookie)
{
    static const fovea_tune_options defaults;
    const fovea_tune_options *o = options ? options : &defaults;
    FOVEA_CHECK_ARG(model, "fovea_model_tune: model is NULL");
    FOVEA_CHECK_ARG(o->size >= 0 && o->size <= FOVEA__MOST_SIZE && o->max_size >= 0 && o->max_size <= FOVEA__MOST_SIZE,
                    "fovea_model_tune: size is %d and max_size %d; expected 0 to %d", o->size, o->max_size,
                    FOVEA__MOST_SIZE);
    FOVEA_CHECK_ARG(o->width >= 0 && o->width <= FOVEA__MOST_SIZE && o->height >= 0 && o->height <= FOVEA__MOST_SIZE &&
                    (o->width > 0) == (o->height > 0), "fovea_model_tune: pictures of %d x %d", o->width, o->height);
    FOVEA_CHECK_ARG(o->batch >= 0 && o->batch <= 4096, "fovea_model_tune: batch is %d; expected 0 to 4096", o->batch);
    FOVEA_CHECK_ARG(o->seconds >= 0, "fovea_model_tune: seconds is %g; expected >= 0", o->seconds);
    const int size = o->size ? o->size : model->config.size;
    const int max_size = fovea__config_max_size(o->size, o->max_size, model->config.max_size);
    int height = 0, width = 0;
    fovea__resize_normalize_size(o->height ? o->height : size, o->width ? o->width : size, size, max_size, &height,
                                 &width);
    height = fovea__network_padded(height);
    width = fovea__network_padded(width);
    fovea__tuner tuner = {0};
    fovea_status status = add_network(&tuner, model, false, 1, height, width);
    if (!status && o->batch)
        status = add_network(&tuner, model, true, o->batch, height, width);
    if (!status)
        status = fovea__tuner_run(&tuner, model->device, o->seconds > 0 ? o->seconds : 60, o->again, report, cookie);
    fovea__tuner_clear(&tuner);
    return status;
}

fovea_status fovea_device_choices(fovea_device *device, fovea_choice *out, size_t capacity, size_t *count)
{
    FOVEA_CHECK_ARG(device && count, "fovea_device_choices: device or count is NULL");
    FOVEA_CHECK_ARG(out || capacity == 0, "fovea_device_choices: out is NULL, but capacity is %zu", capacity);
    fovea__conv2d_choices *table = NULL;
    FOVEA_TRY(fovea__conv2d_choices_of(&table, device));
    *count = table->count;
    for (size_t i = 0; i < table->count && i < capacity; i++)
        out[i] = row_of(device, &table->items[i]);
    return FOVEA_OK;
}
