/* Training from end to end on drawn pictures: it learns, it repeats to the bit, and it survives what goes wrong. */
#include "drawn.h"
#include "file.h"
#include "trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fovea_trainer *make_trainer(fovea_model *model, fovea_dataset *dataset, const fovea_train_options *options)
{
    fovea_trainer *trainer = NULL;
    support_ok(fovea_trainer_create(&trainer, model, dataset, options));
    return trainer;
}

static fovea_progress run_until(fovea_trainer *trainer, int64_t step)
{
    fovea_progress now = {0};
    while (fovea_trainer_steps_done(trainer) < step) {
        support_ok(fovea_trainer_step(trainer, &now));
        ck_assert_msg(isfinite(now.class_loss) && isfinite(now.box_loss) && isfinite(now.gradient_norm),
                      "step %lld: losses %g %g, gradient %g", (long long)now.step, now.class_loss, now.box_loss,
                      now.gradient_norm);
    }
    return now;
}

START_TEST(train__overfits_four_pictures)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_dataset *dataset = drawn_dataset("overfit", &(drawn_options){.pictures = 4, .width = 96, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = make_trainer(model, dataset, &(fovea_train_options){
        .batch = 4, .steps = 120, .learning_rate = 0.02, .warmup = 20, .flip = -1});
    const fovea_progress first = run_until(trainer, 1), last = run_until(trainer, 120);
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
    fovea_trainer *trainer = make_trainer(model, dataset, &options);
    if (stop > 0) {
        run_until(trainer, stop);
        support_ok(fovea_trainer_save(trainer, path));
        fovea_trainer_free(trainer);
        fovea_model_free(model);
        model = drawn_model(kinds[kind].norm, kinds[kind].profile, 8);
        trainer = make_trainer(model, dataset, &options);
        support_ok(fovea_trainer_resume(trainer, path));
        ck_assert_int_eq(fovea_trainer_steps_done(trainer), stop);
    }
    run_until(trainer, 5);
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
    ck_assert_msg(drawn_same_files(support_scratch_file("whole.safetensors"), support_scratch_file("again.safetensors")),
                  "%s: a second run differs", kinds[_i].what);
    ck_assert_msg(drawn_same_files(support_scratch_file("whole.safetensors"), support_scratch_file("resumed.safetensors")),
                  "%s: a resumed run differs", kinds[_i].what);
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(train__runs_a_step)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_dataset *dataset = drawn_dataset("step", &(drawn_options){.pictures = 1, .width = 32, .height = 32});
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = make_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 1, .size = 32,
                                                                                 .max_size = 32});
    const fovea_progress now = run_until(trainer, 1);
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
    fovea_trainer *trainer = make_trainer(model, dataset, &(fovea_train_options){.batch = 2, .steps = 2, .freeze = 2});
    run_until(trainer, 2);
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

/* Parts of a step sum what one large batch sums, in another order: gradients of norm 1 at most after clipping differ by
 * float32's roundings through some twenty layers, far below 1e-5 of the norm; and three steps of SGD move weights by at
 * most 0.01 (1 + 1.9 + 2.71) times that. AdamW divides by a root and epsilon, .01 here: a step moves them by at most
 * 0.01 (1 + m / root) / .01 times that, and m / root is below 1.1 in the first three. */
static const struct {
    fovea_profile profile;
    fovea_optimizer optimizer;
    fovea_box_loss box_loss;
    fovea_loss loss;
    double tolerance;
} accumulated[] = {
    {FOVEA_PROFILE_PAPER, FOVEA_OPTIMIZER_SGD, FOVEA_BOX_LOSS_SMOOTH_L1, FOVEA_LOSS_FOCAL, 0.0561 * 1e-5},
    {FOVEA_PROFILE_TORCHVISION, FOVEA_OPTIMIZER_SGD, FOVEA_BOX_LOSS_SMOOTH_L1, FOVEA_LOSS_FOCAL, 0.0561 * 1e-5},
    {FOVEA_PROFILE_TORCHVISION, FOVEA_OPTIMIZER_SGD, FOVEA_BOX_LOSS_GIOU, FOVEA_LOSS_FOCAL, 0.0561 * 1e-5},
    {FOVEA_PROFILE_PAPER, FOVEA_OPTIMIZER_ADAMW, FOVEA_BOX_LOSS_SMOOTH_L1, FOVEA_LOSS_FOCAL, 3 * 2.1 * 1e-5},
    {FOVEA_PROFILE_PAPER, FOVEA_OPTIMIZER_SGD, FOVEA_BOX_LOSS_SMOOTH_L1, FOVEA_LOSS_OHEM, 0.0561 * 1e-5},
    {FOVEA_PROFILE_TORCHVISION, FOVEA_OPTIMIZER_SGD, FOVEA_BOX_LOSS_SMOOTH_L1, FOVEA_LOSS_OHEM, 0.0561 * 1e-5},
};

/* All weights after three steps of four pictures, `batch` of them at a time, and what the last step told. */
static float *weights_after_steps(int row, fovea_dataset *dataset, int batch, size_t *count, fovea_progress *last)
{
    const fovea_train_options options = {.batch = batch, .accumulate = 4 / batch, .steps = 3, .learning_rate = 0.01,
                                         .warmup = -1, .seed = 3, .scale_jitter = {0.8, 1.2}, .clip = 1,
                                         .optimizer = accumulated[row].optimizer, .epsilon = 0.01,
                                         .box_loss = accumulated[row].box_loss, .loss = accumulated[row].loss};
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, accumulated[row].profile, 7);
    fovea_trainer *trainer = make_trainer(model, dataset, &options);
    ck_assert_int_eq(fovea_trainer_steps_per_epoch(trainer), 2);
    *last = run_until(trainer, 3);
    ck_assert_double_eq_tol(last->epoch, 12.0 / 5, 1e-12);
    *count = model->parameters->n_trained;
    float *values = malloc(*count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    support_ok(fovea__buffer_read(model->parameters->values, 0, values, *count * sizeof *values));
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    return values;
}

START_TEST(train__accumulated_parts_are_one_large_batch)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    size_t count = 0;
    fovea_progress one, several;
    fovea_dataset *dataset = drawn_dataset("parts", &(drawn_options){
        .pictures = 5, .width = 96, .height = 64, .unlike = true, .last_is_empty = true});
    float *whole = weights_after_steps(_i, dataset, 4, &count, &one);
    for (int batch = 2; batch >= 1; batch--) {
        float *parts = weights_after_steps(_i, dataset, batch, &count, &several);
        ck_assert_double_eq_tol(several.class_loss, one.class_loss, 1e-5 * one.class_loss);
        ck_assert_double_eq_tol(several.box_loss, one.box_loss, 1e-5 * one.box_loss);
        ck_assert_double_eq_tol(several.gradient_norm, one.gradient_norm, 1e-5 * one.gradient_norm);
        for (size_t i = 0; i < count; i++)
            ck_assert_msg(fabs((double)parts[i] - (double)whole[i]) <= accumulated[_i].tolerance,
                          "%d at a time: weight %zu is %.9g, expected %.9g", batch, i, (double)parts[i],
                          (double)whole[i]);
        free(parts);
    }
    free(whole);
    fovea_dataset_close(dataset);
}
END_TEST

static void read_values(const fovea__parameters *parameters, float *values)
{
    support_ok(fovea__buffer_read(parameters->values, 0, values, parameters->n_floats * sizeof *values));
}

/* Detects all there is in a picture of noise, and holds it to what another model finds. */
static void expect_same_detections(fovea_model *model, fovea_model *other)
{
    enum { MOST = 20 };
    const fovea_detect_options all = {.min_score = -1};
    fovea_image image = drawn_noise(64, 64, 1);
    fovea_detection found[2][MOST];
    size_t count[2] = {0};
    memset(found, 0, sizeof found);
    support_ok(fovea_detect(model, &image, &all, found[0], MOST, &count[0]));
    support_ok(fovea_detect(other, &image, &all, found[1], MOST, &count[1]));
    ck_assert(count[0] > 0 && count[0] == count[1] && memcmp(found[0], found[1], sizeof found[0]) == 0);
    fovea_image_clear(&image);
}

/* The average is the formula's of weights and running statistics, and is what the model saves and detects with, while it
 * trains and afterwards; a checkpoint, read as a model, is the weights themselves. */
START_TEST(train__averages_the_weights)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    enum { STEPS = 4 };
    fovea_dataset *dataset = drawn_dataset("average", &(drawn_options){.pictures = 2, .width = 96, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1), *saved, *checkpoint;
    fovea_trainer *trainer = make_trainer(model, dataset, &(fovea_train_options){
        .batch = 2, .steps = STEPS, .warmup = -1, .ema = 0.3, .freeze = 2});
    const fovea__parameters *raw = model->parameters, *average = trainer->optimizer->average;
    const size_t count = raw->n_floats;
    float *values = malloc(count * sizeof *values);
    double *want = malloc(count * sizeof *want);
    ck_assert(values && want);
    read_values(raw, values);
    for (size_t i = 0; i < count; i++)
        want[i] = (double)values[i];
    for (int step = 1; step <= STEPS; step++) {
        run_until(trainer, step);
        read_values(raw, values);
        const double decay = fmin(0.3, (1.0 + step) / (10.0 + step));
        for (size_t i = 0; i < count; i++)
            want[i] = decay * want[i] + (1 - decay) * (double)values[i];
    }
    read_values(average, values);
    support_close("average", values, want, count, STEPS * 5 * 0x1p-24, STEPS * 5 * 0x1p-24); /* see test_ema.c */
    support_ok(fovea_model_save(model, support_scratch_file("saved.safetensors")));
    support_ok(fovea_trainer_save(trainer, support_scratch_file("checkpoint.safetensors")));
    support_ok(fovea_model_load(&saved, support_device(), support_scratch_file("saved.safetensors"), NULL));
    support_ok(fovea_model_load(&checkpoint, support_device(), support_scratch_file("checkpoint.safetensors"), NULL));
    for (size_t i = 0; i < raw->count; i++) {
        ck_assert_int_eq(saved->parameters->items[i].batches, raw->items[i].batches);
        ck_assert_int_eq(checkpoint->parameters->items[i].batches, raw->items[i].batches);
    }
    expect_same_detections(model, saved);
    support_ok(fovea_model_save(checkpoint, support_scratch_file("weights.safetensors")));
    ck_assert(!drawn_same_files(support_scratch_file("weights.safetensors"), support_scratch_file("saved.safetensors")));
    fovea_trainer_free(trainer);
    expect_same_detections(model, saved);
    support_ok(fovea_model_save(model, support_scratch_file("after.safetensors")));
    ck_assert(drawn_same_files(support_scratch_file("after.safetensors"), support_scratch_file("saved.safetensors")));
    fovea_model_free(checkpoint);
    fovea_model_free(saved);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
    free(values);
    free(want);
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
    fovea_trainer *trainer = make_trainer(model, dataset, &(fovea_train_options){.batch = 2, .steps = 9,
                                                                                 .freeze = freezes[_i]});
    run_until(trainer, 2);
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
    run_until(trainer, 4);
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
    trainer = make_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 4});
    fovea_trainer *second = NULL;
    support_fails(fovea_trainer_create(&second, model, dataset, NULL), FOVEA_ERROR_ARGUMENT, "has a trainer already");
    support_ok(fovea_model_save(model, support_scratch_file("model.safetensors")));
    support_ok(fovea_trainer_save(trainer, support_scratch_file("other.safetensors")));
    support_fails(fovea_trainer_resume(trainer, support_scratch_file("model.safetensors")), FOVEA_ERROR_FORMAT,
                  "not a checkpoint");
    support_fails(fovea_trainer_resume(trainer, support_scratch_file("none.safetensors")), FOVEA_ERROR_IO, "none.safetensors");
    fovea_trainer_free(trainer);
    trainer = make_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 5});
    support_fails(fovea_trainer_resume(trainer, support_scratch_file("other.safetensors")), FOVEA_ERROR_FORMAT,
                  "another run's checkpoint");
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1);
    trainer = make_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 4});
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
    fovea_trainer *trainer = make_trainer(model, dataset, &(fovea_train_options){.batch = 1, .steps = 3, .size = 64});
    char *bytes = NULL;
    size_t size = 0;
    run_until(trainer, 1);
    support_ok(fovea_trainer_save(trainer, first));
    support_ok(fovea__file_read(&bytes, &size, first, SIZE_MAX / 2));
    run_until(trainer, 2);
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
    run_until(trainer, 2);
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
    fovea_trainer *trainer = make_trainer(model, dataset, &(fovea_train_options){
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

START_TEST(plan__warms_up_and_decays)
{
    const fovea_train_options plan = {.steps = 1000, .learning_rate = 1.0, .warmup = 100, .decay_at = {0.7, 0.9}};
    ck_assert_double_eq_tol(fovea__train_plan_rate(&plan, 0), 0.01, 1e-15);
    ck_assert_double_eq_tol(fovea__train_plan_rate(&plan, 99), 1.0, 1e-15);
    ck_assert_double_eq_tol(fovea__train_plan_rate(&plan, 699), 1.0, 1e-15);
    ck_assert_double_eq_tol(fovea__train_plan_rate(&plan, 700), 0.1, 1e-15);
    ck_assert_double_eq_tol(fovea__train_plan_rate(&plan, 900), 0.01, 1e-15);
}
END_TEST

/* torch's CosineAnnealingLR(lr 1, T_max 900), which begins where warm-up ends. */
START_TEST(plan__falls_along_a_cosine)
{
    static const struct {
        int64_t step;
        double rate;
    } want[] = {{0, 0.01}, {99, 1}, {100, 1}, {325, 0.85355339059327376}, {550, 0.5}, {700, 0.25},
                {999, 3.0461711048035403e-06}};
    const fovea_train_options plan = {.steps = 1000, .learning_rate = 1.0, .warmup = 100, .decay_at = {0.7, 0.9},
                                      .schedule = FOVEA_SCHEDULE_COSINE};
    for (size_t i = 0; i < COUNT(want); i++)
        ck_assert_double_eq_tol(fovea__train_plan_rate(&plan, want[i].step), want[i].rate, 1e-15);
    const fovea_train_options all_warmup = {.steps = 10, .learning_rate = 1.0, .warmup = 20,
                                            .schedule = FOVEA_SCHEDULE_COSINE};
    ck_assert_double_eq_tol(fovea__train_plan_rate(&all_warmup, 9), 0.5, 1e-15);
}
END_TEST

START_TEST(sampler__shows_every_picture_once_an_epoch)
{
    const fovea_train_options plan = {.batch = 1, .accumulate = 1, .flip = 0.5, .scale_jitter = {0.5, 2}, .sizes = {64}};
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
        {.test = plan__warms_up_and_decays},
        {.test = plan__falls_along_a_cosine},
        {.test = sampler__shows_every_picture_once_an_epoch},
        {.test = train__runs_a_step, .needs_device = true},
        {.test = train__refuses_what_does_not_fit, .needs_device = true},
        {.test = train__is_not_left_with_half_a_checkpoint, .needs_device = true},
        {.test = train__says_how_to_need_less_memory, .needs_device = true},
        {.test = train__leaves_frozen_stages_as_they_are, .needs_device = true},
        {.test = train__stops_at_what_is_not_finite_and_names_the_layer, .rows = COUNT(freezes),
         .needs_device = true},
        {.test = train__repeats_and_resumes_to_the_bit, .rows = COUNT(kinds), .needs_device = true},
        {.test = train__averages_the_weights, .needs_device = true},
        {.test = train__accumulated_parts_are_one_large_batch, .rows = COUNT(accumulated), .needs_device = true},
        {.test = train__overfits_four_pictures, .needs_device = true},
    };
    return support_run("train", cases, COUNT(cases));
}
