/* Inspecting data sets: every fault is told once, with its ids; the mended copy is free of what was mended and keeps the
 * rest byte for byte. */
#include "file.h"
#include "inspection.h"
#include "jpeg.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CATEGORIES "\"categories\": [{\"id\": 3, \"name\": \"cat\"}]"
#define A "{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 40, \"height\": 20}"
#define BOX_1 "{\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, 4]}"
#define SET(images, categories, boxes) \
    "{\"images\": [" images "], " categories ", \"annotations\": [" boxes "]}"
#define BOX(numbers) SET(A, CATEGORIES, BOX_1 ", {\"id\": 2, \"image_id\": 7, \"category_id\": 3, \"bbox\": " numbers "}")
#define ONE SET(A, CATEGORIES, BOX_1)

static void write_picture(const char *name, int width, int height, int orientation, bool flat)
{
    jpeg_make_file(support_scratch_file(name), &(jpeg_plan){.width = width, .height = height, .flat = flat,
                                                            .orientation = orientation});
}

static void write_pictures(void)
{
    static bool written;
    if (written)
        return;
    written = true;
    write_picture("a.jpg", 40, 20, 0, false);
    write_picture("again.jpg", 40, 20, 0, false);
    write_picture("b.jpg", 32, 24, 0, true);
    write_picture("flat.jpg", 40, 20, 0, true);
    for (int orientation = 2; orientation <= 8; orientation++) {
        char name[32];
        snprintf(name, sizeof name, "o%d.jpg", orientation);
        write_picture(name, 40, 20, orientation, false);
    }
    support_write(support_scratch_file("broken.jpg"), "not a picture");
}

static fovea_inspection *inspect(const char *text, const fovea_inspect_options *options)
{
    fovea_inspection *in = NULL;
    write_pictures();
    support_ok(fovea__inspection_parse(&in, support_scratch(), text, strlen(text), "t.json", options));
    return in;
}

static char *mend(const char *text)
{
    fovea_inspection *in = inspect(text, NULL);
    char *mended = NULL;
    size_t size = 0;
    support_ok(fovea__inspection_mend(in, &mended, &size, text, strlen(text)));
    ck_assert_uint_eq(size, strlen(mended));
    fovea_inspection_close(in);
    return mended;
}

typedef struct row {
    const char *text;
    fovea_fault_kind kind;
    const char *sentence, *mended; /* mended NULL: not held to a text */
    int64_t image_id, annotation_id;
    bool kept; /* the copy has it still */
} row;

#define NONE FOVEA_NO_ID

static const row rows[] = {
    {BOX("[5, 6, 0, 7]"), FOVEA_FAULT_BOX_EMPTY,
     "t.json: annotations[1] (id 2) in a.jpg of 40x20: the box [5, 6, 0, 7] has zero area", ONE, 7, 2, false},
    {BOX("[5, 6, -2, 7]"), FOVEA_FAULT_BOX_EMPTY, "zero area", ONE, 7, 2, false},
    {BOX("[5, NaN, 4, 7]"), FOVEA_FAULT_BOX_NOT_FINITE, "[5, nan, 4, 7] is not finite", ONE, 7, 2, false},
    {BOX("[5, 6, 1e999, 7]"), FOVEA_FAULT_BOX_NOT_FINITE, "is not finite", ONE, 7, 2, false},
    {BOX("[40, 6, 4, 7]"), FOVEA_FAULT_BOX_OUTSIDE, "lies outside", ONE, 7, 2, false},
    {BOX("[38.5, -1, 4, 7]"), FOVEA_FAULT_BOX_REACHES, "[38.5, -1, 4, 7] reaches outside", BOX("[38.5, 0, 1.5, 6]"),
     7, 2, false},
    {BOX("[1, 2.0, 3, 4]"), FOVEA_FAULT_BOX_TWICE,
     "t.json: annotations[1] (id 2) in a.jpg is the box of annotations[0] (id 1)", ONE, 7, 2, false},
    {BOX("[1, 2, 3]"), FOVEA_FAULT_FORM, "annotations[1] (id 2).bbox: expected a list of 4 numbers, found 3", ONE, 7,
     2, false},
    {SET(A, CATEGORIES, "17, " BOX_1), FOVEA_FAULT_FORM, "annotations[0]: expected an object, found a number",
     SET(A, CATEGORIES, " " BOX_1), NONE, NONE, false},
    {SET(A, CATEGORIES, BOX_1 ", {\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [9, 2, 3, 4]}"),
     FOVEA_FAULT_ID_TWICE, "annotations[1] has the id 1 of annotations[0]",
     SET(A, CATEGORIES, BOX_1 ", {\"id\": 2, \"image_id\": 7, \"category_id\": 3, \"bbox\": [9, 2, 3, 4]}"), 7, 1,
     false},
    {SET(A, CATEGORIES, BOX_1 ", {\"image_id\": 7, \"category_id\": 3, \"bbox\": [9, 2, 3, 4]}"), FOVEA_FAULT_FORM,
     "annotations[1].id: expected a whole number, found nothing",
     SET(A, CATEGORIES, BOX_1 ", {\"image_id\": 7, \"category_id\": 3, \"bbox\": [9, 2, 3, 4], \"id\": 2}"), 7, NONE,
     false},
    {SET(A, CATEGORIES, BOX_1 ", {\"id\": 2, \"image_id\": 8, \"category_id\": 3, \"bbox\": [9, 2, 3, 4]}"),
     FOVEA_FAULT_PICTURE_UNDECLARED, "annotations[1] (id 2) belongs to the picture 8, which \"images\" does not list",
     ONE, 8, 2, false},
    {SET(A, CATEGORIES, BOX_1 ", {\"id\": 2, \"image_id\": 7, \"category_id\": 9, \"bbox\": [9, 2, 3, 4]}"),
     FOVEA_FAULT_CATEGORY_UNDECLARED, "the category 9 is not declared; boxes of it: 1, the first is annotations[1]",
     SET(A, "\"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 9, \"name\": \"9\"}]",
         BOX_1 ", {\"id\": 2, \"image_id\": 7, \"category_id\": 9, \"bbox\": [9, 2, 3, 4]}"), 7, 2, false},
    {SET(A ", {\"id\": 8, \"file_name\": \"none.jpg\"}", CATEGORIES, BOX_1), FOVEA_FAULT_PICTURE_MISSING,
     "images[1] (id 8): ", ONE, 8, NONE, false},
    {SET(A ", {\"id\": 8, \"file_name\": \"broken.jpg\"}", CATEGORIES,
         BOX_1 ", {\"id\": 2, \"image_id\": 8, \"category_id\": 3, \"bbox\": [9, 2, 3, 4]}"),
     FOVEA_FAULT_PICTURE_BROKEN, "broken.jpg: ", ONE, 8, NONE, false},
    {SET("{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 80, \"height\": 40, \"x\": [1e2]}", CATEGORIES, BOX_1),
     FOVEA_FAULT_PICTURE_SIZE, "images[0] (id 7) a.jpg: the annotations say 80x40 pixels, the file has 40x20",
     SET("{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 40, \"height\": 20, \"x\": [1e2]}", CATEGORIES, BOX_1), 7,
     NONE, false},
    {SET("{\"id\": 7, \"file_name\": \"a.jpg\"}", CATEGORIES, BOX_1), FOVEA_NOTE_NO_SIZE, "the file has 40x20",
     SET("{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 40, \"height\": 20}", CATEGORIES, BOX_1), 7, NONE, false},
    {SET("{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": \"40\", \"height\": 20}", CATEGORIES, BOX_1),
     FOVEA_FAULT_FORM, "images[0] (id 7).width: expected a whole number, found a text", ONE, 7, NONE, false},
    {SET("{\"id\": 7, \"file_name\": \"o6.jpg\", \"width\": 40, \"height\": 20}", CATEGORIES, BOX_1),
     FOVEA_FAULT_PICTURE_TURNED, "40x20 is the size as stored; people see 20x40, as the EXIF orientation 6 turns it",
     SET("{\"id\": 7, \"file_name\": \"o6.jpg\", \"width\": 20, \"height\": 40}", CATEGORIES,
         "{\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [14, 1, 4, 3]}"), 7, NONE, false},
    {SET("{\"id\": 7, \"file_name\": \"o3.jpg\", \"width\": 40, \"height\": 20}", CATEGORIES, BOX_1), FOVEA_NOTE_TURNED,
     "EXIF turns it (orientation 3)", NULL, 7, NONE, true},
    {SET(A ", {\"id\": 8, \"file_name\": \"a.jpg\", \"width\": 40, \"height\": 20}", CATEGORIES,
         BOX_1 ", {\"id\": 2, \"image_id\": 8, \"category_id\": 3, \"bbox\": [9, 2, 3, 4]}"),
     FOVEA_FAULT_PICTURE_TWICE, "images[1] (id 8) lists a.jpg once more, after images[0] (id 7)",
     SET(A, CATEGORIES, BOX_1 ", {\"id\": 2, \"image_id\": 7, \"category_id\": 3, \"bbox\": [9, 2, 3, 4]}"), 8, NONE,
     false},
    {SET(A ", {\"id\": 8, \"file_name\": \"again.jpg\", \"width\": 40, \"height\": 20}", CATEGORIES,
         BOX_1 ", {\"id\": 2, \"image_id\": 8, \"category_id\": 3, \"bbox\": [9, 2, 3, 4]}"),
     FOVEA_FAULT_PICTURE_TWICE, "again.jpg shows the same as images[0] (id 7) a.jpg", NULL, 8, NONE, true},
    {SET(A ", {\"id\": 7, \"file_name\": \"b.jpg\", \"width\": 32, \"height\": 24}", CATEGORIES, BOX_1),
     FOVEA_FAULT_ID_TWICE, "images[1] b.jpg has the id 7 of images[0] a.jpg", NULL, 7, NONE, true},
    {SET(A, "\"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 3, \"name\": \"cat\"}]", BOX_1),
     FOVEA_FAULT_ID_TWICE, "categories[1] \"cat\" has the id 3 of categories[0] \"cat\"", ONE, NONE, NONE, false},
    {SET(A, "\"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 3, \"name\": \"dog\"}]", BOX_1),
     FOVEA_FAULT_ID_TWICE, "\"dog\" has the id 3", NULL, NONE, NONE, true},
    {SET(A, "\"categories\": [{\"id\": 3}]", BOX_1), FOVEA_FAULT_FORM, "categories[0] (id 3).name: expected a text",
     SET(A, "\"categories\": [{\"id\": 3, \"name\": \"3\"}]", BOX_1), NONE, NONE, false},
    {SET(A ", {\"id\": 8, \"file_name\": \"flat.jpg\", \"width\": 40, \"height\": 20}", CATEGORIES, BOX_1),
     FOVEA_NOTE_NO_BOX, "images[1] (id 8) flat.jpg has no box", NULL, 8, NONE, true},
    {SET(A, CATEGORIES, BOX_1 ", {\"id\": 2, \"image_id\": 7, \"category_id\": 3, \"bbox\": [9, 2, 3, 4], "
                              "\"iscrowd\": 1}"),
     FOVEA_NOTE_CROWD, "boxes of crowds (iscrowd 1): 1, the first is annotations[1] (id 2)", NULL, NONE, NONE, true},
    {SET(A, "\"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 4, \"name\": \"dog\"}]", BOX_1),
     FOVEA_NOTE_UNUSED, "categories[1] \"dog\" (id 4) has no box", NULL, NONE, NONE, true},
    {"{\"images\": [" A "], " CATEGORIES "}", FOVEA_FAULT_FORM, "annotations: expected a list, found nothing", NULL,
     NONE, NONE, true},
    {SET(A, CATEGORIES, ""), FOVEA_FAULT_NOTHING, "1 picture, and no box is left to train on", NULL, NONE, NONE, true},
};

static const fovea_fault *find(const fovea_inspection *in, fovea_fault_kind kind, fovea_fault *out)
{
    for (size_t i = 0; i < fovea_inspection_faults(in); i++) {
        support_ok(fovea_inspection_fault(in, i, out));
        if (out->kind == kind)
            return out;
    }
    return NULL;
}

START_TEST(inspection__each_fault_is_told_and_mended)
{
    const row *r = &rows[_i];
    fovea_fault fault;
    fovea_inspection *in = inspect(r->text, NULL);
    ck_assert_msg(find(in, r->kind, &fault) != NULL, "no %s in %s", fovea_fault_name(r->kind), r->text);
    ck_assert_uint_eq(fovea_inspection_count(in, r->kind), 1);
    ck_assert_msg(strncmp(fault.sentence, "t.json: ", 8) == 0 && support_has(fault.sentence, r->sentence),
                  "says \"%s\", expected in it \"%s\"", fault.sentence, r->sentence);
    ck_assert_msg(fault.mended == !r->kept, "%s: mended is %d", fault.sentence, (int)fault.mended);
    ck_assert_msg(fault.image_id == r->image_id && fault.annotation_id == r->annotation_id, "%s: ids %lld and %lld",
                  fault.sentence, (long long)fault.image_id, (long long)fault.annotation_id);
    ck_assert(*fault.fix);
    fovea_inspection_close(in);

    char *mended = mend(r->text);
    if (r->mended)
        ck_assert_str_eq(mended, r->mended);
    in = inspect(mended, NULL);
    ck_assert_msg((find(in, r->kind, &fault) != NULL) == r->kept, "the copy %s", mended);
    fovea_inspection_close(in);
    free(mended);
}
END_TEST

START_TEST(inspection__a_clean_set_has_no_fault_and_stays)
{
    static const char text[] = "\n{\"info\": {\"é\": [1.50, 12345678901234567890]}, " CATEGORIES
                               ",\r\n \"annotations\" :[ " BOX_1 " ],\"images\":[" A "] }\n";
    fovea_inspection *in = inspect(text, NULL);
    const int64_t *ids = NULL;
    const fovea_dataset *set = fovea_inspection_dataset(in, &ids);
    ck_assert_uint_eq(fovea_inspection_faults(in), 0);
    ck_assert(fovea_dataset_size(set) == 1 && ids[0] == 1);
    fovea_inspection_close(in);
    char *mended = mend(text);
    ck_assert_str_eq(mended, text);
    free(mended);
}
END_TEST

/* A box drawn on the stored picture shows the same pixels once both are turned. */
START_TEST(inspection__boxes_turn_with_their_picture)
{
    const int orientation = _i + 5;
    char text[600];
    snprintf(text, sizeof text, SET("{\"id\": 7, \"file_name\": \"o%d.jpg\", \"width\": 40, \"height\": 20}",
                                    CATEGORIES, BOX_1), orientation);
    fovea_inspection *in = inspect(text, NULL);
    fovea_picture picture;
    fovea_image turned, stored;
    char name[32];
    snprintf(name, sizeof name, "o%d.jpg", orientation);
    support_ok(fovea_dataset_picture(fovea_inspection_dataset(in, NULL), 0, &picture));
    support_ok(fovea_image_read(&turned, support_scratch_file(name)));
    support_ok(fovea_image_read(&stored, support_scratch_file("a.jpg")));
    ck_assert(picture.width == 20 && picture.height == 40 && picture.n_boxes == 1);
    double sums[2][3] = {{0}};
    const fovea_box *b = &picture.boxes[0];
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 40; x++)
            for (int c = 0; c < 3; c++) {
                if (x >= 1 && x < 4 && y >= 2 && y < 6)
                    sums[0][c] += stored.pixels[(y * 40 + x) * 3 + c];
                if ((float)x >= b->x0 && (float)x < b->x1 && (float)y >= b->y0 && (float)y < b->y1)
                    sums[1][c] += turned.pixels[(y * 20 + x) * 3 + c];
            }
    for (int c = 0; c < 3; c++)
        ck_assert_msg(sums[0][c] == sums[1][c], "orientation %d, colour %d: %g and %g", orientation, c, sums[0][c], sums[1][c]);
    fovea_image_clear(&turned);
    fovea_image_clear(&stored);
    fovea_inspection_close(in);
}
END_TEST

START_TEST(inspection__the_other_split_must_differ)
{
    fovea_fault fault;
    support_write(support_scratch_file("other.json"),
                  "{\"images\": [{\"id\": 1, \"file_name\": \"again.jpg\"}, 5, {\"id\": 2, \"file_name\": \"gone.jpg\"}]}");
    const fovea_inspect_options options = {.against = support_scratch_file("other.json"), .threads = 3};
    fovea_inspection *in = inspect(ONE, &options);
    ck_assert_ptr_nonnull(find(in, FOVEA_FAULT_PICTURE_SHARED, &fault));
    ck_assert(support_has(fault.sentence, "images[0] (id 7) a.jpg shows the same as again.jpg (id 1) of") &&
              fault.mended && fovea_inspection_count(in, FOVEA_FAULT_NOTHING) == 1);
    ck_assert_ptr_null(fovea_inspection_dataset(in, NULL));
    fovea_inspection_close(in);
}
END_TEST

START_TEST(inspection__saving_leaves_the_original)
{
    fovea_inspection *in = NULL;
    write_pictures();
    support_write(support_scratch_file("orig.json"), BOX("[5, 6, 0, 7]"));
    support_ok(fovea_inspection_open(&in, support_scratch(), support_scratch_file("orig.json"), NULL));
    support_fails(fovea_inspection_save(in, support_scratch_file("orig.json")), FOVEA_ERROR_ARGUMENT,
                  "orig.json: is there already and is not written over");
    ck_assert_int_eq(symlink("nowhere", support_scratch_file("link.json")), 0);
    support_fails(fovea_inspection_save(in, support_scratch_file("link.json")), FOVEA_ERROR_ARGUMENT,
                  "is there already");
    support_ok(fovea_inspection_save(in, support_scratch_file("copy.json")));
    fovea_dataset *set = NULL;
    support_ok(fovea_dataset_open_coco(&set, support_scratch(), support_scratch_file("copy.json")));
    ck_assert_uint_eq(fovea_dataset_warnings(set), 0);
    fovea_dataset_close(set);
    support_write(support_scratch_file("orig.json"), ONE);
    support_fails(fovea_inspection_save(in, support_scratch_file("copy.json")), FOVEA_ERROR_ARGUMENT,
                  "is there already");
    support_fails(fovea_inspection_save(in, support_scratch_file("second.json")), FOVEA_ERROR_FORMAT,
                  "has changed since it was inspected");
    fovea_inspection_close(in);
}
END_TEST

START_TEST(inspection__bad_calls_are_refused)
{
    fovea_inspection *in = (fovea_inspection *)&in;
    fovea_fault fault;
    write_pictures();
    support_fails(fovea_inspection_open(NULL, "a", "b", NULL), FOVEA_ERROR_ARGUMENT, "out is NULL");
    support_fails(fovea_inspection_open(&in, NULL, "b", NULL), FOVEA_ERROR_ARGUMENT, "images_dir");
    ck_assert_ptr_null(in);
    support_fails(fovea_inspection_open(&in, "a", "b", &(fovea_inspect_options){.threads = -1}), FOVEA_ERROR_ARGUMENT,
                  "threads is -1");
    support_fails(fovea_inspection_open(&in, "a", support_scratch_file("gone.json"), NULL), FOVEA_ERROR_IO, "gone.json");
    support_fails(fovea__inspection_parse(&in, "a", "[]", 2, "t.json", NULL), FOVEA_ERROR_FORMAT, "expected an object");
    support_fails(fovea__inspection_parse(&in, "a", "{", 1, "t.json", NULL), FOVEA_ERROR_FORMAT, "t.json: line 1");
    support_fails(fovea_images_check(NULL, NULL, 0), FOVEA_ERROR_ARGUMENT, "images_dir or file_names is NULL");
    support_fails(fovea_images_check("a", NULL, 1), FOVEA_ERROR_ARGUMENT, "images_dir or file_names is NULL");
    support_ok(fovea_images_check("", NULL, 0));
    support_ok(fovea_images_check(support_scratch(), (const char *const[]){"gone.jpg", "a.jpg"}, 2));
    support_fails(fovea_images_check("", (const char *const[]){"/gone.jpg"}, 1), FOVEA_ERROR_IO,
                  "pictures by their paths: the picture is not there; the first would be /gone.jpg");
    support_fails(fovea_inspection_fault(NULL, 0, &fault), FOVEA_ERROR_ARGUMENT, "NULL");
    support_fails(fovea_inspection_save(NULL, "a"), FOVEA_ERROR_ARGUMENT, "NULL");
    in = inspect(ONE, NULL);
    support_fails(fovea_inspection_fault(in, 0, &fault), FOVEA_ERROR_ARGUMENT, "expected less than 0");
    ck_assert_uint_eq(fovea_inspection_count(in, FOVEA_FAULT_KINDS), 0);
    ck_assert_uint_eq(fovea_inspection_faults(NULL), 0);
    ck_assert_ptr_null(fovea_inspection_dataset(NULL, NULL));
    for (int kind = 0; kind < FOVEA_FAULT_KINDS; kind++)
        ck_assert(*fovea_fault_name((fovea_fault_kind)kind) && *fovea_fault_title((fovea_fault_kind)kind));
    ck_assert_str_eq(fovea_fault_name(FOVEA_FAULT_NOTHING), "no_boxes_left");
    ck_assert_str_eq(fovea_fault_title(FOVEA_FAULT_NOTHING), "no boxes left");
    ck_assert(*fovea_fault_name(FOVEA_FAULT_KINDS) && *fovea_fault_title(FOVEA_FAULT_KINDS));
    fovea_inspection_close(in);
    fovea_inspection_close(NULL);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = inspection__each_fault_is_told_and_mended, .rows = COUNT(rows)},
        {.test = inspection__a_clean_set_has_no_fault_and_stays},
        {.test = inspection__boxes_turn_with_their_picture, .rows = 4},
        {.test = inspection__the_other_split_must_differ},
        {.test = inspection__saving_leaves_the_original},
        {.test = inspection__bad_calls_are_refused},
    };
    return support_run("inspection", cases, COUNT(cases));
}
