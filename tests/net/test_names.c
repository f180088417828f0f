/* Names and shapes of a network's tensors against torchvision's state_dict (tests/golden/make_golden.py wrote the lists),
 * and configurations read back off them. */
#include "names.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int depth;
    fovea_head_norm head_norm; /* group: torchvision's v2 */
    const char *list;
    size_t learned; /* tensors, where batch norm is frozen: convolutions, biases, group norm */
} networks[] = {
    {18, FOVEA_HEAD_NORM_NONE, "names_resnet18.txt", 20 + 2 * 18},
    {34, FOVEA_HEAD_NORM_NONE, "names_resnet34.txt", 36 + 2 * 18},
    {50, FOVEA_HEAD_NORM_NONE, "names_resnet50.txt", 53 + 2 * 18},
    {101, FOVEA_HEAD_NORM_NONE, "names_resnet101.txt", 104 + 2 * 18},
    {18, FOVEA_HEAD_NORM_GROUP, "names_resnet18_v2.txt", 20 + 2 * 10 + 3 * 8},
};

static fovea__net_config make_config(int depth, fovea_norm norm)
{
    return (fovea__net_config){.depth = depth, .width = 64, .channels = 256, .head_depth = 4, .anchor_scales = 3,
                               .anchor_ratios = 3, .classes = 5, .p6_channels = 256,
                               .profile = FOVEA_PROFILE_TORCHVISION, .norm = norm, .norm_epsilon = 1e-5f,
                               .prior = 0.01f, .size = 600, .max_size = 1000};
}

static fovea__net_config make_network(int row, fovea_norm norm)
{
    fovea__net_config config = make_config(networks[row].depth, norm);
    config.head_norm = networks[row].head_norm;
    if (config.head_norm == FOVEA_HEAD_NORM_GROUP)
        config.p6_channels = fovea__config_stage_channels(&config, FOVEA__STAGES);
    return config;
}

START_TEST(names__are_those_of_torchvision)
{
    const fovea__net_config config = make_network(_i, FOVEA_NORM_TRAINING);
    fovea__name *list;
    size_t count, line = 0;
    char want[256], got[256], shape[96];
    support_ok(fovea__names_list(&list, &count, &config));
    FILE *file = fopen(support_test_file(networks[_i].list), "r");
    ck_assert_ptr_nonnull(file);
    for (; fgets(want, sizeof want, file); line++) {
        ck_assert_msg(line < count, "the list ends after %zu names; torchvision goes on with %s", count, want);
        fovea__names_shape_text(shape, sizeof shape, list[line].n_dims, list[line].dims);
        snprintf(got, sizeof got, "%s %s\n", list[line].name, shape);
        ck_assert_str_eq(got, want);
    }
    ck_assert_uint_eq(line, count);
    fclose(file);
    free(list);
}
END_TEST

/* FrozenBatchNorm2d counts no batches and trains nothing. */
START_TEST(names__of_frozen_norm_count_no_batches)
{
    const fovea__net_config trained = make_network(_i, FOVEA_NORM_TRAINING);
    const fovea__net_config frozen = make_network(_i, FOVEA_NORM_FROZEN);
    fovea__name *all, *some;
    size_t n_all, n_some, at = 0, learned = 0;
    support_ok(fovea__names_list(&all, &n_all, &trained));
    support_ok(fovea__names_list(&some, &n_some, &frozen));
    for (size_t i = 0; i < n_all; i++) {
        const bool norm = all[i].kind == FOVEA__NAME_GAMMA || all[i].kind == FOVEA__NAME_BETA;
        if (all[i].kind == FOVEA__NAME_BATCHES)
            continue;
        ck_assert_uint_lt(at, n_some);
        ck_assert_str_eq(some[at].name, all[i].name);
        ck_assert_int_eq(all[i].trained, norm || all[i].kind == FOVEA__NAME_CONV || all[i].kind == FOVEA__NAME_BIAS);
        ck_assert_int_eq(some[at].trained, all[i].trained && (!norm || all[i].stage > FOVEA__STAGES));
        learned += some[at].trained;
        at++;
    }
    ck_assert_uint_eq(at, n_some);
    ck_assert_uint_eq(learned, networks[_i].learned);
    free(all);
    free(some);
}
END_TEST

static const struct {
    const char *name, *canonical; /* NULL: no tensor of a detector */
} aliases[] = {
    {"conv1.weight", "backbone.body.conv1.weight"},
    {"bn1.running_var", "backbone.body.bn1.running_var"},
    {"layer4.0.downsample.1.bias", "backbone.body.layer4.0.downsample.1.bias"},
    {"backbone.body.layer1.0.conv1.weight", "backbone.body.layer1.0.conv1.weight"},
    {"backbone.fpn.inner_blocks.0.weight", "backbone.fpn.inner_blocks.0.0.weight"},
    {"backbone.fpn.layer_blocks.2.bias", "backbone.fpn.layer_blocks.2.0.bias"},
    {"backbone.fpn.layer_blocks.2.0.bias", "backbone.fpn.layer_blocks.2.0.bias"},
    {"head.classification_head.conv.0.weight", "head.classification_head.conv.0.0.weight"},
    {"head.classification_head.conv.6.bias", "head.classification_head.conv.3.0.bias"},
    {"head.regression_head.conv.2.weight", "head.regression_head.conv.1.0.weight"},
    {"head.regression_head.conv.1.0.weight", "head.regression_head.conv.1.0.weight"},
    {"head.regression_head.conv.1.weight", "head.regression_head.conv.1.weight"}, /* no layer was ever called so */
    {"fc.weight", NULL},
    {"optimizer.backbone.body.conv1.weight", NULL},
    {"", NULL},
    {"layer5.0.conv1.weight", NULL},
    {"head.a_name_that_is_longer_than_any_tensor_of_a_detector_has_and_so_is_none_of_its_tensors_whatever_it_says",
     NULL},
};

START_TEST(names__of_older_files_and_backbones_are_known)
{
    char out[FOVEA__NAME_ROOM] = "";
    const bool known = fovea__names_canonical(aliases[_i].name, out, sizeof out);
    ck_assert_msg(known == (aliases[_i].canonical != NULL), "%s -> %s", aliases[_i].name, known ? out : "unknown");
    if (known)
        ck_assert_str_eq(out, aliases[_i].canonical);
}
END_TEST

/* A file's tensors, to be changed by a test. */
typedef struct declared {
    fovea__name *list;
    fovea__named_shape *shapes;
    size_t count;
} declared;

static declared declare(const fovea__net_config *config)
{
    declared file;
    support_ok(fovea__names_list(&file.list, &file.count, config));
    file.shapes = calloc(file.count + 1, sizeof *file.shapes); /* room for one more */
    ck_assert_ptr_nonnull(file.shapes);
    for (size_t i = 0; i < file.count; i++) {
        file.shapes[i].name = file.list[i].name;
        file.shapes[i].n_dims = file.list[i].n_dims;
        memcpy(file.shapes[i].dims, file.list[i].dims, sizeof file.list[i].dims);
    }
    return file;
}

static void forget(declared *file)
{
    free(file->list);
    free(file->shapes);
}

static fovea__named_shape *declared_as(declared *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (!strcmp(file->shapes[i].name, name))
            return &file->shapes[i];
    ck_abort_msg("%s is not declared", name);
    return NULL;
}

/* What a caller knows before it reads the file. */
static fovea__net_config make_unread(void)
{
    return (fovea__net_config){.profile = FOVEA_PROFILE_TORCHVISION, .norm = FOVEA_NORM_FROZEN, .norm_epsilon = 1e-5f,
                               .prior = 0.01f, .size = 600, .max_size = 1000};
}

static const struct {
    int depth, width, channels, head_depth, scales, ratios, classes;
    bool p6_from_c5;
    fovea_norm norm;
    fovea_head_norm head_norm;
} shapes[] = {
    {18, 64, 256, 4, 3, 3, 5, false, FOVEA_NORM_FROZEN, FOVEA_HEAD_NORM_NONE},
    {34, 64, 256, 4, 3, 3, 91, true, FOVEA_NORM_TRAINING, FOVEA_HEAD_NORM_NONE},
    {50, 64, 256, 4, 3, 3, 91, true, FOVEA_NORM_FROZEN, FOVEA_HEAD_NORM_NONE},
    {101, 64, 256, 4, 3, 3, 81, false, FOVEA_NORM_TRAINING, FOVEA_HEAD_NORM_NONE},
    {18, 16, 64, 2, 1, 3, 4, true, FOVEA_NORM_TRAINING, FOVEA_HEAD_NORM_NONE},
    {18, 8, 7, 1, 1, 1, 1, false, FOVEA_NORM_FROZEN, FOVEA_HEAD_NORM_NONE},
    {18, 8, 64, 16, 2, 1, 2, false, FOVEA_NORM_FROZEN, FOVEA_HEAD_NORM_NONE},
    {50, 24, 48, 3, 4, 1, 3, true, FOVEA_NORM_FROZEN, FOVEA_HEAD_NORM_NONE},
    {34, 1024, 4096, 1, 4, 3, 7, true, FOVEA_NORM_FROZEN, FOVEA_HEAD_NORM_NONE},
    {18, 8, 8, 4, 2, 3, 1203, false, FOVEA_NORM_TRAINING, FOVEA_HEAD_NORM_NONE},
    {50, 64, 256, 4, 3, 3, 91, true, FOVEA_NORM_TRAINING, FOVEA_HEAD_NORM_GROUP},
    {18, 8, 32, 1, 1, 3, 2, false, FOVEA_NORM_FROZEN, FOVEA_HEAD_NORM_GROUP},
};

START_TEST(names__tell_the_configuration)
{
    fovea__net_config want = make_config(shapes[_i].depth, shapes[_i].norm), got = make_unread();
    want.width = shapes[_i].width;
    want.channels = shapes[_i].channels;
    want.head_depth = shapes[_i].head_depth;
    want.anchor_scales = shapes[_i].scales;
    want.anchor_ratios = shapes[_i].ratios;
    want.classes = shapes[_i].classes;
    want.head_norm = shapes[_i].head_norm;
    want.p6_channels = shapes[_i].p6_from_c5 ? fovea__config_stage_channels(&want, 4) : want.channels;
    declared file = declare(&want);
    for (size_t i = 0; i < file.count / 2; i++) { /* a file may hold them in any order */
        const fovea__named_shape kept = file.shapes[i];
        file.shapes[i] = file.shapes[file.count - 1 - i];
        file.shapes[file.count - 1 - i] = kept;
    }
    support_ok(fovea__names_configure(&got, file.shapes, file.count));
    ck_assert_int_eq(got.depth, want.depth);
    ck_assert_int_eq(got.width, want.width);
    ck_assert_int_eq(got.channels, want.channels);
    ck_assert_int_eq(got.head_depth, want.head_depth);
    ck_assert_int_eq(got.head_norm, want.head_norm);
    ck_assert_int_eq(got.anchor_scales, want.anchor_scales);
    ck_assert_int_eq(got.anchor_ratios, want.anchor_ratios);
    ck_assert_int_eq(got.classes, want.classes);
    ck_assert_int_eq(got.p6_channels, want.p6_channels);
    ck_assert_int_eq(got.norm, FOVEA_NORM_FROZEN); /* left to the caller */
    forget(&file);
}
END_TEST

/* Three anchors a cell are one scale of three ratios, unless the caller (its file's metadata) says otherwise. */
START_TEST(names__leave_the_anchors_that_fit)
{
    fovea__net_config want = make_config(18, FOVEA_NORM_FROZEN), got = make_unread();
    want.anchor_scales = 3;
    want.anchor_ratios = 1;
    declared file = declare(&want);
    support_ok(fovea__names_configure(&got, file.shapes, file.count));
    ck_assert_int_eq(got.anchor_scales, 1);
    ck_assert_int_eq(got.anchor_ratios, 3);
    got.anchor_scales = 3;
    got.anchor_ratios = 1;
    support_ok(fovea__names_configure(&got, file.shapes, file.count));
    ck_assert_int_eq(got.anchor_scales, 3);
    ck_assert_int_eq(got.anchor_ratios, 1);
    forget(&file);
}
END_TEST

/* Each row spoils one declaration of a good file. */
enum spoil { MISSING, SHAPE, DIMENSIONS, RENAMED };
static const struct {
    enum spoil how;
    const char *name, *renamed;
    int dim, size;
    const char *says;
} spoiled[] = {
    {MISSING, "backbone.body.conv1.weight", NULL, 0, 0, "backbone.body.conv1.weight is missing"},
    {MISSING, "backbone.body.layer3.1.bn2.running_var", NULL, 0, 0,
     "backbone.body.layer3.1.bn2.running_var is missing; expected shape [256]"},
    {MISSING, "backbone.body.layer4.0.conv1.weight", NULL, 0, 0,
     "backbone.body.layer4.0.conv1.weight is missing; expected shape [512, 256, 3, 3]"},
    {MISSING, "backbone.body.layer4.1.conv1.weight", NULL, 0, 0, "layer1 to layer4 have 2, 2, 2, 1 basic blocks"},
    {MISSING, "backbone.fpn.extra_blocks.p6.weight", NULL, 0, 0, "backbone.fpn.extra_blocks.p6.weight is missing"},
    {MISSING, "head.classification_head.conv.2.0.weight", NULL, 0, 0,
     "head.classification_head.conv.2.0.weight is missing; expected shape [256, 256, 3, 3]"},
    {MISSING, "head.regression_head.bbox_reg.bias", NULL, 0, 0, "bbox_reg.bias is missing; expected shape [36]"},
    {SHAPE, "backbone.body.layer2.0.conv2.weight", NULL, 1, 64,
     "backbone.body.layer2.0.conv2.weight has shape [128, 64, 3, 3]; expected [128, 128, 3, 3]"},
    {SHAPE, "backbone.body.conv1.weight", NULL, 0, 60, "width is 60"},
    {SHAPE, "backbone.body.conv1.weight", NULL, 0, 0, "backbone.body.conv1.weight has shape [0, 3, 7, 7]"},
    {SHAPE, "backbone.body.conv1.weight", NULL, 1, 1, "has shape [64, 1, 7, 7]; expected [64, 3, 7, 7]"},
    {SHAPE, "backbone.fpn.extra_blocks.p6.weight", NULL, 1, 300, "p6_channels is 300"},
    {SHAPE, "head.regression_head.bbox_reg.weight", NULL, 0, 38, "has 38 outputs; expected 4 for each of 1 to 12"},
    {SHAPE, "head.regression_head.bbox_reg.weight", NULL, 0, 40, "has 45 outputs; expected a multiple of the 10"},
    {SHAPE, "head.regression_head.bbox_reg.weight", NULL, 0, 3, "has 3 outputs"},
    {SHAPE, "head.regression_head.bbox_reg.weight", NULL, 0, 20, "makes 5 anchors a cell; expected 1 to 4 scales"},
    {DIMENSIONS, "backbone.body.bn1.weight", NULL, 0, 2, "backbone.body.bn1.weight has shape [64, 1]; expected [64]"},
    {DIMENSIONS, "backbone.body.conv1.weight", NULL, 0, 5, "has shape [64, 3, 7, 7, ...]; expected a convolution's"},
    {RENAMED, "backbone.body.bn1.bias", "backbone.body.bn1.weight", 0, 0, "bn1.bias is missing"},
    {RENAMED, "backbone.body.bn1.bias", "bn1.bias", 0, 0, ""}, /* the same tensor: no failure */
};

START_TEST(names__say_what_is_wrong_with_a_file)
{
    const fovea__net_config config = make_config(18, FOVEA_NORM_FROZEN);
    const fovea__net_config before = make_unread();
    fovea__net_config got = before;
    declared file = declare(&config);
    fovea__named_shape *at = declared_as(&file, spoiled[_i].name);
    switch (spoiled[_i].how) {
    case MISSING: *at = file.shapes[--file.count]; break;
    case SHAPE: at->dims[spoiled[_i].dim] = spoiled[_i].size; break;
    case DIMENSIONS: at->n_dims = spoiled[_i].size; break;
    case RENAMED: at->name = spoiled[_i].renamed; break;
    }
    if (spoiled[_i].says[0]) {
        support_fails(fovea__names_configure(&got, file.shapes, file.count), FOVEA_ERROR_FORMAT, spoiled[_i].says);
        ck_assert_msg(memcmp(&got, &before, sizeof got) == 0, "a failure changed the configuration");
    } else {
        support_ok(fovea__names_configure(&got, file.shapes, file.count));
    }
    forget(&file);
}
END_TEST

/* A detector with more to it than ours computes something else: it is refused, not loaded in part. */
static const struct {
    const char *name, *says;
} strangers[] = {
    {"head.classification_head.conv.0.1.weight", "head.classification_head.conv.0.1.weight has shape [8]; expected [256]"},
    {"head.regression_head.conv.0.1.weight", "head.regression_head.conv.0.1.weight is none of a ResNet-18"},
    {"backbone.body.layer1.0.se.fc1.weight", "backbone.body.layer1.0.se.fc1.weight is none of"},
    {"conv1.weight", "are the same one"},
    {"conv1.bias", "conv1.bias is none of"},
    {"fc.weight", ""},
    {"optimizer.head.regression_head.bbox_reg.bias", ""},
    {"backbone.body.bn1.num_batches_tracked", ""},
};

START_TEST(names__refuse_what_they_do_not_know)
{
    const fovea__net_config config = make_config(18, FOVEA_NORM_FROZEN);
    fovea__net_config got = make_unread();
    declared file = declare(&config);
    file.shapes[file.count++] = (fovea__named_shape){.name = strangers[_i].name, .n_dims = 1, .dims = {8, 1, 1, 1}};
    if (strangers[_i].says[0])
        support_fails(fovea__names_configure(&got, file.shapes, file.count), FOVEA_ERROR_FORMAT, strangers[_i].says);
    else
        support_ok(fovea__names_configure(&got, file.shapes, file.count));
    forget(&file);
}
END_TEST

START_TEST(names__of_no_file_are_refused)
{
    fovea__net_config got = make_unread();
    support_fails(fovea__names_configure(&got, NULL, 0), FOVEA_ERROR_FORMAT, "have 0, 0, 0, 0 basic blocks");
}
END_TEST

/* One field out of range a row. */
static const struct {
    size_t field;
    int value;
    const char *says;
} refused[] = {
    {offsetof(fovea__net_config, depth), 20, "depth is 20; expected 18, 34, 50 or 101"},
    {offsetof(fovea__net_config, width), 12, "width is 12; expected a multiple of 8"},
    {offsetof(fovea__net_config, width), 0, "width is 0"},
    {offsetof(fovea__net_config, channels), 0, "channels is 0"},
    {offsetof(fovea__net_config, head_depth), 0, "head_depth is 0"},
    {offsetof(fovea__net_config, head_depth), 17, "head_depth is 17"},
    {offsetof(fovea__net_config, anchor_scales), 5, "anchor_scales is 5"},
    {offsetof(fovea__net_config, anchor_ratios), 2, "anchor_ratios is 2; expected 1 or 3"},
    {offsetof(fovea__net_config, classes), 0, "classes is 0"},
    {offsetof(fovea__net_config, p6_channels), 257, "p6_channels is 257; expected 256 (P5's) or 512 (C5's)"},
    {offsetof(fovea__net_config, profile), FOVEA_PROFILE_DEFAULT, "profile is 0"},
    {offsetof(fovea__net_config, norm), FOVEA_NORM_DEFAULT, "norm is 0"},
    {offsetof(fovea__net_config, head_norm), 2, "head_norm is 2; expected none or group"},
    {offsetof(fovea__net_config, size), 0, "size is 0"},
    {offsetof(fovea__net_config, max_size), -1, "max_size is -1"},
};

START_TEST(names__check_the_configuration)
{
    fovea__net_config config = make_config(18, FOVEA_NORM_FROZEN);
    fovea__name *list;
    size_t count;
    memcpy((char *)&config + refused[_i].field, &refused[_i].value, sizeof refused[_i].value);
    support_fails(fovea__names_list(&list, &count, &config), FOVEA_ERROR_ARGUMENT, refused[_i].says);
    ck_assert_ptr_null(list);
    ck_assert_uint_eq(count, 0);
}
END_TEST

/* The paper makes P6 from C5; torchvision's rule is P5 wherever the widths allow it. */
START_TEST(names__say_what_p6_is_made_from)
{
    fovea__net_config config = make_config(18, FOVEA_NORM_FROZEN);
    ck_assert(fovea__config_p6_from_p5(&config));
    config.p6_channels = 512;
    ck_assert(!fovea__config_p6_from_p5(&config));
    config.channels = 512;
    ck_assert(fovea__config_p6_from_p5(&config));
    config.profile = FOVEA_PROFILE_PAPER;
    ck_assert(!fovea__config_p6_from_p5(&config));
    config.channels = config.p6_channels = 256;
    ck_assert(fovea__config_p6_from_p5(&config));
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = names__are_those_of_torchvision, .rows = COUNT(networks)},
        {.test = names__of_frozen_norm_count_no_batches, .rows = COUNT(networks)},
        {.test = names__of_older_files_and_backbones_are_known, .rows = COUNT(aliases)},
        {.test = names__tell_the_configuration, .rows = COUNT(shapes)},
        {.test = names__leave_the_anchors_that_fit},
        {.test = names__say_what_is_wrong_with_a_file, .rows = COUNT(spoiled)},
        {.test = names__refuse_what_they_do_not_know, .rows = COUNT(strangers)},
        {.test = names__of_no_file_are_refused},
        {.test = names__check_the_configuration, .rows = COUNT(refused)},
        {.test = names__say_what_p6_is_made_from},
    };
    return support_run("names", cases, COUNT(cases));
}
