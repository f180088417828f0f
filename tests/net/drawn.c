#include "drawn.h"

#include "file.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

fovea_image drawn_noise(int width, int height, uint64_t seed)
{
    fovea_image image;
    support_ok(fovea_image_create(&image, width, height));
    fovea__random random = fovea__random_stream(seed, 9, 0);
    for (size_t i = 0; i < (size_t)width * (size_t)height * 3; i++)
        image.pixels[i] = (uint8_t)(96 + fovea__random_below(&random, 64));
    return image;
}

static void fill(fovea_image *image, const int box[4], uint8_t value)
{
    for (int y = box[1]; y < box[1] + box[3]; y++)
        memset(image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)box[0]), value, 3 * (size_t)box[2]);
}

/* Two rectangles of 24 to 40 pixels, one of each label, in the left and the right half. */
static void draw(const char *folder, int index, const drawn_options *options, FILE *images, FILE *boxes)
{
    const bool turned = options->unlike && index % 2 == 1;
    const int width = turned ? options->height : options->width, height = turned ? options->width : options->height;
    fovea_image image = drawn_noise(width, height, 1000 + (uint64_t)index);
    const bool empty = options->last_is_empty && index == options->pictures - 1;
    for (int label = 0; label < 2 && !empty; label++) {
        const uint64_t at = 10 * (uint64_t)index + (uint64_t)label;
        const int most = width / 2 - 4 < 40 ? width / 2 - 4 : 40;
        const int box[4] = {label * width / 2 + support_random_int(1, at, 0, 3), support_random_int(2, at, 0, height / 8),
                            support_random_int(3, at, most * 3 / 5, most), support_random_int(4, at, most * 3 / 5, most)};
        fill(&image, box, label ? 255 : 0);
        fprintf(boxes, "%s{\"id\":%d,\"image_id\":%d,\"category_id\":%d,\"bbox\":[%d,%d,%d,%d],\"area\":%d,"
                "\"iscrowd\":0}", index + label ? "," : "", 2 * index + label + 1, index + 1, label ? 9 : 4, box[0],
                box[1], box[2], box[3], box[2] * box[3]);
    }
    fprintf(images, "%s{\"id\":%d,\"file_name\":\"%d.jpg\",\"width\":%d,\"height\":%d}", index ? "," : "", index + 1,
            index, width, height);
    char path[600];
    snprintf(path, sizeof path, "%s/%d.jpg", folder, index);
    support_ok(fovea_image_write_jpeg(&image, path, 95));
    fovea_image_clear(&image);
}

fovea_dataset *drawn_dataset(const char *name, const drawn_options *options)
{
    char folder[400], json[420];
    char *images_text = NULL, *boxes_text = NULL;
    size_t images_size = 0, boxes_size = 0;
    snprintf(folder, sizeof folder, "%s", support_scratch_file(name));
    snprintf(json, sizeof json, "%s.json", folder);
    support_ok(fovea__folder_make(folder));
    FILE *images = open_memstream(&images_text, &images_size), *boxes = open_memstream(&boxes_text, &boxes_size);
    ck_assert(images && boxes);
    for (int i = 0; i < options->pictures; i++)
        draw(folder, i, options, images, boxes);
    fclose(images);
    fclose(boxes);
    FILE *file = fopen(json, "wb");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{\"images\":[%s],\"annotations\":[%s],\"categories\":[{\"id\":4,\"name\":\"dark\"},"
            "{\"id\":9,\"name\":\"bright\"}]}", images_text, boxes_text);
    fclose(file);
    free(images_text);
    free(boxes_text);
    fovea_dataset *dataset = NULL;
    support_ok(fovea_dataset_open_coco(&dataset, folder, json));
    return dataset;
}

fovea_model *drawn_model(fovea_norm norm, fovea_profile profile, uint64_t seed)
{
    static const char *const names[] = {"dark", "bright"};
    static const int64_t ids[] = {4, 9};
    const fovea_model_options options = {.depth = 18, .width = 8, .channels = 16, .head_depth = 1, .norm = norm,
                                         .profile = profile, .size = 64, .max_size = 96, .seed = seed,
                                         .category_ids = ids};
    fovea_model *model = NULL;
    support_ok(fovea_model_create(&model, support_device(), 2, names, &options));
    return model;
}

bool drawn_same_files(const char *a, const char *b)
{
    char *x = NULL, *y = NULL;
    size_t x_size = 0, y_size = 0;
    support_ok(fovea__file_read(&x, &x_size, a, SIZE_MAX / 2));
    support_ok(fovea__file_read(&y, &y_size, b, SIZE_MAX / 2));
    const bool same = x_size == y_size && memcmp(x, y, x_size) == 0;
    free(x);
    free(y);
    return same;
}

fovea_trainer *drawn_trainer(fovea_model *model, fovea_dataset *dataset, const fovea_train_options *options)
{
    fovea_trainer *trainer = NULL;
    support_ok(fovea_trainer_create(&trainer, model, dataset, options));
    return trainer;
}

fovea_progress drawn_run_until(fovea_trainer *trainer, int64_t step)
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
