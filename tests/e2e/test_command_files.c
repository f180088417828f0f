/* The command on files alone, without a device: a data set drawn, looked at and mended, detections evaluated. */
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

START_TEST(synth__the_same_seed_draws_the_same_bytes)
{
    const char *plan = "--train 3 --val 2 --new 1 --size 96x64 --classes 6 --objects 2-5";
    cli_expect(0, "\"$F\" synth --out a %s --seed 5 && \"$F\" synth --out b %s --seed 5", plan, plan);
    cli_expect(0, "diff -r a b && test $(ls a/images | wc -l) = 5 && test $(ls a/new | wc -l) = 1");
    cli_expect(0, "\"$F\" synth --out c %s --seed 6", plan);
    cli_expect(1, "cmp a/images/train_0001.jpg c/images/train_0001.jpg");
    cli_expect(1, "\"$F\" synth --out a %s", plan);
    cli_said("is not an empty folder");
    cli_expect(0, "diff -r a b");
}
END_TEST

/* Every box lies in its picture and is of a size that the circle around a shape allows: 2 x .08 to 2 x .2 of the
 * shorter side, of which a turned square or cross covers at least .7. */
START_TEST(synth__boxes_are_tight_and_inside)
{
    cli_expect(0, "\"$F\" synth --out boxes --train 20 --val 1 --new 0 --size 120x90 --classes 6");
    cJSON *whole = cli_json("boxes/train.json");
    const cJSON *row, *boxes = cJSON_GetObjectItem(whole, "annotations");
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(whole, "images")), 20);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(whole, "categories")), 6);
    ck_assert_int_ge(cJSON_GetArraySize(boxes), 20);
    cJSON_ArrayForEach(row, boxes)
    {
        double v[4];
        for (int i = 0; i < 4; i++)
            v[i] = cJSON_GetNumberValue(cJSON_GetArrayItem(cJSON_GetObjectItem(row, "bbox"), i));
        ck_assert(v[0] >= 0 && v[1] >= 0 && v[0] + v[2] <= 120 && v[1] + v[3] <= 90);
        ck_assert_msg(v[2] >= 7 && v[3] >= 7 && v[2] <= 38 && v[3] <= 38, "a box of %g x %g", v[2], v[3]);
    }
    cJSON_Delete(whole);
}
END_TEST

START_TEST(evaluate__takes_voc_and_says_what_it_looked_for)
{
    cli_expect(0, "mkdir -p voc && echo '<annotation><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
                  "<xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>' >voc/a.xml && echo '[{\"image_id\": 1, "
                  "\"category_id\": 1, \"bbox\": [0, 0, 9, 9], \"score\": 0.5}]' >found.json");
    cli_expect(0, "\"$F\" evaluate --annotations voc --detections found.json --json -");
    cJSON *numbers = cli_json("stdout");
    ck_assert(cli_number(numbers, "AP") > 1 - 1e-12);
    cJSON_Delete(numbers);
    cli_expect(1, "\"$F\" evaluate --annotations voc --format coco --detections found.json");
    cli_expect(1, "mkdir -p nothing && \"$F\" evaluate --annotations nothing --detections found.json");
    cli_said("annotations of no known format: looked for COCO's JSON");
    cli_expect(2, "\"$F\" evaluate --annotations voc --format csv --detections found.json");
    cli_said("one of coco, voc, yolo, any, not 'csv'");
}
END_TEST

/* --hard is the options that its help names; those given besides win. */
START_TEST(synth__hard_is_short_for_options)
{
    const char *plan = "--train 2 --val 0 --new 0";
    cli_expect(0, "\"$F\" synth --out h1 %s --hard && \"$F\" synth --out h2 %s --size 256x256 --objects 1-4 "
                  "--radius 0.04,0.08 --decoys 24 && diff -r h1 h2", plan, plan);
    cli_expect(0, "\"$F\" synth --out h3 %s --hard --decoys 0 && cmp h1/train.json h3/train.json; test $? = 1", plan);
    cJSON *whole = cli_json("h1/train.json");
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(whole, "annotations"))
    {
        const cJSON *box = cJSON_GetObjectItem(row, "bbox");
        for (int i = 2; i < 4; i++) {
            const double side = cJSON_GetNumberValue(cJSON_GetArrayItem(box, i));
            ck_assert_msg(side >= 10 && side <= 43, "a side of %g", side); /* .7 of 20.5 to 41 pixels and an edge */
        }
    }
    cJSON_Delete(whole);
}
END_TEST

START_TEST(evaluate__detections_give_the_published_numbers)
{
    static const char *const names[12] = {"AP",  "AP50", "AP75",  "APs", "APm", "APl",
                                          "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};
    static const double published[12] = {0.504580699, 0.696972725, 0.572981667, 0.585625721, 0.519399695, 0.501397899,
                                         0.386812780, 0.593679576, 0.595352983, 0.639810963, 0.566420598, 0.564290598};
    const char *truth = support_data("data/coco_eval/instances_val2014_100.json");
    const char *found = support_data("data/coco_eval/instances_val2014_fakebbox100_results.json");
    if (!truth || !found)
        support_skip("data/coco_eval is not there");
    cli_expect(0, "OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate --annotations '%s' --detections '%s' --json -", truth,
               found);
    cJSON *numbers = cli_json("stdout");
    for (int i = 0; i < 12; i++) { /* nine digits are published */
        const double got = cli_number(numbers, names[i]);
        ck_assert_msg(fabs(got - published[i]) <= 1e-9, "%s is %.12f, published is %.9f", names[i], got, published[i]);
    }
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(numbers, "classes")), 80);
    cJSON_Delete(numbers);
    cli_expect(0, "\"$F\" evaluate --annotations '%s' --detections '%s'", truth, found);
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "AP50   0.697"));
}
END_TEST

/* A right box, one on nothing, and two objects that were missed, the smaller one first in the file. */
START_TEST(evaluate__mistakes_are_listed_with_their_annotations)
{
    static const struct {
        const char *mistake;
        double score, annotation;
    } want[] = {{"nothing annotated", 0.8, -1}, {"missed", -1, 13}, {"missed", -1, 12}};
    cli_expect(0, "echo '{\"images\": [{\"id\": 7, \"file_name\": \"a b.jpg\"}], \"categories\": [{\"id\": 2, \"name\": "
                  "\"cat\"}], \"annotations\": [{\"id\": 11, \"image_id\": 7, \"category_id\": 2, \"bbox\": [0, 0, 9, 9]}, "
                  "{\"id\": 12, \"image_id\": 7, \"category_id\": 2, \"bbox\": [20, 0, 5, 5]}, {\"id\": 13, \"image_id\": "
                  "7, \"category_id\": 2, \"bbox\": [40, 0, 9, 9]}]}' >three.json && echo '[{\"image_id\": 7, "
                  "\"category_id\": 2, \"bbox\": [90, 0, 9, 9], \"score\": 0.8}, {\"image_id\": 7, \"category_id\": 2, "
                  "\"bbox\": [0, 0, 9, 9], \"score\": 0.7}]' >two.json");
    cli_expect(0, "\"$F\" evaluate --annotations three.json --detections two.json --mistakes -");
    cJSON *list = cli_json("stdout");
    ck_assert_int_eq(cJSON_GetArraySize(list), 3);
    for (int i = 0; i < 3; i++) {
        const cJSON *row = cJSON_GetArrayItem(list, i), *score = cJSON_GetObjectItem(row, "score");
        const cJSON *annotation = cJSON_GetObjectItem(row, "annotation_id");
        ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(row, "mistake")), want[i].mistake);
        ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(row, "file_name")), "a b.jpg");
        ck_assert(fabs((score ? cJSON_GetNumberValue(score) : -1) - want[i].score) < 1e-12);
        ck_assert(fabs((annotation ? cJSON_GetNumberValue(annotation) : -1) - want[i].annotation) < 1e-12);
        ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(row, score ? "class" : "true_class")), "cat");
    }
    cJSON_Delete(list);
    cli_expect(2, "\"$F\" evaluate --annotations three.json --detections two.json --mistakes - --json -");
    cli_said("cannot go to stdout together");
}
END_TEST

START_TEST(evaluate__a_broken_file_is_named)
{
    cli_expect(0, "printf '[{\"image_id\": 1' >cut.json");
    cli_expect(1, "\"$F\" evaluate --annotations cut.json --detections cut.json");
    cli_said("cut.json");
    cli_expect(1, "\"$F\" evaluate --annotations missing.json --detections cut.json");
    cli_said("missing.json");
}
END_TEST

START_TEST(inspect__finds_mends_and_says_so)
{
    cli_expect(0, "OCL_ICD_VENDORS=/nonexistent; export OCL_ICD_VENDORS; \"$F\" synth --out seen --train 4 --val 2 --new 0 "
                  "--size 64x64 && \"$F\" inspect --images seen/images --annotations seen/train.json --against "
                  "seen/val.json");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "4 pictures, "));
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "no faults"));
    cli_expect(0, "sed 's/\"bbox\":\\[/\"bbox\":[-9/' seen/train.json >seen/bad.json && cp seen/bad.json seen/kept.json && "
                  "printf x >seen/images/train_0002.jpg");
    cli_expect(1, "\"$F\" inspect --images seen/images --annotations seen/bad.json --fix seen/good.json --json found.json");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "broken pictures: 1\n"));
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "the mended copy is seen/good.json"));
    cli_expect(0, "cmp seen/bad.json seen/kept.json && \"$F\" inspect --images seen/images --annotations seen/good.json "
                  "--json -");
    cJSON *found = cli_json("found.json"), *clean = cli_json("stdout");
    ck_assert_int_gt(cJSON_GetArraySize(cJSON_GetObjectItem(found, "faults")), 1);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(clean, "faults")), 0);
    ck_assert(cli_number(clean, "pictures") == 3);
    cJSON_Delete(clean);
    cJSON_Delete(found);
    cli_expect(1, "\"$F\" inspect --images seen/images --annotations seen/bad.json --fix seen/bad.json");
    cli_said("seen/bad.json: is there already");
    cli_expect(1, "\"$F\" inspect --images seen/images --annotations seen/missing.json");
    cli_said("seen/missing.json");
}
END_TEST

/* What lies where an output is to go, however the call came to name it. */
START_TEST(output__replaces_no_picture_and_no_model)
{
    cli_expect(0, "\"$F\" synth --out here --train 1 --val 0 --new 0 --size 32x32 && mkdir run && "
                  "printf '\\010\\000\\000\\000\\000\\000\\000\\000{}      ' >run/model.safetensors && "
                  "printf '\\211PNG\\r\\n\\032\\n' >a.png && cp run/model.safetensors kept && cksum here/images/* >before");
    cli_expect(2, "\"$F\" export --model run --out run/model.safetensors");
    cli_said("--out would write over 'run/model.safetensors', a model");
    cli_expect(2, "\"$F\" detect --model run --sheet run/model.safetensors here/images");
    cli_said("--sheet would write over 'run/model.safetensors', a model");
    cli_expect(2, "\"$F\" detect --model run --json here/images/train_0001.jpg here/images");
    cli_said("--json would write over 'here/images/train_0001.jpg', a picture");
    cli_expect(2, "\"$F\" inspect --images . --annotations here/train.json --html a.png");
    cli_said("--html would write over 'a.png', a picture");
    cli_expect(2, "\"$F\" devices --json a.png");
    cli_said("--json would write over 'a.png', a picture");
    cli_expect(2, "\"$F\" bench --json run/model.safetensors");
    cli_said("--json would write over 'run/model.safetensors', a model");
    cli_expect(0, "cmp run/model.safetensors kept && cksum here/images/* | cmp - before");
    /* What was written before, and anything short, is written anew. */
    for (int i = 0; i < 2; i++)
        cli_expect(0, "\"$F\" inspect --images here/images --annotations here/train.json --json found.json --html /dev/null");
    cli_expect(0, "printf x >found.json && \"$F\" inspect --images here/images --annotations here/train.json "
                  "--json found.json && : >found.json && \"$F\" inspect --images here/images --annotations "
                  "here/train.json --json found.json && grep -q pictures found.json");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = synth__the_same_seed_draws_the_same_bytes},
        {.test = synth__boxes_are_tight_and_inside},
        {.test = synth__hard_is_short_for_options},
        {.test = evaluate__takes_voc_and_says_what_it_looked_for},
        {.test = evaluate__detections_give_the_published_numbers},
        {.test = evaluate__mistakes_are_listed_with_their_annotations},
        {.test = evaluate__a_broken_file_is_named},
        {.test = inspect__finds_mends_and_says_so},
        {.test = output__replaces_no_picture_and_no_model},
    };
    return support_run("command_files", cases, COUNT(cases));
}
