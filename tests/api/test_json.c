/* lib/base/json: numbers are exact, the last member of a name counts, and failures name their place. */
#include "json.h"
#include "support.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const fovea__json_place PLACE = {.file = "f.json", .list = "rows", .index = 3};

static cJSON *parse(const char *text)
{
    cJSON *root = NULL;
    support_ok(fovea__json_parse(&root, text, strlen(text), "f.json", "segmentation"));
    return root;
}

START_TEST(json__whole_numbers_of_64_bits_are_exact)
{
    cJSON *root = parse("{\"a\": 9223372036854775807, \"b\":-9223372036854775808, \"c\":9007199254740993, \"d\": 7.0, "
                        "\"e\": 1e3, \"f\": 900100000002, \"g\": 9223372036854775808, \"h\": 1.5, \"i\": true, "
                        "\"j\": 1e300, \"k\": NaN}");
    const int64_t want[] = {INT64_MAX, INT64_MIN, 9007199254740993, 7, 1000, 900100000002};
    for (int i = 0; i < (int)COUNT(want); i++) {
        const char key[2] = {(char)('a' + i), '\0'};
        int64_t got = 0;
        support_ok(fovea__json_integer(&got, root, key, &PLACE));
        ck_assert_msg(got == want[i], "%s: got %lld", key, (long long)got);
    }
    int64_t got = 0;
    support_ok(fovea__json_integer(&got, root, "i", &PLACE));
    ck_assert_int_eq(got, 1);
    support_fails(fovea__json_integer(&got, root, "g", &PLACE), FOVEA_ERROR_FORMAT,
                  "f.json: rows[3].g: expected a whole number of 64 bits");
    support_fails(fovea__json_integer(&got, root, "h", &PLACE), FOVEA_ERROR_FORMAT, "found another number");
    support_fails(fovea__json_integer(&got, root, "j", &PLACE), FOVEA_ERROR_FORMAT, "rows[3].j");
    support_fails(fovea__json_integer(&got, root, "k", &PLACE), FOVEA_ERROR_FORMAT, "rows[3].k");
    support_fails(fovea__json_integer(&got, root, "z", &PLACE), FOVEA_ERROR_FORMAT, "found nothing");
    cJSON_Delete(root);
}
END_TEST

START_TEST(json__numbers_as_python_writes_them)
{
    cJSON *root = parse("{\"a\": [NaN, Infinity, -Infinity, 12345678901234567890], \"b\": "
                        "0.1000000000000000000000000000000000000000000000000000000000000000000000000000000000001, "
                        "\"c\": \"NaN\", \"d\": 12345678901234567.25}");
    double v[4];
    support_ok(fovea__json_numbers(v, 4, root, "a", &PLACE));
    ck_assert(isnan(v[0]) && v[1] == HUGE_VAL && v[2] == -HUGE_VAL && v[3] == 12345678901234567890.0);
    support_ok(fovea__json_number(v, root, "b", &PLACE));
    ck_assert(v[0] == 0.1);
    support_ok(fovea__json_number(v, root, "d", &PLACE));
    ck_assert(v[0] == 12345678901234567.25);
    support_fails(fovea__json_number(v, root, "c", &PLACE), FOVEA_ERROR_FORMAT, "expected a number, found a text");
    cJSON_Delete(root);
}
END_TEST

START_TEST(json__last_member_of_a_name_counts)
{
    cJSON *root = parse("{\"id\": 1, \"other\": 5, \"id\": 2, \"ID\": 3, \"name\": \"a \\\"quoted\\\\\", \"l\": []}");
    int64_t id = 0;
    const char *text = NULL;
    const cJSON *list = NULL;
    support_ok(fovea__json_integer(&id, root, "id", &PLACE));
    ck_assert_int_eq(id, 2);
    support_ok(fovea__json_text(&text, root, "name", &PLACE));
    ck_assert_str_eq(text, "a \"quoted\\");
    support_ok(fovea__json_list(&list, root, "l", &PLACE));
    support_fails(fovea__json_list(&list, root, "id", &PLACE), FOVEA_ERROR_FORMAT, "expected a list, found a number");
    support_fails(fovea__json_text(&text, root, "l", &PLACE), FOVEA_ERROR_FORMAT, "expected a text, found a list");
    support_fails(fovea__json_expect_object(list, &PLACE), FOVEA_ERROR_FORMAT, "rows[3]: expected an object, found");
    ck_assert_ptr_null(fovea__json_find(list, "id"));
    cJSON_Delete(root);
}
END_TEST

START_TEST(json__unread_members_cost_nothing)
{
    cJSON *root = parse("{\"segmentation\": [[1, 2,\n \"]\", {\"a\": []}]], \"b\": 12, \"x\": {\"segmentation\" : {}}, "
                        "\"y\": {\"segmentation\": 7}, \"segmentation\": \"[\"}");
    ck_assert_ptr_null(cJSON_GetArrayItem(cJSON_GetObjectItem(root, "segmentation"), 0));
    int64_t b = 0;
    support_ok(fovea__json_integer(&b, root, "b", &PLACE));
    ck_assert_int_eq(b, 12);
    support_ok(fovea__json_integer(&b, fovea__json_find(root, "y"), "segmentation", &PLACE));
    ck_assert_int_eq(b, 7);
    cJSON_Delete(root);
}
END_TEST

START_TEST(json__lists_of_numbers_are_counted)
{
    cJSON *root = parse("{\"a\": [1, 2, 3], \"b\": [1, 2, 3, 4, 5], \"c\": [1, \"2\", 3, 4], \"d\": 4}");
    double v[4];
    support_fails(fovea__json_numbers(v, 4, root, "a", &PLACE), FOVEA_ERROR_FORMAT,
                  "f.json: rows[3].a: expected a list of 4 numbers, found 3");
    support_fails(fovea__json_numbers(v, 4, root, "b", &PLACE), FOVEA_ERROR_FORMAT, "found 5");
    support_fails(fovea__json_numbers(v, 4, root, "c", &PLACE), FOVEA_ERROR_FORMAT, "found a text at place 1");
    support_fails(fovea__json_numbers(v, 4, root, "d", &PLACE), FOVEA_ERROR_FORMAT, "found a number");
    support_fails(fovea__json_numbers(v, 4, root, "e", &PLACE), FOVEA_ERROR_FORMAT, "found nothing");
    cJSON_Delete(root);
}
END_TEST

static const struct {
    const char *text, *says;
} BROKEN[] = {
    {"", "empty"},
    {" \n ", "empty"},
    {"{\"a\": [1, 2", "found the file's end (cut short?)"},
    {"{\"a\": \"no end", "cut short"},
    {"{\"segmentation\": [[1, 2, 3", "cut short"},
    {"{\"segmentation\": [\"segmentation\": [\"segmentation\": [", "line 1"},
    {"{\"a\": 1,\n \"b\": 1234567890123456, \"c\": ?}", "line 2, column 30: expected JSON, found `?}`"},
    {"{\"a\": 1} trailing", "found `trailing`"},
    {"{\"a\": nan}", "line 1, column 7"},
    {"{\"a\": 1-234567890123456789}", "line 1"},
    {"\xff\xfe\x01\x02", "expected JSON"},
};

START_TEST(json__broken_text_is_placed)
{
    cJSON *root = NULL;
    support_fails(fovea__json_parse(&root, BROKEN[_i].text, strlen(BROKEN[_i].text), "f.json", "segmentation"),
                  FOVEA_ERROR_FORMAT, BROKEN[_i].says);
    ck_assert(support_has(fovea_error(), "f.json: "));
    ck_assert_ptr_null(root);
}
END_TEST

START_TEST(json__hostile_text_is_refused_quickly)
{
    const size_t n = 1 << 21;
    char *text = malloc(n + 16);
    cJSON *root = NULL;
    memset(text, '[', n);
    support_fails(fovea__json_parse(&root, text, n, "deep", NULL), FOVEA_ERROR_FORMAT, "deep: line 1");
    for (size_t i = 0; i + 16 <= n; i += 16)
        memcpy(text + i, "\"segmentation\":[", 16);
    support_fails(fovea__json_parse(&root, text, n, "unread", "segmentation"), FOVEA_ERROR_FORMAT, "unread: line 1");
    support_fails(fovea__json_parse(&root, "[1]\0[2]", 7, "zero", NULL), FOVEA_ERROR_FORMAT, "zero: line 1, column 5");
    support_fails(fovea__json_read(&root, "/no/such.json", NULL), FOVEA_ERROR_IO, "/no/such.json");
    free(text);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {json__whole_numbers_of_64_bits_are_exact, 0, false},
        {json__numbers_as_python_writes_them, 0, false},
        {json__last_member_of_a_name_counts, 0, false},
        {json__unread_members_cost_nothing, 0, false},
        {json__lists_of_numbers_are_counted, 0, false},
        {json__broken_text_is_placed, (int)COUNT(BROKEN), false},
        {json__hostile_text_is_refused_quickly, 0, false},
    };
    return support_run("json", cases, COUNT(cases));
}
