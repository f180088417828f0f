/* Pascal VOC and YOLO beside COCO: formats recognised, conventions, oddities, and evaluation by all three. */
#include "jpeg.h"
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *folder(const char *name)
{
    const char *path = support_scratch_file(name);
    mkdir(path, 0777);
    return path;
}

static void write(const char *name, const char *text)
{
    support_write(support_scratch_file(name), text);
}

static void make_picture(const char *name, int width, int height, int orientation)
{
    jpeg_make_file(support_scratch_file(name),
                   &(jpeg_plan){.width = width, .height = height, .orientation = orientation});
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

static fovea_dataset *open_any(const char *images, const char *annotations)
{
    fovea_dataset *set = NULL;
    support_ok(fovea_dataset_open(&set, support_scratch_file(images), support_scratch_file(annotations),
                                  FOVEA_FORMAT_ANY));
    return set;
}

/* ---- Pascal VOC ------------------------------------------------------------------------------------------------ */

#define OBJECT(name, box, more) "<object><name>" name "</name>" more "<bndbox>" box "</bndbox></object>"
#define BOX(x0, y0, x1, y1)                                                                                        \
    "<xmin>" #x0 "</xmin><ymin>" #y0 "</ymin><xmax>" #x1 "</xmax><ymax>" #y1 "</ymax>"
#define SIZE "<size><width>100</width><height>50</height><depth>3</depth></size>"

static void make_voc(void)
{
    folder("voc");
    folder("voc/Annotations");
    folder("voc/ImageSets");
    folder("voc/ImageSets/Main");
    write("voc/Annotations/b.xml",
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<annotation><folder>x</folder><filename> caf\xc3\xa9 &amp; "
          "&lt;b&gt;.jpg </filename>" SIZE OBJECT("dog", BOX(1, 1, 100, 50), "<pose>Left</pose>")
          OBJECT("<![CDATA[a <cat>]]>", BOX(2.5, 3, 4, 5), "<difficult>0</difficult>") "</annotation>");
    write("voc/Annotations/a.xml", "<annotation>" OBJECT("dog", BOX(11, 21, 30, 40), "<difficult>1</difficult>")
                                       OBJECT("dog", BOX(1, 2, 3, 4), "") "</annotation>");
    write("voc/Annotations/c.xml", "<annotation><filename>c.png</filename>" OBJECT("bird", BOX(1, 1, 2, 2), "")
                                       "</annotation>");
    write("voc/ImageSets/Main/train.txt", "b\na  -1\r\n\n");
    write("voc/ImageSets/Main/val.txt", "a");
    write("voc/Annotations/notes.txt", "not a picture");
}

START_TEST(voc__a_folder_is_read)
{
    make_voc();
    fovea_dataset *set = open_any("", _i ? "voc" : "voc/Annotations");
    const char *const *names = NULL;
    const int64_t *ids = NULL;
    ck_assert_uint_eq(fovea_dataset_size(set), 3);
    ck_assert_int_eq(fovea_dataset_labels(set, &names, &ids), 3);
    ck_assert_str_eq(names[0], "a <cat>");
    ck_assert_str_eq(names[1], "bird");
    ck_assert_str_eq(names[2], "dog");
    ck_assert(ids[0] == 1 && ids[1] == 2 && ids[2] == 3);
    fovea_picture p = picture_of(set, 0);
    ck_assert_str_eq(p.file_name, "a.jpg"); /* no <filename>: the file's own */
    ck_assert(p.n_boxes == 1 && p.width == 0); /* one is difficult */
    expect_box(&p.boxes[0], 0, 1, 3, 4, 2);
    p = picture_of(set, 1);
    ck_assert_str_eq(p.file_name, "caf\xc3\xa9 & <b>.jpg");
    ck_assert(p.n_boxes == 2 && p.width == 100 && p.height == 50);
    expect_box(&p.boxes[0], 0, 0, 100, 50, 2); /* 1 .. width is the whole picture */
    expect_box(&p.boxes[1], 1.5f, 2, 4, 5, 0);
    ck_assert_uint_eq(fovea_dataset_warnings(set), 1);
    ck_assert(support_has(fovea_dataset_warning(set, 0), "crowds"));
    fovea_dataset_close(set);
}
END_TEST

START_TEST(voc__a_list_has_the_classes_of_all)
{
    make_voc();
    fovea_dataset *set = open_any("", "voc/ImageSets/Main/train.txt");
    ck_assert_uint_eq(fovea_dataset_size(set), 2);
    ck_assert_int_eq(fovea_dataset_labels(set, NULL, NULL), 3);
    ck_assert_str_eq(picture_of(set, 1).file_name, "a.jpg");
    fovea_dataset_close(set);
    set = open_any("", "voc/ImageSets/Main/val.txt");
    ck_assert_uint_eq(fovea_dataset_size(set), 1);
    ck_assert_int_eq(fovea_dataset_labels(set, NULL, NULL), 3);
    fovea_dataset_close(set);
}
END_TEST

static const struct {
    const char *text, *sentence;
} bad_xml[] = {
    {"", "x.xml: line "},
    {"<annotation><object>", "not XML that can be read"},
    {"<html/>", "expected Pascal VOC's <annotation>, found <html>"},
    {"<annotation>\n" OBJECT("cat", "<xmin>1</xmin>", "") "</annotation>",
     "x.xml: line 2: <bndbox>: expected a number in <ymin>, found ''"},
    {"<annotation>" OBJECT("cat", BOX(1, two, 3, 4), "") "</annotation>", "in <ymin>, found 'two'"},
    {"<annotation>" OBJECT(" ", BOX(1, 2, 3, 4), "") "</annotation>", "expected a class in <name>"},
    {"<annotation><object><name>cat</name></object></annotation>", "expected a <bndbox>, found none"},
    {"<annotation><size><width>-3</width></size></annotation>", "<width>: expected pixels, found -3"},
    {"<annotation/>", "expected boxes to train on, found none"},
    /* what a file names is neither loaded nor expanded */
    {"<!DOCTYPE annotation [<!ENTITY e SYSTEM \"/etc/passwd\">]><annotation>" OBJECT("&e;", BOX(1, 2, 3, 4), "")
     "</annotation>", "expected a class in <name>"},
    {"<!DOCTYPE annotation [<!ENTITY a \"cat\"><!ENTITY e \"&a;&a;\">]><annotation>"
     OBJECT("&e;", BOX(1, 2, 3, 4), "") "</annotation>", "expected a class in <name>"},
};

/* As editors and tools on Windows leave files: a byte order mark, CRLF, endings in capitals. */
START_TEST(voc__files_of_windows_are_read)
{
    make_voc();
    rename(support_scratch_file("voc/Annotations/b.xml"), support_scratch_file("voc/Annotations/b.XML"));
    write("voc/ImageSets/Main/train.txt", "\xef\xbb\xbf" "b\r\na\r\n");
    fovea_dataset *set = open_any("", _i ? "voc/ImageSets/Main/train.txt" : "voc");
    ck_assert_uint_eq(fovea_dataset_size(set), _i ? 2 : 3);
    ck_assert_int_eq(fovea_dataset_labels(set, NULL, NULL), 3);
    ck_assert_str_eq(picture_of(set, _i ? 0 : 1).file_name, "caf\xc3\xa9 & <b>.jpg");
    fovea_dataset_close(set);
    rename(support_scratch_file("voc/Annotations/b.XML"), support_scratch_file("voc/Annotations/b.xml"));
}
END_TEST

START_TEST(voc__faults_are_named)
{
    fovea_dataset *set = NULL;
    folder("bad");
    write("bad/x.xml", bad_xml[_i].text);
    support_fails(fovea_dataset_open(&set, "", support_scratch_file("bad"), FOVEA_FORMAT_VOC), FOVEA_ERROR_FORMAT,
                  bad_xml[_i].sentence);
    ck_assert_ptr_null(set);
}
END_TEST

START_TEST(voc__depth_is_bounded)
{
    static char text[20000];
    fovea_dataset *set = NULL;
    folder("deep");
    text[0] = '\0';
    for (int i = 0; i < 2000; i++)
        memcpy(text + 3 * i, "<a>", 4);
    write("deep/x.xml", text);
    support_fails(fovea_dataset_open(&set, "", support_scratch_file("deep"), FOVEA_FORMAT_VOC), FOVEA_ERROR_FORMAT,
                  "not XML that can be read");
}
END_TEST

/* ---- YOLO ------------------------------------------------------------------------------------------------------ */

static void make_yolo(const char *yaml)
{
    folder("yolo");
    folder("yolo/images");
    folder("yolo/images/train");
    folder("yolo/labels");
    folder("yolo/labels/train");
    make_picture("yolo/images/train/a b.jpg", 80, 40, 0);
    make_picture("yolo/images/train/c.jpg", 80, 40, 6);
    make_picture("yolo/images/train/d.jpg", 8, 4, 0);
    write("yolo/labels/train/a b.txt", "1 0.5 0.5 0.5 0.25\n\n0 0.125 0.25 0.5 0.25 0.25 0.75\r\n");
    write("yolo/labels/train/c.txt", "1 .5 .5 1 1");
    write("yolo/labels/classes.txt", "cat\nbig dog\n");
    write("yolo/data.yaml", yaml);
}

static const char *const yamls[] = {
    "train: images/train\nnames: [cat, 'big dog']\n",
    "# made by hand\npath: .\ntrain: ../images/train # too many\nval: nowhere\nnc: 2\nnames:\n  0: cat\n  1: \"big dog\"\n",
    "train:\n  - list.txt\nnames:\n- cat\n- big dog\nnc: 2",
    "names: {0: cat, 1: big dog}\r\ntrain: list.txt\r\n",
    NULL, /* the folder of labels alone */
};

START_TEST(yolo__boxes_are_read)
{
    make_yolo(yamls[_i] ? yamls[_i] : "");
    write("yolo/list.txt", "./images/train/a b.jpg\nimages/train/c.jpg\n\n./images/train/d.jpg\n");
    fovea_dataset *set = open_any("yolo/images", yamls[_i] ? "yolo/data.yaml" : "yolo/labels");
    const char *const *names = NULL;
    const int64_t *ids = NULL;
    ck_assert_int_eq(fovea_dataset_labels(set, &names, &ids), 2);
    ck_assert_str_eq(names[0], "cat");
    ck_assert_str_eq(names[1], "big dog");
    ck_assert(ids[0] == 0 && ids[1] == 1);
    ck_assert_uint_eq(fovea_dataset_size(set), 3);
    fovea_picture p = picture_of(set, 0);
    ck_assert_str_eq(p.file_name, "train/a b.jpg");
    ck_assert(p.width == 80 && p.height == 40 && p.n_boxes == 2);
    expect_box(&p.boxes[0], 20, 15, 60, 25, 1);
    expect_box(&p.boxes[1], 10, 10, 40, 30, 0); /* the bounds of a polygon */
    p = picture_of(set, 1);
    ck_assert(p.width == 40 && p.height == 80 && p.n_boxes == 1); /* as people see it */
    expect_box(&p.boxes[0], 0, 0, 40, 80, 1);
    ck_assert_uint_eq(picture_of(set, 2).n_boxes, 0);
    fovea_dataset_close(set);
}
END_TEST

static const struct {
    const char *yaml, *labels, *sentence;
    fovea_status status;
} bad_yolo[] = {
    {"train: images/train\nnames: [cat]", "0 .5 .5 1", "c.txt: line 1: expected a class, centre", FOVEA_ERROR_FORMAT},
    {"train: images/train\nnames: [cat]", "0 1 1 1 1\n1 1 1 1 1", "c.txt: line 2: expected a class from 0 to 0, found 1",
     FOVEA_ERROR_FORMAT},
    {"train: images/train\nnames: [cat]", "0 1 1 1 x1", "found 'x1'", FOVEA_ERROR_FORMAT},
    {"train: images/train\nnames: [cat]", "-1 1 1 1 1", "found -1", FOVEA_ERROR_FORMAT},
    {"train: images/train\nnames: [cat, dog]", "0.5 1 1 1 1", "found 0.5", FOVEA_ERROR_FORMAT},
    {"train: images/train\nnames: [cat]", "0 .5 .5 .1 .1 .9", "found 6 numbers", FOVEA_ERROR_FORMAT},
    {"train: images/train\nnames: [cat]", "0 .5 .5 .1 .1 .9 .9 1", "found 8 numbers", FOVEA_ERROR_FORMAT},
    {"train: images/train", "", "expected the classes' names in \"names\"", FOVEA_ERROR_FORMAT},
    {"train: images/train\nkpt_shape: [2, 3]\nnames: [cat]", "0 .5 .5 1 1 .1 .1 2 .9 .9 2", "labels of poses are not read",
     FOVEA_ERROR_FORMAT},
    {"names: [cat]", "", "expected pictures in \"train\"", FOVEA_ERROR_FORMAT},
    {"names: [cat", "", "expected ']' at a list's end", FOVEA_ERROR_FORMAT},
    {"train: nowhere\nnames: [cat]", "", "names the pictures nowhere, which are not there", FOVEA_ERROR_IO},
    {"train: images/train\nnames:\n  x: cat", "", "expected a class's number, found 'x'", FOVEA_ERROR_FORMAT},
    {"train: images/train\nnames:\n  99999999999: cat", "", "expected a class's number", FOVEA_ERROR_FORMAT},
    {"train: images/train\nnames: [cat, ch\xe2t]", "", "data.yaml: expected the name of class 1 in UTF-8, found 'ch",
     FOVEA_ERROR_FORMAT},
};

/* As editors on Windows leave files: a byte order mark, CRLF, and blanks at the ends of lines. */
START_TEST(yolo__files_of_windows_are_read)
{
    static const char *const sets[] = {"yolo/data.yaml", "yolo/labels"};
    make_yolo("\xef\xbb\xbftrain: list.txt\r\nnames:\r\n  - cat\r\n  - big dog\r\n");
    write("yolo/list.txt", "\xef\xbb\xbf" "images/train/c.jpg \r\n\r\nimages/train/d.jpg\r\n");
    write("yolo/labels/train/c.txt", "\xef\xbb\xbf" "1 .5 .5 1 1\r\n0 .5 .5 .5 .5\r\n");
    write("yolo/labels/classes.txt", "\xef\xbb\xbf" "cat\r\nbig dog \r\n\r\n");
    fovea_dataset *set = open_any("yolo/images", sets[_i]);
    const char *const *names = NULL;
    ck_assert_int_eq(fovea_dataset_labels(set, &names, NULL), 2);
    ck_assert_str_eq(names[0], "cat");
    ck_assert_str_eq(names[1], "big dog");
    ck_assert_uint_eq(fovea_dataset_size(set), _i ? 3 : 2);
    const fovea_picture p = picture_of(set, _i ? 1 : 0);
    ck_assert_uint_eq(p.n_boxes, 2);
    expect_box(&p.boxes[0], 0, 0, 40, 80, 1);
    fovea_dataset_close(set);
}
END_TEST

/* A class is numbered by its line: one that is empty has a number, too. */
START_TEST(yolo__empty_lines_of_classes_count)
{
    fovea_dataset *set = NULL;
    make_yolo("");
    write("yolo/labels/classes.txt", "cat\n\nbig dog\n\n");
    write("yolo/labels/train/a b.txt", "2 .5 .5 1 1\n0 .5 .5 1 1\n");
    write("yolo/labels/train/c.txt", "");
    set = open_any("yolo/images", "yolo/labels");
    const char *const *names = NULL;
    const int64_t *ids = NULL;
    ck_assert_int_eq(fovea_dataset_labels(set, &names, &ids), 2);
    ck_assert_str_eq(names[1], "big dog");
    ck_assert_int_eq(ids[1], 2);
    ck_assert_int_eq(picture_of(set, 0).boxes[0].label, 1);
    fovea_dataset_close(set);
    write("yolo/labels/train/c.txt", "0 .5 .5 1 1\n1 .5 .5 1 1\n");
    support_fails(fovea_dataset_open(&set, support_scratch_file("yolo/images"), support_scratch_file("yolo/labels"),
                                     FOVEA_FORMAT_ANY),
                  FOVEA_ERROR_FORMAT, "c.txt: line 2: the class 1 has no name");
}
END_TEST

/* "#val" names a split only behind a file's name; a folder may have the sign in its own. */
START_TEST(yolo__a_sign_in_a_folder_is_no_split)
{
    folder("c#1");
    folder("c#1/images");
    folder("c#1/labels");
    make_picture("c#1/images/a.jpg", 8, 4, 0);
    write("c#1/labels/a.txt", "0 .5 .5 1 1\n");
    write("c#1/data.yaml", "train: nowhere\nval: images\nnames: [cat]\n");
    fovea_dataset *set = open_any("c#1/images", "c#1/data.yaml#val");
    ck_assert_uint_eq(picture_of(set, 0).n_boxes, 1);
    fovea_dataset_close(set);
    support_fails(fovea_dataset_open(&set, support_scratch_file("c#1/images"), support_scratch_file("c#1/data.yaml"),
                                     FOVEA_FORMAT_ANY),
                  FOVEA_ERROR_IO, "names the pictures nowhere");
}
END_TEST

START_TEST(yolo__a_folder_with_data_yaml_is_that)
{
    make_yolo(yamls[0]);
    fovea_dataset *set = open_any("yolo/images", "yolo");
    ck_assert_uint_eq(fovea_dataset_size(set), 3);
    fovea_dataset_close(set);
}
END_TEST

START_TEST(yolo__faults_are_named)
{
    fovea_dataset *set = NULL;
    make_yolo(bad_yolo[_i].yaml);
    write("yolo/labels/train/a b.txt", "");
    write("yolo/labels/train/c.txt", bad_yolo[_i].labels);
    support_fails(fovea_dataset_open(&set, support_scratch_file("yolo/images"), support_scratch_file("yolo/data.yaml"),
                                     FOVEA_FORMAT_ANY),
                  bad_yolo[_i].status, bad_yolo[_i].sentence);
    ck_assert_ptr_null(set);
}
END_TEST

/* ---- all of them ----------------------------------------------------------------------------------------------- */

START_TEST(formats__unknown_ones_are_told)
{
    fovea_dataset *set = NULL;
    folder("empty");
    write("words.txt", "some words");
    const char *const paths[] = {"empty", "words.txt"};
    support_fails(fovea_dataset_open(&set, "", support_scratch_file(paths[_i]), FOVEA_FORMAT_ANY), FOVEA_ERROR_FORMAT,
                  "annotations of no known format: looked for COCO's JSON, for Pascal VOC");
    support_fails(fovea_dataset_open(&set, "", support_scratch_file("words.txt"), (fovea_format)9),
                  FOVEA_ERROR_ARGUMENT, "9 is no format");
    support_fails(fovea_dataset_open(&set, "", "/no/such.json", FOVEA_FORMAT_ANY), FOVEA_ERROR_IO, "/no/such.json");
}
END_TEST

START_TEST(formats__json_is_known_by_its_bracket)
{
    write("marked", "\xef\xbb\xbf\r\n{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\", \"width\": 8, \"height\": 8}], "
                    "\"categories\": [{\"id\": 1, \"name\": \"cat\"}], \"annotations\": [{\"id\": 1, \"image_id\": 1, "
                    "\"category_id\": 1, \"bbox\": [1, 1, 2, 2]}]}");
    fovea_dataset *set = open_any("", "marked");
    ck_assert_uint_eq(picture_of(set, 0).n_boxes, 1);
    fovea_dataset_close(set);
}
END_TEST

/* The same boxes by VOC and YOLO, held to the same detections. */
START_TEST(formats__evaluation_takes_all)
{
    make_voc();
    make_yolo(yamls[0]);
    fovea_evaluator *evaluator = NULL;
    fovea_evaluation numbers;
    support_ok(fovea_evaluator_open_any(&evaluator, "", support_scratch_file("voc"), FOVEA_FORMAT_ANY));
    ck_assert_uint_eq(fovea_evaluator_pictures(evaluator), 3);
    support_ok(fovea_evaluator_add(evaluator, 1, 3, (const double[4]){0, 1, 3, 3}, .9));
    support_ok(fovea_evaluator_add(evaluator, 1, 3, (const double[4]){10, 20, 20, 20}, .95)); /* difficult: no matter */
    support_ok(fovea_evaluator_add(evaluator, 2, 3, (const double[4]){0, 0, 100, 50}, .5));
    support_ok(fovea_evaluator_add(evaluator, 2, 1, (const double[4]){1.5, 2, 2.5, 3}, .5));
    support_ok(fovea_evaluator_add(evaluator, 3, 2, (const double[4]){0, 0, 2, 2}, .5));
    support_ok(fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL));
    ck_assert(numbers.ap > 1 - 1e-12);
    fovea_evaluator_close(evaluator);
    support_ok(fovea_evaluator_open_any(&evaluator, support_scratch_file("yolo/images"),
                                        support_scratch_file("yolo/data.yaml"), FOVEA_FORMAT_ANY));
    support_ok(fovea_evaluator_add(evaluator, 1, 1, (const double[4]){20, 15, 40, 10}, .9));
    support_ok(fovea_evaluator_add(evaluator, 1, 0, (const double[4]){10, 10, 30, 20}, .8));
    support_ok(fovea_evaluator_add(evaluator, 2, 1, (const double[4]){0, 0, 40, 80}, .8));
    support_ok(fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL));
    ck_assert(numbers.ap > 1 - 1e-12);
    fovea_evaluator_close(evaluator);
    support_fails(fovea_evaluator_open_any(&evaluator, NULL, "x", FOVEA_FORMAT_ANY), FOVEA_ERROR_ARGUMENT, "NULL");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = voc__a_folder_is_read, .rows = 2},
        {.test = voc__a_list_has_the_classes_of_all},
        {.test = voc__files_of_windows_are_read, .rows = 2},
        {.test = voc__faults_are_named, .rows = COUNT(bad_xml)},
        {.test = voc__depth_is_bounded},
        {.test = yolo__boxes_are_read, .rows = COUNT(yamls)},
        {.test = yolo__files_of_windows_are_read, .rows = 2},
        {.test = yolo__empty_lines_of_classes_count},
        {.test = yolo__a_sign_in_a_folder_is_no_split},
        {.test = yolo__a_folder_with_data_yaml_is_that},
        {.test = yolo__faults_are_named, .rows = COUNT(bad_yolo)},
        {.test = formats__unknown_ones_are_told, .rows = 2},
        {.test = formats__json_is_known_by_its_bracket},
        {.test = formats__evaluation_takes_all},
    };
    return support_run("formats", cases, COUNT(cases));
}
