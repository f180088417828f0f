/* fovea_evaluator_curves() and fovea_evaluator_matches(): precision by recall gives pycocotools' numbers on the cases
 * of make_eval_cases.py, matches say the same as curves at every score, and a picture made by hand is told as it is. */
#include "coco_eval.h"
#include "file.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 16, MOST_ROWS = 20000 };

static fovea_evaluator *open_case(const char *annotations, const char *results)
{
    fovea_evaluator *evaluator = NULL;
    support_ok(fovea__eval_open_text(&evaluator, annotations, strlen(annotations), "annotations.json"));
    support_ok(fovea__eval_add_text(evaluator, results, strlen(results), "results.json"));
    return evaluator;
}

/* The mean of a curve's precision, as pycocotools takes it. */
static double mean_of(const fovea_curve *curve)
{
    double sum = 0;
    for (int r = 0; r < FOVEA_CURVE_POINTS; r++)
        sum += curve->precision[r];
    return sum / FOVEA_CURVE_POINTS;
}

/* want: a row of the case's "classes": id, AP, AP50, AP75, AR100. */
static void check_precision(const cJSON *want, fovea_curve curves[10][MOST_CLASSES], size_t k)
{
    double v[5], sum = 0;
    for (int i = 0; i < 5; i++) {
        const cJSON *item = cJSON_GetArrayItem(want, i);
        v[i] = item->valuedouble;
    }
    for (int t = 0; t < 10; t++)
        sum += mean_of(&curves[t][k]);
    ck_assert_msg(fabs(sum / 10 - v[1]) <= 1e-9, "class %.0f: AP %.12f, pycocotools' %.12f", v[0], sum / 10, v[1]);
    ck_assert_msg(fabs(mean_of(&curves[0][k]) - v[2]) <= 1e-9, "class %.0f: AP50 %.12f", v[0], mean_of(&curves[0][k]));
    ck_assert_msg(fabs(mean_of(&curves[5][k]) - v[3]) <= 1e-9, "class %.0f: AP75 %.12f", v[0], mean_of(&curves[5][k]));
}

static double f1_of(int64_t right, int64_t wrong, int64_t objects)
{
    return 2.0 * (double)right / (double)(right + wrong + objects);
}

/* Holds a curve's counts by score to the rows: each score's right and wrong ones, and the largest F1 at any score. */
static void check_counts(const fovea_curve *curve, const fovea_match *rows, size_t n)
{
    int64_t objects = 0;
    double best = -1;
    for (size_t i = 0; i < n; i++)
        objects += rows[i].true_category_id == curve->category_id && rows[i].kind != FOVEA_MATCH_DUPLICATE &&
                   rows[i].kind != FOVEA_MATCH_MISPLACED;
    ck_assert_int_eq(objects, curve->objects);
    for (int p = 0; p < FOVEA_CURVE_POINTS; p++) {
        int64_t right = 0, wrong = 0;
        for (size_t i = 0; i < n; i++)
            if (rows[i].kind != FOVEA_MATCH_MISSED && rows[i].category_id == curve->category_id &&
                rows[i].score >= p * 0.01) {
                right += rows[i].kind == FOVEA_MATCH_RIGHT;
                wrong += rows[i].kind != FOVEA_MATCH_RIGHT;
            }
        ck_assert_msg(right == curve->right[p] && wrong == curve->wrong[p], "at %d: %d right and %d wrong, not %d and "
                      "%d", p, (int)curve->right[p], (int)curve->wrong[p], (int)right, (int)wrong);
        if (objects && right + wrong > 0 && f1_of(right, wrong, objects) > best)
            best = f1_of(right, wrong, objects);
    }
    ck_assert_msg(curve->best_f1 >= best, "the best F1 is %g, at one of 101 scores it is %g", curve->best_f1, best);
}

/* Holds the best F1 of every class to the rows that each class's own best score leaves. */
static void check_best(fovea_evaluator *evaluator, double iou, const fovea_curve *curves, size_t count,
                       fovea_match *rows)
{
    double scores[MOST_CLASSES];
    size_t n = 0;
    for (size_t k = 0; k < count; k++)
        scores[k] = curves[k].best_f1 > 0 ? curves[k].best_score : INFINITY;
    support_ok(fovea_evaluator_matches(evaluator, iou, scores, count, rows, MOST_ROWS, &n));
    ck_assert_uint_lt(n, MOST_ROWS);
    for (size_t k = 0; k < count; k++) {
        int64_t right = 0, wrong = 0;
        for (size_t i = 0; i < n; i++)
            if (rows[i].kind != FOVEA_MATCH_MISSED && rows[i].category_id == curves[k].category_id)
                *(rows[i].kind == FOVEA_MATCH_RIGHT ? &right : &wrong) += 1;
        const double best = curves[k].best_f1 > 0 ? curves[k].best_f1 : 0;
        ck_assert_msg(right + wrong == 0 ? best <= 0 : fabs(f1_of(right, wrong, curves[k].objects) - best) < 1e-12,
                      "class %d at score %g: %d right and %d wrong, not F1 %g", (int)k, scores[k], (int)right,
                      (int)wrong, best);
    }
}

static void check_case(const char *annotations, const char *results, const char *expected)
{
    static fovea_curve curves[10][MOST_CLASSES];
    static fovea_match rows[MOST_ROWS];
    static const double ious[10] = {.5, .55, .6, .65, .7, .75, .8, .85, .9, .95};
    fovea_evaluator *evaluator = open_case(annotations, results);
    cJSON *want = cJSON_Parse(expected);
    const cJSON *classes = cJSON_GetObjectItem(want, "classes");
    size_t count = 0, n = 0;
    for (int t = 0; t < 10; t++)
        support_ok(fovea_evaluator_curves(evaluator, ious[t], curves[t], MOST_CLASSES, &count));
    ck_assert_int_eq(cJSON_GetArraySize(classes), (int)count);
    for (size_t k = 0; k < count; k++)
        check_precision(cJSON_GetArrayItem(classes, (int)k), curves, k);
    /* pycocotools takes a match with an annotation of id 0 for none; rows show it. Scores that are not finite, and
     * repeated annotations, are right for curves as for rows. */
    for (int t = 0; t < 10 && !strstr(annotations, "\"id\":0,"); t++) {
        support_ok(fovea_evaluator_matches(evaluator, ious[t], &(const double){0}, 1, rows, MOST_ROWS, &n));
        ck_assert_uint_lt(n, MOST_ROWS);
        for (size_t k = 0; k < count; k++)
            check_counts(&curves[t][k], rows, n);
        check_best(evaluator, ious[t], curves[t], count, rows);
    }
    cJSON_Delete(want);
    fovea_evaluator_close(evaluator);
}

START_TEST(matches__curves_are_as_pycocotools_has_them)
{
    char *text = NULL, *at, *line[3];
    size_t size = 0;
    int cases = 0;
    support_ok(fovea__file_read(&text, &size, support_test_file("eval_cases.jsonl"), 1 << 24));
    for (at = text; *at; cases++) {
        for (int i = 0; i < 3; i++) {
            line[i] = at;
            at = strchr(at, '\n');
            *at++ = '\0';
        }
        check_case(line[0], line[1], line[2]);
    }
    ck_assert_int_eq(cases, 200);
    free(text);
}
END_TEST

#define BOX(image, category, x, extra)                                                                            \
    "{\"image_id\":" #image ",\"category_id\":" #category ",\"bbox\":[" #x ",0,10,10]," extra "}"
#define TRUTH(id, image, category, x) BOX(image, category, x, "\"id\":" #id ",\"area\":100,\"iscrowd\":0")
#define FOUND(image, category, x, score) BOX(image, category, x, "\"score\":" #score)

static const char ANNOTATIONS[] = "{\"images\":[{\"id\":4},{\"id\":3}],"
    "\"categories\":[{\"id\":1},{\"id\":2}],\"annotations\":["
    TRUTH(1, 3, 1, 0) "," TRUTH(2, 3, 1, 50) "," TRUTH(3, 3, 2, 100) "," TRUTH(4, 4, 2, 0) ","
    BOX(3, 1, 200, "\"id\":5,\"area\":100,\"iscrowd\":1") "]}";
static const char RESULTS[] = "[" FOUND(3, 1, 0, 0.9) "," FOUND(3, 1, 1, 0.8) "," FOUND(3, 2, 51, 0.7) ","
    FOUND(3, 1, 104, 0.6) "," FOUND(3, 1, 300, 0.5) "," FOUND(3, 1, 201, 0.95) "," FOUND(3, 2, 2, 0.4) ","
    FOUND(4, 2, 0, 0.1) "]";

typedef struct expected_row {
    fovea_match_kind kind;
    int64_t image, category, true_category;
    double x, true_x, score, overlap;
    int64_t annotation;
} expected_row;

static void check_rows(const fovea_match *rows, size_t n, const expected_row *want, size_t n_want)
{
    ck_assert_uint_eq(n, n_want);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(rows[i].kind == want[i].kind && rows[i].image_id == want[i].image &&
                      rows[i].category_id == want[i].category && rows[i].true_category_id == want[i].true_category &&
                      rows[i].annotation_id == want[i].annotation,
                      "row %zu is of kind %d", i, (int)rows[i].kind);
        ck_assert(fabs(rows[i].box[0] - want[i].x) + fabs(rows[i].true_box[0] - want[i].true_x) <= 0);
        ck_assert(fabs(rows[i].score - want[i].score) + fabs(rows[i].overlap - want[i].overlap) < 1e-12);
    }
}

START_TEST(matches__a_picture_is_told_as_it_is)
{
    const expected_row want[] = {
        {FOVEA_MATCH_RIGHT, 3, 1, 1, 0, 0, 0.9, 1, 1},
        {FOVEA_MATCH_DUPLICATE, 3, 1, 1, 1, 0, 0.8, 90.0 / 110, 1},
        {FOVEA_MATCH_WRONG_CLASS, 3, 2, 1, 51, 50, 0.7, 90.0 / 110, 2},
        {FOVEA_MATCH_BACKGROUND, 3, 1, -1, 104, 0, 0.6, 60.0 / 140, -1}, /* too far from its object */
        {FOVEA_MATCH_BACKGROUND, 3, 1, -1, 300, 0, 0.5, 0, -1},
        {FOVEA_MATCH_DUPLICATE, 3, 2, 1, 2, 0, 0.4, 80.0 / 120, 1}, /* of another class, on what was found */
        {FOVEA_MATCH_MISSED, 3, -1, 2, 0, 100, 0, 0, 3},
        {FOVEA_MATCH_MISSED, 4, -1, 2, 0, 0, 0, 0, 4}, /* the detection there scores less than asked for */
    };
    fovea_match rows[16];
    size_t n = 0, fewer = 0;
    fovea_evaluator *evaluator = open_case(ANNOTATIONS, RESULTS);
    support_ok(fovea_evaluator_matches(evaluator, 0, &(const double){0.2}, 1, rows, COUNT(rows), &n));
    check_rows(rows, n, want, COUNT(want));
    support_ok(fovea_evaluator_matches(evaluator, 0.5, (const double[]){0.2, 0.2}, 2, NULL, 0, &fewer));
    ck_assert_uint_eq(fewer, COUNT(want));
    fovea_curve curves[2];
    support_ok(fovea_evaluator_curves(evaluator, 0.5, curves, 2, NULL));
    ck_assert_int_eq(curves[0].objects, 2);
    ck_assert_int_eq(curves[0].right[90], 1);
    ck_assert_int_eq(curves[0].wrong[90], 0);
    ck_assert_int_eq(curves[0].right[50], 1);
    ck_assert_int_eq(curves[0].wrong[50], 3);
    ck_assert(fabs(curves[0].best_f1 - 2.0 / 3) < 1e-12 && fabs(curves[0].best_score - 0.9) < 1e-12);
    ck_assert(fabs(curves[0].score[50] - 0.9) < 1e-12 && curves[0].score[51] <= 0 && curves[0].precision[51] <= 0);
    fovea_evaluator_close(evaluator);
}
END_TEST

/* Of one class, beside what is found: an object at 100 that two detections lie badly on, one that only just does, one
 * that does not; an object of the other class; and an object that is found, by which nothing is badly placed. */
START_TEST(matches__badly_placed_boxes_have_their_object)
{
    const expected_row want[] = {
        {FOVEA_MATCH_RIGHT, 1, 1, 1, 0, 0, 0.9, 1, 1},
        {FOVEA_MATCH_MISPLACED, 1, 1, 1, 104, 100, 0.8, 60.0 / 140, 2},
        {FOVEA_MATCH_MISPLACED, 1, 1, 1, 92, 100, 0.7, 20.0 / 180, 2},
        {FOVEA_MATCH_BACKGROUND, 1, 1, -1, 91, 0, 0.6, 10.0 / 190, -1},
        {FOVEA_MATCH_BACKGROUND, 1, 2, -1, 105, 0, 0.5, 50.0 / 150, -1},
        {FOVEA_MATCH_BACKGROUND, 1, 1, -1, 5, 0, 0.4, 50.0 / 150, -1},
        {FOVEA_MATCH_MISPLACED, 1, 1, 1, 133, 130, 0.3, 70.0 / 130, 4}, /* nearer than that at 127 */
        {FOVEA_MATCH_MISSED, 1, -1, 1, 0, 100, 0, 0, 2},
        {FOVEA_MATCH_MISSED, 1, -1, 1, 0, 127, 0, 0, 3},
        {FOVEA_MATCH_MISSED, 1, -1, 1, 0, 130, 0, 0, 4},
    };
    fovea_match rows[16];
    size_t n = 0;
    fovea_evaluator *evaluator = open_case(
        "{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1},{\"id\":2}],\"annotations\":["
        TRUTH(1, 1, 1, 0) "," TRUTH(2, 1, 1, 100) "," TRUTH(3, 1, 1, 127) "," TRUTH(4, 1, 1, 130) "]}",
        "[" FOUND(1, 1, 0, 0.9) "," FOUND(1, 1, 104, 0.8) "," FOUND(1, 1, 92, 0.7) "," FOUND(1, 1, 91, 0.6) ","
        FOUND(1, 2, 105, 0.5) "," FOUND(1, 1, 5, 0.4) "," FOUND(1, 1, 133, 0.3) "]");
    support_ok(fovea_evaluator_matches(evaluator, 0.75, NULL, 0, rows, COUNT(rows), &n));
    check_rows(rows, n, want, COUNT(want));
    fovea_evaluator_close(evaluator);
}
END_TEST

/* What a class's own score leaves out neither finds an object nor lies on one: the other class may take that. */
START_TEST(matches__each_class_counts_from_its_own_score)
{
    const expected_row strict_first[] = {
        {FOVEA_MATCH_WRONG_CLASS, 3, 2, 1, 51, 50, 0.7, 90.0 / 110, 2},
        {FOVEA_MATCH_WRONG_CLASS, 3, 2, 1, 2, 0, 0.4, 80.0 / 120, 1},
        {FOVEA_MATCH_MISSED, 3, -1, 2, 0, 100, 0, 0, 3},
        {FOVEA_MATCH_RIGHT, 4, 2, 2, 0, 0, 0.1, 1, 4},
    };
    const expected_row strict_second[] = {
        {FOVEA_MATCH_RIGHT, 3, 1, 1, 0, 0, 0.9, 1, 1},
        {FOVEA_MATCH_MISSED, 3, -1, 1, 0, 50, 0, 0, 2},
        {FOVEA_MATCH_MISSED, 3, -1, 2, 0, 100, 0, 0, 3},
        {FOVEA_MATCH_MISSED, 4, -1, 2, 0, 0, 0, 0, 4},
    };
    fovea_match rows[16];
    size_t n = 0;
    fovea_evaluator *evaluator = open_case(ANNOTATIONS, RESULTS);
    support_ok(fovea_evaluator_matches(evaluator, 0, (const double[]){0.92, 0.1}, 2, rows, COUNT(rows), &n));
    check_rows(rows, n, strict_first, COUNT(strict_first));
    support_ok(fovea_evaluator_matches(evaluator, 0, (const double[]){0.9, INFINITY}, 2, rows, COUNT(rows), &n));
    check_rows(rows, n, strict_second, COUNT(strict_second));
    fovea_evaluator_close(evaluator);
}
END_TEST

/* One class and two objects, at x of 0 and 50: (1) F1 is 2/3 with the strongest alone and with all four; (2) nothing is
 * right; (3) a score that is NaN is none; (4) scores below 0 are scores. */
START_TEST(curve__of_equal_f1_the_highest_score_is_best)
{
    static const struct {
        double x[4], score[4], f1, best;
        size_t rows; /* that count without a least score */
    } table[] = {
        {{0, 200, 300, 50}, {0.9, 0.8, 0.7, 0.6}, 2.0 / 3, 0.9, 4},
        {{200, 300, 400, 500}, {0.9, 0.8, 0.7, 0.6}, 0, -1, 6},
        {{0, 50, 0, 50}, {NAN, NAN, NAN, NAN}, -1, -1, 2},
        {{0, 50, 300, 400}, {-2, -3, -4, -5}, 1, -3, 4},
    };
    fovea_evaluator *evaluator = open_case("{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1}],\"annotations\":["
                                           TRUTH(1, 1, 1, 0) "," TRUTH(2, 1, 1, 50) "]}", "[]");
    fovea_curve curve;
    size_t n = 0;
    for (int i = 0; i < 4; i++)
        support_ok(fovea_evaluator_add(evaluator, 1, 1, (const double[]){table[_i].x[i], 0, 10, 10},
                                       table[_i].score[i]));
    support_ok(fovea_evaluator_curves(evaluator, 0, &curve, 1, NULL));
    ck_assert_msg(fabs(curve.best_f1 - table[_i].f1) < 1e-12 && fabs(curve.best_score - table[_i].best) < 1e-12,
                  "F1 %g at %g", curve.best_f1, curve.best_score);
    support_ok(fovea_evaluator_matches(evaluator, 0, NULL, 0, NULL, 0, &n));
    ck_assert_uint_eq(n, table[_i].rows);
    fovea_evaluator_close(evaluator);
}
END_TEST

START_TEST(matches__nothing_to_find_is_minus_1)
{
    fovea_evaluator *evaluator = open_case("{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1,\"name\":\"a\"}]}",
                                           "[" FOUND(1, 1, 0, 0.5) "]");
    fovea_curve curve;
    fovea_match row;
    size_t n = 0;
    support_ok(fovea_evaluator_curves(evaluator, 0, &curve, 1, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(curve.name, "a");
    ck_assert(curve.precision[0] < 0 && curve.score[100] < 0 && curve.best_f1 < 0 && curve.best_score < 0 &&
              curve.wrong[50] == 1);
    support_ok(fovea_evaluator_matches(evaluator, 0, NULL, 0, &row, 1, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(row.kind, FOVEA_MATCH_BACKGROUND);
    fovea_evaluator_close(evaluator);
}
END_TEST

START_TEST(matches__misuse_is_refused)
{
    fovea_evaluator *evaluator = open_case(ANNOTATIONS, RESULTS);
    fovea_curve curve;
    fovea_match row;
    size_t n;
    support_fails(fovea_evaluator_curves(NULL, 0, &curve, 1, &n), FOVEA_ERROR_ARGUMENT, "evaluator is NULL");
    support_fails(fovea_evaluator_curves(evaluator, 0, NULL, 1, &n), FOVEA_ERROR_ARGUMENT, "out is NULL");
    support_fails(fovea_evaluator_curves(evaluator, 0.52, &curve, 1, &n), FOVEA_ERROR_ARGUMENT, "IoU 0.52");
    support_fails(fovea_evaluator_curves(evaluator, NAN, &curve, 1, &n), FOVEA_ERROR_ARGUMENT, "IoU nan");
    const double scores[3] = {0};
    support_fails(fovea_evaluator_matches(NULL, 0, NULL, 0, &row, 1, &n), FOVEA_ERROR_ARGUMENT, "evaluator is NULL");
    support_fails(fovea_evaluator_matches(evaluator, 0, NULL, 0, &row, 1, NULL), FOVEA_ERROR_ARGUMENT, "count is NULL");
    support_fails(fovea_evaluator_matches(evaluator, 0, NULL, 0, NULL, 1, &n), FOVEA_ERROR_ARGUMENT, "out is NULL");
    support_fails(fovea_evaluator_matches(evaluator, 0, NULL, 2, &row, 1, &n), FOVEA_ERROR_ARGUMENT,
                  "min_scores is NULL");
    support_fails(fovea_evaluator_matches(evaluator, 0, scores, 3, &row, 1, &n), FOVEA_ERROR_ARGUMENT,
                  "3 scores for 2 categories");
    support_fails(fovea_evaluator_matches(evaluator, 1, NULL, 0, &row, 1, &n), FOVEA_ERROR_ARGUMENT, "IoU 1");
    fovea_evaluator_close(evaluator);
}
END_TEST

/* What a match says must be so in the annotations: others, or those of today, are refused, and nothing is written. */
START_TEST(mend__other_annotations_are_refused)
{
    static const fovea_match good = {.kind = FOVEA_MATCH_WRONG_CLASS, .image_id = 3, .category_id = 2,
                                     .true_category_id = 1, .annotation_id = 7, .box = {0, 0, 5, 5}};
    struct {
        fovea_match match;
        fovea_status status;
        const char *sentence;
    } rows[] = {
        {good, FOVEA_ERROR_FORMAT, "expected an annotation of id 8"},
        {good, FOVEA_ERROR_FORMAT, "with image_id 4"},
        {good, FOVEA_ERROR_FORMAT, "and category_id 2"},
        {good, FOVEA_ERROR_FORMAT, "expected a category of id 9"},
        {good, FOVEA_ERROR_FORMAT, "expected a picture of id 5"},
        {good, FOVEA_ERROR_ARGUMENT, "a match of kind 1 is no mistake"},
        {good, FOVEA_ERROR_ARGUMENT, "a match of kind 77 is no mistake"},
        {good, FOVEA_ERROR_ARGUMENT, "[0, 0, nan, 5] has no area"},
        {good, FOVEA_ERROR_ARGUMENT, "[0, 0, 5, 0.004] has no area"},
    };
    rows[0].match.annotation_id = 8;
    rows[1].match.image_id = 4;
    rows[2].match.true_category_id = 2;
    rows[3].match.category_id = 9;
    for (int i = 4; i < 9; i++)
        rows[i].match.kind = i == 5 ? FOVEA_MATCH_RIGHT : i == 6 ? (fovea_match_kind)77 : FOVEA_MATCH_BACKGROUND;
    rows[4].match.image_id = 5;
    rows[7].match.box[2] = NAN;
    rows[8].match.box[3] = 0.004;
    support_write(support_scratch_file("truth.json"),
                  "{\"images\":[{\"id\":3,\"file_name\":\"a\"},{\"id\":4,\"file_name\":\"b\"}],\"categories\":["
                  "{\"id\":1,\"name\":\"x\"},{\"id\":2,\"name\":\"y\"}],\"annotations\":[" TRUTH(7, 3, 1, 0) "]}");
    char truth[1024], mended[1024];
    snprintf(truth, sizeof truth, "%s", support_scratch_file("truth.json"));
    snprintf(mended, sizeof mended, "%s", support_scratch_file("mended.json"));
    int64_t first = 0;
    remove(mended);
    support_fails(fovea_annotations_mend("", truth, FOVEA_FORMAT_ANY, &rows[_i].match, 1, mended, &first),
                  rows[_i].status, rows[_i].sentence);
    support_fails(fovea_annotations_mend("", truth, FOVEA_FORMAT_ANY, NULL, 1, mended, NULL), FOVEA_ERROR_ARGUMENT,
                  "accepted or path is NULL");
    ck_assert(first == 0 && !fopen(mended, "r"));
    support_ok(fovea_annotations_mend("", truth, FOVEA_FORMAT_ANY, &good, 1, mended, &first));
    ck_assert_int_eq(first, 8);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = matches__curves_are_as_pycocotools_has_them},
        {.test = matches__a_picture_is_told_as_it_is},
        {.test = matches__badly_placed_boxes_have_their_object},
        {.test = matches__each_class_counts_from_its_own_score},
        {.test = curve__of_equal_f1_the_highest_score_is_best, .rows = 4},
        {.test = matches__nothing_to_find_is_minus_1},
        {.test = matches__misuse_is_refused},
        {.test = mend__other_annotations_are_refused, .rows = 9},
    };
    return support_run("matches", cases, COUNT(cases));
}
