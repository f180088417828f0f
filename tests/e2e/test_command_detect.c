/* fovea detect: what it takes, what it writes, and what it says where it cannot. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#define DETECT "\"$F\" detect --model run/model.safetensors "

/* run/model.safetensors: a network that has hardly learned, so that any picture has boxes of low scores. */
static void need_run(void)
{
    cli_expect(0, "test -e complete || { "
                  "\"$F\" synth --out data --train 6 --val 2 --new 3 --size 96x64 --objects 1-3 && "
                  "\"$F\" train --images data/images --annotations data/train.json --backbone resnet18 --width 8 "
                  "--channels 8 --head-depth 1 --size 64 --lr 0.01 --seed 3 --no-tune --steps 3 --out run && "
                  "mkdir -p many/sub/deep && cp data/new/new_0001.jpg many && cp data/new/new_0002.jpg many/sub && "
                  "cp data/new/new_0003.jpg many/sub/deep/UPPER.JPG && echo text >many/notes.txt && touch complete; }");
}

START_TEST(detect__a_bad_picture_is_named_and_the_others_are_done)
{
    need_run();
    cli_expect(0, "mkdir -p mixed/two; cp data/new/*.jpg mixed; cp data/new/new_0001.jpg mixed/two; "
                  "head -c 300 data/new/new_0002.jpg >mixed/bad.jpeg");
    cli_expect(1, "\"$F\" detect --model run/model.safetensors --min-score 0.001 --json - --draw drawn "
                  "mixed mixed/two");
    cli_said("mixed/bad.jpeg");
    cJSON *list = cli_json("stdout");
    ck_assert_int_eq(cJSON_GetArraySize(list), 4);
    const cJSON *first = cJSON_GetArrayItem(list, 0), *box = cJSON_GetObjectItem(first, "boxes")->child;
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(first, "file")), "mixed/new_0001.jpg");
    ck_assert(cli_number(first, "width") >= 96 && cli_number(first, "height") >= 64);
    ck_assert_ptr_nonnull(box);
    ck_assert(cli_number(box, "score") > 0 && cli_number(box, "x1") >= cli_number(box, "x0"));
    ck_assert(cli_number(box, "category_id") >= 1 && cJSON_IsString(cJSON_GetObjectItem(box, "class")));
    cJSON_Delete(list);
    cli_expect(0, "test $(ls drawn | wc -l) = 4 && test -s drawn/two/new_0001.jpg && test $(ls drawn/two | wc -l) = 1");
}
END_TEST

START_TEST(detect__what_cannot_be_done_is_a_sentence)
{
    need_run();
    cli_expect(1, "mkdir -p empty; \"$F\" detect --model run/model.safetensors empty");
    cli_said("the folder holds no *.jpg");
    cli_expect(0, "mkdir -p own; cp data/new/new_0001.jpg own");
    cli_expect(1, "\"$F\" detect --model run/model.safetensors --draw own own/new_0001.jpg");
    cli_said("would overwrite");
    cli_expect(0, "cmp own/new_0001.jpg data/new/new_0001.jpg");
    cli_expect(1, "\"$F\" detect --model run/model.safetensors no_such.jpg");
    cli_said("no_such.jpg");
    cli_expect(1, "\"$F\" detect --model data/new/new_0001.jpg data/new/new_0001.jpg");
    cli_said("data/new/new_0001.jpg");
}
END_TEST

/* Which pictures words and options name, in the order of the list. */
static const struct {
    const char *words, *files;
} inputs[] = {
    {"many", "many/new_0001.jpg"},
    {"many/", "many/new_0001.jpg"},
    {"--recursive many", "many/new_0001.jpg many/sub/deep/UPPER.JPG many/sub/new_0002.jpg"},
    {"'many/*'", "many/new_0001.jpg many/sub/new_0002.jpg"},
    {"'many/*/*.jpg'", "many/sub/new_0002.jpg"},
    {"--recursive 'm[a]ny/s?b'", "many/sub/deep/UPPER.JPG many/sub/new_0002.jpg"},
    {"many/sub/new_0002.jpg many", "many/sub/new_0002.jpg many/new_0001.jpg"},
    {"--list list", "many/sub/new_0002.jpg many/new_0001.jpg"},
    {"--list - <list", "many/sub/new_0002.jpg many/new_0001.jpg"},
    {"many --list list --list list", "many/new_0001.jpg many/sub/new_0002.jpg many/new_0001.jpg many/sub/new_0002.jpg "
                                     "many/new_0001.jpg"},
    {"'a[1].jpg'", "a[1].jpg"},
};

START_TEST(detect__takes_files_folders_patterns_and_lists)
{
    char got[1024] = "";
    need_run();
    cli_expect(0, "printf 'many/sub/new_0002.jpg\\r\\n\\nmany/*.jpg' >list; cp data/new/new_0001.jpg 'a[1].jpg'");
    cli_expect(0, DETECT "--json - %s", inputs[_i].words);
    cJSON *list = cli_json("stdout");
    const cJSON *row;
    cJSON_ArrayForEach(row, list)
    {
        const size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s", used ? " " : "",
                 cJSON_GetStringValue(cJSON_GetObjectItem(row, "file")));
    }
    cJSON_Delete(list);
    ck_assert_str_eq(got, inputs[_i].files);
}
END_TEST

START_TEST(detect__a_word_that_names_nothing_costs_the_others_nothing)
{
    need_run();
    cli_expect(1, DETECT "--json - 'nothing*.jpg' many --list missing");
    cli_said("nothing*.jpg: matches no *.jpg");
    cli_said("missing: cannot be read");
    cJSON *list = cli_json("stdout");
    ck_assert_int_eq(cJSON_GetArraySize(list), 1);
    cJSON_Delete(list);
    cli_expect(1, "mkdir -p only/sub; cp many/*.jpg only/sub; " DETECT "only");
    cli_said("--recursive looks into the folders in it");
}
END_TEST

/* The three kinds of JSON tell the same boxes. */
START_TEST(detect__json_kinds_agree)
{
    need_run();
    cli_expect(0, DETECT "--min-score 0 --recursive many --json a.json --jsonl a.jsonl --coco a.coco && "
                         "test $(wc -l <a.jsonl) = 3 && { printf '['; paste -s -d , a.jsonl; printf ']'; } >b.json");
    cJSON *json = cli_json("a.json"), *lines = cli_json("b.json"), *coco = cli_json("a.coco");
    ck_assert(cJSON_Compare(json, lines, true));
    const cJSON *picture, *box, *row = coco->child;
    int id = 0;
    cJSON_ArrayForEach(picture, json)
    {
        id++;
        cJSON_ArrayForEach(box, cJSON_GetObjectItem(picture, "boxes"))
        {
            ck_assert_ptr_nonnull(row);
            ck_assert_int_eq((int)cli_number(row, "image_id"), id);
            ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(row, "file_name")),
                             cJSON_GetStringValue(cJSON_GetObjectItem(picture, "file")));
            const double width = cJSON_GetNumberValue(cJSON_GetArrayItem(cJSON_GetObjectItem(row, "bbox"), 2));
            ck_assert_double_eq_tol(width, cli_number(box, "x1") - cli_number(box, "x0"), 1e-4);
            ck_assert_double_eq_tol(cli_number(row, "score"), cli_number(box, "score"), 1e-6);
            row = row->next;
        }
    }
    ck_assert(id == 3 && row == NULL);
    cJSON_Delete(json);
    cJSON_Delete(lines);
    cJSON_Delete(coco);
}
END_TEST

START_TEST(detect__coco_results_are_what_evaluate_finds)
{
    need_run();
    cli_expect(0, DETECT "--min-score 0.05 --coco found.json --annotations data/val.json data/images/val_*.jpg && "
                         "\"$F\" evaluate --detections found.json --annotations data/val.json --json a.json && "
                         "\"$F\" evaluate --model run/model.safetensors --images data/images "
                         "--annotations data/val.json --json b.json && cmp a.json b.json");
    cli_expect(0, DETECT "--coco found.json --annotations data/val.json data/images");
    cli_said("names 2 of 8 pictures");
    cli_expect(1, DETECT "--coco none.json --annotations data/val.json many");
    cli_said("names none of the pictures");
    cli_expect(0, "test ! -e none.json");
}
END_TEST

START_TEST(detect__lines_arrive_while_it_works)
{
    need_run();
    cli_expect(0, "yes many/new_0001.jpg | head -n 3000 | " DETECT "--list - --jsonl - 2>told | head -n 2 >two; "
                  "test $(wc -l <two) = 2");
    cli_expect(0, "grep -q 'standard output: cannot be written' told");
    cli_expect(1, DETECT "--jsonl - many >/dev/full");
    cli_said("cannot be written");
}
END_TEST

/* Who sends names may wait for what is said of each before the next. */
START_TEST(detect__a_list_is_read_as_it_comes)
{
    need_run();
    cli_expect(0, "rm -f seen; { printf 'many/new_0001.jpg\\nmany/sub'; n=0; "
                  "until test -s seen || test $n = 300; do sleep 0.1; n=$((n + 1)); done; "
                  "test $n = 300 || printf '/new_0002.jpg\\n\\nmissing.jpg'; } | "
                  DETECT "--list - %s >seen 2>told || true; grep -q 'missing.jpg' told && grep -c new_0002.jpg seen",
               _i ? "--jsonl -" : "--min-score 1");
    cli_expect(0, "{ echo many; sleep 1; echo many/sub; } | " DETECT "--list - --json - many/sub/new_0002.jpg");
    cJSON *list = cli_json("stdout");
    ck_assert_int_eq(cJSON_GetArraySize(list), 3);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(list->child, "file")), "many/sub/new_0002.jpg");
    cJSON_Delete(list);
    cli_expect(0, DETECT "--list - --json - </dev/null");
    ck_assert_str_eq(cli_stdout(), "[\n]\n");
}
END_TEST

START_TEST(detect__a_drawing_that_fails_is_told)
{
    need_run();
    cli_expect(1, "rm -rf full && mkdir -p full/new_0001.jpg && " DETECT "--draw full --recursive many");
    cli_said("full/new_0001.jpg");
    cli_expect(0, "test -s full/sub/new_0002.jpg && test -s full/sub/deep/UPPER.jpg");
}
END_TEST

START_TEST(detect__drawings_keep_their_paths)
{
    need_run();
    cli_expect(0, DETECT "--draw kept --recursive many >/dev/null && "
                         "cd kept && find . -type f | sort | tr '\\n' ' '");
    ck_assert_str_eq(cli_stdout(), "./new_0001.jpg ./sub/deep/UPPER.jpg ./sub/new_0002.jpg ");
    cli_expect(0, "cd many/sub && \"$F\" detect --model ../../run/model.safetensors --draw ../../up "
                  "../new_0001.jpg new_0002.jpg ../../data/new/new_0001.jpg >/dev/null && cd ../../up && "
                  "find . -type f | sort | tr '\\n' ' '");
    ck_assert_str_eq(cli_stdout(), "./data/new/new_0001.jpg ./many/new_0001.jpg ./many/sub/new_0002.jpg ");
    cli_expect(0, DETECT "--draw twice many/new_0001.jpg ./many/new_0001.jpg >/dev/null && ls twice | tr '\\n' ' '");
    ck_assert_str_eq(cli_stdout(), "new_0001.jpg new_0001_2.jpg ");
    cli_expect(1, DETECT "--draw many/sub --recursive many");
    cli_said("would overwrite pictures");
}
END_TEST

START_TEST(detect__sheets_hold_49_pictures_each)
{
    fovea_image sheet;
    need_run();
    cli_expect(0, DETECT "--sheet one.jpg --recursive many && test ! -e one_2.jpg");
    cli_said("the contact sheet is one.jpg");
    support_ok(fovea_image_read(&sheet, support_scratch_file("one.jpg")));
    ck_assert(sheet.width > 480 && sheet.height > 360);
    fovea_image_clear(&sheet);
    cli_expect(1, DETECT "--sheet many/new_0001.jpg --recursive many");
    cli_said("--sheet would write over many/new_0001.jpg, a picture to be read");
    cli_expect(1, "mkdir apart && cp many/new_0001.jpg apart/trip_2.jpg && yes many/new_0001.jpg | head -n 49 | " DETECT
                  "--list - apart/trip_2.jpg --sheet apart/../apart/trip.jpg; e=$?; test ! -e apart/trip.jpg && "
                  "cmp many/new_0001.jpg apart/trip_2.jpg && exit $e");
    cli_said("--sheet would write over apart/trip_2.jpg");
    cli_expect(0, "yes many/new_0001.jpg | head -n 50 | " DETECT "--list - --sheet pages.jpg && "
                  "test -s pages.jpg && test -s pages_2.jpg && test ! -e pages_3.jpg");
}
END_TEST

START_TEST(export__writes_a_file_or_says_why_not)
{
    need_run();
    cli_expect(0, "\"$F\" export --model run/model.safetensors --out a.onnx && "
                  "\"$F\" export --model run/model.safetensors --out raw.onnx --raw && grep -q NonMaxSuppression a.onnx && "
                  "! grep -q NonMaxSuppression raw.onnx && ls *.onnx*");
    ck_assert_str_eq(cli_stdout(), "a.onnx\nraw.onnx\n");
    cli_said("model written to a.onnx: 0.");
    cli_said(" MiB, 4 classes\n");
    cli_expect(1, "\"$F\" export --model none.safetensors --out b.onnx");
    cli_said("none.safetensors");
    cli_expect(1, "\"$F\" export --model run/model.safetensors --out none/b.onnx");
    cli_said("none/b.onnx");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {detect__a_bad_picture_is_named_and_the_others_are_done, .needs_device = true},
        {detect__what_cannot_be_done_is_a_sentence, .needs_device = true},
        {detect__takes_files_folders_patterns_and_lists, .rows = COUNT(inputs), .needs_device = true},
        {detect__a_word_that_names_nothing_costs_the_others_nothing, .needs_device = true},
        {detect__json_kinds_agree, .needs_device = true},
        {detect__coco_results_are_what_evaluate_finds, .needs_device = true},
        {detect__lines_arrive_while_it_works, .needs_device = true},
        {detect__a_list_is_read_as_it_comes, .rows = 2, .needs_device = true},
        {detect__a_drawing_that_fails_is_told, .needs_device = true},
        {detect__drawings_keep_their_paths, .needs_device = true},
        {detect__sheets_hold_49_pictures_each, .needs_device = true},
        {export__writes_a_file_or_says_why_not, .needs_device = true},
    };
    return support_run("command_detect", cases, COUNT(cases));
}
