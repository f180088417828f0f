/* 'fovea inspect' as users run it: anchor coverage and what it advises, and the page. */
#include "cli.h"

#include "jpeg.h"

#include <stdio.h>
#include <string.h>

/* Pictures of 64 x 64 in seen/images, as 'synth' names them. */
static void need_pictures(void)
{
    if (cli("test -e seen") != 0)
        cli_expect(0, "\"$F\" synth --out seen --train 4 --val 2 --new 0 --size 64x64");
}

/* The same split in each format, and what --fix must leave alone in its folder: the original, what stands beside it for
 * the way back, another's annotations. */
static const struct {
    const char *format, *images, *annotations, *taken[3];
} sets[] = {
    {"coco", "set/images", "set/train.json", {"train.json", "val.json", "other.json"}},
    {"voc", "voc/JPEGImages", "voc/ImageSets/Main/train.txt",
     {"ImageSets/Main/train.txt", "fovea.train.json", "other.json"}},
    {"yolo", "yolo/images", "yolo/data.yaml", {"data.yaml", "fovea.train.json", "other.json"}},
};

START_TEST(inspect__fix_writes_over_nothing)
{
    const char *images = sets[_i].images, *annotations = sets[_i].annotations;
    cli_expect(0, "test -e set || { \"$F\" synth --out set --train 3 --val 1 --new 0 --size 64x64 && "
                  "for f in voc yolo; do \"$F\" convert --images set/images --annotations set/train.json "
                  "--to $f --out $f || exit 1; done; }");
    cli_expect(0, "cd $(echo %s | cut -d/ -f1) && cp ../set/val.json other.json && find . -type f -exec cksum {} + | "
                  "sort >../before", annotations);
    for (size_t i = 0; i < COUNT(sets[_i].taken); i++) {
        cli_expect(1, "cd $(echo %s | cut -d/ -f1) && \"$F\" inspect --images ../%s --annotations ../%s --fix %s",
                   annotations, images, annotations, sets[_i].taken[i]);
        cli_said(sets[_i].taken[i]);
        cli_said(": is there already and is not written over");
    }
    cli_expect(0, "cd $(echo %s | cut -d/ -f1) && find . -type f -exec cksum {} + | sort | cmp - ../before",
               annotations);
    cli_expect(0, "\"$F\" inspect --images %s --annotations %s --format %s --fix %s.json", images, annotations,
               sets[_i].format, sets[_i].format);
    cJSON *copy = cli_json(_i == 0 ? "coco.json" : _i == 1 ? "voc.json" : "yolo.json");
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(copy, "images")), 3);
    cJSON_Delete(copy);
}
END_TEST

static const char boxes[] =
    "{\"images\": [{\"id\": 7, \"file_name\": \"train_0001.jpg\", \"width\": 64, \"height\": 64},"
    " {\"id\": 9, \"file_name\": \"train_0002.jpg\", \"width\": 64, \"height\": 64}],"
    " \"categories\": [{\"id\": 1, \"name\": \"ring\"}], \"annotations\": ["
    "{\"id\": 1, \"image_id\": 9, \"category_id\": 1, \"bbox\": [2, 50, 60, 4]},"
    "{\"id\": 2, \"image_id\": 7, \"category_id\": 1, \"bbox\": [16, 16, 32, 32]},"
    "{\"id\": 3, \"image_id\": 9, \"category_id\": 1, \"bbox\": [29, 29, 6, 6]}]}";

static cJSON *find(const cJSON *list, const char *name, double value)
{
    cJSON *row;
    cJSON_ArrayForEach(row, list) if (cli_number(row, name) == value) return row;
    ck_abort_msg("no row with %s %g", name, value);
    return NULL;
}

/* One box is an anchor; one is too small until it is 24 pixels wide, at 256; one is too long at any size. */
START_TEST(inspect__tells_what_anchors_cover)
{
    need_pictures();
    support_write(support_scratch_file("boxes.json"), boxes);
    cli_expect(0, "\"$F\" inspect --images seen/images --annotations boxes.json --size 64 --json found.json");
    static const char *const said[] = {
        "anchors at --size 64 --max-size 106, profile paper, 3 scales x 3 ratios: they cover 1 of 3 boxes (33.3 %)",
        "too small", "too long and narrow", "train_0002.jpg: annotation 1, ring, 60.0 x 4.0, there 60.0 x 4.0",
        "train_0002.jpg: annotation 3, ring, 6.0 x 6.0", "256: 66.7 %", "try --size 256 --max-size 424: 66.7 % covered",
        "no faults"};
    for (size_t i = 0; i < COUNT(said); i++)
        ck_assert_msg(support_has(cli_stdout(), said[i]), "does not say \"%s\" but: %s", said[i], cli_stdout());
    cJSON *found = cli_json("found.json"), *coverage = cJSON_GetObjectItem(found, "coverage");
    const cJSON *uncovered = cJSON_GetObjectItem(coverage, "uncovered");
    ck_assert(cli_number(coverage, "boxes") == 3 && cli_number(coverage, "covered") == 1 &&
              cli_number(coverage, "weak") == 2 && cli_number(coverage, "none") == 0);
    ck_assert_int_eq(cJSON_GetArraySize(uncovered), 2);
    ck_assert_str_eq(cJSON_GetObjectItem(find(uncovered, "annotation_id", 3), "reason")->valuestring, "too_small");
    ck_assert_str_eq(cJSON_GetObjectItem(find(uncovered, "annotation_id", 1), "reason")->valuestring, "too_long");
    ck_assert(cli_number(find(uncovered, "annotation_id", 1), "image_id") == 9);
    const cJSON *bin = find(cJSON_GetObjectItem(coverage, "by_side"), "from", 0);
    ck_assert(cli_number(bin, "below") == 8 && cli_number(bin, "weak") == 1 && cli_number(bin, "covered") == 0);
    ck_assert(cli_number(find(cJSON_GetObjectItem(coverage, "with_other_sizes"), "size", 256), "covered") == 2);
    cJSON_Delete(found);
}
END_TEST

/* Writes ten pictures with 25 boxes of 32 x 32 each, every one an anchor at 64 pixels, and in one of them a dot. */
static void write_rare(const char *file)
{
    static char text[32000];
    size_t at = (size_t)snprintf(text, sizeof text, "{\"categories\": [{\"id\": 1, \"name\": \"square\"}, {\"id\": 4, "
                                 "\"name\": \"dot\"}, {\"id\": 6, \"name\": \"none\"}], \"images\": [");
    for (int i = 1; i <= 10; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s{\"id\": %d, \"file_name\": \"train_%04d.jpg\", "
                               "\"width\": 64, \"height\": 64}", i > 1 ? ", " : "", i, i);
    at += (size_t)snprintf(text + at, sizeof text - at, "], \"annotations\": [{\"id\": 900, \"image_id\": 7, "
                           "\"category_id\": 4, \"bbox\": [29, 29, 6, 6]}");
    for (int i = 0; i < 250; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, ", {\"id\": %d, \"image_id\": %d, \"category_id\": 1, "
                               "\"bbox\": [%d, %d, 32, 32]}", i + 1, i / 25 + 1, 8 * (i % 5), 8 * (i / 5 % 5));
    snprintf(text + at, sizeof text - at, "]}");
    support_write(support_scratch_file(file), text);
}

/* A rare class is lost among the others, but not in what is told and advised. */
START_TEST(inspect__tells_which_classes_are_not_covered)
{
    cli_expect(0, "\"$F\" synth --out rare --train 10 --val 0 --new 0 --size 64x64");
    write_rare("rare.json");
    cli_expect(0, "\"$F\" inspect --images rare/images --annotations rare.json --size 64 --json found.json "
                  "--html rare.html");
    static const char *const said[] = {
        "they cover 250 of 251 boxes (99.6 %)",
        ("  dot                              1         0\n  square                         250       250\n"
         "  none                             0         0\n"),
        "annotation 900, dot, 6.0 x 6.0", "hardly learnt, as less than half is covered: dot: 0 of 1 box\n",
        "try --size 256 --max-size 424: 100.0 % covered"};
    for (size_t i = 0; i < COUNT(said); i++)
        ck_assert_msg(support_has(cli_stdout(), said[i]), "does not say \"%s\" but: %s", said[i], cli_stdout());
    cJSON *found = cli_json("found.json"), *coverage = cJSON_GetObjectItem(found, "coverage");
    const cJSON *classes = cJSON_GetObjectItem(coverage, "by_class"), *first = cJSON_GetArrayItem(classes, 0);
    const cJSON *box = cJSON_GetArrayItem(cJSON_GetObjectItem(coverage, "uncovered"), 0);
    ck_assert_int_eq(cJSON_GetArraySize(classes), 3);
    ck_assert(cli_number(first, "id") == 4 && cli_number(first, "boxes") == 1 && cli_number(first, "covered") == 0);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(first, "name")), "dot");
    ck_assert(cli_number(find(classes, "id", 1), "covered") == 250 && cli_number(box, "category_id") == 4);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(box, "class")), "dot");
    cJSON_Delete(found);
    cli_expect(1, "OCL_ICD_VENDORS=/nonexistent \"$F\" train --images rare/images --annotations rare.json --size 48,64 "
                  "--out begun");
    cli_said("hardly be learnt: dot: 0 of 1 box; see fovea inspect --size 64 --max-size 106\n");
    cli_expect(1, "OCL_ICD_VENDORS=/nonexistent \"$F\" train --images rare/images --annotations rare.json "
                  "--size 64,256 --out begun");
    ck_assert_ptr_null(strstr(cli_stderr(), "hardly be learnt"));
    cli_expect(0, "grep -q 'id=\"coverage-by-class\"' rare.html && grep -q '0 of 1<' rare.html && "
                  "grep -q 'hardly learnt, as less than half is covered: dot: 0 of 1 box<' rare.html");
}
END_TEST

/* At 256 pixels the box of 32 is 128 wide: two anchors an octave have its size, and so has one. */
START_TEST(inspect__takes_the_model_s_anchors)
{
    need_pictures();
    support_write(support_scratch_file("boxes.json"), boxes);
    cli_expect(0, "\"$F\" inspect --images seen/images --annotations boxes.json --size 256 --anchor-ratios 1 "
                  "--anchor-scales 2 --profile torchvision --json -");
    cJSON *found = cli_json("stdout"), *coverage = cJSON_GetObjectItem(found, "coverage");
    ck_assert(cli_number(coverage, "anchor_scales") == 2 && cli_number(coverage, "anchor_ratios") == 1 &&
              cli_number(coverage, "max_size") == 426 && cli_number(coverage, "covered") == 2);
    ck_assert_str_eq(cJSON_GetObjectItem(coverage, "profile")->valuestring, "torchvision");
    cJSON_Delete(found);
    cli_expect(2, "\"$F\" inspect --images a --annotations b --anchor-ratios 2");
    cli_said("--anchor-ratios takes 1 or 3");
    cli_expect(2, "\"$F\" inspect --images a --annotations b --size 600 --max-size 500");
    cli_said("--max-size 500 is below");
}
END_TEST

/* 60 pictures of 1000 boxes: of every other one each box is an anchor, of the rest none is larger than a few pixels.
 * Other sizes are tried on half of the pictures, all of them of the first kind. */
static void write_many_boxes(void)
{
    enum { PICTURES = 60, ROWS = 25, COLUMNS = 40, SIDE = 352 };
    char name[32];
    cli_expect(0, "mkdir -p many");
    for (int p = 0; p < PICTURES; p++) {
        snprintf(name, sizeof name, "many/%d.jpg", p);
        jpeg_make_file(support_scratch_file(name), &(jpeg_plan){.width = SIDE, .height = SIDE, .flat = true});
    }
    FILE *file = fopen(support_scratch_file("many.json"), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{\"categories\": [{\"id\": 1, \"name\": \"ring\"}], \"images\": [");
    for (int p = 0; p < PICTURES; p++)
        fprintf(file, "%s{\"id\": %d, \"file_name\": \"%d.jpg\"}", p ? ", " : "", p, p);
    fprintf(file, "], \"annotations\": [");
    for (int p = 0, id = 0; p < PICTURES; p++)
        for (int i = 0; i < ROWS * COLUMNS; i++, id++)
            fprintf(file, "%s{\"id\": %d, \"image_id\": %d, \"category_id\": 1, \"bbox\": [%d, %d, %d, %d]}",
                    id ? ", " : "", id, p, 8 * (i % COLUMNS), 8 * (i / COLUMNS), p % 2 ? 3 : 32, p % 2 ? 3 : 32);
    fprintf(file, "]}");
    ck_assert_int_eq(fclose(file), 0);
}

/* What other sizes cover of some boxes is held to what this one covers of the same, not of all. */
START_TEST(inspect__compares_like_with_like)
{
    write_many_boxes();
    /* the pictures are one and the same, a fault */
    cli_expect(1, "\"$F\" inspect --images many --annotations many.json --size 352 --html many.html");
    static const char *const said[] = {"they cover 30000 of 60000 boxes (50.0 %)", "352: 100.0 %",
                                       "pictures listed twice: 59\n", "of 30000 boxes, those",
                                       "no other --size or anchors would cover clearly more"};
    for (size_t i = 0; i < COUNT(said); i++)
        ck_assert_msg(support_has(cli_stdout(), said[i]), "does not say \"%s\" but: %.3000s", said[i], cli_stdout());
    cli_expect(0, "grep -q 'tried on 30000 boxes' many.html");
}
END_TEST

static const struct {
    const char *images, *said;
} folders[] = {
    {"seen", "seen: none of the 2 pictures is in this folder; train_0001.jpg lies in seen/images, which is the folder"},
    {"seen/images/deep//", "; train_0001.jpg lies in seen/images, which"},
    {".", ".: none of the 2 pictures is in this folder; train_0001.jpg lies in shown, which is the folder to give"},
    {"far", "far: none of the 2 pictures is there; the first would be train_0001.jpg"},
    {"seen/images/train_0001.jpg", "seen/images/train_0001.jpg: expected the folder of the pictures, found a file"},
    {"nowhere", "nowhere: the folder of the pictures cannot be opened"},
};

/* One sentence, whoever asks, and no mended copy without pictures. */
START_TEST(inspect__a_wrong_folder_is_one_mistake)
{
    const char *images = folders[_i].images;
    need_pictures();
    support_write(support_scratch_file("boxes.json"), boxes);
    cli_expect(0, "mkdir -p far seen/images/deep shown && cp seen/images/train_0001.jpg shown && rm -f copy.json");
    cli_expect(1, "\"$F\" inspect --images %s --annotations boxes.json --fix copy.json", images);
    cli_said(folders[_i].said);
    ck_assert_str_eq(cli_stdout(), "");
    cli_expect(1, "test -e copy.json");
    cli_expect(1, "\"$F\" inspect --images seen/images --annotations boxes.json --against boxes.json "
                  "--against-images %s", images);
    cli_said(folders[_i].said);
    cli_expect(1, "\"$F\" evaluate --images %s --annotations boxes.json --model none.safetensors", images);
    cli_said(folders[_i].said);
    cli_expect(1, "\"$F\" train --images %s --annotations boxes.json --out begun", images);
    cli_said(folders[_i].said);
}
END_TEST

static const char *const page_ids[] = {"faults", "notes", "kind-picture_missing", "kind-unused", "classes", "sides",
                                       "aspects", "boxes-a-picture", "places", "coverage", "coverage-by-size",
                                       "coverage-by-class", "uncovered", "uncovered-picture-1", "colours", "picture-1",
                                       "picture-2"};

/* A page with hostile names, a fault and a note; and one where no box is left to be drawn. */
START_TEST(inspect__writes_a_page)
{
    need_pictures();
    cli_expect(0, "cp seen/images/train_0001.jpg 'seen/images/<b>&\"1.jpg'");
    support_write(support_scratch_file("boxes.json"), boxes);
    cli_expect(0, "sed -e 's/train_0001.jpg/<b>\\&\\\\\"1.jpg/' "
                  "-e 's/\"ring\"/\"<script>\\&\\\\\"\"}, {\"id\": 2, \"name\": \"bar\"/' "
                  "-e 's/{\"id\": 9/{\"id\": 8, \"file_name\": \"away.jpg\", \"width\": 9, \"height\": 9}, &/' "
                  "boxes.json >hostile.json");
    cli_expect(1, "\"$F\" inspect --images seen/images --annotations hostile.json --size 64 --html page.html");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "missing pictures: 1\n"));
    cli_expect_page("page.html", page_ids, COUNT(page_ids));
    cli_expect(0, "grep -q '&lt;script&gt;&amp;&quot;' page.html && grep -q '&lt;b&gt;&amp;&quot;1.jpg' page.html && "
                  "grep -q 'src=\"data:image/jpeg;base64,/9j/' page.html && grep -q 'too long and narrow' page.html");
    cli_expect(0, "sed 's/\"annotations\": .*/\"annotations\": []}/' hostile.json >bare.json");
    cli_expect(1, "\"$F\" inspect --images seen/images --annotations bare.json --html - >bare.html");
    cli_expect_page("bare.html", page_ids, 3);
    cli_expect(1, "grep -q -e 'id=\"classes\"' -e 'data:image' bare.html");
    cli_expect(1, "\"$F\" inspect --images seen/images --annotations hostile.json --html away/page.html");
    cli_said("away/page.html");
    cli_expect(2, "\"$F\" inspect --images a --annotations b --html - --json -");
    if (cli("command -v chromium") != 0)
        support_skip("there is no Chromium to look with");
    cli_expect_quiet_browser("page.html");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {inspect__fix_writes_over_nothing, .rows = COUNT(sets)},
        {.test = inspect__tells_what_anchors_cover},
        {.test = inspect__tells_which_classes_are_not_covered},
        {.test = inspect__takes_the_model_s_anchors},
        {.test = inspect__compares_like_with_like},
        {inspect__a_wrong_folder_is_one_mistake, .rows = COUNT(folders)},
        {.test = inspect__writes_a_page},
    };
    return support_run("inspect", cases, COUNT(cases));
}
