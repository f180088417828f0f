/* Memory that runs out while a data set is inspected: each allocation in turn fails, and each time the call must fail with
 * FOVEA_ERROR_MEMORY, crash nowhere and give back all it had. */
#include "starve.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* A data set that has about every fault. */
static const char faulty[] =
    "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":33,\"height\":17},"
    "{\"id\":2,\"file_name\":\"b.jpg\",\"width\":30,\"height\":17},"
    "{\"id\":2,\"file_name\":\"c.jpg\"},{\"id\":3,\"file_name\":\"a.jpg\"},{\"id\":4},"
    "{\"id\":5,\"file_name\":\"missing.jpg\"},{\"id\":6,\"file_name\":\"broken.jpg\",\"width\":\"3\"}],"
    "\"categories\":[{\"id\":3,\"name\":\"cell\"},{\"id\":9,\"name\":\"dot\"},{\"id\":9,\"name\":\"dot\"},{\"id\":11}],"
    "\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,3,4],\"area\":12,\"iscrowd\":0},"
    "{\"id\":1,\"image_id\":3,\"category_id\":3,\"bbox\":[1,2,3,4]},"
    "{\"id\":2,\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,0,4],\"area\":0,\"iscrowd\":0},"
    "{\"id\":3,\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,9,4],\"area\":36,\"iscrowd\":1},"
    "{\"id\":4,\"image_id\":2,\"category_id\":5,\"bbox\":[90,2,9,4],\"iscrowd\":\"x\"},"
    "{\"image_id\":2,\"category_id\":5,\"bbox\":[1,2,40,4],\"area\":160},{\"id\":7},"
    "{\"id\":8,\"image_id\":77,\"category_id\":3,\"bbox\":[1,2,3,4]}]}";
static const char other[] = "{\"images\":[{\"id\":1,\"file_name\":\"c.jpg\"},{\"id\":2}]}";

static const char clean[] =
    "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":33,\"height\":17},{\"id\":2,\"file_name\":\"b.jpg\",\"width\":700,"
    "\"height\":400}],\"categories\":[{\"id\":3,\"name\":\"cell\"}],"
    "\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,3,4]},"
    "{\"id\":2,\"image_id\":2,\"category_id\":3,\"bbox\":[1,2,300,240]},"
    "{\"id\":3,\"image_id\":2,\"category_id\":3,\"bbox\":[11,2,300,240]}]}";

static const char *opened, *other_split;

static fovea_status inspect(const char *mended)
{
    const fovea_inspect_options options = {.against = support_scratch_file(other_split), .threads = 2};
    fovea_inspection *inspection = NULL;
    const fovea_status status =
        fovea_inspection_open(&inspection, support_scratch(), support_scratch_file(opened), &options);
    const bool left = status && inspection;
    const fovea_status saved = status || !mended ? status : fovea_inspection_save(inspection, mended);
    fovea_inspection_close(inspection);
    return left ? FOVEA_ERROR_ARGUMENT : saved;
}

static fovea_status look(void)
{
    return inspect(NULL);
}

static fovea_status mend(void)
{
    remove(support_scratch_file("mended.json"));
    return inspect(support_scratch_file("mended.json"));
}

static const fovea_match accepted[] = {
    {.kind = FOVEA_MATCH_BACKGROUND, .image_id = 1, .category_id = 3, .box = {9, 9, 5, 5}},
    {.kind = FOVEA_MATCH_MISPLACED, .image_id = 1, .category_id = 3, .true_category_id = 3, .annotation_id = 1,
     .box = {2, 3, 4, 5}},
    {.kind = FOVEA_MATCH_WRONG_CLASS, .image_id = 2, .category_id = 3, .true_category_id = 3, .annotation_id = 2},
    {.kind = FOVEA_MATCH_MISSED, .image_id = 2, .true_category_id = 3, .annotation_id = 3}};

static fovea_status accept(void)
{
    remove(support_scratch_file("accepted.json"));
    return fovea_annotations_mend("", support_scratch_file("clean.json"), FOVEA_FORMAT_ANY, accepted, COUNT(accepted),
                                  support_scratch_file("accepted.json"), NULL);
}

static fovea_dataset *measured;

static fovea_status measure(void)
{
    fovea_cover *covers = NULL;
    size_t count = 0;
    const fovea_status status = fovea_coverage_measure(&covers, &count, measured, NULL);
    const bool left = status && (covers || count);
    fovea_coverage_free(covers);
    return left ? FOVEA_ERROR_ARGUMENT : status;
}

static void write_pictures(void)
{
    static const char *const names[] = {"a.jpg", "b.jpg", "c.jpg"};
    for (size_t i = 0; i < COUNT(names); i++) {
        fovea_image image;
        support_ok(fovea_image_create(&image, 33, 17));
        image.pixels[0] = i == 1 ? 255 : 0; /* the first and the third show the same */
        support_ok(fovea_image_write_jpeg(&image, support_scratch_file(names[i]), 100));
        fovea_image_clear(&image);
    }
    support_write(support_scratch_file("broken.jpg"), "x");
    support_write(support_scratch_file("faulty.json"), faulty);
    support_write(support_scratch_file("other.json"), other);
}

START_TEST(memory__runs_out_over_an_inspection)
{
    write_pictures();
    opened = "faulty.json";
    other_split = "other.json";
    starve("inspecting", look, 60, LONG_MAX, false);
    starve("mending", mend, 80, LONG_MAX, false);
}
END_TEST

START_TEST(memory__runs_out_over_voc_and_yolo)
{
    write_pictures();
    other_split = "data.yaml#val";
    mkdir(support_scratch_file("voc"), 0777);
    support_write(support_scratch_file("voc/a.xml"), "<annotation><object><name>cell</name><bndbox><xmin>1</xmin><ymin>2"
                  "</ymin><xmax>90</xmax><ymax>4</ymax></bndbox></object><object/></annotation>");
    support_write(support_scratch_file("voc/b.xml"), "<annotation>");
    mkdir(support_scratch_file("labels"), 0777);
    mkdir(support_scratch_file("images"), 0777);
    support_write(support_scratch_file("images/c.jpg"), "broken");
    support_write(support_scratch_file("labels/lone.txt"), "0 .5 .5 .2 .2\n");
    support_write(support_scratch_file("list.txt"), "./a.jpg\n./missing.jpg\n");
    support_write(support_scratch_file("a.txt"), "0 .5 .5 .2 .2\n7 .5 .5 .2 .2\n0 1 1 .2 .2\n");
    support_write(support_scratch_file("data.yaml"), "train: list.txt\nval: images\nnames: {0: cell, 2: dot}\n");
    opened = "voc";
    starve("inspecting Pascal VOC", look, 60, LONG_MAX, false);
    opened = "data.yaml";
    starve("inspecting YOLO", mend, 60, LONG_MAX, false);
}
END_TEST

/* Says where a picture is that is not in the folder: in one inside it, or in the one above. */
static fovea_status look_around(void)
{
    static const char *const names[] = {"below.jpg", "above.jpg"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const fovea_status status = fovea_images_check(support_scratch_file("lost"), &names[i], 1);
        if (status != FOVEA_ERROR_IO)
            return status ? status : FOVEA_ERROR_ARGUMENT;
    }
    return FOVEA_OK;
}

START_TEST(memory__runs_out_over_a_wrong_folder)
{
    mkdir(support_scratch_file("lost"), 0777);
    mkdir(support_scratch_file("lost/inner"), 0777);
    mkdir(support_scratch_file("lost/other"), 0777);
    support_write(support_scratch_file("lost/inner/below.jpg"), "x");
    support_write(support_scratch_file("lost/other/below.jpg"), "x");
    support_write(support_scratch_file("above.jpg"), "x");
    starve("looking for pictures", look_around, 8, LONG_MAX, false);
}
END_TEST

START_TEST(memory__runs_out_over_coverage)
{
    support_write(support_scratch_file("clean.json"), clean);
    support_ok(fovea_dataset_open_coco(&measured, support_scratch(), support_scratch_file("clean.json")));
    starve("anchor coverage", measure, 5, LONG_MAX, false);
    fovea_dataset_close(measured);
}
END_TEST

START_TEST(memory__runs_out_over_mistakes_that_are_mended)
{
    support_write(support_scratch_file("clean.json"), clean);
    starve("mending mistakes", accept, 30, LONG_MAX, false);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = memory__runs_out_over_an_inspection},
        {.test = memory__runs_out_over_voc_and_yolo},
        {.test = memory__runs_out_over_a_wrong_folder},
        {.test = memory__runs_out_over_coverage},
        {.test = memory__runs_out_over_mistakes_that_are_mended},
    };
    return support_run("memory_inspect", cases, COUNT(cases));
}
