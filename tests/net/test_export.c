/* ONNX files, read back by their format's rules: a graph that holds together, weights that are the model's, options
 * where they belong. What they compute is held to onnxruntime's by tests/e2e/test_onnxruntime.sh. */
#include "drawn.h"
#include "onnx_reader.h"

#include "anchors.h"
#include "hash.h"
#include "model.h"
#include "onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- models ---------------------------------------------------------------------------------------------------- */

/* Every tensor random and none trivial; variances above 0. */
static void fill(const fovea__name *name, const void *context, float *values, size_t count)
{
    (void)context;
    const uint64_t seed = fovea__hash(FOVEA__HASH_EMPTY, name->name, strlen(name->name));
    support_random_uniform(values, count, seed, name->kind == FOVEA__NAME_VARIANCE ? 0.5f : -1.0f, 2.0f);
}

static fovea_model *make_model(fovea_norm norm, fovea_profile profile)
{
    fovea_model *model = drawn_model(norm, profile, 5);
    support_ok(fovea__parameters_fill(model->parameters, fill, NULL));
    return model;
}

static float *values_of(const fovea_model *model, const char *name)
{
    const fovea__parameter *parameter = fovea__parameters_find(model->parameters, name);
    ck_assert_msg(parameter != NULL, "the model has no %s", name);
    float *values = calloc(fovea__parameter_elements(parameter), sizeof *values);
    ck_assert_ptr_nonnull(values);
    support_ok(fovea__parameter_read(model->parameters, parameter, values));
    return values;
}

static onnx_model *export(const fovea_model *model, const fovea_export_options *options)
{
    const char *path = support_scratch_file("a.onnx");
    support_ok(fovea_model_export(model, path, options));
    support_alone(path);
    return onnx_read(path);
}

/* ---- the graph ------------------------------------------------------------------------------------------------- */

static void check_end(const onnx_tensor *end, const char *name, int type, int n_dims, const int64_t *dims)
{
    ck_assert_str_eq(end->name, name);
    ck_assert_int_eq(end->type, type);
    ck_assert_int_eq(end->n_dims, n_dims);
    ck_assert_mem_eq(end->dims, dims, (size_t)n_dims * sizeof *dims);
}

static int count_ops(const onnx_model *model, const char *op)
{
    int count = 0;
    for (int i = 0; i < model->n_nodes; i++)
        count += strcmp(model->nodes[i].op, op) == 0;
    return count;
}

static void check_head(const onnx_model *model, const char *profile)
{
    static const char *const keys[] = {"fovea.profile", "fovea.classes", "fovea.config"};
    ck_assert_int_eq(model->ir, FOVEA__ONNX_IR);
    ck_assert_int_eq(model->opset, FOVEA__ONNX_OPSET);
    ck_assert_str_eq(model->producer, "fovea");
    ck_assert_int_eq(model->n_metadata, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(model->metadata[i].key, keys[i]);
    ck_assert_str_eq(model->metadata[0].value, profile);
    ck_assert_str_eq(model->metadata[1].value, "[{\"id\":4,\"name\":\"dark\"},{\"id\":9,\"name\":\"bright\"}]");
    ck_assert(support_has(model->metadata[2].value, "\"anchor_scales\":3"));
}

static const struct {
    fovea_norm norm;
    fovea_profile profile;
    const char *name;
} kinds[] = {
    {FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, "paper"},
    {FOVEA_NORM_TRAINING, FOVEA_PROFILE_TORCHVISION, "torchvision"},
};

START_TEST(export__graphs_hold_together)
{
    fovea_model *model = make_model(kinds[_i].norm, kinds[_i].profile);
    onnx_model *file = export(model, NULL);
    check_head(file, kinds[_i].name);
    onnx_check(file);
    ck_assert_int_eq(file->n_inputs, 1);
    ck_assert_int_eq(file->n_outputs, 3);
    check_end(&file->inputs[0], "image", FOVEA__ONNX_UINT8, 3, (const int64_t[]){-1, -1, 3});
    check_end(&file->outputs[0], "boxes", FOVEA__ONNX_FLOAT, 2, (const int64_t[]){-1, 4});
    check_end(&file->outputs[1], "scores", FOVEA__ONNX_FLOAT, 1, (const int64_t[]){-1});
    check_end(&file->outputs[2], "labels", FOVEA__ONNX_INT64, 1, (const int64_t[]){-1});
    /* ResNet-18 has 20 convolutions, the pyramid 8, the two heads two each, at five levels. */
    ck_assert_int_eq(count_ops(file, "Conv"), 20 + 8 + 5 * 4);
    int weights = 0;
    for (int i = 0; i < file->n_tensors; i++)
        weights += file->tensors[i].n_dims == 4;
    ck_assert_int_eq(weights, 20 + 8 + 4);
    onnx_free(file);

    file = export(model, &(fovea_export_options){.raw = true});
    check_head(file, kinds[_i].name);
    onnx_check(file);
    ck_assert_int_eq(file->n_outputs, 3);
    check_end(&file->inputs[0], "pixels", FOVEA__ONNX_FLOAT, 4, (const int64_t[]){-1, 3, -1, -1});
    check_end(&file->outputs[0], "logits", FOVEA__ONNX_FLOAT, 3, (const int64_t[]){-1, -1, model->config.classes});
    check_end(&file->outputs[1], "codes", FOVEA__ONNX_FLOAT, 3, (const int64_t[]){-1, -1, 4});
    check_end(&file->outputs[2], "anchors", FOVEA__ONNX_FLOAT, 2, (const int64_t[]){-1, 4});
    ck_assert_ptr_null(onnx_node_of(file, "NonMaxSuppression"));
    onnx_free(file);
    fovea_model_free(model);
}
END_TEST

/* What nodes and tensors are called, and what goes into what. */
static uint64_t hash_of_names(const onnx_model *file)
{
    uint64_t hash = FOVEA__HASH_EMPTY;
    for (int i = 0; i < file->n_nodes; i++) {
        const onnx_node *node = &file->nodes[i];
        hash = fovea__hash(hash, node->op, strlen(node->op) + 1);
        for (int k = 0; k < node->n_inputs; k++)
            hash = fovea__hash(hash, node->inputs[k], strlen(node->inputs[k]) + 1);
        for (int k = 0; k < node->n_outputs; k++)
            hash = fovea__hash(hash, node->outputs[k], strlen(node->outputs[k]) + 1);
    }
    for (int i = 0; i < file->n_tensors; i++)
        hash = fovea__hash(hash, file->tensors[i].name, strlen(file->tensors[i].name) + 1);
    return hash;
}

/* Values are numbered as they are made. Of a call's arguments that make values a compiler may take any first: these
 * hashes, the same by gcc and clang, hold the graph to one order. Whoever changes the graph puts the new ones here,
 * having seen both compilers agree. */
START_TEST(export__names_do_not_depend_on_the_compiler)
{
    static const uint64_t want[COUNT(kinds)][2] = {{0x93db03f978d88d00, 0x16813491e9e4b983},
                                                 {0xcff0304b0b27b3ef, 0x0d7bae04408f26e5}};
    fovea_model *model = make_model(kinds[_i].norm, kinds[_i].profile);
    for (int raw = 0; raw < 2; raw++) {
        onnx_model *file = export(model, &(fovea_export_options){.raw = raw});
        const uint64_t hash = hash_of_names(file);
        onnx_free(file);
        ck_assert_msg(hash == want[_i][raw], "%s, raw %d: 0x%016llx", kinds[_i].name, raw, (unsigned long long)hash);
    }
    fovea_model_free(model);
}
END_TEST

/* ---- weights and constants ------------------------------------------------------------------------------------- */

static const float *floats_of(const onnx_model *file, const char *name, size_t count)
{
    const onnx_tensor *tensor = onnx_tensor_named(file, name);
    ck_assert_msg(tensor && tensor->type == FOVEA__ONNX_FLOAT && tensor->size_bytes == 4 * count, "%s is not there",
                  name);
    float *values = malloc(4 * count);
    ck_assert_ptr_nonnull(values);
    memcpy(values, tensor->data, 4 * count);
    return values;
}

/* Of a convolution with a norm behind it: what float64 makes of both, rounded. */
static void check_folded(const fovea_model *model, const onnx_model *file, const char *conv, const char *norm,
                         size_t channels, size_t each)
{
    static const char *const parts[4] = {"weight", "bias", "running_mean", "running_var"};
    char name[FOVEA__NAME_ROOM];
    float *of_norm[4];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s.%s", norm, parts[i]);
        of_norm[i] = values_of(model, name);
    }
    snprintf(name, sizeof name, "%s.bias", conv);
    const float *bias = floats_of(file, name, channels);
    snprintf(name, sizeof name, "%s.weight", conv);
    const float *weights = floats_of(file, name, channels * each);
    float *plain = values_of(model, name);
    for (size_t c = 0; c < channels; c++) {
        const double factor = of_norm[0][c] / sqrt((double)of_norm[3][c] + (double)model->config.norm_epsilon);
        ck_assert_float_eq(bias[c], (float)(of_norm[1][c] - of_norm[2][c] * factor));
        for (size_t i = c * each; i < (c + 1) * each; i++)
            ck_assert_float_eq(weights[i], (float)(plain[i] * factor));
    }
    for (int i = 0; i < 4; i++)
        free(of_norm[i]);
    free(plain);
    free((void *)bias);
    free((void *)weights);
}

static void check_same(const fovea_model *model, const onnx_model *file, const char *name, size_t count)
{
    const float *got = floats_of(file, name, count);
    float *want = values_of(model, name);
    ck_assert_mem_eq(got, want, 4 * count);
    free((void *)got);
    free(want);
}

static void check_weights(const fovea_model *model, const onnx_model *file)
{
    check_folded(model, file, "backbone.body.conv1", "backbone.body.bn1", 8, 3 * 49);
    check_folded(model, file, "backbone.body.layer2.0.downsample.0", "backbone.body.layer2.0.downsample.1", 16, 8);
    check_same(model, file, "backbone.fpn.inner_blocks.2.0.weight", 16 * 64);
    check_same(model, file, "backbone.fpn.inner_blocks.2.0.bias", 16);
    check_same(model, file, "head.classification_head.conv.0.0.weight", 16 * 16 * 9);
    check_same(model, file, "head.regression_head.bbox_reg.bias", 36);
}

START_TEST(export__weights_are_the_models)
{
    fovea_model *model = make_model(kinds[_i].norm, kinds[_i].profile), *loaded = NULL;
    onnx_model *file = export(model, NULL);
    check_weights(model, file);
    onnx_free(file);
    /* A model that was loaded has its convolutions in the file still, and gives the same bytes. */
    support_ok(fovea_model_save(model, support_scratch_file("a.safetensors")));
    support_ok(fovea_model_load(&loaded, support_device(), support_scratch_file("a.safetensors"), NULL));
    support_ok(fovea_model_export(loaded, support_scratch_file("b.onnx"), NULL));
    ck_assert(drawn_same_files(support_scratch_file("a.onnx"), support_scratch_file("b.onnx")));
    fovea_model_free(loaded);
    fovea_model_free(model);
}
END_TEST

/* Every level's maps go through the norms of their head, each of which stands in the file once. */
START_TEST(export__group_norm_in_the_heads)
{
    const fovea_model_options options = {.depth = 18, .width = 8, .channels = 32, .head_depth = 2,
                                         .head_norm = FOVEA_HEAD_NORM_GROUP};
    fovea_model *model = NULL;
    support_ok(fovea_model_create(&model, support_device(), 1, (const char *const[]){"cell"}, &options));
    support_ok(fovea__parameters_fill(model->parameters, fill, NULL));
    onnx_model *file = export(model, NULL);
    onnx_check(file);
    ck_assert_int_eq(count_ops(file, "InstanceNormalization"), 5 * 2 * 2);
    check_same(model, file, "head.classification_head.conv.1.1.weight", 32);
    check_same(model, file, "head.regression_head.conv.0.1.bias", 32);
    onnx_free(file);
    fovea_model_free(model);
}
END_TEST

/* The anchors of a cell of each level, as the tables in the file. */
START_TEST(export__anchors_are_the_profiles)
{
    fovea_model *model = make_model(kinds[_i].norm, kinds[_i].profile);
    onnx_model *file = export(model, NULL);
    const fovea__anchors anchors = {.profile = kinds[_i].profile, .scales = 3, .ratios = 3};
    int level = 0;
    for (int i = 0; i < file->n_tensors; i++) {
        const onnx_tensor *tensor = &file->tensors[i];
        float boxes[FOVEA__MAX_ANCHORS][4];
        if (tensor->type != FOVEA__ONNX_FLOAT || tensor->n_dims != 2)
            continue;
        fovea__anchors_cell(&anchors, level++, boxes);
        ck_assert_uint_eq(tensor->size_bytes, 9 * sizeof boxes[0]);
        ck_assert_mem_eq(tensor->data, boxes, tensor->size_bytes);
    }
    ck_assert_int_eq(level, FOVEA__LEVELS);
    onnx_free(file);
    fovea_model_free(model);
}
END_TEST

static void check_limits(const onnx_model *file, int64_t most, float overlap, float score)
{
    const onnx_node *node = onnx_node_of(file, "NonMaxSuppression");
    ck_assert(node && node->n_inputs == 5);
    ck_assert_mem_eq(onnx_tensor_named(file, node->inputs[2])->data, &most, sizeof most);
    ck_assert_mem_eq(onnx_tensor_named(file, node->inputs[3])->data, &overlap, sizeof overlap);
    ck_assert_mem_eq(onnx_tensor_named(file, node->inputs[4])->data, &score, sizeof score);
}

START_TEST(export__options_are_fixed_in_the_file)
{
    fovea_model *model = make_model(kinds[_i].norm, kinds[_i].profile);
    onnx_model *file = export(model, NULL);
    check_limits(file, kinds[_i].profile == FOVEA_PROFILE_PAPER ? 100 : 300, 0.5f, 0.05f);
    onnx_free(file);
    file = export(model, &(fovea_export_options){{.min_score = -1, .max_overlap = 0.25f, .max_detections = 7}, false});
    check_limits(file, 7, 0.25f, 0);
    onnx_free(file);
    fovea_model_free(model);
}
END_TEST

/* ---- failures -------------------------------------------------------------------------------------------------- */

START_TEST(export__refuses_what_cannot_be)
{
    fovea_model *model = make_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER);
    const char *path = support_scratch_file("none.onnx");
    support_fails(fovea_model_export(NULL, path, NULL), FOVEA_ERROR_ARGUMENT, "NULL");
    support_fails(fovea_model_export(model, NULL, NULL), FOVEA_ERROR_ARGUMENT, "NULL");
    support_fails(fovea_model_export(model, path, &(fovea_export_options){{.min_score = 2}, false}),
                  FOVEA_ERROR_ARGUMENT, "min_score is 2");
    ck_assert_int_ne(access(path, F_OK), 0);
    path = support_scratch_file("no/folder.onnx");
    support_fails(fovea_model_export(model, path, NULL), FOVEA_ERROR_IO, "folder.onnx");
    fovea_model_free(model);
}
END_TEST

START_TEST(export__refuses_two_gigabytes)
{
    const char *path = support_scratch_file("large.onnx");
    const int64_t dims[2] = {1 << 15, 1 << 14}; /* of floats: 2^31 bytes */
    fovea__onnx graph = {.scope = "large"};
    ck_assert_int_ne(fovea__onnx_weights(&graph, "weights", 2, dims, 0, 0), 0);
    const fovea__onnx_file file = {.description = "large"};
    support_fails(fovea__onnx_write(&graph, path, &file), FOVEA_ERROR_UNSUPPORTED, "ONNX files have room for 2^31-1");
    ck_assert_int_ne(access(path, F_OK), 0);
    fovea__onnx_clear(&graph);
}
END_TEST

/* Behind a failure the numbers that stand for values are none. */
START_TEST(export__nothing_is_added_behind_a_failure)
{
    fovea__onnx graph = {.status = FOVEA_ERROR_MEMORY, .scope = "failed"};
    ck_assert_int_eq(fovea__onnx_of_two(&graph, "Add", 1, 2), 0);
    ck_assert_int_eq(fovea__onnx_concat(&graph, (const int[]){7, 8, 9}, 3, 0), 0);
    ck_assert_int_eq(fovea__onnx_float(&graph, 1), 0);
    ck_assert_int_eq(fovea__onnx_weights(&graph, "w", 1, (const int64_t[]){1}, 0, 0), 0);
    ck_assert_int_eq(fovea__onnx_input(&graph, &(fovea__onnx_end){"x", FOVEA__ONNX_FLOAT, {"n"}}), 0);
    fovea__onnx_output(&graph, 3, &(fovea__onnx_end){"y", FOVEA__ONNX_FLOAT, {"n"}});
    ck_assert_int_eq(fovea__onnx_write(&graph, "x", &(fovea__onnx_file){.description = ""}), FOVEA_ERROR_MEMORY);
    fovea__onnx_clear(&graph);
}
END_TEST

START_TEST(export__numbers_take_as_many_bytes_as_they_need)
{
    static const struct {
        int64_t value;
        size_t count;
        unsigned char bytes[12];
    } rows[] = {
        {0, 2, {8, 0}},
        {127, 2, {8, 127}},
        {128, 3, {8, 128, 1}},
        {300, 3, {8, 172, 2}},
        {INT64_MAX, 10, {8, 255, 255, 255, 255, 255, 255, 255, 255, 127}},
        {-1, 11, {8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        fovea__wire wire = {0};
        fovea__wire_integer(&wire, 1, rows[i].value);
        ck_assert_int_eq(wire.status, FOVEA_OK);
        ck_assert_uint_eq(wire.count, rows[i].count);
        ck_assert_mem_eq(wire.bytes, rows[i].bytes, rows[i].count);
        free(wire.bytes);
    }
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = export__graphs_hold_together, .rows = COUNT(kinds), .needs_device = true},
        {.test = export__names_do_not_depend_on_the_compiler, .rows = COUNT(kinds), .needs_device = true},
        {.test = export__weights_are_the_models, .rows = COUNT(kinds), .needs_device = true},
        {.test = export__group_norm_in_the_heads, .needs_device = true},
        {.test = export__anchors_are_the_profiles, .rows = COUNT(kinds), .needs_device = true},
        {.test = export__options_are_fixed_in_the_file, .rows = COUNT(kinds), .needs_device = true},
        {.test = export__refuses_what_cannot_be, .needs_device = true},
        {.test = export__refuses_two_gigabytes},
        {.test = export__nothing_is_added_behind_a_failure},
        {.test = export__numbers_take_as_many_bytes_as_they_need},
    };
    return support_run("export", cases, COUNT(cases));
}
