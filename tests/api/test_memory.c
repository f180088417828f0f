/* Memory that runs out: each allocation in turn fails, and each time the call must fail with FOVEA_ERROR_MEMORY, crash
 * nowhere and give back all it had. The program is linked with --wrap, so that what the library's own code allocates
 * comes through here. */
#include "file.h"
#include "safetensors.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

static long asked, fail_at; /* allocations since injection began, and the one that fails (0: none) */
static long held;           /* allocated and not yet freed */

static bool may(void)
{
    return ++asked != fail_at;
}

static void *count_new(void *memory)
{
    held += memory != NULL;
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return may() ? count_new(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may() ? count_new(__real_calloc(count, size)) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    if (!may())
        return NULL;
    void *memory = __real_realloc(old, size);
    held += !old && memory;
    return memory;
}

void __wrap_free(void *memory)
{
    held -= memory != NULL;
    __real_free(memory);
}

/* Runs `work` with the first, the second, ... allocation failing until it asks for no more. `work` asserts nothing: the
 * test library allocates too. */
static void starve(const char *what, fovea_status (*work)(void), long at_least)
{
    support_scratch();
    for (long n = 1;; n++) {
        const long held_before = held;
        asked = 0;
        fail_at = n;
        const fovea_status status = work();
        fail_at = 0;
        const long lost = held - held_before;
        const bool enough = asked < n;
        ck_assert_msg(lost == 0, "%s: allocation %ld of it failed, and %ld blocks were lost", what, n, lost);
        if (enough) {
            ck_assert_msg(status == FOVEA_OK, "%s: %s", what, fovea_error());
            ck_assert_msg(n > at_least, "%s: %ld allocations were seen, at least %ld are expected", what, n - 1, at_least);
            return;
        }
        ck_assert_msg(status == FOVEA_ERROR_MEMORY && support_has(fovea_error(), "out of memory"),
                      "%s: allocation %ld of it failed: %s: %s", what, n, fovea_status_name(status), fovea_error());
    }
}

static const char *scratch_file(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", support_scratch(), name);
    return path;
}

/* ---- pictures -------------------------------------------------------------------------------------------------- */

static fovea_status write_picture(void)
{
    fovea_image image;
    FOVEA_TRY(fovea_image_create(&image, 33, 17));
    const fovea_status status = fovea_image_write_jpeg(&image, scratch_file("a.jpg"), 0);
    fovea_image_clear(&image);
    return status;
}

static fovea_status read_picture(void)
{
    fovea_image image;
    const fovea_status status = fovea_image_read_jpeg(&image, scratch_file("a.jpg"));
    const bool zeroed = !image.pixels && image.width == 0 && image.height == 0;
    fovea_image_clear(&image);
    return status && !zeroed ? FOVEA_ERROR_ARGUMENT : status;
}

START_TEST(memory__runs_out_over_pictures)
{
    starve("writing a JPEG", write_picture, 3);
    starve("reading a JPEG", read_picture, 3);
}
END_TEST

/* ---- data sets and evaluation ---------------------------------------------------------------------------------- */

static const char annotations[] =
    "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":33,\"height\":17},"
    "{\"id\":2,\"file_name\":\"b.jpg\",\"width\":33,\"height\":17}],"
    "\"categories\":[{\"id\":3,\"name\":\"cell\"},{\"id\":9,\"name\":\"dot\"}],"
    "\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,3,4],\"area\":12,\"iscrowd\":0},"
    "{\"id\":2,\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,0,4],\"area\":0,\"iscrowd\":0},"
    "{\"id\":3,\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,9,4],\"area\":36,\"iscrowd\":1},"
    "{\"id\":12345678901234567,\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,40,4],\"area\":160,\"iscrowd\":0}]}";
static const char results[] =
    "[{\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,3,4],\"score\":0.5},"
    "{\"image_id\":2,\"category_id\":9,\"bbox\":[1,2,8,4],\"score\":0.25}]";

static fovea_status open_dataset(void)
{
    fovea_dataset *dataset = NULL;
    const fovea_status status = fovea_dataset_open_coco(&dataset, support_scratch(), scratch_file("a.json"));
    const bool left = status && dataset;
    fovea_dataset_close(dataset);
    return left ? FOVEA_ERROR_ARGUMENT : status;
}

static fovea_status evaluate(void)
{
    fovea_evaluator *evaluator = NULL;
    fovea_evaluation numbers;
    fovea_class_evaluation classes[2];
    size_t n_classes = 0;
    FOVEA_TRY(fovea_evaluator_open(&evaluator, scratch_file("a.json")));
    fovea_status status = fovea_evaluator_add_file(evaluator, scratch_file("results.json"));
    if (!status)
        status = fovea_evaluator_add(evaluator, 1, 9, (const double[4]){1.0, 2.0, 3.0, 4.0}, 0.125);
    if (!status)
        status = fovea_evaluator_run(evaluator, &numbers, classes, 2, &n_classes);
    fovea_evaluator_close(evaluator);
    return status;
}

START_TEST(memory__runs_out_over_data_sets)
{
    support_ok(fovea__file_write(scratch_file("a.json"), annotations, sizeof annotations - 1));
    starve("opening a data set", open_dataset, 10);
}
END_TEST

START_TEST(memory__runs_out_over_evaluation)
{
    support_ok(fovea__file_write(scratch_file("a.json"), annotations, sizeof annotations - 1));
    support_ok(fovea__file_write(scratch_file("results.json"), results, sizeof results - 1));
    starve("evaluating", evaluate, 10);
}
END_TEST

/* ---- weights --------------------------------------------------------------------------------------------------- */

static fovea_status fill(void *context, size_t index, void *out, size_t size_bytes)
{
    (void)context, (void)index;
    memset(out, 0, size_bytes);
    return FOVEA_OK;
}

static fovea_status write_weights(void)
{
    const fovea__safetensors_item items[] = {
        {.name = "a", .dtype = FOVEA__DTYPE_F64, .n_dims = 1, .shape = {3}},
        {.name = "b", .dtype = FOVEA__DTYPE_F32, .n_dims = 1, .shape = {3000}},
    };
    const fovea__safetensors_pair pair = {"key", "value"};
    return fovea__safetensors_write(scratch_file("a.safetensors"),
                                    &(fovea__safetensors_content){&pair, 1, items, COUNT(items), fill, NULL});
}

static fovea_status read_weights(void)
{
    fovea__safetensors *file = NULL;
    float values[3];
    FOVEA_TRY(fovea__safetensors_open(&file, scratch_file("a.safetensors")));
    const fovea_status status = fovea__safetensors_read_floats(file, fovea__safetensors_find(file, "a"), values);
    fovea__safetensors_close(file);
    return status;
}

START_TEST(memory__runs_out_over_weights)
{
    starve("writing weights", write_weights, 5);
    starve("reading weights", read_weights, 6);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = memory__runs_out_over_pictures},
        {.test = memory__runs_out_over_data_sets},
        {.test = memory__runs_out_over_evaluation},
        {.test = memory__runs_out_over_weights},
    };
    return support_run("memory", cases, COUNT(cases));
}
