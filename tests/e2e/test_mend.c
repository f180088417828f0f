/* Mending annotations: 'evaluate --accept' on numbers that mean each kind of mistake, and on hostile ones. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

/* Of class disc 5 is found, twice; 9223372036854775807 is taken for a ring; 7 lies beside its box; 8 is found. The ring
 * 6 is missed. One disc is annotated by nobody, and reaches out of its picture. */
static const char truth[] =
    "{\"info\": {\"by\":1.0e0},\n\"images\" : [{\"id\":3,\"file_name\":\"a.jpg\",\"width\":100,\"height\":50}],\n"
    "\"categories\":[{\"id\":1,\"name\":\"disc\"},{\"id\":2,\"name\":\"ring\"}], \"annotations\": [\n"
    " {\"id\":5,\"image_id\":3,\"category_id\":1,\"bbox\":[0,0,10,10.0],\"area\":1e2, \"a\":\"\\u00e4\"},\n"
    "  {\"id\":9223372036854775807,\"image_id\":3,\"category_id\":1,\"bbox\":[20,0,10,10]},\n"
    "  {\"id\":7,\"image_id\":3,\"category_id\":1,\"bbox\":[40,0,10,10],\"area\":79,\"segmentation\":[[4,0]]},\n"
    "  {\"id\":8,\"image_id\":3,\"category_id\":1,\"bbox\":[90,30,10,10]},\n"
    "  {\"id\":6,\"image_id\":3,\"category_id\":2,\"bbox\":[70,0,10,10]}\n]}\n";

#define FOUND(category, x, y, score) \
    "{\"image_id\":3,\"category_id\":" #category ",\"bbox\":[" #x "," #y ",10,10],\"score\":" #score "}"
static const char found[] = "[" FOUND(1, 46, 0, 0.9) "," FOUND(1, -4, 20.004, 0.8) "," FOUND(2, 20, 0, 0.7) ","
    FOUND(1, 0, 0, 0.6) "," FOUND(1, 2, 0, 0.35) "," FOUND(1, 90, 30, 0.3) "]";

static void need_files(void)
{
    cli_expect(0, "rm -rf *");
    support_write(support_scratch_file("truth.json"), truth);
    support_write(support_scratch_file("found.json"), found);
}

#define MEND "OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate --detections found.json --annotations truth.json "

START_TEST(mend__each_kind_of_mistake_is_mended)
{
    static const char mended[] =
        "{\"info\": {\"by\":1.0e0},\n\"images\" : [{\"id\":3,\"file_name\":\"a.jpg\",\"width\":100,\"height\":50}],\n"
        "\"categories\":[{\"id\":1,\"name\":\"disc\"},{\"id\":2,\"name\":\"ring\"}], \"annotations\": [\n"
        " {\"id\":5,\"image_id\":3,\"category_id\":1,\"bbox\":[0,0,10,10.0],\"area\":1e2, \"a\":\"\\u00e4\"},\n"
        "  {\"id\":9223372036854775807,\"image_id\":3,\"category_id\":2,\"bbox\":[20,0,10,10]},\n"
        "  {\"id\":7,\"image_id\":3,\"category_id\":1,\"bbox\":[46, 0, 10, 10],\"area\":100,\"segmentation\":[]},\n"
        "  {\"id\":8,\"image_id\":3,\"category_id\":1,\"bbox\":[90,30,10,10]}, "
        "{\"id\": 9, \"image_id\": 3, \"category_id\": 1, \"bbox\": [0, 20, 6, 10], \"area\": 60, \"iscrowd\": 0}, "
        "{\"id\": 10, \"image_id\": 3, \"category_id\": 1, \"bbox\": [2, 0, 10, 10], \"area\": 100, \"iscrowd\": 0}"
        "\n]}\n";
    need_files();
    cli_expect(0, MEND "--accept 6,1-4 --mended \"it's.json\"");
    ck_assert_str_eq(cli_stdout(),
                     "1: annotation 7 gets the detection's box: disc at 46, 0, 10 x 10 in a.jpg\n"
                     "2: annotation 9 is new: disc at -4, 20, 10 x 10 in a.jpg\n"
                     "3: annotation 9223372036854775807 is now ring, was disc: at 20, 0, 10 x 10 in a.jpg\n"
                     "4: annotation 10 is new: disc at 2, 0, 10 x 10 in a.jpg\n"
                     "6: annotation 6 is left out: ring at 70, 0, 10 x 10 in a.jpg\n"
                     "it's.json: 2 added, 1 of another class, 1 with another box, 1 left out; "
                     "truth.json stays as it is\n"
                     "fovea evaluate --detections found.json --annotations 'it'\\''s.json' --against found.json "
                     "--against-annotations truth.json\n");
    support_write(support_scratch_file("again"), strstr(cli_stdout(), "fovea evaluate"));
    cli_expect(0, "cat \"it's.json\"");
    ck_assert_str_eq(cli_stdout(), mended);
    cli_expect(0, "cat truth.json");
    ck_assert_str_eq(cli_stdout(), truth);
    cli_expect(0, "fovea() { \"$F\" \"$@\" --json -; }; . ./again");
    cJSON *numbers = cli_json("stdout");
    const cJSON *then = cJSON_GetObjectItem(numbers, "against");
    const cJSON *picture = cJSON_GetObjectItem(then, "pictures")->child;
    ck_assert(cli_number(numbers, "AP50") > 0.999 && cli_number(then, "AP50") < 0.5);
    ck_assert(cli_number(picture, "mistakes") == 6 && cli_number(picture, "mistakes_now") == 0);
    cJSON_Delete(numbers);
}
END_TEST

/* Numbers of both annotations; pictures that only one of them has are not compared; other classes are refused. */
START_TEST(against__other_annotations_are_held_to)
{
    need_files();
    cli_expect(0, "sed '/images/s/}],/},{\"id\":1,\"file_name\":\"b.jpg\"},{\"id\":9,\"file_name\":\"c.jpg\"}],/; "
                  "s/70,0,10,10]}/&,{\"id\":67,\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,9,9]}/' truth.json "
                  ">more.json");
    cli_expect(0, MEND "--against found.json --against-annotations more.json --html page.html");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "\nagainst found.json, held to more.json\n"));
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "\nno picture changed"));
    cli_expect(0, "grep -q 'then: found.json, held to more.json<' page.html && "
                  "OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate --detections found.json --annotations more.json "
                  "--against found.json --against-annotations truth.json");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "\nno picture changed"));
    cli_expect(1, "sed -i 's/\"id\":2,/\"id\":4,/; s/\"category_id\":2/\"category_id\":4/' more.json; "
                  MEND "--against found.json --against-annotations more.json");
    cli_said("more.json: its category ids are not those of --annotations");
    cli_expect(2, MEND "--against-annotations more.json");
    cli_said("--against-annotations needs --against");
}
END_TEST

START_TEST(mend__hostile_numbers_are_refused)
{
    static const struct {
        const char *list, *sentence;
        int code;
    } rows[] = {
        {"0", "found '0'", 2},        {"1,x", "found 'x'", 2},
        {"1,,2", "found ''", 2},      {"1,", "found ''", 2},
        {"2-", "found '2-'", 2},      {"3-2", "found '3-2'", 2},
        {"-1", "found '-1'", 2},      {"1 2", "found '1 2'", 2},
        {"+1", "found '+1'", 2},      {"1.0", "found '1.0'", 2},
        {"2,2", "mistake 2 is", 2},   {"2-4,1,3", "mistake 3 is named twice", 2},
        {"7", "no mistake 7, the last one is 6", 1},
        {"1-18446744073709551615", "no mistake 18446744073709551615", 1},
        {"18446744073709551616", "found '18446744073709551616'", 2},
    };
    need_files();
    cli_expect(rows[_i].code, MEND "--accept='%s' --mended mended.json", rows[_i].list);
    cli_said(rows[_i].sentence);
    cli_expect(1, "test -e mended.json");
}
END_TEST

/* One object is changed once; a box needs an area; nothing is written over. */
START_TEST(mend__what_cannot_be_is_refused)
{
    need_files();
    cli_expect(1, MEND "--accept 1,5 --mended mended.json");
    cli_said("two of the mistakes change annotation 7");
    cli_expect(1, MEND "--accept 1 --mended truth.json");
    cli_said("truth.json: is there already");
    cli_expect(1, MEND "--accept 1 --mended none/mended.json");
    cli_said("none/mended.json");
    cli_expect(1, "sed -i 's/-4,20.004,10/-14,20,10/' found.json; " MEND "--accept 2 --mended mended.json");
    cli_said("a detection's box [-14, 20, 10, 10] has no area in the picture of id 3");
    cli_expect(2, MEND "--accept 1");
    cli_said("--accept needs --mended");
    cli_expect(2, MEND "--mended mended.json");
    cli_said("--mended needs --accept");
    cli_expect(2, MEND "--accept 1 --mended -");
    cli_said("not stdout");
    cli_expect(2, MEND "--accept 1 --mended mended.json --html page.html");
    cli_said("--html has no effect beside --accept");
    cli_expect(0, "test ! -e mended.json && test ! -e page.html && "
                  "test \"$(ls)\" = 'found.json\nstderr\nstdout\ntruth.json'");
}
END_TEST

/* Of Pascal VOC the copy is COCO JSON, under the ids that lie beside it or, without these, new ones. */
START_TEST(mend__of_voc_the_copy_is_coco)
{
    static const char *const plain[] = {"", " --plain"};
    need_files();
    for (size_t i = 0; i < COUNT(plain); i++) {
        cli_expect(0, "\"$F\" convert --annotations truth.json --to voc --out voc%zu%s",
                   i, plain[i]);
        if (i == 1)
            cli_expect(0, "sed -i 's/\"image_id\":3/\"image_id\":1/g' found.json");
        cli_expect(0, "\"$F\" evaluate --detections found.json --annotations voc%zu/ImageSets/Main/truth.txt "
                      "--accept 1-4,6 --mended mended%zu.json", i, i);
        char name[32];
        snprintf(name, sizeof name, "mended%zu.json", i);
        cJSON *document = cli_json(name);
        const cJSON *boxes = cJSON_GetObjectItem(document, "annotations");
        ck_assert_int_eq(cJSON_GetArraySize(boxes), 6);
        ck_assert(cli_number(cJSON_GetArrayItem(boxes, 4), "id") == (i == 0 ? 9 : 6));
        cJSON_Delete(document);
        cli_expect(0, "\"$F\" evaluate --detections found.json --annotations %s --json -", name);
        cJSON *numbers = cli_json("stdout");
        ck_assert(cli_number(numbers, "AP50") > 0.999);
        cJSON_Delete(numbers);
    }
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = mend__each_kind_of_mistake_is_mended},
        {.test = against__other_annotations_are_held_to},
        {.test = mend__hostile_numbers_are_refused, .rows = 15},
        {.test = mend__what_cannot_be_is_refused},
        {.test = mend__of_voc_the_copy_is_coco},
    };
    return support_run("mend", cases, COUNT(cases));
}
