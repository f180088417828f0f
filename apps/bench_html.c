/* A page without scripts: a chart a measure, a row of bars for each piece of work, a bar a device. */
#include "bench_html.h"

#include "bench_row.h"

#include <stdio.h>
#include <string.h>

enum { COLOURS = 6, BAR = 20, STEP = 26, HEADING = 32, LEFT = 330, ROOM = 380, WIDTH = 860 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>fovea bench</title>\n<style>\n"
    ":root { color-scheme: light dark; --paper: #fdfdfb; --ink: #1c2024; --faint: #62686e; --line: #d9dcdf;\n"
    "  --c0: #2f6fb5; --c1: #c8642a; --c2: #3c8a4e; --c3: #8a4ea8; --c4: #a83c55; --c5: #7a7420; }\n"
    "@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e8eaec; --faint: #9aa1a8;\n"
    "  --line: #363c42; --c0: #6aa8ee; --c1: #f0935c; --c2: #6fc583; --c3: #c08be0; --c4: #e57f97; --c5: #c9c05a; } }\n"
    "body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;\n"
    "  max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }\n"
    "h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; }\n"
    "p, figcaption { color: var(--faint); } figure { margin: 0; overflow-x: auto; }\n"
    "svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } svg .faint { fill: var(--faint); }\n"
    "svg .group { font-weight: 600; } .scroll { overflow-x: auto; }\n"
    "table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }\n"
    "th, td { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }\n"
    "th:first-child, td:first-child { text-align: left; } .wrong { color: var(--c4); font-weight: 600; }\n"
    "</style>\n</head>\n<body>\n";

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

static void write_text(FILE *to, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", to); break;
        case '<': fputs("&lt;", to); break;
        case '>': fputs("&gt;", to); break;
        case '"': fputs("&quot;", to); break;
        default:
            if ((unsigned char)*text >= ' ')
                fputc(*text, to);
        }
}

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
    return colour % COLOURS;
}

/* As much of a device's name as fits left of the bars, cut between letters. */
static void write_name(FILE *to, const char *name)
{
    enum { FITS = 42 };
    char shown[FITS + 1];
    size_t length = strlen(name);
    const bool cut = length > FITS;
    if (cut)
        for (length = FITS - 2; length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80;)
            length--;
    snprintf(shown, sizeof shown, "%.*s", (int)length, name);
    write_text(to, shown);
    if (cut)
        fputs("…", to);
}

static void write_bar(FILE *to, const cJSON *rows, const cJSON *row, const measure *m, double largest, int y)
{
    const double value = m->factor * bench_number(row, m->key, -1);
    fprintf(to, "<text class=\"faint\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 8, y + 15);
    write_name(to, bench_text(row, "device"));
    fputs("</text>", to);
    if (*bench_text(row, "error")) {
        const bool wrong = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(row, "verified"));
        fprintf(to, "<text x=\"%d\" y=\"%d\">%s</text>\n", LEFT, y + 15, wrong ? "WRONG" : "failed");
        return;
    }
    if (value < 0) {
        fprintf(to, "<text x=\"%d\" y=\"%d\">-</text>\n", LEFT, y + 15);
        return;
    }
    const double length = largest > 0 && value > 0 ? value / largest * ROOM : 0;
    fprintf(to, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" style=\"fill: var(--c%d)\"/>", LEFT, y,
            length > 1 ? length : 1, BAR, colour_of(rows, row));
    fprintf(to, "<text x=\"%.1f\" y=\"%d\">%.*f %s</text>\n", LEFT + length + 6, y + 15, m->digits, value, m->unit);
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

static void write_chart(FILE *to, const cJSON *rows, const measure *m)
{
    int height = 4;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
        height += (*bench_text(row, "work") ? STEP : 0) + (begins_group(rows, row) ? HEADING : 0);
    fprintf(to, "<h2>%s</h2>\n<figure>\n<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
            "aria-label=\"%s\">\n", m->title, WIDTH, height, WIDTH, height, m->title);
    int y = 0;
    cJSON_ArrayForEach(row, rows)
    {
        if (!begins_group(rows, row))
            continue;
        fprintf(to, "<text x=\"0\" y=\"%d\" class=\"group\">%s, %s, %.0f pixels, batch %.0f</text>\n", y + 20,
                bench_text(row, "work"), bench_text(row, "backbone"), bench_number(row, "size", 0),
                bench_number(row, "batch", 0));
        y += HEADING;
        const double largest = largest_of(rows, bench_text(row, "work"), m);
        for (const cJSON *at = row; at; at = at->next)
            if (same_work(at, row)) {
                write_bar(to, rows, at, m, largest, y);
                y += STEP;
            }
    }
    fprintf(to, "</svg>\n<figcaption>%s</figcaption>\n</figure>\n", m->note);
}

static void write_row(FILE *to, const cJSON *row)
{
    fputs("<tr><td>", to);
    write_text(to, bench_text(row, "device"));
    if (*bench_text(row, "work"))
        fprintf(to, "</td><td>%s</td><td>%s</td><td>%.0f</td><td>%.0f</td>", bench_text(row, "work"),
                bench_text(row, "backbone"), bench_number(row, "size", 0), bench_number(row, "batch", 0));
    else
        fputs("</td><td></td><td></td><td></td><td></td>", to);
    const cJSON *verified = cJSON_GetObjectItemCaseSensitive(row, "verified");
    if (*bench_text(row, "error")) {
        fprintf(to, "<td class=\"wrong\" colspan=\"8\">%s: ", cJSON_IsFalse(verified) ? "WRONG" : "failed");
        write_text(to, bench_text(row, "error"));
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
        write_text(to, bench_text(device, "device"));
        fputs(", driver ", to);
        write_text(to, bench_text(device, "driver"));
        fprintf(to, ": %.0f GFLOP/s, %.0f GB/s measured</li>\n", bench_number(device, "peak_gflops", 0),
                bench_number(device, "copy_gbs", 0));
    }
    fputs("</ul>\n", to);
}

void bench_html_write(json_out *out, const cJSON *document)
{
    FILE *to = out->stream;
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(document, "rows"), *row;
    json_out_text(out, head);
    fprintf(to, "<h1>fovea bench</h1>\n<p>RetinaNet with random weights on noise, fovea %s. Results were held to "
            "known ones before they were timed, where the table says right.</p>\n", bench_text(document, "fovea"));
    write_devices(to, cJSON_GetObjectItemCaseSensitive(document, "devices"));
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++)
        write_chart(to, rows, &measures[i]);
    fputs("<h2>All numbers</h2>\n<div class=\"scroll\">\n<table>\n<tr><th>device</th><th>work</th><th>backbone</th>"
          "<th>size</th><th>batch</th><th>ms/image</th><th>images/s</th><th>device MiB</th><th>process MiB</th>"
          "<th>GFLOP/s</th><th>of peak</th><th>build s</th><th>results</th></tr>\n", to);
    cJSON_ArrayForEach(row, rows)
        write_row(to, row);
    json_out_text(out, "</table>\n</div>\n</body>\n</html>\n");
}
