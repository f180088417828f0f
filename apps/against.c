/* Comparing two evaluations, see against.h. */
#include "against.h"

#include "chart.h"
#include "pick_device.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 20, CHARTED = 6 };

/* ---- comparing ------------------------------------------------------------------------------------------------- */

static int compare_ids(const void *left, const void *right)
{
    const against_picture *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static int compare_changes(const void *left, const void *right)
{
    const against_picture *a = left, *b = right;
    const int change_a = a->now - a->before, change_b = b->now - b->before;
    return change_a != change_b ? (change_a > change_b) - (change_a < change_b) : compare_ids(left, right);
}

static bool list_pictures(against *a, fovea_evaluator *evaluator)
{
    const size_t n = fovea_evaluator_pictures(evaluator);
    a->pictures = calloc(n ? n : 1, sizeof *a->pictures);
    if (!a->pictures) {
        fprintf(stderr, "fovea: out of memory for %zu pictures\n", n);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!told(fovea_evaluator_picture(evaluator, i, &a->pictures[i].id, &a->pictures[i].name)))
            return false;
    a->n_pictures = n;
    if (n > 1)
        qsort(a->pictures, n, sizeof *a->pictures, compare_ids);
    return true;
}

/* Both matches and pictures stand in ascending id. */
static void count_mistakes(against *a, const review *r, bool now)
{
    size_t at = 0;
    for (size_t i = 0; i < r->n_matches; i++) {
        while (at < a->n_pictures && a->pictures[at].id < r->matches[i].image_id)
            at++;
        if (at < a->n_pictures && a->pictures[at].id == r->matches[i].image_id &&
            r->matches[i].kind != FOVEA_MATCH_RIGHT)
            *(now ? &a->pictures[at].now : &a->pictures[at].before) += 1;
    }
}

static bool same_classes(const judge_result *a, const judge_result *b)
{
    bool same = a->n_classes == b->n_classes;
    for (size_t k = 0; k < a->n_classes && same; k++)
        same = a->classes[k].category_id == b->classes[k].category_id;
    return same;
}

bool against_make(against *a, const review *now, const char *now_name, const review *before, const char *before_name,
                  const char *before_annotations)
{
    *a = (against){.now = now, .before = before, .now_name = now_name, .before_name = before_name,
                   .before_annotations = before_annotations};
    if (!same_classes(now->result, before->result)) {
        fprintf(stderr, "fovea: %s: its category ids are not those of --annotations, so nothing can be compared\n",
                before_annotations);
        return false;
    }
    if (!list_pictures(a, now->result->evaluator))
        return false;
    count_mistakes(a, now, true);
    count_mistakes(a, before, false);
    size_t kept = 0;
    for (size_t i = 0; i < a->n_pictures; i++) {
        const against_picture *p = &a->pictures[i];
        if (p->now == p->before || !review_has_picture(before, p->id))
            continue;
        a->n_better += p->now < p->before;
        a->pictures[kept++] = *p;
    }
    a->n_pictures = kept;
    if (kept > 1)
        qsort(a->pictures, kept, sizeof *a->pictures, compare_changes);
    return true;
}

void against_clear(against *a)
{
    free(a->pictures);
    *a = (against){0};
}

/* A change as text, "-" where there is nothing to be found. */
static const char *change_of(char text[16], double now, double before)
{
    snprintf(text, 16, "%+.3f", now - before);
    if (now < 0 || before < 0)
        strcpy(text, "-");
    else if (strcmp(text, "-0.000") == 0 || strcmp(text, "+0.000") == 0)
        strcpy(text, "0.000");
    return text;
}

static const char *value_of(char text[16], double value)
{
    snprintf(text, 16, "%.3f", value);
    return value < 0 ? "-" : text;
}

/* The classes from the most improved AP to the most worsened; freed with free(), NULL where memory ran out. */
static size_t *order_classes(const against *a)
{
    const size_t n = a->now->result->n_classes;
    size_t *order = calloc(n ? n : 1, sizeof *order);
    for (size_t i = 0; order && i < n; i++) {
        const double change = a->now->result->classes[i].ap - a->before->result->classes[i].ap;
        size_t at = i;
        for (; at > 0; at--) {
            const size_t k = order[at - 1];
            if (!(change > a->now->result->classes[k].ap - a->before->result->classes[k].ap))
                break;
            order[at] = k;
        }
        order[at] = i;
    }
    return order;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static void print_line(const char *name, int width, double now, double before)
{
    char a[16], b[16], c[16];
    printf("%-*s  %6s  %6s  %6s\n", width, name, value_of(a, now), value_of(b, before), change_of(c, now, before));
}

static void print_pictures(const against *a)
{
    if (a->n_pictures == 0) {
        puts("\nno picture changed: as many wrong and missed in each, then and now");
        return;
    }
    printf("\n%zu pictures got better, %zu worse (wrong and missed, then and now):\n", a->n_better,
           a->n_pictures - a->n_better);
    for (size_t i = 0; i < a->n_pictures; i++)
        if (i < SHOWN / 4 || i + SHOWN / 4 >= a->n_pictures)
            printf("%s  %d -> %d\n", a->pictures[i].name, a->pictures[i].before, a->pictures[i].now);
}

void against_print(const against *a)
{
    judge_number now[JUDGE_NUMBERS], before[JUDGE_NUMBERS];
    judge_numbers(now, &a->now->result->all);
    judge_numbers(before, &a->before->result->all);
    int width = 5;
    for (size_t k = 0; k < a->now->result->n_classes; k++) {
        const int length = (int)strlen(a->now->result->classes[k].name);
        width = length > width ? length : width;
    }
    printf("\nagainst %s%s%s\n", a->before_name, a->before_annotations ? ", held to " : "",
           a->before_annotations ? a->before_annotations : "");
    printf("%-*s  %6s  %6s  change\n", width, "", "now", "then");
    for (int i = 0; i < JUDGE_NUMBERS; i++)
        print_line(now[i].name, width, now[i].value, before[i].value);
    size_t *order = order_classes(a);
    printf("\nAP of classes, the most improved first\n");
    for (size_t i = 0; order && i < a->now->result->n_classes; i++)
        print_line(a->now->result->classes[order[i]].name, width, a->now->result->classes[order[i]].ap,
                   a->before->result->classes[order[i]].ap);
    free(order);
    print_pictures(a);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

cJSON *against_json(const against *a)
{
    cJSON *whole = judge_json(a->before->result);
    cJSON_AddStringToObject(whole, "file", a->before_name);
    if (a->before_annotations)
        cJSON_AddStringToObject(whole, "annotations", a->before_annotations);
    cJSON *pictures = cJSON_AddArrayToObject(whole, "pictures");
    for (size_t i = 0; i < a->n_pictures; i++) {
        const against_picture *p = &a->pictures[i];
        cJSON *row = cJSON_CreateObject();
        json_add_integer(row, "id", p->id);
        cJSON_AddStringToObject(row, "file_name", p->name);
        json_add_integer(row, "mistakes", p->before);
        json_add_integer(row, "mistakes_now", p->now);
        cJSON_AddItemToArray(pictures, row);
    }
    return whole;
}

/* ---- page ------------------------------------------------------------------------------------------------------ */

static void number_cells(FILE *to, double now, double before)
{
    char a[16], b[16], c[16];
    page_cell(to, value_of(a, now));
    page_cell(to, value_of(b, before));
    page_cell(to, change_of(c, now, before));
}

static void write_bars(FILE *to, const against *a, const judge_number *now, const judge_number *before)
{
    const bool alike = strcmp(a->now_name, a->before_name) == 0; /* other annotations of the same detections */
    const char *const names[] = {alike ? "now" : a->now_name, alike ? "then" : a->before_name};
    chart_bar bars[2 * CHARTED];
    char shown[2 * CHARTED][16];
    for (int i = 0; i < 2 * CHARTED; i++) {
        const double value = (i % 2 ? before : now)[i / 2].value;
        bars[i] = (chart_bar){.group = i % 2 ? NULL : now[i / 2].name, .name = names[i % 2],
                              .shown = value_of(shown[i], value), .value = value, .most = 1, .colour = i % 2};
    }
    const chart c = {.id = "side-by-side", .title = "Average precision, side by side"};
    chart_bars(to, &c, bars, 2 * CHARTED);
}

static void write_classes(FILE *to, const against *a)
{
    static const char *const columns[] = {"class", "objects", "AP now", "AP then", "change", "AP50 now", "AP50 then",
                                          "change", "best F1 now", "then", "change", "at score now", "then"};
    char score[24];
    size_t *order = order_classes(a);
    page_heading(to, "class-changes", "Classes, the most improved first");
    page_table_begin(to, "changes-by-class", columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; order && i < a->now->result->n_classes; i++) {
        const fovea_class_evaluation *now = &a->now->result->classes[order[i]];
        const fovea_class_evaluation *before = &a->before->result->classes[order[i]];
        const fovea_curve *curve = &a->now->result->curves[order[i]];
        const fovea_curve *curve_before = &a->before->result->curves[order[i]];
        page_row_begin(to);
        page_cell(to, now->name);
        page_cell_format(to, "%lld", (long long)now->objects);
        number_cells(to, now->ap, before->ap);
        number_cells(to, now->ap50, before->ap50);
        number_cells(to, curve->best_f1, curve_before->best_f1);
        page_cell(to, judge_score_text(score, curve->best_f1, curve->best_score));
        page_cell(to, judge_score_text(score, curve_before->best_f1, curve_before->best_score));
        page_row_end(to);
    }
    page_table_end(to);
    free(order);
}

static void write_pictures(FILE *to, const against *a)
{
    static const char *const columns[] = {"picture", "now", "then", "change"};
    char changed[80], note[480];
    page_heading(to, "picture-changes", "Pictures, the most improved first");
    if (a->n_pictures == 0)
        snprintf(changed, sizeof changed, "No picture changed.");
    else
        snprintf(changed, sizeof changed, "%zu pictures got better and %zu worse.", a->n_better,
                 a->n_pictures - a->n_better);
    snprintf(note, sizeof note, "%s Counted are detections that are wrong and "
             "objects that are missed, at IoU .5; each class of each result from the score on at which its F1 is best, "
             "as in the table above.%s", changed,
             a->n_pictures > 2 * SHOWN ? " Shown are the 20 at each end." : "");
    page_paragraph(to, note);
    page_table_begin(to, "changes-by-picture", columns, 4);
    for (size_t i = 0; i < a->n_pictures; i++) {
        const against_picture *p = &a->pictures[i];
        if (i >= SHOWN && i + SHOWN < a->n_pictures)
            continue;
        page_row_begin(to);
        page_cell(to, p->name);
        page_cell_format(to, "%d", p->now);
        page_cell_format(to, "%d", p->before);
        page_cell_format(to, "%+d", p->now - p->before);
        page_row_end(to);
    }
    page_table_end(to);
}

size_t against_links(page_link out[AGAINST_LINKS])
{
    static const page_link links[AGAINST_LINKS] = {
        {"against", "Better and worse"}, {"class-changes", "Changed classes"}, {"picture-changes", "Changed pictures"}};
    memcpy(out, links, sizeof links);
    return AGAINST_LINKS;
}

void against_write(FILE *to, const against *a)
{
    static const char *const columns[] = {"number", "now", "then", "change"};
    judge_number now[JUDGE_NUMBERS], before[JUDGE_NUMBERS];
    judge_numbers(now, &a->now->result->all);
    judge_numbers(before, &a->before->result->all);
    page_heading(to, "against", "Better and worse");
    fputs("<p>Now: ", to);
    page_text(to, a->now_name);
    fputs("; then: ", to);
    page_text(to, a->before_name);
    if (a->before_annotations) {
        fputs(", held to ", to);
        page_text(to, a->before_annotations);
    }
    fputs("</p>\n", to);
    page_table_begin(to, "changes", columns, 4);
    for (int i = 0; i < JUDGE_NUMBERS; i++) {
        page_row_begin(to);
        page_cell_format(to, "%s: %s", now[i].name, now[i].meaning);
        number_cells(to, now[i].value, before[i].value);
        page_row_end(to);
    }
    page_table_end(to);
    write_bars(to, a, now, before);
    write_classes(to, a);
    write_pictures(to, a);
}
