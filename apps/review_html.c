/* The sections of a review, see review.h: numbers, curves, confusions, scores. */
#include "review.h"

#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IN_A_CHART = PAGE_COLOURS - 1, MOST_CONFUSED = 20, BINS = 20 };

/* COCO's -1, where there is nothing to be found, is a dash. */
static void number_cell(FILE *to, double value)
{
    if (value < 0)
        page_cell(to, "-");
    else
        page_cell_format(to, "%.3f", value);
}

static void write_numbers(FILE *to, const review *r)
{
    static const char *const columns[] = {"number", "value"};
    judge_number numbers[JUDGE_NUMBERS];
    judge_numbers(numbers, &r->result->all);
    page_heading(to, "numbers", "COCO's numbers");
    page_paragraph(to, "They go from 0 to 1, higher is better; a dash stands where nothing is annotated. IoU, "
                       "intersection over union, tells how well two boxes agree: the area that both cover over the area "
                       "that either covers. A detection is right where its IoU with an object of its class is at least "
                       "the row's.");
    page_table_begin(to, "coco-numbers", columns, 2);
    for (int i = 0; i < JUDGE_NUMBERS; i++) {
        page_row_begin(to);
        page_cell_format(to, "%s: %s", numbers[i].name, numbers[i].meaning);
        number_cell(to, numbers[i].value);
        page_row_end(to);
    }
    page_table_end(to);
}

static void class_row(FILE *to, const review *r, size_t k)
{
    const fovea_class_evaluation *c = &r->result->classes[k];
    const fovea_curve *curve = &r->result->curves[k];
    const review_class *own = &r->classes[k];
    const double found = own->right + own->wrong;
    const double before[] = {c->ap, c->ap50, c->ap75, c->ar100, c->ap_small, c->ap_medium, c->ap_large, curve->best_f1};
    char score[24];
    page_row_begin(to);
    page_cell(to, c->name);
    page_cell_format(to, "%lld", (long long)c->objects);
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        number_cell(to, before[i]);
    page_cell(to, judge_score_text(score, curve->best_f1, curve->best_score));
    number_cell(to, found > 0 ? own->right / found : -1);
    number_cell(to, curve->objects ? own->right / (double)curve->objects : -1);
    page_row_end(to);
}

/* What counts on this page. */
static void write_choice(FILE *to, const review *r)
{
    const long long objects = (long long)r->result->whole.objects;
    double right = 0, wrong = 0;
    bool none = false;
    char note[800];
    for (size_t k = 0; k < r->result->n_classes; k++) {
        right += r->classes[k].right;
        wrong += r->classes[k].wrong;
        none = none || !(r->result->curves[k].best_f1 > 0);
    }
    int n = snprintf(note, sizeof note, "Precision is the share of a class's detections that are right, recall the "
                     "share of its objects that are found, F1 their harmonic mean, all at IoU .5. Each class has a score "
                     "of its own from which on its F1 is best; from there on its detections count, in the last four "
                     "columns as in the confusion matrix and among misses and mistakes: %.0f are right, %.0f wrong, and "
                     "%.0f of %lld objects are not found.", right, wrong, (double)objects - right, objects);
    if (none)
        snprintf(note + n, sizeof note - (size_t)n, " Where nothing of a class is right there is no best score: what "
                 "scores at least %.2f counts.", r->score);
    page_paragraph(to, note);
}

/* The score for a detector of all classes. */
static void write_one_score(FILE *to, const review *r)
{
    const fovea_curve *whole = &r->result->whole;
    char note[200];
    if (whole->best_f1 > 0)
        snprintf(note, sizeof note, "Where one score has to do for all classes, F1 of all together is best, %.3f, at "
                 "%.2f: fovea detect --min-score %.2f.", whole->best_f1, whole->best_score, whole->best_score);
    else
        snprintf(note, sizeof note, "Of what scores at least %.2f nothing is right, so no one score is best for all "
                 "classes.", r->score);
    page_paragraph(to, note);
}

static void write_classes(FILE *to, const review *r)
{
    static const char *const columns[] = {"class", "objects", "AP", "AP50", "AP75", "AR100", "APs", "APm", "APl",
                                          "best F1", "at score", "precision", "recall"};
    page_heading(to, "classes", "Classes");
    write_choice(to, r);
    write_one_score(to, r);
    page_table_begin(to, "class-numbers", columns, sizeof columns / sizeof columns[0]);
    for (size_t k = 0; k < r->result->n_classes; k++)
        class_row(to, r, k);
    page_table_end(to);
}

/* ---- curves ---------------------------------------------------------------------------------------------------- */

typedef struct curve_points {
    double x[FOVEA_CURVE_POINTS + 1], y[FOVEA_CURVE_POINTS + 1];
    size_t n;
} curve_points;

static void add_point(curve_points *out, double x, double y)
{
    out->x[out->n] = x;
    out->y[out->n++] = y;
}

/* Recall goes as far as precision is above 0. */
static void precision_line(chart_series *out, curve_points *points, const fovea_curve *curve)
{
    points->n = 0;
    for (int i = 0; i < FOVEA_CURVE_POINTS; i++)
        add_point(points, i * 0.01, curve->precision[i] > 0 ? curve->precision[i] : NAN);
    *out = (chart_series){.name = curve->name, .x = points->x, .y = points->y, .n = points->n};
}

/* The best point lies between two of the curve's scores, or beside all. */
static void f1_line(chart_series *out, curve_points *points, const fovea_curve *curve)
{
    const bool best = curve->best_f1 > 0 && curve->best_score >= 0 && curve->best_score <= 1;
    bool waits = best;
    points->n = 0;
    for (int i = 0; i < FOVEA_CURVE_POINTS; i++) {
        const double all = (double)(curve->right[i] + curve->wrong[i] + curve->objects);
        if (waits && curve->best_score <= i * 0.01) {
            add_point(points, curve->best_score, curve->best_f1);
            waits = false;
        }
        add_point(points, i * 0.01, all > 0 ? 2 * (double)curve->right[i] / all : NAN);
    }
    *out = (chart_series){.name = curve->name, .x = points->x, .y = points->y, .n = points->n, .marked = best,
                          .mark_x = curve->best_score, .mark_y = curve->best_f1};
}

/* Charts of a line a class, some classes each; and of `last`, where it is not NULL. */
static void write_curves(FILE *to, const review *r, chart c, const fovea_curve *last,
                         void (*make)(chart_series *out, curve_points *points, const fovea_curve *curve))
{
    static curve_points points[IN_A_CHART + 1];
    const char *const id = c.id;
    c.x_high = c.y_high = 1;
    for (size_t first = 0, number = 1; first < r->result->n_classes; first += IN_A_CHART, number++) {
        chart_series series[IN_A_CHART + 1];
        char numbered[64];
        size_t n = 0;
        for (; n < IN_A_CHART && first + n < r->result->n_classes; n++)
            make(&series[n], &points[n], &r->result->curves[first + n]);
        if (last) {
            make(&series[n], &points[n], last);
            n++;
        }
        snprintf(numbered, sizeof numbered, "%s-%zu", id, number);
        c.id = numbered;
        chart_lines(to, &c, series, n);
    }
}

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

static void write_sizes(FILE *to, const review *r)
{
    const fovea_evaluation *e = &r->result->all;
    const double values[] = {e->ap_small, e->ap_medium, e->ap_large, e->ar_small, e->ar_medium, e->ar_large};
    static const char *const names[] = {"small, below 32 x 32 pixels", "medium, up to 96 x 96", "large"};
    char shown[6][16];
    chart_bar bars[6];
    for (int i = 0; i < 6; i++) {
        snprintf(shown[i], sizeof shown[i], values[i] < 0 ? "none annotated" : "%.3f", values[i]);
        bars[i] = (chart_bar){.group = i == 0 ? "Average precision" : i == 3 ? "Average recall, 100 detections" : NULL,
                              .name = names[i % 3], .shown = shown[i], .value = values[i], .most = 1, .colour = i / 3};
    }
    const chart c = {.id = "sizes", .title = "By size of object",
                     .note = "The size is the annotated area in pixels of the picture as it is, not as the network "
                             "sees it. Average recall is the share of objects that are found, the mean over IoU .50 to "
                             ".95."};
    page_heading(to, "by-size", "Sizes");
    chart_bars(to, &c, bars, 6);
}

/* ---- confusion ------------------------------------------------------------------------------------------------- */

/* Which classes the matrix has: those with the most mistakes, in the order of the rows of classes. */
typedef struct confusion {
    size_t *place; /* of each class in the matrix; n where it has none */
    size_t n;
    const char **names; /* n, and one more */
    double *counts;     /* [n + 1][n + 1] */
} confusion;

static void choose_classes(confusion *c, const review *r, double *mistakes)
{
    const size_t n_classes = r->result->n_classes;
    for (size_t i = 0; i < r->n_matches; i++)
        if (r->matches[i].kind != FOVEA_MATCH_RIGHT) {
            const size_t a = review_place(r, r->matches[i].category_id);
            const size_t b = review_place(r, r->matches[i].true_category_id);
            mistakes[a < n_classes ? a : b]++;
            mistakes[b < n_classes ? b : a]++;
        }
    while (n_classes > MOST_CONFUSED && c->n < MOST_CONFUSED) {
        size_t most = 0;
        for (size_t k = 1; k < n_classes; k++)
            if (mistakes[k] > mistakes[most])
                most = k;
        mistakes[most] = -1;
        c->n++;
    }
    c->n = 0;
    for (size_t k = 0; k < n_classes; k++)
        if (n_classes <= MOST_CONFUSED || mistakes[k] < 0) {
            c->names[c->n] = r->result->classes[k].name;
            c->place[k] = c->n++;
        }
    for (size_t k = 0; k < n_classes; k++)
        if (n_classes > MOST_CONFUSED && mistakes[k] >= 0)
            c->place[k] = c->n + 1;
    c->place[n_classes] = c->n;
}

static void count_confusions(confusion *c, const review *r)
{
    for (size_t i = 0; i < r->n_matches; i++) {
        const fovea_match *m = &r->matches[i];
        const bool on_nothing = m->kind == FOVEA_MATCH_DUPLICATE || m->kind == FOVEA_MATCH_MISPLACED;
        const size_t row = c->place[on_nothing ? r->result->n_classes : review_place(r, m->true_category_id)];
        const size_t column = c->place[m->kind == FOVEA_MATCH_MISSED ? r->result->n_classes
                                                                     : review_place(r, m->category_id)];
        if (row <= c->n && column <= c->n)
            c->counts[row * (c->n + 1) + column]++;
    }
}

static void draw_confusion(FILE *to, const review *r, confusion *c)
{
    char note[480];
    snprintf(note, sizeof note, "Each object and each detection once, at IoU .5; of each class the detections from the "
             "score on at which its own F1 is best (\"at score\" in the table of classes). Rows are what is there, "
             "columns what was said; a second detection on an object counts as one on nothing, and so does one that is "
             "badly placed. Shades are shares of a row.%s",
             c->n < r->result->n_classes ? " Of the classes, those with the most mistakes." : "");
    const chart about = {.id = "confusion", .title = "Confusion matrix", .note = note, .x_label = "detected as",
                         .y_label = "object"};
    const char *rows[MOST_CONFUSED + 1], *columns[MOST_CONFUSED + 1];
    for (size_t k = 0; k < c->n; k++)
        rows[k] = columns[k] = c->names[k];
    rows[c->n] = "nothing";
    columns[c->n] = "missed";
    chart_matrix(to, &about, rows, c->n + 1, columns, c->n + 1, c->counts);
}

static void write_confusion(FILE *to, const review *r)
{
    const size_t n_classes = r->result->n_classes;
    confusion c = {.place = calloc(n_classes + 1, sizeof *c.place), .names = calloc(n_classes + 1, sizeof *c.names),
                   .counts = calloc((MOST_CONFUSED + 1) * (MOST_CONFUSED + 1), sizeof *c.counts)};
    double *mistakes = calloc(n_classes + 1, sizeof *mistakes);
    page_heading(to, "confusions", "Confusions");
    if (c.place && c.names && c.counts && mistakes) {
        choose_classes(&c, r, mistakes);
        count_confusions(&c, r);
        draw_confusion(to, r, &c);
    } else {
        page_paragraph(to, "Memory ran out for the matrix.");
    }
    free(c.place);
    free(c.names);
    free(c.counts);
    free(mistakes);
}

/* ---- scores ---------------------------------------------------------------------------------------------------- */

static void write_scores(FILE *to, const review *r)
{
    double counts[2][BINS] = {{0}}, sums[2] = {0};
    for (size_t i = 0; i < r->n_all; i++) {
        const fovea_match *m = &r->all[i];
        if (m->kind == FOVEA_MATCH_MISSED || !(m->score >= 0 && m->score <= 1))
            continue;
        const int bin = (int)(m->score * BINS), wrong = m->kind != FOVEA_MATCH_RIGHT;
        counts[wrong][bin < BINS ? bin : BINS - 1]++;
        sums[wrong]++;
    }
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < BINS; i++)
            counts[k][i] *= sums[k] > 0 ? 100 / sums[k] : 0;
    char right[48], wrong[48];
    snprintf(right, sizeof right, "right (%.0f)", sums[0]);
    snprintf(wrong, sizeof wrong, "wrong (%.0f)", sums[1]);
    const chart_bins series[] = {{right, counts[0]}, {wrong, counts[1]}};
    const chart c = {.id = "scores", .title = "Scores of right and wrong boxes", .x_label = "score",
                     .y_label = "%", .x_high = 1, .width = 760,
                     .note = "All detections, of every score, right or wrong at IoU .5; the bars of a colour add up to "
                             "100 %. The further apart the two lie, the better one score tells right from wrong."};
    page_heading(to, "by-score", "Scores");
    chart_histogram(to, &c, series, 2, BINS);
}

size_t review_links(page_link out[REVIEW_LINKS], const review *r)
{
    static const page_link links[REVIEW_LINKS] = {
        {"numbers", "COCO's numbers"}, {"classes", "Classes"}, {"curves", "Curves"}, {"by-size", "Sizes"},
        {"confusions", "Confusions"}, {"by-score", "Scores"}, {"misses", "Worst misses"},
        {"mistakes", "Surest mistakes"}};
    memcpy(out, links, sizeof links);
    return r->images ? REVIEW_LINKS : REVIEW_LINKS - 2;
}

void review_write(FILE *to, const review *r)
{
    const fovea_curve *whole = r->result->n_classes > 1 ? &r->result->whole : NULL;
    const chart precision = {
        .id = "precision-recall", .title = "Precision by recall", .x_label = "recall", .y_label = "precision",
        .note = "From left to right, detections of ever lower scores count: more objects are found, and more is wrong. "
                "The area below a line is the class's AP50."};
    const chart f1 = {
        .id = "f1", .title = "F1 by score", .x_label = "least score of a detection", .y_label = "F1",
        .note = "Dots show where F1 is best: of each class, as in the table of classes, and of all classes together at "
                "one score."};
    write_numbers(to, r);
    write_classes(to, r);
    page_heading(to, "curves", "Precision, recall and F1, at IoU .5");
    fputs("<div class=\"row\">\n", to);
    write_curves(to, r, precision, NULL, precision_line);
    write_curves(to, r, f1, whole, f1_line);
    fputs("</div>\n", to);
    write_sizes(to, r);
    write_confusion(to, r);
    write_scores(to, r);
}
