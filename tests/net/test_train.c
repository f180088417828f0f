/* Training from end to end on drawn pictures: it learns, it repeats to the bit, and it survives what goes wrong. */
#include "drawn.h"
#include "file.h"
#include "trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(train__overfits_four_pictures)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_dataset *dataset = drawn_dataset("overfit", &(drawn_options){.pictures = 4, .width = 96, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = drawn_trainer(model, dataset, &(fovea_train_options){
        .batch = 4, .steps = 120, .learning_rate = 0.02, .warmup = 20, .flip = -1});
    const fovea_progress first = drawn_run_until(trainer, 1), last = drawn_run_until(trainer, 120);
    ck_assert_msg(first.class_loss + first.box_loss > 1.0, "begins at %g", first.class_loss + first.box_loss);
    ck_assert_msg(last.class_loss + last.box_loss < 0.35, "ends at %g + %g", last.class_loss, last.box_loss);
    ck_assert(fovea_trainer_done(trainer));
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

static const struct {
    const char *what;
    fovea_norm norm;
    fovea_profile profile;
    fovea_train_options options;
} kinds[] = {
    {"training norm", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.accumulate = 1}},
    {"frozen norm", FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, {.accumulate = 1}},
    {"torchvision", FOVEA_NORM_FROZEN, FOVEA_PROFILE_TORCHVISION, {.accumulate = 1}},
    {"cross entropy", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.loss = FOVEA_LOSS_CE}},
    {"OHEM", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.loss = FOVEA_LOSS_OHEM}},
    {"OHEM in parts", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.loss = FOVEA_LOSS_OHEM, .accumulate = 2}},
    {"parts", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.accumulate = 2}},
    {"GIoU", FOVEA_NORM_TRAINING, FOVEA_PROFILE_TORCHVISION, {.box_loss = FOVEA_BOX_LOSS_GIOU, .accumulate = 2}},
    {"AdamW", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.optimizer = FOVEA_OPTIMIZER_ADAMW, .accumulate = 2}},
    {"augmented", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.accumulate = 2, .crop = 0.7, .brightness = 0.5,
     .contrast = 0.5, .saturation = 0.5, .hue = 0.1, .sizes = {40, 64}}},
    {"average", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.ema = 0.9}},
    {"frozen stages", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.freeze = 3}},
    {"frozen stages and average", FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, {.freeze = 2, .ema = 0.5}},
    {"AdamW and average", FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, {.optimizer = FOVEA_OPTIMIZER_ADAMW, .ema = 0.2}},
};

/* A run of 5 steps in one go, or stopped after `stop` and resumed by a fresh model; its checkpoint at the end. */
static void run_to_file(int kind, fovea_dataset *dataset, int64_t stop, int loader_threads, const char *path)
{
    fovea_train_options options = kinds[kind].options;
    options.batch = 2;
    options.steps = 5;
    options.learning_rate = 0.005;
    options.warmup = 2;
    options.seed = 3;
    options.scale_jitter[0] = 0.8;
    options.scale_jitter[1] = 1.2;
    options.loader_threads = loader_threads;
    fovea_model *model = drawn_model(kinds[kind].norm, kinds[kind].profile, 7);
    fovea_trainer *trainer = drawn_trainer(model, dataset, &options);
    if (stop > 0) {
        drawn_run_until(trainer, stop);
        support_ok(fovea_trainer_save(trainer, path));
        fovea_trainer_free(trainer);
        fovea_model_free(model);
        model = drawn_model(kinds[kind].norm, kinds[kind].profile, 8);
        trainer = drawn_trainer(model, dataset, &options);
        support_ok(fovea_trainer_resume(trainer, path));
        ck_assert_int_eq(fovea_trainer_steps_done(trainer), stop);
    }
    drawn_run_until(trainer, 5);
    support_ok(fovea_trainer_save(trainer, path));
    fovea_trainer_free(trainer);
    fovea_model_free(model);
}

START_TEST(train__repeats_and_resumes_to_the_bit)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_dataset *dataset = drawn_dataset("bits", &(drawn_options){
        .pictures = 3, .width = 96, .height = 64, .unlike = true, .last_is_empty = true});
    run_to_file(_i, dataset, 0, 1, support_scratch_file("whole.safetensors"));
    run_to_file(_i, dataset, 0, 3, support_scratch_file("again.safetensors"));
    run_to_file(_i, dataset, 2, 2, support_scratch_file("resumed.safetensors"));
    const char *whole = support_scratch_file("whole.safetensors");
    ck_assert_msg(drawn_same_files(whole, support_scratch_file("again.safetensors")), "%s: a second run differs",
                  kinds[_i].what);
    ck_assert_msg(drawn_same_files(whole, support_scratch_file("resumed.safetensors")), "%s: a resumed run differs",
                  kinds[_i].what);
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(train__runs_a_step)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_dataset *dataset = drawn_dataset("step", &(drawn_options){.pictures = 1, .width = 32, .height = 32});
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = drawn_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 1, .size = 32,
                                                                                 .max_size = 32});
    const fovea_progress now = drawn_run_until(trainer, 1);
    ck_assert_int_eq(now.step, 1);
    ck_assert_int_eq(now.objects, 2);
    ck_assert(now.gradient_norm > 0 && now.images_per_second > 0 && now.memory_bytes > 0);
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

/* The values of one parameter. */
static float *values_of(const fovea_model *model, const char *name, size_t *count)
{
    const fovea__parameter *parameter = fovea__parameters_find(model->parameters, name);
    ck_assert_msg(parameter != NULL, "no tensor %s", name);
    *count = fovea__parameter_elements(parameter);
    float *values = malloc(*count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    support_ok(fovea__parameter_read(model->parameters, parameter, values));
    return values;
}

START_TEST(train__leaves_frozen_stages_as_they_are)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    static const struct {
        const char *name;
        bool moves;
    } tensors[] = {{"backbone.body.conv1.weight", false}, {"backbone.body.bn1.running_mean", false},
                   {"backbone.body.layer1.1.conv2.weight", false}, {"backbone.body.layer2.0.conv1.weight", true},
                   {"backbone.body.layer2.0.bn1.running_mean", true}, {"head.regression_head.bbox_reg.bias", true}};
    fovea_dataset *dataset = drawn_dataset("frozen", &(drawn_options){.pictures = 2, .width = 96, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    float *before[COUNT(tensors)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(tensors); i++)
        before[i] = values_of(model, tensors[i].name, &count);
    fovea_trainer *trainer = drawn_trainer(model, dataset, &(fovea_train_options){.batch = 2, .steps = 2, .freeze = 2});
    drawn_run_until(trainer, 2);
    for (size_t i = 0; i < COUNT(tensors); i++) {
        float *after = values_of(model, tensors[i].name, &count);
        size_t moved = 0;
        for (size_t v = 0; v < count; v++)
            moved += after[v] != before[i][v];
        ck_assert_msg((moved > 0) == tensors[i].moves, "%s: %zu of %zu values moved", tensors[i].name, moved, count);
        free(after);
        free(before[i]);
    }
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

static const int freezes[] = {0, 3};

START_TEST(train__stops_at_what_is_not_finite_and_names_the_layer)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    const char *layer = "backbone.body.layer3.0.conv2";
    char name[80];
    snprintf(name, sizeof name, "%s.weight", layer);
    fovea_dataset *dataset = drawn_dataset("nan", &(drawn_options){.pictures = 2, .width = 96, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = drawn_trainer(model, dataset, &(fovea_train_options){.batch = 2, .steps = 9,
                                                                                 .freeze = freezes[_i]});
    drawn_run_until(trainer, 2);
    size_t count = 0;
    float *values = values_of(model, name, &count);
    const float kept = values[5];
    values[5] = NAN;
    support_ok(fovea__parameter_write(model->parameters, fovea__parameters_find(model->parameters, name), values));
    support_ok(fovea_trainer_save(trainer, support_scratch_file("before.safetensors")));
    fovea_progress now;
    support_fails(fovea_trainer_step(trainer, &now), FOVEA_ERROR_NUMERIC, layer);
    ck_assert_msg(support_has(fovea_error(), "step 3") && support_has(fovea_error(), "0.jpg") &&
                  support_has(fovea_error(), "1.jpg"), "says %s", fovea_error());
    support_ok(fovea_trainer_save(trainer, support_scratch_file("after.safetensors")));
    ck_assert(drawn_same_files(support_scratch_file("before.safetensors"), support_scratch_file("after.safetensors")));
    values[5] = kept;
    support_ok(fovea__parameter_write(model->parameters, fovea__parameters_find(model->parameters, name), values));
    drawn_run_until(trainer, 4);
    free(values);
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(train__refuses_what_does_not_fit)
{
    fovea_dataset *dataset = drawn_dataset("refuse", &(drawn_options){.pictures = 2, .width = 64, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = NULL;
    support_fails(fovea_trainer_create(&trainer, model, dataset, &(fovea_train_options){.batch = -1}),
                  FOVEA_ERROR_ARGUMENT, "batch is -1");
    support_fails(fovea_trainer_create(&trainer, model, dataset, &(fovea_train_options){.momentum = 2}),
                  FOVEA_ERROR_ARGUMENT, "momentum is 2");
    support_fails(fovea_trainer_create(&trainer, model, dataset, &(fovea_train_options){.betas = {0.9, 1}}),
                  FOVEA_ERROR_ARGUMENT, "betas are 0.9 and 1");
    support_fails(fovea_trainer_create(&trainer, model, dataset, &(fovea_train_options){.epsilon = NAN}),
                  FOVEA_ERROR_ARGUMENT, "epsilon is nan");
    support_fails(fovea_trainer_create(&trainer, model, dataset, &(fovea_train_options){.ema = 1}),
                  FOVEA_ERROR_ARGUMENT, "ema is 1");
    ck_assert_ptr_null(trainer);
    trainer = drawn_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 4});
    fovea_trainer *second = NULL;
    support_fails(fovea_trainer_create(&second, model, dataset, NULL), FOVEA_ERROR_ARGUMENT, "has a trainer already");
    support_ok(fovea_model_save(model, support_scratch_file("model.safetensors")));
    support_ok(fovea_trainer_save(trainer, support_scratch_file("other.safetensors")));
    support_fails(fovea_trainer_resume(trainer, support_scratch_file("model.safetensors")), FOVEA_ERROR_FORMAT,
                  "not a checkpoint");
    support_fails(fovea_trainer_resume(trainer, support_scratch_file("none.safetensors")), FOVEA_ERROR_IO,
                  "none.safetensors");
    fovea_trainer_free(trainer);
    trainer = drawn_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 5});
    support_fails(fovea_trainer_resume(trainer, support_scratch_file("other.safetensors")), FOVEA_ERROR_FORMAT,
                  "another run's checkpoint");
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    trainer = drawn_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 4});
    support_fails(fovea_trainer_resume(trainer, support_scratch_file("other.safetensors")), FOVEA_ERROR_FORMAT,
                  "another model's checkpoint");
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    static const char *const names[] = {"one"};
    support_ok(fovea_model_create(&model, support_device(), 1, names, &(fovea_model_options){.depth = 18, .width = 8}));
    support_fails(fovea_trainer_create(&trainer, model, dataset, NULL), FOVEA_ERROR_ARGUMENT,
                  "the model has 1 labels, the data set has 2");
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

/* Writes a checkpoint's bytes, with the type of one tensor changed in the header. */
static void write_retyped(const char *path, const char *bytes, size_t size, const char *name, const char *type)
{
    char key[120], *copy = malloc(size);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    snprintf(key, sizeof key, "\"%s\":{\"dtype\":\"", name);
    char *at = strstr(copy + 8, key);
    ck_assert_msg(at != NULL, "the header has no %s", key);
    memcpy(at + strlen(key), type, 3);
    support_ok(fovea__file_write(path, copy, size));
    free(copy);
}

START_TEST(train__is_not_left_with_half_a_checkpoint)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    static const char *const retyped[][3] = {
        {"head.regression_head.bbox_reg.bias", "I32", "bias is of type I32; expected F32, F16, BF16 or F64"},
        {"optimizer.head.regression_head.bbox_reg.bias", "U32", "tensor optimizer.head.regression_head.bbox_reg.bias"},
        {"backbone.body.bn1.num_batches_tracked", "U64", "is of type U64; expected I64"}};
    fovea_dataset *dataset = drawn_dataset("torn", &(drawn_options){.pictures = 2, .width = 64, .height = 64});
    const char *first = support_scratch_file("first.safetensors"), *now = support_scratch_file("now.safetensors");
    const char *bad = support_scratch_file("bad.safetensors"), *after = support_scratch_file("after.safetensors");
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = drawn_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 3, .size = 64});
    char *bytes = NULL;
    size_t size = 0;
    drawn_run_until(trainer, 1);
    support_ok(fovea_trainer_save(trainer, first));
    support_ok(fovea__file_read(&bytes, &size, first, SIZE_MAX / 2));
    drawn_run_until(trainer, 2);
    support_ok(fovea_trainer_save(trainer, now));
    for (size_t i = 0; i < COUNT(retyped); i++) {
        write_retyped(bad, bytes, size, retyped[i][0], retyped[i][1]);
        support_fails(fovea_trainer_resume(trainer, bad), FOVEA_ERROR_FORMAT, retyped[i][2]);
        support_ok(fovea_trainer_save(trainer, after));
        ck_assert_msg(drawn_same_files(after, now), "%s of type %s changed something", retyped[i][0], retyped[i][1]);
    }
    fovea__safetensors *file = NULL;
    fovea_progress progress;
    support_ok(fovea__file_write(bad, bytes, size));
    support_ok(fovea__safetensors_open(&file, bad));
    FILE *written = fopen(bad, "ab");
    ck_assert(written && fputc(0, written) == 0 && fclose(written) == 0);
    support_fails(fovea__trainer_resume(trainer, file), FOVEA_ERROR_IO, "was written to");
    fovea__safetensors_close(file);
    support_fails(fovea_trainer_step(trainer, &progress), FOVEA_ERROR_ARGUMENT, "failed midway");
    support_fails(fovea_trainer_save(trainer, after), FOVEA_ERROR_ARGUMENT, "failed midway");
    support_ok(fovea_trainer_resume(trainer, first));
    drawn_run_until(trainer, 2);
    support_ok(fovea_trainer_save(trainer, after));
    ck_assert(drawn_same_files(after, now));
    free(bytes);
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(train__says_how_to_need_less_memory)
{
    fovea_dataset *dataset = drawn_dataset("memory", &(drawn_options){.pictures = 2, .width = 64, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = drawn_trainer(model, dataset, &(fovea_train_options){
        .batch = 64, .steps = 1, .size = 8000, .max_size = 8000});
    fovea_progress now;
    const fovea_status status = fovea_trainer_step(trainer, &now);
    ck_assert_msg(status == FOVEA_ERROR_MEMORY || status == FOVEA_ERROR_UNSUPPORTED, "gave %s",
                  fovea_status_name(status));
    ck_assert_msg(support_has(fovea_error(), "64 pictures of size 8000 (a smaller batch or size needs less)") &&
                  support_has(fovea_error(), "64 of 8000 x 8000 pixels"), "says %s", fovea_error());
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(sampler__shows_every_picture_once_an_epoch)
{
    const fovea_train_options plan = {.batch = 1, .accumulate = 1, .flip = 0.5, .scale_jitter = {0.5, 2},
                                      .sizes = {64}};
    fovea__sampler *sampler = NULL;
    support_ok(fovea__sampler_create(&sampler, 37, 5));
    int orders_differ = 0, flips = 0;
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        int seen[37] = {0};
        for (uint64_t i = 0; i < 37; i++) {
            const uint64_t picture = fovea__sampler_picture(sampler, 37 * epoch + i);
            ck_assert_uint_lt(picture, 37);
            ck_assert_int_eq(seen[picture]++, 0);
            orders_differ += picture != i;
            const fovea__augment augment = fovea__sampler_augment(sampler, &plan, 37 * epoch + i);
            flips += augment.flip;
            ck_assert(augment.scale >= 0.5 && augment.scale < 2.0);
        }
    }
    ck_assert_int_gt(orders_differ, 50);
    ck_assert(flips > 30 && flips < 81);
    fovea__sampler_free(sampler);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = sampler__shows_every_picture_once_an_epoch},
        {.test = train__runs_a_step, .needs_device = true},
        {.test = train__refuses_what_does_not_fit, .needs_device = true},
        {.test = train__is_not_left_with_half_a_checkpoint, .needs_device = true},
        {.test = train__says_how_to_need_less_memory, .needs_device = true},
        {.test = train__leaves_frozen_stages_as_they_are, .needs_device = true},
        {.test = train__stops_at_what_is_not_finite_and_names_the_layer, .rows = COUNT(freezes),
         .needs_device = true},
        {.test = train__repeats_and_resumes_to_the_bit, .rows = COUNT(kinds), .needs_device = true},
        {.test = train__overfits_four_pictures, .needs_device = true},
    };
    return support_run("train", cases, COUNT(cases));
}
