/* Data sets that were edited between two conversions, files that are there already, and evaluation by all formats. */
#include "trial.h"

#include <string.h>
#include <unistd.h>

/* ---- edits ----------------------------------------------------------------------------------------------------- */

static const char small[] =
    "{\"images\": [{\"id\": 5, \"file_name\": \"a.jpg\", \"width\": 64, \"height\": 48, \"license\": 1}, {\"id\": 6, "
    "\"file_name\": \"b.jpg\", \"width\": 64, \"height\": 48}],\n\"annotations\": [{\"id\": 10, \"image_id\": 5, "
    "\"category_id\": 3, \"bbox\": [1.50, 2, 30, 40], \"extra\": 1},\n{\"id\": 11, \"image_id\": 5, \"category_id\": "
    "3, "
    "\"bbox\": [8, 8, 8, 8], \"extra\": 2},\n{\"id\": 12, \"image_id\": 6, \"category_id\": 4, \"bbox\": [1, 1, 5, 5], "
    "\"extra\": 3},\n{\"id\": 13, \"image_id\": 6, \"category_id\": 4, \"bbox\": [1, 1, 9, 9], \"iscrowd\": 1}],\n"
    "\"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 4, \"name\": \"dog\"}]}";

static void make_small(void)
{
    trial_begin();
    trial_picture("photos/a.jpg", 64, 48);
    trial_picture("photos/b.jpg", 64, 48);
    trial_put("small.json", small);
}

START_TEST(convert__an_edit_of_xml_counts)
{
    make_small();
    trial_must_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    trial_edit("voc/Annotations/a.xml", "<xmax>16</xmax>", "<xmax>20</xmax>");
    trial_edit("voc/Annotations/b.xml", "<name>dog</name>", "<name>bird</name>");
    trial_edit("voc/Annotations/b.xml", "<truncated>0</truncated>", "<truncated>1</truncated>");
    trial_edit("voc/Annotations/b.xml", "<width>64</width>", "<width>63</width>");
    trial_picture("voc/JPEGImages/new.jpg", 20, 10);
    trial_put("voc/Annotations/new.xml",
              "<annotation><filename>new.jpg</filename><size><width>20</width><height>10</height></"
              "size><object><name>cat</name>"
              "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>");
    trial_put("voc/ImageSets/Main/small.txt", "a\nb\nnew\n");
    trial_must_convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "edited.json");
    trial_expect_has("edited.json", "\"bbox\": [1.50, 2, 30, 40], \"extra\": 1}");
    trial_expect_hasnt("edited.json", "\"extra\": 2");
    trial_expect_hasnt("edited.json", "\"extra\": 3");
    trial_expect_has("edited.json",
                     "{\"id\": 14, \"image_id\": 5, \"category_id\": 3, \"bbox\": [8, 8, 12, 8], \"area\": 96, "
                     "\"iscrowd\": 0}");
    trial_expect_has("edited.json", "\"image_id\": 6, \"category_id\": 5, \"bbox\": [1, 1, 5, 5]");
    trial_expect_has("edited.json",
                     "\"id\": 13, \"image_id\": 6, \"category_id\": 4, \"bbox\": [1, 1, 9, 9], \"iscrowd\": 1}");
    trial_expect_has("edited.json", "{\"id\": 5, \"name\": \"bird\"}");
    trial_expect_has("edited.json", "\"file_name\": \"b.jpg\", \"width\": 63, \"height\": 48, \"voc\": {");
    trial_expect_has("edited.json", "{\"id\": 7, \"file_name\": \"new.jpg\", \"width\": 20, \"height\": 10, \"voc\"");
    trial_expect_has("edited.json", "\"license\": 1");
    fovea_conversion told; /* what was trial_said in XML comes back to it: the edited file as it is */
    support_ok(trial_convert("voc/JPEGImages", "edited.json", FOVEA_FORMAT_VOC, "again",
                             (fovea_convert_options){.split = "small"}, &told));
    trial_expect_same_files("again/Annotations", "voc/Annotations", ".xml");
    trial_edit("voc/ImageSets/Main/small.txt", "a\n", "");
    trial_must_convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "less.json");
    trial_expect_hasnt("less.json", "\"extra\": 1");
    trial_expect_hasnt("less.json", "a.jpg");
}
END_TEST

START_TEST(convert__an_edit_of_labels_counts)
{
    make_small();
    trial_must_convert("photos", "small.json", FOVEA_FORMAT_YOLO, "yolo");
    trial_put("yolo/labels/small/a.txt",
              "0 0.257813 0.458333 0.468750 0.833333\n1 0.5 0.5 0.5 0.5\n"); /* six decimals */
    trial_must_convert("yolo/images", "yolo/data.yaml#small", FOVEA_FORMAT_COCO, "edited.json");
    trial_expect_has("edited.json", "\"bbox\": [1.50, 2, 30, 40], \"extra\": 1}");
    trial_expect_hasnt("edited.json", "\"extra\": 2");
    trial_expect_has("edited.json", "{\"id\": 14, \"image_id\": 5, \"category_id\": 4, \"bbox\": [16, 12, 32, 24]");
    trial_expect_has("edited.json", "\"iscrowd\": 1");
    trial_edit("yolo/data.yaml", "'dog'", "'hound', 'cow'");
    trial_must_convert("yolo/images", "yolo/data.yaml#small", FOVEA_FORMAT_COCO, "renamed.json");
    trial_expect_has("renamed.json", "{\"id\": 4, \"name\": \"hound\"}");
    trial_expect_has("renamed.json", "{\"id\": 5, \"name\": \"cow\"}");
    trial_expect_has("renamed.json", "\"bbox\": [1, 1, 5, 5], \"extra\": 3");
    ck_assert_int_eq(unlink(trial_path("yolo/images/small/a.jpg")), 0);
    trial_must_convert("yolo/images", "yolo/data.yaml#small", FOVEA_FORMAT_COCO, "less.json");
    trial_expect_hasnt("less.json", "a.jpg");
    trial_expect_hasnt("less.json", "\"extra\": 1");
}
END_TEST

/* Three boxes within the tolerance of their neighbours, from right to left, then two that are the same. */
#define ALIKE(id, x, more) \
    "{\"id\": " id ", \"image_id\": 1, \"category_id\": 1, \"bbox\": [" x ", " more "]}"
static const char alike[] =
    "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\", \"width\": 64, \"height\": 48}],\n\"annotations\": ["
    ALIKE("1", "10.0018", "1, 5, 5") ", " ALIKE("2", "10.0009", "1, 5, 5") ", " ALIKE("3", "10", "1, 5, 5") ", "
    ALIKE("4", "8", "8, 8, 8") ", " ALIKE("5", "8", "8, 8, 8")
    "],\n\"categories\": [{\"id\": 1, \"name\": \"cat\"}]}";

START_TEST(convert__boxes_alike_keep_their_order)
{
    trial_begin();
    trial_picture("photos/a.jpg", 64, 48);
    trial_put("alike.json", alike);
    trial_must_convert("photos", "alike.json", FOVEA_FORMAT_VOC, "voc");
    trial_must_convert("photos", "alike.json", FOVEA_FORMAT_YOLO, "yolo");
    trial_must_convert("", "voc/ImageSets/Main/alike.txt", FOVEA_FORMAT_COCO, "voc.json");
    trial_must_convert("yolo/images", "yolo/data.yaml#alike", FOVEA_FORMAT_COCO, "yolo.json");
    trial_expect_same("voc.json", "alike.json");
    trial_expect_same("yolo.json", "alike.json");
    trial_edit("yolo/labels/alike/a.txt", "0 0.1875 0.25 0.125 0.16666666666666666\n", "");
    trial_must_convert("yolo/images", "yolo/data.yaml#alike", FOVEA_FORMAT_COCO, "less.json");
    trial_expect_has("less.json", "\"id\": 4,");
    trial_expect_hasnt("less.json", "\"id\": 5,");
}
END_TEST

static const char largest[] =
    "{\"images\": [{\"id\": 9223372036854775807, \"file_name\": \"a.jpg\", \"width\": 64, \"height\": 48}],\n"
    "\"annotations\": [{\"id\": 9223372036854775807, \"image_id\": 9223372036854775807, \"category_id\": "
    "9223372036854775807, \"bbox\": [1, 1, 5, 5]}, {\"id\": 2, \"image_id\": 9223372036854775807, \"category_id\": 1, "
    "\"bbox\": [8, 8, 8, 8]}],\n"
    "\"categories\": [{\"id\": 1, \"name\": \"cat\"}, {\"id\": 9223372036854775807, \"name\": \"dog\"}]}";

/* Above the largest number of 64 bits there is none: what is new gets ids that are free below. */
START_TEST(convert__new_ids_fit_beside_the_largest)
{
    trial_begin();
    trial_picture("photos/a.jpg", 64, 48);
    trial_put("largest.json", largest);
    trial_must_convert("photos", "largest.json", FOVEA_FORMAT_YOLO, "yolo");
    trial_picture("yolo/images/largest/new.jpg", 64, 48);
    trial_picture("yolo/images/largest/newer.jpg", 64, 48);
    trial_put("yolo/labels/largest/new.txt", "0 0.5 0.5 0.5 0.5\n2 0.5 0.5 0.5 0.5\n3 0.5 0.5 0.25 0.5\n");
    trial_edit("yolo/data.yaml", "'dog'", "'dog', 'bird', 'cow'");
    trial_must_convert("yolo/images", "yolo/data.yaml#largest", FOVEA_FORMAT_COCO, "edited.json");
    trial_expect_has("edited.json", "{\"id\": 1, \"file_name\": \"largest/new.jpg\"");
    trial_expect_has("edited.json", "{\"id\": 2, \"file_name\": \"largest/newer.jpg\"");
    trial_expect_has("edited.json", "{\"id\": 2, \"name\": \"bird\"}");
    trial_expect_has("edited.json", "{\"id\": 3, \"name\": \"cow\"}");
    trial_expect_has("edited.json", "{\"id\": 3, \"image_id\": 1, \"category_id\": 1,");
    trial_expect_has("edited.json", "{\"id\": 4, \"image_id\": 1, \"category_id\": 2,");
    trial_expect_has("edited.json", "{\"id\": 5, \"image_id\": 1, \"category_id\": 3,");
    fovea_dataset *set = NULL;
    support_ok(fovea_dataset_open_coco(&set, trial_path("yolo/images"), trial_path("edited.json")));
    fovea_dataset_close(set);
}
END_TEST

static const char xml[] =
    "<annotation><!-- by hand --><filename>a b.jpg</filename><size><width>64</width><height>48</height></size>"
    "<object><name>dog</name><pose>Left</pose><difficult>1</difficult><bndbox><xmax>20.50</xmax><xmin>2</xmin>"
    "<ymin>3</ymin><ymax>40</ymax></bndbox><part><name>head</name></part></object></annotation>";
static const char other_xml[] =
    "<annotation><object><name><![CDATA[a <cat>]]></name><bndbox><xmin>1</xmin><ymin>1</ymin>"
    "<xmax>64</xmax><ymax>48</ymax></bndbox></object></annotation>\n";

/* An edit of COCO's JSON goes into XML and labels that were kept. */
START_TEST(convert__an_edit_of_json_counts)
{
    trial_begin();
    trial_put("voc/Annotations/a b.xml", xml);
    trial_put("voc/Annotations/n.xml", other_xml);
    trial_picture("voc/JPEGImages/n.jpg", 64, 48);
    trial_must_convert("voc/JPEGImages", "voc", FOVEA_FORMAT_COCO, "voc.json");
    trial_edit("voc.json", "\"bbox\": [1, 2, 19.5, 38]", "\"bbox\": [1, 2, 20, 38]");
    fovea_conversion told;
    support_ok(trial_convert("", "voc.json", FOVEA_FORMAT_VOC, "again",
                             (fovea_convert_options){.pictures = FOVEA_PICTURES_NONE}, &told));
    trial_expect_has("again/Annotations/a b.xml", "<xmax>21</xmax>");
    trial_expect_hasnt("again/Annotations/a b.xml", "<pose>Left</pose>");
    trial_expect_has("again/Annotations/a b.xml", "<!-- by hand -->");
    trial_expect("again/Annotations/n.xml", other_xml);

    trial_picture("images/train/a.jpg", 64, 48);
    trial_put("labels/train/a.txt", "0 0.125 0.25 0.5 0.25 0.25 0.75\n1 0.5 0.5 0.50 0.5\n");
    trial_put("data.yaml", "train: images/train\nnames: [cat, dog]\n");
    trial_must_convert("images", "data.yaml", FOVEA_FORMAT_COCO, "yolo.json");
    trial_edit("yolo.json", "\"bbox\": [16, 12, 32, 24]", "\"bbox\": [16, 12, 32, 12]");
    support_ok(trial_convert("images", "yolo.json", FOVEA_FORMAT_YOLO, "yolo",
                             (fovea_convert_options){.split = "train"}, &told));
    trial_expect("yolo/labels/train/a.txt", "0 0.125 0.25 0.5 0.25 0.25 0.75\n1 0.5 0.375 0.5 0.25\n");
}
END_TEST

/* ---- places ---------------------------------------------------------------------------------------------------- */

START_TEST(convert__nothing_is_written_over)
{
    make_small();
    fovea_conversion told = trial_must_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    ck_assert_uint_eq(told.files, 6);
    told = trial_must_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc"); /* the same again: all is there */
    ck_assert_uint_eq(told.files, 0);
    trial_edit("voc/Annotations/b.xml", "<name>dog</name>", "<name>bird</name>");
    ck_assert_int_eq(unlink(trial_path("voc/Annotations/a.xml")), 0);
    support_fails(trial_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "voc/Annotations/b.xml: is there already and holds something else");
    ck_assert(!trial_is_there("voc/Annotations/a.xml") && told.pictures == 0);
    trial_expect_has("voc/Annotations/b.xml", "bird");
    trial_put("out.json", "{}");
    support_fails(
        trial_convert("photos", "small.json", FOVEA_FORMAT_COCO, "out.json", (fovea_convert_options){0}, &told),
        FOVEA_ERROR_IO, "out.json: is there already");
    trial_expect("out.json", "{}");
    support_fails(trial_convert("photos", "small.json", FOVEA_FORMAT_COCO, "photos", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "photos: is a folder");
    support_fails(
        trial_convert("photos", "small.json", FOVEA_FORMAT_VOC, "out.json", (fovea_convert_options){0}, &told),
        FOVEA_ERROR_IO, "out.json: is a file");
    ck_assert_int_eq(unlink(trial_path("photos/b.jpg")), 0);
    support_fails(trial_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc2", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "photos/b.jpg: the picture is not there");
    ck_assert(!trial_is_there("voc2"));
}
END_TEST

START_TEST(convert__splits_share_a_folder)
{
    make_small();
    trial_put("val.json",
              "{\"images\": [{\"id\": 1, \"file_name\": \"c.jpg\"}], \"categories\": [{\"id\": 3, \"name\": \"cat\"}, "
              "{\"id\": 4, \"name\": \"dog\"}], \"annotations\": []}");
    trial_put("other.json", "{\"images\": [], \"categories\": [{\"id\": 3, \"name\": \"cow\"}], \"annotations\": []}");
    trial_picture("photos/c.jpg", 8, 8);
    fovea_conversion told;
    const fovea_convert_options train = {.split = "train", .pictures = FOVEA_PICTURES_COPY};
    support_ok(trial_convert("photos", "small.json", FOVEA_FORMAT_YOLO, "yolo", train, &told));
    trial_must_convert("photos", "val.json", FOVEA_FORMAT_YOLO, "yolo");
    trial_expect("yolo/data.yaml", "train: images/train\nnc: 2\nnames: ['cat', 'dog']\nval: images/val\n");
    ck_assert(trial_is_there("yolo/images/train/a.jpg") &&
              readlink(trial_path("yolo/images/train/a.jpg"), trial_said, sizeof trial_said) < 0);
    ck_assert(readlink(trial_path("yolo/images/val/c.jpg"), trial_said, sizeof trial_said) > 0);
    support_fails(trial_convert("photos", "other.json", FOVEA_FORMAT_YOLO, "yolo", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "data.yaml: is there already and has other names");
    trial_must_convert("yolo/images", "yolo/data.yaml#train", FOVEA_FORMAT_COCO, "again.json");
    trial_expect("again.json", small);
    trial_must_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    trial_must_convert("photos", "val.json", FOVEA_FORMAT_VOC, "voc");
    trial_must_convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "voc.json");
    trial_expect("voc.json", small);
}
END_TEST

START_TEST(convert__pictures_may_stay)
{
    make_small();
    fovea_conversion told;
    const fovea_convert_options stay = {.pictures = FOVEA_PICTURES_NONE};
    support_ok(trial_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc", stay, &told));
    ck_assert(!trial_is_there("voc/JPEGImages"));
    trial_must_convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "again.json");
    trial_expect("again.json", small);
    support_fails(trial_convert("photos", "small.json", FOVEA_FORMAT_YOLO, "yolo", stay, &told), FOVEA_ERROR_ARGUMENT,
                  "pictures can stay where they are only in a folder \"images\"");
    trial_picture("set/images/a.jpg", 64, 48);
    trial_picture("set/images/b.jpg", 64, 48);
    trial_must_convert("set/images", "small.json", FOVEA_FORMAT_YOLO, "set");
    trial_expect("set/small.txt", "./images/a.jpg\n./images/b.jpg\n");
    trial_expect_has("set/data.yaml", "small: small.txt\n");
    ck_assert(trial_is_there("set/labels/a.txt"));
    trial_must_convert("set/images", "set/data.yaml#small", FOVEA_FORMAT_COCO, "once_more.json");
    trial_expect("once_more.json", small);
    trial_picture("set/images/a.png", 64, 48);
    trial_put("twins.json",
              "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}, {\"id\": 2, \"file_name\": \"a.png\"}], "
              "\"categories\": [], \"annotations\": []}");
    support_fails(
        trial_convert("set/images", "twins.json", FOVEA_FORMAT_YOLO, "set", (fovea_convert_options){0}, &told),
        FOVEA_ERROR_ARGUMENT, "a.png: the picture cannot stay where it is");
}
END_TEST

/* ---- use ------------------------------------------------------------------------------------------------------- */

static fovea_evaluation evaluate(const char *images, const char *annotations)
{
    fovea_evaluator *evaluator = NULL;
    fovea_evaluation numbers;
    support_ok(fovea_evaluator_open_any(&evaluator, *images ? trial_path(images) : "", trial_path(annotations),
                                        FOVEA_FORMAT_ANY));
    support_ok(fovea_evaluator_add_file(evaluator, trial_path("results.json")));
    support_ok(fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL));
    fovea_evaluator_close(evaluator);
    return numbers;
}

START_TEST(convert__evaluation_is_the_same)
{
    make_small();
    trial_put(
        "results.json",
        "[{\"image_id\": 5, \"category_id\": 3, \"bbox\": [2, 2, 30, 40], \"score\": 0.9}, {\"image_id\": 5, "
        "\"category_id\": 3, \"bbox\": [8, 8, 8, 6], \"score\": 0.4}, {\"image_id\": 6, \"category_id\": 4, \"bbox\": "
        "[2, 2, 7, 7], \"score\": 0.8}, {\"image_id\": 6, \"category_id\": 4, \"bbox\": [1, 1, 5, 5], \"score\": "
        "0.3}]");
    const fovea_evaluation want = evaluate("", "small.json");
    ck_assert(want.ap > 0.2 && want.ap < 1);
    trial_must_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    trial_must_convert("photos", "small.json", FOVEA_FORMAT_YOLO, "yolo");
    const fovea_evaluation voc = evaluate("voc/JPEGImages", "voc/ImageSets/Main/small.txt");
    const fovea_evaluation yolo = evaluate("yolo/images", "yolo/data.yaml#small");
    ck_assert(memcmp(&voc, &want, sizeof want) == 0 && memcmp(&yolo, &want, sizeof want) == 0);
    fovea_dataset *set = NULL;
    fovea_picture first;
    const int64_t *ids = NULL;
    support_ok(
        fovea_dataset_open(&set, trial_path("yolo/images"), trial_path("yolo/data.yaml#small"), FOVEA_FORMAT_ANY));
    support_ok(fovea_dataset_picture(set, 0, &first));
    ck_assert(first.id == 5 && fovea_dataset_labels(set, NULL, &ids) == 2 && ids[1] == 4);
    ck_assert_str_eq(first.file_name, "small/a.jpg");
    fovea_dataset_close(set);
}
END_TEST

START_TEST(convert__faults_are_sentences)
{
    make_small();
    fovea_conversion told;
    const fovea_convert_options none = {0};
    support_fails(fovea_dataset_convert(NULL, "x", FOVEA_FORMAT_COCO, "y", NULL, NULL), FOVEA_ERROR_ARGUMENT,
                  "missing");
    support_fails(fovea_dataset_convert("", "x", FOVEA_FORMAT_COCO, "", NULL, NULL), FOVEA_ERROR_ARGUMENT, "missing");
    support_fails(trial_convert("photos", "small.json", FOVEA_FORMAT_ANY, "o", none, &told), FOVEA_ERROR_ARGUMENT,
                  "no format");
    support_fails(trial_convert("photos", "none.json", FOVEA_FORMAT_VOC, "o", none, &told), FOVEA_ERROR_IO,
                  "none.json");
    trial_put("bad.json",
              "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"categories\": [{\"id\": 1, \"name\": "
              "\"a\\u0001b\"}], \"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, "
              "2, 3, 4]}]}");
    support_fails(trial_convert("photos", "bad.json", FOVEA_FORMAT_VOC, "o", none, &told), FOVEA_ERROR_FORMAT,
                  "letters that XML cannot hold");
    support_fails(trial_convert("photos", "bad.json", FOVEA_FORMAT_YOLO, "o", none, &told), FOVEA_ERROR_FORMAT,
                  "has a control character");
    trial_put("empty.json", "{\"images\": [], \"categories\": [], \"annotations\": []}");
    support_fails(trial_convert("photos", "empty.json", FOVEA_FORMAT_YOLO, "o", none, &told), FOVEA_ERROR_FORMAT,
                  "expected categories");
    ck_assert(!trial_is_there("o"));
    trial_must_convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    trial_put("voc/fovea.small.json", "{\"images\": [");
    support_fails(trial_convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "o", none, &told),
                  FOVEA_ERROR_FORMAT, "fovea.small.json: line 1");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = convert__an_edit_of_xml_counts},
        {.test = convert__an_edit_of_labels_counts},
        {.test = convert__boxes_alike_keep_their_order},
        {.test = convert__new_ids_fit_beside_the_largest},
        {.test = convert__an_edit_of_json_counts},
        {.test = convert__nothing_is_written_over},
        {.test = convert__splits_share_a_folder},
        {.test = convert__pictures_may_stay},
        {.test = convert__evaluation_is_the_same},
        {.test = convert__faults_are_sentences},
    };
    return support_run("convert_edits", cases, COUNT(cases));
}
