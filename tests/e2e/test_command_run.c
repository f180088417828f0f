/* The command on a device: a tiny training, killed and resumed; evaluating with what it made. One file, since its tests share
 * that run, which is trained once. */
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A network so small that a process takes longer to start than to train. */
#define TRAIN_ON(folder)                                                                                  \
    "\"$F\" train --images " folder "/images --annotations " folder "/train.json --backbone resnet18 "      \
    "--width 8 --channels 8 --head-depth 1 --size 64 --batch 2 --lr 0.01 --seed 3 --no-tune"
#define TRAIN TRAIN_ON("data")
#define VALIDATED TRAIN " --val-annotations data/val.json"

static void need_data(void)
{
    cli_expect(0, "test -d data || \"$F\" synth --out data --train 6 --val 2 --new 3 --size 96x64 --objects 1-3");
}

/* run/: 9 steps in 3 epochs, each evaluated, never interrupted. */
static void need_run(void)
{
    need_data();
    cli_expect(0, "test -e complete || { " VALIDATED " --steps 9 --out run && touch complete; }");
}

START_TEST(devices__lists_this_one)
{
    bool there = false;
    cli_expect(0, "\"$F\" devices --json -");
    cJSON *list = cli_json("stdout");
    for (const cJSON *row = list->child; row; row = row->next)
        there = there || strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(row, "name")),
                                fovea_device_name(support_device())) == 0;
    ck_assert(there);
    cJSON_Delete(list);
    cli_expect(0, "\"$F\" devices");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), fovea_device_name(support_device())));
}
END_TEST

START_TEST(train__leaves_the_run_in_its_folder)
{
    static const char *const keys[] = {"step", "epoch", "class_loss", "box_loss", "loss", "learning_rate",
                                       "gradient_norm", "images_per_second", "objects", "memory_mib", "wait_seconds"};
    need_run();
    cli_expect(0, "for f in config.json log.jsonl model.safetensors last.safetensors evaluation.json; do "
                  "test -s run/$f || exit 1; done; test $(wc -l <run/log.jsonl) = 9 && tail -n 1 run/log.jsonl");
    cJSON *line = cli_json("stdout"), *config = cli_json("run/config.json"), *best = cli_json("run/evaluation.json");
    for (size_t i = 0; i < COUNT(keys); i++)
        ck_assert(isfinite(cli_number(line, keys[i])));
    ck_assert(cli_number(line, "step") >= 9 && cli_number(line, "memory_mib") > 0);
    const cJSON *options = cJSON_GetObjectItem(config, "options");
    ck_assert(cli_number(options, "lr") >= 0.01 && cli_number(options, "momentum") >= 0.9);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(options, "max-size")));
    ck_assert_int_eq((int)cli_number(cJSON_GetObjectItem(config, "resolved"), "max-size"), 106); /* 5/3 of --size 64 */
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(config, "classes")), 4);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(best, "history")), 3);
    ck_assert(cli_number(best, "AP50") >= -1);
    cJSON_Delete(line);
    cJSON_Delete(config);
    cJSON_Delete(best);
}
END_TEST

/* What a run wrote makes its like; what the command line says goes before it, and what follows from that too. */
START_TEST(train__takes_a_config_and_flags_override_it)
{
    need_run();
    cli_expect(0, "\"$F\" train --config run/config.json --out like && "
                  "for f in last.safetensors model.safetensors evaluation.json; do cmp run/$f like/$f || exit 1; done");
    cli_expect(0, "\"$F\" train --config run --size 32 --epochs 0.3 --out small");
    cJSON *config = cli_json("small/config.json");
    const cJSON *options = cJSON_GetObjectItem(config, "options"), *resolved = cJSON_GetObjectItem(config, "resolved");
    ck_assert_int_eq((int)cli_number(options, "size"), 32);
    ck_assert_int_eq((int)cli_number(resolved, "max-size"), 53);
    ck_assert_int_eq((int)cli_number(config, "steps"), 1);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(options, "steps")) && !cJSON_HasObjectItem(options, "resume"));
    cJSON_Delete(config);
    cli_expect(0, "\"$F\" train --config small/config.json --resume");
    cli_expect(1, "\"$F\" train --config small/config.json --size 64 --resume");
    cli_said("size 32");
}
END_TEST

/* The rate is so small that no evaluation betters the first. */
START_TEST(train__patience_ends_a_run_that_betters_no_more)
{
    need_data();
    cli_expect(0, VALIDATED " --steps 60 --lr 1e-12 --patience 2 --out patient");
    cli_said("stopped after step 9: AP has not improved for 2 evaluations");
    cJSON *best = cli_json("patient/evaluation.json");
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(best, "history")), 3);
    ck_assert(cli_number(best, "AP") <= 0 && (int)cli_number(best, "step") == 9); /* of such, the latest is kept */
    cJSON_Delete(best);
    cli_said("no object of the validation set was found yet");
    cli_said("--warmup lets the rate rise for 100 steps, and there are 60: little");
    cli_expect(0, "(cd patient; ls --full-time; cksum *) >before");
    cli_expect(0, VALIDATED " --steps 60 --lr 1e-12 --patience 2 --out patient --resume");
    cli_expect(0, "(cd patient; ls --full-time; cksum *) | cmp - before");
    cli_expect(0, VALIDATED " --steps 60 --lr 1e-12 --patience 3 --out patient --resume");
    cli_said("stopped after step 12");
    cli_expect(2, TRAIN " --patience 2 --out impatient");
    cli_said("--patience needs --val-annotations");
}
END_TEST

START_TEST(train__json_is_a_line_a_step)
{
    need_data();
    cli_expect(0, TRAIN " --steps 2 --out lines --json -");
    ck_assert_int_eq(strncmp(cli_stdout(), "{\"step\":1,", 10), 0);
    cli_expect(0, "test $(wc -l <lines/log.jsonl) = 2 && test -s lines/model.safetensors");
}
END_TEST

/* Kills whenever the log has grown by one to three lines, four times over. */
START_TEST(resume__after_sigkill_gives_the_same_bytes)
{
    need_run();
    for (int kills = 0; kills < 4; kills++) {
        const int more = support_random_int(17, (uint64_t)kills, 1, 3);
        cli_expect(0, "lines() { cat killed/log.jsonl 2>/dev/null | wc -l; }; limit=$(($(lines) + %d)); " VALIDATED
                      " --steps 9 --save-every 1 --out killed --resume & p=$!; "
                      "while kill -0 $p 2>/dev/null && [ $(lines) -lt $limit ]; do sleep 0.02; done; "
                      "kill -9 $p; wait $p; true",
                   more);
    }
    cli_expect(0, "printf '{\"step\":3,\"epo' >>killed/log.jsonl"); /* killed in the middle of a line */
    cli_expect(0, VALIDATED " --steps 9 --save-every 1 --out killed --resume");
    cli_expect(0, "for f in last.safetensors model.safetensors evaluation.json; do cmp run/$f killed/$f || exit 1; "
                  "done");
    cli_expect(0, "cut -d, -f1 run/log.jsonl >steps; cut -d, -f1 killed/log.jsonl | cmp - steps");
}
END_TEST

static const struct {
    const char *name;
    int code;
} signals[] = {{"INT", 130}, {"TERM", 143}};

START_TEST(resume__after_a_signal_gives_the_same_bytes)
{
    const char *name = signals[_i].name;
    need_run();
    /* A shell lets its background jobs ignore SIGINT; env gives the default back. */
    cli_expect(signals[_i].code,
               "env --default-signal=INT " VALIDATED " --steps 9 --out stopped%s & p=$!; "
               "until [ -s stopped%s/log.jsonl ] || ! kill -0 $p 2>/dev/null; do sleep 0.02; done; "
               "kill -%s $p; wait $p",
               name, name, name);
    cli_said("training 0/9  building kernels");
    cli_said("stopping after this step; again to stop now\n");
    char resume[64];
    snprintf(resume, sizeof resume, "to go on:\n  fovea train --out stopped%s --resume\n", name);
    cli_said(resume);
    cli_expect(0, "test -s stopped%s/last.safetensors", name);
    cli_expect(0, "\"$F\" train --out stopped%s --resume", name);
    cli_expect(0, "for f in last.safetensors model.safetensors evaluation.json; do cmp run/$f stopped%s/$f || exit 1; "
                  "done",
               name);
}
END_TEST

/* Options, and weights that are no longer where they were. What is given by hand must agree. */
START_TEST(resume__takes_all_from_the_folder)
{
    const char *options = "--weights first.safetensors --norm batch --momentum 0.8 --steps 6 --save-every 1";
    need_run();
    cli_expect(0, "cp run/model.safetensors first.safetensors && " TRAIN " %s --out whole", options);
    cli_expect(0, TRAIN " %s --out part & p=$!; until [ -s part/last.safetensors ] || ! kill -0 $p 2>/dev/null; do "
                  "sleep 0.02; done; kill -9 $p; wait $p; rm first.safetensors", options);
    cli_expect(1, "\"$F\" train --out part --resume --steps 12");
    cli_said("part/config.json: the run began with steps 6, and this call has 12");
    cli_said("--weights part/last.safetensors");
    cli_expect(1, "sed 's/\\(\"bbox\":\\[[0-9.]*,[0-9.]*,[0-9.]*\\),/\\15,/' data/train.json >other.json && "
                  "! cmp -s data/train.json other.json && \"$F\" train --out part --resume --annotations other.json");
    cli_said("part/last.safetensors: was trained on other pictures or annotations");
    cli_expect(0, "\"$F\" train --out part --resume --momentum 0.8 && "
                  "cmp whole/last.safetensors part/last.safetensors");
    cli_expect(2, "\"$F\" train --out nothing --resume");
    cli_said("--images is missing, and there is no nothing/config.json to tell it");
}
END_TEST

START_TEST(resume__a_finished_run_changes_no_byte)
{
    need_run();
    cli_expect(0, "(cd run; ls --full-time; cksum *) >before");
    cli_expect(0, VALIDATED " --steps 9 --out run --resume");
    cli_expect(0, "(cd run; ls --full-time; cksum *) | cmp - before");
}
END_TEST

/* As the run's best evaluation has it; of a model that finds nothing there is none. */
START_TEST(train__ends_with_the_score_to_detect_by)
{
    need_run();
    cli_expect(0, "cp -r run ended && sed 's/\"best_F1\":[^,]*/\"best_F1\":0.5/; "
                  "s/\"best_score\":[^,]*/\"best_score\":0.27/' run/evaluation.json >ended/evaluation.json && "
                  "\"$F\" train --out ended --resume");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "\nF1 (IoU .50) is best, 0.500, with 'fovea detect --model "
                                               "ended/model.safetensors --min-score 0.27'\n"));
    cli_expect(0, "sed -i 's/\"best_F1\":[^,]*/\"best_F1\":0/' ended/evaluation.json && "
                  "\"$F\" train --out ended --resume");
    ck_assert_ptr_null(strstr(cli_stdout(), "F1"));
}
END_TEST

START_TEST(train__refuses_a_folder_that_holds_another_run)
{
    need_run();
    cli_expect(0, "(cd run; ls --full-time; cksum *) >before");
    cli_expect(1, VALIDATED " --steps 9 --out run");
    cli_said("holds a run");
    cli_expect(1, VALIDATED " --steps 9 --out run --resume --momentum 0.8");
    cli_said("momentum 0.9");
    cli_said("0.8");
    cli_expect(0, "(cd run; ls --full-time; cksum *) | cmp - before");
}
END_TEST

/* It was stopped while kernels were built: nothing but its options is there. */
START_TEST(train__takes_over_a_folder_where_nothing_was_trained)
{
    need_run();
    cli_expect(0, "mkdir -p early && : >early/log.jsonl && sed 's/\"steps\":[^,]*/\"steps\":7/' run/config.json "
                  ">early/config.json && " TRAIN " --steps 1 --out early && test $(wc -l <early/log.jsonl) = 1");
    cJSON *config = cli_json("early/config.json");
    ck_assert_int_eq((int)cli_number(cJSON_GetObjectItem(config, "options"), "steps"), 1);
    cJSON_Delete(config);
    cli_expect(1, "rm early/*.safetensors early/config.json; " TRAIN " --steps 1 --out early");
    cli_said("early: holds a run");
}
END_TEST

START_TEST(train__a_full_disk_leaves_the_old_checkpoint)
{
    need_data();
    cli_expect(0, TRAIN " --steps 200 --save-every 1 --out full & p=$!; "
                        "until [ -s full/last.safetensors ] || ! kill -0 $p 2>/dev/null; do sleep 0.02; done; "
                        "kill -9 $p; wait $p; cp full/last.safetensors kept && cp full/model.safetensors model.kept");
    cli_expect(1, "ulimit -f 64; " TRAIN " --steps 200 --save-every 1 --out full --resume");
    cli_said("full/");
    cli_said("File too large");
    cli_expect(0, "cmp full/last.safetensors kept && cmp full/model.safetensors model.kept");
}
END_TEST

START_TEST(train__an_infinite_loss_stops_and_keeps_the_checkpoint)
{
    need_data();
    cli_expect(1, TRAIN " --steps 60 --save-every 1 --out wild --lr 1000 --clip 0 --warmup 0 --momentum 0");
    cli_said("step");
    cli_said("is intact");
    cli_expect(0, "\"$F\" detect --model wild/last.safetensors data/new/new_0001.jpg");
}
END_TEST

START_TEST(train__names_a_box_of_zero_area)
{
    need_data();
    cli_expect(0, "printf '{\"images\":[{\"id\":1,\"file_name\":\"train_0001.jpg\",\"width\":96,\"height\":64}],"
                  "\"categories\":[{\"id\":7,\"name\":\"thing\"}],\"annotations\":["
                  "{\"id\":1,\"image_id\":1,\"category_id\":7,\"bbox\":[1,1,20,20],\"area\":400,\"iscrowd\":0},"
                  "{\"id\":2,\"image_id\":1,\"category_id\":7,\"bbox\":[5,5,0,9],\"area\":0,\"iscrowd\":0}]}' "
                  ">zero.json");
    cli_expect(0, "\"$F\" train --images data/images --annotations zero.json --backbone resnet18 --width 8 "
                  "--channels 8 --head-depth 1 --size 64 --steps 1 --no-tune --out zero");
    cli_said("warning: ");
    cli_said("train_0001.jpg");
}
END_TEST

START_TEST(train__a_missing_picture_is_named_before_the_first_step)
{
    need_data();
    cli_expect(0, "cp -r data gone; rm gone/images/train_0004.jpg");
    cli_expect(1, TRAIN_ON("gone") " --steps 9 --out without");
    cli_said("gone/images/train_0004.jpg: cannot be read, though gone/train.json names it");
    cli_expect(0, "test ! -e without");
    cli_expect(1, TRAIN " --steps 9 --weights mistyped.safetensors --out without --json lines.json");
    cli_said("mistyped.safetensors");
    cli_expect(1, TRAIN " --steps 9 --out without --json no/such/lines.json");
    cli_said("no/such/lines.json: cannot be written");
    cli_expect(0, "test ! -e without && ! ls | grep lines.json");
}
END_TEST

/* The picture's turn comes in the third step. */
START_TEST(train__a_broken_picture_costs_no_step)
{
    need_run();
    cli_expect(0, "cp -r data torn; head -c 400 data/images/train_0004.jpg >torn/images/train_0004.jpg");
    cli_expect(1, TRAIN_ON("torn") " --steps 9 --save-every 1000 --out mended");
    cli_said("torn/images/train_0004.jpg: the JPEG is cut short");
    cli_said("mended/last.safetensors is intact, from after step 2");
    cli_expect(0, "cp data/images/train_0004.jpg torn/images");
    cli_expect(0, TRAIN_ON("torn") " --steps 9 --save-every 1000 --out mended --resume");
    cli_expect(0, "cmp run/last.safetensors mended/last.safetensors");
}
END_TEST

/* Ctrl-C while a file of results is being written: it is dropped, and what was there before stays. */
static const char *const dropped[] = {
    "detect --model run/model.safetensors --json half.json $(yes data/new/new_0001.jpg | head -n 5000)",
    "evaluate --model run/model.safetensors --images data/images --annotations many.json --detections-out half.json",
};

START_TEST(interrupted__half_a_file_is_dropped)
{
    need_run();
    cli_expect(0, "i=1; { printf '{\"categories\":[{\"id\":1,\"name\":\"a\"}],\"annotations\":[],\"images\":['; "
                  "while [ $i -le 5000 ]; do printf '{\"id\":%%d,\"file_name\":\"train_0001.jpg\",\"width\":96,"
                  "\"height\":64},' $i; i=$((i + 1)); done; "
                  "printf '{\"id\":0,\"file_name\":\"train_0001.jpg\",\"width\":96,\"height\":64}]}'; } >many.json; "
                  "echo before >half.json");
    cli_expect(130, "env --default-signal=INT \"$F\" %s & p=$!; until [ -e half.json.part1 ] || "
                    "! kill -0 $p 2>/dev/null; do sleep 0.02; done; kill -INT $p; wait $p", dropped[_i]);
    cli_expect(0, "test \"$(ls half.json*)\" = half.json && test \"$(cat half.json)\" = before");
}
END_TEST

START_TEST(evaluate__a_model_and_its_detections_agree)
{
    need_run();
    cli_expect(0, "\"$F\" evaluate --model run --images data/images --annotations data/val.json "
                  "--detections-out found.json --json a.json && "
                  "\"$F\" evaluate --detections found.json --annotations data/val.json --json b.json && "
                  "cmp a.json b.json");
    cJSON *again = cli_json("a.json"), *best = cli_json("run/evaluation.json");
    const double difference = cli_number(again, "AP") - cli_number(best, "AP");
    ck_assert(difference >= 0 && difference <= 0);
    cJSON_Delete(again);
    cJSON_Delete(best);
    cli_expect(1, "mkdir -p none; \"$F\" evaluate --model run/model.safetensors --images none "
                  "--annotations data/val.json");
    cli_said("none: none of the 2 pictures is there; the first would be val_0001.jpg");
}
END_TEST

/* At least an anchor a box, and more background than objects. */
START_TEST(evaluate__anchor_scores_count_every_pair)
{
    need_run();
    cli_expect(0, "\"$F\" evaluate --model run/model.safetensors --images data/images --annotations data/val.json "
                  "--anchor-scores scores.json --json -");
    cJSON *whole = cli_json("scores.json"), *truth = cli_json("data/val.json");
    static const char *const names[] = {"objects", "background"};
    double sums[2] = {0};
    for (int i = 0; i < 2; i++) {
        const cJSON *bin, *bins = cJSON_GetObjectItem(whole, names[i]);
        ck_assert_int_eq(cJSON_GetArraySize(bins), FOVEA_MARGIN_BINS);
        cJSON_ArrayForEach(bin, bins) sums[i] += cJSON_GetNumberValue(bin);
    }
    ck_assert(cli_number(whole, "lowest") + cli_number(whole, "step") * FOVEA_MARGIN_BINS >= 32);
    ck_assert_msg(sums[0] >= cJSON_GetArraySize(cJSON_GetObjectItem(truth, "annotations")) && sums[1] > sums[0],
                  "%g pairs of objects, %g of background", sums[0], sums[1]);
    cJSON_Delete(whole);
    cJSON_Delete(truth);
    cli_expect(1, "sed 's/\"id\":1,\"name\"/\"id\":77,\"name\"/; s/\"category_id\":1,/\"category_id\":77,/g' data/val.json "
                  ">other.json; "
                  "\"$F\" evaluate --model run/model.safetensors --images data/images --annotations other.json "
                  "--anchor-scores scores.json --json -");
    cli_said("other category ids");
}
END_TEST

#define TUNED \
    "XDG_CACHE_HOME=\"$PWD/tuned\" \"$F\" "
#define TRAIN_TUNED \
    TUNED "train --images data/images --annotations data/train.json --backbone resnet18 --width 8 --channels 8 " \
          "--head-depth 1 --size 32 --steps 2 "

/* tuned/ is a cache of this test's own, with the programs of the common one. */
static void need_cache(void)
{
    need_run();
    cli_expect(0, "test -d tuned || { mkdir tuned && cp -r \"${XDG_CACHE_HOME:-$HOME/.cache}/fovea\" tuned && "
                  "rm -f tuned/fovea/*.choices; }");
}

/* The first run measures (and more of them, on a machine too busy for all of it in a minute), until one finds everything
 * measured; a run that goes on measures nothing. */
START_TEST(tune__before_the_first_run_alone)
{
    need_cache();
    cli_expect(0, TRAIN_TUNED "--no-tune --out rule");
    ck_assert_ptr_null(strstr(cli_stderr(), "measured"));
    cli_expect(0, TUNED "tune --show");
    cli_said("nothing was measured on this device yet");
    cli_expect(0, TRAIN_TUNED "--out tuned1");
    cli_said("convolutions are measured, for at most a minute (--no-tune: never)");
    cli_said("convolutions measured in");
    cli_expect(0, "for i in 1 2 3 4 5; do rm -rf tuned1; " TRAIN_TUNED "--out tuned1 2>told || exit; "
                  "grep -q 'measured in' told || exit 0; done; exit 1");
    cli_expect(0, TRAIN_TUNED "--out tuned2");
    ck_assert_ptr_null(strstr(cli_stderr(), "measured"));
    cli_expect(0, "cmp tuned1/last.safetensors tuned2/last.safetensors");
    cli_expect(0, "rm -r tuned/fovea/*.choices; " TRAIN_TUNED "--out tuned1 --resume");
    ck_assert_ptr_null(strstr(cli_stderr(), "measured"));
    cli_expect(0, "cmp tuned1/last.safetensors tuned2/last.safetensors");
}
END_TEST

START_TEST(tune__measures_and_shows)
{
    need_cache();
    cli_expect(0, TUNED "tune --model run/model.safetensors --size 32 --batch 0 --seconds 30 --json -");
    cli_said("convolutions measured in");
    cJSON *document = cli_json("stdout");
    const cJSON *row, *choices = cJSON_GetObjectItem(document, "choices");
    ck_assert_int_gt(cJSON_GetArraySize(choices), 10);
    ck_assert(cli_number(document, "peak_gflops") > 0);
    cJSON_ArrayForEach(row, choices)
    {
        ck_assert(cli_number(row, "gflops") > 0 && cli_number(row, "rule_gflops") > 0);
        ck_assert(cli_number(row, "share_of_peak") > 0 && cli_number(row, "batch") > 0);
        ck_assert(cJSON_IsString(cJSON_GetObjectItem(row, "algorithm")));
    }
    cJSON_Delete(document);
    cli_expect(0, TUNED "tune --show");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "measured peak of the device"));
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "forward"));
    cli_expect(0, TUNED "detect --model run/model.safetensors --size 32 data/new/new_0001.jpg");
    cli_expect(1, TUNED "tune --model data/new/new_0001.jpg");
    cli_said("data/new/new_0001.jpg");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {devices__lists_this_one, .needs_device = true},
        {train__leaves_the_run_in_its_folder, .needs_device = true},
        {train__takes_a_config_and_flags_override_it, .needs_device = true},
        {train__patience_ends_a_run_that_betters_no_more, .needs_device = true},
        {train__json_is_a_line_a_step, .needs_device = true},
        {resume__after_sigkill_gives_the_same_bytes, .needs_device = true},
        {resume__after_a_signal_gives_the_same_bytes, .rows = COUNT(signals), .needs_device = true},
        {resume__takes_all_from_the_folder, .needs_device = true},
        {resume__a_finished_run_changes_no_byte, .needs_device = true},
        {train__ends_with_the_score_to_detect_by, .needs_device = true},
        {train__refuses_a_folder_that_holds_another_run, .needs_device = true},
        {train__takes_over_a_folder_where_nothing_was_trained, .needs_device = true},
        {train__a_full_disk_leaves_the_old_checkpoint, .needs_device = true},
        {train__an_infinite_loss_stops_and_keeps_the_checkpoint, .needs_device = true},
        {train__names_a_box_of_zero_area, .needs_device = true},
        {train__a_missing_picture_is_named_before_the_first_step, .needs_device = true},
        {train__a_broken_picture_costs_no_step, .needs_device = true},
        {tune__before_the_first_run_alone, .needs_device = true},
        {tune__measures_and_shows, .needs_device = true},
        {interrupted__half_a_file_is_dropped, .rows = COUNT(dropped), .needs_device = true},
        {evaluate__a_model_and_its_detections_agree, .needs_device = true},
        {evaluate__anchor_scores_count_every_pair, .needs_device = true},
    };
    return support_run("command_run", cases, COUNT(cases));
}
