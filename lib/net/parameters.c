/* Named tensors in flat buffers. */
#include "parameters.h"

#include "hash.h"
#include "memory.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static fovea__shape shape_of(const fovea__name *name)
{
    if (name->n_dims == 4)
        return (fovea__shape){(int)name->dims[0], (int)name->dims[1], (int)name->dims[2], (int)name->dims[3]};
    return fovea__shape_vector(name->kind == FOVEA__NAME_BATCHES ? 0 : (int)name->dims[0]);
}

size_t fovea__parameter_elements(const fovea__parameter *parameter)
{
    return fovea__shape_elements(parameter->value.shape);
}

/* Floats from a tensor's beginning to the next one's: each begins at a multiple of the device's alignment. */
static size_t room_of(const fovea__parameters *parameters, const fovea__parameter *item)
{
    const size_t step = fovea__buffer_alignment(parameters->device) / sizeof(float);
    return (fovea__parameter_elements(item) + step - 1) / step * step;
}

static void lay_out(fovea__parameters *parameters)
{
    size_t next = 0;
    for (int trained = 1; trained >= 0; trained--) {
        for (size_t i = 0; i < parameters->count; i++) {
            fovea__parameter *item = &parameters->items[i];
            if (item->name.trained != (trained == 1) || item->name.kind == FOVEA__NAME_BATCHES)
                continue;
            item->first = next;
            next += room_of(parameters, item);
        }
        if (trained)
            parameters->n_trained = next;
    }
    parameters->n_floats = next;
}

/* The optimizer runs over a range of tensors: between them are zeros. */
static fovea_status zero_gap(fovea__parameters *parameters, const fovea__parameter *item)
{
    const size_t elements = fovea__parameter_elements(item), room = room_of(parameters, item);
    return fovea__buffer_fill(parameters->values, (item->first + elements) * sizeof(float),
                              (room - elements) * sizeof(float), 0);
}

static fovea_status create(fovea__parameters *parameters)
{
    fovea__name *names = NULL;
    FOVEA_TRY(fovea__names_list(&names, &parameters->count, &parameters->config));
    fovea_status status = fovea__allocate(&parameters->items, parameters->count, sizeof *parameters->items,
                                          "parameters");
    for (size_t i = 0; i < parameters->count && !status; i++) {
        parameters->items[i].name = names[i];
        parameters->items[i].value.shape = parameters->items[i].gradient.shape = shape_of(&names[i]);
    }
    free(names);
    FOVEA_TRY(status);
    lay_out(parameters);
    FOVEA_TRY(fovea__buffer_create(&parameters->values, parameters->device, parameters->n_floats * sizeof(float),
                                   "the weights"));
    for (size_t i = 0; i < parameters->count; i++) {
        fovea__parameter *item = &parameters->items[i];
        item->version = parameters->version;
        if (item->name.kind == FOVEA__NAME_BATCHES)
            continue;
        FOVEA_TRY(fovea__buffer_slice(&item->value.buffer, parameters->values, item->first * sizeof(float),
                                      fovea__parameter_elements(item) * sizeof(float)));
    }
    return FOVEA_OK;
}

fovea_status fovea__parameters_create(fovea__parameters **out, fovea_device *device, const fovea__net_config *config)
{
    *out = NULL;
    FOVEA_TRY(fovea__config_check(config));
    fovea__parameters *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "parameters"));
    made->device = device;
    made->config = *config;
    made->version = 1;
    const fovea_status status = create(made);
    if (status) {
        fovea__parameters_free(made);
        return status;
    }
    *out = made;
    return FOVEA_OK;
}

void fovea__parameters_free(fovea__parameters *parameters)
{
    if (!parameters)
        return;
    if (parameters->items)
        fovea__parameters_end_training(parameters);
    for (size_t i = 0; i < parameters->count && parameters->items; i++)
        fovea__buffer_free(parameters->items[i].value.buffer);
    fovea__buffer_free(parameters->values);
    fovea__safetensors_close(parameters->file);
    free(parameters->items);
    free(parameters);
}

static void fill_conv(const fovea__name *name, uint64_t seed, float *values, size_t count)
{
    fovea__random random = fovea__random_stream(seed, fovea__hash(FOVEA__HASH_EMPTY, name->name, strlen(name->name)), 0);
    const double window = (double)name->dims[2] * (double)name->dims[3];
    const double fan_in = (double)name->dims[1] * window, fan_out = (double)name->dims[0] * window;
    const double bound = sqrt(3.0 / fan_in);
    const double deviation = name->stage == 6 ? 0.01 : sqrt(2.0 / fan_out);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(name->stage == 5 ? bound * (2.0 * fovea__random_uniform(&random) - 1.0)
                                             : deviation * fovea__random_normal(&random));
}

typedef struct initial {
    float prior;
    uint64_t seed;
} initial;

static void fill_initial(const fovea__name *name, const void *context, float *values, size_t count)
{
    const initial *how = context;
    float value = 0.0f;
    switch (name->kind) {
    case FOVEA__NAME_CONV: fill_conv(name, how->seed, values, count); return;
    case FOVEA__NAME_GAMMA:
    case FOVEA__NAME_VARIANCE: value = 1.0f; break;
    case FOVEA__NAME_BIAS:
        if (strcmp(name->name, "head.classification_head.cls_logits.bias") == 0)
            value = (float)-log((1.0 - (double)how->prior) / (double)how->prior);
        break;
    case FOVEA__NAME_BETA:
    case FOVEA__NAME_MEAN:
    case FOVEA__NAME_BATCHES: break;
    }
    for (size_t i = 0; i < count; i++)
        values[i] = value;
}

fovea_status fovea__parameters_initialize(fovea__parameters *parameters, uint64_t seed)
{
    return fovea__parameters_fill(parameters, fill_initial, &(initial){parameters->config.prior, seed});
}

fovea_status fovea__parameters_fill(fovea__parameters *parameters, fovea__parameter_filler fill, const void *context)
{
    size_t largest = 0;
    for (size_t i = 0; i < parameters->count; i++) {
        const size_t elements = fovea__parameter_elements(&parameters->items[i]);
        largest = elements > largest ? elements : largest;
    }
    float *values = NULL;
    FOVEA_TRY(fovea__allocate(&values, largest, sizeof *values, "the weights"));
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < parameters->count && !status; i++) {
        fovea__parameter *item = &parameters->items[i];
        item->batches = 0;
        if (item->name.kind == FOVEA__NAME_BATCHES)
            continue;
        fill(&item->name, context, values, fovea__parameter_elements(item));
        status = fovea__parameter_write(parameters, item, values);
    }
    free(values);
    return status;
}

/* Reads all to the device that is still in the file. */
static fovea_status need_all(fovea__parameters *parameters)
{
    for (size_t i = 0; i < parameters->count; i++)
        FOVEA_TRY(fovea__parameter_need(parameters, &parameters->items[i]));
    fovea__safetensors_close(parameters->file);
    parameters->file = NULL;
    return FOVEA_OK;
}

fovea_status fovea__parameters_begin_training(fovea__parameters *parameters)
{
    FOVEA_TRY(need_all(parameters));
    FOVEA_TRY(fovea__buffer_create_zeros(&parameters->gradients, parameters->device,
                                         parameters->n_trained * sizeof(float), "the gradients"));
    for (size_t i = 0; i < parameters->count; i++) {
        fovea__parameter *item = &parameters->items[i];
        FOVEA_TRY(zero_gap(parameters, item));
        if (item->name.trained)
            FOVEA_TRY(fovea__buffer_slice(&item->gradient.buffer, parameters->gradients, item->first * sizeof(float),
                                          fovea__parameter_elements(item) * sizeof(float)));
    }
    return FOVEA_OK;
}

void fovea__parameters_end_training(fovea__parameters *parameters)
{
    for (size_t i = 0; i < parameters->count; i++) {
        fovea__buffer_free(parameters->items[i].gradient.buffer);
        parameters->items[i].gradient.buffer = NULL;
    }
    fovea__buffer_free(parameters->gradients);
    parameters->gradients = NULL;
}

fovea__parameter *fovea__parameters_find(fovea__parameters *parameters, const char *name)
{
    for (size_t i = 0; i < parameters->count; i++)
        if (strcmp(parameters->items[i].name.name, name) == 0)
            return &parameters->items[i];
    return NULL;
}

fovea_status fovea__parameter_write(fovea__parameters *parameters, fovea__parameter *parameter, const float *values)
{
    FOVEA_TRY(fovea__tensor_write(&parameter->value, values));
    parameter->version = ++parameters->version;
    parameter->in_file = NULL;
    return FOVEA_OK;
}

fovea_status fovea__parameter_read(const fovea__parameters *parameters, const fovea__parameter *parameter,
                                   float *values)
{
    if (parameter->in_file)
        return fovea__safetensors_read_floats(parameters->file, parameter->in_file, values);
    return fovea__tensor_read(&parameter->value, values);
}

fovea_status fovea__parameter_load(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                                   fovea__buffer *to, size_t offset_bytes)
{
    void *values = NULL;
    const size_t bytes = entry->n_elements * sizeof(float);
    if (bytes == 0)
        return FOVEA_OK;
    FOVEA_TRY(fovea__buffer_map(to, offset_bytes, bytes, &values));
    const fovea_status status = fovea__safetensors_read_floats(file, entry, values);
    const fovea_status unmapped = fovea__buffer_unmap(to, values);
    return status ? status : unmapped;
}

fovea_status fovea__parameter_need(fovea__parameters *parameters, fovea__parameter *parameter)
{
    if (!parameter->in_file)
        return FOVEA_OK;
    FOVEA_TRY(fovea__parameter_load(parameters->file, parameter->in_file, parameter->value.buffer, 0));
    parameter->in_file = NULL;
    return FOVEA_OK;
}

void fovea__parameters_moved(fovea__parameters *parameters, int stage)
{
    parameters->version++;
    for (size_t i = 0; i < parameters->count; i++) {
        fovea__parameter *item = &parameters->items[i];
        if (item->name.stage >= stage && (item->name.trained || parameters->config.norm == FOVEA_NORM_TRAINING))
            item->version = parameters->version;
    }
}

size_t fovea__parameters_first_of_stage(const fovea__parameters *parameters, int stage)
{
    size_t first = parameters->n_trained;
    for (size_t i = 0; i < parameters->count; i++) {
        const fovea__parameter *item = &parameters->items[i];
        if (item->name.trained && item->name.stage >= stage && item->first < first)
            first = item->first;
    }
    return first;
}
