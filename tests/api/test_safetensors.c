/* Safetensors files: what is written comes back, what is broken is refused with a sentence, and a full disk loses
 * nothing. */
#include "file.h"
#include "safetensors.h"
#include "support.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes length, header and `n_data` bytes 0, 1, 2, ... to the scratch folder. */
static const char *write_raw(uint64_t length, const char *header, size_t n_data)
{
    const char *path = support_scratch_file("raw.safetensors");
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(&length, 1, 8, file);
    fwrite(header, 1, strlen(header), file);
    for (size_t i = 0; i < n_data; i++)
        fputc((int)i, file);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static void refuse(const char *path, fovea_status status, const char *part)
{
    fovea__safetensors *file = (fovea__safetensors *)&file;
    support_fails(fovea__safetensors_open(&file, path), status, part);
    ck_assert_ptr_null(file);
    ck_assert_msg(support_has(fovea_error(), path), "\"%s\" does not name %s", fovea_error(), path);
}

/* ---- round trip ------------------------------------------------------------------------------------------------ */

static const float weights[6] = {0.0f, -1.5f, 3.25e-41f, INFINITY, 7.0f, -0.0f};
static const int64_t steps = INT64_C(-9007199254740995);
static const double precise[2] = {0.1, -1e300};

/* Fills "b": the bytes 10, 11, ...; `context` counts the calls. */
static fovea_status fill_bytes(void *context, size_t index, void *out, size_t size_bytes)
{
    ck_assert_uint_eq(index, 1);
    ck_assert_uint_eq(size_bytes, 3);
    memcpy(out, "\n\v\f", 3);
    ++*(int *)context;
    return FOVEA_OK;
}

static const fovea__safetensors_item items[] = {
    {.name = "weights", .dtype = FOVEA__DTYPE_F32, .n_dims = 2, .shape = {2, 3}, .data = weights},
    {.name = "b", .dtype = FOVEA__DTYPE_U8, .n_dims = 1, .shape = {3}},
    {.name = "norm.num_batches_tracked", .dtype = FOVEA__DTYPE_I64, .data = &steps},
    {.name = "empty", .dtype = FOVEA__DTYPE_F32, .n_dims = 3, .shape = {4, 0, 5}, .data = weights},
    {.name = "\"quoted\" \n\xc3\xbc", .dtype = FOVEA__DTYPE_F64, .n_dims = 1, .shape = {2}, .data = precise},
};
static const fovea__safetensors_pair metadata[] = {{"fovea.classes", "[{\"id\": 1, \"name\": \"a\\b\"}]"}, {"a", ""}};

static void write_sample(const char *path)
{
    int calls = 0;
    const fovea__safetensors_content content = {metadata, COUNT(metadata), items, COUNT(items), fill_bytes, &calls};
    support_ok(fovea__safetensors_write(path, &content));
    ck_assert_int_eq(calls, 1);
}

START_TEST(safetensors__come_back_as_written)
{
    const char *path = support_scratch_file("sample.safetensors");
    fovea__safetensors *file = NULL;
    write_sample(path);
    support_ok(fovea__safetensors_open(&file, path));
    ck_assert_uint_eq(fovea__safetensors_count(file), COUNT(items));
    for (size_t i = 0; i < COUNT(items); i++) {
        const fovea__safetensors_entry *entry = fovea__safetensors_find(file, items[i].name);
        ck_assert_ptr_nonnull(entry);
        ck_assert_str_eq(entry->name, items[i].name);
        ck_assert_int_eq(entry->dtype, items[i].dtype);
        ck_assert_int_eq(entry->n_dims, items[i].n_dims);
        ck_assert_mem_eq(entry->shape, items[i].shape, sizeof entry->shape);
    }
    ck_assert_ptr_null(fovea__safetensors_find(file, "weight"));
    ck_assert_ptr_null(fovea__safetensors_find(file, "__metadata__"));
    ck_assert_str_eq(fovea__safetensors_metadata(file, "fovea.classes"), metadata[0].value);
    ck_assert_str_eq(fovea__safetensors_metadata(file, "a"), "");
    ck_assert_ptr_null(fovea__safetensors_metadata(file, "b"));

    float floats[6], rounded[2];
    int64_t number;
    char bytes[3];
    support_ok(fovea__safetensors_read_floats(file, fovea__safetensors_find(file, "weights"), floats));
    ck_assert_mem_eq(floats, weights, sizeof weights);
    support_ok(fovea__safetensors_read_floats(file, fovea__safetensors_find(file, items[4].name), rounded));
    ck_assert(rounded[0] == 0.1f && rounded[1] == -INFINITY);
    support_ok(fovea__safetensors_read_floats(file, fovea__safetensors_find(file, "empty"), NULL));
    support_ok(fovea__safetensors_read_int64(file, fovea__safetensors_find(file, items[2].name), &number));
    ck_assert(number == steps);
    support_ok(fovea__safetensors_read_bytes(file, fovea__safetensors_find(file, "b"), bytes));
    ck_assert_mem_eq(bytes, "\n\v\f", 3);
    support_fails(fovea__safetensors_read_floats(file, fovea__safetensors_find(file, "b"), floats), FOVEA_ERROR_FORMAT,
                  "tensor b: is of type U8, expected F32");
    support_fails(fovea__safetensors_read_int64(file, fovea__safetensors_find(file, "b"), &number), FOVEA_ERROR_FORMAT,
                  "tensor b: is of type U8, expected I64");
    fovea__safetensors_close(file);
}
END_TEST

/* The bytes below are those of safetensors 0.8's save_file() for the same tensors. */
START_TEST(safetensors__are_byte_for_byte_the_format_s_own)
{
    static const char expected[] =
        "\xc0\0\0\0\0\0\0\0{\"__metadata__\":{\"k\":\"v\"},"
        "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
        "\"z\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[12,14]}}      "
        "\x05\0\0\0\0\0\0\0\0\0\x80?\x01\x02";
    const int64_t five = 5;
    const float one = 1.0f;
    const fovea__safetensors_item tensors[] = {
        {.name = "a", .dtype = FOVEA__DTYPE_F32, .n_dims = 1, .shape = {1}, .data = &one},
        {.name = "z", .dtype = FOVEA__DTYPE_U8, .n_dims = 1, .shape = {2}, .data = "\x01\x02"},
        {.name = "n", .dtype = FOVEA__DTYPE_I64, .data = &five},
    };
    const fovea__safetensors_pair pair = {"k", "v"};
    const char *path = support_scratch_file("bytes.safetensors");
    support_ok(fovea__safetensors_write(path, &(fovea__safetensors_content){&pair, 1, tensors, 3, NULL, NULL}));
    char *bytes = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&bytes, &size, path, 4096));
    ck_assert_uint_eq(size, sizeof expected - 1);
    ck_assert_mem_eq(bytes, expected, size);
    free(bytes);
}
END_TEST

START_TEST(safetensors__without_tensors_are_files_too)
{
    const char *path = support_scratch_file("empty.safetensors");
    fovea__safetensors *file = NULL;
    support_ok(fovea__safetensors_write(path, &(fovea__safetensors_content){0}));
    support_ok(fovea__safetensors_open(&file, path));
    ck_assert_uint_eq(fovea__safetensors_count(file), 0);
    ck_assert_ptr_null(fovea__safetensors_find(file, ""));
    ck_assert_ptr_null(fovea__safetensors_metadata(file, ""));
    fovea__safetensors_close(file);
    fovea__safetensors_close(NULL);
}
END_TEST

START_TEST(safetensors__half_floats_are_widened_exactly)
{
    const uint16_t f16[] = {0x3c00, 0xc000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000};
    const uint16_t bf16[] = {0x3f80, 0xc000, 0x0001, 0x7f7f, 0x7f80, 0xff80, 0x7fc0, 0x8000, 0x4049, 0x0080};
    const float from_f16[] = {1.0f,     -2.0f,    0x1p-24f,  -0x1.ff8p-15f, 0x1p-14f,
                              65504.0f, INFINITY, -INFINITY, NAN,           -0.0f};
    const float from_bf16[] = {1.0f,      -2.0f, 0x1p-133f, 0x1.fep127f, INFINITY,
                               -INFINITY, NAN,   -0.0f,     3.140625f,   0x1p-126f};
    const fovea__safetensors_item halves[] = {
        {.name = "f16", .dtype = FOVEA__DTYPE_F16, .n_dims = 1, .shape = {10}, .data = f16},
        {.name = "bf16", .dtype = FOVEA__DTYPE_BF16, .n_dims = 2, .shape = {5, 2}, .data = bf16},
        {.name = "odd", .dtype = FOVEA__DTYPE_U8, .n_dims = 1, .shape = {1}, .data = "x"},
    };
    const char *path = support_scratch_file("halves.safetensors");
    fovea__safetensors *file = NULL;
    support_ok(fovea__safetensors_write(path, &(fovea__safetensors_content){.items = halves, .n_items = 3}));
    support_ok(fovea__safetensors_open(&file, path));
    for (int t = 0; t < 2; t++) {
        const float *want = t ? from_bf16 : from_f16;
        float got[10];
        support_ok(fovea__safetensors_read_floats(file, fovea__safetensors_find(file, t ? "bf16" : "f16"), got));
        for (int i = 0; i < 10; i++)
            ck_assert_msg(isnan(want[i]) ? isnan(got[i]) : memcmp(&got[i], &want[i], 4) == 0,
                          "%s[%d]: %a, expected %a", t ? "bf16" : "f16", i, (double)got[i], (double)want[i]);
    }
    fovea__safetensors_close(file);
}
END_TEST

/* ---- broken files ---------------------------------------------------------------------------------------------- */

#define TENSOR(name, dtype, shape, offsets) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const struct {
    const char *header, *part;
    size_t n_data;
} broken[] = {
    {"", "found an empty file", 0},
    {"{", "found the file's end", 0},
    {"{} {}", "line 1, column 4: expected JSON, found `{}`", 0},
    {"[]", "not a JSON object", 0},
    {"7", "not a JSON object", 0},
    {"{\"a\":1}", "tensor a: is not a JSON object", 0},
    {"{\"a\":{}}", "tensor a: has no \"dtype\"", 0},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", "tensor a: has no \"data_offsets\"", 0},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "tensor a: a second \"dtype\"", 0},
    {"{\"a\":{\"type\":\"F32\"}}", "tensor a: unknown field \"type\"", 0},
    {"{" TENSOR("a", "F33", "[1]", "[0,4]") "}", "tensor a: unknown dtype \"F33\"", 4},
    {"{\"a\":{\"dtype\":7}}", "\"dtype\" is not a text", 4},
    {"{" TENSOR("a", "F32", "{}", "[0,4]") "}", "\"shape\" is not a list", 4},
    {"{" TENSOR("a", "F32", "[-1]", "[0,4]") "}", "dimension 0 of its shape is not a whole number", 4},
    {"{" TENSOR("a", "F32", "[1,1.5]", "[0,4]") "}", "dimension 1 of its shape is not a whole number", 4},
    {"{" TENSOR("a", "F32", "[\"1\"]", "[0,4]") "}", "dimension 0 of its shape is not a whole number", 4},
    {"{" TENSOR("a", "F32", "[1e400]", "[0,4]") "}", "dimension 0 of its shape is not a whole number", 4},
    {"{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", "more than 8 dimensions", 4},
    {"{" TENSOR("a", "F32", "[4294967296,4294967296,16]", "[0,0]") "}", "more elements than any file", 0},
    {"{" TENSOR("a", "F32", "[4611686018427387904,4]", "[0,0]") "}", "dimension 0 of its shape", 0},
    {"{" TENSOR("a", "F32", "[2]", "[0,4]") "}", "tensor a: its shape of F32 takes 8 bytes, found 4", 4},
    {"{" TENSOR("a", "F64", "[]", "[0,4]") "}", "tensor a: its shape of F64 takes 8 bytes, found 4", 4},
    {"{" TENSOR("a", "F32", "[1]", "[0]") "}", "not a list of two whole numbers", 4},
    {"{" TENSOR("a", "F32", "[1]", "[0,4,8]") "}", "not a list of two whole numbers", 4},
    {"{" TENSOR("a", "F32", "[1]", "[-4,0]") "}", "not a list of two whole numbers", 4},
    {"{" TENSOR("a", "F32", "[1]", "{\"b\":0,\"e\":4}") "}", "not a list of two whole numbers", 4},
    {"{" TENSOR("a", "F32", "[1]", "[4,0]") "}", "tensor a: begins at byte 4, behind its end at 0", 4},
    {"{" TENSOR("a", "F32", "[2]", "[0,8]") "}", "tensor a: ends at byte 8, but the file holds 4 bytes", 4},
    {"{" TENSOR("a", "F32", "[1]", "[9007199254740,9007199254744]") "}", "tensor a: ends at byte", 4},
    {"{" TENSOR("a", "F32", "[1]", "[18446744073709551612,18446744073709551616]") "}", "two whole numbers", 4},
    {"{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("a", "F32", "[1]", "[4,8]") "}", "has tensor a twice", 8},
    {"{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("b", "F32", "[1]", "[2,6]") "}", "tensors overlap", 6},
    {"{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("b", "F32", "[1]", "[0,4]") "}", "tensors overlap", 4},
    {"{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("b", "F32", "[1]", "[8,12]") "}", "there is a hole", 12},
    {"{" TENSOR("a", "F32", "[1]", "[4,8]") "}", "begins at byte 4, expected at 0: there is a hole", 8},
    {"{" TENSOR("a", "F32", "[1]", "[0,4]") "}", "holds 5 bytes of tensors, its header describes 4", 5},
    {"{\"__metadata__\":[]}", "\"__metadata__\" is not a JSON object", 0},
    {"{\"__metadata__\":{\"k\":1}}", "metadata \"k\" is a number, a text is expected", 0},
    {"{\"__metadata__\":{\"k\":12345678901234567890}}", "metadata \"k\" is a number, a text is expected", 0},
    {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", "has metadata \"k\" twice", 0},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", "has \"__metadata__\" twice", 0},
};

START_TEST(safetensors__broken_headers_are_refused)
{
    refuse(write_raw(strlen(broken[_i].header), broken[_i].header, broken[_i].n_data), FOVEA_ERROR_FORMAT,
           broken[_i].part);
}
END_TEST

START_TEST(safetensors__wrong_lengths_are_refused)
{
    refuse(write_raw(3, "{}", 0), FOVEA_ERROR_FORMAT, "cut short in its header: 3 bytes of it are expected, found 2");
    refuse(write_raw(UINT64_MAX, "{}", 0), FOVEA_ERROR_FORMAT, "18446744073709551615 bytes, at most 100000000");
    refuse(write_raw(100000001, "{}", 0), FOVEA_ERROR_FORMAT, "100000001 bytes, at most 100000000");
    refuse(write_raw(100000000, "{}", 0), FOVEA_ERROR_FORMAT, "cut short in its header");
}
END_TEST

START_TEST(safetensors__deep_json_is_refused)
{
    enum { DEPTH = 200000 };
    char *header = malloc(2 * DEPTH + 1);
    memset(header, '[', DEPTH);
    memset(header + DEPTH, ']', DEPTH);
    header[2 * DEPTH] = '\0';
    refuse(write_raw(2 * DEPTH, header, 0), FOVEA_ERROR_FORMAT, "expected JSON, found `[[");
    free(header);
}
END_TEST

START_TEST(safetensors__cut_short_anywhere_are_refused)
{
    char *bytes = NULL;
    size_t size = 0;
    write_sample(support_scratch_file("sample.safetensors"));
    support_ok(fovea__file_read(&bytes, &size, support_scratch_file("sample.safetensors"), 4096));
    for (size_t cut = 0; cut < size; cut++) {
        const char *path = support_scratch_file("cut.safetensors");
        support_ok(fovea__file_write(path, bytes, cut));
        refuse(path, FOVEA_ERROR_FORMAT, "");
    }
    free(bytes);
}
END_TEST

START_TEST(safetensors__what_is_no_file_is_refused)
{
    const char *pipe_path = support_scratch_file("pipe");
    refuse("/no/such/folder/model.safetensors", FOVEA_ERROR_IO, "No such file");
    refuse("", FOVEA_ERROR_IO, "cannot be opened");
    refuse(support_scratch(), FOVEA_ERROR_IO, "is a folder, a file is expected");
    refuse("/dev/zero", FOVEA_ERROR_IO, "is a device or pipe");
    ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
    refuse(pipe_path, FOVEA_ERROR_IO, "is a device or pipe");
}
END_TEST

START_TEST(safetensors__that_shrink_while_open_are_noticed)
{
    const char *path = support_scratch_file("shrinking.safetensors");
    fovea__safetensors *file = NULL;
    float floats[6];
    write_sample(path);
    support_ok(fovea__safetensors_open(&file, path));
    ck_assert_int_eq(truncate(path, 400), 0);
    support_fails(fovea__safetensors_read_floats(file, fovea__safetensors_find(file, "weights"), floats),
                  FOVEA_ERROR_IO, "became shorter");
    fovea__safetensors_close(file);
}
END_TEST

/* ---- writing that fails ---------------------------------------------------------------------------------------- */

static fovea_status fill_fails(void *context, size_t index, void *out, size_t size_bytes)
{
    (void)context, (void)index, (void)out, (void)size_bytes;
    return FOVEA_ERROR_DEVICE;
}

static void expect_only(const char *path, const char *content)
{
    char *bytes = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&bytes, &size, path, 4096));
    ck_assert_str_eq(bytes, content);
    free(bytes);
    support_alone(path);
}

START_TEST(safetensors__a_failed_write_keeps_the_old_file)
{
    const char *path = support_scratch_file("kept.safetensors");
    const fovea__safetensors_item twice[] = {items[0], items[0]}, no_data[] = {items[1]};
    const fovea__safetensors_item own_key = {.name = "__metadata__", .data = "x"};
    const fovea__safetensors_item huge = {
        .name = "huge", .dtype = FOVEA__DTYPE_F32, .n_dims = 2, .shape = {SIZE_MAX / 2, 4}, .data = "x"};
    const fovea__safetensors_pair pairs[] = {{"k", "1"}, {"k", "2"}};
    const struct {
        fovea__safetensors_content content;
        fovea_status status;
        const char *part;
    } rows[] = {
        {{.items = twice, .n_items = 2}, FOVEA_ERROR_ARGUMENT, "\"weights\" is to be written twice"},
        {{.items = no_data, .n_items = 1}, FOVEA_ERROR_ARGUMENT, "tensor b has no data"},
        {{.items = &own_key, .n_items = 1}, FOVEA_ERROR_ARGUMENT, "no tensor may be called __metadata__"},
        {{.items = &huge, .n_items = 1}, FOVEA_ERROR_ARGUMENT, "tensor huge is too large"},
        {{.metadata = pairs, .n_metadata = 2}, FOVEA_ERROR_ARGUMENT, "\"k\" is to be written twice"},
        {{.items = no_data, .n_items = 1, .fill = fill_fails}, FOVEA_ERROR_DEVICE, ""},
    };
    support_ok(fovea__file_write(path, "old", 3));
    for (size_t i = 0; i < COUNT(rows); i++) {
        support_fails(fovea__safetensors_write(path, &rows[i].content), rows[i].status, rows[i].part);
        expect_only(path, "old");
    }
    const char *nowhere = "/no/such/folder/model.safetensors";
    support_fails(fovea__safetensors_write(nowhere, &(fovea__safetensors_content){0}), FOVEA_ERROR_IO, nowhere);
}
END_TEST

/* A limit on the size of files stands for a full disk: writing fails the same way, with another errno. */
START_TEST(safetensors__a_full_disk_keeps_the_old_file)
{
    enum { SIZE = 1 << 20 };
    const char *path = support_scratch_file("full.safetensors");
    float *values = calloc(SIZE, sizeof *values);
    const fovea__safetensors_item item = {
        .name = "w", .dtype = FOVEA__DTYPE_F32, .n_dims = 1, .shape = {SIZE}, .data = values};
    const fovea__safetensors_content content = {.items = &item, .n_items = 1};
    struct rlimit old, limit;
    support_ok(fovea__file_write(path, "old", 3));
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = old;
    for (limit.rlim_cur = 1; limit.rlim_cur < 4 * SIZE; limit.rlim_cur *= 5) {
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const fovea_status status = fovea__safetensors_write(path, &content);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
        support_fails(status, FOVEA_ERROR_IO, "cannot be written: File too large; what was there before is unchanged");
        expect_only(path, "old");
    }
    signal(SIGXFSZ, SIG_DFL);
    free(values);
}
END_TEST

START_TEST(safetensors__a_real_file_is_read)
{
    const char *path = support_data("weights/resnet18_imagenet_partial.safetensors");
    if (!path)
        support_skip("weights/resnet18_imagenet_partial.safetensors is not there");
    fovea__safetensors *file = NULL;
    support_ok(fovea__safetensors_open(&file, path));
    ck_assert_uint_gt(fovea__safetensors_count(file), 0);
    for (size_t i = 0; i < fovea__safetensors_count(file); i++) {
        const fovea__safetensors_entry *entry = fovea__safetensors_at(file, i);
        ck_assert_ptr_eq(fovea__safetensors_find(file, entry->name), entry);
    }
    const fovea__safetensors_entry *stem = fovea__safetensors_find(file, "conv1.weight");
    ck_assert_ptr_nonnull(stem);
    ck_assert_uint_eq(stem->n_elements, 64 * 3 * 7 * 7);
    float *values = calloc(stem->n_elements, sizeof *values);
    support_ok(fovea__safetensors_read_floats(file, stem, values));
    for (size_t i = 0; i < stem->n_elements; i++)
        ck_assert_msg(fabsf(values[i]) < 2.0f, "conv1.weight[%zu] is %g", i, (double)values[i]);
    free(values);
    fovea__safetensors_close(file);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = safetensors__come_back_as_written},
        {.test = safetensors__are_byte_for_byte_the_format_s_own},
        {.test = safetensors__without_tensors_are_files_too},
        {.test = safetensors__half_floats_are_widened_exactly},
        {.test = safetensors__broken_headers_are_refused, .rows = COUNT(broken)},
        {.test = safetensors__wrong_lengths_are_refused},
        {.test = safetensors__deep_json_is_refused},
        {.test = safetensors__cut_short_anywhere_are_refused},
        {.test = safetensors__what_is_no_file_is_refused},
        {.test = safetensors__that_shrink_while_open_are_noticed},
        {.test = safetensors__a_failed_write_keeps_the_old_file},
        {.test = safetensors__a_full_disk_keeps_the_old_file},
        {.test = safetensors__a_real_file_is_read},
    };
    return support_run("safetensors", cases, COUNT(cases));
}
