/* Pages that explain: 'evaluate --html' and '--against' on results made of a data set's own boxes, with hostile names,
 * and the report of a training; well-formed, with every chart, and quiet in a browser. */
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const review_ids[] = {"coco-numbers", "class-numbers", "precision-recall-1", "f1-1", "sizes",
                                         "confusion", "scores", "miss-1", "mistake-1"};
static const char *const against_ids[] = {"changes", "side-by-side", "changes-by-class", "changes-by-picture"};
static const char *const training_ids[] = {"losses", "learning-rate", "gradient-norm", "speed", "options"};

static const char hostile[] = "<script>alert(1)</script>&\"'";

static void write_json(const char *file, cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    support_write(support_scratch_file(file), text);
    cJSON_free(text);
    cJSON_Delete(value);
}

/* The annotations' boxes as results: of every `skipped` boxes one is left out, the next is of another class, the one
 * behind it beside its object. */
static void write_results(const char *file, const cJSON *truth, int skipped)
{
    int i = 0;
    const cJSON *box;
    cJSON *results = cJSON_CreateArray();
    cJSON_ArrayForEach(box, cJSON_GetObjectItem(truth, "annotations"))
    {
        const int turn = i++ % skipped;
        cJSON *row = turn == 0 ? NULL : cJSON_Duplicate(box, true);
        if (!row)
            continue;
        cJSON *category = cJSON_GetObjectItem(row, "category_id");
        cJSON_DeleteItemFromObject(row, "id");
        cJSON_AddNumberToObject(row, "score", 0.3 + 0.6 * i / 100);
        if (turn == 1)
            cJSON_SetNumberValue(category, 1 + (int)category->valuedouble % 3);
        if (turn == 2)
            cJSON_SetNumberValue(cJSON_GetObjectItem(row, "bbox")->child, 500);
        cJSON_AddItemToArray(results, row);
    }
    write_json(file, results);
}

/* data/ with a hostile name for a class and for a picture in val.json; new.json and old.json, results on it. */
static void need_results(void)
{
    if (cli("test -e new.json") == 0)
        return;
    cli_expect(0, "\"$F\" synth --out data --train 6 --val 12 --new 0 --size 96x64 --objects 2-4 --classes 3");
    cli_expect(0, "mv data/images/val_0001.jpg 'data/images/<b>&\"1.jpg'");
    cJSON *truth = cli_json("data/val.json");
    cJSON_ReplaceItemInObject(cJSON_GetObjectItem(truth, "categories")->child, "name", cJSON_CreateString(hostile));
    cJSON_ReplaceItemInObject(cJSON_GetObjectItem(truth, "images")->child, "file_name",
                              cJSON_CreateString("<b>&\"1.jpg"));
    write_results("old.json", truth, 4);
    write_results("new.json", truth, 9);
    write_json("data/val.json", truth);
}

#define EVALUATE "OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate --annotations data/val.json "

START_TEST(report__an_evaluation_has_every_chart)
{
    need_results();
    cli_expect(0, EVALUATE "--detections new.json --images data/images --html page.html");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "AP50 "));
    cli_expect_page("page.html", review_ids, COUNT(review_ids));
    cli_expect(0, "grep -q '&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;' page.html && "
                  "grep -q '&lt;b&gt;&amp;&quot;1.jpg' page.html && grep -q 'data:image/jpeg;base64,/9j/' page.html");
    cli_expect(0, EVALUATE "--detections new.json --html - >bare.html");
    cli_expect_page("bare.html", review_ids, COUNT(review_ids) - 2); /* without pictures */
    cli_expect(1, "grep -q 'data:image' bare.html");
    if (cli("command -v chromium") != 0)
        support_skip("there is no Chromium to look with");
    cli_expect_quiet_browser("page.html");
}
END_TEST

START_TEST(report__two_results_are_compared)
{
    need_results();
    cli_expect(0, EVALUATE "--detections new.json --against old.json --html two.html --json two.json");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "pictures got better"));
    cli_expect_page("two.html", against_ids, COUNT(against_ids));
    cli_expect_page("two.html", review_ids, COUNT(review_ids) - 2);
    cJSON *document = cli_json("two.json");
    const cJSON *then = cJSON_GetObjectItem(document, "against"), *first = cJSON_GetObjectItem(then, "pictures")->child;
    ck_assert(cli_number(document, "AP") > cli_number(then, "AP"));
    ck_assert(cli_number(first, "mistakes_now") < cli_number(first, "mistakes"));
    cJSON_Delete(document);
    cli_expect(0, EVALUATE "--detections new.json --against new.json --json same.json");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "no picture changed"));
    ck_assert_ptr_null(strstr(cli_stdout(), "got better"));
    cli_expect(1, EVALUATE "--detections new.json --against data/val.json --html other.html");
    cli_said("data/val.json: expected a list of results");
    cli_expect(1, "test -e other.html");
}
END_TEST

/* Five classes on one picture, boxes of 10 x 10: of `high` four objects are found by scores of .6 and more, and 40 boxes
 * of .45 are wrong; of `low` three are found by scores of .15 and more; `unfound` is never said; of `absent` there is
 * nothing; of `wrong` nothing is right. found.json has all detections, other.json those but of `low`. */
static void need_scores(void)
{
    static const struct {
        int category, y, objects, detections;
        double score, step; /* of the first detection, and how much less each other scores */
        int shift;          /* of the detections, beside their objects */
    } rows[] = {{1, 0, 4, 4, 0.9, 0.1, 0},    {1, 20, 0, 40, 0.45, 0, 0}, {2, 40, 3, 3, 0.25, 0.05, 0},
                {2, 60, 0, 1, 0.1, 0, 0},     {3, 80, 2, 0, 0, 0, 0},     {4, 100, 0, 2, 0.7, 0.2, 0},
                {5, 120, 1, 2, 0.9, 0.6, 100}};
    cJSON *truth = cJSON_Parse("{\"images\":[{\"id\":1}],\"annotations\":[],\"categories\":[{\"id\":1,\"name\":\"high\"},"
                               "{\"id\":2,\"name\":\"low\"},{\"id\":3,\"name\":\"unfound\"},{\"id\":4,\"name\":"
                               "\"absent\"},{\"id\":5,\"name\":\"wrong\"}]}");
    cJSON *found = cJSON_CreateArray(), *other = cJSON_CreateArray();
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int k = 0; k < rows[i].objects + rows[i].detections; k++) {
            const bool is_object = k < rows[i].objects;
            const int place = is_object ? k : k - rows[i].objects;
            cJSON *box = cJSON_CreateObject();
            const double at[4] = {20 * place + (is_object ? 0 : rows[i].shift), rows[i].y, 10, 10};
            cJSON_AddNumberToObject(box, "image_id", 1);
            cJSON_AddNumberToObject(box, "category_id", rows[i].category);
            cJSON_AddItemToObject(box, "bbox", cJSON_CreateDoubleArray(at, 4));
            cJSON_AddNumberToObject(box, is_object ? "id" : "score",
                                    is_object ? (double)(10 * i) + k + 1 : rows[i].score - place * rows[i].step);
            if (!is_object && rows[i].category != 2)
                cJSON_AddItemToArray(other, cJSON_Duplicate(box, true));
            cJSON_AddItemToArray(is_object ? cJSON_GetObjectItem(truth, "annotations") : found, box);
        }
    write_json("scores.json", truth);
    write_json("found.json", found);
    write_json("other.json", other);
}

#define SCORES "OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate --annotations scores.json "

static void expect_best(const cJSON *row, double f1, double score)
{
    ck_assert_msg(fabs(cli_number(row, "best_F1") - f1) < 1e-9 && fabs(cli_number(row, "best_score") - score) < 1e-9,
                  "F1 %g at %g, expected %g at %g", cli_number(row, "best_F1"), cli_number(row, "best_score"), f1, score);
}

/* The numbers of the confusion matrix, row by row. */
static void expect_matrix(const char *file, const char *numbers)
{
    cli_expect(0, "sed -n '/id=\"confusion\"/,/<.svg>/p' %s | grep -o 'text-anchor=\"middle\"[^>]*>[0-9]*<' | "
                  "grep -o '[0-9]*' | tr '\\n' ' '", file);
    ck_assert_str_eq(cli_stdout(), numbers);
}

START_TEST(report__each_class_counts_from_its_own_score)
{
    static const double best[][2] = {{1, 0.6}, {1, 0.15}, {-1, -1}, {-1, -1}, {0, -1}};
    need_scores();
    cli_expect(0, SCORES "--detections found.json --html scores.html --json found.scores --mistakes mistakes.json "
                  "--against other.json");
    cJSON *numbers = cli_json("found.scores"), *mistakes = cli_json("mistakes.json");
    const cJSON *row = cJSON_GetObjectItem(numbers, "classes")->child, *then = cJSON_GetObjectItem(numbers, "against");
    expect_best(numbers, 2.0 * 4 / (4 + 2 + 10), 0.6);
    for (size_t k = 0; k < COUNT(best); k++, row = row->next)
        expect_best(row, best[k][0], best[k][1]);
    expect_best(then, 0.5, 0.6);
    ck_assert_int_eq(cJSON_GetArraySize(mistakes), 2 + 3);
    const cJSON *picture = cJSON_GetObjectItem(then, "pictures")->child;
    ck_assert_msg(picture != NULL, "no picture got better");
    ck_assert(cli_number(picture, "mistakes") == 8 && cli_number(picture, "mistakes_now") == 5);
    cJSON_Delete(numbers);
    cJSON_Delete(mistakes);
    expect_matrix("scores.html", "4 0 0 0 0 0 0 3 0 0 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 1 1 0 ");
    cli_expect(0, "grep -q '<tr><td>low</td><td>3</td>.*<td>1.000</td><td>0.150</td><td>1.000</td><td>1.000</td></tr>' "
                  "scores.html && test $(grep -c ' r=\"5\"' scores.html) = 3");
    cli_expect(0, "grep -q '7 are right, 2 wrong, and 3 of 10 objects are not found.*at least 0.60 counts' scores.html && "
                  "grep -q 'is best, 0.500, at 0.60: fovea detect --min-score 0.60' scores.html");
}
END_TEST

/* Nothing found, only wrong boxes, and no class at all: pages that say so. */
START_TEST(report__nothing_right_has_no_best_score)
{
    need_scores();
    cli_expect(0, "echo '[]' >none.json; echo '{\"images\":[{\"id\":1}],\"categories\":[],\"annotations\":[]}' "
                  ">bare.json; echo '[{\"image_id\":1,\"category_id\":3,\"bbox\":[0,300,9,9],\"score\":0.5},"
                  "{\"image_id\":1,\"category_id\":3,\"bbox\":[0,200,9,9],\"score\":0.02}]' >wrong.json");
    cli_expect(0, SCORES "--detections none.json --html none.html --json none.scores && " SCORES "--detections wrong.json "
                  "--html wrong.html --json wrong.scores && OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate "
                  "--annotations bare.json --detections none.json --html bare.html --json bare.scores");
    static const struct {
        const char *name;
        double f1;
    } rows[] = {{"none", -1}, {"wrong", 0}, {"bare", -1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char file[32];
        snprintf(file, sizeof file, "%s.scores", rows[i].name);
        cJSON *numbers = cli_json(file);
        expect_best(numbers, rows[i].f1, -1);
        cJSON_Delete(numbers);
        snprintf(file, sizeof file, "%s.html", rows[i].name);
        cli_expect_page(file, review_ids, 2);
        cli_expect(0, "grep -q 'at least 0.05 nothing is right' %s", file);
        cli_expect(1, "grep -q ' r=\"5\"' %s", file);
    }
    expect_matrix("none.html", "0 0 0 0 0 4 0 0 0 0 0 3 0 0 0 0 0 2 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0 0 ");
    expect_matrix("wrong.html", "0 0 0 0 0 4 0 0 0 0 0 3 0 0 0 0 0 2 0 0 0 0 0 0 0 0 0 0 0 1 0 0 1 0 0 0 ");
}
END_TEST

/* One of two objects is found at .9, the other below ten wrong boxes: it is missed, and the page says what score found
 * it. */
START_TEST(report__a_miss_tells_what_score_found_it)
{
    need_results();
    cJSON *results = cJSON_CreateArray();
    for (int i = 0; i < 12; i++) {
        cJSON *row = cJSON_CreateObject();
        const double box[4] = {i == 0 ? 0 : i == 1 ? 30 : 60, 0, 20, 20};
        cJSON_AddNumberToObject(row, "image_id", 1);
        cJSON_AddNumberToObject(row, "category_id", 1);
        cJSON_AddNumberToObject(row, "score", i == 0 ? 0.9 : i == 1 ? 0.3 : 0.5);
        cJSON_AddItemToObject(row, "bbox", cJSON_CreateDoubleArray(box, 4));
        cJSON_AddItemToArray(results, row);
    }
    write_json("weak.json", results);
    support_write(support_scratch_file("miss.json"),
                  "{\"images\":[{\"id\":1,\"file_name\":\"val_0002.jpg\"}],\"categories\":[{\"id\":1}],"
                  "\"annotations\":[{\"id\":7,\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,20,20]},"
                  "{\"id\":8,\"image_id\":1,\"category_id\":1,\"bbox\":[30,0,20,20]}]}");
    cli_expect(0, "OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate --annotations miss.json --detections weak.json --images "
                  "data/images --html weak.html");
    cli_expect_page("weak.html", review_ids, COUNT(review_ids) - 1);
    cli_expect(0, "grep -q 'missed: 1, found at score 0.30 only<br/>at 30, 0, 20 × 20<br/>annotation 8' weak.html");
}
END_TEST

/* Three objects of one class, of which .5 and .4 find two; before these come a box badly placed on the third and one on
 * nothing. Says so in list and page, by the same numbers, with all annotations drawn; the matrix knows no such kind. */
static void need_mistakes(void)
{
    static const double boxes[][6] = {{0, 0, 20, 20, 0.5, 7},  {60, 30, 20, 20, 0.4, 9}, {40, 0, 20, 20, 0.95, 0},
                                      {70, 0, 12, 14, 0.9, 0}, {30, 0, 20, 20, 0, 8}};
    cJSON *truth = cJSON_Parse("{\"images\":[{\"id\":1,\"file_name\":\"val_0002.jpg\",\"width\":96,\"height\":64}],"
                               "\"categories\":[{\"id\":1,\"name\":\"disc\"},{\"id\":2,\"name\":\"ring\"}],"
                               "\"annotations\":[]}");
    cJSON *found = cJSON_CreateArray();
    for (size_t i = 0; i < COUNT(boxes); i++)
        for (int k = 4; k < 6; k++) {
            cJSON *row = boxes[i][k] > 0 ? cJSON_CreateObject() : NULL;
            if (!row)
                continue;
            cJSON_AddNumberToObject(row, "image_id", 1);
            cJSON_AddNumberToObject(row, "category_id", 1);
            cJSON_AddItemToObject(row, "bbox", cJSON_CreateDoubleArray(boxes[i], 4));
            cJSON_AddNumberToObject(row, k == 4 ? "score" : "id", boxes[i][k]);
            cJSON_AddItemToArray(k == 4 ? found : cJSON_GetObjectItem(truth, "annotations"), row);
        }
    write_json("mend.json", truth);
    write_json("mend_found.json", found);
}

/* A box of 5 x 5 for a list of annotations, which has an id, or of detections, which has a score. */
static void put(cJSON *list, int category, int x, int y, const char *name, double value)
{
    cJSON *row = cJSON_CreateObject();
    cJSON_AddNumberToObject(row, "image_id", 1);
    cJSON_AddNumberToObject(row, "category_id", category);
    cJSON_AddItemToObject(row, "bbox", cJSON_CreateIntArray((int[]){x, y, 5, 5}, 4));
    cJSON_AddNumberToObject(row, name, value);
    cJSON_AddItemToArray(list, row);
}

/* Fourteen sure boxes on nothing, then a wrong class and one on what is found already: these two are shown as well. */
START_TEST(report__shows_the_surest_of_each_kind)
{
    cJSON *truth = cJSON_Parse("{\"images\":[{\"id\":1,\"file_name\":\"val_0002.jpg\",\"width\":96,\"height\":64}],"
                               "\"categories\":[{\"id\":1,\"name\":\"disc\"},{\"id\":2,\"name\":\"ring\"}],"
                               "\"annotations\":[]}");
    cJSON *objects = cJSON_GetObjectItem(truth, "annotations"), *found = cJSON_CreateArray();
    need_results();
    for (int i = 0; i < 12; i++) {
        put(objects, 1, 7 * i, 2, "id", i + 1);
        put(found, 1, 7 * i, 2, "score", 0.15);
    }
    put(objects, 2, 84, 2, "id", 13);
    put(found, 1, 84, 2, "score", 0.25);
    put(found, 1, 0, 2, "score", 0.2);
    for (int i = 0; i < 14; i++)
        put(found, 1, 6 * i, 58, "score", 0.9 - 0.01 * i);
    write_json("kinds.json", truth);
    write_json("kinds_found.json", found);
    cli_expect(0, "OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate --annotations kinds.json --detections kinds_found.json "
                  "--images data/images --html kinds.html && "
                  "grep -o 'svg id=\"mistake-[0-9]*' kinds.html | sed 's/.*-//' | tr '\\n' ' '");
    ck_assert_ptr_nonnull(strstr(cli_stdout(), "\n1 2 3 4 5 6 7 8 9 10 11 12 15 16 "));
}
END_TEST

#define MEND "OCL_ICD_VENDORS=/nonexistent \"$F\" evaluate --annotations mend.json --detections mend_found.json "

START_TEST(report__mistakes_have_numbers)
{
    static const char *const kinds[] = {"badly placed", "nothing annotated", "missed"};
    need_results();
    need_mistakes();
    cli_expect(0, MEND "--images data/images --html numbers.html --mistakes numbers.json");
    ck_assert_str_eq(cli_stderr(), "page written to numbers.html\nmistakes written to numbers.json\n");
    cJSON *mistakes = cli_json("numbers.json");
    const cJSON *row = mistakes->child;
    for (int i = 0; i < 3; i++, row = row->next) {
        ck_assert_msg(row != NULL, "%d mistakes", i);
        ck_assert(cli_number(row, "number") == i + 1);
        ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(row, "mistake")), kinds[i]);
        const cJSON *box = cJSON_GetObjectItem(row, "true_bbox");
        ck_assert(i == 1 ? box == NULL : cli_number(row, "annotation_id") == 8 && box->child->valueint == 30);
    }
    ck_assert_ptr_null(row);
    ck_assert(fabs(cli_number(mistakes->child, "iou") - 1.0 / 3) < 1e-12);
    cJSON_Delete(mistakes);
    cli_expect(0, "grep -q '>1: val_0002.jpg<br/>disc 0.95, badly placed on disc (IoU 0.33)<br/>' numbers.html && "
                  "grep -q '>2: val_0002.jpg<br/>disc 0.90, nothing annotated there<br/>' numbers.html && "
                  "grep -q '>3: val_0002.jpg<br/>missed: disc<br/>' numbers.html && "
                  "test $(grep -c 'dasharray: 3 3' numbers.html) = 9");
    expect_matrix("numbers.html", "2 0 1 0 0 0 2 0 0 ");
}
END_TEST

START_TEST(report__curves_are_written)
{
    need_results();
    cli_expect(0, EVALUATE "--detections new.json --curves -");
    cJSON *document = cli_json("stdout");
    const cJSON *row = cJSON_GetObjectItem(document, "classes")->child;
    const cJSON *precision = cJSON_GetObjectItem(cJSON_GetObjectItem(row, "precision"), "0.50");
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(row, "name")), hostile);
    ck_assert_int_eq(cJSON_GetArraySize(precision), FOVEA_CURVE_POINTS);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(row, "score")), 10);
    cJSON_Delete(document);
}
END_TEST

#define TRAIN \
    "\"$F\" train --images data/images --annotations data/train.json --backbone resnet18 --width 8 --channels 8 " \
    "--head-depth 1 --size 64 --batch 2 --lr 0.01 --seed 3 --no-tune "

/* A report that cannot be written costs the training nothing. */
START_TEST(report__a_training_is_told)
{
    need_results();
    cli_expect(0, TRAIN "--steps 6 --val-annotations data/val.json --out run");
    cli_expect_page("run/report.html", training_ids, COUNT(training_ids));
    cli_expect_page("run/report.html", review_ids, COUNT(review_ids) - 2);
    cli_expect(0, "grep -q ' id=\"history\"' run/report.html && grep -q 'device driver' run/report.html");
    cli_expect(0, "mkdir -p without/report.html/kept; " TRAIN "--steps 6 --val-annotations data/val.json "
                  "--out without");
    cli_said("without/report.html");
    cli_expect(0, "for f in last model; do cmp run/$f.safetensors without/$f.safetensors || exit 1; done");
    if (cli("command -v chromium") != 0)
        support_skip("there is no Chromium to look with");
    cli_expect_quiet_browser("run/report.html");
}
END_TEST

START_TEST(report__many_steps_are_thinned_out)
{
    need_results();
    if (support_is_simulator())
        support_skip("a simulator is too slow");
    cli_expect(0, TRAIN "--size 32 --steps 1210 --out long");
    cli_expect_page("long/report.html", training_ids, COUNT(training_ids));
    cli_expect(0, "grep -q 'mean of 4 steps' long/report.html && test $(wc -c <long/report.html) -lt 100000");
    cli_expect(0, TRAIN "--size 32 --steps 1210 --out cut & p=$!; until [ \"$(wc -l <cut/log.jsonl)\" -gt 20 ]; do "
                  "sleep 0.05; done; kill -9 $p; wait $p; " TRAIN "--size 32 --steps 1210 --out cut --resume");
    cli_expect(0, "for f in long cut; do sed -n '/id=\"losses\"/,/<\\/svg>/p' $f/report.html >$f.svg; done; "
                  "test -s long.svg && cmp long.svg cut.svg");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = report__an_evaluation_has_every_chart},
        {.test = report__two_results_are_compared},
        {.test = report__each_class_counts_from_its_own_score},
        {.test = report__nothing_right_has_no_best_score},
        {.test = report__a_miss_tells_what_score_found_it},
        {.test = report__mistakes_have_numbers},
        {.test = report__shows_the_surest_of_each_kind},
        {.test = report__curves_are_written},
        {report__a_training_is_told, .needs_device = true},
        {report__many_steps_are_thinned_out, .needs_device = true},
    };
    return support_run("report", cases, COUNT(cases));
}
