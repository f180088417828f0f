/* A detector's configuration, read off the names and shapes of its file. */
#include "names.h"

#include "memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file's tensors by canonical name. */
typedef struct entry {
    char name[FOVEA__NAME_ROOM];
    const fovea__named_shape *shape;
} entry;

typedef struct table {
    entry *entries;
    size_t count;
} table;

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static fovea_status table_create(table *out, const fovea__named_shape *tensors, size_t n_tensors)
{
    *out = (table){0};
    FOVEA_TRY(fovea__allocate(&out->entries, n_tensors, sizeof *out->entries, "tensor names"));
    for (size_t i = 0; i < n_tensors; i++) {
        entry *next = &out->entries[out->count];
        next->shape = &tensors[i];
        out->count += fovea__names_canonical(tensors[i].name, next->name, sizeof next->name);
    }
    qsort(out->entries, out->count, sizeof *out->entries, compare_entries);
    return FOVEA_OK;
}

static const fovea__named_shape *find(const table *t, const char *name)
{
    entry key = {.shape = NULL};
    if ((size_t)snprintf(key.name, sizeof key.name, "%s", name) >= sizeof key.name || t->count == 0)
        return NULL;
    const entry *found = bsearch(&key, t->entries, t->count, sizeof *t->entries, compare_entries);
    return found ? found->shape : NULL;
}

const char *fovea__names_shape_text(char *out, size_t room, int n_dims, const int64_t *dims)
{
    size_t used = (size_t)snprintf(out, room, "[");
    for (int i = 0; i < n_dims && i < 4 && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, i ? ", %lld" : "%lld", (long long)dims[i]);
    if (used < room)
        snprintf(out + used, room - used, n_dims > 4 ? ", ...]" : "]");
    return out;
}

/* Reads one size of a convolution's weights; 1 to INT_MAX. */
static fovea_status read_dim(int *out, const table *t, const char *name, int dim)
{
    const fovea__named_shape *shape = find(t, name);
    char text[96];
    if (!shape)
        return fovea__fail(FOVEA_ERROR_FORMAT, "tensor %s is missing; expected it in every RetinaNet", name);
    if (shape->n_dims != 4 || shape->dims[dim] < 1 || shape->dims[dim] > INT_MAX)
        return fovea__fail(FOVEA_ERROR_FORMAT, "tensor %s has shape %s; expected a convolution's four sizes", name,
                           fovea__names_shape_text(text, sizeof text, shape->n_dims, shape->dims));
    *out = (int)shape->dims[dim];
    return FOVEA_OK;
}

/* Modules <before>0<after>, <before>1<after>, ...: one more than the highest number, so that a hole shows as a missing
 * tensor and not as a smaller network. */
static int count_modules(const table *t, const char *before, const char *after)
{
    int count = 0;
    for (size_t i = 0; i < t->count; i++) {
        const char *name = t->entries[i].name;
        if (strncmp(name, before, strlen(before)))
            continue;
        char *end;
        const long number = strtol(name + strlen(before), &end, 10);
        if (number >= 0 && number < 10000 && !strcmp(end, after) && number >= count)
            count = (int)number + 1;
    }
    return count;
}

static fovea_status configure_depth(fovea__net_config *config, const table *t)
{
    char before[FOVEA__NAME_ROOM];
    int blocks[FOVEA__STAGES];
    const bool bottleneck = find(t, "backbone.body.layer1.0.conv3.weight") != NULL;
    bool whole = true;
    for (int i = 0; i < FOVEA__STAGES; i++) {
        snprintf(before, sizeof before, "backbone.body.layer%d.", i + 1);
        blocks[i] = count_modules(t, before, ".conv1.weight");
        whole = whole && blocks[i];
    }
    const int depth = whole ? fovea__config_depth_of(blocks, bottleneck, 0) : 0;
    if (depth) {
        config->depth = depth;
        return FOVEA_OK;
    }
    return fovea__fail(FOVEA_ERROR_FORMAT,
                       "layer1 to layer4 have %d, %d, %d, %d %s blocks; expected those of ResNet-18, 34, 50 or 101",
                       blocks[0], blocks[1], blocks[2], blocks[3], bottleneck ? "bottleneck" : "basic");
}

static fovea_status configure_anchors(fovea__net_config *config, const table *t)
{
    int box_outputs, class_outputs;
    FOVEA_TRY(read_dim(&box_outputs, t, "head.regression_head.bbox_reg.weight", 0));
    FOVEA_TRY(read_dim(&class_outputs, t, "head.classification_head.cls_logits.weight", 0));
    const int anchors = box_outputs / 4;
    if (anchors * 4 != box_outputs || anchors > 12)
        return fovea__fail(FOVEA_ERROR_FORMAT,
                           "tensor head.regression_head.bbox_reg.weight has %d outputs; expected 4 for each of 1 to 12 "
                           "anchors a cell", box_outputs);
    if (class_outputs % anchors)
        return fovea__fail(FOVEA_ERROR_FORMAT,
                           "tensor head.classification_head.cls_logits.weight has %d outputs; expected a multiple of "
                           "the %d anchors a cell", class_outputs, anchors);
    config->classes = class_outputs / anchors;
    if (fovea__config_anchors(config) == anchors)
        return FOVEA_OK;
    config->anchor_ratios = anchors % 3 ? 1 : 3;
    config->anchor_scales = anchors / config->anchor_ratios;
    if (config->anchor_scales > 4)
        return fovea__fail(FOVEA_ERROR_FORMAT,
                           "tensor head.regression_head.bbox_reg.weight makes %d anchors a cell; expected 1 to 4 "
                           "scales times 1 or 3 ratios", anchors);
    return FOVEA_OK;
}

static fovea_status check_tensor(const table *t, const fovea__name *want)
{
    char expected[96], found[96];
    fovea__names_shape_text(expected, sizeof expected, want->n_dims, want->dims);
    const fovea__named_shape *shape = find(t, want->name);
    if (!shape && want->kind == FOVEA__NAME_BATCHES)
        return FOVEA_OK;
    if (!shape)
        return fovea__fail(FOVEA_ERROR_FORMAT, "tensor %s is missing; expected shape %s", want->name, expected);
    bool same = shape->n_dims == want->n_dims;
    for (int i = 0; i < want->n_dims; i++)
        same = same && shape->dims[i] == want->dims[i];
    if (same)
        return FOVEA_OK;
    return fovea__fail(FOVEA_ERROR_FORMAT, "tensor %s has shape %s; expected %s", shape->name,
                       fovea__names_shape_text(found, sizeof found, shape->n_dims, shape->dims), expected);
}

/* A tensor that our network has not would change what the file's network computes (norm in the pyramid, say). */
static fovea_status check_stranger(const entry *e, const fovea__name *list, size_t count, int depth)
{
    static const char batches[] = ".num_batches_tracked";
    const size_t length = strlen(e->name);
    if (fovea__names_find(list, count, e->name) ||
        (length >= sizeof batches - 1 && !strcmp(e->name + length - (sizeof batches - 1), batches)))
        return FOVEA_OK;
    return fovea__fail(FOVEA_ERROR_FORMAT, "tensor %s is none of a ResNet-%d RetinaNet's", e->shape->name, depth);
}

static fovea_status check_tensors(const table *t, const fovea__net_config *config)
{
    fovea__name *list;
    size_t count;
    const fovea_status listed = fovea__names_list(&list, &count, config);
    if (listed)
        return fovea__fail_in(listed == FOVEA_ERROR_MEMORY ? listed : FOVEA_ERROR_FORMAT, "the tensors' shapes");
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = check_tensor(t, &list[i]);
    for (size_t i = 0; i < t->count && !status; i++)
        status = check_stranger(&t->entries[i], list, count, config->depth);
    for (size_t i = 1; i < t->count && !status; i++)
        if (!strcmp(t->entries[i - 1].name, t->entries[i].name))
            status = fovea__fail(FOVEA_ERROR_FORMAT, "tensors %s and %s are the same one", t->entries[i - 1].shape->name,
                                 t->entries[i].shape->name);
    free(list);
    return status;
}

/* Is every tensor one of the ResNet? */
static bool is_bare(const table *t)
{
    bool bare = true;
    for (size_t i = 0; i < t->count; i++)
        bare = bare && strncmp(t->entries[i].name, "backbone.body.", 14) == 0;
    return bare;
}

static fovea_status configure(fovea__net_config *config, const table *t)
{
    if (t->count > 0 && is_bare(t))
        return fovea__fail(FOVEA_ERROR_FORMAT, "holds a backbone alone: what a detector is trained from, no detector");
    FOVEA_TRY(configure_depth(config, t));
    FOVEA_TRY(read_dim(&config->width, t, "backbone.body.conv1.weight", 0));
    FOVEA_TRY(read_dim(&config->channels, t, "backbone.fpn.inner_blocks.0.0.weight", 0));
    FOVEA_TRY(read_dim(&config->p6_channels, t, "backbone.fpn.extra_blocks.p6.weight", 1));
    config->head_depth = count_modules(t, "head.classification_head.conv.", ".0.weight");
    config->head_norm = find(t, "head.classification_head.conv.0.1.weight") ? FOVEA_HEAD_NORM_GROUP
                                                                            : FOVEA_HEAD_NORM_NONE;
    FOVEA_TRY(configure_anchors(config, t));
    return check_tensors(t, config);
}

fovea_status fovea__names_configure(fovea__net_config *config, const fovea__named_shape *tensors, size_t n_tensors)
{
    table t;
    FOVEA_TRY(table_create(&t, tensors, n_tensors));
    fovea__net_config read = *config;
    const fovea_status status = configure(&read, &t);
    if (!status)
        *config = read;
    free(t.entries);
    return status;
}
