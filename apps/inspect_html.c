/* What an inspection found, as a page, see inspect_report.h. */
#include "inspect_report.h"

#include "chart.h"
#include "page.h"

#include <stdarg.h>
#include <stdlib.h>

enum { MOST_CLASSES = 60, MOST_TOLD = 50 };

static void write_sentence(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void write_sentence(FILE *to, const char *format, ...)
{
    char text[500];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    page_paragraph(to, text);
}

/* ---- faults ---------------------------------------------------------------------------------------------------- */

static void write_kind(FILE *to, const inspect_report *report, size_t first, size_t count)
{
    fovea_fault fault;
    char title[INSPECT_TITLE];
    fovea_inspection_fault(report->inspection, first, &fault);
    fprintf(to, "<h3 id=\"kind-%s\">%s</h3>\n<ul>\n", fovea_fault_name(fault.kind),
            inspect_report_title(&fault, count, title));
    for (size_t i = 0; i < count && i < MOST_TOLD; i++) {
        fovea_inspection_fault(report->inspection, first + i, &fault);
        fputs("<li>", to);
        page_text(to, inspect_report_short(report, fault.sentence));
        fputs("<br/><span class=\"faint\">", to);
        fputs(!fault.mended ? "" : report->fixed ? "mended: " : "with --fix: ", to);
        page_text(to, fault.fix);
        fputs("</span></li>\n", to);
    }
    fputs("</ul>\n", to);
    if (count > MOST_TOLD)
        write_sentence(to, "And %zu more; --json lists them all.", count - MOST_TOLD);
}

static void write_faults(FILE *to, const inspect_report *report)
{
    const size_t total = fovea_inspection_faults(report->inspection), faults = inspect_report_count(report);
    page_heading(to, "faults", "Faults");
    if (!faults)
        page_paragraph(to, "None.");
    for (size_t first = 0; first < total;) {
        fovea_fault fault;
        fovea_inspection_fault(report->inspection, first, &fault);
        const size_t count = fovea_inspection_count(report->inspection, fault.kind);
        if (first == faults)
            page_heading(to, "notes", "Notes, which are no faults");
        write_kind(to, report, first, count);
        first += count;
    }
    if (report->fixed)
        write_sentence(to, "The mended copy is %s.", report->fixed);
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

typedef struct class_count {
    const char *name;
    int64_t boxes;
    int label;
} class_count;

static int compare_classes(const void *a, const void *b)
{
    const class_count *x = a, *y = b;
    return x->boxes != y->boxes ? (x->boxes > y->boxes ? -1 : 1) : x->label - y->label;
}

static void write_classes(FILE *to, const inspect_numbers *n)
{
    const int shown = n->labels < MOST_CLASSES ? n->labels : MOST_CLASSES;
    class_count *classes = calloc((size_t)n->labels + 1, sizeof *classes);
    chart_bar bars[MOST_CLASSES];
    char counts[MOST_CLASSES][24], note[100];
    page_heading(to, "by-class", "Boxes by class");
    if (!classes) {
        page_paragraph(to, "Memory ran out for the classes.");
        return;
    }
    for (int i = 0; i < n->labels; i++)
        classes[i] = (class_count){n->names[i], n->by_label[i], i};
    qsort(classes, (size_t)n->labels, sizeof *classes, compare_classes);
    for (int i = 0; i < shown; i++) {
        snprintf(counts[i], sizeof counts[i], "%lld", (long long)classes[i].boxes);
        bars[i] = (chart_bar){.name = classes[i].name, .shown = counts[i], .value = (double)classes[i].boxes,
                              .most = (double)classes[0].boxes};
    }
    snprintf(note, sizeof note, "The %d classes with the most boxes of %d.", shown, n->labels);
    const chart c = {.id = "classes", .title = "Boxes", .note = shown < n->labels ? note : NULL};
    chart_bars(to, &c, bars, (size_t)shown);
    free(classes);
}

/* Draws bins first .. last of counts from 2^low on, `an_octave` of them an octave; empty bins at the ends are left
 * out. */
static void write_octaves(FILE *to, chart c, const int64_t *counts, double low, int an_octave)
{
    double values[INSPECT_OCTAVES];
    int first = 0, last = INSPECT_OCTAVES - 1;
    while (first < last && counts[first] == 0)
        first++;
    while (last > first && counts[last] == 0)
        last--;
    first -= first % an_octave;
    last += an_octave - 1 - last % an_octave;
    for (int i = first; i <= last; i++)
        values[i] = (double)counts[i];
    c.octaves = true;
    c.x_low = low + (double)first / an_octave;
    c.x_high = low + (double)(last + 1) / an_octave;
    const chart_bins bins = {NULL, values + first};
    chart_histogram(to, &c, &bins, 1, (size_t)(last - first + 1));
}

static void write_places(FILE *to, const inspect_numbers *n)
{
    double values[INSPECT_GRID * INSPECT_GRID];
    for (int i = 0; i < INSPECT_GRID * INSPECT_GRID; i++)
        values[i] = (double)n->centres[i / INSPECT_GRID][i % INSPECT_GRID];
    const chart c = {.id = "places", .title = "Places of the boxes' centres",
                     .note = "Each picture stretched to the square. What is never met here is not learnt there."};
    chart_places(to, &c, values, INSPECT_GRID, INSPECT_GRID);
}

static void write_a_picture(FILE *to, const inspect_numbers *n)
{
    double values[INSPECT_MOST_COUNTED + 1];
    const int most = n->most_a_picture < INSPECT_MOST_COUNTED ? (int)n->most_a_picture : INSPECT_MOST_COUNTED;
    for (int i = 0; i <= most; i++)
        values[i] = (double)n->a_picture[i];
    char note[100];
    snprintf(note, sizeof note, "%.1f on average, at most %lld.", (double)n->boxes / (double)n->pictures,
             (long long)n->most_a_picture);
    const chart c = {.id = "boxes-a-picture", .title = "Boxes a picture", .x_label = "boxes", .y_label = "pictures",
                     .note = note, .x_low = -.5, .x_high = most + .5};
    const chart_bins bins = {NULL, values};
    chart_histogram(to, &c, &bins, 1, (size_t)most + 1);
}

static void write_numbers(FILE *to, const inspect_numbers *n)
{
    char side[200], aspect[200];
    snprintf(side, sizeof side, "In pixels of the picture: smallest %.1f, median %.1f, largest %.1f. COCO calls %lld "
             "small (below 32), %lld medium (below 96), %lld large.", n->side[0], n->side[1], n->side[2],
             (long long)n->by_area[0], (long long)n->by_area[1], (long long)n->by_area[2]);
    snprintf(aspect, sizeof aspect, "Smallest %.2f, median %.2f, largest %.2f.", n->aspect[0], n->aspect[1],
             n->aspect[2]);
    write_classes(to, n);
    page_heading(to, "boxes", "Sizes, shapes and places");
    fputs("<div class=\"row\">\n", to);
    write_octaves(to, (chart){.id = "sides", .title = "Sizes", .note = side, .x_label = "square root of the area",
                              .y_label = "boxes"}, n->sides, 0, 2);
    write_octaves(to, (chart){.id = "aspects", .title = "Shapes", .note = aspect, .x_label = "width / height",
                              .y_label = "boxes"}, n->aspects, -INSPECT_OCTAVES / 8.0, 4);
    write_a_picture(to, n);
    write_places(to, n);
    fputs("</div>\n", to);
}

/* ---- coverage -------------------------------------------------------------------------------------------------- */

static bool is_empty(const int64_t counts[COVERAGE_STATES])
{
    return counts[COVERAGE_COVERED] + counts[COVERAGE_WEAK] + counts[COVERAGE_NONE] == 0;
}

static void write_cover_by_side(FILE *to, const inspect_coverage *coverage)
{
    double counts[COVERAGE_STATES][COVERAGE_BINS];
    int first = 0, last = COVERAGE_BINS - 1;
    while (first < last && is_empty(coverage->bins[first]))
        first++;
    while (last > first && is_empty(coverage->bins[last]))
        last--;
    for (int i = first; i <= last; i++)
        for (int state = 0; state < COVERAGE_STATES; state++)
            counts[state][i - first] = (double)coverage->bins[i][state];
    const chart_bins series[] = {{"covered", counts[COVERAGE_COVERED]}, {"weak anchors only", counts[COVERAGE_WEAK]},
                                 {"no anchor", counts[COVERAGE_NONE]}};
    const chart c = {.id = "coverage", .title = "Boxes by size, as the network sees them", .octaves = true,
                     .x_low = 2 + first, .x_high = 3 + last, .y_label = "boxes",
                     .x_label = "square root of the area, in pixels of the resized picture",
                     .note = "Covered: an anchor that overlaps the box by .5 or more learns it."};
    chart_histogram(to, &c, series, COVERAGE_STATES, (size_t)(last - first + 1));
}

static void write_cover_by_size(FILE *to, const inspect_coverage *coverage)
{
    double size[COVERAGE_SIZES], percent[COVERAGE_SIZES];
    for (int i = 0; i < coverage->n_sizes; i++) {
        size[i] = coverage->sizes[i].options.size;
        percent[i] = inspect_coverage_percent(coverage->sizes[i].covered, coverage->sizes[i].boxes);
    }
    const chart_series series = {.x = size, .y = percent, .n = (size_t)coverage->n_sizes};
    const chart c = {.id = "coverage-by-size", .title = "Boxes covered at other sizes", .x_label = "--size",
                     .y_label = "% covered", .y_high = 100, .note = "--max-size in proportion."};
    chart_lines(to, &c, &series, 1);
}

static void write_cover_by_class(FILE *to, const class_covers *classes)
{
    const int shown = classes->count < MOST_CLASSES ? classes->count : MOST_CLASSES;
    chart_bar bars[MOST_CLASSES];
    char texts[MOST_CLASSES][48], note[100];
    for (int i = 0; i < shown; i++) {
        const class_cover *c = &classes->items[i];
        snprintf(texts[i], sizeof texts[i], "%lld of %lld", (long long)c->covered, (long long)c->boxes);
        bars[i] = (chart_bar){.name = c->name, .shown = texts[i], .most = 100,
                              .value = inspect_coverage_percent(c->covered, c->boxes)};
    }
    snprintf(note, sizeof note, "The %d classes of %d of which the smallest part is covered.", shown, classes->count);
    const chart c = {.id = "coverage-by-class", .title = "Boxes covered, by class",
                     .note = shown < classes->count ? note : NULL};
    chart_bars(to, &c, bars, (size_t)shown);
}

static void write_uncovered(FILE *to, const inspect_coverage *coverage)
{
    chart_bar bars[COVERAGE_REASONS + COVERAGE_ANCHORS];
    char texts[COVERAGE_REASONS + COVERAGE_ANCHORS][24], names[COVERAGE_ANCHORS][48];
    const int64_t uncovered = (int64_t)coverage->count - coverage->states[COVERAGE_COVERED];
    size_t n = 0;
    for (int i = 0; i < COVERAGE_REASONS; i++) {
        const int64_t count = coverage->reasons[i];
        if (count == 0)
            continue;
        snprintf(texts[n], sizeof texts[n], "%lld", (long long)count);
        bars[n] = (chart_bar){.group = n ? NULL : "Boxes that are not covered", .name = inspect_coverage_reasons[i],
                              .shown = texts[n], .value = (double)count, .most = (double)uncovered, .colour = 1};
        n++;
    }
    for (int i = 0; i < coverage->n_anchors; i++) {
        const coverage_other *o = &coverage->anchors[i];
        const double percent = inspect_coverage_percent(o->covered, o->boxes);
        snprintf(names[i], sizeof names[i], "--anchor-scales %d --anchor-ratios %d", o->options.anchor_scales,
                 o->options.anchor_ratios);
        snprintf(texts[n], sizeof texts[n], "%.1f %%", percent);
        bars[n] = (chart_bar){.group = i ? NULL : "Covered by other anchors", .name = names[i], .shown = texts[n],
                              .value = percent, .most = 100};
        n++;
    }
    const chart c = {.id = "uncovered", .title = "Why, and with which anchors"};
    chart_bars(to, &c, bars, n);
}

static void write_coverage(FILE *to, const inspect_coverage *coverage)
{
    char text[COVERAGE_TEXT], advice[COVERAGE_ADVICE][COVERAGE_TEXT];
    page_heading(to, "anchors", "Anchor coverage");
    write_sentence(to, "%s.", inspect_coverage_summary(coverage, text));
    fputs("<div class=\"row\">\n", to);
    write_cover_by_side(to, coverage);
    if (coverage->n_sizes > 1)
        write_cover_by_size(to, coverage);
    fputs("</div>\n", to);
    write_cover_by_class(to, &coverage->classes);
    if (coverage->states[COVERAGE_COVERED] == (int64_t)coverage->count)
        return;
    const coverage_other *own = inspect_coverage_own(coverage);
    if (own && own->boxes < (int64_t)coverage->count)
        write_sentence(to, "Other sizes and anchors were tried on %lld boxes, those of evenly chosen pictures.",
                       (long long)own->boxes);
    const int n = inspect_coverage_advice(coverage, advice);
    for (int i = 0; i < n; i++)
        page_paragraph(to, advice[i]);
    write_uncovered(to, coverage);
}

void inspect_html_write(FILE *to, const inspect_report *report)
{
    const size_t total = fovea_inspection_faults(report->inspection), faults = inspect_report_count(report);
    const inspect_numbers *n = &report->numbers;
    page_begin(to, "fovea inspect");
    page_paragraph(to, report->annotations);
    write_sentence(to, "%lld picture%s, %lld box%s of %d class%s; %zu fault%s, %zu note%s.",
                   (long long)n->pictures, n->pictures == 1 ? "" : "s", (long long)n->boxes,
                   n->boxes == 1 ? "" : "es", n->labels, n->labels == 1 ? "" : "es", faults, faults == 1 ? "" : "s",
                   total - faults, total - faults == 1 ? "" : "s");
    write_faults(to, report);
    if (n->boxes) {
        write_numbers(to, n);
        if (report->coverage.count)
            write_coverage(to, &report->coverage);
        inspect_html_pictures(to, report);
    }
    page_end(to);
}
