/* What an option of 'fovea train' changes, as the command shows it: what config.json tells of it, that a killed run goes on
 * to the same bytes with it, and that a run refuses to go on with another value. */
#include "cli.h"

#include <math.h>
#include <string.h>

#define TRAIN                                                                                                       \
    "\"$F\" train --images data/images --annotations data/train.json --backbone resnet18 --width 8 --channels 8 "   \
    "--head-depth 1 --size 64 --batch 2 --seed 3 --no-tune --save-every 1 "

static void need_data(void)
{
    cli_expect(0, "test -d data || \"$F\" synth --out data --train 6 --val 2 --new 3 --size 96x64 --objects 1-3");
}

/* Trains in `name`; and in `name`2, killed after its first checkpoint and resumed. Both must end with the same bytes. */
static void expect_same_when_killed(const char *name, const char *options)
{
    need_data();
    cli_expect(0, TRAIN "%s --out %s", options, name);
    cli_expect(0, TRAIN "%s --out %s2 & p=$!; until [ -s %s2/last.safetensors ] || ! kill -0 $p 2>/dev/null; do "
                  "sleep 0.02; done; kill -9 $p; wait $p; true", options, name, name);
    cli_expect(0, TRAIN "%s --out %s2 --resume", options, name);
    cli_expect(0, "for f in last.safetensors model.safetensors; do cmp %s/$f %s2/$f || exit 1; done", name, name);
}

START_TEST(train__adamw_goes_on_to_the_same_bytes)
{
    expect_same_when_killed("adamw", "--optimizer adamw --accumulate 2 --steps 6");
    cJSON *config = cli_json("adamw/config.json");
    const cJSON *resolved = cJSON_GetObjectItem(config, "resolved"), *options = cJSON_GetObjectItem(config, "options");
    ck_assert_double_eq_tol(cli_number(resolved, "lr"), 1e-4 * sqrt(2 * 2 / 16.0), 1e-15);
    ck_assert_double_eq_tol(cli_number(resolved, "decay"), 0.01, 1e-15);
    ck_assert_double_eq_tol(cJSON_GetArrayItem(cJSON_GetObjectItem(options, "betas"), 1)->valuedouble, 0.999, 1e-15);
    ck_assert_str_eq(cJSON_GetObjectItem(options, "optimizer")->valuestring, "adamw");
    cJSON_Delete(config);
    cli_expect(1, TRAIN "--optimizer sgd --accumulate 2 --steps 6 --out adamw --resume");
    cli_said("optimizer \"adamw\"");
    cli_expect(1, TRAIN "--optimizer adamw --betas 0.8,0.99 --accumulate 2 --steps 6 --out adamw --resume");
    cli_said("betas");
    cli_expect(2, TRAIN "--optimizer adam --out never");
    cli_said("--optimizer takes one of sgd, adamw, not 'adam'");
}
END_TEST

/* A run's config.json holds all options: only what the command line itself says must have an effect, beside what the file
 * says and what goes before that. */
START_TEST(train__what_has_no_effect_is_refused_by_hand_alone)
{
    need_data();
    cli_expect(0, TRAIN "--optimizer adamw --schedule cosine --loss ce --steps 1 --out base");
    static const char *const good[] = {"", "--betas 0.8,0.9", "--alpha 0.75", "--optimizer sgd --momentum 0.8",
                                       "--schedule steps --steps-at 0.5,0.8", "--loss ohem --ohem-batch 16 --ohem-ratio"};
    for (size_t i = 0; i < COUNT(good); i++)
        cli_expect(0, "rm -rf next && \"$F\" train --config base/config.json --out next %s", good[i]);
    static const char *const bad[] = {"--momentum 0.9", "--optimizer sgd --betas 0.9,0.999", "--steps-at 0.7,0.9",
                                      "--loss ohem --alpha 0.75", "--gamma 2", "--ohem-nms 0.5"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        cli_expect(2, "\"$F\" train --config base/config.json --out never %s", bad[i]);
        cli_said(" is of --");
    }
    cli_expect(0, "test ! -e never");
}
END_TEST

/* The model that is kept is not what the checkpoint is as a model, and the report tells why. */
START_TEST(train__ema_keeps_the_average_and_goes_on_to_the_same_bytes)
{
    expect_same_when_killed("ema", "--ema 0.9 --steps 6 --lr 0.01 --val-annotations data/val.json");
    cli_expect(0, "for m in model last; do \"$F\" detect --model ema/$m.safetensors --min-score 0 --json $m.found "
                  "data/new || exit 1; done; ! cmp model.found last.found");
    cli_expect(0, "grep -q 'the moving average of the weights' ema/report.html && "
                  "grep -q 'the moving average of the weights' ema2/report.html");
    cli_expect(1, TRAIN "--ema 0.8 --steps 6 --lr 0.01 --val-annotations data/val.json --out ema --resume");
    cli_said("ema");
}
END_TEST

/* Tensors are renamed to what no model has, in as many letters. */
START_TEST(train__sums_up_what_the_weights_do_not_hold)
{
    need_data();
    cli_expect(0, TRAIN "--steps 1 --out whole && LC_ALL=C sed 's/layer4[.]1[.]/laxer4.1./g; "
                  "s/body[.]bn1[.]/body.bm1./g' whole/model.safetensors >partial.safetensors");
    cli_expect(0, TRAIN "--steps 1 --weights partial.safetensors --out partial");
    cli_said("partial.safetensors: 14 tensors are not in the file and start untrained: bn1, layer4 (conv1, bn1, conv2, "
             "bn2)\n");
    cJSON *config = cli_json("partial/config.json"), *names = cJSON_GetObjectItem(config, "untrained");
    ck_assert_int_eq(cJSON_GetArraySize(names), 14);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetArrayItem(names, 13)), "backbone.body.layer4.1.bn2.running_var");
    cJSON_Delete(config);
    cli_expect(0, "\"$F\" train --out partial --resume");
    ck_assert_ptr_null(strstr(cli_stderr(), "untrained"));
    cli_expect(0, "LC_ALL=C sed 's/body[.]layer/body.laxer/g' whole/model.safetensors >little.safetensors && "
                  TRAIN "--steps 1 --weights little.safetensors --out little");
    cli_said("layer2 (conv1, bn1, conv2, bn2, downsample), layer3 (");
    cli_said("...\n");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {train__adamw_goes_on_to_the_same_bytes, .needs_device = true},
        {train__what_has_no_effect_is_refused_by_hand_alone, .needs_device = true},
        {train__ema_keeps_the_average_and_goes_on_to_the_same_bytes, .needs_device = true},
        {train__sums_up_what_the_weights_do_not_hold, .needs_device = true},
    };
    return support_run("command_train", cases, COUNT(cases));
}
