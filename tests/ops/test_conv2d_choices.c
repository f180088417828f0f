/* The table of choices: round trips, what is wrong with files, what the rule is left. */
#include "conv2d_choices.h"
#include "device.h"
#include "file.h"
#include "support.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const fovea__conv2d_choice samples[] = {
    {FOVEA__CONV2D_BACKWARD_WEIGHTS, {2, 75, 75, 256, 256, 3, 1, 1}, FOVEA__CONV2D_GEMM, 12.5, 10},
    {FOVEA__CONV2D_FORWARD, {1, 300, 300, 3, 64, 7, 2, 3}, FOVEA__CONV2D_DIRECT, 201.25, 201.25},
    {FOVEA__CONV2D_FORWARD, {1, 10, 10, 8, 8, 1, 1, 0}, FOVEA__CONV2D_GEMM, 0, 0},
    {FOVEA__CONV2D_BACKWARD_DATA, {1, 10, 10, 8, 8, 1, 1, 0}, FOVEA__CONV2D_WINOGRAD, 3e-5, 1e6},
    {FOVEA__CONV2D_FORWARD, {1, 10, 9, 8, 8, 1, 1, 0}, FOVEA__CONV2D_DIRECT, 1, 2},
};

static fovea__conv2d_choices sample_table(void)
{
    fovea__conv2d_choices table = {0};
    for (size_t i = 0; i < COUNT(samples); i++)
        support_ok(fovea__conv2d_choices_set(&table, &samples[i]));
    return table;
}

START_TEST(choices__text_gives_the_table_back)
{
    fovea__conv2d_choices table = sample_table(), again;
    for (int speeds = 0; speeds < 2; speeds++) {
        char *text = NULL, *second = NULL;
        support_ok(fovea__conv2d_choices_text(&text, &table, speeds));
        support_ok(fovea__conv2d_choices_parse(&again, text, "a table"));
        ck_assert_uint_eq(again.count, COUNT(samples));
        for (size_t i = 0; i < COUNT(samples); i++) {
            const fovea__conv2d_choice *c = &samples[i],
                                       *found = fovea__conv2d_choices_find(&again, c->direction, &c->shape);
            ck_assert_ptr_nonnull(found);
            ck_assert_int_eq(found->algorithm, c->algorithm);
            const double gflops = speeds ? c->gflops : 0, rule_gflops = speeds ? c->rule_gflops : 0;
            ck_assert_double_eq(found->gflops, gflops);
            ck_assert_double_eq(found->rule_gflops, rule_gflops);
        }
        support_ok(fovea__conv2d_choices_text(&second, &again, speeds));
        ck_assert_str_eq(text, second);
        free(text);
        free(second);
        fovea__conv2d_choices_clear(&again);
    }
    fovea__conv2d_choice other = samples[0];
    other.algorithm = FOVEA__CONV2D_DIRECT;
    support_ok(fovea__conv2d_choices_set(&table, &other));
    ck_assert_uint_eq(table.count, COUNT(samples));
    ck_assert_int_eq(fovea__conv2d_choices_find(&table, other.direction, &other.shape)->algorithm,
                     FOVEA__CONV2D_DIRECT);
    fovea__conv2d_choices_clear(&table);
}
END_TEST

#define CHOICE(shape, algorithm) "{\"direction\":\"forward\",\"shape\":" shape ",\"algorithm\":\"" algorithm "\"}"
#define GOOD "[1,9,9,8,8,3,1,1]"

static const struct {
    const char *text, *said;
} bad_texts[] = {
    {"", "empty file"},
    {"[", "cut short"},
    {"{}", "expected a list of choices, found an object"},
    {"[7]", "choices[0]: expected an object"},
    {"[" CHOICE(GOOD, "direct") "," CHOICE(GOOD, "direct") "]", "choices[1] does not come after"},
    {"[" CHOICE("[1,9,9,9,8,3,1,1]", "direct") "," CHOICE(GOOD, "direct") "]", "choices[1] does not come after"},
    {"[" CHOICE(GOOD, "magic") "]", "choices[0].algorithm is \"magic\""},
    {"[" CHOICE("[1,9,9,8,8,3,1]", "direct") "]", "a list of 8 numbers"},
    {"[" CHOICE("[1,9,9,8,8,3,0,1]", "direct") "]", "number 6 is 0; expected 1"},
    {"[" CHOICE("[1,2147483647,9,8,8,3,1,1]", "direct") "]", "number 1 is 2.14748e+09; expected 0"},
    {"[" CHOICE("[1,9,9,2.5,8,3,1,1]", "direct") "]", "number 3 is 2.5; expected 1 to 1048576, whole"},
    {"[" CHOICE("[9,65535,65535,8,8,3,1,1]", "direct") "]", "values; expected at most 2147483647"},
    {"[" CHOICE("[-1,9,9,8,8,3,1,1]", "direct") "]", "number 0 is -1; expected 0"},
    {"[" CHOICE("[1,1e99,9,8,8,3,1,1]", "direct") "]", "number 1 is 1e+99"},
    {"[" CHOICE("[1,NaN,9,8,8,3,1,1]", "direct") "]", "number 1 is nan"},
    {"[{\"direction\":\"sideways\",\"shape\":" GOOD ",\"algorithm\":\"direct\"}]", "\"sideways\""},
    {"[{\"direction\":\"forward\",\"shape\":" GOOD "}]", "algorithm: expected a text, found nothing"},
    {"[{\"direction\":\"forward\",\"shape\":" GOOD ",\"algorithm\":\"gemm\",\"gflops\":NaN}]", "gflops is nan"},
};

START_TEST(choices__what_is_wrong_with_a_text_is_said)
{
    fovea__conv2d_choices table;
    support_fails(fovea__conv2d_choices_parse(&table, bad_texts[_i].text, "a table"), FOVEA_ERROR_FORMAT,
                  bad_texts[_i].said);
    ck_assert(table.count == 0 && table.items == NULL);
}
END_TEST

START_TEST(choices__the_rule_serves_what_is_not_in_the_table)
{
    fovea_device *device = support_device();
    fovea__conv2d_choices table = {0};
    const fovea__conv2d_shape shape = {2, 9, 9, 8, 8, 3, 1, 1};
    const fovea__conv2d_algorithm rule = fovea__conv2d_choose(device, FOVEA__CONV2D_FORWARD, &shape),
                                  other = rule == FOVEA__CONV2D_GEMM ? FOVEA__CONV2D_DIRECT : FOVEA__CONV2D_GEMM;
    const fovea__conv2d_choice choice = {.direction = FOVEA__CONV2D_FORWARD, .shape = shape, .algorithm = other};
    ck_assert_int_eq(fovea__conv2d_choices_pick(NULL, device, FOVEA__CONV2D_FORWARD, &shape), rule);
    ck_assert_int_eq(fovea__conv2d_choices_pick(&table, device, FOVEA__CONV2D_FORWARD, &shape), rule);
    support_ok(fovea__conv2d_choices_set(&table, &choice));
    ck_assert_int_eq(fovea__conv2d_choices_pick(&table, device, FOVEA__CONV2D_FORWARD, &shape), other);
    ck_assert_int_eq(fovea__conv2d_choices_pick(&table, device, FOVEA__CONV2D_BACKWARD_DATA, &shape),
                     fovea__conv2d_choose(device, FOVEA__CONV2D_BACKWARD_DATA, &shape));
    for (size_t i = 0; i < sizeof shape / sizeof(int); i++) {
        fovea__conv2d_shape near = shape;
        ((int *)&near)[i]++;
        ck_assert_int_eq(fovea__conv2d_choices_pick(&table, device, FOVEA__CONV2D_FORWARD, &near),
                         fovea__conv2d_choose(device, FOVEA__CONV2D_FORWARD, &near));
    }
    fovea__conv2d_choices_clear(&table);
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------------------------- */

static int warnings; /* that devices have logged */

static void count_warnings(void *cookie, fovea_log_level level, const char *message)
{
    (void)cookie;
    (void)message;
    warnings += level == FOVEA_LOG_WARNING;
}

static fovea_device *open_device(const char *cache_dir)
{
    fovea_device *device = NULL;
    warnings = 0;
    support_ok(fovea_device_open(&device, &(fovea_device_options){.log = count_warnings, .cache_dir = cache_dir}));
    return device;
}

static fovea__conv2d_choices *table_of(fovea_device *device)
{
    fovea__conv2d_choices *table = NULL;
    support_ok(fovea__conv2d_choices_of(&table, device));
    return table;
}

/* How many choices a device finds that is opened on a folder. */
static size_t count_in(const char *folder)
{
    fovea_device *device = open_device(folder);
    const size_t count = table_of(device)->count;
    fovea_device_close(device);
    return count;
}

/* The path of the only table in a folder. */
static void find_table(const char *folder, char *path, size_t room)
{
    DIR *open = opendir(folder);
    ck_assert_ptr_nonnull(open);
    *path = '\0';
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (strstr(entry->d_name, ".choices")) {
            ck_assert_str_eq(path, "");
            snprintf(path, room, "%s/%.200s", folder, entry->d_name);
        }
    closedir(open);
    ck_assert_str_ne(path, "");
}

START_TEST(choices__stay_on_disk_and_processes_add_to_each_other)
{
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", support_scratch_file("kept/deep"));
    fovea_device *a = open_device(folder), *b = open_device(folder);
    support_ok(fovea__conv2d_choices_set(table_of(a), &samples[0]));
    support_ok(fovea__conv2d_choices_set(table_of(b), &samples[1]));
    fovea__conv2d_choices_save(a);
    fovea__conv2d_choices_save(b);
    ck_assert_uint_eq(table_of(b)->count, 2);
    fovea_device_close(a);
    fovea_device_close(b);
    ck_assert_int_eq(warnings, 0);
    ck_assert_uint_eq(count_in(folder), 2);
    fovea_device *none = open_device("");
    ck_assert_uint_eq(table_of(none)->count, 0);
    support_ok(fovea__conv2d_choices_set(table_of(none), &samples[2]));
    fovea__conv2d_choices_save(none);
    fovea_device_close(none);
    ck_assert_uint_eq(count_in(folder), 2);
}
END_TEST

static void *save(void *device)
{
    fovea__conv2d_choices_save(device);
    return NULL;
}

START_TEST(choices__of_those_that_save_at_once_none_is_lost)
{
    enum { ROUNDS = 20 };
    char folder[1024], path[1300];
    snprintf(folder, sizeof folder, "%s", support_scratch_file("at_once"));
    fovea_device *devices[COUNT(samples)];
    pthread_t threads[COUNT(samples)];
    for (size_t i = 0; i < COUNT(samples); i++)
        devices[i] = open_device(folder);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < COUNT(samples); i++) {
            fovea__conv2d_choices_clear(table_of(devices[i]));
            support_ok(fovea__conv2d_choices_set(table_of(devices[i]), &samples[i]));
        }
        for (size_t i = 0; i < COUNT(samples); i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, save, devices[i]), 0);
        for (size_t i = 0; i < COUNT(samples); i++)
            pthread_join(threads[i], NULL);
        ck_assert_int_eq(warnings, 0);
        ck_assert_uint_eq(count_in(folder), COUNT(samples));
        find_table(folder, path, sizeof path);
        support_alone(path);
        ck_assert_int_eq(unlink(path), 0);
    }
    for (size_t i = 0; i < COUNT(samples); i++)
        fovea_device_close(devices[i]);
}
END_TEST

START_TEST(choices__a_broken_file_is_passed_over_and_told)
{
    char folder[1024], path[1300], *good = NULL;
    size_t size = 0;
    snprintf(folder, sizeof folder, "%s", support_scratch_file("broken"));
    fovea_device *device = open_device(folder);
    support_ok(fovea__conv2d_choices_set(table_of(device), &samples[0]));
    fovea__conv2d_choices_save(device);
    fovea_device_close(device);
    find_table(folder, path, sizeof path);
    support_ok(fovea__file_read(&good, &size, path, 1 << 20));
    const char *list = strchr(good, '\n') + 1;
    char key[1100], text[1400];
    snprintf(key, sizeof key, "%.*s", (int)(list - good), good);
    const char *const bodies[] = {"", "[", "{}", "[{\"direction\":1}]", "\n\n", "\xff\xfe[]"};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        snprintf(text, sizeof text, "%s%s", key, bodies[i]);
        support_write(path, text);
        ck_assert_uint_eq(count_in(folder), 0);
        ck_assert_int_eq(warnings, 1);
    }
    const char *const wholes[] = {"", "[]", "another device\n[]\n", "\n"};
    for (size_t i = 0; i < COUNT(wholes); i++) {
        support_write(path, wholes[i]);
        ck_assert_uint_eq(count_in(folder), 0);
        ck_assert_int_eq(warnings, 1);
    }
    for (size_t cut = 0; cut + 2 < size; cut += 37) { /* without the last line end it is whole still */
        support_ok(fovea__file_write(path, good, cut));
        ck_assert_uint_eq(count_in(folder), 0);
        ck_assert_int_eq(warnings, 1);
    }
    support_ok(fovea__file_write(path, good, size));
    ck_assert_uint_eq(count_in(folder), 1);
    ck_assert_int_eq(warnings, 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_uint_eq(count_in(folder), 0);
    ck_assert_int_eq(warnings, 0); /* there is none */
    support_ok(fovea__folder_make(path));
    ck_assert_uint_eq(count_in(folder), 0);
    ck_assert_int_eq(warnings, 1); /* there is something that cannot be read */
    ck_assert_int_eq(rmdir(path), 0);
    free(good);
}
END_TEST

START_TEST(choices__a_folder_that_cannot_be_written_is_no_failure)
{
    support_write(support_scratch_file("file"), "in the way");
    fovea_device *device = open_device(support_scratch_file("file/inside"));
    support_ok(fovea__conv2d_choices_set(table_of(device), &samples[0]));
    fovea__conv2d_choices_save(device);
    ck_assert_int_eq(warnings, 1);
    ck_assert_uint_eq(table_of(device)->count, 1);
    fovea_device_close(device);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = choices__text_gives_the_table_back},
        {choices__what_is_wrong_with_a_text_is_said, .rows = COUNT(bad_texts)},
        {choices__the_rule_serves_what_is_not_in_the_table, .needs_device = true},
        {choices__stay_on_disk_and_processes_add_to_each_other, .needs_device = true},
        {choices__of_those_that_save_at_once_none_is_lost, .needs_device = true},
        {choices__a_broken_file_is_passed_over_and_told, .needs_device = true},
        {choices__a_folder_that_cannot_be_written_is_no_failure, .needs_device = true},
    };
    return support_run_both_kinds("conv2d_choices", cases, COUNT(cases));
}
