/* The device layer: choosing, buffers and their pool, launching, the program cache, and arenas. */
#include "arena.h"
#include "fence.h"
#include "launch.h"

#include "device_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(devices__are_listed_and_chosen_by_index_and_name)
{
    size_t count = 0;
    support_ok(fovea_device_list(NULL, 0, &count));
    ck_assert_uint_ge(count, 1);
    fovea_device_info info;
    support_ok(fovea_device_list(&info, 1, &count));
    fovea_device *device = NULL;
    support_ok(fovea_device_open(&device, &(fovea_device_options){.match = "0"}));
    ck_assert_str_eq(fovea_device_name(device), info.name);
    fovea_device_close(device);
    char part[8] = "";
    for (int i = 0; i < 6; i++)
        part[i] = info.platform[i] >= 'a' && info.platform[i] <= 'z' ? (char)(info.platform[i] - 32) : info.platform[i];
    support_ok(fovea_device_open(&device, &(fovea_device_options){.match = part}));
    ck_assert_str_eq(fovea_device_describe(device)->platform, info.platform);
    fovea_device_close(device);
}
END_TEST

START_TEST(devices__that_do_not_match_are_refused)
{
    fovea_device *device = (fovea_device *)&device;
    support_fails(fovea_device_open(&device, &(fovea_device_options){.match = "no such device"}), FOVEA_ERROR_DEVICE,
                  "no OpenCL device matches \"no such device\"; present are 0: ");
    ck_assert_ptr_null(device);
    support_fails(fovea_device_open(&device, &(fovea_device_options){.match = "999"}), FOVEA_ERROR_DEVICE, "999");
}
END_TEST

START_TEST(buffers__keep_what_is_written)
{
    fovea__buffer *buffer = NULL, *copy = NULL;
    const uint32_t words[4] = {1, 2, 3, 4};
    uint32_t back[4] = {0};
    support_ok(fovea__buffer_create(&buffer, support_device(), sizeof words, "a test"));
    support_ok(fovea__buffer_create(&copy, support_device(), sizeof words, "a test"));
    support_ok(fovea__buffer_write(buffer, 0, words, sizeof words));
    support_ok(fovea__buffer_fill(buffer, 4, 8, 9));
    support_ok(fovea__buffer_copy(copy, 0, buffer, 0, sizeof words));
    support_ok(fovea__buffer_read(copy, 0, back, sizeof back));
    ck_assert(back[0] == 1 && back[1] == 9 && back[2] == 9 && back[3] == 4);
    support_fails(fovea__buffer_read(copy, 8, back, 12), FOVEA_ERROR_ARGUMENT, "12 bytes at 8 of a buffer of 16");
    fovea__buffer_free(copy);
    fovea__buffer_free(buffer);
}
END_TEST

START_TEST(buffers__have_slices_of_slices)
{
    const size_t each = fovea__buffer_alignment(support_device()), words = each / 4;
    fovea__buffer *whole = NULL, *part = NULL, *inner = NULL;
    uint32_t *back = calloc(4 * words, sizeof *back);
    support_ok(fovea__buffer_create(&whole, support_device(), 4 * each, "a test"));
    support_ok(fovea__buffer_fill(whole, 0, 4 * each, 1));
    support_ok(fovea__buffer_slice(&part, whole, each, 3 * each));
    support_ok(fovea__buffer_slice(&inner, part, each, each));
    support_ok(fovea__buffer_fill(part, 0, 3 * each, 2));
    support_ok(fovea__buffer_fill(inner, 0, each, 3));
    support_ok(fovea__buffer_read(whole, 0, back, 4 * each));
    for (size_t i = 0; i < 4 * words; i++)
        ck_assert_uint_eq(back[i], i < words ? 1 : i / words == 2 ? 3 : 2);
    free(back);
    fovea__buffer_free(inner);
    fovea__buffer_free(part);
    fovea__buffer_free(whole);
}
END_TEST

START_TEST(buffers__are_used_again_and_counted)
{
    uint64_t before = 0, now = 0, peak = 0;
    fovea__buffer *buffer = NULL;
    support_ok(fovea__buffer_create(&buffer, support_device(), 1 << 20, "a test"));
    fovea__buffer_free(buffer);
    fovea_device_memory(support_device(), &before, NULL);
    for (int i = 0; i < 100; i++) {
        support_ok(fovea__buffer_create(&buffer, support_device(), (1 << 20) - 64 * (size_t)i, "a test"));
        fovea__buffer_free(buffer);
    }
    fovea_device_memory(support_device(), &now, &peak);
    ck_assert_uint_eq(now, before);
    ck_assert_uint_ge(peak, 1 << 20);
}
END_TEST

START_TEST(buffers__that_do_not_fit_are_refused)
{
    const fovea_device_info *info = fovea_device_describe(support_device());
    fovea__buffer *buffer = (fovea__buffer *)&buffer;
    support_fails(fovea__buffer_create(&buffer, support_device(), info->max_allocation_bytes + 4096, "a giant"),
                  FOVEA_ERROR_MEMORY, "MiB asked for a giant");
    ck_assert_ptr_null(buffer);
}
END_TEST

START_TEST(kernels__that_are_not_there_are_named)
{
    support_fails(fovea__launch(support_device(), "no_such_file", "", "f", NULL, 0, fovea__grid_1d(1, 1)),
                  FOVEA_ERROR_ARGUMENT, "no kernel file no_such_file.cl");
}
END_TEST

/* A folder of kernels with one that adds 1 and one that does not compile. */
static void write_text(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static fovea_device *open_with_cache(const char *cache)
{
    fovea_device *device = NULL;
    support_ok(fovea_device_open(&device, &(fovea_device_options){.cache_dir = cache}));
    return device;
}

static void add_one(fovea_device *device, int expected)
{
    fovea__buffer *buffer = NULL;
    int32_t value = 41;
    support_ok(fovea__buffer_create(&buffer, device, 4, "a test"));
    support_ok(fovea__buffer_write(buffer, 0, &value, 4));
    support_ok(fovea__launch(device, "probe", "-DSTEP=1", "add_step", (fovea__arg[]){fovea__arg_buffer(buffer)}, 1,
                             fovea__grid_1d(1, 1)));
    support_ok(fovea__buffer_read(buffer, 0, &value, 4));
    ck_assert_int_eq(value, expected);
    fovea__buffer_free(buffer);
    fovea_device_close(device);
}

/* A variable that has a runtime compile otherwise keeps what is built under it apart; others change nothing. */
START_TEST(device_key__tells_of_what_runtimes_heed)
{
    static const struct {
        const char *name, *value;
        bool changes;
    } rows[] = {{"CL_CONFIG_FOVEA_TEST", "core-avx2", true},
                {"CL_CONFIG_FOVEA_TEST", "corei7-avx", true},
                {"POCL_FOVEA_TEST", "IN_CACHE=1", true},
                {"POCL_CACHE_DIR", "/nonexistent", false},
                {"FOVEA_TEST", "POCL_FOVEA_TEST=1", false}};
    char plain[FOVEA__DEVICE_KEY], other[FOVEA__DEVICE_KEY], first[FOVEA__DEVICE_KEY] = "";
    fovea_device *device = open_with_cache("");
    fovea__device_key(device, plain);
    fovea_device_close(device);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *held = getenv(rows[i].name);
        char *before = held ? strdup(held) : NULL;
        setenv(rows[i].name, rows[i].value, 1);
        device = open_with_cache("");
        fovea__device_key(device, other);
        fovea_device_close(device);
        if (before)
            setenv(rows[i].name, before, 1);
        else
            unsetenv(rows[i].name);
        free(before);
        ck_assert_msg((strcmp(plain, other) != 0) == rows[i].changes, "%s=%s", rows[i].name, rows[i].value);
        ck_assert_msg(i != 1 || strcmp(first, other) != 0, "another value is another key");
        strcpy(first, other);
    }
}
END_TEST

START_TEST(programs__survive_a_broken_cache_and_say_why_they_do_not_build)
{
    char cache[256], command[600];
    snprintf(cache, sizeof cache, "%s/cache", support_scratch());
    write_text(support_scratch(), "common.cl", "\n");
    write_text(support_scratch(), "probe.cl", "__kernel void add_step(__global int *x) { x[0] += STEP; }\n");
    write_text(support_scratch(), "wrong.cl", "__kernel void wrong(__global int *x) { x[0] = nonsense; }\n");
    setenv("FOVEA_KERNEL_DIR", support_scratch(), 1);
    add_one(open_with_cache(cache), 42);
    add_one(open_with_cache(cache), 42);
    snprintf(command, sizeof command, "for f in %s/*.bin; do head -c 200 $f > $f.cut; mv $f.cut $f; done", cache);
    ck_assert_int_eq(system(command), 0);
    add_one(open_with_cache(cache), 42);
    snprintf(command, sizeof command, "for f in %s/*.bin; do printf 'xxxxxxxx' >> $f; done", cache);
    ck_assert_int_eq(system(command), 0);
    add_one(open_with_cache(cache), 42);
    write_text(support_scratch(), "probe.cl", "__kernel void add_step(__global int *x) { x[0] += 2 * STEP; }\n");
    add_one(open_with_cache(cache), 43);
    fovea_device *device = open_with_cache(cache);
    support_fails(fovea__launch(device, "wrong", "", "wrong", NULL, 0, fovea__grid_1d(1, 1)), FOVEA_ERROR_DEVICE,
                  "wrong.cl");
    ck_assert_msg(support_has(fovea_error(), "nonsense"), "the compiler's log is missing: %s", fovea_error());
    support_fails(fovea__launch(device, "wrong", "", "wrong", NULL, 0, fovea__grid_1d(1, 1)), FOVEA_ERROR_DEVICE,
                  "did not build");
    fovea_device_close(device);
    unsetenv("FOVEA_KERNEL_DIR");
}
END_TEST

/* Groups of 16 x 2 on devices of other limits; each work-item notes the group that it is in. */
START_TEST(launch__keeps_groups_within_what_the_device_can)
{
    static const struct {
        size_t first, second, group;
        int want[2];
    } rows[] = {{1024, 1024, 1024, {16, 2}}, {1024, 1, 1024, {16, 1}}, {1024, 1024, 31, {16, 1}},
                {1024, 1024, 8, {8, 1}},     {4, 1024, 1024, {4, 2}},  {1, 1, 1, {1, 1}}};
    int32_t got[5][33][2];
    fovea__buffer *buffer = NULL;
    write_text(support_scratch(), "common.cl", "\n");
    write_text(support_scratch(), "groups.cl", "__kernel void groups(__global int2 *x) {\n"
               "if (get_global_id(0) < 33 && get_global_id(1) < 5) x[get_global_id(1) * 33 + get_global_id(0)] =\n"
               "(int2)((int)get_local_size(0), (int)get_local_size(1)); }\n");
    setenv("FOVEA_KERNEL_DIR", support_scratch(), 1);
    fovea_device *device = open_with_cache("");
    unsetenv("FOVEA_KERNEL_DIR");
    support_ok(fovea__buffer_create(&buffer, device, sizeof got, "a test"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        device->max_items[0] = rows[i].first;
        device->max_items[1] = rows[i].second;
        device->max_work_group = rows[i].group;
        support_ok(fovea__buffer_fill(buffer, 0, sizeof got, 0));
        support_ok(fovea__launch(device, "groups", "", "groups", (fovea__arg[]){fovea__arg_buffer(buffer)}, 1,
                                 fovea__grid_2d(33, 5, 16, 2)));
        support_ok(fovea__buffer_read(buffer, 0, got, sizeof got));
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 33; x++)
                ck_assert(got[y][x][0] == rows[i].want[0] && got[y][x][1] == rows[i].want[1]);
    }
    fovea__buffer_free(buffer);
    fovea_device_close(device);
}
END_TEST

START_TEST(arena__never_lets_living_blocks_overlap)
{
    enum { BLOCKS = 300 };
    fovea__block blocks[BLOCKS];
    size_t all = 0;
    for (int i = 0; i < BLOCKS; i++) {
        const int first = support_random_int(5, (uint64_t)i, 0, 100);
        blocks[i] = (fovea__block){.bytes = (size_t)support_random_int(6, (uint64_t)i, 0, 5000), .first = first,
                                   .last = first + support_random_int(7, (uint64_t)i, 0, 10)};
        all += blocks[i].bytes;
    }
    size_t *slabs = NULL, total = 0;
    int n_slabs = 0;
    support_ok(fovea__arena_plan(blocks, BLOCKS, 256, 20000, &slabs, &n_slabs));
    for (int i = 0; i < n_slabs; i++)
        total += slabs[i];
    for (int i = 0; i < BLOCKS; i++) {
        ck_assert_uint_eq(blocks[i].offset % 256, 0);
        ck_assert_uint_le(blocks[i].offset + blocks[i].bytes, slabs[blocks[i].slab]);
        for (int j = 0; j < i; j++) {
            const fovea__block *a = &blocks[i], *b = &blocks[j];
            const bool together = a->first <= b->last && b->first <= a->last && a->slab == b->slab;
            ck_assert(!together || a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset);
        }
    }
    ck_assert_uint_lt(total, all / 4);
    free(slabs);
    support_fails(fovea__arena_plan(blocks, BLOCKS, 256, 1000, &slabs, &n_slabs), FOVEA_ERROR_MEMORY, "one piece");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = devices__are_listed_and_chosen_by_index_and_name, .needs_device = true},
        {.test = devices__that_do_not_match_are_refused, .needs_device = true},
        {.test = buffers__keep_what_is_written, .needs_device = true},
        {.test = buffers__have_slices_of_slices, .needs_device = true},
        {.test = buffers__are_used_again_and_counted, .needs_device = true},
        {.test = buffers__that_do_not_fit_are_refused, .needs_device = true},
        {.test = kernels__that_are_not_there_are_named, .needs_device = true},
        {.test = device_key__tells_of_what_runtimes_heed, .needs_device = true},
        {.test = programs__survive_a_broken_cache_and_say_why_they_do_not_build, .needs_device = true},
        {.test = launch__keeps_groups_within_what_the_device_can, .needs_device = true},
        {.test = arena__never_lets_living_blocks_overlap},
    };
    return support_run("cl", cases, COUNT(cases));
}
