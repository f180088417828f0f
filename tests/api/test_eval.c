/* fovea_evaluator: COCO's numbers as pycocotools gives them, to 1e-9, on cases made by tests/golden/make_eval_cases.py
 * and on COCO's own example; what is refused and how; and how long a large evaluation takes. */
#include "coco_eval.h"
#include "file.h"
#include "many_boxes.h"
#include "support.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOLERANCE 1e-9

/* The twelve numbers in pycocotools' order. */
static void numbers_of(double out[12], const fovea_evaluation *e)
{
    const double numbers[12] = {e->ap,  e->ap50, e->ap75,  e->ap_small, e->ap_medium, e->ap_large,
                                e->ar1, e->ar10, e->ar100, e->ar_small, e->ar_medium, e->ar_large};
    memcpy(out, numbers, sizeof numbers);
}

static void expect_numbers(const char *what, const fovea_evaluation *got, const double want[12])
{
    double numbers[12];
    numbers_of(numbers, got);
    for (int i = 0; i < 12; i++)
        ck_assert_msg(fabs(numbers[i] - want[i]) <= TOLERANCE, "%s: number %d is %.12f, pycocotools' %.12f", what, i,
                      numbers[i], want[i]);
}

static fovea_evaluator *open_text(const char *annotations)
{
    fovea_evaluator *evaluator = NULL;
    support_ok(fovea__eval_open_text(&evaluator, annotations, strlen(annotations), "annotations.json"));
    return evaluator;
}

static fovea_status add_text(fovea_evaluator *evaluator, const char *results)
{
    return fovea__eval_add_text(evaluator, results, strlen(results), "results.json");
}

static fovea_evaluation run(fovea_evaluator *evaluator)
{
    fovea_evaluation numbers;
    support_ok(fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL));
    return numbers;
}

/* ---- pycocotools' numbers --------------------------------------------------------------------------------------- */

/* Adds what a results text holds by fovea_evaluator_add(), one by one. */
static void add_singly(fovea_evaluator *evaluator, const char *results)
{
    cJSON *root = NULL;
    const cJSON *item;
    fovea__json_place place = {.file = "results.json", .list = "results"};
    support_ok(fovea__json_parse(&root, results, strlen(results), "results.json", NULL));
    cJSON_ArrayForEach(item, root)
    {
        int64_t image = 0, category = 0;
        double box[4], score = 0.0;
        support_ok(fovea__json_integer(&image, item, "image_id", &place));
        support_ok(fovea__json_integer(&category, item, "category_id", &place));
        support_ok(fovea__json_numbers(box, 4, item, "bbox", &place));
        support_ok(fovea__json_number(&score, item, "score", &place));
        support_ok(fovea_evaluator_add(evaluator, image, category, box, score));
    }
    cJSON_Delete(root);
}

static void expect_classes(const char *what, const fovea_class_evaluation *got, size_t n, const cJSON *want)
{
    const fovea__json_place place = {.file = what};
    const cJSON *row;
    size_t i = 0;
    cJSON_ArrayForEach(row, want)
    {
        ck_assert_msg(i < n, "%s: %zu classes, pycocotools has more", what, n);
        cJSON *holder = cJSON_CreateObject();
        cJSON_AddItemReferenceToObject(holder, "row", (cJSON *)(uintptr_t)row);
        double v[5];
        support_ok(fovea__json_numbers(v, 5, holder, "row", &place));
        cJSON_Delete(holder);
        const double numbers[4] = {got[i].ap, got[i].ap50, got[i].ap75, got[i].ar100};
        ck_assert_msg((double)got[i].category_id == v[0], "%s: class %zu is %" PRId64, what, i, got[i].category_id);
        for (int k = 0; k < 4; k++)
            ck_assert_msg(fabs(numbers[k] - v[k + 1]) <= TOLERANCE, "%s: class %" PRId64 ": figure %d is %.12f, "
                          "pycocotools' %.12f", what, got[i].category_id, k, numbers[k], v[k + 1]);
        i++;
    }
    ck_assert_msg(i == n, "%s: %zu classes, pycocotools has %zu", what, n, i);
}

/* One case: the results as a text, then again one by one, each run twice. */
static void check_case(int number, const char *annotations, const char *results, const char *expected)
{
    char what[32];
    cJSON *want = NULL;
    double stats[12];
    snprintf(what, sizeof what, "case %d", number);
    const fovea__json_place place = {.file = what};
    support_ok(fovea__json_parse(&want, expected, strlen(expected), what, NULL));
    support_ok(fovea__json_numbers(stats, 12, want, "stats", &place));
    for (int singly = 0; singly < 2; singly++) {
        fovea_evaluator *evaluator = open_text(annotations);
        if (singly)
            add_singly(evaluator, results);
        else
            support_ok(add_text(evaluator, results));
        for (int again = 0; again < 2; again++) {
            fovea_evaluation numbers;
            fovea_class_evaluation classes[16];
            size_t n = 0;
            support_ok(fovea_evaluator_run(evaluator, &numbers, classes, COUNT(classes), &n));
            expect_numbers(what, &numbers, stats);
            expect_classes(what, classes, n, fovea__json_find(want, "classes"));
        }
        fovea_evaluator_close(evaluator);
    }
    cJSON_Delete(want);
}

START_TEST(eval__random_cases_are_as_pycocotools_has_them)
{
    char *text = NULL, *at, *line[3];
    size_t size = 0;
    int cases = 0;
    support_ok(fovea__file_read(&text, &size, support_test_file("eval_cases.jsonl"), 1 << 24));
    for (at = text; *at; cases++) {
        for (int i = 0; i < 3; i++) {
            line[i] = at;
            at = strchr(at, '\n');
            ck_assert_ptr_nonnull(at);
            *at++ = '\0';
        }
        check_case(cases, line[0], line[1], line[2]);
    }
    ck_assert_int_eq(cases, 200);
    free(text);
}
END_TEST

START_TEST(eval__coco_example_is_as_pycocotools_has_it)
{
    const double want[12] = {0.504580699, 0.696972725, 0.572981667, 0.585625721, 0.519399695, 0.501397899,
                             0.386812780, 0.593679576, 0.595352983, 0.639810963, 0.566420598, 0.564290598};
    const char *annotations = support_data("data/coco_eval/instances_val2014_100.json");
    const char *results = support_data("data/coco_eval/instances_val2014_fakebbox100_results.json");
    if (!annotations || !results)
        support_skip("COCO's example is not here");
    fovea_evaluator *evaluator = NULL;
    support_ok(fovea_evaluator_open(&evaluator, annotations));
    support_ok(fovea_evaluator_add_file(evaluator, results));
    const fovea_evaluation numbers = run(evaluator);
    double got[12];
    numbers_of(got, &numbers);
    for (int i = 0; i < 12; i++) /* the figures above are rounded to nine digits */
        ck_assert_msg(fabs(got[i] - want[i]) <= 5.1e-10, "number %d is %.12f, pycocotools' %.9f", i, got[i], want[i]);
    fovea_evaluator_close(evaluator);
}
END_TEST

/* ---- what pycocotools does with the odd ------------------------------------------------------------------------- */

#define IMAGES "\"images\":[{\"id\":1,\"file_name\":\"b.jpg\"},{\"id\":2}]"
#define CATEGORIES "\"categories\":[{\"id\":7,\"name\":\"cat\"}]"
#define ONE_TRUTH "{\"id\":1,\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,50,50],\"area\":2500,\"iscrowd\":0}"
#define RIGHT "[{\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,50,50],\"score\":0.5}]"

static const char PLAIN[] = "{" IMAGES "," CATEGORIES ",\"annotations\":[" ONE_TRUTH "]}";

START_TEST(eval__nothing_found_is_0_and_nothing_to_find_is_minus_1)
{
    const double zero[12] = {0, 0, 0, -1, 0, -1, 0, 0, 0, -1, 0, -1};
    const double none[12] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    fovea_evaluator *evaluator = open_text(PLAIN);
    fovea_evaluation numbers = run(evaluator);
    expect_numbers("nothing found", &numbers, zero);
    support_ok(add_text(evaluator, "[]"));
    numbers = run(evaluator);
    expect_numbers("an empty list", &numbers, zero);
    fovea_evaluator_close(evaluator);

    const char *empty[] = {"{" IMAGES "," CATEGORIES "}", "{" IMAGES "," CATEGORIES ",\"annotations\":[]}",
                           "{\"images\":[]," CATEGORIES ",\"annotations\":[" ONE_TRUTH "]}",
                           "{" IMAGES ",\"categories\":[],\"annotations\":[" ONE_TRUTH "]}"};
    for (size_t i = 0; i < COUNT(empty); i++) {
        evaluator = open_text(empty[i]);
        if (fovea_evaluator_pictures(evaluator))
            support_ok(add_text(evaluator, RIGHT));
        numbers = run(evaluator);
        expect_numbers(empty[i], &numbers, none);
        fovea_evaluator_close(evaluator);
    }
}
END_TEST

START_TEST(eval__detections_may_be_added_after_a_run)
{
    const double right[12] = {1, 1, 1, -1, 1, -1, 1, 1, 1, -1, 1, -1};
    fovea_evaluator *evaluator = open_text(PLAIN);
    run(evaluator);
    support_ok(add_text(evaluator, RIGHT));
    fovea_evaluation numbers = run(evaluator);
    expect_numbers("after one", &numbers, right);
    const double elsewhere[4] = {100, 100, 5, 5};
    support_ok(fovea_evaluator_add(evaluator, 2, 7, elsewhere, 0.9));
    numbers = run(evaluator);
    ck_assert_msg(fabs(numbers.ap - 0.5) <= TOLERANCE, "a false detection above the true one: AP %g", numbers.ap);
    support_ok(fovea_evaluator_add(evaluator, 2, 12345, elsewhere, 0.95)); /* no such category: passed over */
    numbers = run(evaluator);
    ck_assert_msg(fabs(numbers.ap - 0.5) <= TOLERANCE, "an undeclared category: AP %g", numbers.ap);
    fovea_evaluator_close(evaluator);
}
END_TEST

/* Members that pycocotools needs, and this does not. */
START_TEST(eval__absent_crowd_and_area_have_defaults)
{
    fovea_evaluator *evaluator = open_text(
        "{" IMAGES "," CATEGORIES ","
        "\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,50,50]}]}");
    support_ok(add_text(evaluator, RIGHT));
    const fovea_evaluation numbers = run(evaluator);
    ck_assert(fabs(numbers.ap - 1.0) <= TOLERANCE);
    ck_assert_msg(fabs(numbers.ap_medium - 1.0) <= TOLERANCE, "2500 pixels are medium: %g", numbers.ap_medium);
    fovea_evaluator_close(evaluator);
}
END_TEST

START_TEST(eval__ids_of_64_bits_are_not_confused)
{
    fovea_evaluator *evaluator = open_text(
        "{\"images\":[{\"id\":9007199254740993},{\"id\":9007199254740992},{\"id\":9223372036854775807}],"
        "\"categories\":[{\"id\":4294967303,\"name\":\"far\"},{\"id\":7}],"
        "\"annotations\":[{\"id\":1,\"image_id\":9007199254740993,\"category_id\":4294967303,\"bbox\":[0,0,9,9]}]}");
    int64_t id = 0;
    support_ok(fovea_evaluator_picture(evaluator, 0, &id, NULL));
    ck_assert_int_eq(id, INT64_C(9007199254740993));
    support_ok(fovea_evaluator_picture(evaluator, 2, &id, NULL));
    ck_assert_int_eq(id, INT64_MAX);
    const double box[4] = {0, 0, 9, 9};
    support_ok(fovea_evaluator_add(evaluator, INT64_C(9007199254740992), INT64_C(4294967303), box, 1.0));
    ck_assert(run(evaluator).ap == 0.0);
    support_ok(fovea_evaluator_add(evaluator, INT64_C(9007199254740993), INT64_C(4294967303), box, 2.0));
    fovea_evaluation numbers;
    fovea_class_evaluation classes[2];
    support_ok(fovea_evaluator_run(evaluator, &numbers, classes, 2, NULL));
    ck_assert(fabs(numbers.ap - 1.0) <= TOLERANCE);
    ck_assert_int_eq(classes[0].category_id, 7);
    ck_assert_str_eq(classes[0].name, "7");
    ck_assert(classes[0].ap == -1.0 && classes[0].objects == 0);
    ck_assert_str_eq(classes[1].name, "far");
    ck_assert_int_eq(classes[1].objects, 1);
    fovea_evaluator_close(evaluator);
}
END_TEST

START_TEST(eval__pictures_are_listed_once_in_file_order)
{
    fovea_evaluator *evaluator = open_text("{\"images\":[{\"id\":5,\"file_name\":\"five\"},{\"id\":2},"
                                           "{\"id\":5,\"file_name\":\"again\"},{\"id\":3,\"file_name\":3}],"
                                           "\"categories\":[]}");
    const int64_t ids[] = {5, 2, 3};
    const char *names[] = {"again", "", ""};
    ck_assert_uint_eq(fovea_evaluator_pictures(evaluator), 3);
    for (size_t i = 0; i < 3; i++) {
        int64_t id = 0;
        const char *name = NULL;
        support_ok(fovea_evaluator_picture(evaluator, i, &id, &name));
        ck_assert_int_eq(id, ids[i]);
        ck_assert_str_eq(name, names[i]);
    }
    fovea_evaluator_close(evaluator);
}
END_TEST

/* ---- refusals --------------------------------------------------------------------------------------------------- */

START_TEST(eval__misuse_is_refused)
{
    const double box[4] = {0, 0, 1, 1};
    fovea_evaluation numbers;
    fovea_evaluator *evaluator = (fovea_evaluator *)&numbers;
    int64_t id;
    support_fails(fovea_evaluator_open(NULL, "a"), FOVEA_ERROR_ARGUMENT, "out is NULL");
    support_fails(fovea_evaluator_open(&evaluator, NULL), FOVEA_ERROR_ARGUMENT, "annotations is NULL");
    ck_assert_ptr_null(evaluator);
    support_fails(fovea_evaluator_open(&evaluator, "/no/such.json"), FOVEA_ERROR_IO, "/no/such.json");
    ck_assert_ptr_null(evaluator);
    fovea_evaluator_close(NULL);
    ck_assert_uint_eq(fovea_evaluator_pictures(NULL), 0);
    evaluator = open_text(PLAIN);
    support_fails(fovea_evaluator_picture(NULL, 0, &id, NULL), FOVEA_ERROR_ARGUMENT, "evaluator is NULL");
    support_fails(fovea_evaluator_picture(evaluator, 2, &id, NULL), FOVEA_ERROR_ARGUMENT, "index 2");
    support_fails(fovea_evaluator_add(NULL, 1, 7, box, 1), FOVEA_ERROR_ARGUMENT, "evaluator is NULL");
    support_fails(fovea_evaluator_add(evaluator, 1, 7, NULL, 1), FOVEA_ERROR_ARGUMENT, "box is NULL");
    support_fails(fovea_evaluator_add(evaluator, 99, 7, box, 1), FOVEA_ERROR_ARGUMENT, "id is 99");
    support_fails(fovea_evaluator_add_file(NULL, "a"), FOVEA_ERROR_ARGUMENT, "evaluator is NULL");
    support_fails(fovea_evaluator_add_file(evaluator, NULL), FOVEA_ERROR_ARGUMENT, "results is NULL");
    support_fails(fovea_evaluator_add_file(evaluator, "/no/such.json"), FOVEA_ERROR_IO, "/no/such.json");
    support_fails(fovea_evaluator_run(NULL, &numbers, NULL, 0, NULL), FOVEA_ERROR_ARGUMENT, "evaluator is NULL");
    support_fails(fovea_evaluator_run(evaluator, NULL, NULL, 0, NULL), FOVEA_ERROR_ARGUMENT, "out is NULL");
    support_fails(fovea_evaluator_run(evaluator, &numbers, NULL, 1, NULL), FOVEA_ERROR_ARGUMENT, "classes is NULL");
    fovea_evaluator_close(evaluator);
}
END_TEST

static const struct {
    const char *text, *says;
} BAD_ANNOTATIONS[] = {
    {"", "annotations.json: expected JSON, found an empty file"},
    {"{\"images\":[{\"id\":1", "annotations.json: line 1, column 19: expected the rest of the JSON"},
    {"[]", "outermost value: expected an object, found a list"},
    {"7", "expected an object, found a number"},
    {"{}", "annotations.json: images: expected a list, found nothing"},
    {"{\"images\":{}}", "images: expected a list, found an object"},
    {"{" IMAGES "}", "categories: expected a list, found nothing"},
    {"{\"images\":[1]}", "images[0]: expected an object, found a number"},
    {"{\"images\":[{\"id\":1},{}]}", "images[1].id: expected a whole number, found nothing"},
    {"{\"images\":[{\"id\":\"1\"}]}", "images[0].id: expected a whole number, found a text"},
    {"{\"images\":[{\"id\":1.5}]}", "images[0].id: expected a whole number of 64 bits"},
    {"{" IMAGES ",\"categories\":[{\"name\":\"a\"}]}", "categories[0].id: expected a whole number, found nothing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":null}", "annotations: expected a list, found null"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[" ONE_TRUTH ",3]}", "annotations[1]: expected an object"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[{\"id\":1,\"category_id\":7}]}", "annotations[0].image_id"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[{\"id\":1,\"image_id\":1}]}", "annotations[0].category_id"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[{\"image_id\":1,\"category_id\":7}]}", "annotations[0].id"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[" ONE_TRUTH ",{\"id\":2,\"image_id\":1,\"category_id\":7}]}",
     "annotations[1].bbox: expected a list of 4 numbers, found nothing"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[{\"id\":2,\"image_id\":1,\"category_id\":7,\"bbox\":[1,2,3]}]}",
     "annotations[0].bbox: expected a list of 4 numbers, found 3"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[{\"id\":2,\"image_id\":1,\"category_id\":7,\"bbox\":[1,2,3,4],"
     "\"area\":\"big\"}]}", "annotations[0].area: expected a number, found a text"},
    {"{" IMAGES "," CATEGORIES ",\"annotations\":[{\"id\":2,\"image_id\":1,\"category_id\":7,\"bbox\":[1,2,3,4],"
     "\"area\":1,\"iscrowd\":[]}]}", "annotations[0].iscrowd: expected a number, found a list"},
};

START_TEST(eval__bad_annotations_are_placed)
{
    const char *text = BAD_ANNOTATIONS[_i].text;
    fovea_evaluator *evaluator = NULL;
    support_fails(fovea__eval_open_text(&evaluator, text, strlen(text), "annotations.json"), FOVEA_ERROR_FORMAT,
                  BAD_ANNOTATIONS[_i].says);
    ck_assert(support_has(fovea_error(), "annotations.json: "));
    ck_assert_ptr_null(evaluator);
}
END_TEST

#define GOOD "{\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,50,50],\"score\":0.5}"

static const struct {
    const char *text, *says;
} BAD_RESULTS[] = {
    {"", "expected JSON, found an empty file"},
    {"[" GOOD ",", "results.json: line 1, column "},
    {"[" GOOD "] more", "found `more`"},
    {"{}", "results.json: expected a list of results, found an object"},
    {"[" GOOD ",[1]]", "results[1]: expected an object, found a list"},
    {"[" GOOD ",{\"image_id\":3,\"category_id\":7,\"bbox\":[0,0,5,5],\"score\":1}]",
     "results.json: results[1].image_id: expected a picture of annotations.json, found 3"},
    {"[" GOOD ",{\"category_id\":7,\"bbox\":[0,0,5,5],\"score\":1}]", "results[1].image_id: expected a whole number"},
    {"[" GOOD ",{\"image_id\":\"a\",\"category_id\":7,\"bbox\":[0,0,5,5],\"score\":1}]", "found a text"},
    {"[" GOOD ",{\"image_id\":1,\"bbox\":[0,0,5,5],\"score\":1}]", "results[1].category_id"},
    {"[" GOOD ",{\"image_id\":1,\"category_id\":7,\"score\":1}]", "results[1].bbox: expected a list of 4 numbers"},
    {"[" GOOD ",{\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,5,null],\"score\":1}]", "found null at place 3"},
    {"[" GOOD ",{\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,5,5]}]", "results[1].score: expected a number"},
    {"[" GOOD ",{\"image_id\":1,\"category_id\":7,\"bbox\":[0,0,5,5],\"score\":\"1\"}]", "score: expected a number"},
};

START_TEST(eval__bad_results_are_placed_and_change_nothing)
{
    fovea_evaluator *evaluator = open_text(PLAIN);
    support_fails(add_text(evaluator, BAD_RESULTS[_i].text), FOVEA_ERROR_FORMAT, BAD_RESULTS[_i].says);
    ck_assert(support_has(fovea_error(), "results.json: "));
    ck_assert_msg(run(evaluator).ap == 0.0, "the good one before the bad one was kept");
    support_ok(add_text(evaluator, RIGHT));
    ck_assert(fabs(run(evaluator).ap - 1.0) <= TOLERANCE);
    fovea_evaluator_close(evaluator);
}
END_TEST

/* ---- size ------------------------------------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

START_TEST(eval__5000_pictures_take_less_than_5_seconds)
{
    enum { BOXES = 100, TRUTHS = 20, CLASSES = 80 };
    const int pictures = SANITIZED ? 200 : 5000;
    char *annotations = many_boxes_annotations(pictures, TRUTHS, CLASSES);
    ck_assert_ptr_nonnull(annotations);
    fovea_evaluator *evaluator = open_text(annotations);
    free(annotations);
    fovea__random random = fovea__random_stream(2, 2, 2);
    const clock_t begin = clock();
    for (int i = 0; i < pictures * BOXES; i++) {
        double box[4];
        many_boxes_draw(box, &random);
        const int64_t category = (int64_t)fovea__random_below(&random, CLASSES);
        support_ok(fovea_evaluator_add(evaluator, i / BOXES, category, box, fovea__random_uniform(&random)));
    }
    const fovea_evaluation numbers = run(evaluator);
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    printf("eval: %d pictures x %d boxes x %d classes: %.2f s of processor time\n", pictures, BOXES, CLASSES, seconds);
    ck_assert_msg(numbers.ap > 0.0 && numbers.ap < 0.05, "AP of random boxes is %g", numbers.ap);
    ck_assert_msg(SANITIZED || seconds < 5.0, "%.2f s", seconds);
    fovea_evaluator_close(evaluator);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = eval__random_cases_are_as_pycocotools_has_them},
        {.test = eval__coco_example_is_as_pycocotools_has_it},
        {.test = eval__nothing_found_is_0_and_nothing_to_find_is_minus_1},
        {.test = eval__detections_may_be_added_after_a_run},
        {.test = eval__absent_crowd_and_area_have_defaults},
        {.test = eval__ids_of_64_bits_are_not_confused},
        {.test = eval__pictures_are_listed_once_in_file_order},
        {.test = eval__misuse_is_refused},
        {.test = eval__bad_annotations_are_placed, .rows = COUNT(BAD_ANNOTATIONS)},
        {.test = eval__bad_results_are_placed_and_change_nothing, .rows = COUNT(BAD_RESULTS)},
        {.test = eval__5000_pictures_take_less_than_5_seconds},
    };
    return support_run("eval", cases, COUNT(cases));
}
