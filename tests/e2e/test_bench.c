/* fovea bench: its rows, its page, its profile, and what it says of a device that is wrong or not there. */
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BENCH "\"$F\" bench --backbone resnet18 --size 64 --runs 1 --classes 3 "

static const cJSON *first_row(const cJSON *document)
{
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(document, "rows"), 0);
    ck_assert_msg(cJSON_IsObject(row), "there is no row");
    return row;
}

static const char *text_of(const cJSON *row, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(row, name));
    ck_assert_msg(text != NULL, "\"%s\" is no text", name);
    return text;
}

/* Operations are counted by layers in one place and by launches in another. */
static void check_flops(const cJSON *row)
{
    double by_launches = 0;
    const cJSON *room;
    cJSON_ArrayForEach(room, cJSON_GetObjectItem(row, "rooms"))
    {
        const cJSON *gflops = cJSON_GetObjectItem(room, "gflops");
        by_launches += gflops ? gflops->valuedouble * cli_number(room, "seconds") : 0;
    }
    const double by_layers = cli_number(row, "gflop_per_image") * cli_number(row, "batch");
    ck_assert_msg(fabs(by_launches / by_layers - 1) < 0.01, "rooms did %g GFLOP, layers %g", by_launches, by_layers);
}

START_TEST(bench__verifies_times_and_tells)
{
    static const char *const numbers[] = {"ms_per_image", "images_per_second", "peak_memory_mib", "process_memory_mib",
                                          "gflops", "share_of_peak", "compile_seconds", "launches", "host_ms",
                                          "idle_ms"};
    if (support_is_simulator())
        support_skip("a simulator is too slow");
    cli_expect(0, BENCH "--work detect --profile --html page.html --json result.json");
    cJSON *document = cli_json("result.json");
    const cJSON *row = first_row(document), *room;
    for (size_t i = 0; i < COUNT(numbers); i++)
        ck_assert_msg(cli_number(row, numbers[i]) >= 0, "%s is negative", numbers[i]);
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(row, "verified")));
    ck_assert_str_eq(text_of(row, "work"), "detect");
    ck_assert_str_eq(text_of(row, "backbone"), "resnet18");
    ck_assert_ptr_nonnull(strstr(text_of(row, "device"), fovea_device_name(support_device())));
    ck_assert(cli_number(row, "size") >= 64 && cli_number(row, "batch") <= 1);
    const double ms = cli_number(row, "ms_per_image"), rate = cli_number(row, "images_per_second");
    ck_assert_msg(fabs(ms * rate - 1000) < 2, "%g ms and %g images/s", ms, rate);
    const double built = cli_number(row, "compile_seconds"); /* the caches are full by now */
    ck_assert_msg(built > 0.25, "kernels were built in %g s", built);
    double share = 0;
    cJSON_ArrayForEach(room, cJSON_GetObjectItem(row, "rooms"))
        share += cli_number(room, "share");
    ck_assert_msg(fabs(share - 1) < 0.01, "the shares sum to %g", share);
    check_flops(row);
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "resnet18"));
    cJSON_Delete(document);
}
END_TEST

START_TEST(bench__counts_operations_of_a_step)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow");
    cli_expect(0, BENCH "--work step --unverified --profile --json -");
    cJSON *document = cli_json("stdout");
    check_flops(first_row(document));
    cJSON_Delete(document);
}
END_TEST

START_TEST(bench__writes_a_page_that_browsers_read)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow");
    cli_expect(0, "test -e page.html || " BENCH "--work detect --unverified --html page.html");
    cli_expect(0, "cat page.html");
    cli_check_page(cli_stdout());
    static const char *const parts[] = {"<!DOCTYPE html>", "prefers-color-scheme: dark", "<svg ", "<rect ", "images/s",
                                        "Device memory", "Building kernels", "<table ", "resnet18", "</html>\n"};
    for (size_t i = 0; i < COUNT(parts); i++)
        ck_assert_msg(strstr(cli_stdout(), parts[i]) != NULL, "%s is missing", parts[i]);
    ck_assert_ptr_null(strstr(cli_stdout(), "<script"));
    ck_assert_ptr_null(strstr(cli_stdout(), "http"));
    if (cli("command -v chromium") != 0)
        support_skip("there is no Chromium to look with");
    cli_expect(0, "timeout 100 chromium --no-sandbox --headless --disable-gpu --user-data-dir=browser "
                  "--screenshot=page.png --window-size=1000,1200 \"file://$PWD/page.html\" && test $(wc -c <page.png) "
                  "-gt 20000");
}
END_TEST

/* An optimizer that never moves is found out by the second step's losses. */
START_TEST(bench__calls_a_wrong_device_wrong)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow");
    cli_expect(0, "cp -r '%s/cl_kernels' kernels && { echo '#define isfinite(x) 0'; cat kernels/sgd.cl; } >sgd && "
                  "mv sgd kernels/sgd.cl", FOVEA_TEST_SOURCE);
    cli_expect(1, "FOVEA_KERNEL_DIR=kernels " BENCH "--work step --json wrong.json");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "WRONG: "));
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "of step 2 is"));
    cJSON *document = cli_json("wrong.json");
    const cJSON *row = first_row(document);
    ck_assert(cJSON_IsFalse(cJSON_GetObjectItem(row, "verified")));
    ck_assert_ptr_null(cJSON_GetObjectItem(row, "ms_per_image"));
    cJSON_Delete(document);
}
END_TEST

/* The small problems' maps are at most 48 places wide. What is wrong beyond: gradients of weights that are a twentieth
 * too large, which the convolutions by themselves show, and a residual in the store, which only the whole network
 * does. */
START_TEST(bench__calls_a_device_wrong_that_errs_on_large_maps)
{
    static const char weights[] = "s/(out\\[point\\],/(out[point] * (width > 48 ? 1.05f : 1.0f),/";
    static const char residual[] = "s/residual + to : 0, lanes_left, 0.0f)/& * (to_w > 48 ? 1.05f : 1.0f)/";
    if (support_is_simulator())
        support_skip("a simulator is too slow");
    if (fovea_device_describe(support_device())->type != FOVEA_DEVICE_CPU)
        support_skip("the rule takes Winograd's algorithm on CPUs alone");
    cli_expect(0, "cp -r '%s/cl_kernels' large && cd large && cp conv2d_winograd*.cl .. && "
                  "sed -i '%s' conv2d_winograd_weights.cl && sed -i '%s' conv2d_winograd.cl && "
                  "! cmp conv2d_winograd_weights.cl .. && ! cmp conv2d_winograd.cl ..", FOVEA_TEST_SOURCE,
               weights, residual);
    cli_expect(1, "FOVEA_KERNEL_DIR=large \"$F\" bench --backbone resnet18 --size 224 --runs 1 --classes 3 --json -");
    cJSON *document = cli_json("stdout");
    const cJSON *detect = first_row(document), *step = detect->next;
    ck_assert(cJSON_IsFalse(cJSON_GetObjectItem(detect, "verified")));
    ck_assert_ptr_nonnull(strstr(text_of(detect, "error"), "between the chosen algorithms and the direct one"));
    ck_assert(cJSON_IsFalse(cJSON_GetObjectItem(step, "verified")));
    ck_assert_ptr_nonnull(strstr(text_of(step, "error"), "convolves wrongly: backward weights by the algorithm"));
    cJSON_Delete(document);
}
END_TEST

START_TEST(bench__goes_on_after_a_device_that_fails)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow");
    cli_expect(1, BENCH "--work detect --unverified --device \"$FOVEA_DEVICE\" --device none-such --json mixed.json "
                        "--html mixed.html");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "\nnone-such: failed: "));
    cJSON *document = cli_json("mixed.json");
    const cJSON *rows = cJSON_GetObjectItem(document, "rows");
    ck_assert_int_eq(cJSON_GetArraySize(rows), 2);
    ck_assert(cli_number(first_row(document), "ms_per_image") > 0);
    ck_assert_ptr_nonnull(strstr(text_of(cJSON_GetArrayItem(rows, 1), "error"), "none-such"));
    cJSON_Delete(document);
    cli_expect(0, "cat mixed.html");
    cli_check_page(cli_stdout());
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "<td>none-such</td><td></td><td></td><td></td><td></td>"));
}
END_TEST

START_TEST(bench__keeps_what_it_has_when_stopped)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow");
    cli_expect(1, BENCH "--json result.json --html no-such/page.html");
    ck_assert_str_eq(cli_stdout(), ""); /* nothing was measured */
    cli_said("no-such/page.html");
    ck_assert_int_eq(cli("test -e result.json.part"), 1);
    /* In a group of its own, as Ctrl-C meets it: while it takes the second of two rows, the one that takes long. */
    cli_expect(128 + 2, "setsid \"$F\" bench --backbone resnet18 --size 64 --classes 3 --unverified --runs 50 "
                        "--batch 32 --device \"$FOVEA_DEVICE\" --json stopped.json 2>began & pid=$!; "
                        "until grep -q 'step at' began; do sleep 0.1; done; kill -s INT -- -$pid; wait $pid");
    cJSON *document = cli_json("stopped.json");
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(document, "rows")), 1);
    ck_assert_str_eq(text_of(first_row(document), "work"), "detect");
    cJSON_Delete(document);
}
END_TEST

START_TEST(bench__tells_devices_of_one_name_apart)
{
    if (!support_has(fovea_device_describe(support_device())->platform, "Portable Computing Language"))
        support_skip("only PoCL can be told to have a device twice");
    cli_expect(0, "POCL_DEVICES='pthread pthread' " BENCH "--work detect --unverified --device all --json -");
    cJSON *document = cli_json("stdout");
    int twins = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(document, "rows"))
    {
        const char *number = strstr(text_of(row, "device"), " #");
        if (!number)
            continue;
        ck_assert_int_eq(atoi(number + 2), ++twins);
        ck_assert_str_eq(text_of(row, "type"), "CPU");
        if (twins == 2)
            ck_assert(cli_number(row, "index") - cli_number(row->prev, "index") > 0);
    }
    ck_assert_int_eq(twins, 2);
    cJSON_Delete(document);
}
END_TEST

int main(void)
{
    if (!getenv("FOVEA_DEVICE"))
        setenv("FOVEA_DEVICE", "0", 1);
    const support_case cases[] = {
        {bench__verifies_times_and_tells, 0, true},
        {bench__counts_operations_of_a_step, 0, true},
        {bench__writes_a_page_that_browsers_read, 0, true},
        {bench__calls_a_wrong_device_wrong, 0, true},
        {bench__calls_a_device_wrong_that_errs_on_large_maps, 0, true},
        {bench__goes_on_after_a_device_that_fails, 0, true},
        {bench__keeps_what_it_has_when_stopped, 0, true},
        {bench__tells_devices_of_one_name_apart, 0, true},
    };
    return support_run("bench", cases, COUNT(cases));
}
