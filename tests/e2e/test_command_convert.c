/* fovea convert: there and back, and what it says. */
#include "cli.h"

/* A data set there and back by the command, and the options that it says open it. */
START_TEST(convert__there_and_back)
{
    cli_expect(0, "rm -rf made there && \"$F\" synth --out made --train 3 --val 2 --new 1 --size 64x48 --objects 1-3");
    cli_expect(0, "for s in train val; do \"$F\" convert --images made/images --annotations made/$s.json --to %s "
                  "--out there || exit 1; done", _i ? "yolo" : "voc");
    cli_said("has no place for ids");
    ck_assert(support_has(cli_stdout(), "3 pictures, ") && support_has(cli_stdout(), _i
        ? "\n--images there/images --annotations there/data.yaml#val\n"
        : "\n--images there/JPEGImages --annotations there/ImageSets/Main/val.txt\n"));
    cli_expect(0, "\"$F\" convert $(\"$F\" convert --images made/images --annotations made/val.json --to %s "
                  "--out there | tail -1) --to coco --out there/again.json && cmp there/again.json made/val.json",
               _i ? "yolo" : "voc");
    cli_expect(1, "echo x >>there/again.json; "
                  "\"$F\" convert --annotations made/val.json --to coco --out there/again.json");
    cli_said("is not written over");
}
END_TEST

/* A model knows its classes in another format by their names, whose ids are that format's own. */
START_TEST(convert__a_model_finds_its_classes)
{
    cli_expect(0, "rm -rf made there run && "
                  "\"$F\" synth --out made --train 6 --val 3 --new 1 --size 96x64 --objects 1-3 && "
                  "\"$F\" train --images made/images --annotations made/train.json --backbone resnet18 --width 8 "
                  "--channels 8 --head-depth 1 --size 64 --lr 0.01 --seed 3 --no-tune --steps 3 --out run && "
                  "\"$F\" convert --plain --images made/images --annotations made/val.json --to yolo --out there");
    cli_expect(0, "\"$F\" evaluate --model run/model.safetensors --images made/images --annotations made/val.json "
                  "--json a.json");
    ck_assert(!support_has(cli_stderr(), "by their names"));
    cli_expect(0, "\"$F\" evaluate --model run/model.safetensors --images there/images "
                  "--annotations there/data.yaml#val --json b.json");
    cli_said("classes are found by their names");
    cli_expect(0, "grep -v category_id a.json >a; grep -v category_id b.json >b; cmp a b && "
                  "grep -q '\"AR100\":.*[1-9]' a");
    cli_expect(0, "sed -i 's/square/quadrat/' there/data.yaml && \"$F\" evaluate --model run/model.safetensors "
                  "--images there/images --annotations there/data.yaml#val");
    cli_said("to the model and ");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = convert__there_and_back, .rows = 2},
        {convert__a_model_finds_its_classes, .needs_device = true},
    };
    return support_run("command_convert", cases, COUNT(cases));
}
