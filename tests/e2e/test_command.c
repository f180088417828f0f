/* What the command says of itself, and what it refuses. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const char *const commands[] = {"devices", "train", "evaluate", "detect", "bench", "tune", "synth", "inspect",
                                       "convert", "export"};

START_TEST(help__every_command_has_usage_and_examples)
{
    char usage[64];
    cli_expect(0, "\"$F\" %s --help", commands[_i]);
    snprintf(usage, sizeof usage, "usage: fovea %s ", commands[_i]);
    const char *text = cli_stdout();
    ck_assert_ptr_nonnull(strstr(text, usage));
    ck_assert_ptr_nonnull(strstr(text, "\nExamples:\n"));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        ck_assert_msg(strcspn(line, "\n") <= 80, "a line of %zu letters: %.90s", strcspn(line, "\n"), line);
    ck_assert_str_eq(cli_stderr(), "");
    cli_expect(0, "\"$F\" %s --help >long && \"$F\" %s -h | cmp - long && \"$F\" help %s | cmp - long",
               commands[_i], commands[_i], commands[_i]);
}
END_TEST

START_TEST(help__the_command_itself)
{
    cli_expect(0, "\"$F\" --help");
    for (size_t i = 0; i < COUNT(commands); i++)
        ck_assert_ptr_nonnull(strstr(cli_stdout(), commands[i]));
    cli_expect(0, "\"$F\" --version");
    ck_assert_int_eq(strncmp(cli_stdout(), "fovea ", 6), 0);
    ck_assert_ptr_nonnull(strstr(cli_stdout(), fovea_version()));
    cli_expect(0, "\"$F\" --help >long && \"$F\" -h | cmp - long && \"$F\" help | cmp - long");
    cli_expect(0, "\"$F\" --version >long && \"$F\" -v | cmp - long");
    cli_expect(2, "\"$F\" help trian");
    cli_said("did you mean 'train'?");
}
END_TEST

/* Each page has every option, and nothing in it that man warns of. */
START_TEST(help__pages_of_the_manual)
{
    cli_expect(0, "\"$F\" %s --help=man >page && \"$F\" %s --help >text", commands[_i], commands[_i]);
    cli_expect(0, "head -n 3 page | grep -q 'fovea-%s' && sed 's/\\\\-/-/g' page >plain && "
                  "for o in $(sed -n 's/^  --\\([a-z0-9-]*\\).*/\\1/p' text); do "
                  "grep -qF \"\\\\fB--$o\\\\fR\" plain || { echo $o >&2; exit 1; }; done",
               commands[_i]);
    if (cli("command -v groff") == 0) {
        cli_expect(0, "groff -man -ww -z -Tutf8 page");
        ck_assert_str_eq(cli_stderr(), "");
        cli_expect(0, "\"$F\" --help=man | groff -man -ww -z -Tutf8");
        ck_assert_str_eq(cli_stderr(), "");
    }
}
END_TEST

/* What bash offers for a line whose last word is being typed. */
static const struct {
    const char *words, *offered;
} completions[] = {
    {"fovea de", "devices detect "},
    {"fovea train --los", "--loss "},
    {"fovea train --loss \"\"", "focal ce ohem "},
    {"fovea train --loss = o", "ohem "},
    {"fovea detect --json r", "results.json "},
    {"fovea detect --draw f", "folder "},
    {"fovea detect --size \"\"", ""},
};

START_TEST(help__completion_in_bash)
{
    if (cli("command -v bash") != 0)
        support_skip("bash is not here");
    cli_expect(0, "mkdir -p bash/folder && cd bash && touch results.json file.jpg && \"$F\" --help=bash >fovea.bash && "
                  "bash -c 'compopt() { :; }; . ./fovea.bash; COMP_WORDS=(%s); "
                  "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _fovea; printf \"%%s \" \"${COMPREPLY[@]}\"' | sed 's/^ $//'",
               completions[_i].words);
    ck_assert_str_eq(cli_stdout(), completions[_i].offered);
    ck_assert_str_eq(cli_stderr(), "");
}
END_TEST

typedef struct misuse {
    const char *arguments, *said;
} misuse;

static const misuse misuses[] = {
    {"", "usage: fovea COMMAND"},
    {"trian", "did you mean 'train'?"},
    {"zzzzzzzz", "unknown command 'zzzzzzzz'"},
    {"train --imges x", "did you mean --images?"},
    {"train --qqqqqqqqqqq", "unknown option '--qqqqqqqqqqq'"},
    {"train --ohem 3", "write it out"},
    {"train -x", "unknown option '-x'"},
    {"train --images", "--images needs a value"},
    {"train --help=html", "--help takes man, bash or nothing, not 'html'"},
    {"train --resume=yes", "--resume takes no value"},
    {"train --batch 0", "--batch takes a whole number, 1 to 4096, not '0'"},
    {"train --batch 2.5", "not '2.5'"},
    {"train --batch=", "not ''"},
    {"train --lr nan", "--lr takes a number"},
    {"train --lr 1e999", "--lr takes a number"},
    {"train --seed -1", "--seed takes a whole number"},
    {"train --seed 18446744073709551616", "--seed takes a whole number"},
    {"train --steps-at 0.9,0.7", "two rising numbers"},
    {"train --size 512,480", "a whole number or up to 16 rising ones as in 480,512, each 1 to 65500, not '512,480'"},
    {"train --size 480,", "--size takes a whole number or"},
    {"train --size 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "up to 16 rising ones"},
    {"train --images a --annotations b --out c --size 4,9 --max-size 8", "--max-size 8 is below --size 9"},
    {"train --hue 0.6", "--hue takes a number, 0 to 0.5, not '0.6'"},
    {"train --norm zz", "one of frozen, batch, not 'zz'"},
    {"train word", "'word' is not an option; options begin with two dashes"},
    {"inspect /", "'/' is not an option: did you mean --images /?"},
    {"devices /", "'/' is not an option; options"},
    {"train", "--images is missing"},
    {"train --images a --annotations b", "--out is missing"},
    {"train --images a --annotations b --show-batches c --resume", "--out is missing"},
    {"train --images a --annotations b --out c --steps 3 --epochs 2", "exclude each other"},
    {"train --images a --annotations b --out c --width 12", "a multiple of 8"},
    {"train --images a --annotations b --out c --val-images d", "--val-annotations"},
    {"convert", "--annotations is missing"},
    {"convert --annotations a", "--to is missing"},
    {"convert --annotations a --to voc", "--out is missing"},
    {"convert --annotations a --to voc --out -", "not stdout"},
    {"convert --annotations a --to yolo --out b", "--images is missing"},
    {"convert --annotations a --to voc --out b --pictures copy", "--images is missing"},
    {"convert --annotations a --images b --to coco --out c --pictures link", "they stay where they are"},
    {"convert --annotations a --to kitti --out b", "one of coco, voc, yolo, not 'kitti'"},
    {"tune --seconds 0", "--seconds takes a number"},
    {"tune --pictures 5", "--pictures takes"},
    {"tune --size 100 --max-size 50", "--max-size 50 is below --size 100"},
    {"export --out a.onnx", "--model is missing"},
    {"export --model a", "--out is missing"},
    {"export --model a --out b --size 100 --max-size 50", "--max-size 50 is below --size 100"},
    {"synth", "--out is missing"},
    {"synth --size 4x5", "width and height"},
    {"synth --objects 9-4", "two whole numbers"},
    {"synth --radius 0.3,0.2", "--radius takes"},
    {"evaluate --annotations a --detections c --anchor-scores d", "takes the place"},
    {"evaluate", "--annotations is missing"},
    {"evaluate --annotations a", "--model (or --detections) is missing"},
    {"evaluate --annotations a --model b", "--images is missing"},
    {"evaluate --annotations a --model b --detections c", "takes the place"},
    {"evaluate --annotations a --detections c --norm-eps 0", "takes the place"},
    {"inspect --images a", "--annotations is missing"},
    {"inspect --annotations a", "--images is missing"},
    {"inspect --images a --annotations b --against-images c", "needs --against"},
    {"inspect --images a --annotations b --fix -", "--fix takes a file"},
    {"detect photo.jpg", "--model is missing"},
    {"detect --model m", "no picture"},
    {"train --box-loss iou", "--box-loss takes one of smooth_l1, giou, not 'iou'"},
    {"detect --model m --json - --coco - p.jpg", "cannot both"},
    {"detect --model m --annotations a p.jpg", "--coco is missing"},
    {"detect --model m --size 100 --max-size 50 p.jpg", "--max-size 50 is below --size 100"},
    {"evaluate --annotations a --model b --images c --size 9 --max-size 8", "--max-size 8 is below --size 9"},
    {"train --images a --annotations b --out c --size 9 --max-size 8", "--max-size 8 is below --size 9"},
    {"bench --work both", "one of detect, step, not 'both'"},
    {"bench --json - --html -", "cannot both"},
    {"bench --device ''", "up to 16 times, not ''"},
    {"detect --model m --min-score 2 p.jpg", "--min-score takes a number, 0 to 1, not '2'"},
    /* what would have no effect */
    {"train --optimizer adamw --momentum 0.9", "--momentum is of --optimizer sgd; with adamw give --betas"},
    {"train --betas 0.9,0.99", "--betas is of --optimizer adamw; with sgd give --momentum"},
    {"train --eps 1e-8 --optimizer sgd", "--eps is of --optimizer adamw"},
    {"train --schedule cosine --steps-at never", "--steps-at is of --schedule steps"},
    {"train --loss ohem --alpha 0.5", "--alpha is of --loss focal and ce"},
    {"train --loss ohem --gamma 2", "--gamma is of --loss focal"},
    {"train --loss ce --gamma 2", "--gamma is of --loss focal"},
    {"train --ohem-batch 64", "--ohem-batch is of --loss ohem"},
    {"train --loss ce --ohem-nms 0.5", "--ohem-nms is of --loss ohem"},
    {"train --ohem-ratio", "--ohem-ratio is of --loss ohem"},
    {"train --eval-every 2", "--eval-every needs --val-annotations"},
    {"evaluate --annotations a --detections b --device 0", "--device has no effect beside --detections"},
    {"evaluate --annotations a --detections b --size 9", "--size has no effect beside --detections"},
    {"evaluate --annotations a --detections b --max-size 9", "--max-size has no effect beside --detections"},
    {"evaluate --annotations a --detections b --detections-out c", "--detections-out has no effect beside"},
    {"export --raw --size 9", "--size has no effect with --raw"},
    {"export --raw --max-size 9", "--max-size has no effect with --raw"},
    {"export --raw --min-score 0.1", "--min-score has no effect with --raw"},
    {"export --max-overlap 0.1 --raw", "--max-overlap has no effect with --raw"},
    {"export --max-detections 1 --raw", "--max-detections has no effect with --raw"},
    {"bench --work detect --batch 4", "--batch is of training, --work step"},
    {"bench --work detect --norm frozen", "--norm is of training, --work step"},
    {"tune --show --model a", "--model has no effect with --show"},
    {"tune --show --backbone resnet18", "--backbone has no effect with --show"},
    {"tune --show --classes 2", "--classes has no effect with --show"},
    {"tune --show --size 9", "--size has no effect with --show"},
    {"tune --show --max-size 9", "--max-size has no effect with --show"},
    {"tune --show --pictures 9x9", "--pictures has no effect with --show"},
    {"tune --show --batch 0", "--batch has no effect with --show"},
    {"tune --show --seconds 1", "--seconds has no effect with --show"},
    {"tune --show --again", "--again has no effect with --show"},
    {"tune --model a --backbone resnet18", "--backbone is of a new detector"},
    {"tune --model a --classes 3", "--classes is of a new detector"},
    {"convert --annotations a --to coco --out b.json --split train", "--split names a part of a folder"},
    /* what would be lost */
    {"inspect --images a --annotations b --json b", "--json would write over 'b', which is also given to --annotations"},
    {"inspect --images a --annotations /etc/passwd --html /etc/../etc/passwd", "which is also given to --annotations"},
    {"inspect --images a --annotations b --json c --html c", "--json would write over 'c', which is also given to --html"},
    {"export --model a --out a", "--out would write over 'a', which is also given to --model"},
    {"evaluate --annotations a --detections b --curves b", "which is also given to --detections"},
    {"evaluate --annotations a --detections b --mistakes a", "which is also given to --annotations"},
    {"evaluate --annotations a --model b --images c --detections-out b", "which is also given to --model"},
    {"evaluate --annotations a --model b --images c --anchor-scores a", "which is also given to --annotations"},
    {"train --images a --annotations b --out c --json b", "which is also given to --annotations"},
    {"train --images a --annotations b --show-batches b", "which is also given to --annotations"},
    {"detect --model m --jsonl p.jpg p.jpg", "--jsonl would write over 'p.jpg', which is to be read"},
    {"detect --model m --list a --list b --sheet b", "which is also given to --list"},
    {"detect --model m --json a --coco a p.jpg", "which is also given to --coco"},
    {"tune --model m --json m", "which is also given to --model"},
    {"bench --json a --html ./a", "--json would write over 'a', which is also given to --html"},
    {"inspect --images a --annotations '/etc/passwd#val' --json /etc/passwd", "which is also given to --annotations"},
};

START_TEST(misuse__exits_2_with_a_sentence)
{
    cli_expect(2, "\"$F\" %s", misuses[_i].arguments);
    cli_said(misuses[_i].said);
    ck_assert_str_eq(cli_stdout(), "");
}
END_TEST

static const struct {
    const char *file, *said;
} bad_configs[] = {
    {"{", "bad.json: is not JSON"},
    {"[1]", "bad.json: has no object \"options\""},
    {"{\"options\": {\"bacth\": 2}}", "bad.json: unknown option \"bacth\": did you mean \"batch\"?"},
    {"{\"options\": {\"batch\": \"2\"}}", "bad.json: \"batch\" takes a whole number, 1 to 4096, not \"2\""},
    {"{\"options\": {\"batch\": 2.5}}", "not 2.5"},
    {"{\"options\": {\"batch\": [2, 3]}}", "not [2,3]"},
    {"{\"options\": {\"images\": 7}}", "bad.json: \"images\" takes a text that is not empty, not 7"},
    {"{\"options\": {\"no-tune\": 1}}", "bad.json: \"no-tune\" takes true or false, not 1"},
    {"{\"options\": {\"steps-at\": [0.7]}}", "two rising numbers"},
    {"{\"options\": {\"steps-at\": [0.9, 0.7]}}", "not [0.9,0.7]"},
    {"{\"options\": {\"size\": [480, 480]}}", "\"size\" takes a whole number or up to 16 rising ones"},
    {"{\"options\": {\"loss\": \"fokal\"}}", "one of focal, ce, ohem, not \"fokal\""},
    {"{\"options\": {\"seed\": -1}}", "\"seed\" takes a whole number"},
    {"{\"options\": {\"resume\": true}}", "\"resume\" stands on the command line alone"},
    {"{\"options\": {\"batch\": null, \"seed\": \"18446744073709551615\", \"steps-at\": \"never\"}}",
     "--images is missing"},
};

START_TEST(train__says_what_is_wrong_with_a_config)
{
    cli_expect(2, "cat >bad.json <<'END'\n%s\nEND\n\"$F\" train --config bad.json", bad_configs[_i].file);
    cli_said(bad_configs[_i].said);
    cli_expect(2, "\"$F\" train --config no_such.json");
    cli_said("no_such.json: cannot be read: No such file");
}
END_TEST

START_TEST(output__a_full_or_closed_stdout_is_a_failure)
{
    cli_expect(1, "\"$F\" --help >/dev/full");
    cli_said("standard output: cannot be written");
    cli_expect(1, "{ sleep 0.2; \"$F\" --help; echo $? >code; } | true; until [ -s code ]; do sleep 0.05; done; "
                  "exit $(cat code)");
    cli_said("standard output: cannot be written");
}
END_TEST

START_TEST(no_device__is_a_sentence)
{
    cli_expect(1, "OCL_ICD_VENDORS=/nonexistent \"$F\" devices");
    cli_said("there is no OpenCL device");
    cli_expect(0, "printf x >photo.jpg");
    cli_expect(1, "OCL_ICD_VENDORS=/nonexistent \"$F\" detect --model m photo.jpg");
    cli_said("there is no OpenCL device");
    /* A training that could not begin leaves its folder free for the next. */
    cli_expect(0, "\"$F\" synth --out few --train 1 --val 0 --new 0 --size 32x32");
    for (int i = 0; i < 2; i++) {
        cli_expect(1, "OCL_ICD_VENDORS=/nonexistent \"$F\" train --images few/images --annotations few/train.json "
                      "--out begun");
        cli_said("there is no OpenCL device");
    }
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = help__every_command_has_usage_and_examples, .rows = COUNT(commands)},
        {.test = help__the_command_itself},
        {help__pages_of_the_manual, .rows = COUNT(commands)},
        {help__completion_in_bash, .rows = COUNT(completions)},
        {misuse__exits_2_with_a_sentence, .rows = COUNT(misuses)},
        {train__says_what_is_wrong_with_a_config, .rows = COUNT(bad_configs)},
        {.test = output__a_full_or_closed_stdout_is_a_failure},
        {.test = no_device__is_a_sentence},
    };
    return support_run("command", cases, COUNT(cases));
}
