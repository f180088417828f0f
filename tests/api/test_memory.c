/* Memory that runs out over files: each allocation in turn fails, and each time the call must fail with
 * FOVEA_ERROR_MEMORY, crash nowhere and give back all it had. */
#include "file.h"
#include "png_cases.h"
#include "safetensors.h"
#include "starve.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- pictures -------------------------------------------------------------------------------------------------- */

static png_case png;

static fovea_status write_picture(void)
{
    fovea_image image;
    FOVEA_TRY(fovea_image_create(&image, 33, 17));
    const fovea_status status = fovea_image_write_jpeg(&image, support_scratch_file("a.jpg"), 0);
    fovea_image_clear(&image);
    return status;
}

static fovea_status read_picture(void)
{
    fovea_image image;
    const fovea_status status = fovea_image_read(&image, support_scratch_file("a.jpg"));
    const bool zeroed = !image.pixels && image.width == 0 && image.height == 0;
    fovea_image_clear(&image);
    return status && !zeroed ? FOVEA_ERROR_ARGUMENT : status;
}

static fovea_status decode_png(void)
{
    fovea_image image;
    const fovea_status status = fovea_image_decode(&image, png.file, png.size, "a.png");
    fovea_image_clear(&image);
    return status;
}

START_TEST(memory__runs_out_over_pictures)
{
    starve("writing a JPEG", write_picture, 3, LONG_MAX, false);
    starve("reading a JPEG", read_picture, 3, LONG_MAX, false);
    ck_assert(png_case_read(&png, 1));
    starve("reading a PNG", decode_png, 5, LONG_MAX, false);
    png_case_free(&png);
}
END_TEST

/* ---- data sets and evaluation ---------------------------------------------------------------------------------- */

static const char annotations[] =
    "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":33,\"height\":17},"
    "{\"id\":2,\"file_name\":\"b.jpg\",\"width\":33,\"height\":17}],"
    "\"categories\":[{\"id\":3,\"name\":\"cell\"},{\"id\":9,\"name\":\"dot\"}],"
    "\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,3,4],\"area\":12,\"iscrowd\":0},"
    "{\"id\":2,\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,0,4],\"area\":0,\"iscrowd\":0},"
    "{\"id\":3,\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,9,4],\"area\":36,\"iscrowd\":1},"
    "{\"id\":12345678901234567,\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,40,4],\"area\":160,\"iscrowd\":0}]}";
static const char xml[] = "<annotation><object><name>cell</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax>"
                          "<ymax>4</ymax></bndbox></object></annotation>";
static const char results[] =
    "[{\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,3,4],\"score\":0.5},"
    "{\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,8,4],\"score\":0.25}]";

static const char *opened;

static fovea_status open_dataset(void)
{
    fovea_dataset *dataset = NULL;
    const fovea_status status =
        fovea_dataset_open(&dataset, support_scratch(), support_scratch_file(opened), FOVEA_FORMAT_ANY);
    const bool left = status && dataset;
    fovea_dataset_close(dataset);
    return left ? FOVEA_ERROR_ARGUMENT : status;
}

static fovea_status evaluate(void)
{
    fovea_evaluator *evaluator = NULL;
    fovea_evaluation numbers;
    fovea_class_evaluation classes[2];
    size_t n_classes = 0;
    FOVEA_TRY(fovea_evaluator_open(&evaluator, support_scratch_file("a.json")));
    fovea_status status = fovea_evaluator_add_file(evaluator, support_scratch_file("results.json"));
    if (!status)
        status = fovea_evaluator_add(evaluator, 1, 9, (const double[4]){1.0, 2.0, 3.0, 4.0}, 0.125);
    if (!status)
        status = fovea_evaluator_run(evaluator, &numbers, classes, 2, &n_classes);
    fovea_evaluator_close(evaluator);
    return status;
}

START_TEST(memory__runs_out_over_data_sets)
{
    support_write(support_scratch_file("a.json"), annotations);
    opened = "a.json";
    starve("opening a data set", open_dataset, 10, LONG_MAX, false);
    mkdir(support_scratch_file("voc"), 0777);
    support_write(support_scratch_file("voc/a.xml"), xml);
    opened = "voc";
    starve("opening Pascal VOC", open_dataset, 20, LONG_MAX, false);
    support_write(support_scratch_file("data.yaml"), "train: list.txt\nnames: {0: cell, 2: dot}\n");
    support_write(support_scratch_file("list.txt"), "./a.jpg\n");
    support_write(support_scratch_file("a.txt"), "2 .5 .5 .25 .5\n");
    opened = "data.yaml";
    starve("opening YOLO", open_dataset, 20, LONG_MAX, false);
}
END_TEST

/* Each way begins with nothing in its place. */
static fovea_status convert(void)
{
    char remove_all[1200];
    const fovea_convert_options options = {.split = "a"};
    snprintf(remove_all, sizeof remove_all, "rm -rf '%s'", support_scratch_file("made"));
    if (system(remove_all) != 0)
        return FOVEA_ERROR_ARGUMENT;
    const char *made = support_scratch_file("made");
    FOVEA_TRY(fovea_dataset_convert(support_scratch(), support_scratch_file(opened), FOVEA_FORMAT_VOC, made, &options,
                                    NULL));
    FOVEA_TRY(fovea_dataset_convert(support_scratch_file("made/JPEGImages"),
                                    support_scratch_file("made/ImageSets/Main/a.txt"), FOVEA_FORMAT_YOLO, made, &options,
                                    NULL));
    FOVEA_TRY(fovea__file_write(support_scratch_file("made/labels/a/a.txt"), "0 .5 .5 .25 .5\n", 15));
    return fovea_dataset_convert(support_scratch_file("made/images"), support_scratch_file("made/data.yaml#a"),
                                 FOVEA_FORMAT_COCO, support_scratch_file("made/again.json"), &options, NULL);
}

START_TEST(memory__runs_out_over_conversion)
{
    fovea_image image;
    support_ok(fovea_image_create(&image, 33, 17));
    support_ok(fovea_image_write_jpeg(&image, support_scratch_file("a.jpg"), 0));
    support_ok(fovea_image_write_jpeg(&image, support_scratch_file("b.jpg"), 0));
    fovea_image_clear(&image);
    support_write(support_scratch_file("a.json"), annotations);
    opened = "a.json";
    starve("converting COCO", convert, 100, 300, false);
    mkdir(support_scratch_file("voc"), 0777);
    support_write(support_scratch_file("voc/a.xml"), xml);
    opened = "voc";
    starve("converting Pascal VOC", convert, 100, 300, false);
}
END_TEST

START_TEST(memory__runs_out_over_evaluation)
{
    support_write(support_scratch_file("a.json"), annotations);
    support_write(support_scratch_file("results.json"), results);
    starve("evaluating", evaluate, 10, LONG_MAX, false);
}
END_TEST

/* ---- weights --------------------------------------------------------------------------------------------------- */

static fovea_status fill(void *context, size_t index, void *out, size_t size_bytes)
{
    (void)context, (void)index;
    memset(out, 0, size_bytes);
    return FOVEA_OK;
}

static fovea_status write_weights(void)
{
    const fovea__safetensors_item items[] = {
        {.name = "a", .dtype = FOVEA__DTYPE_F64, .n_dims = 1, .shape = {3}},
        {.name = "b", .dtype = FOVEA__DTYPE_F32, .n_dims = 1, .shape = {3000}},
    };
    const fovea__safetensors_pair pair = {"key", "value"};
    return fovea__safetensors_write(support_scratch_file("a.safetensors"),
                                    &(fovea__safetensors_content){&pair, 1, items, COUNT(items), fill, NULL});
}

static fovea_status read_weights(void)
{
    fovea__safetensors *file = NULL;
    float values[3];
    FOVEA_TRY(fovea__safetensors_open(&file, support_scratch_file("a.safetensors")));
    const fovea_status status = fovea__safetensors_read_floats(file, fovea__safetensors_find(file, "a"), values);
    fovea__safetensors_close(file);
    return status;
}

START_TEST(memory__runs_out_over_weights)
{
    starve("writing weights", write_weights, 5, LONG_MAX, false);
    starve("reading weights", read_weights, 6, LONG_MAX, false);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = memory__runs_out_over_pictures},
        {.test = memory__runs_out_over_data_sets},
        {.test = memory__runs_out_over_conversion},
        {.test = memory__runs_out_over_evaluation},
        {.test = memory__runs_out_over_weights},
    };
    return support_run("memory", cases, COUNT(cases));
}
