/* fovea_dataset_convert(): round trips to the byte by all ways, what other tools find, and names that collide or
 * would leave the folder. */
#include "file.h"
#include "listing.h"
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- COCO and back --------------------------------------------------------------------------------------------- */

/* Two pictures of one name, names with blanks and letters beyond ASCII, no boxes, no size, ids beyond 2^53 and with
 * gaps, a crowd, one box twice, a box that is not finite, one of no picture, one on the edge, numbers in many
 * spellings, members that nobody knows, the lists in an odd order. */
static const char odd[] =
    "{\"info\": {\"year\": 2014, \"x\": [1.50, \"\\u00e9\"]},\r\n \"annotations\": [\n"
    "  {\"segmentation\": [[1.5, 2, 3.25, 4]], \"area\": 7.123456789012345678, \"iscrowd\": 0, \"image_id\": 12,\n"
    "   \"bbox\": [10.123456789012345, 5, 20.5, 1e1], \"category_id\": 90, \"id\": 9007199254740993},\n"
    "  {\"id\": 3, \"image_id\": 9007199254740995, \"category_id\": 7, \"bbox\": [0, 0, 64, 48], \"score\": 0.25},\n"
    "  {\"id\": 4, \"image_id\": 12, \"category_id\": 7, \"bbox\": [1, 2, 3.30, 4], \"iscrowd\": 1, \"segmentation\": "
    "{\"counts\": [1, 2], \"size\": [48, 64]}},\n"
    "  {\"id\": 5, \"image_id\": 13, \"category_id\": 7, \"bbox\": [1, 2, 3.30, 4], \"iscrowd\": 0},\n"
    "  {\"id\": 6, \"image_id\": 13, \"category_id\": 7, \"bbox\": [1, 2, 3.3, 4.0], \"note\": \"twice\"},\n"
    "  {\"id\": 8, \"image_id\": 14, \"category_id\": 90, \"bbox\": [-2.5, 1, 90, 0]},\n"
    "  {\"id\": 9, \"image_id\": 14, \"category_id\": 90, \"bbox\": [NaN, 1, 9, 1]},\n"
    "  {\"id\": 10, \"image_id\": 99, \"category_id\": 90, \"bbox\": [1, 1, 9, 1]}\n"
    "], \"categories\": [{\"id\": 90, \"name\": \"caf\\u00e9 <&> 'x' \\\"y\\\": #\", \"supercategory\": \"place\"},"
    "{\"id\": 7, \"name\": \"cat\"}, {\"id\": 8, \"name\": \"unused\"}],\n"
    "\"images\": [{\"id\": 12, \"file_name\": \"a b/1.jpg\", \"width\": 64, \"height\": 48, \"license\": 3},\n"
    "{\"id\": 13, \"file_name\": \"c/1.jpg\", \"width\": 64, \"height\": 48},\n"
    "{\"id\": 14, \"file_name\": \"c_1.jpg\", \"height\": 48, \"width\": 64},\n"
    "{\"id\": 9007199254740995, \"file_name\": \"\xc3\xa9 &<x>.jpg\", \"height\": 48, \"width\": 64},\n"
    "{\"id\": 16, \"file_name\": \"images/none.jpg\"}, {\"id\": 17, \"file_name\": \"images/none.png\"}]}\n ";

static void make_odd(void)
{
    static const char *const names[] = {"a b/1.jpg", "c/1.jpg", "c_1.jpg", "\xc3\xa9 &<x>.jpg", "images/none.jpg",
                                        "images/none.png"};
    trial_begin();
    for (size_t i = 0; i < COUNT(names); i++) {
        char name[64];
        snprintf(name, sizeof name, "photos/%s", names[i]);
        trial_picture(name, 64, 48);
    }
    trial_put("odd.json", odd);
}

/* Where the steps of a way through the formats leave the data set. */
typedef struct stand {
    char images[64], annotations[64];
} stand;

static stand step(const stand *from, fovea_format to, int number)
{
    static const char *const names[] = {[FOVEA_FORMAT_COCO] = "coco", [FOVEA_FORMAT_VOC] = "voc",
                                        [FOVEA_FORMAT_YOLO] = "yolo"};
    char out[32];
    stand made = *from;
    fovea_conversion told;
    snprintf(out, sizeof out, "%s%d", names[to], number);
    support_ok(
        trial_convert(from->images, from->annotations, to, out, (fovea_convert_options){.split = "part"}, &told));
    if (to == FOVEA_FORMAT_COCO) {
        snprintf(made.annotations, sizeof made.annotations, "%s", out);
    } else if (to == FOVEA_FORMAT_VOC) {
        snprintf(made.images, sizeof made.images, "%s/JPEGImages", out);
        snprintf(made.annotations, sizeof made.annotations, "%s/ImageSets/Main/part.txt", out);
    } else {
        snprintf(made.images, sizeof made.images, "%s/images", out);
        snprintf(made.annotations, sizeof made.annotations, "%s/data.yaml#part", out);
    }
    return made;
}

/* "vyc": to VOC, from there to YOLO, from there to COCO. */
static stand walk(stand at, const char *way)
{
    const stand first = at;
    for (int i = 0; way[i]; i++) {
        at = step(&at, way[i] == 'v' ? FOVEA_FORMAT_VOC : way[i] == 'y' ? FOVEA_FORMAT_YOLO : FOVEA_FORMAT_COCO, i);
        if (way[i] == 'c') /* file names are again what they were */
            memcpy(at.images, first.images, sizeof at.images);
    }
    return at;
}

static const char *const ways_to_coco[] = {"c", "vc", "yc", "vyc", "yvc", "vvc", "yyc", "vyvyc"};

START_TEST(convert__coco_comes_back_to_the_byte)
{
    make_odd();
    const stand end = walk((stand){"photos", "odd.json"}, ways_to_coco[_i]);
    trial_expect(end.annotations, odd);
}
END_TEST

/* By other tools' eyes: where things are, and what they say. */
START_TEST(convert__voc_is_as_others_write_it)
{
    make_odd();
    const fovea_conversion told = trial_must_convert("photos", "odd.json", FOVEA_FORMAT_VOC, "voc");
    ck_assert(told.pictures == 6 && told.boxes == 6 && strcmp(told.split, "odd") == 0);
    trial_expect("voc/ImageSets/Main/odd.txt", "a b_1\nc_1\nc_1_2\n\xc3\xa9 &<x>\nimages_none\nimages_none_2\n");
    trial_expect_has("voc/Annotations/a b_1.xml", "<filename>a b_1.jpg</filename>");
    trial_expect_has("voc/Annotations/a b_1.xml", "<name>caf\xc3\xa9 &lt;&amp;&gt; 'x' \"y\": #</name>");
    trial_expect_has("voc/Annotations/a b_1.xml", "<xmin>11.123456789012344</xmin>");
    trial_expect_has("voc/Annotations/a b_1.xml", "<ymin>6</ymin>");
    trial_expect_has("voc/Annotations/a b_1.xml", "<ymax>15</ymax>");
    trial_expect_has("voc/Annotations/a b_1.xml", "<difficult>1</difficult>");
    trial_expect_has("voc/Annotations/c_1_2.xml", "<xmin>-1.5</xmin>");
    trial_expect_hasnt("voc/Annotations/images_none.xml", "<object>");
    trial_expect_has("voc/Annotations/images_none.xml",
                     "<width>64</width>"); /* the picture's own: the document says none */
    ck_assert(trial_is_there("voc/JPEGImages/c_1.jpg") && trial_is_there("voc/JPEGImages/images_none_2.png"));
    trial_expect("voc/fovea.odd.json", odd);
    ck_assert(support_has(
        trial_said, "Pascal VOC has no place for ids; of pictures: license (1); of categories: supercategory (1)"));
    ck_assert(support_has(trial_said, "of boxes: segmentation (2), area (1), note (1), score (1); of all: "));
    ck_assert(support_has(trial_said, "info (1)") && support_has(trial_said, "are kept beside"));
}
END_TEST

START_TEST(convert__yolo_is_as_others_write_it)
{
    make_odd();
    const fovea_conversion told = trial_must_convert("photos", "odd.json", FOVEA_FORMAT_YOLO, "yolo");
    ck_assert(told.pictures == 6 && told.boxes == 5); /* without the crowd */
    trial_expect("yolo/data.yaml",
                "odd: images/odd\nnc: 3\nnames: ['cat', 'unused', 'caf\xc3\xa9 <&> ''x'' \"y\": #']\n");
    trial_expect("yolo/labels/odd/c/1.txt", "0 0.04140625 0.08333333333333333 0.0515625 0.08333333333333333\n"
                                           "0 0.04140625 0.08333333333333333 0.0515625 0.08333333333333333\n");
    trial_expect("yolo/labels/odd/images_/none.txt", "");
    ck_assert(trial_is_there("yolo/labels/odd/images_/none_2.txt") &&
              trial_is_there("yolo/images/odd/images_/none_2.png"));
    ck_assert(support_has(trial_said, "crowds (1)"));
}
END_TEST

START_TEST(convert__real_data_comes_back)
{
    static const char *const sets[][2] = {
        {"data/bccd/images", "data/bccd/train.json"}, {"data/chess/images", "data/chess/train.json"},
        {"", "data/coco_eval/instances_val2014_100.json"}};
    char *want = NULL;
    size_t size = 0;
    const char *images = *sets[_i][0] ? support_data(sets[_i][0]) : "", *annotations = support_data(sets[_i][1]);
    if (!annotations || !images)
        support_skip("%s is not here", sets[_i][1]);
    trial_begin();
    support_ok(fovea__file_read(&want, &size, annotations, SIZE_MAX));
    const fovea_convert_options voc = {.split = "a", .pictures = *images ? 0 : FOVEA_PICTURES_NONE};
    support_ok(fovea_dataset_convert(images, annotations, FOVEA_FORMAT_VOC, trial_path("voc"), &voc, NULL));
    trial_must_convert(*images ? "voc/JPEGImages" : "", "voc/ImageSets/Main/a.txt", FOVEA_FORMAT_COCO, "again.json");
    trial_expect("again.json", want);
    if (*images) {
        trial_must_convert("voc/JPEGImages", "voc/ImageSets/Main/a.txt", FOVEA_FORMAT_YOLO, "yolo");
        trial_must_convert("yolo/images", "yolo/data.yaml#a", FOVEA_FORMAT_COCO, "once_more.json");
        trial_expect("once_more.json", want);
    }
    free(want);
}
END_TEST

/* ---- VOC and YOLO and back ------------------------------------------------------------------------------------- */

static const char *const xmls[][2] = {
    {"voc/Annotations/a b.xml",
     "<?xml version=\"1.0\"?>\r\n<annotation verified=\"yes\"><!-- by hand -->\r\n<folder>VOC</folder><filename>a b.jpg"
     "</filename><source><database>mine</database></source><size><width>64</width><height>48</height></size>\r\n"
     "<object><name>dog</name><pose>Left</pose><truncated>1</truncated><difficult>1</difficult><bndbox><xmax>20.50</"
     "xmax>"
     "<xmin>2</xmin><ymin>3</ymin><ymax>40</ymax></bndbox><part><name>head</name></part></object></annotation>"},
    {"voc/Annotations/latin.xml",
     "<?xml version=\"1.0\" "
     "encoding=\"ISO-8859-1\"?><annotation><filename>caf\xe9.jpg</filename><object><name>\xe9t\xe9"
     "</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object></annotation>"},
    {"voc/Annotations/n.xml", "<annotation><object><name><![CDATA[a <cat>]]></name><bndbox><xmin>1</xmin><ymin>1</ymin>"
                              "<xmax>64</xmax><ymax>48</ymax></bndbox></object></annotation>\n"},
    {"voc/Annotations/none.xml", "<annotation><filename>none.jpg</filename></annotation>"},
};

static const char *const ways_to_voc[] = {"cv", "yv", "ycv", "vv", "cyv"};

START_TEST(convert__voc_comes_back_to_the_byte)
{
    trial_begin();
    for (size_t i = 0; i < COUNT(xmls); i++)
        trial_put(xmls[i][0], xmls[i][1]);
    trial_put("voc/ImageSets/Main/part.txt", "a b\nlatin\nn\nnone\n");
    trial_picture("voc/JPEGImages/a b.jpg", 64, 48);
    trial_picture("voc/JPEGImages/caf\xc3\xa9.jpg", 64, 48);
    trial_picture("voc/JPEGImages/n.jpg", 64, 48);
    trial_picture("voc/JPEGImages/none.jpg", 64, 48);
    const stand end = walk((stand){"voc/JPEGImages", "voc/ImageSets/Main/part.txt"}, ways_to_voc[_i]);
    char folder[64], name[128];
    snprintf(folder, sizeof folder, "%.*s", (int)(strchr(end.annotations, '/') - end.annotations), end.annotations);
    for (size_t i = 0; i < COUNT(xmls); i++) {
        snprintf(name, sizeof name, "%s/%s", folder, xmls[i][0] + strlen("voc/"));
        if (i != 1) {
            trial_expect(name, xmls[i][1]);
            continue;
        }
        trial_expect_has(name, "<name>\xc3\xa9t\xc3\xa9</name>"); /* in UTF-8 by now */
    }
    snprintf(name, sizeof name, "%s/ImageSets/Main/part.txt", folder);
    trial_expect_same(name, "voc/ImageSets/Main/part.txt");
}
END_TEST

static const char yaml[] =
    "# mine\npath: ../there\ntrain: images/train # pictures\nval:\n  - images/one\n  - images/two\n"
    "nc: 3 # classes\nnames:\n  0: 'a: b'\n  2: \"dog\"\nroboflow:\n  version: 3\n";
static const char yaml_moved[] =
    "# mine\npart: images/part\nnc: 3 # classes\nnames:\n  0: 'a: b'\n  2: \"dog\"\nroboflow:\n"
    "  version: 3\n";
static const char labels[] = "2 0.5 0.50 .25 0.250000\r\n\n0 0.125 0.25 0.5 0.25 0.25 0.75\n2 0.333333 0.1 0.2 0.1";

static const char *const ways_to_yolo[] = {"cy", "vy", "cvy", "yy"};

START_TEST(convert__yolo_comes_back_to_the_byte)
{
    trial_begin();
    trial_picture("there/images/train/a b.jpg", 64, 48);
    trial_picture("there/images/train/none.jpg", 64, 48);
    trial_put("there/labels/train/a b.txt", labels);
    trial_put("yaml/data.yaml", yaml);
    const stand end = walk((stand){"there/images", "yaml/data.yaml"}, ways_to_yolo[_i]);
    char name[128];
    snprintf(name, sizeof name, "%.*s/labels/part/train/a b.txt", (int)(strchr(end.annotations, '/') - end.annotations),
             end.annotations);
    trial_expect(name, labels);
    snprintf(name, sizeof name, "%.*s/labels/part/train/none.txt",
             (int)(strchr(end.annotations, '/') - end.annotations), end.annotations);
    ck_assert(!trial_is_there(name));
    snprintf(name, sizeof name, "%.*s/data.yaml", (int)(strchr(end.annotations, '/') - end.annotations),
             end.annotations);
    trial_expect(name, yaml_moved);
}
END_TEST

/* Names from strangers: what is written stays in the folder. */
START_TEST(convert__no_name_leaves_the_folder)
{
    trial_begin();
    trial_picture("photos/x.jpg", 8, 8);
    char text[2048];
    snprintf(
        text, sizeof text,
        "{\"images\": [{\"id\": 1, \"file_name\": \"../photos/x.jpg\"}, {\"id\": 2, \"file_name\": \"%s\", \"voc\": "
        "{\"name\": \"../../up\"}}, {\"id\": 3, \"file_name\": \"./x.jpg\", \"voc\": {\"name\": \"..\"}}], "
        "\"categories\": [{\"id\": 1, \"name\": \"x\"}], \"annotations\": []}",
        trial_path("photos/x.jpg"));
    trial_put("odd.json", text);
    const stand end = walk((stand){"photos", "odd.json"}, _i ? "vyc" : "yvc");
    trial_expect(end.annotations, text);
    ck_assert(!trial_is_there("up.xml") && !trial_is_there("up.txt") && trial_is_there("photos/x.jpg"));
    fovea__listing listing;
    support_ok(fovea__listing_read(&listing, trial_path(_i ? "voc0/Annotations" : "voc1/Annotations"),
                                   (const char *const[]){".xml", NULL}, true));
    ck_assert_uint_eq(listing.count, 3);
    fovea__listing_clear(&listing);
    fovea_conversion told;
    static const char *const bad[] = {"../x", "a/b", "", "images", ".", "a b", "names", "path"};
    for (size_t i = 0; i < COUNT(bad); i++)
        support_fails(
            trial_convert("photos", "odd.json", FOVEA_FORMAT_VOC, "v", (fovea_convert_options){.split = bad[i]}, &told),
            FOVEA_ERROR_ARGUMENT, "cannot be a split's name");
}
END_TEST

/* What is no picture is not passed on from outside, and no two pictures are written to one place. */
START_TEST(convert__refuses_before_anything_is_written)
{
    trial_begin();
    trial_picture("photos/x.jpg", 8, 8);
    trial_put("secret.txt", "secret");
    trial_put("out.json", "{\"images\": [{\"id\": 1, \"file_name\": \"../secret.txt\", \"width\": 8, \"height\": 8}], "
                          "\"categories\": [{\"id\": 1, \"name\": \"x\"}], \"annotations\": []}");
    trial_put("twice.json", "{\"images\": [{\"id\": 1, \"file_name\": \"x.jpg\", \"voc\": {\"name\": \"q\"}}, {\"id\": 2, "
                            "\"file_name\": \"./x.jpg\", \"voc\": {\"name\": \"q\"}}], \"categories\": [{\"id\": 1, "
                            "\"name\": \"x\"}], \"annotations\": []}");
    fovea_conversion told;
    const fovea_convert_options copy = {.pictures = FOVEA_PICTURES_COPY, .split = "image"};
    support_fails(trial_convert("photos", "out.json", FOVEA_FORMAT_VOC, "v", copy, &told), FOVEA_ERROR_FORMAT,
                  "secret.txt");
    support_fails(trial_convert("photos", "twice.json", FOVEA_FORMAT_VOC, "v", copy, &told), FOVEA_ERROR_FORMAT,
                  "q.xml: would be written twice");
    ck_assert(!trial_is_there("v"));
    trial_put("my set.json", "{\"images\": [], \"categories\": [{\"id\": 1, \"name\": \"x\"}], \"annotations\": []}");
    trial_must_convert("photos", "my set.json", FOVEA_FORMAT_COCO, "again.json");
    trial_put("y/data.yaml", "path: /nowhere/else\ntrain: images/train\nnames: ['x']\n");
    support_fails(trial_convert("photos", "my set.json", FOVEA_FORMAT_YOLO, "y", (fovea_convert_options){.split = "val"},
                                &told), FOVEA_ERROR_IO, "/nowhere/else");
}
END_TEST

/* Boxes alone: the same boxes, and what is lost is trial_said. */
START_TEST(convert__plain_says_what_is_lost)
{
    make_odd();
    fovea_conversion told;
    const fovea_convert_options plain = {.plain = true, .split = "part"};
    support_ok(trial_convert("photos", "odd.json", FOVEA_FORMAT_VOC, "voc", plain, &told));
    ck_assert(support_has(trial_said, "segmentation (2)") && support_has(trial_said, "are lost"));
    ck_assert(!trial_is_there("voc/fovea.part.json"));
    support_ok(
        trial_convert("voc/JPEGImages", "voc/ImageSets/Main/part.txt", FOVEA_FORMAT_COCO, "plain.json", plain, &told));
    ck_assert(support_has(trial_said, "lost: what else the XML says"));
    trial_expect_hasnt("plain.json", "\"voc\"");
    trial_expect_has("plain.json", "\"bbox\": [10.123456789012344, 5, 20.5, 10]");
    trial_expect_has("plain.json", "\"bbox\": [1, 2, 3.3, 4], \"area\": 13.2, \"iscrowd\": 1}");
    support_ok(trial_convert("photos", "odd.json", FOVEA_FORMAT_YOLO, "yolo", plain, &told));
    ck_assert(support_has(trial_said, "crowds (1)") && support_has(trial_said, "are lost"));
    support_ok(trial_convert("yolo/images", "yolo/data.yaml#part", FOVEA_FORMAT_COCO, "plain_yolo.json", plain, &told));
    ck_assert(support_has(trial_said, "lost: polygons"));
    trial_expect_hasnt("plain_yolo.json", "\"yolo\"");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = convert__coco_comes_back_to_the_byte, .rows = COUNT(ways_to_coco)},
        {.test = convert__voc_is_as_others_write_it},
        {.test = convert__yolo_is_as_others_write_it},
        {.test = convert__real_data_comes_back, .rows = 3},
        {.test = convert__voc_comes_back_to_the_byte, .rows = COUNT(ways_to_voc)},
        {.test = convert__yolo_comes_back_to_the_byte, .rows = COUNT(ways_to_yolo)},
        {.test = convert__no_name_leaves_the_folder, .rows = 2},
        {.test = convert__refuses_before_anything_is_written},
        {.test = convert__plain_says_what_is_lost},
    };
    return support_run("convert", cases, COUNT(cases));
}
