/* What steps make of their gradients: parts of a step as one large batch, the average of the weights, the rates. */
#include "drawn.h"
#include "trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    fovea_trainer *trainer = drawn_trainer(model, dataset, &options);
    ck_assert_int_eq(fovea_trainer_steps_per_epoch(trainer), 2);
    *last = drawn_run_until(trainer, 3);
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

static bool exports_are_the_same(const fovea_model *model, const fovea_model *other)
{
    support_ok(fovea_model_export(model, support_scratch_file("model.onnx"), NULL));
    support_ok(fovea_model_export(other, support_scratch_file("other.onnx"), NULL));
    return drawn_same_files(support_scratch_file("model.onnx"), support_scratch_file("other.onnx"));
}

/* The average is the formula's of weights and running statistics, and is what the model saves, exports and detects
 * with, while it trains and afterwards; a checkpoint, read as a model, is the weights themselves. */
START_TEST(train__averages_the_weights)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    enum { STEPS = 4 };
    fovea_dataset *dataset = drawn_dataset("average", &(drawn_options){.pictures = 2, .width = 96, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 1), *saved, *checkpoint;
    fovea_trainer *trainer = drawn_trainer(model, dataset, &(fovea_train_options){
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
        drawn_run_until(trainer, step);
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
    ck_assert(exports_are_the_same(model, saved) && !exports_are_the_same(checkpoint, saved));
    support_ok(fovea_model_save(checkpoint, support_scratch_file("weights.safetensors")));
    ck_assert(!drawn_same_files(support_scratch_file("weights.safetensors"),
                                support_scratch_file("saved.safetensors")));
    fovea_trainer_free(trainer);
    expect_same_detections(model, saved);
    ck_assert(exports_are_the_same(model, saved));
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

int main(void)
{
    const support_case cases[] = {
        {.test = plan__warms_up_and_decays},
        {.test = plan__falls_along_a_cosine},
        {.test = train__averages_the_weights, .needs_device = true},
        {.test = train__accumulated_parts_are_one_large_batch, .rows = COUNT(accumulated), .needs_device = true},
    };
    return support_run("optimizer", cases, COUNT(cases));
}
