/* A model's file: metadata, saving and loading. */
#include "json.h"
#include "memory.h"
#include "model.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* [{"id": 1, "name": "disc"}, ...] in label order; ids as digits, since a JSON library's doubles end at 2^53. */
static fovea_status make_classes(char **out, const fovea_model *model)
{
    cJSON *list = cJSON_CreateArray();
    bool good = list != NULL;
    for (int i = 0; i < model->labels && good; i++) {
        char digits[24];
        snprintf(digits, sizeof digits, "%lld", (long long)model->category_ids[i]);
        cJSON *item = cJSON_CreateObject();
        good = cJSON_AddRawToObject(item, "id", digits) && cJSON_AddStringToObject(item, "name", model->names[i]);
        if (item && !cJSON_AddItemToArray(list, item)) {
            cJSON_Delete(item);
            good = false;
        }
    }
    char *text = good ? cJSON_PrintUnformatted(list) : NULL;
    cJSON_Delete(list);
    if (!text)
        FOVEA_FAIL(FOVEA_ERROR_MEMORY, "out of memory for a model's metadata");
    const fovea_status status = fovea__copy_text(out, text);
    cJSON_free(text);
    return status;
}

static fovea_status make_config(char **out, const fovea__net_config *config)
{
    enum { ROOM = 512 };
    FOVEA_TRY(fovea__allocate(out, ROOM, 1, "a model's metadata"));
    fovea__format_plain(*out, ROOM,
             "{\"depth\":%d,\"width\":%d,\"channels\":%d,\"head_depth\":%d,\"anchor_scales\":%d,"
             "\"anchor_ratios\":%d,\"norm\":\"%s\",\"head_norm\":\"%s\",\"norm_epsilon\":%.9g,\"prior\":%.9g,"
             "\"size\":%d,\"max_size\":%d}",
             config->depth, config->width, config->channels, config->head_depth, config->anchor_scales,
             config->anchor_ratios, config->norm == FOVEA_NORM_TRAINING ? "training" : "frozen",
             config->head_norm == FOVEA_HEAD_NORM_GROUP ? "group" : "none",
             (double)config->norm_epsilon, (double)config->prior, config->size, config->max_size);
    return FOVEA_OK;
}

fovea_status fovea__model_metadata_make(fovea__model_metadata *out, const fovea_model *model)
{
    *out = (fovea__model_metadata){
        .profile = model->config.profile == FOVEA_PROFILE_TORCHVISION ? "torchvision" : "paper"};
    fovea_status status = make_classes(&out->classes, model);
    if (!status)
        status = make_config(&out->config, &model->config);
    if (status)
        fovea__model_metadata_clear(out);
    return status;
}

void fovea__model_metadata_clear(fovea__model_metadata *metadata)
{
    free(metadata->classes);
    free(metadata->config);
    *metadata = (fovea__model_metadata){0};
}

fovea_status fovea__model_write(const fovea_model *model, const fovea__parameters *parameters, const char *path,
                                const fovea__weights_more *more)
{
    fovea__model_metadata metadata;
    fovea__safetensors_pair *pairs = NULL;
    FOVEA_TRY(fovea__model_metadata_make(&metadata, model));
    fovea_status status = fovea__allocate(&pairs, 4 + more->n_metadata, sizeof *pairs, "a model's metadata");
    if (!status) {
        pairs[0] = (fovea__safetensors_pair){"format", "pt"};
        pairs[1] = (fovea__safetensors_pair){"fovea.profile", metadata.profile};
        pairs[2] = (fovea__safetensors_pair){"fovea.classes", metadata.classes};
        pairs[3] = (fovea__safetensors_pair){"fovea.config", metadata.config};
        for (size_t i = 0; i < more->n_metadata; i++)
            pairs[4 + i] = more->metadata[i];
        fovea__weights_more all = *more;
        all.metadata = pairs;
        all.n_metadata += 4;
        status = fovea__weights_write(parameters, path, &all);
    }
    free(pairs);
    fovea__model_metadata_clear(&metadata);
    return status;
}

fovea_status fovea_model_save(const fovea_model *model, const char *path)
{
    FOVEA_CHECK_ARG(model && path, "fovea_model_save: model or path is NULL");
    return fovea__model_write(model, fovea__model_shown(model), path, &(fovea__weights_more){0});
}

/* What a file says of itself: labels and the settings that shapes do not show. */
typedef struct described {
    fovea__net_config config;
    int labels;
    const char **names; /* borrowed from `classes` */
    int64_t *ids;
    cJSON *classes;
} described;

static void clear_described(described *d)
{
    free(d->names);
    free(d->ids);
    cJSON_Delete(d->classes);
}

static fovea_status read_classes(described *d, const char *text, const char *path)
{
    char name[512];
    snprintf(name, sizeof name, "%.400s: metadata fovea.classes", path);
    FOVEA_TRY(fovea__json_parse(&d->classes, text, strlen(text), name, NULL));
    const int count = cJSON_GetArraySize(d->classes);
    if (!cJSON_IsArray(d->classes) || count < 1)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected a list of classes, found %s", name, fovea__json_kind(d->classes));
    FOVEA_TRY(fovea__allocate(&d->names, (size_t)count, sizeof(char *), name));
    FOVEA_TRY(fovea__allocate(&d->ids, (size_t)count, sizeof(int64_t), name));
    const cJSON *item;
    cJSON_ArrayForEach(item, d->classes) {
        const fovea__json_place place = {.file = name, .list = "classes", .index = (size_t)d->labels};
        FOVEA_TRY(fovea__json_expect_object(item, &place));
        FOVEA_TRY(fovea__json_integer(&d->ids[d->labels], item, "id", &place));
        FOVEA_TRY(fovea__json_text(&d->names[d->labels], item, "name", &place));
        if (d->labels > 0 && d->ids[d->labels - 1] >= d->ids[d->labels])
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: ids do not ascend at %d", name, d->labels);
        d->labels++;
    }
    return FOVEA_OK;
}

static fovea_status read_int(int *out, const cJSON *object, const char *key, int most, const fovea__json_place *place)
{
    int64_t value = 0;
    FOVEA_TRY(fovea__json_integer(&value, object, key, place));
    if (value < 1 || value > most)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s is %lld; expected 1 to %d", place->file, key, (long long)value, most);
    *out = (int)value;
    return FOVEA_OK;
}

static fovea_status read_config(fovea__net_config *config, const cJSON *object, const fovea__json_place *place)
{
    double epsilon = 0, prior = 0;
    const char *norm = NULL;
    FOVEA_TRY(fovea__json_expect_object(object, place));
    FOVEA_TRY(read_int(&config->anchor_scales, object, "anchor_scales", 4, place));
    FOVEA_TRY(read_int(&config->anchor_ratios, object, "anchor_ratios", 3, place));
    FOVEA_TRY(read_int(&config->size, object, "size", FOVEA__MOST_SIZE, place));
    FOVEA_TRY(read_int(&config->max_size, object, "max_size", FOVEA__MOST_SIZE, place));
    FOVEA_TRY(fovea__json_number(&epsilon, object, "norm_epsilon", place));
    FOVEA_TRY(fovea__json_number(&prior, object, "prior", place));
    FOVEA_TRY(fovea__json_text(&norm, object, "norm", place));
    config->norm_epsilon = (float)epsilon;
    config->prior = (float)prior;
    if (strcmp(norm, "training") != 0 && strcmp(norm, "frozen") != 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: norm is \"%.60s\"; expected training or frozen", place->file, norm);
    config->norm = strcmp(norm, "training") == 0 ? FOVEA_NORM_TRAINING : FOVEA_NORM_FROZEN;
    return FOVEA_OK;
}

static fovea_status read_config_text(fovea__net_config *config, const char *text, const char *path)
{
    char name[512];
    snprintf(name, sizeof name, "%.400s: metadata fovea.config", path);
    cJSON *object = NULL;
    FOVEA_TRY(fovea__json_parse(&object, text, strlen(text), name, NULL));
    const fovea_status status = read_config(config, object, &(fovea__json_place){.file = name});
    cJSON_Delete(object);
    return status;
}

/* Depth and widths off the shapes; each tensor is held to them. */
static fovea_status read_shapes(fovea__net_config *config, const fovea__safetensors *file)
{
    const size_t count = fovea__safetensors_count(file);
    fovea__named_shape *shapes = NULL;
    FOVEA_TRY(fovea__allocate(&shapes, count, sizeof *shapes, "the list of tensors"));
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const fovea__safetensors_entry *entry = fovea__safetensors_at(file, i);
        if (strncmp(entry->name, "optimizer.", 10) == 0)
            continue;
        fovea__named_shape *shape = &shapes[used++];
        *shape = (fovea__named_shape){.name = entry->name, .n_dims = entry->n_dims, .dims = {1, 1, 1, 1}};
        for (int d = 0; d < entry->n_dims && d < 4; d++)
            shape->dims[d] = (int64_t)entry->shape[d];
    }
    fovea_status status = fovea__names_configure(config, shapes, used);
    if (status)
        status = fovea__fail_in(status, "%s", fovea__safetensors_path(file));
    free(shapes);
    return status;
}

static fovea_status describe_file(described *d, const fovea__safetensors *file, const fovea_load_options *options)
{
    const char *path = fovea__safetensors_path(file);
    const char *profile = fovea__safetensors_metadata(file, "fovea.profile");
    const char *classes = fovea__safetensors_metadata(file, "fovea.classes");
    const char *config = fovea__safetensors_metadata(file, "fovea.config");
    d->config = (fovea__net_config){.anchor_scales = 3, .anchor_ratios = 3, .profile = FOVEA_PROFILE_TORCHVISION,
                                    .norm = FOVEA_NORM_FROZEN, .norm_epsilon = 1e-5f, .prior = 0.01f, .size = 800,
                                    .max_size = 1333};
    if (profile && strcmp(profile, "paper") == 0)
        d->config.profile = FOVEA_PROFILE_PAPER;
    else if (profile && strcmp(profile, "torchvision") != 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: metadata fovea.profile is \"%.60s\"; expected paper or torchvision", path,
                   profile);
    if (config)
        FOVEA_TRY(read_config_text(&d->config, config, path));
    FOVEA_TRY(read_shapes(&d->config, file));
    const int background = d->config.profile == FOVEA_PROFILE_TORCHVISION ? 1 : 0;
    if (classes) {
        FOVEA_TRY(read_classes(d, classes, path));
        if (d->labels + background != d->config.classes)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: metadata fovea.classes names %d classes, the tensors have %d", path,
                       d->labels, d->config.classes - background);
    } else {
        d->labels = d->config.classes - background;
    }
    if (d->labels < 1)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: a detector with no class but the background", path);
    if (options->norm_epsilon != 0)
        d->config.norm_epsilon = options->norm_epsilon < 0 ? 0 : options->norm_epsilon;
    if (options->norm != FOVEA_NORM_DEFAULT)
        d->config.norm = options->norm;
    return FOVEA_OK;
}

/* The parameters of *model, once they are there, own the file. */
static fovea_status load(fovea_model **model, fovea_device *device, fovea__safetensors *file,
                         const fovea_load_options *options)
{
    described d = {0};
    fovea_status status = describe_file(&d, file, options);
    if (!status)
        status = fovea__model_begin(model, device, &d.config, d.labels, d.names, d.ids);
    clear_described(&d);
    if (!status)
        status = fovea__parameters_create(&(*model)->parameters, device, &(*model)->config);
    if (status) {
        fovea__safetensors_close(file);
        return status;
    }
    return fovea__weights_open((*model)->parameters, file);
}

fovea_status fovea_model_load(fovea_model **out, fovea_device *device, const char *path,
                              const fovea_load_options *options)
{
    FOVEA_CHECK_ARG(out, "fovea_model_load: out is NULL");
    *out = NULL;
    FOVEA_CHECK_ARG(device && path, "fovea_model_load: device or path is NULL");
    static const fovea_load_options defaults;
    fovea__safetensors *file = NULL;
    fovea_model *model = NULL;
    FOVEA_TRY(fovea__safetensors_open(&file, path));
    const fovea_status status = load(&model, device, file, options ? options : &defaults);
    if (status) {
        fovea_model_free(model);
        return status;
    }
    *out = model;
    return FOVEA_OK;
}
