/* Runs a program's cases on one device and says how many passed, failed and were skipped. */
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static fovea_device *the_device;
static bool device_tried;
static int left_early; /* tests that ran and skipped themselves */
static int not_run;    /* cases that need a device, where there is none */
static char scratch[64];

static void print_log(void *cookie, fovea_log_level level, const char *message)
{
    (void)cookie;
    if (level == FOVEA_LOG_WARNING)
        fprintf(stderr, "%s\n", message);
}

fovea_device *support_device(void)
{
    if (!device_tried) {
        device_tried = true;
        const fovea_device_options options = {.log = print_log};
        if (fovea_device_open(&the_device, &options) != FOVEA_OK)
            fprintf(stderr, "no device: %s\n", fovea_error());
    }
    return the_device;
}

bool support_is_simulator(void)
{
    const fovea_device_info *info = fovea_device_describe(support_device());
    return info && strstr(info->platform, "Oclgrind");
}

void support_note_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("skipped: ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    left_early++;
}

bool support_has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

const char *support_scratch(void)
{
    if (!scratch[0]) {
        snprintf(scratch, sizeof scratch, "%s", "/tmp/fovea-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(scratch));
    }
    return scratch;
}

static void remove_folder(const char *path)
{
    DIR *folder = unlink(path) == 0 ? NULL : opendir(path);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char inside[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inside, sizeof inside, "%.700s/%.300s", path, entry->d_name);
        remove_folder(inside);
    }
    closedir(folder);
    rmdir(path);
}

static char *next_path(void)
{
    static char paths[8][1024];
    static int next;
    return paths[next++ % 8];
}

const char *support_scratch_file(const char *name)
{
    char *path = next_path();
    snprintf(path, 1024, "%s/%.900s", support_scratch(), name);
    return path;
}

void support_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s cannot be written", path);
}

void support_alone(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash + 1;
    char folder[1024];
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    DIR *open = opendir(folder);
    ck_assert_msg(open != NULL, "%s cannot be read", folder);
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        ck_assert_msg(strncmp(entry->d_name, name, strlen(name)) != 0 || strcmp(entry->d_name, name) == 0,
                      "%s was left beside %s", entry->d_name, path);
    closedir(open);
}

static const char *path_if_there(const char *folder, const char *inside)
{
    char *path = next_path();
    snprintf(path, 1024, "%.600s/%.400s", folder, inside);
    return access(path, R_OK) == 0 ? path : NULL;
}

const char *support_data(const char *inside)
{
    const char *folder = getenv("FOVEA_TEST_DATA");
    return path_if_there(folder && *folder ? folder : FOVEA_TEST_SOURCE "/../shared", inside);
}

const char *support_test_file(const char *inside)
{
    const char *path = path_if_there(FOVEA_TEST_SOURCE "/tests/data", inside);
    ck_assert_msg(path != NULL, "tests/data/%s is not there", inside);
    return path;
}

/* The library asks for the kind of device in its description only. */
static void swap_kind(void)
{
    fovea_device_info *info = (fovea_device_info *)fovea_device_describe(support_device());
    info->type = info->type == FOVEA_DEVICE_CPU ? FOVEA_DEVICE_GPU : FOVEA_DEVICE_CPU;
}

static void add_case(Suite *suite, const support_case *added, bool other_kind)
{
    TCase *tcase = tcase_create(added->test->name);
    if (other_kind)
        tcase_add_checked_fixture(tcase, swap_kind, swap_kind);
    tcase_add_loop_test(tcase, added->test, 0, added->rows > 0 ? added->rows : 1);
    suite_add_tcase(suite, tcase);
}

static SRunner *make_runner(const char *name, const support_case *cases, size_t n_cases, bool both_kinds,
                            const char *only)
{
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < n_cases; i++) {
        const char *case_name = cases[i].test->name;
        if (only && !strstr(case_name, only))
            continue;
        if (cases[i].needs_device && !support_device()) {
            printf("skipped: %s: no OpenCL device\n", case_name);
            not_run++;
            continue;
        }
        add_case(suite, &cases[i], false);
        if (both_kinds && cases[i].needs_device)
            add_case(suite, &cases[i], true);
    }
    return srunner_create(suite);
}

static int run(const char *name, const support_case *cases, size_t n_cases, bool both_kinds)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    SRunner *runner = make_runner(name, cases, n_cases, both_kinds, getenv("FOVEA_TEST_ONLY"));
    srunner_set_fork_status(runner, CK_NOFORK); /* an OpenCL context does not survive a fork */
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    const int passed = srunner_ntests_run(runner) - failed - left_early; /* check counts those as passed */
    const int skipped = left_early + not_run;
    srunner_free(runner);
    fovea_device_close(the_device);
    the_device = NULL;
    if (scratch[0])
        remove_folder(scratch);
    printf("%s: %d passed, %d failed, %d skipped\n", name, passed, failed, skipped);
    return failed ? 1 : passed == 0 ? 77 : 0;
}

int support_run(const char *name, const support_case *cases, size_t n_cases)
{
    return run(name, cases, n_cases, false);
}

int support_run_both_kinds(const char *name, const support_case *cases, size_t n_cases)
{
    return run(name, cases, n_cases, true);
}
