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

int main(void)
{
    const support_case cases[] = {
        {.test = convert__there_and_back, .rows = 2},
    };
    return support_run("command_convert", cases, COUNT(cases));
}
