/* Making, describing and freeing models. */
#include "model.h"

#include "memory.h"
#include "weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fovea_status set_labels(fovea_model *model, int labels, const char *const *names, const int64_t *category_ids)
{
    FOVEA_TRY(fovea__allocate(&model->names, (size_t)labels, sizeof(char *), "labels"));
    FOVEA_TRY(fovea__allocate(&model->category_ids, (size_t)labels, sizeof(int64_t), "labels"));
    model->labels = labels;
    for (int i = 0; i < labels; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i + 1);
        FOVEA_TRY(fovea__copy_text(&model->names[i], names ? names[i] : number));
        model->category_ids[i] = category_ids ? category_ids[i] : i + 1;
    }
    return FOVEA_OK;
}

fovea_status fovea__model_begin(fovea_model **out, fovea_device *device, const fovea__net_config *config, int labels,
                                const char *const *names, const int64_t *category_ids)
{
    *out = NULL;
    fovea_model *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "a model"));
    made->device = device;
    made->config = *config;
    const fovea_status status = set_labels(made, labels, names, category_ids);
    if (status) {
        fovea_model_free(made);
        return status;
    }
    *out = made;
    return FOVEA_OK;
}

void fovea_model_free(fovea_model *model)
{
    if (!model)
        return;
    if (model->free_detector)
        model->free_detector(model->detector);
    fovea__network_free(model->network);
    fovea__parameters_free(model->parameters);
    for (int i = 0; i < model->labels; i++)
        free(model->names[i]);
    for (size_t i = 0; i < model->n_missing; i++)
        free(model->missing[i]);
    free(model->names);
    free(model->category_ids);
    free(model->missing);
    free(model);
}

void fovea__model_set_choices(fovea_model *model, const fovea__conv2d_choices *choices)
{
    model->choices = choices;
    if (model->network)
        fovea__network_drop_plan(model->network);
}

void fovea__model_set_average(fovea_model *model, fovea__parameters *average)
{
    fovea__network_free(model->network); /* it is another's, or packed what is no longer so */
    model->network = NULL;
    model->average = average;
}

void fovea__model_keep_average(fovea_model *model)
{
    if (!model->average)
        return;
    fovea__parameters_free(model->parameters);
    model->parameters = model->average;
    model->average = NULL;
}

fovea_status fovea__model_network(fovea_model *model, fovea__network **network)
{
    fovea__conv2d_choices *measured = NULL;
    if (!model->network)
        FOVEA_TRY(fovea__network_create(&model->network, fovea__model_shown(model), false, 0));
    if (!model->choices)
        FOVEA_TRY(fovea__conv2d_choices_of(&measured, model->device));
    model->network->choices = model->choices ? model->choices : measured;
    *network = model->network;
    return FOVEA_OK;
}

static int or_default(int value, int otherwise)
{
    return value ? value : otherwise;
}

/* Options with every default resolved. */
static fovea__net_config resolve(const fovea_model_options *options, int labels)
{
    fovea__net_config config = {
        .depth = or_default(options->depth, 50),
        .width = or_default(options->width, 64),
        .channels = or_default(options->channels, 256),
        .head_depth = or_default(options->head_depth, 4),
        .anchor_scales = or_default(options->anchor_scales, 3),
        .anchor_ratios = or_default(options->anchor_ratios, 3),
        .profile = options->profile == FOVEA_PROFILE_DEFAULT ? FOVEA_PROFILE_PAPER : options->profile,
        .norm = options->norm,
        .head_norm = options->head_norm,
        .norm_epsilon = options->norm_epsilon < 0 ? 0 : options->norm_epsilon == 0 ? 1e-5f : options->norm_epsilon,
        .prior = options->prior == 0 ? 0.01f : options->prior,
        .size = or_default(options->size, 600),
    };
    config.max_size = fovea__config_max_size(options->size, options->max_size, 1000);
    if (config.norm == FOVEA_NORM_DEFAULT)
        config.norm = options->backbone ? FOVEA_NORM_FROZEN : FOVEA_NORM_TRAINING;
    const bool torchvision = config.profile == FOVEA_PROFILE_TORCHVISION;
    config.classes = torchvision ? labels + 1 : labels;
    const bool from_p5 = torchvision && config.head_norm == FOVEA_HEAD_NORM_NONE; /* its v2 takes C5, as the paper */
    config.p6_channels = from_p5 ? config.channels : fovea__config_stage_channels(&config, FOVEA__STAGES);
    return config;
}

static fovea_status note_missing(fovea_model *model, const bool *loaded, bool whole)
{
    const fovea__parameters *parameters = model->parameters;
    FOVEA_TRY(fovea__allocate(&model->missing, parameters->count, sizeof(char *), "the list of missing tensors"));
    for (size_t i = 0; i < parameters->count; i++) {
        const fovea__name *name = &parameters->items[i].name;
        if (loaded[i] || name->kind == FOVEA__NAME_BATCHES || (!whole && name->stage > FOVEA__STAGES))
            continue;
        FOVEA_TRY(fovea__copy_text(&model->missing[model->n_missing], name->name));
        model->n_missing++;
    }
    return FOVEA_OK;
}

/* Weights of a backbone, or of a whole detector to go on from. */
static fovea_status load_backbone(fovea_model *model, const char *path)
{
    fovea__safetensors *file = NULL;
    bool *loaded = NULL;
    FOVEA_TRY(fovea__safetensors_open(&file, path));
    fovea_status status = fovea__allocate(&loaded, model->parameters->count, sizeof *loaded, path);
    if (!status)
        status = fovea__weights_check_depth(file, model->config.depth);
    if (!status)
        status = fovea__weights_read(model->parameters, file, true, loaded);
    size_t from_backbone = 0, from_rest = 0;
    for (size_t i = 0; i < model->parameters->count && !status; i++)
        *(model->parameters->items[i].name.stage > FOVEA__STAGES ? &from_rest : &from_backbone) += loaded[i];
    if (!status && from_backbone == 0)
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: holds no tensor of a ResNet-%d (conv1.weight or "
                             "backbone.body.conv1.weight is expected)", path, model->config.depth);
    if (!status)
        status = note_missing(model, loaded, from_rest > 0);
    free(loaded);
    fovea__safetensors_close(file);
    return status;
}

static fovea_status check_labels(int labels, const char *const *names, const int64_t *category_ids)
{
    FOVEA_CHECK_ARG(labels > 0 && labels <= 100000, "fovea_model_create: %d labels; expected 1 to 100000", labels);
    FOVEA_CHECK_ARG(names, "fovea_model_create: names is NULL");
    for (int i = 0; i < labels; i++) {
        FOVEA_CHECK_ARG(names[i], "fovea_model_create: names[%d] is NULL", i);
        FOVEA_CHECK_ARG(!category_ids || i == 0 || category_ids[i - 1] < category_ids[i],
                        "fovea_model_create: category_ids do not ascend at %d", i);
    }
    return FOVEA_OK;
}

fovea_status fovea_model_create(fovea_model **out, fovea_device *device, int labels, const char *const *names,
                                const fovea_model_options *options)
{
    FOVEA_CHECK_ARG(out, "fovea_model_create: out is NULL");
    *out = NULL;
    FOVEA_CHECK_ARG(device, "fovea_model_create: device is NULL");
    static const fovea_model_options defaults;
    options = options ? options : &defaults;
    FOVEA_TRY(check_labels(labels, names, options->category_ids));
    FOVEA_CHECK_ARG(options->width >= 0 && options->width <= 4096, "fovea_model_create: width is %d; expected 8 to 4096",
                    options->width);
    const fovea__net_config config = resolve(options, labels);
    fovea_model *model = NULL;
    FOVEA_TRY(fovea__model_begin(&model, device, &config, labels, names, options->category_ids));
    fovea_status status = fovea__parameters_create(&model->parameters, device, &config);
    if (!status)
        status = fovea__parameters_initialize(model->parameters, options->seed);
    if (!status && options->backbone)
        status = load_backbone(model, options->backbone);
    if (status) {
        fovea_model_free(model);
        return status;
    }
    *out = model;
    return FOVEA_OK;
}

int fovea_model_labels(const fovea_model *model)
{
    return model ? model->labels : 0;
}

const char *fovea_model_label(const fovea_model *model, int label)
{
    return model && label >= 0 && label < model->labels ? model->names[label] : NULL;
}

int64_t fovea_model_category_id(const fovea_model *model, int label)
{
    return model && label >= 0 && label < model->labels ? model->category_ids[label] : -1;
}

size_t fovea_model_missing(const fovea_model *model)
{
    return model ? model->n_missing : 0;
}

const char *fovea_model_missing_name(const fovea_model *model, size_t index)
{
    return model && index < model->n_missing ? model->missing[index] : NULL;
}

void fovea_model_describe(const fovea_model *model, fovea_model_options *out)
{
    if (!model || !out)
        return;
    const fovea__net_config *config = &model->config;
    *out = (fovea_model_options){
        .depth = config->depth,
        .profile = config->profile,
        .norm = config->norm,
        .head_norm = config->head_norm,
        .width = config->width,
        .channels = config->channels,
        .head_depth = config->head_depth,
        .anchor_scales = config->anchor_scales,
        .anchor_ratios = config->anchor_ratios,
        .prior = config->prior,
        .norm_epsilon = config->norm_epsilon > 0 ? config->norm_epsilon : -1.0f,
        .size = config->size,
        .max_size = config->max_size,
        .category_ids = model->category_ids,
    };
}
