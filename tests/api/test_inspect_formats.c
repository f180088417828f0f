/* Inspecting Pascal VOC and YOLO: what cannot be understood is told with file and line, the rest is held to its pictures,
 * and the mended copy is COCO JSON that opens without a warning, crowds aside. */
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void write_picture(const char *name, uint8_t shade)
{
    fovea_image image;
    support_ok(fovea_image_create(&image, 40, 20));
    memset(image.pixels, shade, 40 * 20 * 3);
    support_ok(fovea_image_write_jpeg(&image, support_scratch_file(name), 0));
    fovea_image_clear(&image);
}

static void make_folders(const char *const *names)
{
    for (; *names; names++)
        mkdir(support_scratch_file(*names), 0777);
}

typedef struct expected {
    fovea_fault_kind kind;
    size_t count;
    const char *sentence; /* of one of them */
} expected;

/* Holds an inspection to its faults, and its mended copy to being clean. */
static void expect(const char *images, const char *annotations, fovea_format format, const expected *rows, size_t n)
{
    fovea_inspection *in;
    fovea_fault fault;
    fovea_dataset *set;
    size_t total = 0;
    support_ok(fovea_inspection_open(&in, support_scratch_file(images), support_scratch_file(annotations),
                                     &(fovea_inspect_options){.format = format}));
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < fovea_inspection_faults(in); k++) {
            support_ok(fovea_inspection_fault(in, k, &fault));
            found = found || (fault.kind == rows[i].kind && support_has(fault.sentence, rows[i].sentence));
        }
        ck_assert_msg(found, "%s: nothing says \"%s\"", fovea_fault_name(rows[i].kind), rows[i].sentence);
        ck_assert_msg(fovea_inspection_count(in, rows[i].kind) == rows[i].count, "%s: %zu, expected %zu",
                      fovea_fault_name(rows[i].kind), fovea_inspection_count(in, rows[i].kind), rows[i].count);
        if (i == 0 || rows[i].kind != rows[i - 1].kind)
            total += rows[i].count;
    }
    ck_assert_uint_eq(fovea_inspection_faults(in), total);
    remove(support_scratch_file("copy.json"));
    support_ok(fovea_inspection_save(in, support_scratch_file("copy.json")));
    support_fails(fovea_inspection_save(in, support_scratch_file("kept.txt")), FOVEA_ERROR_ARGUMENT,
                  "is there already");
    support_fails(fovea_inspection_save(in, support_scratch_file("copy.json")), FOVEA_ERROR_ARGUMENT,
                  "is there already");
    support_ok(fovea_dataset_open_coco(&set, support_scratch_file(images), support_scratch_file("copy.json")));
    ck_assert_uint_eq(fovea_dataset_warnings(set), fovea_inspection_count(in, FOVEA_NOTE_CROWD));
    ck_assert_uint_eq(fovea_dataset_size(set), fovea_dataset_size(fovea_inspection_dataset(in, NULL)));
    fovea_dataset_close(set);
    fovea_inspection_close(in);
}

#define OBJECT(name, x0, y0, x1, y1) \
    "<object><name>" name "</name><bndbox><xmin>" x0 "</xmin><ymin>" y0 "</ymin><xmax>" x1 "</xmax><ymax>" y1 \
    "</ymax></bndbox></object>\n"
#define SIZE(width) "<size><width>" width "</width><height>20</height></size>\n"

START_TEST(inspect_formats__voc)
{
    static const expected rows[] = {
        {FOVEA_FAULT_FORM, 3, "voc/Annotations/a.xml: line 4: <bndbox>: expected a number in <xmax>, found 'x'"},
        {FOVEA_FAULT_FORM, 3, "voc/Annotations/a.xml: line 5: <object>: expected a class in <name>, found nothing"},
        {FOVEA_FAULT_FORM, 3, "voc/Annotations/cut.xml: line 1: not XML that can be read"},
        {FOVEA_FAULT_PICTURE_TWICE, 1, "a.jpg is annotated once more, by another file"},
        {FOVEA_FAULT_PICTURE_MISSING, 1, "voc/pictures/gone.jpg: cannot be opened"},
        {FOVEA_FAULT_PICTURE_SIZE, 1, "b.jpg: the annotations say 44x20 pixels, the file has 40x20"},
        {FOVEA_FAULT_BOX_REACHES, 1, "box 1 in b.jpg of 40x20: the box [29, 0, 13, 9] reaches outside"},
        {FOVEA_FAULT_BOX_TWICE, 1, "box 3 in b.jpg is the box of box 2 in b.jpg"},
        {FOVEA_NOTE_CROWD, 1, "boxes of crowds (difficult): 1, the first is box 4 in b.jpg"},
        {FOVEA_NOTE_UNCHECKED, 1, "Pascal VOC has no ids"},
    };
    make_folders((const char *const[]){"voc", "voc/Annotations", "voc/pictures", NULL});
    write_picture("voc/pictures/a.jpg", 9);
    write_picture("voc/pictures/b.jpg", 200);
    support_write(support_scratch_file("kept.txt"), "kept");
    support_write(support_scratch_file("voc/Annotations/a.xml"),
                  "<annotation>" SIZE("40") OBJECT("cat", "1", "1", "9", "9")
                  "\n" OBJECT("cat", "1", "1", "x", "9") OBJECT("", "1", "1", "8", "9") "</annotation>");
    support_write(support_scratch_file("voc/Annotations/again.xml"),
                  "<annotation><filename>a.jpg</filename>" SIZE("40") "</annotation>");
    support_write(support_scratch_file("voc/Annotations/b.xml"),
                  "<annotation>" SIZE("44") OBJECT("dog", "30", "1", "42", "9") OBJECT("cat", "2", "2", "9", "9")
                  OBJECT("cat", "2", "2", "9", "9")
                  "<object><name>cat</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>7</xmax>"
                  "<ymax>7</ymax></bndbox></object></annotation>");
    support_write(support_scratch_file("voc/Annotations/cut.xml"), "<annotation><object>");
    support_write(support_scratch_file("voc/Annotations/gone.xml"),
                  "<annotation>" OBJECT("cat", "1", "1", "9", "9") "</annotation>");
    expect("voc/pictures", "voc", FOVEA_FORMAT_ANY, rows, COUNT(rows));
}
END_TEST

START_TEST(inspect_formats__yolo)
{
    static const expected rows[] = {
        {FOVEA_FAULT_FORM, 4, "yolo/labels/a.txt: line 2: expected a class from 0 to 1, found 5"},
        {FOVEA_FAULT_FORM, 4, "yolo/labels/a.txt: line 4: expected a class, centre x and y"},
        {FOVEA_FAULT_FORM, 4, "yolo/labels/a.txt: line 5: expected numbers, found 'x'"},
        {FOVEA_FAULT_FORM, 4, "yolo/labels/lone.txt: expected a picture of that name, found none"},
        {FOVEA_FAULT_PICTURE_TWICE, 1, "same.jpg shows the same as b.jpg"},
        {FOVEA_FAULT_PICTURE_BROKEN, 1, "yolo/images/broken.jpg: neither JPEG nor PNG"},
        {FOVEA_FAULT_BOX_EMPTY, 1, "box 2 in b.jpg of 40x20: the box [20, 10, 0, 4] has zero area"},
        {FOVEA_FAULT_BOX_REACHES, 1, "box 1 in b.jpg of 40x20: the box [28, 5, 16, 10] reaches outside"},
        {FOVEA_NOTE_NO_BOX, 1, "same.jpg has no box"},
        {FOVEA_NOTE_UNUSED, 1, "\"dog\" (id 1) has no box"},
        {FOVEA_NOTE_UNCHECKED, 1, "YOLO has no ids"},
    };
    make_folders((const char *const[]){"yolo", "yolo/images", "yolo/labels", NULL});
    write_picture("yolo/images/a.jpg", 9);
    write_picture("yolo/images/b.jpg", 200);
    write_picture("yolo/images/same.jpg", 200);
    support_write(support_scratch_file("kept.txt"), "kept");
    support_write(support_scratch_file("yolo/images/broken.jpg"), "not a picture");
    support_write(support_scratch_file("yolo/data.yaml"), "train: images\nnames: [cat, dog]\n");
    support_write(support_scratch_file("yolo/labels/classes.txt"), "cat\ndog\n");
    support_write(support_scratch_file("yolo/labels/a.txt"), "0 .5 .5 .2 .2\n5 .5 .5 .2 .2\n\n0 .5\nx\n");
    support_write(support_scratch_file("yolo/labels/b.txt"), "0 .9 .5 .4 .5\n0 .5 .6 0 .2\n");
    support_write(support_scratch_file("yolo/labels/broken.txt"), "0 .9 .5 .4 .5\n");
    support_write(support_scratch_file("yolo/labels/lone.txt"), "0 .9 .5 .4 .5\n");
    expect("yolo/images", _i ? "yolo/labels" : "yolo/data.yaml", _i ? FOVEA_FORMAT_YOLO : FOVEA_FORMAT_ANY, rows,
           COUNT(rows));
}
END_TEST

/* The other split may be of another format, and a picture of both is a fault. */
START_TEST(inspect_formats__splits_differ)
{
    fovea_inspection *in;
    fovea_fault fault;
    make_folders((const char *const[]){"two", "two/images", "two/labels", NULL});
    write_picture("two/images/a.jpg", 9);
    support_write(support_scratch_file("two/data.yaml"), "train: images\nval: images\nnames: [cat]\n");
    support_write(support_scratch_file("two/labels/a.txt"), "0 .5 .5 .2 .2\n");
    support_write(support_scratch_file("two/other.json"), "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}]}");
    for (int i = 0; i < 2; i++) {
        const fovea_inspect_options options = {
            .against = support_scratch_file(i ? "two/other.json" : "two/data.yaml#val")};
        support_ok(fovea_inspection_open(&in, support_scratch_file("two/images"), support_scratch_file("two/data.yaml"),
                                         &options));
        ck_assert_uint_eq(fovea_inspection_count(in, FOVEA_FAULT_PICTURE_SHARED), 1);
        support_ok(fovea_inspection_fault(in, 0, &fault));
        ck_assert(support_has(fault.sentence, "a.jpg shows the same as a.jpg (id 1) of "));
        ck_assert_ptr_null(fovea_inspection_dataset(in, NULL));
        fovea_inspection_close(in);
    }
    support_fails(fovea_inspection_open(&in, "nowhere", support_scratch_file("two/labels"), NULL), FOVEA_ERROR_FORMAT,
                  "expected the classes' names");
    support_fails(fovea_inspection_open(&in, "nowhere", support_scratch_file("two/data.yaml#test"), NULL),
                  FOVEA_ERROR_FORMAT, "test");
    ck_assert_ptr_null(in);
}
END_TEST

/* A list may name what is not there: that is a fault, and the others are read. */
START_TEST(inspect_formats__a_list_names_what_is_missing)
{
    static const expected rows[] = {
        {FOVEA_FAULT_FORM, 1, "Annotations/nowhere.xml: cannot be opened"},
        {FOVEA_NOTE_NO_SIZE, 1, "a.jpg: no width or no height"},
        {FOVEA_NOTE_UNCHECKED, 1, "Pascal VOC has no ids"},
    };
    make_folders((const char *const[]){"list", "list/Annotations", "list/ImageSets", "list/ImageSets/Main", NULL});
    write_picture("list/a.jpg", 9);
    support_write(support_scratch_file("kept.txt"), "kept");
    support_write(support_scratch_file("list/Annotations/a.xml"),
                  "<annotation>" OBJECT("cat", "1", "1", "9", "9") "</annotation>");
    support_write(support_scratch_file("list/ImageSets/Main/val.txt"), "nowhere\na\n");
    expect("list", "list/ImageSets/Main/val.txt", FOVEA_FORMAT_ANY, rows, COUNT(rows));
}
END_TEST

/* Converted files have their boxes' order in the document beside them, where pictures take turns. */
START_TEST(inspect_formats__boxes_are_numbered_by_picture)
{
    fovea_inspection *in;
    fovea_fault fault;
    make_folders((const char *const[]){"turns", NULL});
    write_picture("turns/a.jpg", 9);
    write_picture("turns/b.jpg", 200);
    support_write(support_scratch_file("turns.json"),
                  "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\", \"width\": 40, \"height\": 20}, {\"id\": 2, "
                  "\"file_name\": \"b.jpg\", \"width\": 40, \"height\": 20}], "
                  "\"categories\": [{\"id\": 1, \"name\": \"cat\"}], \"annotations\": ["
                  "{\"id\": 7, \"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, 9, 9], \"iscrowd\": 1},"
                  "{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 1, 4, 4]},"
                  "{\"id\": 2, \"image_id\": 2, \"category_id\": 1, \"bbox\": [1, 1, 4, 4]},"
                  "{\"id\": 3, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 1, 4, 4]}]}");
    support_ok(fovea_dataset_convert(support_scratch_file("turns"), support_scratch_file("turns.json"),
                                     _i ? FOVEA_FORMAT_YOLO : FOVEA_FORMAT_VOC, support_scratch_file(_i ? "ty" : "tv"),
                                     &(fovea_convert_options){.split = "train"}, NULL));
    support_ok(fovea_inspection_open(&in, support_scratch_file(_i ? "ty/images" : "tv/JPEGImages"),
                                     support_scratch_file(_i ? "ty" : "tv"), NULL));
    support_ok(fovea_inspection_fault(in, 0, &fault));
    ck_assert_int_eq(fault.kind, FOVEA_FAULT_BOX_TWICE);
    const char *const twice = _i ? "box 2 in train/a.jpg is the box of box 1 in train/a.jpg"
                                 : "box 3 in a.jpg is the box of box 2 in a.jpg";
    ck_assert_msg(support_has(fault.sentence, twice), "%s", fault.sentence);
    support_ok(fovea_inspection_fault(in, 1, &fault));
    const char *const first = _i ? "the first is annotations[0] (id 7)" : "the first is box 1 in a.jpg";
    ck_assert_msg(support_has(fault.sentence, first), "%s", fault.sentence);
    fovea_inspection_close(in);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = inspect_formats__voc},
        {inspect_formats__yolo, .rows = 2},
        {.test = inspect_formats__splits_differ},
        {.test = inspect_formats__a_list_names_what_is_missing},
        {inspect_formats__boxes_are_numbered_by_picture, .rows = 2},
    };
    return support_run("inspect_formats", cases, COUNT(cases));
}
