/* The list of a RetinaNet's tensors, written in the order in which torchvision's modules are registered: the ResNet,
 * the FPN (1x1 lateral, then 3x3 output convolutions, P6, P7), the classification head, the box head. */
#include "names.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULE_ROOM = FOVEA__NAME_ROOM - 24 }; /* a name is a module and at most ".num_batches_tracked" */

typedef struct writer {
    fovea__name *items;
    size_t count, capacity;
    bool frozen;
    fovea_status status; /* of the first failure; later calls do nothing */
} writer;

static void put(writer *w, const char *module, const char *leaf, fovea__name_kind kind, int stage, int n_dims,
                const int dims[4])
{
    if (!w->status)
        w->status = fovea__grow(&w->items, &w->capacity, w->count + 1, sizeof *w->items, "tensor names");
    if (w->status)
        return;
    fovea__name *item = &w->items[w->count++];
    *item = (fovea__name){.kind = kind, .stage = stage, .n_dims = n_dims};
    snprintf(item->name, sizeof item->name, "%s.%s", module, leaf);
    for (int i = 0; i < 4; i++)
        item->dims[i] = i < n_dims ? dims[i] : 1;
    item->trained = kind == FOVEA__NAME_CONV || kind == FOVEA__NAME_BIAS ||
                    ((!w->frozen || stage > FOVEA__STAGES) && (kind == FOVEA__NAME_GAMMA || kind == FOVEA__NAME_BETA));
}

static void put_weights(writer *w, const char *module, int stage, int out, int in, int kernel)
{
    put(w, module, "weight", FOVEA__NAME_CONV, stage, 4, (const int[4]){out, in, kernel, kernel});
}

static void put_conv(writer *w, const char *module, int stage, int out, int in, int kernel)
{
    put_weights(w, module, stage, out, in, kernel);
    put(w, module, "bias", FOVEA__NAME_BIAS, stage, 1, (const int[4]){out});
}

static void put_norm(writer *w, const char *module, int stage, int channels)
{
    const int dims[4] = {channels};
    put(w, module, "weight", FOVEA__NAME_GAMMA, stage, 1, dims);
    put(w, module, "bias", FOVEA__NAME_BETA, stage, 1, dims);
    put(w, module, "running_mean", FOVEA__NAME_MEAN, stage, 1, dims);
    put(w, module, "running_var", FOVEA__NAME_VARIANCE, stage, 1, dims);
    if (!w->frozen)
        put(w, module, "num_batches_tracked", FOVEA__NAME_BATCHES, stage, 0, dims);
}

/* Convolution `index` (1, 2, ...) of a block and its norm. */
static void put_block_conv(writer *w, const char *block, int index, int stage, int out, int in, int kernel)
{
    char module[MODULE_ROOM];
    snprintf(module, sizeof module, "%s.conv%d", block, index);
    put_weights(w, module, stage, out, in, kernel);
    snprintf(module, sizeof module, "%s.bn%d", block, index);
    put_norm(w, module, stage, out);
}

static void put_block(writer *w, const fovea__net_config *config, int stage, int index)
{
    char block[48], module[MODULE_ROOM];
    const int out = fovea__config_stage_channels(config, stage);
    const int in = index > 0 ? out : fovea__config_stage_channels(config, stage - 1);
    const int middle = config->width << (stage - 1);
    snprintf(block, sizeof block, "backbone.body.layer%d.%d", stage, index);
    if (fovea__config_bottleneck(config->depth)) {
        put_block_conv(w, block, 1, stage, middle, in, 1);
        put_block_conv(w, block, 2, stage, middle, middle, 3);
        put_block_conv(w, block, 3, stage, out, middle, 1);
    } else {
        put_block_conv(w, block, 1, stage, out, in, 3);
        put_block_conv(w, block, 2, stage, out, out, 3);
    }
    /* The shortcut is projected where the block changes size: stage 1 keeps the stem's, and its width unless the blocks
     * are bottlenecks. */
    if (index == 0 && (stage > 1 || in != out)) {
        snprintf(module, sizeof module, "%s.downsample.0", block);
        put_weights(w, module, stage, out, in, 1);
        snprintf(module, sizeof module, "%s.downsample.1", block);
        put_norm(w, module, stage, out);
    }
}

static void put_backbone(writer *w, const fovea__net_config *config)
{
    put_weights(w, "backbone.body.conv1", 0, config->width, 3, 7);
    put_norm(w, "backbone.body.bn1", 0, config->width);
    for (int stage = 1; stage <= FOVEA__STAGES; stage++)
        for (int i = 0; i < fovea__config_blocks(config->depth, stage); i++)
            put_block(w, config, stage, i);
}

static void put_fpn(writer *w, const fovea__net_config *config)
{
    char module[MODULE_ROOM];
    const int channels = config->channels;
    for (int i = 0; i < 3; i++) {
        snprintf(module, sizeof module, "backbone.fpn.inner_blocks.%d.0", i);
        put_conv(w, module, 5, channels, fovea__config_stage_channels(config, i + 2), 1);
    }
    for (int i = 0; i < 3; i++) {
        snprintf(module, sizeof module, "backbone.fpn.layer_blocks.%d.0", i);
        put_conv(w, module, 5, channels, channels, 3);
    }
    put_conv(w, "backbone.fpn.extra_blocks.p6", 5, channels, config->p6_channels, 3);
    put_conv(w, "backbone.fpn.extra_blocks.p7", 5, channels, channels, 3);
}

static void put_head(writer *w, const fovea__net_config *config, const char *head, const char *last, int outputs)
{
    char module[MODULE_ROOM];
    for (int i = 0; i < config->head_depth; i++) {
        snprintf(module, sizeof module, "head.%s.conv.%d.0", head, i);
        put_weights(w, module, 6, config->channels, config->channels, 3);
        if (config->head_norm == FOVEA_HEAD_NORM_GROUP) {
            snprintf(module, sizeof module, "head.%s.conv.%d.1", head, i);
            put(w, module, "weight", FOVEA__NAME_GAMMA, 6, 1, (const int[4]){config->channels});
        }
        put(w, module, "bias", config->head_norm ? FOVEA__NAME_BETA : FOVEA__NAME_BIAS, 6, 1,
            (const int[4]){config->channels});
    }
    snprintf(module, sizeof module, "head.%s.%s", head, last);
    put_conv(w, module, 6, outputs, config->channels, 3);
}

fovea_status fovea__names_list(fovea__name **out, size_t *count, const fovea__net_config *config)
{
    *out = NULL;
    *count = 0;
    FOVEA_TRY(fovea__config_check(config));
    writer w = {.frozen = config->norm == FOVEA_NORM_FROZEN};
    const int anchors = fovea__config_anchors(config);
    put_backbone(&w, config);
    put_fpn(&w, config);
    put_head(&w, config, "classification_head", "cls_logits", anchors * config->classes);
    put_head(&w, config, "regression_head", "bbox_reg", anchors * 4);
    if (w.status) {
        free(w.items);
        return w.status;
    }
    *out = w.items;
    *count = w.count;
    return FOVEA_OK;
}

const fovea__name *fovea__names_find(const fovea__name *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(list[i].name, name))
            return &list[i];
    return NULL;
}

static bool begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

static bool is_bare_backbone(const char *name)
{
    return begins(name, "conv1.") || begins(name, "bn1.") || begins(name, "layer1.") || begins(name, "layer2.") ||
           begins(name, "layer3.") || begins(name, "layer4.");
}

/* Reads "<before><number>.<leaf>" with leaf "weight" or "bias". */
static bool split_numbered(const char *name, const char *before, int *number, const char **leaf)
{
    if (!begins(name, before))
        return false;
    const char *digits = name + strlen(before);
    const size_t n = strspn(digits, "0123456789");
    if (n < 1 || n > 3 || digits[n] != '.')
        return false;
    *number = atoi(digits);
    *leaf = digits + n + 1;
    return !strcmp(*leaf, "weight") || !strcmp(*leaf, "bias");
}

bool fovea__names_canonical(const char *name, char *out, size_t room)
{
    /* Older torchvision had no sequence around each convolution; in the heads the ReLUs between them were counted. */
    static const struct {
        const char *before;
        int step;
    } older[] = {
        {"backbone.fpn.inner_blocks.", 1},
        {"backbone.fpn.layer_blocks.", 1},
        {"head.classification_head.conv.", 2},
        {"head.regression_head.conv.", 2},
    };
    int number, length = -1;
    const char *leaf;
    for (size_t i = 0; i < sizeof older / sizeof older[0] && length < 0; i++)
        if (split_numbered(name, older[i].before, &number, &leaf) && number % older[i].step == 0)
            length = snprintf(out, room, "%s%d.0.%s", older[i].before, number / older[i].step, leaf);
    if (length < 0 && is_bare_backbone(name))
        length = snprintf(out, room, "backbone.body.%s", name);
    else if (length < 0 && (begins(name, "backbone.") || begins(name, "head.")))
        length = snprintf(out, room, "%s", name);
    return length >= 0 && (size_t)length < room;
}
