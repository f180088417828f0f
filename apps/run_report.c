/* The page of a training, see run_report.h. */
#include "run_report.h"

#include "chart.h"
#include "progress.h"
#include "review.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_SECONDS = 2 };

/* ---- points ---------------------------------------------------------------------------------------------------- */

static void add_point(run_report_point *to, const run_report_point *from)
{
    to->steps += from->steps;
    to->step += from->step;
    to->class_loss += from->class_loss;
    to->box_loss += from->box_loss;
    to->learning_rate += from->learning_rate;
    to->gradient_norm += from->gradient_norm;
    to->images_per_second += from->images_per_second;
}

/* Makes every two points one. */
static void halve(run_report *report)
{
    for (int i = 0; i < RUN_REPORT_POINTS / 2; i++) {
        run_report_point both = report->points[2 * i];
        add_point(&both, &report->points[2 * i + 1]);
        report->points[i] = both;
    }
    report->n_points = RUN_REPORT_POINTS / 2;
    report->stride *= 2;
}

void run_report_step(run_report *report, const fovea_progress *now)
{
    const run_report_point point = {1, (double)now->step, now->class_loss, now->box_loss, now->learning_rate,
                                    now->gradient_norm, now->images_per_second};
    const int last = report->n_points - 1;
    if (last >= 0 && report->points[last].steps < (double)report->stride) {
        add_point(&report->points[last], &point);
        return;
    }
    if (report->n_points == RUN_REPORT_POINTS)
        halve(report);
    report->points[report->n_points++] = point;
}

static double number_of(const cJSON *line, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(line, name));
}

static void read_log(run_report *report)
{
    FILE *log = fopen(report->run->log, "rb");
    char *text = NULL;
    size_t room = 0;
    while (log && getline(&text, &room, log) > 0) {
        cJSON *line = cJSON_Parse(text);
        if (line)
            run_report_step(report, &(fovea_progress){
                .step = (int64_t)number_of(line, "step"), .class_loss = number_of(line, "class_loss"),
                .box_loss = number_of(line, "box_loss"), .learning_rate = number_of(line, "learning_rate"),
                .gradient_norm = number_of(line, "gradient_norm"),
                .images_per_second = number_of(line, "images_per_second")});
        cJSON_Delete(line);
    }
    free(text);
    if (log)
        fclose(log);
}

void run_report_begin(run_report *report, const run_folder *run, cJSON *config)
{
    *report = (run_report){.run = run, .config = config, .stride = 1, .written_at = -LEAST_SECONDS};
    if (!folder_join(report->path, run->path, "report.html", NULL))
        *report->path = '\0';
    read_log(report);
}

void run_report_clear(run_report *report)
{
    cJSON_Delete(report->config);
    judge_clear(&report->shown);
    report->config = NULL;
}

/* ---- the evaluation -------------------------------------------------------------------------------------------- */

void run_report_evaluated(run_report *report, judge_result *result, const char *images, int64_t step, double epoch,
                          bool best)
{
    if (!best && report->is_best)
        return;
    judge_clear(&report->shown);
    report->shown = *result;
    *result = (judge_result){0};
    report->images = images;
    report->is_best = best;
    snprintf(report->about, sizeof report->about, "What follows tells of the evaluation after epoch %.4g, step %lld%s.",
             epoch, (long long)step, best ? ", the best so far: model.safetensors"
                  : "; the best one was before this training was resumed, see evaluation.json");
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

typedef struct line_points {
    double step[RUN_REPORT_POINTS], value[2][RUN_REPORT_POINTS];
} line_points;

static double field(const run_report_point *p, size_t offset)
{
    double value;
    memcpy(&value, (const char *)p + offset, sizeof value);
    return value / p->steps;
}

/* A chart of one or two fields (the second 0: one), each point the mean of its steps. */
static void write_steps(FILE *to, const run_report *report, chart c, const char *const names[2], const size_t fields[2])
{
    static line_points points;
    const size_t n = (size_t)report->n_points, n_series = fields[1] ? 2 : 1;
    chart_series series[2];
    for (size_t s = 0; s < n_series; s++) {
        for (size_t i = 0; i < n; i++) {
            points.step[i] = report->points[i].step / report->points[i].steps;
            points.value[s][i] = field(&report->points[i], fields[s]);
        }
        series[s] = (chart_series){.name = names[s], .x = points.step, .y = points.value[s], .n = n};
    }
    c.x_label = "step";
    chart_lines(to, &c, series, n_series);
}

static void write_training(FILE *to, const run_report *report)
{
    static const char *const losses[2] = {"class loss", "box loss"}, *const unnamed[2] = {NULL, NULL};
    char note[160];
    page_heading(to, "training", "Training");
    if (report->stride > 1) {
        snprintf(note, sizeof note, "Each point is the mean of %lld steps.", (long long)report->stride);
        page_paragraph(to, note);
    }
    fputs("<div class=\"row\">\n", to);
    write_steps(to, report, (chart){.id = "losses", .title = "Losses", .note = "Of telling objects from background and "
                                    "from each other, and of placing boxes. Both should fall."}, losses,
                (const size_t[2]){offsetof(run_report_point, class_loss), offsetof(run_report_point, box_loss)});
    write_steps(to, report, (chart){.id = "learning-rate", .title = "Learning rate"}, unnamed,
                (const size_t[2]){offsetof(run_report_point, learning_rate), 0});
    write_steps(to, report, (chart){.id = "gradient-norm", .title = "Gradient norm, before clipping", .note = "Single "
                                    "peaks are cut by --clip; where it grows and stays, try a lower --lr."}, unnamed,
                (const size_t[2]){offsetof(run_report_point, gradient_norm), 0});
    write_steps(to, report, (chart){.id = "speed", .title = "Pictures a second"}, unnamed,
                (const size_t[2]){offsetof(run_report_point, images_per_second), 0});
    fputs("</div>\n", to);
}

static void write_history(FILE *to, const run_report *report)
{
    static const char *const names[] = {"AP", "AP50", "AP75"};
    const size_t n = (size_t)cJSON_GetArraySize(report->run->history);
    double *values = calloc(4 * n + 1, sizeof *values);
    if (!values || n == 0) {
        free(values);
        return;
    }
    size_t i = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, report->run->history)
    {
        values[i] = number_of(row, "epoch");
        for (size_t k = 0; k < 3; k++) {
            const double value = number_of(row, names[k]);
            values[(k + 1) * n + i] = value >= 0 ? value : NAN;
        }
        i++;
    }
    chart_series series[3];
    for (size_t k = 0; k < 3; k++)
        series[k] = (chart_series){.name = names[k], .x = values, .y = values + (k + 1) * n, .n = n};
    const chart c = {.id = "history", .title = "Average precision by epoch", .x_label = "epoch", .width = 860,
                     .x_high = values[n - 1],
                     .note = "AP is the mean over IoU .50 to .95; AP50 and AP75 are those of IoU .50 and .75. Once "
                             "they no longer rise, training may end: --patience N."};
    page_heading(to, "validation", "Validation");
    if (number_of(cJSON_GetObjectItemCaseSensitive(report->config, "options"), "ema") > 0)
        page_paragraph(to, "What was evaluated, and is kept as model.safetensors, is the moving average of the weights "
                           "(--ema).");
    chart_lines(to, &c, series, 3);
    free(values);
}

/* Names and values of an object, those in it too. */
static void write_object(FILE *to, const cJSON *object, const char *before)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (cJSON_IsObject(item)) {
            write_object(to, item, item->string);
            continue;
        }
        char *text = cJSON_IsString(item) ? NULL : cJSON_PrintUnformatted(item);
        page_row_begin(to);
        page_cell_format(to, "%s%s%s", before, *before ? " " : "", item->string);
        page_cell(to, cJSON_IsString(item) ? item->valuestring : text ? text : "");
        page_row_end(to);
        cJSON_free(text);
    }
}

static void write_configuration(FILE *to, const run_report *report)
{
    static const char *const columns[] = {"name", "value"};
    page_heading(to, "configuration", "Configuration");
    page_table_begin(to, "options", columns, 2);
    write_object(to, report->config, "");
    page_table_end(to);
}

static void write_evaluation(FILE *to, const run_report *report, const review *r)
{
    page_paragraph(to, report->about);
    review_write(to, r);
    review_write_pictures(to, r);
}

static void write_links(FILE *to, const run_report *report, const review *r)
{
    page_link links[REVIEW_LINKS + 3];
    size_t n = 0;
    links[n++] = (page_link){"training", "Training"};
    if (cJSON_GetArraySize(report->run->history) > 0)
        links[n++] = (page_link){"validation", "Validation"};
    if (r)
        n += review_links(links + n, r);
    links[n++] = (page_link){"configuration", "Configuration"};
    page_links(to, links, n);
}

void run_report_write(run_report *report, bool last)
{
    json_out out;
    review r = {0};
    char title[FOLDER_PATH + 32];
    if (!*report->path || (!last && progress_seconds() - report->written_at < LEAST_SECONDS) ||
        !json_out_open(&out, report->path))
        return;
    FILE *to = out.stream;
    snprintf(title, sizeof title, "Training %s", report->run->path);
    const bool reviewed = report->shown.evaluator && review_make(&r, &report->shown, report->images);
    page_begin(to, title);
    write_links(to, report, reviewed ? &r : NULL);
    write_training(to, report);
    write_history(to, report);
    if (reviewed)
        write_evaluation(to, report, &r);
    write_configuration(to, report);
    page_end(to);
    review_clear(&r);
    json_out_close(&out, true);
    report->written_at = progress_seconds();
}
