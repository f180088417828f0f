/* Tuning of whole models, and runs that hold on to their choices whatever is measured meanwhile. */
#include "drawn.h"
#include "trainer.h"
#include "tuner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fovea__conv2d_choices *table_of(fovea_device *device)
{
    fovea__conv2d_choices *table = NULL;
    support_ok(fovea__conv2d_choices_of(&table, device));
    return table;
}

/* Every test has devices of its own, so that no other program finds what it measured. */
static fovea_device *open_again(void)
{
    fovea_device *device = NULL;
    const fovea_device_options options = {.cache_dir = support_scratch_file("cache")};
    support_ok(fovea_device_open(&device, &options));
    return device;
}

/* The same, as if nothing had been measured. */
static fovea_device *open_device(void)
{
    fovea_device *device = open_again();
    fovea__conv2d_choices_clear(table_of(device));
    return device;
}

static fovea_model *model_on(fovea_device *device)
{
    static const char *const names[] = {"dark", "bright"};
    static const int64_t ids[] = {4, 9};
    const fovea_model_options options = {.depth = 18, .width = 8, .channels = 8, .head_depth = 1, .size = 64,
                                         .max_size = 96, .norm = FOVEA_NORM_TRAINING, .category_ids = ids};
    fovea_model *model = NULL;
    support_ok(fovea_model_create(&model, device, 2, names, &options));
    return model;
}

static const fovea_train_options plan = {.batch = 2, .steps = 4, .learning_rate = 0.005, .warmup = 1, .seed = 3};

static fovea_trainer *trainer_of(fovea_model *model, fovea_dataset *dataset, bool by_rule)
{
    fovea_train_options options = plan;
    fovea_trainer *trainer = NULL;
    options.by_rule = by_rule;
    support_ok(fovea_trainer_create(&trainer, model, dataset, &options));
    return trainer;
}

static void run_until(fovea_trainer *trainer, int64_t step)
{
    fovea_progress now;
    while (fovea_trainer_steps_done(trainer) < step)
        support_ok(fovea_trainer_step(trainer, &now));
}

/* Fills a device's table as if another algorithm than the rule's had won everywhere that it can. */
static void choose_others(fovea_device *device, fovea_model *model, int batch, int height, int width)
{
    fovea__network *network = NULL;
    fovea__tuner tuner = {0};
    support_ok(fovea__network_create(&network, model->parameters, true, 0));
    support_ok(fovea__tuner_add(&tuner, network, batch, height, width, 1));
    support_ok(fovea__tuner_add(&tuner, network, 1, height, width, 1));
    for (size_t i = 0; i < tuner.count; i++) {
        const fovea__tuner_item *item = &tuner.items[i];
        fovea__conv2d_choice choice = {.direction = item->direction, .shape = item->shape};
        const fovea__conv2d_algorithm rule = fovea__conv2d_choose(device, item->direction, &item->shape);
        choice.algorithm = rule == FOVEA__CONV2D_DIRECT ? FOVEA__CONV2D_GEMM : FOVEA__CONV2D_DIRECT;
        support_ok(fovea__conv2d_choices_set(table_of(device), &choice));
    }
    fovea__tuner_clear(&tuner);
    fovea__network_free(network);
}

static fovea_dataset *dataset_of(const char *name)
{
    return drawn_dataset(name, &(drawn_options){.pictures = 4, .width = 96, .height = 64});
}

typedef struct heard {
    size_t calls, total, stop_after;
} heard;

static bool hear(void *cookie, const fovea_choice *choice, size_t done, size_t total)
{
    heard *h = cookie;
    ck_assert(choice->gflops > 0 && choice->rule_gflops > 0 && choice->batch > 0 && choice->height > 0);
    ck_assert(*choice->algorithm && *choice->rule && *choice->direction);
    ck_assert_uint_ge(done, ++h->calls);
    ck_assert_uint_le(done, total);
    h->total = total;
    return h->calls != h->stop_after;
}

static size_t count_choices(fovea_device *device)
{
    size_t count = 0;
    support_ok(fovea_device_choices(device, NULL, 0, &count));
    return count;
}

START_TEST(tune__measures_once_and_remembers)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_device *device = open_device();
    fovea_model *model = model_on(device);
    heard first = {.stop_after = 3}, rest = {0}, none = {0}, again = {.stop_after = 2};
    const fovea_tune_options options = {.batch = 2, .seconds = 600};
    support_ok(fovea_model_tune(model, &options, hear, &first));
    ck_assert_uint_eq(first.calls, 3);
    ck_assert_uint_eq(count_choices(device), 3);
    support_ok(fovea_model_tune(model, &options, hear, &rest));
    ck_assert_uint_eq(rest.calls, rest.total);
    ck_assert_uint_eq(rest.total, first.total - 3);
    support_ok(fovea_model_tune(model, &options, hear, &none));
    ck_assert_uint_eq(none.calls, 0);
    support_ok(fovea_model_tune(model, &(fovea_tune_options){.batch = 2, .seconds = 600, .again = true}, hear, &again));
    ck_assert_uint_eq(again.total, first.total);
    const size_t count = count_choices(device);
    ck_assert_uint_eq(count, first.total);
    fovea_model_free(model);
    fovea_device_close(device);
    device = open_again();
    ck_assert_uint_eq(count_choices(device), count);
    fovea_choice *rows = calloc(count, sizeof *rows);
    size_t told = 0, data = 0;
    support_ok(fovea_device_choices(device, rows, count, &told));
    for (size_t i = 0; i < told; i++)
        data += strcmp(rows[i].direction, "backward data") == 0;
    ck_assert(told == count && data > 0 && data < count);
    free(rows);
    fovea_device_close(device);
}
END_TEST

/* Steps of some thirty sizes, none of which is a twentieth of all. */
START_TEST(tune__measures_the_commonest_size_however_rare)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_device *device = open_device();
    fovea_dataset *dataset = dataset_of("rare");
    fovea_model *model = model_on(device);
    const fovea_train_options jittered = {.batch = 1, .steps = 1000, .scale_jitter = {0.5, 16}, .size = 64,
                                          .max_size = 4096};
    fovea_trainer *trainer = NULL;
    heard first = {.stop_after = 1};
    support_ok(fovea_trainer_create(&trainer, model, dataset, &jittered));
    support_ok(fovea_trainer_tune(trainer, 600, hear, &first));
    ck_assert_uint_eq(first.calls, 1);
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
    fovea_device_close(device);
}
END_TEST

/* A model from a file keeps its weights there: tuning asks for shapes alone. */
START_TEST(tune__leaves_weights_in_their_file)
{
    fovea_device *device = open_device();
    fovea_model *model = model_on(device);
    const char *path = support_scratch_file("weights.safetensors");
    support_ok(fovea_model_save(model, path));
    fovea_model_free(model);
    support_ok(fovea_model_load(&model, device, path, NULL));
    support_ok(fovea_model_tune(model, &(fovea_tune_options){.batch = 2, .seconds = 1e-9}, NULL, NULL));
    size_t in_file = 0;
    for (size_t i = 0; i < model->parameters->count; i++)
        in_file += model->parameters->items[i].in_file != NULL;
    ck_assert_uint_gt(in_file, 20);
    fovea_model_free(model);
    fovea_device_close(device);
}
END_TEST

START_TEST(tune__refuses_what_makes_no_sense)
{
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 1);
    fovea_dataset *dataset = drawn_dataset("sense", &(drawn_options){.pictures = 2, .width = 64, .height = 64});
    size_t count = 0;
    support_fails(fovea_model_tune(model, &(fovea_tune_options){.batch = -1}, NULL, NULL), FOVEA_ERROR_ARGUMENT,
                  "batch is -1");
    support_fails(fovea_model_tune(model, &(fovea_tune_options){.width = 5}, NULL, NULL), FOVEA_ERROR_ARGUMENT,
                  "pictures of 5 x 0");
    support_fails(fovea_model_tune(NULL, NULL, NULL, NULL), FOVEA_ERROR_ARGUMENT, "model is NULL");
    support_fails(fovea_device_choices(support_device(), NULL, 1, &count), FOVEA_ERROR_ARGUMENT, "capacity is 1");
    fovea_trainer *trainer = trainer_of(model, dataset, true);
    support_fails(fovea_trainer_tune(trainer, 1, NULL, NULL), FOVEA_ERROR_ARGUMENT, "by_rule");
    support_ok(fovea_trainer_save(trainer, support_scratch_file("zero.safetensors")));
    fovea_trainer_free(trainer);
    trainer = trainer_of(model, dataset, false);
    support_ok(fovea_trainer_resume(trainer, support_scratch_file("zero.safetensors")));
    support_fails(fovea_trainer_tune(trainer, 1, NULL, NULL), FOVEA_ERROR_ARGUMENT, "has begun");
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

/* What a run ends with: the checkpoint, and what the model then finds. */
static void finish(fovea_trainer *trainer, fovea_model *model, const char *path, fovea_detection found[20])
{
    size_t count = 0;
    fovea_image image = drawn_noise(96, 64, 5);
    memset(found, 0, 20 * sizeof *found);
    run_until(trainer, plan.steps);
    support_ok(fovea_trainer_save(trainer, path));
    support_ok(fovea_detect(model, &image, &(fovea_detect_options){.min_score = -1}, found, 20, &count));
    ck_assert_uint_eq(count, 20);
    fovea_image_clear(&image);
    fovea_trainer_free(trainer);
    fovea_model_free(model);
}

/* A run begun with other choices than the rule's; stopped after two steps and resumed where the table says otherwise. */
START_TEST(resume__keeps_the_choices_that_the_run_began_with)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_device *tuned = open_device(), *untuned = open_device();
    fovea_device *first = _i ? untuned : tuned, *second = _i ? tuned : untuned; /* where it begins and goes on */
    fovea_dataset *dataset = dataset_of("choices");
    const char *whole = support_scratch_file("whole.safetensors"), *parts = support_scratch_file("parts.safetensors"),
               *other = support_scratch_file("other.safetensors");
    fovea_detection a[20], b[20], c[20];
    fovea_model *model = model_on(tuned);
    choose_others(tuned, model, plan.batch, 64, 96);
    fovea_model_free(model);

    model = model_on(first);
    finish(trainer_of(model, dataset, false), model, whole, a);

    model = model_on(first);
    fovea_trainer *trainer = trainer_of(model, dataset, false);
    run_until(trainer, 2);
    support_ok(fovea_trainer_save(trainer, parts));
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    model = model_on(second);
    trainer = trainer_of(model, dataset, false);
    support_ok(fovea_trainer_resume(trainer, parts));
    finish(trainer, model, parts, b);
    ck_assert_msg(drawn_same_files(whole, parts), "a run that was resumed where the table differs ends with other bits");
    ck_assert(memcmp(a, b, sizeof a) == 0); /* evaluation within the run, too */

    model = model_on(second);
    finish(trainer_of(model, dataset, false), model, other, c);
    ck_assert_msg(!drawn_same_files(whole, other), "the choices made no difference: nothing was tested");
    fovea_dataset_close(dataset);
    fovea_device_close(tuned);
    fovea_device_close(untuned);
}
END_TEST

START_TEST(by_rule__takes_no_notice_of_the_table)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_device *tuned = open_device(), *untuned = open_device();
    fovea_dataset *dataset = dataset_of("by_rule");
    fovea_detection a[20], b[20];
    fovea_model *model = model_on(tuned);
    choose_others(tuned, model, plan.batch, 64, 96);
    finish(trainer_of(model, dataset, true), model, support_scratch_file("a.safetensors"), a);
    model = model_on(untuned);
    finish(trainer_of(model, dataset, false), model, support_scratch_file("b.safetensors"), b);
    ck_assert(drawn_same_files(support_scratch_file("a.safetensors"), support_scratch_file("b.safetensors")));
    ck_assert(memcmp(a, b, sizeof a) == 0);
    fovea_dataset_close(dataset);
    fovea_device_close(tuned);
    fovea_device_close(untuned);
}
END_TEST

/* How many convolutions of a model's plan are forward what the rule takes. */
static int by_rule(const fovea_model *model)
{
    int count = 0;
    for (int i = 0; i < model->network->n_nodes; i++) {
        const fovea__node *node = &model->network->nodes[i];
        if (node->kind != FOVEA__NODE_CONV)
            continue;
        const fovea__conv2d_shape shape = fovea__network_conv_shape(model->network, node);
        count += node->algorithm[FOVEA__CONV2D_FORWARD] ==
                 fovea__conv2d_choose(model->device, FOVEA__CONV2D_FORWARD, &shape);
    }
    return count;
}

/* A plan does not outlive the choices that it was made of, whoever changed them. */
START_TEST(detect__follows_choices_that_change_meanwhile)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_device *device = open_device();
    fovea_model *model = model_on(device), *other = model_on(device);
    fovea_image image = drawn_noise(96, 64, 5);
    const fovea_detect_options options = {.min_score = -1};
    fovea_detection found[20], want[20];
    size_t count = 0;
    memset(found, 0, sizeof found), memset(want, 0, sizeof want);
    support_ok(fovea_detect(model, &image, &options, found, 20, &count));
    ck_assert_int_gt(by_rule(model), 0);
    choose_others(device, other, plan.batch, 64, 96);
    support_ok(fovea_detect(other, &image, &options, want, 20, &count));
    support_ok(fovea_detect(model, &image, &options, found, 20, &count));
    ck_assert(by_rule(model) == 0 && memcmp(found, want, sizeof want) == 0);
    fovea__conv2d_choices_clear(table_of(device));
    support_ok(fovea_detect(model, &image, &options, found, 20, &count));
    ck_assert_int_gt(by_rule(model), 0);
    fovea_image_clear(&image);
    fovea_model_free(model);
    fovea_model_free(other);
    fovea_device_close(device);
}
END_TEST

/* Choices for other layers or batches than the run's are no business of its checkpoint. */
START_TEST(checkpoint__holds_what_the_run_may_meet_alone)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_device *device = open_device();
    fovea_dataset *dataset = dataset_of("alone");
    fovea_model *model = model_on(device);
    fovea_trainer *trainer = trainer_of(model, dataset, false);
    support_ok(fovea_trainer_save(trainer, support_scratch_file("before.safetensors")));
    fovea_trainer_free(trainer);
    fovea__conv2d_choice strange = {FOVEA__CONV2D_FORWARD, {2, 64, 96, 3, 5, 7, 2, 3}, FOVEA__CONV2D_GEMM, 1, 1};
    strange.algorithm = fovea__conv2d_choose(device, strange.direction, &strange.shape) == FOVEA__CONV2D_GEMM
                            ? FOVEA__CONV2D_DIRECT : FOVEA__CONV2D_GEMM;
    support_ok(fovea__conv2d_choices_set(table_of(device), &strange)); /* no such layer */
    choose_others(device, model, 3, 64, 96);                           /* no such batch, but that of detection */
    trainer = trainer_of(model, dataset, false);
    ck_assert_uint_gt(trainer->choices.count, 0);
    for (size_t i = 0; i < trainer->choices.count; i++) {
        ck_assert_int_eq(trainer->choices.items[i].shape.batch, 1);
        ck_assert_int_eq(trainer->choices.items[i].direction, FOVEA__CONV2D_FORWARD);
    }
    fovea_trainer_free(trainer);
    fovea__conv2d_choices_clear(table_of(device));
    trainer = trainer_of(model, dataset, false);
    support_ok(fovea_trainer_tune(trainer, 600, NULL, NULL));
    const size_t measured = count_choices(device);
    ck_assert_uint_gt(measured, 20);
    support_ok(fovea_trainer_tune(trainer, 600, NULL, NULL));
    ck_assert_uint_eq(count_choices(device), measured);
    run_until(trainer, 1);
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
    fovea_device_close(device);
}
END_TEST

START_TEST(checkpoint__with_broken_choices_is_refused)
{
    fovea_device *device = open_device();
    fovea_dataset *dataset = dataset_of("broken");
    fovea_model *model = model_on(device);
    fovea_trainer *trainer = trainer_of(model, dataset, false);
    const char *path = support_scratch_file("broken.safetensors");
    char step[] = "0", run[2048];
    fovea__train_plan_text(&trainer->plan, trainer->fingerprint, run, sizeof run);
    const fovea__safetensors_pair metadata[] = {{"fovea.step", step}, {"fovea.run", run}, {"fovea.choices", "[7]"}};
    fovea__weights_more more = {.metadata = metadata, .n_metadata = 3, .states = trainer->optimizer->states,
                                .n_states = trainer->optimizer->n_states};
    support_ok(fovea__model_write(model, model->parameters, path, &more));
    support_fails(fovea_trainer_resume(trainer, path), FOVEA_ERROR_FORMAT, "metadata fovea.choices: choices[0]");
    more.n_metadata = 2; /* a file from before there were choices */
    support_ok(fovea__model_write(model, model->parameters, path, &more));
    support_ok(fovea_trainer_resume(trainer, path));
    ck_assert_uint_eq(trainer->choices.count, 0);
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
    fovea_device_close(device);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = tune__refuses_what_makes_no_sense, .needs_device = true},
        {.test = tune__measures_once_and_remembers, .needs_device = true},
        {.test = tune__measures_the_commonest_size_however_rare, .needs_device = true},
        {.test = tune__leaves_weights_in_their_file, .needs_device = true},
        {.test = resume__keeps_the_choices_that_the_run_began_with, .rows = 2, .needs_device = true},
        {.test = by_rule__takes_no_notice_of_the_table, .needs_device = true},
        {.test = detect__follows_choices_that_change_meanwhile, .needs_device = true},
        {.test = checkpoint__holds_what_the_run_may_meet_alone, .needs_device = true},
        {.test = checkpoint__with_broken_choices_is_refused, .needs_device = true},
    };
    return support_run("tune", cases, COUNT(cases));
}
