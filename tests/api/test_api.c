/* The public header alone: every call refuses what its contract forbids, with FOVEA_ERROR_ARGUMENT and a sentence,
 * leaves its outputs empty, and works afterwards; every release and every question accepts NULL. One table of calls, as
 * long as the header: whoever adds a function looks for its neighbours here. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define refuses(call) support_fails(call, FOVEA_ERROR_ARGUMENT, " ")

/* Every function that fovea.h declares, by the build. */
static const struct {
    const char *name;
    void (*function)(void);
} symbols[] = {
#include "symbols.inc"
};

START_TEST(api__every_function_links)
{
    ck_assert_uint_gt(COUNT(symbols), 40);
    for (size_t i = 0; i < COUNT(symbols); i++)
        ck_assert_msg(symbols[i].function != NULL, "%s is not there", symbols[i].name);
}
END_TEST

/* ---- errors and version ---------------------------------------------------------------------------------------- */

START_TEST(api__names_itself_and_its_errors)
{
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", FOVEA_VERSION_MAJOR, FOVEA_VERSION_MINOR, FOVEA_VERSION_PATCH);
    ck_assert_str_eq(fovea_version(), version);
    ck_assert_ptr_nonnull(fovea_error());
    ck_assert_str_eq(fovea_status_name(FOVEA_OK), "FOVEA_OK");
    for (int status = FOVEA_OK; status >= FOVEA_ERROR_NUMERIC; status--)
        ck_assert_msg(support_has(fovea_status_name((fovea_status)status), "FOVEA_"), "status %d has no name", status);
    ck_assert_str_eq(fovea_status_name((fovea_status)1), "unknown status");
    ck_assert_str_eq(fovea_status_name((fovea_status)-99), "unknown status");
}
END_TEST

START_TEST(api__releases_and_questions_accept_null)
{
    fovea_device_close(NULL);
    fovea_image_clear(NULL);
    fovea_reader_close(NULL);
    fovea_dataset_close(NULL);
    fovea_model_free(NULL);
    fovea_trainer_free(NULL);
    fovea_evaluator_close(NULL);
    fovea_coverage_free(NULL);

    const char *const *names = (const char *const *)&names;
    const int64_t *ids = (const int64_t *)&ids;
    uint64_t now = 7, peak = 7;
    ck_assert_str_eq(fovea_device_name(NULL), "");
    ck_assert_ptr_null(fovea_device_describe(NULL));
    fovea_device_memory(NULL, &now, &peak);
    fovea_device_memory(NULL, NULL, NULL);
    ck_assert(now == 0 && peak == 0);
    ck_assert_uint_eq(fovea_dataset_size(NULL), 0);
    ck_assert_int_eq(fovea_dataset_labels(NULL, &names, &ids), 0);
    ck_assert(!names && !ids);
    ck_assert_int_eq(fovea_dataset_labels(NULL, NULL, NULL), 0);
    ck_assert_uint_eq(fovea_dataset_warnings(NULL), 0);
    ck_assert_ptr_null(fovea_dataset_warning(NULL, 0));
    ck_assert_int_eq(fovea_model_labels(NULL), 0);
    ck_assert_ptr_null(fovea_model_label(NULL, 0));
    ck_assert_int_eq(fovea_model_category_id(NULL, 0), -1);
    ck_assert_uint_eq(fovea_model_missing(NULL), 0);
    ck_assert_ptr_null(fovea_model_missing_name(NULL, 0));
    ck_assert(fovea_trainer_done(NULL));
    ck_assert_int_eq(fovea_trainer_steps_done(NULL), 0);
    ck_assert_int_eq(fovea_trainer_steps(NULL), 0);
    ck_assert_int_eq(fovea_trainer_steps_per_epoch(NULL), 0);
    ck_assert_uint_eq(fovea_evaluator_pictures(NULL), 0);
}
END_TEST

/* ---- calls that need no device --------------------------------------------------------------------------------- */

START_TEST(api__pictures_refuse_bad_arguments)
{
    fovea_image image = {.pixels = (uint8_t *)&image, .width = 3, .height = 3};
    const int bad[][2] = {{0, 1}, {1, 0}, {-1, 1}, {1, -1}, {65501, 1}, {1, 65501}, {INT32_MAX, INT32_MAX}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        refuses(fovea_image_create(&image, bad[i][0], bad[i][1]));
        ck_assert(!image.pixels && image.width == 0 && image.height == 0);
    }
    refuses(fovea_image_create(NULL, 1, 1));
    refuses(fovea_image_read(NULL, "a.jpg"));
    refuses(fovea_image_read(&image, NULL));
    refuses(fovea_image_decode(NULL, "x", 1, "x"));
    refuses(fovea_image_decode(&image, NULL, 1, "x"));
    support_fails(fovea_image_decode(&image, NULL, 0, NULL), FOVEA_ERROR_FORMAT, "a picture in memory");
    fovea_reader *reader = NULL;
    refuses(fovea_reader_open(NULL, NULL, 0, NULL));
    refuses(fovea_reader_open(&reader, NULL, 1, NULL));
    refuses(fovea_reader_open(&reader, (const char *const[]){"a.jpg", NULL}, 2, NULL));
    refuses(fovea_reader_open(&reader, (const char *const[]){"a.jpg"}, 1, &(fovea_reader_options){.threads = -1}));
    ck_assert_ptr_null(reader);
    refuses(fovea_reader_next(NULL, &image));
    refuses(fovea_image_write_jpeg(NULL, support_scratch_file("a.jpg"), 0));
    refuses(fovea_image_write_jpeg(&image, support_scratch_file("a.jpg"), 0));
    support_ok(fovea_image_create(&image, 1, 1));
    refuses(fovea_image_write_jpeg(&image, NULL, 0));
    refuses(fovea_image_write_jpeg(&image, support_scratch_file("a.jpg"), -1));
    refuses(fovea_image_write_jpeg(&image, support_scratch_file("a.jpg"), 101));
    support_ok(fovea_image_write_jpeg(&image, support_scratch_file("a.jpg"), 100));
    fovea_image_clear(&image);
    fovea_image_clear(&image);
    ck_assert_ptr_null(image.pixels);
}
END_TEST

static const char annotations[] =
    "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":32,\"height\":32}],"
    "\"categories\":[{\"id\":3,\"name\":\"cell\"},{\"id\":9,\"name\":\"dot\"}],"
    "\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,20,20],\"area\":400,\"iscrowd\":0}]}";

static fovea_dataset *open_dataset(void)
{
    fovea_dataset *dataset = NULL;
    fovea_image image;
    support_ok(fovea_image_create(&image, 32, 32));
    support_ok(fovea_image_write_jpeg(&image, support_scratch_file("a.jpg"), 0));
    fovea_image_clear(&image);
    support_write(support_scratch_file("a.json"), annotations);
    support_ok(fovea_dataset_open_coco(&dataset, support_scratch(), support_scratch_file("a.json")));
    return dataset;
}

START_TEST(api__data_sets_refuse_bad_arguments)
{
    fovea_dataset *dataset = (fovea_dataset *)&dataset;
    fovea_picture picture = {.id = 7};
    refuses(fovea_dataset_open_coco(NULL, ".", "a.json"));
    refuses(fovea_dataset_open_coco(&dataset, NULL, "a.json"));
    ck_assert_ptr_null(dataset);
    dataset = (fovea_dataset *)&dataset;
    refuses(fovea_dataset_open_coco(&dataset, ".", NULL));
    ck_assert_ptr_null(dataset);
    dataset = open_dataset();
    refuses(fovea_dataset_picture(NULL, 0, &picture));
    refuses(fovea_dataset_picture(dataset, 0, NULL));
    refuses(fovea_dataset_picture(dataset, 1, &picture));
    refuses(fovea_dataset_picture(dataset, SIZE_MAX, &picture));
    support_ok(fovea_dataset_picture(dataset, 0, &picture));
    ck_assert(picture.id == 1 && picture.n_boxes == 1 && picture.boxes[0].label == 0);
    ck_assert_int_eq(fovea_dataset_labels(dataset, NULL, NULL), 2);
    ck_assert_ptr_null(fovea_dataset_warning(dataset, fovea_dataset_warnings(dataset)));
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(api__evaluators_refuse_bad_arguments)
{
    fovea_evaluator *evaluator = (fovea_evaluator *)&evaluator;
    fovea_evaluation numbers;
    fovea_class_evaluation classes[1];
    const double box[4] = {1, 2, 20, 20};
    int64_t id = 0;
    const char *name = NULL;
    size_t n_classes = 0;
    refuses(fovea_evaluator_open(NULL, "a.json"));
    refuses(fovea_evaluator_open(&evaluator, NULL));
    ck_assert_ptr_null(evaluator);
    support_write(support_scratch_file("a.json"), annotations);
    support_ok(fovea_evaluator_open(&evaluator, support_scratch_file("a.json")));
    ck_assert_uint_eq(fovea_evaluator_pictures(evaluator), 1);
    refuses(fovea_evaluator_picture(NULL, 0, &id, &name));
    refuses(fovea_evaluator_picture(evaluator, 1, &id, &name));
    support_ok(fovea_evaluator_picture(evaluator, 0, NULL, NULL));
    support_ok(fovea_evaluator_picture(evaluator, 0, &id, &name));
    refuses(fovea_evaluator_add(NULL, 1, 3, box, 0.5));
    refuses(fovea_evaluator_add(evaluator, 1, 3, NULL, 0.5));
    refuses(fovea_evaluator_add(evaluator, 2, 3, box, 0.5));
    refuses(fovea_evaluator_add_file(NULL, "results.json"));
    refuses(fovea_evaluator_add_file(evaluator, NULL));
    refuses(fovea_evaluator_run(NULL, &numbers, classes, 1, &n_classes));
    refuses(fovea_evaluator_run(evaluator, NULL, classes, 1, &n_classes));
    refuses(fovea_evaluator_run(evaluator, &numbers, NULL, 1, &n_classes));
    support_ok(fovea_evaluator_add(evaluator, 1, 3, box, 0.5));
    support_ok(fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL));
    support_ok(fovea_evaluator_run(evaluator, &numbers, classes, 1, &n_classes));
    ck_assert_uint_eq(n_classes, 2);
    ck_assert_int_eq(classes[0].category_id, 3);
    ck_assert_double_eq_tol(numbers.ap, 1.0, 1e-9);
    fovea_evaluator_close(evaluator);
}
END_TEST

/* ---- devices and models ---------------------------------------------------------------------------------------- */

START_TEST(api__devices_refuse_bad_arguments)
{
    fovea_kernel_time times[1];
    size_t count = 0;
    refuses(fovea_device_list(NULL, 0, NULL));
    refuses(fovea_device_list(NULL, 1, &count));
    refuses(fovea_device_open(NULL, NULL));
    refuses(fovea_device_profile(NULL, times, 1, &count, false));
    refuses(fovea_device_profile(support_device(), times, 1, NULL, false));
    refuses(fovea_device_profile(support_device(), NULL, 1, &count, false));
    support_ok(fovea_device_profile(support_device(), NULL, 0, &count, true));
    ck_assert_uint_eq(count, 0);
}
END_TEST

static const char *const two_names[] = {"cell", "dot"};
static const int64_t two_ids[] = {3, 9};
static const fovea_model_options small = {
    .depth = 18, .width = 8, .channels = 8, .head_depth = 1, .size = 64, .max_size = 64, .category_ids = two_ids};

static fovea_model *make_model(void)
{
    fovea_model *model = NULL;
    support_ok(fovea_model_create(&model, support_device(), 2, two_names, &small));
    return model;
}

static void refuse_model(const char *what, fovea_model_options options)
{
    fovea_model *model = (fovea_model *)&model;
    const fovea_status status = fovea_model_create(&model, support_device(), 2, two_names, &options);
    ck_assert_msg(status == FOVEA_ERROR_ARGUMENT && !model, "%s: %s: %s", what, fovea_status_name(status),
                  fovea_error());
}

#define REFUSE_MODEL(...)                                        \
    do {                                                         \
        fovea_model_options options_ = small;                    \
        options_.__VA_ARGS__;                                    \
        refuse_model(#__VA_ARGS__, options_);                    \
    } while (0)

static const fovea_benchmark_options bad_benchmarks[] = {
    {.work = (fovea_work)2}, {.size = -1},  {.size = 65501}, {.batch = -1}, {.batch = 4097},
    {.labels = -1},          {.runs = 1001}, {.runs = -1},   {.size = 64, .depth = 7},
};

START_TEST(api__benchmarks_refuse_bad_arguments)
{
    fovea_benchmark result = {.batch = 7};
    refuses(fovea_benchmark_run(support_device(), &bad_benchmarks[_i], &result));
    ck_assert_int_eq(result.batch, 0);
    refuses(fovea_benchmark_run(NULL, NULL, &result));
    refuses(fovea_benchmark_run(support_device(), NULL, NULL));
    refuses(fovea_benchmark_verify(NULL, NULL));
    fovea_device_speed speed = {.gflops = 7};
    refuses(fovea_device_measure(NULL, &speed));
    refuses(fovea_device_measure(support_device(), NULL));
}
END_TEST

START_TEST(api__models_refuse_bad_arguments)
{
    fovea_model *model = (fovea_model *)&model;
    const char *const no_name[] = {"cell", NULL};
    const int64_t twice[] = {3, 3};
    refuses(fovea_model_create(NULL, support_device(), 2, two_names, &small));
    refuses(fovea_model_create(&model, NULL, 2, two_names, &small));
    ck_assert_ptr_null(model);
    refuses(fovea_model_create(&model, support_device(), 0, two_names, &small));
    refuses(fovea_model_create(&model, support_device(), -1, two_names, &small));
    refuses(fovea_model_create(&model, support_device(), 2, NULL, &small));
    refuses(fovea_model_create(&model, support_device(), 2, no_name, &small));
    REFUSE_MODEL(depth = 19);
    REFUSE_MODEL(depth = -18);
    REFUSE_MODEL(profile = (fovea_profile)3);
    REFUSE_MODEL(norm = (fovea_norm)-1);
    REFUSE_MODEL(width = 12);
    REFUSE_MODEL(width = -8);
    REFUSE_MODEL(channels = -1);
    REFUSE_MODEL(head_depth = -1);
    REFUSE_MODEL(anchor_scales = 5);
    REFUSE_MODEL(anchor_ratios = 2);
    REFUSE_MODEL(prior = 1.0f);
    REFUSE_MODEL(prior = -0.5f);
    REFUSE_MODEL(prior = NAN);
    REFUSE_MODEL(norm_epsilon = NAN);
    REFUSE_MODEL(size = -1);
    REFUSE_MODEL(max_size = -1);
    REFUSE_MODEL(category_ids = twice);
    refuses(fovea_model_load(NULL, support_device(), "m.safetensors", NULL));
    refuses(fovea_model_load(&model, NULL, "m.safetensors", NULL));
    refuses(fovea_model_load(&model, support_device(), NULL, NULL));
    support_fails(fovea_model_load(&model, support_device(), support_scratch_file("none.safetensors"), NULL),
                  FOVEA_ERROR_IO, "none.safetensors");
    refuses(fovea_model_save(NULL, "m.safetensors"));
}
END_TEST

START_TEST(api__models_answer_and_survive_bad_calls)
{
    fovea_model *model = make_model(), *loaded = NULL;
    fovea_model_options facts;
    fovea_image image, empty = {0};
    fovea_detection found[100];
    size_t count = 7;
    refuses(fovea_model_save(model, NULL));
    ck_assert_int_eq(fovea_model_labels(model), 2);
    ck_assert_str_eq(fovea_model_label(model, 1), "dot");
    ck_assert(!fovea_model_label(model, 2) && !fovea_model_label(model, -1));
    ck_assert(fovea_model_category_id(model, 1) == 9 && fovea_model_category_id(model, 2) == -1 &&
              fovea_model_category_id(model, -1) == -1);
    ck_assert_ptr_null(fovea_model_missing_name(model, fovea_model_missing(model)));
    fovea_model_describe(model, &facts);
    ck_assert(facts.depth == 18 && facts.width == 8 && facts.channels == 8 && facts.head_depth == 1 &&
              facts.category_ids[1] == 9);

    support_ok(fovea_image_create(&image, 40, 30));
    refuses(fovea_detect(NULL, &image, NULL, found, 100, &count));
    ck_assert_uint_eq(count, 0);
    refuses(fovea_detect(model, NULL, NULL, found, 100, &count));
    refuses(fovea_detect(model, &empty, NULL, found, 100, &count));
    refuses(fovea_detect(model, &image, NULL, NULL, 100, &count));
    refuses(fovea_detect(model, &image, NULL, found, 100, NULL));
    refuses(fovea_detect(model, &image, &(fovea_detect_options){.min_score = 1.5f}, found, 100, &count));
    refuses(fovea_detect(model, &image, &(fovea_detect_options){.min_score = NAN}, found, 100, &count));
    refuses(fovea_detect(model, &image, &(fovea_detect_options){.max_overlap = -1.0f}, found, 100, &count));
    refuses(fovea_detect(model, &image, &(fovea_detect_options){.size = -1}, found, 100, &count));
    refuses(fovea_detect(model, &image, &(fovea_detect_options){.max_detections = -1}, found, 100, &count));
    refuses(fovea_detect(model, &image, &(fovea_detect_options){.top_k = -1}, found, 100, &count));
    support_ok(fovea_detect(model, &image, NULL, NULL, 0, &count));
    ck_assert_uint_eq(count, 0);
    support_ok(fovea_detect(model, &image, &(fovea_detect_options){.min_score = -1.0f}, found, 100, &count));
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_le(count, 100);

    support_ok(fovea_model_save(model, support_scratch_file("m.safetensors")));
    support_ok(fovea_model_load(&loaded, support_device(), support_scratch_file("m.safetensors"), NULL));
    ck_assert_str_eq(fovea_model_label(loaded, 0), "cell");
    fovea_image_clear(&image);
    fovea_model_free(loaded);
    fovea_model_free(model);
}
END_TEST

/* ---- training -------------------------------------------------------------------------------------------------- */

static const fovea_train_options one_step = {.batch = 1, .steps = 1};

static void refuse_plan(const char *what, fovea_model *model, fovea_dataset *dataset, fovea_train_options options)
{
    fovea_trainer *trainer = (fovea_trainer *)&trainer;
    const fovea_status status = fovea_trainer_create(&trainer, model, dataset, &options);
    ck_assert_msg(status == FOVEA_ERROR_ARGUMENT && !trainer, "%s: %s: %s", what, fovea_status_name(status),
                  fovea_error());
}

#define REFUSE_PLAN(...)                                         \
    do {                                                         \
        fovea_train_options options_ = one_step;                 \
        options_.__VA_ARGS__;                                    \
        refuse_plan(#__VA_ARGS__, model, dataset, options_);     \
    } while (0)

START_TEST(api__trainers_refuse_bad_plans)
{
    fovea_model *model = make_model();
    fovea_dataset *dataset = open_dataset();
    REFUSE_PLAN(batch = -1);
    REFUSE_PLAN(steps = -1);
    REFUSE_PLAN(epochs = -1.0);
    REFUSE_PLAN(epochs = NAN);
    REFUSE_PLAN(learning_rate = -1.0);
    REFUSE_PLAN(learning_rate = NAN);
    REFUSE_PLAN(momentum = 1.0);
    REFUSE_PLAN(momentum = NAN);
    REFUSE_PLAN(weight_decay = NAN);
    REFUSE_PLAN(clip = NAN);
    REFUSE_PLAN(decay_at[1] = NAN);
    REFUSE_PLAN(accumulate = -1);
    REFUSE_PLAN(accumulate = 4097);
    REFUSE_PLAN(schedule = (fovea_schedule)2);
    REFUSE_PLAN(flip = 2.0);
    REFUSE_PLAN(flip = NAN);
    REFUSE_PLAN(scale_jitter[0] = 2.0);
    REFUSE_PLAN(crop = -0.1);
    REFUSE_PLAN(crop = NAN);
    REFUSE_PLAN(brightness = 17.0);
    REFUSE_PLAN(contrast = -1.0);
    REFUSE_PLAN(saturation = NAN);
    REFUSE_PLAN(hue = 0.51);
    REFUSE_PLAN(sizes[0] = -1);
    REFUSE_PLAN(sizes[1] = 64);
    REFUSE_PLAN(sizes[0] = 64, options_.sizes[1] = 64);
    REFUSE_PLAN(sizes[0] = 65501);
    REFUSE_PLAN(size = -1);
    REFUSE_PLAN(max_size = -1);
    REFUSE_PLAN(freeze = 6);
    REFUSE_PLAN(freeze = -1);
    REFUSE_PLAN(loss = (fovea_loss)3);
    REFUSE_PLAN(box_loss = (fovea_box_loss)2);
    REFUSE_PLAN(alpha = 2.0);
    REFUSE_PLAN(alpha = NAN);
    REFUSE_PLAN(gamma = NAN);
    REFUSE_PLAN(ohem_batch = -1);
    REFUSE_PLAN(ohem_nms = 2.0);
    REFUSE_PLAN(loader_threads = -1);
    fovea_dataset_close(dataset);
    fovea_model_free(model);
}
END_TEST

static bool look_away(void *cookie, const fovea_look *look)
{
    (void)cookie;
    return look == NULL;
}

START_TEST(api__trainers_refuse_bad_arguments)
{
    fovea_model *model = make_model();
    fovea_dataset *dataset = open_dataset();
    fovea_trainer *trainer = (fovea_trainer *)&trainer;
    fovea_progress progress;
    refuses(fovea_trainer_create(NULL, model, dataset, &one_step));
    refuses(fovea_trainer_create(&trainer, NULL, dataset, &one_step));
    ck_assert_ptr_null(trainer);
    refuses(fovea_trainer_create(&trainer, model, NULL, &one_step));
    support_ok(fovea_trainer_create(&trainer, model, dataset, &one_step));
    ck_assert(fovea_trainer_steps(trainer) == 1 && fovea_trainer_steps_per_epoch(trainer) == 1);
    refuses(fovea_trainer_step(NULL, &progress));
    refuses(fovea_trainer_step(trainer, NULL));
    refuses(fovea_trainer_look(NULL, look_away, NULL));
    refuses(fovea_trainer_look(trainer, NULL, NULL));
    refuses(fovea_trainer_save(NULL, support_scratch_file("c.safetensors")));
    refuses(fovea_trainer_save(trainer, NULL));
    refuses(fovea_trainer_resume(NULL, support_scratch_file("c.safetensors")));
    refuses(fovea_trainer_resume(trainer, NULL));
    ck_assert(!fovea_trainer_done(trainer));
    support_ok(fovea_trainer_step(trainer, &progress));
    ck_assert(progress.step == 1 && isfinite(progress.class_loss) && isfinite(progress.box_loss));
    ck_assert(fovea_trainer_done(trainer) && fovea_trainer_steps_done(trainer) == 1);
    refuses(fovea_trainer_step(trainer, &progress));
    fovea_trainer_free(trainer);
    fovea_dataset_close(dataset);
    fovea_model_free(model);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = api__every_function_links},
        {.test = api__names_itself_and_its_errors},
        {.test = api__releases_and_questions_accept_null},
        {.test = api__pictures_refuse_bad_arguments},
        {.test = api__data_sets_refuse_bad_arguments},
        {.test = api__evaluators_refuse_bad_arguments},
        {.test = api__devices_refuse_bad_arguments, .needs_device = true},
        {.test = api__benchmarks_refuse_bad_arguments, .rows = COUNT(bad_benchmarks), .needs_device = true},
        {.test = api__models_refuse_bad_arguments, .needs_device = true},
        {.test = api__models_answer_and_survive_bad_calls, .needs_device = true},
        {.test = api__trainers_refuse_bad_plans, .needs_device = true},
        {.test = api__trainers_refuse_bad_arguments, .needs_device = true},
    };
    return support_run("api", cases, COUNT(cases));
}
