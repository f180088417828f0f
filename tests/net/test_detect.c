/* Models and detection: files, sizes, memory, and what detections look like. */
#include "drawn.h"

#include "file.h"
#include "memory.h"
#include "safetensors.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { MOST = 100 };

static size_t detect(fovea_model *model, const fovea_image *image, const fovea_detect_options *options,
                     fovea_detection *out)
{
    size_t count = 0;
    memset(out, 0, MOST * sizeof *out);
    support_ok(fovea_detect(model, image, options, out, MOST, &count));
    ck_assert_uint_le(count, MOST);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(out[i].x0 >= 0 && out[i].y0 >= 0 && out[i].x1 >= out[i].x0 && out[i].y1 >= out[i].y0 &&
                      out[i].x1 <= (float)image->width && out[i].y1 <= (float)image->height,
                      "detection %zu is %g %g %g %g in %d x %d", i, (double)out[i].x0, (double)out[i].y0,
                      (double)out[i].x1, (double)out[i].y1, image->width, image->height);
        ck_assert(out[i].label >= 0 && out[i].label < 2 && out[i].score > 0 && out[i].score <= 1);
        ck_assert(i == 0 || out[i].score <= out[i - 1].score);
    }
    return count;
}

START_TEST(detect__gives_the_same_bits_twice_and_after_a_file)
{
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, _i ? FOVEA_PROFILE_TORCHVISION : FOVEA_PROFILE_PAPER, 3);
    fovea_model *loaded = NULL;
    fovea_image image = drawn_noise(48, 40, 1);
    const fovea_detect_options options = {.min_score = -1, .size = 32, .max_size = 64, .top_k = 50};
    fovea_detection first[MOST], second[MOST];
    const size_t count = detect(model, &image, &options, first);
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_eq(detect(model, &image, &options, second), count);
    ck_assert_mem_eq(first, second, sizeof first);
    support_ok(fovea_model_save(model, support_scratch_file("detect.safetensors")));
    support_ok(fovea_model_load(&loaded, support_device(), support_scratch_file("detect.safetensors"), NULL));
    ck_assert_uint_eq(detect(loaded, &image, &options, second), count);
    ck_assert_mem_eq(first, second, sizeof first);
    ck_assert_int_eq(fovea_model_labels(loaded), 2);
    ck_assert_str_eq(fovea_model_label(loaded, 1), "bright");
    ck_assert_int_eq(fovea_model_category_id(loaded, 1), 9);
    fovea_model_options a, b;
    fovea_model_describe(model, &a);
    fovea_model_describe(loaded, &b);
    ck_assert(a.depth == b.depth && a.width == b.width && a.channels == b.channels && a.profile == b.profile &&
              a.norm == b.norm && a.size == b.size && a.max_size == b.max_size && a.prior == b.prior);
    support_ok(fovea_model_save(loaded, support_scratch_file("again.safetensors")));
    ck_assert(drawn_same_files(support_scratch_file("detect.safetensors"), support_scratch_file("again.safetensors")));
    fovea_image_clear(&image);
    fovea_model_free(loaded);
    fovea_model_free(model);
}
END_TEST

static const fovea_detect_options all = {.min_score = -1, .top_k = 50};

/* Holds what a model finds to what a fresh model of its file does. */
static void check_like_its_file(fovea_model *model, const fovea_image *image, fovea_detection found[MOST])
{
    const char *path = support_scratch_file("as_file.safetensors");
    fovea_detection again[MOST];
    fovea_model *fresh = NULL;
    ck_assert_uint_gt(detect(model, image, &all, found), 0);
    support_ok(fovea_model_save(model, path));
    support_ok(fovea_model_load(&fresh, support_device(), path, NULL));
    detect(fresh, image, &all, again);
    ck_assert_mem_eq(found, again, sizeof again);
    fovea_model_free(fresh);
}

/* Weights are packed from the file first, then from the device, and anew whenever they moved. */
START_TEST(detect__goes_by_the_weights_of_now)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_dataset *dataset = drawn_dataset("now", &(drawn_options){.pictures = 2, .width = 64, .height = 64});
    fovea_model *model = drawn_model(_i ? FOVEA_NORM_TRAINING : FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 1);
    fovea_image image = drawn_noise(64, 48, 1);
    fovea_detection untrained[MOST], first[MOST], second[MOST], resumed[MOST];
    fovea_trainer *trainer = NULL;
    fovea_progress progress;
    support_ok(fovea_model_save(model, support_scratch_file("new.safetensors")));
    fovea_model_free(model);
    support_ok(fovea_model_load(&model, support_device(), support_scratch_file("new.safetensors"), NULL));
    check_like_its_file(model, &image, untrained);
    support_ok(fovea_trainer_create(&trainer, model, dataset, &(fovea_train_options){
        .batch = 1, .steps = 2, .size = 64, .warmup = -1, .learning_rate = 0.01}));
    support_ok(fovea_trainer_step(trainer, &progress));
    support_ok(fovea_trainer_save(trainer, support_scratch_file("first.safetensors")));
    check_like_its_file(model, &image, first);
    support_ok(fovea_trainer_step(trainer, &progress));
    check_like_its_file(model, &image, second);
    ck_assert(memcmp(untrained, first, sizeof first) != 0 && memcmp(first, second, sizeof second) != 0);
    support_ok(fovea_trainer_resume(trainer, support_scratch_file("first.safetensors")));
    check_like_its_file(model, &image, resumed);
    ck_assert_mem_eq(resumed, first, sizeof first);
    fovea_trainer_free(trainer);
    check_like_its_file(model, &image, resumed);
    ck_assert_mem_eq(resumed, first, sizeof first);
    fovea_image_clear(&image);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(detect__takes_any_size_and_keeps_memory_flat)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    static const int sizes[][2] = {{1, 1}, {1, 300}, {3000, 2}, {31, 33}, {97, 61}, {20000, 16}};
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 3);
    fovea_detection found[MOST];
    uint64_t held[2] = {0};
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 50; i++) {
            const bool listed = i < (int)COUNT(sizes);
            fovea_image image = drawn_noise(listed ? sizes[i][0] : 40 + 3 * i, listed ? sizes[i][1] : 200 - 3 * i, 1);
            detect(model, &image, &(fovea_detect_options){.min_score = 0.005f}, found);
            fovea_image_clear(&image);
        }
        fovea_device_memory(support_device(), &held[round], NULL);
    }
    ck_assert_msg(held[1] <= held[0], "%llu bytes after 50 sizes, %llu after 50 more", (unsigned long long)held[0],
                  (unsigned long long)held[1]);
    fovea_model_free(model);
}
END_TEST

START_TEST(detect__obeys_its_options)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 3);
    fovea_image image = drawn_noise(90, 70, 2);
    fovea_detection found[MOST];
    ck_assert_uint_eq(detect(model, &image, &(fovea_detect_options){.min_score = -1, .max_detections = 7}, found), 7);
    ck_assert_uint_eq(detect(model, &image, &(fovea_detect_options){.min_score = 1}, found), 0);
    size_t count = 99;
    support_ok(fovea_detect(model, &image, &(fovea_detect_options){.min_score = -1}, found, 3, &count));
    ck_assert_uint_eq(count, 3);
    support_fails(fovea_detect(model, &image, &(fovea_detect_options){.min_score = 2}, found, MOST, &count),
                  FOVEA_ERROR_ARGUMENT, "min_score is 2");
    ck_assert_uint_eq(count, 0);
    support_fails(fovea_detect(model, &(fovea_image){0}, NULL, found, MOST, &count), FOVEA_ERROR_ARGUMENT, "empty");
    fovea_image_clear(&image);
    fovea_model_free(model);
}
END_TEST

/* Writes one tensor, and loads the file as a backbone or as a model. */
static void write_tensor(const char *path, const char *name, size_t out_channels)
{
    float *zeros = calloc(out_channels * 3 * 49, sizeof *zeros);
    ck_assert_ptr_nonnull(zeros);
    const fovea__safetensors_item item = {.name = name, .dtype = FOVEA__DTYPE_F32, .n_dims = 4,
                                          .shape = {out_channels, 3, 7, 7}, .data = zeros};
    support_ok(fovea__safetensors_write(path, &(fovea__safetensors_content){.items = &item, .n_items = 1}));
    free(zeros);
}

START_TEST(model__takes_a_partial_backbone_and_lists_the_rest)
{
    static const char *const names[] = {"thing"};
    const char *path = support_scratch_file("backbone.safetensors");
    fovea_model_options options = {.depth = 18, .width = 8, .channels = 16, .backbone = path};
    fovea_model *model = NULL;
    write_tensor(path, "conv1.weight", 8);
    support_ok(fovea_model_create(&model, support_device(), 1, names, &options));
    bool lists_first = false, lists_norm = false, lists_head = false;
    for (size_t i = 0; i < fovea_model_missing(model); i++) {
        const char *name = fovea_model_missing_name(model, i);
        lists_first = lists_first || strcmp(name, "backbone.body.conv1.weight") == 0;
        lists_norm = lists_norm || strcmp(name, "backbone.body.layer4.0.bn1.weight") == 0;
        lists_head = lists_head || strncmp(name, "head.", 5) == 0;
    }
    ck_assert(!lists_first && lists_norm && !lists_head);
    fovea_model_free(model);
    write_tensor(path, "conv1.weight", 16);
    support_fails(fovea_model_create(&model, support_device(), 1, names, &options), FOVEA_ERROR_FORMAT,
                  "tensor conv1.weight has shape [16, 3, 7, 7]; expected [8, 3, 7, 7]");
    support_fails(fovea_model_load(&model, support_device(), path, NULL), FOVEA_ERROR_FORMAT,
                  "holds a backbone alone");
    write_tensor(path, "layer3.22.conv3.weight", 16);
    support_fails(fovea_model_create(&model, support_device(), 1, names, &options), FOVEA_ERROR_FORMAT,
                  "these are weights of a ResNet-101; the backbone to be made is a ResNet-18");
    write_tensor(path, "backbone.body.layer1.2.conv2.weight", 16);
    support_fails(fovea_model_create(&model, support_device(), 1, names, &options), FOVEA_ERROR_FORMAT,
                  "these are weights of a ResNet-34; the");
    write_tensor(path, "stranger.weight", 16);
    support_fails(fovea_model_create(&model, support_device(), 1, names, &options), FOVEA_ERROR_FORMAT,
                  "holds no tensor of a ResNet-18");
    support_fails(fovea_model_load(&model, support_device(), path, NULL), FOVEA_ERROR_FORMAT, "backbone.safetensors");
    options.backbone = support_scratch_file("none.safetensors");
    support_fails(fovea_model_create(&model, support_device(), 1, names, &options), FOVEA_ERROR_IO, "none");
    ck_assert_ptr_null(model);
}
END_TEST

START_TEST(model__cut_short_is_refused)
{
    fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 3);
    const char *path = support_scratch_file("cut.safetensors");
    char *bytes = NULL;
    size_t size = 0;
    support_ok(fovea_model_save(model, path));
    fovea_model_free(model);
    support_ok(fovea__file_read(&bytes, &size, path, SIZE_MAX / 2));
    const size_t ends[] = {0, 5, 8, 1000, size / 2, size - 1};
    for (size_t i = 0; i < COUNT(ends); i++) {
        support_ok(fovea__file_write(path, bytes, ends[i]));
        support_fails(fovea_model_load(&model, support_device(), path, NULL), FOVEA_ERROR_FORMAT, "cut.safetensors");
        ck_assert_ptr_null(model);
    }
    free(bytes);
}
END_TEST

START_TEST(model__outlives_its_file_unless_that_is_written_to)
{
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 3), *loaded = NULL;
    fovea_model *other = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 4);
    const char *path = support_scratch_file("kept.safetensors");
    fovea_image image = drawn_noise(48, 40, 1);
    const fovea_detect_options options = {.min_score = -1, .size = 32, .max_size = 64, .top_k = 50};
    fovea_detection want[MOST], got[MOST];
    size_t count = detect(model, &image, &options, want);
    support_ok(fovea_model_save(model, path));
    support_ok(fovea_model_load(&loaded, support_device(), path, NULL));
    support_ok(fovea_model_save(other, path)); /* another file of the same name */
    ck_assert_uint_eq(detect(loaded, &image, &options, got), count);
    ck_assert_mem_eq(got, want, sizeof got);
    fovea_model_free(loaded);
    support_ok(fovea_model_load(&loaded, support_device(), path, NULL));
    FILE *file = fopen(path, "ab");
    ck_assert(file && fputc(0, file) == 0 && fclose(file) == 0);
    support_fails(fovea_detect(loaded, &image, &options, got, MOST, &count), FOVEA_ERROR_IO, "was written to");
    ck_assert_uint_eq(count, 0);
    fovea_image_clear(&image);
    fovea_model_free(loaded);
    fovea_model_free(other);
    fovea_model_free(model);
}
END_TEST

/* Writes one byte of a file anew, as it was, and gives the file a time of the next hour. */
static void rewrite_byte(const char *path)
{
    FILE *file = fopen(path, "r+b");
    ck_assert(file && fseek(file, -1, SEEK_END) == 0);
    const int byte = fgetc(file);
    ck_assert(fseek(file, -1, SEEK_END) == 0 && fputc(byte, file) == byte && fclose(file) == 0);
    const struct timespec later = {.tv_sec = time(NULL) + 3600}, times[2] = {later, later};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(model__notices_what_was_written_at_the_same_length)
{
    fovea_dataset *dataset = drawn_dataset("written", &(drawn_options){.pictures = 1, .width = 64, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 3), *loaded = NULL;
    fovea_image image = drawn_noise(48, 40, 1);
    fovea_trainer *trainer = NULL;
    fovea_detection got[MOST];
    size_t count = 0;
    const char *path = support_scratch_file("written.safetensors"), *copy = support_scratch_file("copy.safetensors");
    support_ok(fovea_model_save(model, path));
    support_ok(fovea_model_load(&loaded, support_device(), path, NULL));
    rewrite_byte(path);
    support_fails(fovea_detect(loaded, &image, NULL, got, MOST, &count), FOVEA_ERROR_IO, "was written to");
    support_fails(fovea_model_save(loaded, copy), FOVEA_ERROR_IO, "was written to");
    support_fails(fovea_trainer_create(&trainer, loaded, dataset, NULL), FOVEA_ERROR_IO, "was written to");
    ck_assert_ptr_null(trainer);
    fovea_image_clear(&image);
    fovea_model_free(loaded);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(model__refuses_bad_options)
{
    static const char *const names[] = {"thing"};
    fovea_model *model = NULL;
    support_fails(fovea_model_create(&model, support_device(), 1, names, &(fovea_model_options){.depth = 19}),
                  FOVEA_ERROR_ARGUMENT, "19");
    support_fails(fovea_model_create(&model, support_device(), 0, names, NULL), FOVEA_ERROR_ARGUMENT, "0 labels");
    support_fails(fovea_model_create(&model, NULL, 1, names, NULL), FOVEA_ERROR_ARGUMENT, "device is NULL");
    ck_assert_ptr_null(model);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = detect__gives_the_same_bits_twice_and_after_a_file, .rows = 2, .needs_device = true},
        {.test = detect__goes_by_the_weights_of_now, .rows = 2, .needs_device = true},
        {.test = detect__takes_any_size_and_keeps_memory_flat, .needs_device = true},
        {.test = detect__obeys_its_options, .needs_device = true},
        {.test = model__takes_a_partial_backbone_and_lists_the_rest, .needs_device = true},
        {.test = model__cut_short_is_refused, .needs_device = true},
        {.test = model__outlives_its_file_unless_that_is_written_to, .needs_device = true},
        {.test = model__notices_what_was_written_at_the_same_length, .needs_device = true},
        {.test = model__refuses_bad_options, .needs_device = true},
    };
    return support_run("detect", cases, COUNT(cases));
}
