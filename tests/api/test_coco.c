/* COCO data sets for training: what is read, what is left out with a warning, what is refused, and by which sentence.
 */
#include "coco.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES "\"images\": [{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 100, \"height\": 50}]"
#define CATEGORIES "\"categories\": [{\"id\": 3, \"name\": \"cat\"}]"
#define GOOD_BOX "{\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, 4]}"
#define WITH(annotations) "{" IMAGES ", " CATEGORIES ", \"annotations\": [" annotations "]}"

static fovea_status parse(fovea_dataset **out, const char *text)
{
    return fovea__coco_parse(out, "pictures", text, strlen(text), "t.json");
}

static fovea_picture picture_of(const fovea_dataset *set, size_t index)
{
    fovea_picture picture;
    support_ok(fovea_dataset_picture(set, index, &picture));
    return picture;
}

static void expect_box(const fovea_box *box, float x0, float y0, float x1, float y1, int label)
{
    ck_assert_msg(box->x0 == x0 && box->y0 == y0 && box->x1 == x1 && box->y1 == y1 && box->label == label,
                  "%g %g %g %g label %d, expected %g %g %g %g label %d", box->x0, box->y0, box->x1, box->y1, box->label,
                  x0, y0, x1, y1, label);
}

START_TEST(coco__pictures_boxes_and_labels_are_read)
{
    const char *text =
        "{\"info\": {}, \"images\": ["
        "{\"id\": 5000000000, \"file_name\": \"sub/b.jpg\", \"width\": 640.0, \"height\": 480},"
        "{\"id\": -2, \"file_name\": \"/abs/c.jpg\"},"
        "{\"id\": 9007199254740993, \"file_name\": \"../d.jpg\", \"width\": 10, \"height\": 20}],"
        "\"categories\": [{\"id\": 90, \"name\": \"toothbrush\"}, {\"id\": 0, \"name\": \"person\"},"
        "{\"id\": 9007199254740995, \"name\": \"far\"}],"
        "\"annotations\": ["
        "{\"id\": 10, \"image_id\": -2, \"category_id\": 0, \"bbox\": [1.5, 2, 3, 4.25], \"iscrowd\": 0},"
        "{\"id\": 900100581929, \"image_id\": 5000000000, \"category_id\": 90, \"bbox\": [0, 0, 640, 480],"
        " \"segmentation\": [[1, 2, 3]]},"
        "{\"id\": 9007199254740993, \"image_id\": -2, \"category_id\": 9007199254740995, \"bbox\": [9, 9, 1, 1]},"
        "{\"id\": 9007199254740992, \"image_id\": 9007199254740993, \"category_id\": 90, \"bbox\": [1, 1, 2, 2]}]}";
    fovea_dataset *set = NULL;
    support_ok(parse(&set, text));
    ck_assert_uint_eq(fovea_dataset_size(set), 3);
    ck_assert_uint_eq(fovea_dataset_warnings(set), 0);

    const char *const *names = NULL;
    const int64_t *ids = NULL;
    ck_assert_int_eq(fovea_dataset_labels(set, &names, &ids), 3);
    ck_assert_str_eq(names[0], "person");
    ck_assert_str_eq(names[1], "toothbrush");
    ck_assert_str_eq(names[2], "far");
    ck_assert(ids[0] == 0 && ids[1] == 90 && ids[2] == 9007199254740995);

    fovea_picture p = picture_of(set, 0);
    ck_assert(p.id == 5000000000 && p.width == 640 && p.height == 480 && p.n_boxes == 1);
    ck_assert_str_eq(p.path, "pictures/sub/b.jpg");
    ck_assert_str_eq(p.file_name, "sub/b.jpg");
    expect_box(p.boxes, 0, 0, 640, 480, 1);
    p = picture_of(set, 1);
    ck_assert(p.id == -2 && p.width == 0 && p.height == 0 && p.n_boxes == 2);
    ck_assert_str_eq(p.path, "/abs/c.jpg");
    ck_assert_str_eq(p.file_name, "/abs/c.jpg");
    expect_box(&p.boxes[0], 1.5f, 2, 4.5f, 6.25f, 0);
    expect_box(&p.boxes[1], 9, 9, 10, 10, 2);
    p = picture_of(set, 2);
    ck_assert(p.id == 9007199254740993 && p.n_boxes == 1);
    ck_assert_str_eq(p.path, "pictures/../d.jpg");
    support_fails(fovea_dataset_picture(set, 3, &p), FOVEA_ERROR_ARGUMENT, "index 3: expected less than 3");
    ck_assert_ptr_null(fovea_dataset_warning(set, 0));
    fovea_dataset_close(set);
    fovea_dataset_close(NULL);
}
END_TEST

/* ---- what is lived with ---------------------------------------------------------------------------------------- */

#define BOX(numbers) WITH(GOOD_BOX ", {\"id\": 12, \"image_id\": 7, \"category_id\": 3, \"bbox\": " numbers "}")
#define AT_12 "t.json: annotations[1] (id 12) in a.jpg of 100x50: the box "

static const struct {
    const char *text, *sentence; /* sentence "": no warning */
    size_t boxes;
} odd[] = {
    {BOX("[5, 6, 0, 7]"), AT_12 "[5, 6, 0, 7] has zero area; it was left out", 1},
    {BOX("[5, 6, 7, 0]"), "zero area", 1},
    {BOX("[5, 6, -7, 8]"), AT_12 "[5, 6, -7, 8] has zero area", 1},
    {BOX("[5, 6, 1e-30, 8]"), "zero area", 1},
    {BOX("[5, NaN, 7, 8]"), AT_12 "[5, nan, 7, 8] is not finite; it was left out", 1},
    {BOX("[5, 6, Infinity, 8]"), AT_12 "[5, 6, inf, 8] is not finite", 1},
    {BOX("[-Infinity, 6, 5, 8]"), "is not finite", 1},
    {BOX("[5, 6, 1e999, 8]"), "is not finite", 1},
    {BOX("[1e308, 6, 1e308, 8]"), "is not finite", 1},
    {BOX("[90, 40, 20, 20]"), AT_12 "[90, 40, 20, 20] reaches outside; it was clipped", 2},
    {BOX("[-5, -5, 20, 20]"), "reaches outside; it was clipped", 2},
    {BOX("[0, 0, 1e300, 10]"), "reaches outside; it was clipped", 2},
    {BOX("[100, 0, 5, 5]"), AT_12 "[100, 0, 5, 5] lies outside; it was left out", 1},
    {BOX("[0, -9, 5, 5]"), "lies outside", 1},
    {BOX("[-1e300, 0, 5, 5]"), "zero area", 1}, /* -1e300 + 5 is -1e300 */
    {BOX("[-1e6, 0, 5, 5]"), "lies outside", 1},
    {BOX("[90, 40, 10.01, 10]"), "", 2}, /* rounding */
    {BOX("[0, 0, 100, 50]"), "", 2},
    {WITH(GOOD_BOX ", {\"id\": 2, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, 4], \"iscrowd\": 1},"
                   "{\"id\": 3, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, 4], \"iscrowd\": 1}"),
     "t.json: annotations of crowds (iscrowd 1) were left out: 2, the first is annotations[1] (id 2) in a.jpg", 1},
    {WITH(GOOD_BOX ", {\"id\": 2, \"image_id\": 8, \"category_id\": 3, \"bbox\": [1, 2, 3, 4]}"),
     "t.json: annotations of pictures that are not in \"images\" were left out: 1, the first is annotations[1] (id 2) "
     "in "
     "image_id 8",
     1},
};

START_TEST(coco__odd_boxes_are_named)
{
    fovea_dataset *set = NULL;
    support_ok(parse(&set, odd[_i].text));
    const bool quiet = !*odd[_i].sentence;
    ck_assert_uint_eq(fovea_dataset_warnings(set), quiet ? 0 : 1);
    if (!quiet)
        ck_assert_msg(support_has(fovea_dataset_warning(set, 0), odd[_i].sentence),
                      "says \"%s\", expected in it \"%s\"", fovea_dataset_warning(set, 0), odd[_i].sentence);
    const fovea_picture picture = picture_of(set, 0);
    ck_assert_uint_eq(picture.n_boxes, odd[_i].boxes);
    for (size_t i = 0; i < picture.n_boxes; i++) {
        const fovea_box *b = &picture.boxes[i];
        ck_assert_msg(0 <= b->x0 && b->x0 < b->x1 && b->x1 <= 100 && 0 <= b->y0 && b->y0 < b->y1 && b->y1 <= 50,
                      "box %zu is %g %g %g %g", i, b->x0, b->y0, b->x1, b->y1);
    }
    fovea_dataset_close(set);
}
END_TEST

START_TEST(coco__clipped_boxes_keep_what_is_inside)
{
    fovea_dataset *set = NULL;
    support_ok(parse(&set, BOX("[-5, 40, 200, 20]")));
    expect_box(&picture_of(set, 0).boxes[1], 0, 40, 100, 50, 0);
    fovea_dataset_close(set);
    support_ok(parse(&set, "{\"images\": [{\"id\": 7, \"file_name\": \"a.jpg\"}], " CATEGORIES ", \"annotations\": ["
                           "{\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [-5, 40, 2000, 20]}]}"));
    expect_box(&picture_of(set, 0).boxes[0], 0, 40, 1995, 60, 0); /* no size is given: only 0 is sure */
    ck_assert(support_has(fovea_dataset_warning(set, 0), "in a.jpg: the box [-5, 40, 2000, 20] reaches outside"));
    fovea_dataset_close(set);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------------------------- */

#define ONE(members) WITH("{" members "}")

static const struct {
    const char *text, *sentence;
} bad[] = {
    {"", "t.json: expected JSON, found an empty file"},
    {"{\"images\": [{\"id\": 7, \"file_na",
     "t.json: line 1, column 24: expected the rest of the JSON, found the file's end"},
    {"{\"images\":\n [}", "t.json: line 2, column 3"},
    {"[1, 2]", "t.json: outermost value: expected an object, found a list"},
    {"{}", "t.json: images: expected a list, found nothing"},
    {"{\"images\": {}}", "t.json: images: expected a list, found an object"},
    {"{" IMAGES "}", "t.json: categories: expected a list, found nothing"},
    {"{" IMAGES ", " CATEGORIES "}", "t.json: annotations: expected a list, found nothing"},
    {"{" IMAGES ", " CATEGORIES ", \"annotations\": null}", "t.json: annotations: expected a list, found null"},
    {"{\"images\": [7]}", "t.json: images[0]: expected an object, found a number"},
    {"{\"images\": [{\"file_name\": \"a\"}]}", "t.json: images[0].id: expected a whole number, found nothing"},
    {"{\"images\": [{\"id\": \"7\"}]}", "t.json: images[0].id: expected a whole number, found a text"},
    {"{\"images\": [{\"id\": 7.5}]}", "t.json: images[0].id: expected a whole number"},
    {"{\"images\": [{\"id\": NaN}]}", "t.json: images[0].id: expected a whole number"},
    {"{\"images\": [{\"id\": 99999999999999999999}]}", "t.json: images[0].id: expected a whole number of 64 bits"},
    {"{\"images\": [{\"id\": 7}, {\"id\": 8}, {\"id\": 7}]}",
     "t.json: images[2].id: expected an id of its own, found 7, which is images[0]'s"},
    {"{" IMAGES ", \"categories\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}]}",
     "t.json: categories[1].id: expected an id of its own, found 1, which is categories[0]'s"},
    {WITH(GOOD_BOX ", " GOOD_BOX), "t.json: annotations[1].id: expected an id of its own, found 1"},
    {"{\"images\": [{\"id\": 7}], " CATEGORIES ", \"annotations\": []}",
     "t.json: images[0] (id 7).file_name: expected a text, found nothing"},
    {"{\"images\": [{\"id\": 7, \"file_name\": \"\"}], " CATEGORIES ", \"annotations\": []}",
     "t.json: images[0] (id 7).file_name: expected a name, found an empty text"},
    {"{\"images\": [{\"id\": 7, \"file_name\": 5}], " CATEGORIES ", \"annotations\": []}",
     "t.json: images[0] (id 7).file_name: expected a text, found a number"},
    {"{\"images\": [{\"id\": 7, \"file_name\": \"a\", \"width\": \"9\"}], " CATEGORIES ", \"annotations\": []}",
     "t.json: images[0] (id 7).width: expected a whole number, found a text"},
    {"{\"images\": [{\"id\": 7, \"file_name\": \"a\", \"height\": -9}], " CATEGORIES ", \"annotations\": []}",
     "t.json: images[0] (id 7).height: expected pixels, found -9"},
    {"{" IMAGES ", \"categories\": [{\"id\": 1}], \"annotations\": []}",
     "t.json: categories[0] (id 1).name: expected a text, found nothing"},
    {"{" IMAGES ", \"categories\": [], \"annotations\": [" GOOD_BOX "]}",
     "t.json: annotations[0] (id 1).category_id: expected the id of one of the 0 categories, found 3"},
    {ONE("\"id\": 1, \"image_id\": 7, \"category_id\": 4, \"bbox\": [1, 2, 3, 4]"),
     "t.json: annotations[0] (id 1).category_id: expected the id of one of the 1 categories, found 4"},
    {ONE("\"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, 4]"),
     "t.json: annotations[0].id: expected a whole number, found nothing"},
    {ONE("\"id\": 345, \"category_id\": 3, \"bbox\": [1, 2, 3, 4]"),
     "t.json: annotations[0] (id 345).image_id: expected a whole number, found nothing"},
    {ONE("\"id\": 345, \"image_id\": 7, \"bbox\": [1, 2, 3, 4]"),
     "t.json: annotations[0] (id 345).category_id: expected a whole number, found nothing"},
    {ONE("\"id\": 345, \"image_id\": 7, \"category_id\": 3"),
     "t.json: annotations[0] (id 345).bbox: expected a list of 4 numbers, found nothing"},
    {ONE("\"id\": 345, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3]"),
     "t.json: annotations[0] (id 345).bbox: expected a list of 4 numbers, found 3"},
    {ONE("\"id\": 345, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, null, 4]"),
     "t.json: annotations[0] (id 345).bbox: expected a list of 4 numbers, found null at place 2"},
    {ONE("\"id\": 345, \"image_id\": 7, \"category_id\": 3, \"bbox\": {}"),
     "t.json: annotations[0] (id 345).bbox: expected a list of 4 numbers, found an object"},
    {ONE("\"id\": 345, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, 4], \"iscrowd\": \"no\""),
     "t.json: annotations[0] (id 345).iscrowd: expected a number, found a text"},
    {WITH(""), "t.json: expected boxes to train on, found none in 1 pictures"},
    {"{\"images\": [], \"categories\": [], \"annotations\": []}",
     "t.json: expected boxes to train on, found none in 0 pictures"},
    {ONE("\"id\": 345, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 0, 0]"),
     "t.json: expected boxes to train on, found none in 1 pictures; the first that was left out: t.json: "
     "annotations[0] "
     "(id 345) in a.jpg of 100x50: the box [1, 2, 0, 0] has zero area"},
};

START_TEST(coco__errors_name_place_expected_and_found)
{
    fovea_dataset *set = (fovea_dataset *)&set;
    support_fails(parse(&set, bad[_i].text), FOVEA_ERROR_FORMAT, bad[_i].sentence);
    ck_assert_ptr_null(set);
}
END_TEST

START_TEST(coco__every_cut_is_told)
{
    const char *text = WITH(GOOD_BOX);
    for (size_t cut = 1; cut < strlen(text); cut++) {
        fovea_dataset *set = NULL;
        support_fails(fovea__coco_parse(&set, "", text, cut, "t.json"), FOVEA_ERROR_FORMAT, "(cut short?)");
    }
}
END_TEST

START_TEST(coco__deep_nesting_is_told)
{
    enum { DEEP = 200000 };
    char *text = malloc(DEEP + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', DEEP);
    text[DEEP] = '\0';
    fovea_dataset *set = NULL;
    support_fails(parse(&set, text), FOVEA_ERROR_FORMAT, "t.json: line 1");
    free(text);
}
END_TEST

START_TEST(coco__files_and_folders_that_are_missing_are_named)
{
    fovea_dataset *set = NULL;
    const char *folder = support_scratch();
    char file[256];
    snprintf(file, sizeof file, "%s/good.json", folder);
    FILE *stream = fopen(file, "w");
    ck_assert_ptr_nonnull(stream);
    fputs(WITH(GOOD_BOX), stream);
    fclose(stream);
    support_fails(fovea_dataset_open_coco(&set, folder, "/no/such.json"), FOVEA_ERROR_IO,
                  "/no/such.json: cannot be op");
    support_fails(fovea_dataset_open_coco(&set, folder, folder), FOVEA_ERROR_IO, "is a folder");
    support_fails(fovea_dataset_open_coco(&set, "/no/such", file), FOVEA_ERROR_IO,
                  "/no/such: the folder of the pictures cannot be opened");
    support_fails(fovea_dataset_open_coco(&set, file, file), FOVEA_ERROR_IO,
                  "good.json: expected the folder of the pictures, found a file");
    support_fails(fovea_dataset_open_coco(&set, NULL, file), FOVEA_ERROR_ARGUMENT, "NULL");
    support_ok(fovea_dataset_open_coco(&set, folder, file));
    char path[300];
    snprintf(path, sizeof path, "%s/a.jpg", folder);
    ck_assert_str_eq(picture_of(set, 0).path, path);
    fovea_dataset_close(set);
}
END_TEST

/* A long name in every warning must not make them larger than the file explains. */
START_TEST(coco__warnings_are_bounded)
{
    enum { NAME = 100000, BOXES = 200, ROOM = NAME + BOXES * 100 + 300 };
    char *text = malloc(ROOM);
    ck_assert_ptr_nonnull(text);
    int used = snprintf(
        text, ROOM, "{" CATEGORIES ", \"images\": [{\"id\": 7, \"file_name\": \"%0*d\"}], \"annotations\": [", NAME, 0);
    for (int i = 0; i < BOXES; i++)
        used += snprintf(text + used, (size_t)(ROOM - used),
                         "%s{\"id\": %d, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, %d]}", i ? ", " : "",
                         i, i ? 0 : 4);
    snprintf(text + used, (size_t)(ROOM - used), "]}");
    fovea_dataset *set = NULL;
    support_ok(parse(&set, text));
    ck_assert_uint_eq(fovea_dataset_warnings(set), BOXES - 1);
    ck_assert_uint_lt(strlen(fovea_dataset_warning(set, 0)), 1024);
    fovea_dataset_close(set);
    free(text);
}
END_TEST

START_TEST(coco__real_data_is_read_and_its_faults_named)
{
    static const struct {
        const char *file, *warning;
        size_t pictures, boxes;
        int labels;
    } sets[] = {
        {"data/bccd/train.json", "(id 2288) in BloodImage_00343.jpg of 640x480: the box [181, 329, 0, 0] has zero area",
         205, 2804, 3},
        {"data/bccd/val.json", "(id 887) in BloodImage_00338.jpg of 640x480: the box [504, 337, 0, 0] has zero area",
         87, 1137, 3},
        {"data/chess/train.json", NULL, 202, 2107, 12},
        {"data/coco_eval/instances_val2014_100.json",
         "crowds (iscrowd 1) were left out: 9, the first is annotations[830] (id 905500000715)", 100, 830, 80},
    };
    const char *file = support_data(sets[_i].file);
    if (!file)
        support_skip("%s is not there", sets[_i].file);
    fovea_dataset *set = NULL;
    support_ok(fovea_dataset_open_coco(&set, support_data("data"), file));
    ck_assert_uint_eq(fovea_dataset_size(set), sets[_i].pictures);
    ck_assert_int_eq(fovea_dataset_labels(set, NULL, NULL), sets[_i].labels);
    size_t boxes = 0;
    for (size_t i = 0; i < fovea_dataset_size(set); i++)
        boxes += picture_of(set, i).n_boxes;
    ck_assert_uint_eq(boxes, sets[_i].boxes);
    ck_assert_uint_eq(fovea_dataset_warnings(set), sets[_i].warning ? 1 : 0);
    if (sets[_i].warning)
        ck_assert_msg(support_has(fovea_dataset_warning(set, 0), sets[_i].warning), "says \"%s\"",
                      fovea_dataset_warning(set, 0));
    fovea_dataset_close(set);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = coco__pictures_boxes_and_labels_are_read},
        {.test = coco__odd_boxes_are_named, .rows = COUNT(odd)},
        {.test = coco__clipped_boxes_keep_what_is_inside},
        {.test = coco__errors_name_place_expected_and_found, .rows = COUNT(bad)},
        {.test = coco__every_cut_is_told},
        {.test = coco__deep_nesting_is_told},
        {.test = coco__files_and_folders_that_are_missing_are_named},
        {.test = coco__warnings_are_bounded},
        {.test = coco__real_data_is_read_and_its_faults_named, .rows = 4},
    };
    return support_run("coco", cases, COUNT(cases));
}
