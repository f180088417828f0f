/* Reading and writing a network's tensors. */
#include "weights.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOMENTUM_PREFIX "optimizer."

static bool same_shape(const fovea__name *name, const fovea__safetensors_entry *entry)
{
    bool same = name->n_dims == entry->n_dims;
    for (int i = 0; i < name->n_dims && same; i++)
        same = (uint64_t)name->dims[i] == entry->shape[i];
    return same;
}

static fovea_status fail_shape(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                               const fovea__name *name)
{
    char expected[96], found[96];
    int64_t dims[4] = {0};
    for (int i = 0; i < entry->n_dims && i < 4; i++)
        dims[i] = (int64_t)entry->shape[i];
    FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s has shape %s; expected %s", fovea__safetensors_path(file),
               entry->name, fovea__names_shape_text(found, sizeof found, entry->n_dims, dims),
               fovea__names_shape_text(expected, sizeof expected, name->n_dims, name->dims));
}

static fovea_status read_one(fovea__parameters *parameters, fovea__parameter *parameter,
                             const fovea__safetensors *file, const fovea__safetensors_entry *entry)
{
    if (parameter->name.kind == FOVEA__NAME_BATCHES)
        return fovea__safetensors_read_int64(file, entry, &parameter->batches);
    const bool stays = file == parameters->file && parameter->name.kind == FOVEA__NAME_CONV &&
                       fovea__safetensors_holds_floats(entry);
    parameter->version = ++parameters->version;
    parameter->in_file = stays ? entry : NULL;
    return stays ? FOVEA_OK : fovea__parameter_load(file, entry, parameter->value.buffer, 0);
}

/* What other classes or the other profile shape differently in a detector that is to be trained on. */
static bool may_differ(const char *name)
{
    return strncmp(name, "head.classification_head.cls_logits.", 36) == 0 ||
           strcmp(name, "backbone.fpn.extra_blocks.p6.weight") == 0;
}

fovea_status fovea__weights_read(fovea__parameters *parameters, const fovea__safetensors *file, bool partial,
                                 bool *loaded)
{
    for (size_t i = 0; i < fovea__safetensors_count(file); i++) {
        const fovea__safetensors_entry *entry = fovea__safetensors_at(file, i);
        char name[FOVEA__NAME_ROOM];
        fovea__parameter *parameter = NULL;
        if (fovea__names_canonical(entry->name, name, sizeof name))
            parameter = fovea__parameters_find(parameters, name);
        if (!parameter)
            continue;
        if (!same_shape(&parameter->name, entry)) {
            if (partial && may_differ(name))
                continue;
            return fail_shape(file, entry, &parameter->name);
        }
        FOVEA_TRY(read_one(parameters, parameter, file, entry));
        loaded[parameter - parameters->items] = true;
    }
    return FOVEA_OK;
}

fovea_status fovea__weights_open(fovea__parameters *parameters, fovea__safetensors *file)
{
    bool *loaded = NULL;
    parameters->file = file;
    FOVEA_TRY(fovea__allocate(&loaded, parameters->count, sizeof *loaded, "a model"));
    const fovea_status status = fovea__weights_read(parameters, file, false, loaded);
    free(loaded);
    return status;
}

static fovea_status check_one(const fovea__safetensors *file, const char *prefix, const fovea__name *name)
{
    char full[FOVEA__NAME_ROOM + sizeof MOMENTUM_PREFIX];
    snprintf(full, sizeof full, "%s%s", prefix, name->name);
    const fovea__safetensors_entry *entry = fovea__safetensors_find(file, full);
    if (!entry)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s is missing: this is no checkpoint of the model",
                   fovea__safetensors_path(file), full);
    const bool counts = name->kind == FOVEA__NAME_BATCHES;
    if (counts ? entry->dtype != FOVEA__DTYPE_I64 : !fovea__safetensors_holds_floats(entry))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s is of type %s; expected %s", fovea__safetensors_path(file), full,
                   fovea__dtype_name(entry->dtype), counts ? "I64" : "F32, F16, BF16 or F64");
    return same_shape(name, entry) ? FOVEA_OK : fail_shape(file, entry, name);
}

fovea_status fovea__weights_check(const fovea__parameters *parameters, const fovea__safetensors *file)
{
    for (size_t i = 0; i < parameters->count; i++) {
        const fovea__name *name = &parameters->items[i].name;
        FOVEA_TRY(check_one(file, "", name));
        if (name->trained)
            FOVEA_TRY(check_one(file, MOMENTUM_PREFIX, name));
    }
    return FOVEA_OK;
}

fovea_status fovea__weights_resume(fovea__parameters *parameters, const fovea__safetensors *file)
{
    for (size_t i = 0; i < parameters->count; i++) {
        fovea__parameter *item = &parameters->items[i];
        char momentum[FOVEA__NAME_ROOM + sizeof MOMENTUM_PREFIX];
        snprintf(momentum, sizeof momentum, MOMENTUM_PREFIX "%s", item->name.name);
        FOVEA_TRY(read_one(parameters, item, file, fovea__safetensors_find(file, item->name.name)));
        if (item->name.trained)
            FOVEA_TRY(fovea__parameter_load(file, fovea__safetensors_find(file, momentum), parameters->momenta,
                                            item->first * sizeof(float)));
    }
    return FOVEA_OK;
}

/* The bytes of items[index]: of tensor `index`, or, behind them, of the momentum of a trained one. */
typedef struct writing {
    const fovea__parameters *parameters;
    fovea__safetensors_item *items;
    char (*names)[FOVEA__NAME_ROOM + sizeof MOMENTUM_PREFIX];
    size_t *parameter_of;
    size_t count;
} writing;

static fovea_status fill(void *context, size_t index, void *out, size_t size_bytes)
{
    const writing *w = context;
    const fovea__parameter *item = &w->parameters->items[w->parameter_of[index]];
    if (index >= w->parameters->count)
        return fovea__buffer_read(w->parameters->momenta, item->first * sizeof(float), out, size_bytes);
    if (item->name.kind != FOVEA__NAME_BATCHES)
        return fovea__parameter_read(w->parameters, item, out);
    memcpy(out, &item->batches, sizeof item->batches);
    return FOVEA_OK;
}

static void add_item(writing *w, size_t parameter, const char *prefix)
{
    const fovea__name *name = &w->parameters->items[parameter].name;
    fovea__safetensors_item *item = &w->items[w->count];
    snprintf(w->names[w->count], sizeof w->names[0], "%s%s", prefix, name->name);
    *item = (fovea__safetensors_item){.name = w->names[w->count], .n_dims = name->n_dims,
                                      .dtype = name->kind == FOVEA__NAME_BATCHES ? FOVEA__DTYPE_I64
                                                                                 : FOVEA__DTYPE_F32};
    for (int i = 0; i < name->n_dims; i++)
        item->shape[i] = (size_t)name->dims[i];
    w->parameter_of[w->count++] = parameter;
}

fovea_status fovea__weights_write(const fovea__parameters *parameters, const char *path,
                                  const fovea__safetensors_pair *metadata, size_t n_metadata, bool with_momenta)
{
    writing w = {.parameters = parameters};
    const size_t room = 2 * parameters->count;
    fovea_status status = fovea__allocate(&w.items, room, sizeof *w.items, path);
    if (!status)
        status = fovea__allocate(&w.names, room, sizeof *w.names, path);
    if (!status)
        status = fovea__allocate(&w.parameter_of, room, sizeof *w.parameter_of, path);
    if (!status) {
        for (size_t i = 0; i < parameters->count; i++)
            add_item(&w, i, "");
        for (size_t i = 0; i < parameters->count && with_momenta; i++)
            if (parameters->items[i].name.trained)
                add_item(&w, i, MOMENTUM_PREFIX);
        const fovea__safetensors_content content = {.metadata = metadata, .n_metadata = n_metadata, .items = w.items,
                                                    .n_items = w.count, .fill = fill, .fill_context = &w};
        status = fovea__safetensors_write(path, &content);
    }
    free(w.items);
    free(w.names);
    free(w.parameter_of);
    return status;
}
