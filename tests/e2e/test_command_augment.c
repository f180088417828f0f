/* The command's augmentation: a run over many sizes, with crops and colours, kept in config.json and resumed to the same
 * bytes; and the sheet that shows it. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRAIN                                                                                                     \
    "\"$F\" train --images data/images --annotations data/train.json --val-annotations data/val.json "              \
    "--backbone resnet18 --width 8 --channels 8 --head-depth 1 --batch 2 --lr 0.01 --seed 3 --no-tune --size 32,48,64 "
#define COLOURS "--crop 0.5 --brightness 0.4 --contrast 0.4 --saturation 0.4 --hue 0.1 "

static void need_data(void)
{
    cli_expect(0, "test -d data || \"$F\" synth --out data --train 6 --val 2 --new 1 --size 96x64 --objects 1-3");
}

START_TEST(train__augmented_runs_resume_to_the_same_bytes)
{
    need_data();
    cli_expect(0, TRAIN COLOURS "--val-size 56 --steps 6 --out whole && "
                  "\"$F\" train --config whole/config.json --loaders 4 --out again && "
                  TRAIN COLOURS "--val-size 56 --steps 6 --save-every 1 --out killed & p=$!; "
                  "until [ -s killed/last.safetensors ] || ! kill -0 $p 2>/dev/null; do sleep 0.02; done; "
                  "kill -9 $p; wait $p; " TRAIN COLOURS "--val-size 56 --steps 6 --loaders 1 --out killed --resume");
    cli_expect(0, "for f in last.safetensors model.safetensors evaluation.json; do "
                  "cmp whole/$f again/$f && cmp whole/$f killed/$f || exit 1; done");
    cli_expect(1, TRAIN COLOURS "--val-size 56 --steps 6 --out whole --resume --crop 0.6");
    cli_said("crop 0.5");
    cli_expect(1, TRAIN COLOURS "--val-size 56 --steps 6 --out whole --resume --size 32,64");
    cli_said("size [32,48,64]");
}
END_TEST

/* One size is a number in the file, as before lists; several are a list. */
START_TEST(train__keeps_the_sizes_in_its_config)
{
    need_data();
    cli_expect(0, TRAIN "--steps 1 --out list && " TRAIN "--size 48 --val-size 40 --steps 1 --out one && "
                  "\"$F\" train --config list/config.json --out like && cmp list/last.safetensors like/last.safetensors");
    cJSON *list = cli_json("list/config.json"), *one = cli_json("one/config.json");
    const cJSON *options = cJSON_GetObjectItem(list, "options"), *resolved = cJSON_GetObjectItem(list, "resolved");
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(options, "size")), 3);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(options, "val-size")));
    ck_assert_int_eq((int)cli_number(resolved, "val-size"), 64);
    ck_assert_int_eq((int)cli_number(resolved, "max-size"), 106);
    ck_assert_int_eq((int)cli_number(cJSON_GetObjectItem(one, "options"), "size"), 48);
    ck_assert_int_eq((int)cli_number(cJSON_GetObjectItem(one, "options"), "val-size"), 40);
    ck_assert_int_eq((int)cli_number(cJSON_GetObjectItem(one, "resolved"), "max-size"), 80);
    cJSON_Delete(list);
    cJSON_Delete(one);
    cli_expect(0, "grep -a -o '.\"size..:[0-9]*' one/model.safetensors | grep -q 40");
}
END_TEST

START_TEST(train__shows_what_the_network_gets)
{
    need_data();
    cli_expect(0, TRAIN COLOURS "--show-batches seen.jpg");
    ck_assert(strncmp(cli_stdout(), "seen.jpg: 20 pictures with ", 27) == 0);
    fovea_image sheet;
    support_ok(fovea_image_read(&sheet, support_scratch_file("seen.jpg")));
    ck_assert(sheet.width > 1600 && sheet.height > 960);
    fovea_image_clear(&sheet);
    cli_expect(0, TRAIN COLOURS "--loaders 5 --show-batches again.jpg --out never && cmp seen.jpg again.jpg && "
                  "test ! -e never");
    cli_expect(1, TRAIN "--show-batches no/such/folder.jpg");
    cli_said("no/such/folder.jpg");
}
END_TEST

enum { CELL_WIDTH = 320, CELL_HEIGHT = 240, COLUMNS = 5, ROWS = 4, GAP = 8 }; /* of the sheet, see sheet.c */

/* How much cell i of a and cell k of b differ on the mean, in levels. */
static double difference(const fovea_image *a, int i, const fovea_image *b, int k)
{
    const int down = (a->height - GAP) / ROWS, across = CELL_WIDTH + GAP;
    double sum = 0;
    for (int y = 0; y < CELL_HEIGHT; y++)
        for (int x = 0; x < 3 * CELL_WIDTH; x++) {
            const int row_a = GAP + i / COLUMNS * down + y, row_b = GAP + k / COLUMNS * down + y;
            const size_t left_a = 3 * (size_t)(GAP + i % COLUMNS * across), left_b = 3 * (size_t)(GAP + k % COLUMNS * across);
            sum += abs(a->pixels[(size_t)row_a * 3 * (size_t)a->width + left_a + (size_t)x] -
                       b->pixels[(size_t)row_b * 3 * (size_t)b->width + left_b + (size_t)x]);
        }
    return sum / (3 * CELL_WIDTH * CELL_HEIGHT);
}

#define LEFT TRAIN "--crop 0.5 --steps 9 "

/* The run is left after two steps of two pictures: a sheet of what comes next begins with the fifth of all 18. */
START_TEST(train__shows_what_a_run_gets_next)
{
    fovea_image all, rest;
    need_data();
    cli_expect(0, "cp -r data/images torn && head -c 400 data/images/train_0004.jpg >torn/train_0004.jpg");
    cli_expect(1, LEFT "--images torn --save-every 1000 --out left");
    cli_said("left/last.safetensors is intact, from after step 2");
    cli_expect(0, LEFT "--show-batches all.jpg && " LEFT "--show-batches none.jpg --resume --out never && "
                  "cmp all.jpg none.jpg && test ! -e never");
    cli_expect(0, "(cd left; ls --full-time; cksum *) >before; " LEFT "--resume --out left --show-batches rest.jpg && "
                  "(cd left; ls --full-time; cksum *) | cmp - before");
    ck_assert_int_eq(strncmp(cli_stdout(), "rest.jpg: 14 pictures with ", 27), 0);
    support_ok(fovea_image_read(&all, support_scratch_file("all.jpg")));
    support_ok(fovea_image_read(&rest, support_scratch_file("rest.jpg")));
    int unlike = 0;
    for (int i = 0; i < 14; i++) {
        const double same = difference(&all, i + 4, &rest, i);
        ck_assert_msg(same < 4, "picture %d differs by %g levels", i, same);
        unlike += difference(&all, i, &rest, i) > 8;
    }
    ck_assert_int_gt(unlike, 7);
    fovea_image_clear(&all);
    fovea_image_clear(&rest);
    cli_expect(1, LEFT "--show-batches data/images/train_0002.jpg");
    cli_said("--show-batches would write over data/images/train_0002.jpg, a picture to be read");
    cli_expect(1, LEFT "--val-annotations data/val.json --show-batches data/images/val_0001.jpg");
    cli_said("--show-batches would write over data/images/val_0001.jpg, a picture to be read");
    cli_expect(1, LEFT "--resume --out left --show-batches rest.jpg --seed 4");
    cli_said("seed 3");
    cli_expect(0, LEFT "--resume --out left");
    cli_expect(1, LEFT "--resume --out left --show-batches rest.jpg");
    cli_said("left/last.safetensors: the run is done, no picture is to come");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {train__augmented_runs_resume_to_the_same_bytes, .needs_device = true},
        {train__keeps_the_sizes_in_its_config, .needs_device = true},
        {train__shows_what_the_network_gets, .needs_device = true},
        {train__shows_what_a_run_gets_next, .needs_device = true},
    };
    return support_run("command_augment", cases, COUNT(cases));
}
