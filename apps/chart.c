/* Charts as inline SVG, see chart.h. */
#include "chart.h"

#include "page.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { WIDTH = 560, HEIGHT = 320, LEFT = 62, RIGHT = 20, TOP = 10, BOTTOM = 46, LEGEND = 20, MOST_MARKS = 12 };

/* Characters of UTF-8 in a text. */
static size_t length_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* As much of a name as fits, cut between letters. */
void chart_cut(FILE *to, const char *name, size_t fits)
{
    char shown[256];
    size_t bytes = 0, letters = 0;
    const bool cut = length_of(name) > fits;
    for (; name[bytes] && bytes < sizeof shown - 1; bytes++) {
        const bool begins = ((unsigned char)name[bytes] & 0xC0) != 0x80;
        if (begins && cut && letters + 1 == fits)
            break;
        letters += begins;
        shown[bytes] = name[bytes];
    }
    shown[bytes] = '\0';
    page_text(to, shown);
    if (cut || name[bytes])
        fputs("…", to);
}

void chart_begin(FILE *to, const chart *c, int width, int height)
{
    fprintf(to, "<figure>\n<h3>");
    page_text(to, c->title);
    fprintf(to, "</h3>\n<svg id=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" role=\"img\" aria-labelledby=\"%s-title\">\n<title id=\"%s-title\">", c->id, width, height,
            width, height, c->id, c->id);
    page_text(to, c->title);
    fputs("</title>\n", to);
    if (c->note) {
        fputs("<desc>", to);
        page_text(to, c->note);
        fputs("</desc>\n", to);
    }
}

void chart_end(FILE *to, const chart *c)
{
    fputs("</svg>\n", to);
    if (c->note) {
        fputs("<figcaption>", to);
        page_text(to, c->note);
        fputs("</figcaption>\n", to);
    }
    fputs("</figure>\n", to);
}

/* ---- axes ------------------------------------------------------------------------------------------------------ */

/* One axis: values from low to high on pixels from `at` on, `length` of them (negative: upwards). */
typedef struct axis {
    double low, high, step;
    double at, length;
} axis;

/* Marks at a step of 1, 2 or 5 times a power of ten, about `wanted` of them. */
static double round_step(double span, int wanted)
{
    const double rough = span / wanted, power = pow(10, floor(log10(rough)));
    const double digit = rough / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

/* Where the chart leaves the ends open they become the marks around what there is to show. */
static axis make_axis(double low, double high, double least, double most, int marks)
{
    axis a = {.low = low, .high = high};
    const bool open = !(low < high);
    if (open) {
        a.low = isfinite(least) ? least : 0;
        a.high = isfinite(most) ? most : 1;
        if (a.low > 0 && a.low < 0.5 * a.high)
            a.low = 0;
        if (!(a.high > a.low))
            a.high = a.low + (fabs(a.low) > 1 ? fabs(a.low) * 0.1 : 1);
    }
    a.step = round_step(a.high - a.low, marks);
    if (open) {
        a.low = floor(a.low / a.step + 1e-9) * a.step;
        a.high = ceil(a.high / a.step - 1e-9) * a.step;
    }
    return a;
}

static double place(const axis *a, double value)
{
    const double share = (value - a->low) / (a->high - a->low);
    return a->at + a->length * (share < 0 ? 0 : share > 1 ? 1 : share);
}

/* The value of mark i; false behind the last. */
static bool mark(const axis *a, int i, double *value)
{
    const double first = ceil(a->low / a->step - 1e-9);
    *value = (first + i) * a->step;
    if (fabs(*value) < a->step * 1e-9)
        *value = 0;
    return i < MOST_MARKS && *value <= a->high + a->step * 1e-9;
}

static void write_axes(FILE *to, const chart *c, const axis *x, const axis *y)
{
    double value;
    const double right = x->at + x->length, bottom = y->at, top = y->at + y->length;
    for (int i = 0; mark(y, i, &value); i++)
        fprintf(to, "<line class=\"grid\" x1=\"%g\" y1=\"%.1f\" x2=\"%g\" y2=\"%.1f\"/><text class=\"faint\" x=\"%g\" "
                "y=\"%.1f\" text-anchor=\"end\">%.6g</text>\n", x->at, place(y, value), right, place(y, value),
                x->at - 6, place(y, value) + 4, value);
    for (int i = 0; mark(x, i, &value); i++)
        fprintf(to, "<line class=\"axis\" x1=\"%.1f\" y1=\"%g\" x2=\"%.1f\" y2=\"%g\"/><text class=\"faint\" "
                "x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%.6g</text>\n", place(x, value), bottom, place(x, value),
                bottom + 4, place(x, value), bottom + 18, c->octaves ? exp2(value) : value);
    fprintf(to, "<line class=\"axis\" x1=\"%g\" y1=\"%g\" x2=\"%g\" y2=\"%g\"/>\n", x->at, bottom, right, bottom);
    if (c->x_label) {
        fprintf(to, "<text class=\"faint\" x=\"%g\" y=\"%g\" text-anchor=\"middle\">", (x->at + right) / 2,
                bottom + 38);
        page_text(to, c->x_label);
        fputs("</text>\n", to);
    }
    if (c->y_label) {
        fprintf(to, "<text class=\"faint\" transform=\"translate(13 %g) rotate(-90)\" text-anchor=\"middle\">",
                (top + bottom) / 2);
        page_text(to, c->y_label);
        fputs("</text>\n", to);
    }
}

/* ---- legend ---------------------------------------------------------------------------------------------------- */

static void write_stroke(FILE *to, size_t series)
{
    static const char *const dashes[] = {"none", "6 3", "2 3", "9 3 2 3"};
    fprintf(to, "stroke: var(--c%d); stroke-dasharray: %s", (int)(series % PAGE_COLOURS),
            dashes[series / PAGE_COLOURS % (sizeof dashes / sizeof dashes[0])]);
}

/* Places of the legend's entries below the axes, line by line. */
typedef struct legend {
    int x, y;
} legend;

static legend legend_step(legend at, const char *name, int width, legend *next)
{
    const size_t letters = length_of(name) < 30 ? length_of(name) : 30;
    const int needs = 40 + (int)(letters * 15 / 2);
    if (at.x > LEFT && at.x + needs > width) {
        at.x = LEFT;
        at.y += LEGEND;
    }
    *next = (legend){at.x + needs, at.y};
    return at;
}

static void write_entry(FILE *to, legend at, size_t series, const char *name)
{
    fprintf(to, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" style=\"stroke-width: 3; ", at.x, at.y - 4, at.x + 22,
            at.y - 4);
    write_stroke(to, series);
    fprintf(to, "\"/><text x=\"%d\" y=\"%d\">", at.x + 27, at.y);
    chart_cut(to, name, 30);
    fputs("</text>\n", to);
}

/* Writes the legend (to: NULL: nothing) and returns the height that it takes. */
static int write_legend(FILE *to, const chart_series *series, const chart_bins *bins, size_t n, int width)
{
    legend at = {LEFT, HEIGHT + 12};
    size_t named = 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = series ? series[i].name : bins[i].name;
        if (!name)
            continue;
        legend next;
        at = legend_step(at, name, width, &next);
        if (to)
            write_entry(to, at, i, name);
        at = next;
        named++;
    }
    return named ? at.y + 8 - HEIGHT : 0;
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

typedef struct extent {
    double low, high;
} extent;

static extent wider(extent e, double value)
{
    if (isfinite(value)) {
        e.low = value < e.low ? value : e.low;
        e.high = value > e.high ? value : e.high;
    }
    return e;
}

static void write_line(FILE *to, const chart_series *s, size_t number, const axis *x, const axis *y)
{
    bool down = false;
    fputs("<path fill=\"none\" style=\"stroke-width: 1.8; ", to);
    write_stroke(to, number);
    fputs("\" stroke-linejoin=\"round\" d=\"", to);
    for (size_t i = 0; i < s->n; i++) {
        const bool is_there = isfinite(s->y[i]) && isfinite(s->x[i]);
        if (is_there)
            fprintf(to, "%s%.1f %.1f", down ? " L" : "M", place(x, s->x[i]), place(y, s->y[i]));
        down = is_there;
    }
    fputs("\">", to);
    if (s->name) {
        fputs("<title>", to);
        page_text(to, s->name);
        fputs("</title>", to);
    }
    fputs("</path>\n", to);
    for (size_t i = 0; i < s->n && s->n <= 40; i++)
        if (isfinite(s->y[i]) && isfinite(s->x[i]))
            fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" style=\"fill: var(--c%d)\"/>\n", place(x, s->x[i]),
                    place(y, s->y[i]), (int)(number % PAGE_COLOURS));
}

/* A dot that says where it is. */
static void write_mark(FILE *to, const chart_series *s, size_t number, const axis *x, const axis *y)
{
    fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" style=\"fill: var(--c%d); stroke: var(--paper); "
            "stroke-width: 1.5\"><title>", place(x, s->mark_x), place(y, s->mark_y), (int)(number % PAGE_COLOURS));
    page_text(to, s->name ? s->name : "");
    fprintf(to, "%s%.3f at %.3f</title></circle>\n", s->name ? ": " : "", s->mark_y, s->mark_x);
}

void chart_lines(FILE *to, const chart *c, const chart_series *series, size_t n_series)
{
    const int width = c->width ? c->width : WIDTH;
    extent ex = {INFINITY, -INFINITY}, ey = ex;
    for (size_t s = 0; s < n_series; s++)
        for (size_t i = 0; i < series[s].n; i++)
            if (isfinite(series[s].x[i]) && isfinite(series[s].y[i])) {
                ex = wider(ex, series[s].x[i]);
                ey = wider(ey, series[s].y[i]);
            }
    axis x = make_axis(c->x_low, c->x_high, ex.low, ex.high, width / 90);
    axis y = make_axis(c->y_low, c->y_high, ey.low, ey.high, 5);
    x.at = LEFT;
    x.length = width - LEFT - RIGHT;
    y.at = HEIGHT - BOTTOM;
    y.length = TOP - y.at;
    chart_begin(to, c, width, HEIGHT + write_legend(NULL, series, NULL, n_series, width));
    write_axes(to, c, &x, &y);
    for (size_t s = 0; s < n_series; s++)
        write_line(to, &series[s], s, &x, &y);
    for (size_t s = 0; s < n_series; s++)
        if (series[s].marked)
            write_mark(to, &series[s], s, &x, &y);
    write_legend(to, series, NULL, n_series, width);
    chart_end(to, c);
}

/* ---- histogram ------------------------------------------------------------------------------------------------- */

void chart_histogram(FILE *to, const chart *c, const chart_bins *series, size_t n_series, size_t n)
{
    const int width = c->width ? c->width : WIDTH;
    double most = 0;
    for (size_t s = 0; s < n_series; s++)
        for (size_t i = 0; i < n; i++)
            most = series[s].counts[i] > most ? series[s].counts[i] : most;
    axis x = make_axis(c->x_low, c->x_high, 0, 1, width / 90), y = make_axis(0, 0, 0, most, 5);
    if (c->octaves)
        x.step = fmax(x.step, 1);
    x.at = LEFT;
    x.length = width - LEFT - RIGHT;
    y.at = HEIGHT - BOTTOM;
    y.length = TOP - y.at;
    chart_begin(to, c, width, HEIGHT + write_legend(NULL, NULL, series, n_series, width));
    write_axes(to, c, &x, &y);
    const double bin = x.length / (double)n, bar = (bin - 1) / (double)n_series;
    for (size_t s = 0; s < n_series; s++)
        for (size_t i = 0; i < n; i++) {
            const double top = place(&y, series[s].counts[i]);
            if (series[s].counts[i] > 0)
                fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                        "style=\"fill: var(--c%d)\"><title>%.10g</title></rect>\n",
                        x.at + bin * (double)i + bar * (double)s + 0.5, top, bar, y.at - top, (int)(s % PAGE_COLOURS),
                        series[s].counts[i]);
        }
    write_legend(to, NULL, series, n_series, width);
    chart_end(to, c);
}
