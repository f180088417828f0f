/* Reading and writing a network's tensors. */
#include "weights.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_NAME = FOVEA__NAME_ROOM + 24 }; /* with a state's prefix */

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

/* The blocks of a file's ResNet by stage, 0 where it has none of it. */
typedef struct body {
    int blocks[FOVEA__STAGES];
    bool bottleneck;
} body;

static body body_of(const fovea__safetensors *file)
{
    body found = {0};
    for (size_t i = 0; i < fovea__safetensors_count(file); i++) {
        char name[FOVEA__NAME_ROOM];
        int stage, block, end = 0;
        if (!fovea__names_canonical(fovea__safetensors_at(file, i)->name, name, sizeof name) ||
            sscanf(name, "backbone.body.layer%1d.%2d.conv%n", &stage, &block, &end) != 2 || end == 0 || stage < 1 ||
            stage > FOVEA__STAGES)
            continue;
        if (block >= found.blocks[stage - 1])
            found.blocks[stage - 1] = block + 1;
        found.bottleneck = found.bottleneck || name[end] == '3';
    }
    return found;
}

fovea_status fovea__weights_check_depth(const fovea__safetensors *file, int depth)
{
    const body found = body_of(file);
    const int other = fovea__config_depth_of(found.blocks, found.bottleneck, depth);
    if (other && other != depth)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: these are weights of a ResNet-%d; the backbone to be made is a ResNet-%d",
                   fovea__safetensors_path(file), other, depth);
    return FOVEA_OK;
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
    char full[FULL_NAME];
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

static bool has_tensor(const fovea__weights_state *state, const fovea__name *name)
{
    return name->kind != FOVEA__NAME_BATCHES && (name->trained || !state->trained);
}

fovea_status fovea__weights_check(const fovea__parameters *parameters, const fovea__safetensors *file,
                                  const fovea__weights_state *states, size_t n_states)
{
    for (size_t i = 0; i < parameters->count; i++) {
        const fovea__name *name = &parameters->items[i].name;
        FOVEA_TRY(check_one(file, "", name));
        for (size_t s = 0; s < n_states; s++)
            if (has_tensor(&states[s], name))
                FOVEA_TRY(check_one(file, states[s].prefix, name));
    }
    return FOVEA_OK;
}

fovea_status fovea__weights_resume(fovea__parameters *parameters, const fovea__safetensors *file,
                                   const fovea__weights_state *states, size_t n_states)
{
    for (size_t i = 0; i < parameters->count; i++) {
        fovea__parameter *item = &parameters->items[i];
        FOVEA_TRY(read_one(parameters, item, file, fovea__safetensors_find(file, item->name.name)));
        for (size_t s = 0; s < n_states; s++) {
            char full[FULL_NAME];
            snprintf(full, sizeof full, "%s%s", states[s].prefix, item->name.name);
            if (has_tensor(&states[s], &item->name))
                FOVEA_TRY(fovea__parameter_load(file, fovea__safetensors_find(file, full), states[s].values,
                                                item->first * sizeof(float)));
        }
    }
    return FOVEA_OK;
}

/* Where the bytes of items[i] come from: places[i]. */
typedef struct place {
    char name[FULL_NAME];
    const fovea__parameter *parameter;
    const fovea__weights_state *state; /* NULL: the parameter itself */
} place;

typedef struct writing {
    const fovea__parameters *parameters;
    fovea__safetensors_item *items;
    place *places;
    size_t count;
} writing;

static fovea_status fill(void *context, size_t index, void *out, size_t size_bytes)
{
    const writing *w = context;
    const place *from = &w->places[index];
    const fovea__parameter *parameter = from->parameter;
    if (from->state)
        return fovea__buffer_read(from->state->values, parameter->first * sizeof(float), out, size_bytes);
    if (parameter->name.kind != FOVEA__NAME_BATCHES)
        return fovea__parameter_read(w->parameters, parameter, out);
    memcpy(out, &parameter->batches, sizeof parameter->batches);
    return FOVEA_OK;
}

static void add_item(writing *w, const fovea__parameter *parameter, const fovea__weights_state *state)
{
    const fovea__name *name = &parameter->name;
    fovea__safetensors_item *item = &w->items[w->count];
    place *from = &w->places[w->count++];
    from->parameter = parameter;
    from->state = state;
    snprintf(from->name, sizeof from->name, "%s%s", state ? state->prefix : "", name->name);
    *item = (fovea__safetensors_item){.name = from->name, .n_dims = name->n_dims,
                                      .dtype = name->kind == FOVEA__NAME_BATCHES ? FOVEA__DTYPE_I64
                                                                                 : FOVEA__DTYPE_F32};
    for (int i = 0; i < name->n_dims; i++)
        item->shape[i] = (size_t)name->dims[i];
}

fovea_status fovea__weights_write(const fovea__parameters *parameters, const char *path,
                                  const fovea__weights_more *all)
{
    writing w = {.parameters = parameters};
    const size_t room = (1 + all->n_states) * parameters->count;
    fovea_status status = fovea__allocate(&w.items, room, sizeof *w.items, path);
    if (!status)
        status = fovea__allocate(&w.places, room, sizeof *w.places, path);
    if (!status) {
        for (size_t i = 0; i < parameters->count; i++)
            add_item(&w, &parameters->items[i], NULL);
        for (size_t i = 0; i < all->n_states * parameters->count; i++)
            if (has_tensor(&all->states[i / parameters->count], &parameters->items[i % parameters->count].name))
                add_item(&w, &parameters->items[i % parameters->count], &all->states[i / parameters->count]);
        const fovea__safetensors_content content = {.metadata = all->metadata, .n_metadata = all->n_metadata,
                                                    .items = w.items, .n_items = w.count, .fill = fill,
                                                    .fill_context = &w};
        status = fovea__safetensors_write(path, &content);
    }
    free(w.items);
    free(w.places);
    return status;
}
