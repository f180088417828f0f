/* fovea_dataset_convert(): round trips to the byte, edits of the files between, names that collide or would leave the
 * folder, nothing written over, and the same evaluation by all formats. */
#include "file.h"
#include "jpeg.h"
#include "listing.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ----------------------------------------------------------------------------------------------------- */

static int trial; /* every case converts into folders of its own */

static const char *in(const char *name)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%d/%.200s", trial, name);
    return support_scratch_file(whole);
}

static void begin(void)
{
    trial++;
    mkdir(in(""), 0777);
}

static void make_folder_of(const char *path)
{
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    support_ok(fovea__folder_make(folder));
}

static void put(const char *name, const char *text)
{
    make_folder_of(in(name));
    support_write(in(name), text);
}

static void picture(const char *name, int width, int height)
{
    make_folder_of(in(name));
    jpeg_make_file(in(name), &(jpeg_plan){.width = width, .height = height});
}

/* A file's text, freed with free(). */
static char *text_of(const char *name)
{
    char *text = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&text, &size, in(name), SIZE_MAX));
    return text;
}

static void expect_text(const char *name, const char *want)
{
    char *got = text_of(name);
    ck_assert_msg(strcmp(got, want) == 0, "%s holds:\n%s\nexpected:\n%s", name, got, want);
    free(got);
}

static void expect_same(const char *name, const char *other)
{
    char *want = text_of(other);
    expect_text(name, want);
    free(want);
}

static void expect_has(const char *name, const char *part)
{
    char *got = text_of(name);
    ck_assert_msg(strstr(got, part) != NULL, "%s holds:\n%s\nexpected in it:\n%s", name, got, part);
    free(got);
}

static void expect_hasnt(const char *name, const char *part)
{
    char *got = text_of(name);
    ck_assert_msg(strstr(got, part) == NULL, "%s holds:\n%s\nexpected nowhere in it:\n%s", name, got, part);
    free(got);
}

/* Puts `to` in place of the first `from` in a file. */
static void edit(const char *name, const char *from, const char *to)
{
    char *text = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&text, &size, in(name), SIZE_MAX));
    ck_assert_msg(strstr(text, from) != NULL, "%s does not hold %s:\n%s", name, from, text);
    const size_t before = (size_t)(strstr(text, from) - text);
    char *const made = malloc(size + strlen(to) + 1);
    sprintf(made, "%.*s%s%s", (int)before, text, to, text + before + strlen(from));
    support_write(in(name), made);
    free(made);
    free(text);
}

static bool is_there(const char *name)
{
    struct stat facts;
    return lstat(in(name), &facts) == 0;
}

/* The same files of that ending, with the same bytes, in two folders. */
static void expect_same_files(const char *folder, const char *other, const char *ending)
{
    fovea__listing here, there;
    const char *const endings[] = {ending, NULL};
    support_ok(fovea__listing_read(&here, in(folder), endings, true));
    support_ok(fovea__listing_read(&there, in(other), endings, true));
    ck_assert_uint_eq(here.count, there.count);
    ck_assert_uint_gt(here.count, 0);
    for (size_t i = 0; i < here.count; i++) {
        char one[256], another[256];
        ck_assert_str_eq(here.names[i], there.names[i]);
        snprintf(one, sizeof one, "%s/%s", folder, here.names[i]);
        snprintf(another, sizeof another, "%s/%s", other, there.names[i]);
        expect_same(one, another);
    }
    fovea__listing_clear(&here);
    fovea__listing_clear(&there);
}

static char said[2048];

static void hear(void *cookie, const char *sentence)
{
    (void)cookie;
    snprintf(said, sizeof said, "%s", sentence);
}

static fovea_status try(const char *images, const char *annotations, fovea_format to, const char *out,
                        fovea_convert_options options, fovea_conversion *told)
{
    *said = '\0';
    options.note = hear;
    return fovea_dataset_convert(*images ? in(images) : "", in(annotations), to, in(out), &options, told);
}

static fovea_conversion convert(const char *images, const char *annotations, fovea_format to, const char *out)
{
    fovea_conversion told;
    support_ok(try(images, annotations, to, out, (fovea_convert_options){0}, &told));
    return told;
}

/* ---- COCO and back --------------------------------------------------------------------------------------------- */

/* Two pictures of one name, names with blanks and letters beyond ASCII, no boxes, no size, ids beyond 2^53 and with gaps, a
 * crowd, one box twice, a box that is not finite, one of no picture, one on the edge, numbers in many spellings, members
 * that nobody knows, the lists in an odd order. */
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
    begin();
    for (size_t i = 0; i < COUNT(names); i++) {
        char name[64];
        snprintf(name, sizeof name, "photos/%s", names[i]);
        picture(name, 64, 48);
    }
    put("odd.json", odd);
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
    support_ok(try(from->images, from->annotations, to, out, (fovea_convert_options){.split = "part"}, &told));
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
    expect_text(end.annotations, odd);
}
END_TEST

/* By other tools' eyes: where things are, and what they say. */
START_TEST(convert__voc_is_as_others_write_it)
{
    make_odd();
    const fovea_conversion told = convert("photos", "odd.json", FOVEA_FORMAT_VOC, "voc");
    ck_assert(told.pictures == 6 && told.boxes == 6 && strcmp(told.split, "odd") == 0);
    expect_text("voc/ImageSets/Main/odd.txt", "a b_1\nc_1\nc_1_2\n\xc3\xa9 &<x>\nimages_none\nimages_none_2\n");
    expect_has("voc/Annotations/a b_1.xml", "<filename>a b_1.jpg</filename>");
    expect_has("voc/Annotations/a b_1.xml", "<name>caf\xc3\xa9 &lt;&amp;&gt; 'x' \"y\": #</name>");
    expect_has("voc/Annotations/a b_1.xml", "<xmin>11.123456789012344</xmin>");
    expect_has("voc/Annotations/a b_1.xml", "<ymin>6</ymin>");
    expect_has("voc/Annotations/a b_1.xml", "<ymax>15</ymax>");
    expect_has("voc/Annotations/a b_1.xml", "<difficult>1</difficult>");
    expect_has("voc/Annotations/c_1_2.xml", "<xmin>-1.5</xmin>");
    expect_hasnt("voc/Annotations/images_none.xml", "<object>");
    expect_has("voc/Annotations/images_none.xml", "<width>64</width>"); /* the picture's own: the document says none */
    ck_assert(is_there("voc/JPEGImages/c_1.jpg") && is_there("voc/JPEGImages/images_none_2.png"));
    expect_text("voc/fovea.odd.json", odd);
    ck_assert(support_has(said, "Pascal VOC has no place for ids; of pictures: license (1); of categories: supercategory (1)"));
    ck_assert(support_has(said, "of boxes: segmentation (2), area (1), note (1), score (1); of all: "));
    ck_assert(support_has(said, "info (1)") && support_has(said, "are kept beside"));
}
END_TEST

START_TEST(convert__yolo_is_as_others_write_it)
{
    make_odd();
    const fovea_conversion told = convert("photos", "odd.json", FOVEA_FORMAT_YOLO, "yolo");
    ck_assert(told.pictures == 6 && told.boxes == 5); /* without the crowd */
    expect_text("yolo/data.yaml",
                "odd: images/odd\nnc: 3\nnames: ['cat', 'unused', 'caf\xc3\xa9 <&> ''x'' \"y\": #']\n");
    expect_text("yolo/labels/odd/c/1.txt", "0 0.04140625 0.08333333333333333 0.0515625 0.08333333333333333\n"
                                           "0 0.04140625 0.08333333333333333 0.0515625 0.08333333333333333\n");
    expect_text("yolo/labels/odd/images_/none.txt", "");
    ck_assert(is_there("yolo/labels/odd/images_/none_2.txt") && is_there("yolo/images/odd/images_/none_2.png"));
    ck_assert(support_has(said, "crowds (1)"));
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
    begin();
    support_ok(fovea__file_read(&want, &size, annotations, SIZE_MAX));
    const fovea_convert_options voc = {.split = "a", .pictures = *images ? 0 : FOVEA_PICTURES_NONE};
    support_ok(fovea_dataset_convert(images, annotations, FOVEA_FORMAT_VOC, in("voc"), &voc, NULL));
    convert(*images ? "voc/JPEGImages" : "", "voc/ImageSets/Main/a.txt", FOVEA_FORMAT_COCO, "again.json");
    expect_text("again.json", want);
    if (*images) {
        convert("voc/JPEGImages", "voc/ImageSets/Main/a.txt", FOVEA_FORMAT_YOLO, "yolo");
        convert("yolo/images", "yolo/data.yaml#a", FOVEA_FORMAT_COCO, "once_more.json");
        expect_text("once_more.json", want);
    }
    free(want);
}
END_TEST

/* ---- VOC and YOLO and back ------------------------------------------------------------------------------------- */

static const char *const xmls[][2] = {
    {"voc/Annotations/a b.xml",
     "<?xml version=\"1.0\"?>\r\n<annotation verified=\"yes\"><!-- by hand -->\r\n<folder>VOC</folder><filename>a b.jpg"
     "</filename><source><database>mine</database></source><size><width>64</width><height>48</height></size>\r\n"
     "<object><name>dog</name><pose>Left</pose><truncated>1</truncated><difficult>1</difficult><bndbox><xmax>20.50</xmax>"
     "<xmin>2</xmin><ymin>3</ymin><ymax>40</ymax></bndbox><part><name>head</name></part></object></annotation>"},
    {"voc/Annotations/latin.xml",
     "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><annotation><filename>caf\xe9.jpg</filename><object><name>\xe9t\xe9"
     "</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object></annotation>"},
    {"voc/Annotations/n.xml", "<annotation><object><name><![CDATA[a <cat>]]></name><bndbox><xmin>1</xmin><ymin>1</ymin>"
                              "<xmax>64</xmax><ymax>48</ymax></bndbox></object></annotation>\n"},
    {"voc/Annotations/none.xml", "<annotation><filename>none.jpg</filename></annotation>"},
};

static const char *const ways_to_voc[] = {"cv", "yv", "ycv", "vv", "cyv"};

START_TEST(convert__voc_comes_back_to_the_byte)
{
    begin();
    for (size_t i = 0; i < COUNT(xmls); i++)
        put(xmls[i][0], xmls[i][1]);
    put("voc/ImageSets/Main/part.txt", "a b\nlatin\nn\nnone\n");
    picture("voc/JPEGImages/a b.jpg", 64, 48);
    picture("voc/JPEGImages/caf\xc3\xa9.jpg", 64, 48);
    picture("voc/JPEGImages/n.jpg", 64, 48);
    picture("voc/JPEGImages/none.jpg", 64, 48);
    const stand end = walk((stand){"voc/JPEGImages", "voc/ImageSets/Main/part.txt"}, ways_to_voc[_i]);
    char folder[64], name[128];
    snprintf(folder, sizeof folder, "%.*s", (int)(strchr(end.annotations, '/') - end.annotations), end.annotations);
    for (size_t i = 0; i < COUNT(xmls); i++) {
        snprintf(name, sizeof name, "%s/%s", folder, xmls[i][0] + strlen("voc/"));
        if (i != 1) {
            expect_text(name, xmls[i][1]);
            continue;
        }
        expect_has(name, "<name>\xc3\xa9t\xc3\xa9</name>"); /* in UTF-8 by now */
    }
    snprintf(name, sizeof name, "%s/ImageSets/Main/part.txt", folder);
    expect_same(name, "voc/ImageSets/Main/part.txt");
}
END_TEST

static const char yaml[] = "# mine\npath: ../there\ntrain: images/train # pictures\nval:\n  - images/one\n  - images/two\n"
                           "nc: 3 # classes\nnames:\n  0: 'a: b'\n  2: \"dog\"\nroboflow:\n  version: 3\n";
static const char yaml_moved[] = "# mine\npart: images/part\nnc: 3 # classes\nnames:\n  0: 'a: b'\n  2: \"dog\"\nroboflow:\n"
                                 "  version: 3\n";
static const char labels[] = "2 0.5 0.50 .25 0.250000\r\n\n0 0.125 0.25 0.5 0.25 0.25 0.75\n2 0.333333 0.1 0.2 0.1";

static const char *const ways_to_yolo[] = {"cy", "vy", "cvy", "yy"};

START_TEST(convert__yolo_comes_back_to_the_byte)
{
    begin();
    picture("there/images/train/a b.jpg", 64, 48);
    picture("there/images/train/none.jpg", 64, 48);
    put("there/labels/train/a b.txt", labels);
    put("yaml/data.yaml", yaml);
    const stand end = walk((stand){"there/images", "yaml/data.yaml"}, ways_to_yolo[_i]);
    char name[128];
    snprintf(name, sizeof name, "%.*s/labels/part/train/a b.txt", (int)(strchr(end.annotations, '/') - end.annotations),
             end.annotations);
    expect_text(name, labels);
    snprintf(name, sizeof name, "%.*s/labels/part/train/none.txt", (int)(strchr(end.annotations, '/') - end.annotations),
             end.annotations);
    ck_assert(!is_there(name));
    snprintf(name, sizeof name, "%.*s/data.yaml", (int)(strchr(end.annotations, '/') - end.annotations), end.annotations);
    expect_text(name, yaml_moved);
}
END_TEST

/* ---- edits ----------------------------------------------------------------------------------------------------- */

static const char small[] =
    "{\"images\": [{\"id\": 5, \"file_name\": \"a.jpg\", \"width\": 64, \"height\": 48, \"license\": 1}, {\"id\": 6, "
    "\"file_name\": \"b.jpg\", \"width\": 64, \"height\": 48}],\n\"annotations\": [{\"id\": 10, \"image_id\": 5, "
    "\"category_id\": 3, \"bbox\": [1.50, 2, 30, 40], \"extra\": 1},\n{\"id\": 11, \"image_id\": 5, \"category_id\": 3, "
    "\"bbox\": [8, 8, 8, 8], \"extra\": 2},\n{\"id\": 12, \"image_id\": 6, \"category_id\": 4, \"bbox\": [1, 1, 5, 5], "
    "\"extra\": 3},\n{\"id\": 13, \"image_id\": 6, \"category_id\": 4, \"bbox\": [1, 1, 9, 9], \"iscrowd\": 1}],\n"
    "\"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 4, \"name\": \"dog\"}]}";

static void make_small(void)
{
    begin();
    picture("photos/a.jpg", 64, 48);
    picture("photos/b.jpg", 64, 48);
    put("small.json", small);
}

START_TEST(convert__an_edit_of_xml_counts)
{
    make_small();
    convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    edit("voc/Annotations/a.xml", "<xmax>16</xmax>", "<xmax>20</xmax>");
    edit("voc/Annotations/b.xml", "<name>dog</name>", "<name>bird</name>");
    edit("voc/Annotations/b.xml", "<truncated>0</truncated>", "<truncated>1</truncated>");
    edit("voc/Annotations/b.xml", "<width>64</width>", "<width>63</width>");
    picture("voc/JPEGImages/new.jpg", 20, 10);
    put("voc/Annotations/new.xml",
          "<annotation><filename>new.jpg</filename><size><width>20</width><height>10</height></size><object><name>cat</name>"
          "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>");
    put("voc/ImageSets/Main/small.txt", "a\nb\nnew\n");
    convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "edited.json");
    expect_has("edited.json", "\"bbox\": [1.50, 2, 30, 40], \"extra\": 1}");
    expect_hasnt("edited.json", "\"extra\": 2");
    expect_hasnt("edited.json", "\"extra\": 3");
    expect_has("edited.json", "{\"id\": 14, \"image_id\": 5, \"category_id\": 3, \"bbox\": [8, 8, 12, 8], \"area\": 96, "
                              "\"iscrowd\": 0}");
    expect_has("edited.json", "\"image_id\": 6, \"category_id\": 5, \"bbox\": [1, 1, 5, 5]");
    expect_has("edited.json", "\"id\": 13, \"image_id\": 6, \"category_id\": 4, \"bbox\": [1, 1, 9, 9], \"iscrowd\": 1}");
    expect_has("edited.json", "{\"id\": 5, \"name\": \"bird\"}");
    expect_has("edited.json", "\"file_name\": \"b.jpg\", \"width\": 63, \"height\": 48, \"voc\": {");
    expect_has("edited.json", "{\"id\": 7, \"file_name\": \"new.jpg\", \"width\": 20, \"height\": 10, \"voc\"");
    expect_has("edited.json", "\"license\": 1");
    fovea_conversion told; /* what was said in XML comes back to it: the edited file as it is */
    support_ok(try("voc/JPEGImages", "edited.json", FOVEA_FORMAT_VOC, "again", (fovea_convert_options){.split = "small"},
                   &told));
    expect_same_files("again/Annotations", "voc/Annotations", ".xml");
    edit("voc/ImageSets/Main/small.txt", "a\n", "");
    convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "less.json");
    expect_hasnt("less.json", "\"extra\": 1");
    expect_hasnt("less.json", "a.jpg");
}
END_TEST

START_TEST(convert__an_edit_of_labels_counts)
{
    make_small();
    convert("photos", "small.json", FOVEA_FORMAT_YOLO, "yolo");
    put("yolo/labels/small/a.txt", "0 0.257813 0.458333 0.468750 0.833333\n1 0.5 0.5 0.5 0.5\n"); /* six decimals */
    convert("yolo/images", "yolo/data.yaml#small", FOVEA_FORMAT_COCO, "edited.json");
    expect_has("edited.json", "\"bbox\": [1.50, 2, 30, 40], \"extra\": 1}");
    expect_hasnt("edited.json", "\"extra\": 2");
    expect_has("edited.json", "{\"id\": 14, \"image_id\": 5, \"category_id\": 4, \"bbox\": [16, 12, 32, 24]");
    expect_has("edited.json", "\"iscrowd\": 1");
    edit("yolo/data.yaml", "'dog'", "'hound', 'cow'");
    convert("yolo/images", "yolo/data.yaml#small", FOVEA_FORMAT_COCO, "renamed.json");
    expect_has("renamed.json", "{\"id\": 4, \"name\": \"hound\"}");
    expect_has("renamed.json", "{\"id\": 5, \"name\": \"cow\"}");
    expect_has("renamed.json", "\"bbox\": [1, 1, 5, 5], \"extra\": 3");
    ck_assert_int_eq(unlink(in("yolo/images/small/a.jpg")), 0);
    convert("yolo/images", "yolo/data.yaml#small", FOVEA_FORMAT_COCO, "less.json");
    expect_hasnt("less.json", "a.jpg");
    expect_hasnt("less.json", "\"extra\": 1");
}
END_TEST

/* An edit of COCO's JSON goes into XML and labels that were kept. */
START_TEST(convert__an_edit_of_json_counts)
{
    begin();
    for (size_t i = 0; i < COUNT(xmls); i++)
        put(xmls[i][0], xmls[i][1]);
    picture("voc/JPEGImages/n.jpg", 64, 48);
    convert("voc/JPEGImages", "voc", FOVEA_FORMAT_COCO, "voc.json");
    edit("voc.json", "\"bbox\": [1, 2, 19.5, 38]", "\"bbox\": [1, 2, 20, 38]");
    fovea_conversion told;
    support_ok(try("", "voc.json", FOVEA_FORMAT_VOC, "again", (fovea_convert_options){.pictures = FOVEA_PICTURES_NONE},
                   &told));
    expect_has("again/Annotations/a b.xml", "<xmax>21</xmax>");
    expect_hasnt("again/Annotations/a b.xml", "<pose>Left</pose>");
    expect_has("again/Annotations/a b.xml", "<!-- by hand -->");
    expect_text("again/Annotations/n.xml", xmls[2][1]);

    picture("images/train/a.jpg", 64, 48);
    put("labels/train/a.txt", "0 0.125 0.25 0.5 0.25 0.25 0.75\n1 0.5 0.5 0.50 0.5\n");
    put("data.yaml", "train: images/train\nnames: [cat, dog]\n");
    convert("images", "data.yaml", FOVEA_FORMAT_COCO, "yolo.json");
    edit("yolo.json", "\"bbox\": [16, 12, 32, 24]", "\"bbox\": [16, 12, 32, 12]");
    support_ok(try("images", "yolo.json", FOVEA_FORMAT_YOLO, "yolo", (fovea_convert_options){.split = "train"}, &told));
    expect_text("yolo/labels/train/a.txt", "0 0.125 0.25 0.5 0.25 0.25 0.75\n1 0.5 0.375 0.5 0.25\n");
}
END_TEST

/* ---- places ---------------------------------------------------------------------------------------------------- */

START_TEST(convert__nothing_is_written_over)
{
    make_small();
    fovea_conversion told = convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    ck_assert_uint_eq(told.files, 6);
    told = convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc"); /* the same again: all is there */
    ck_assert_uint_eq(told.files, 0);
    edit("voc/Annotations/b.xml", "<name>dog</name>", "<name>bird</name>");
    ck_assert_int_eq(unlink(in("voc/Annotations/a.xml")), 0);
    support_fails(try("photos", "small.json", FOVEA_FORMAT_VOC, "voc", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "voc/Annotations/b.xml: is there already and holds something else");
    ck_assert(!is_there("voc/Annotations/a.xml") && told.pictures == 0);
    expect_has("voc/Annotations/b.xml", "bird");
    put("out.json", "{}");
    support_fails(try("photos", "small.json", FOVEA_FORMAT_COCO, "out.json", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "out.json: is there already");
    expect_text("out.json", "{}");
    support_fails(try("photos", "small.json", FOVEA_FORMAT_COCO, "photos", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "photos: is a folder");
    support_fails(try("photos", "small.json", FOVEA_FORMAT_VOC, "out.json", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "out.json: is a file");
    ck_assert_int_eq(unlink(in("photos/b.jpg")), 0);
    support_fails(try("photos", "small.json", FOVEA_FORMAT_VOC, "voc2", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "photos/b.jpg: the picture is not there");
    ck_assert(!is_there("voc2"));
}
END_TEST

START_TEST(convert__splits_share_a_folder)
{
    make_small();
    put("val.json", "{\"images\": [{\"id\": 1, \"file_name\": \"c.jpg\"}], \"categories\": [{\"id\": 3, \"name\": \"cat\"}, "
                      "{\"id\": 4, \"name\": \"dog\"}], \"annotations\": []}");
    put("other.json", "{\"images\": [], \"categories\": [{\"id\": 3, \"name\": \"cow\"}], \"annotations\": []}");
    picture("photos/c.jpg", 8, 8);
    fovea_conversion told;
    const fovea_convert_options train = {.split = "train", .pictures = FOVEA_PICTURES_COPY};
    support_ok(try("photos", "small.json", FOVEA_FORMAT_YOLO, "yolo", train, &told));
    convert("photos", "val.json", FOVEA_FORMAT_YOLO, "yolo");
    expect_text("yolo/data.yaml", "train: images/train\nnc: 2\nnames: ['cat', 'dog']\nval: images/val\n");
    ck_assert(is_there("yolo/images/train/a.jpg") && readlink(in("yolo/images/train/a.jpg"), said, sizeof said) < 0);
    ck_assert(readlink(in("yolo/images/val/c.jpg"), said, sizeof said) > 0);
    support_fails(try("photos", "other.json", FOVEA_FORMAT_YOLO, "yolo", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_IO, "data.yaml: is there already and has other names");
    convert("yolo/images", "yolo/data.yaml#train", FOVEA_FORMAT_COCO, "again.json");
    expect_text("again.json", small);
    convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    convert("photos", "val.json", FOVEA_FORMAT_VOC, "voc");
    convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "voc.json");
    expect_text("voc.json", small);
}
END_TEST

/* Names from strangers: what is written stays in the folder. */
START_TEST(convert__no_name_leaves_the_folder)
{
    begin();
    picture("photos/x.jpg", 8, 8);
    char text[2048];
    snprintf(text, sizeof text,
             "{\"images\": [{\"id\": 1, \"file_name\": \"../photos/x.jpg\"}, {\"id\": 2, \"file_name\": \"%s\", \"voc\": "
             "{\"name\": \"../../up\"}}, {\"id\": 3, \"file_name\": \"./x.jpg\", \"voc\": {\"name\": \"..\"}}], "
             "\"categories\": [{\"id\": 1, \"name\": \"x\"}], \"annotations\": []}", in("photos/x.jpg"));
    put("odd.json", text);
    const stand end = walk((stand){"photos", "odd.json"}, _i ? "vyc" : "yvc");
    expect_text(end.annotations, text);
    ck_assert(!is_there("up.xml") && !is_there("up.txt") && is_there("photos/x.jpg"));
    fovea__listing listing;
    support_ok(fovea__listing_read(&listing, in(_i ? "voc0/Annotations" : "voc1/Annotations"),
                                   (const char *const[]){".xml", NULL}, true));
    ck_assert_uint_eq(listing.count, 3);
    fovea__listing_clear(&listing);
    fovea_conversion told;
    static const char *const bad[] = {"../x", "a/b", "", "images", ".", "a b"};
    for (size_t i = 0; i < COUNT(bad); i++)
        support_fails(try("photos", "odd.json", FOVEA_FORMAT_VOC, "v", (fovea_convert_options){.split = bad[i]}, &told),
                      FOVEA_ERROR_ARGUMENT, "cannot be a split's name");
}
END_TEST

START_TEST(convert__pictures_may_stay)
{
    make_small();
    fovea_conversion told;
    const fovea_convert_options stay = {.pictures = FOVEA_PICTURES_NONE};
    support_ok(try("photos", "small.json", FOVEA_FORMAT_VOC, "voc", stay, &told));
    ck_assert(!is_there("voc/JPEGImages"));
    convert("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "again.json");
    expect_text("again.json", small);
    support_fails(try("photos", "small.json", FOVEA_FORMAT_YOLO, "yolo", stay, &told), FOVEA_ERROR_ARGUMENT,
                  "pictures can stay where they are only in a folder \"images\"");
    picture("set/images/a.jpg", 64, 48);
    picture("set/images/b.jpg", 64, 48);
    convert("set/images", "small.json", FOVEA_FORMAT_YOLO, "set");
    expect_text("set/small.txt", "./images/a.jpg\n./images/b.jpg\n");
    expect_has("set/data.yaml", "small: small.txt\n");
    ck_assert(is_there("set/labels/a.txt"));
    convert("set/images", "set/data.yaml#small", FOVEA_FORMAT_COCO, "once_more.json");
    expect_text("once_more.json", small);
    picture("set/images/a.png", 64, 48);
    put("twins.json", "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}, {\"id\": 2, \"file_name\": \"a.png\"}], "
                        "\"categories\": [], \"annotations\": []}");
    support_fails(try("set/images", "twins.json", FOVEA_FORMAT_YOLO, "set", (fovea_convert_options){0}, &told),
                  FOVEA_ERROR_ARGUMENT, "a.png: the picture cannot stay where it is");
}
END_TEST

/* Boxes alone: the same boxes, and what is lost is said. */
START_TEST(convert__plain_says_what_is_lost)
{
    make_odd();
    fovea_conversion told;
    const fovea_convert_options plain = {.plain = true, .split = "part"};
    support_ok(try("photos", "odd.json", FOVEA_FORMAT_VOC, "voc", plain, &told));
    ck_assert(support_has(said, "segmentation (2)") && support_has(said, "are lost"));
    ck_assert(!is_there("voc/fovea.part.json"));
    support_ok(try("voc/JPEGImages", "voc/ImageSets/Main/part.txt", FOVEA_FORMAT_COCO, "plain.json", plain, &told));
    ck_assert(support_has(said, "lost: what else the XML says"));
    expect_hasnt("plain.json", "\"voc\"");
    expect_has("plain.json", "\"bbox\": [10.123456789012344, 5, 20.5, 10]");
    expect_has("plain.json", "\"bbox\": [1, 2, 3.3, 4], \"area\": 13.2, \"iscrowd\": 1}");
    support_ok(try("photos", "odd.json", FOVEA_FORMAT_YOLO, "yolo", plain, &told));
    ck_assert(support_has(said, "crowds (1)") && support_has(said, "are lost"));
    support_ok(try("yolo/images", "yolo/data.yaml#part", FOVEA_FORMAT_COCO, "plain_yolo.json", plain, &told));
    ck_assert(support_has(said, "lost: polygons"));
    expect_hasnt("plain_yolo.json", "\"yolo\"");
}
END_TEST

/* ---- use ------------------------------------------------------------------------------------------------------- */

static fovea_evaluation evaluate(const char *images, const char *annotations)
{
    fovea_evaluator *evaluator = NULL;
    fovea_evaluation numbers;
    support_ok(fovea_evaluator_open_any(&evaluator, *images ? in(images) : "", in(annotations), FOVEA_FORMAT_ANY));
    support_ok(fovea_evaluator_add_file(evaluator, in("results.json")));
    support_ok(fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL));
    fovea_evaluator_close(evaluator);
    return numbers;
}

START_TEST(convert__evaluation_is_the_same)
{
    make_small();
    put("results.json",
          "[{\"image_id\": 5, \"category_id\": 3, \"bbox\": [2, 2, 30, 40], \"score\": 0.9}, {\"image_id\": 5, "
          "\"category_id\": 3, \"bbox\": [8, 8, 8, 6], \"score\": 0.4}, {\"image_id\": 6, \"category_id\": 4, \"bbox\": "
          "[2, 2, 7, 7], \"score\": 0.8}, {\"image_id\": 6, \"category_id\": 4, \"bbox\": [1, 1, 5, 5], \"score\": 0.3}]");
    const fovea_evaluation want = evaluate("", "small.json");
    ck_assert(want.ap > 0.2 && want.ap < 1);
    convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    convert("photos", "small.json", FOVEA_FORMAT_YOLO, "yolo");
    const fovea_evaluation voc = evaluate("voc/JPEGImages", "voc/ImageSets/Main/small.txt");
    const fovea_evaluation yolo = evaluate("yolo/images", "yolo/data.yaml#small");
    ck_assert(memcmp(&voc, &want, sizeof want) == 0 && memcmp(&yolo, &want, sizeof want) == 0);
    fovea_dataset *set = NULL;
    fovea_picture first;
    const int64_t *ids = NULL;
    support_ok(fovea_dataset_open(&set, in("yolo/images"), in("yolo/data.yaml#small"), FOVEA_FORMAT_ANY));
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
    support_fails(fovea_dataset_convert(NULL, "x", FOVEA_FORMAT_COCO, "y", NULL, NULL), FOVEA_ERROR_ARGUMENT, "missing");
    support_fails(fovea_dataset_convert("", "x", FOVEA_FORMAT_COCO, "", NULL, NULL), FOVEA_ERROR_ARGUMENT, "missing");
    support_fails(try("photos", "small.json", FOVEA_FORMAT_ANY, "o", none, &told), FOVEA_ERROR_ARGUMENT, "no format");
    support_fails(try("photos", "none.json", FOVEA_FORMAT_VOC, "o", none, &told), FOVEA_ERROR_IO, "none.json");
    put("bad.json", "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"categories\": [{\"id\": 1, \"name\": "
                      "\"a\\u0001b\"}], \"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, "
                      "2, 3, 4]}]}");
    support_fails(try("photos", "bad.json", FOVEA_FORMAT_VOC, "o", none, &told), FOVEA_ERROR_FORMAT,
                  "letters that XML cannot hold");
    support_fails(try("photos", "bad.json", FOVEA_FORMAT_YOLO, "o", none, &told), FOVEA_ERROR_FORMAT,
                  "has a control character");
    put("empty.json", "{\"images\": [], \"categories\": [], \"annotations\": []}");
    support_fails(try("photos", "empty.json", FOVEA_FORMAT_YOLO, "o", none, &told), FOVEA_ERROR_FORMAT,
                  "expected categories");
    ck_assert(!is_there("o"));
    convert("photos", "small.json", FOVEA_FORMAT_VOC, "voc");
    put("voc/fovea.small.json", "{\"images\": [");
    support_fails(try("", "voc/ImageSets/Main/small.txt", FOVEA_FORMAT_COCO, "o", none, &told), FOVEA_ERROR_FORMAT,
                  "fovea.small.json: line 1");
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
        {.test = convert__an_edit_of_xml_counts},
        {.test = convert__an_edit_of_labels_counts},
        {.test = convert__an_edit_of_json_counts},
        {.test = convert__nothing_is_written_over},
        {.test = convert__splits_share_a_folder},
        {.test = convert__no_name_leaves_the_folder, .rows = 2},
        {.test = convert__pictures_may_stay},
        {.test = convert__plain_says_what_is_lost},
        {.test = convert__evaluation_is_the_same},
        {.test = convert__faults_are_sentences},
    };
    return support_run("convert", cases, COUNT(cases));
}
