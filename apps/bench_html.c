/* A page without scripts: a chart a measure, a row of bars for each piece of work, a bar a device. */
#include "bench_html.h"

#include "bench_row.h"
#include "chart.h"
#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct measure {
    const char *key, *title, *note, *unit;
    double factor;
    int digits;
} measure;

static const measure measures[] = {
    {"images_per_second", "Images per second", "More is better.", "images/s", 1, 2},
    {"share_of_peak", "Share of the device's own peak", "Operations of the direct algorithm against the multiply-adds "
     "that the device reaches out of registers; faster algorithms may pass 100 %.", "%", 100, 0},
    {"peak_memory_mib", "Device memory", "The most that was held at once. Less is better.", "MiB", 1, 0},
    {"compile_seconds", "Building kernels", "What the first run takes longer than the others, from empty "
     "caches where results are right, else from those that were there. Less is better.", "s", 1,
     1},
};

static bool same_device(const cJSON *a, const cJSON *b)
{
    return strcmp(bench_text(a, "device"), bench_text(b, "device")) == 0;
}

static bool same_work(const cJSON *a, const cJSON *b)
{
    return strcmp(bench_text(a, "work"), bench_text(b, "work")) == 0 &&
           strcmp(bench_text(a, "backbone"), bench_text(b, "backbone")) == 0;
}

/* Is there none like it before it? */
static bool is_first(const cJSON *rows, const cJSON *row, bool (*same)(const cJSON *a, const cJSON *b))
{
    for (const cJSON *before = rows->child; before != row; before = before->next)
        if (same(before, row))
            return false;
    return true;
}

/* A row whose device could not be opened has no work: it stands in the table alone. */
static bool begins_group(const cJSON *rows, const cJSON *row)
{
    return *bench_text(row, "work") && is_first(rows, row, same_work);
}

static int colour_of(const cJSON *rows, const cJSON *row)
{
    int colour = 0;
    for (const cJSON *at = rows->child; at && !same_device(at, row); at = at->next)
        colour += is_first(rows, at, same_device);
    return colour;
}

/* Bars are as long as their share of the longest of the same kind of work. */
static double largest_of(const cJSON *rows, const char *work, const measure *m)
{
    double largest = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        const double value = m->factor * bench_number(row, m->key, 0);
        if (strcmp(bench_text(row, "work"), work) == 0 && value > largest)
            largest = value;
    }
    return largest;
}

enum { SHOWN = 64, GROUP = 160 };

/* A bar, and its texts. */
typedef struct bench_bar {
    char group[GROUP], shown[SHOWN];
} bench_bar;

static chart_bar make_bar(bench_bar *texts, const cJSON *rows, const cJSON *row, const measure *m, double largest)
{
    const double value = m->factor * bench_number(row, m->key, -1);
    if (*bench_text(row, "error"))
        snprintf(texts->shown, SHOWN, "%s",
                 cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(row, "verified")) ? "WRONG" : "failed");
    else if (value < 0)
        snprintf(texts->shown, SHOWN, "-");
    else
        snprintf(texts->shown, SHOWN, "%.*f %s", m->digits, value, m->unit);
    return (chart_bar){.name = bench_text(row, "device"), .shown = texts->shown,
                       .value = *bench_text(row, "error") ? -1 : value, .most = largest,
                       .colour = colour_of(rows, row)};
}

/* The bars of all groups, and how many; bars and texts: room for every row. */
static size_t make_bars(chart_bar *bars, bench_bar *texts, const cJSON *rows, const measure *m)
{
    size_t n = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        if (!begins_group(rows, row))
            continue;
        const double largest = largest_of(rows, bench_text(row, "work"), m);
        bench_bar *first = &texts[n];
        snprintf(first->group, GROUP, "%s, %s, %.0f pixels, batch %.0f", bench_text(row, "work"),
                 bench_text(row, "backbone"), bench_number(row, "size", 0), bench_number(row, "batch", 0));
        for (const cJSON *at = row; at; at = at->next)
            if (same_work(at, row)) {
                bars[n] = make_bar(&texts[n], rows, at, m, largest);
                bars[n].group = at == row ? first->group : NULL;
                n++;
            }
    }
    return n;
}

static bool write_charts(FILE *to, const cJSON *rows)
{
    const size_t room = (size_t)cJSON_GetArraySize(rows) + 1;
    chart_bar *bars = calloc(room, sizeof *bars);
    bench_bar *texts = calloc(room, sizeof *texts);
    for (size_t i = 0; bars && texts && i < sizeof measures / sizeof measures[0]; i++) {
        const measure *m = &measures[i];
        const chart c = {.id = m->key, .title = m->title, .note = m->note};
        chart_bars(to, &c, bars, make_bars(bars, texts, rows, m));
    }
    const bool good = bars && texts;
    free(bars);
    free(texts);
    return good;
}

static void write_row(FILE *to, const cJSON *row)
{
    fputs("<tr><td>", to);
    page_text(to, bench_text(row, "device"));
    if (*bench_text(row, "work"))
        fprintf(to, "</td><td>%s</td><td>%s</td><td>%.0f</td><td>%.0f</td>", bench_text(row, "work"),
                bench_text(row, "backbone"), bench_number(row, "size", 0), bench_number(row, "batch", 0));
    else
        fputs("</td><td></td><td></td><td></td><td></td>", to);
    const cJSON *verified = cJSON_GetObjectItemCaseSensitive(row, "verified");
    if (*bench_text(row, "error")) {
        fprintf(to, "<td class=\"wrong\" colspan=\"8\">%s: ", cJSON_IsFalse(verified) ? "WRONG" : "failed");
        page_text(to, bench_text(row, "error"));
        fputs("</td></tr>\n", to);
        return;
    }
    const double compile_seconds = bench_number(row, "compile_seconds", -1);
    char build[24] = "-";
    if (compile_seconds >= 0)
        snprintf(build, sizeof build, "%.1f", compile_seconds);
    fprintf(to, "<td>%.1f</td><td>%.3f</td><td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.0f %%</td><td>%s</td>"
            "<td>%s</td></tr>\n", bench_number(row, "ms_per_image", 0), bench_number(row, "images_per_second", 0),
            bench_number(row, "peak_memory_mib", 0), bench_number(row, "process_memory_mib", 0),
            bench_number(row, "gflops", 0), 100 * bench_number(row, "share_of_peak", 0),
            build, cJSON_IsTrue(verified) ? "right" : "unseen");
}

static void write_devices(FILE *to, const cJSON *devices)
{
    fputs("<ul>\n", to);
    const cJSON *device;
    cJSON_ArrayForEach(device, devices)
    {
        fputs("<li>", to);
        page_text(to, bench_text(device, "device"));
        fputs(", driver ", to);
        page_text(to, bench_text(device, "driver"));
        fprintf(to, ": %.0f GFLOP/s, %.0f GB/s measured</li>\n", bench_number(device, "peak_gflops", 0),
                bench_number(device, "copy_gbs", 0));
    }
    fputs("</ul>\n", to);
}

void bench_html_write(json_out *out, const cJSON *document)
{
    FILE *to = out->stream;
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(document, "rows"), *row;
    page_begin(to, "fovea bench");
    fprintf(to, "<p>RetinaNet with random weights on noise, fovea %s. Results were held to "
            "known ones before they were timed, where the table says right.</p>\n", bench_text(document, "fovea"));
    write_devices(to, cJSON_GetObjectItemCaseSensitive(document, "devices"));
    if (!write_charts(to, rows))
        page_paragraph(to, "Memory ran out for the charts.");
    static const char *const columns[] = {"device", "work", "backbone", "size", "batch", "ms/image", "images/s",
                                          "device MiB", "process MiB", "GFLOP/s", "of peak", "build s", "results"};
    page_heading(to, "numbers", "All numbers");
    page_table_begin(to, "rows", columns, sizeof columns / sizeof columns[0]);
    cJSON_ArrayForEach(row, rows)
        write_row(to, row);
    page_table_end(to);
    page_end(to);
}
