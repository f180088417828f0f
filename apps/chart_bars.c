/* Charts of bars and heat maps, see chart.h. */
#include "chart.h"

#include "page.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { BAR = 20, STEP = 26, HEADING = 32, NAMES = 330, ROOM = 380, BARS_WIDTH = 860 };

void chart_bars(FILE *to, const chart *c, const chart_bar *bars, size_t n)
{
    int height = 4, y = 0;
    for (size_t i = 0; i < n; i++)
        height += STEP + (bars[i].group ? HEADING : 0);
    chart_begin(to, c, BARS_WIDTH, height);
    for (size_t i = 0; i < n; i++) {
        const chart_bar *b = &bars[i];
        if (b->group) {
            fprintf(to, "<text x=\"0\" y=\"%d\" class=\"group\">", y + 20);
            page_text(to, b->group);
            fputs("</text>\n", to);
            y += HEADING;
        }
        const double share = isfinite(b->value) && b->value > 0 && b->most > 0 ? b->value / b->most : 0;
        const double length = share > 1 ? ROOM : share * ROOM;
        fprintf(to, "<text class=\"faint\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", NAMES - 8, y + 15);
        chart_cut(to, b->name, 42);
        fputs("</text>", to);
        if (isfinite(b->value) && b->value >= 0)
            fprintf(to, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" style=\"fill: var(--c%d)\"/>",
                    NAMES, y, length > 1 ? length : 1, BAR, b->colour % PAGE_COLOURS);
        fprintf(to, "<text x=\"%.1f\" y=\"%d\">", NAMES + (length > 0 ? length + 6 : 6), y + 15);
        page_text(to, b->shown);
        fputs("</text>\n", to);
        y += STEP;
    }
    chart_end(to, c);
}

enum { CELL = 46, CELL_HEIGHT = 30, LABELS = 150, HEAD = 100, LETTERS = 18 };

static void write_matrix_names(FILE *to, const chart *c, const char *const *rows, size_t n_rows,
                               const char *const *columns, size_t n_columns)
{
    fprintf(to, "<text class=\"group\" x=\"0\" y=\"%d\">", HEAD - 10);
    page_text(to, c->y_label ? c->y_label : "");
    fprintf(to, "</text><text class=\"group\" x=\"%d\" y=\"14\">", LABELS);
    page_text(to, c->x_label ? c->x_label : "");
    fputs("</text>\n", to);
    for (size_t i = 0; i < n_columns; i++) {
        fprintf(to, "<text class=\"faint\" transform=\"translate(%d %d) rotate(-35)\">",
                LABELS + CELL * (int)i + CELL / 2, HEAD - 6);
        chart_cut(to, columns[i], LETTERS - 6);
        fputs("</text>\n", to);
    }
    for (size_t i = 0; i < n_rows; i++) {
        fprintf(to, "<text class=\"faint\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", LABELS - 8,
                HEAD + CELL_HEIGHT * (int)i + 20);
        chart_cut(to, rows[i], LETTERS);
        fputs("</text>\n", to);
    }
}

void chart_matrix(FILE *to, const chart *c, const char *const *rows, size_t n_rows, const char *const *columns,
                  size_t n_columns, const double *values)
{
    chart_begin(to, c, LABELS + CELL * (int)n_columns + 60, HEAD + CELL_HEIGHT * (int)n_rows + 4);
    write_matrix_names(to, c, rows, n_rows, columns, n_columns);
    for (size_t i = 0; i < n_rows; i++) {
        double sum = 0;
        for (size_t k = 0; k < n_columns; k++)
            sum += values[i * n_columns + k];
        for (size_t k = 0; k < n_columns; k++) {
            const double value = values[i * n_columns + k], share = sum > 0 ? value / sum : 0;
            const int x = LABELS + CELL * (int)k, y = HEAD + CELL_HEIGHT * (int)i;
            fprintf(to, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" style=\"fill: var(--c0); "
                    "stroke: var(--line)\" fill-opacity=\"%.3f\"/><text x=\"%d\" y=\"%d\" "
                    "text-anchor=\"middle\"%s>%.10g</text>\n", x, y, CELL, CELL_HEIGHT, 0.75 * share, x + CELL / 2, y + 20,
                    value > 0 ? "" : " class=\"faint\"", value);
        }
    }
    chart_end(to, c);
}

enum { PLACES = 360 };

void chart_places(FILE *to, const chart *c, const double *values, size_t n_rows, size_t n_columns)
{
    double most = 0;
    for (size_t i = 0; i < n_rows * n_columns; i++)
        most = values[i] > most ? values[i] : most;
    chart_begin(to, c, PLACES + 2, PLACES + 2);
    for (size_t i = 0; i < n_rows * n_columns; i++) {
        const double width = (double)PLACES / (double)n_columns, height = (double)PLACES / (double)n_rows;
        if (values[i] > 0)
            fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" style=\"fill: var(--c0)\" "
                    "fill-opacity=\"%.3f\"><title>%.10g</title></rect>\n", 1 + width * (double)(i % n_columns),
                    1 + height * (double)(i / n_columns), width, height, 0.06 + 0.94 * values[i] / most, values[i]);
    }
    fprintf(to, "<rect class=\"axis\" x=\"1\" y=\"1\" width=\"%d\" height=\"%d\" fill=\"none\"/>\n", PLACES, PLACES);
    chart_end(to, c);
}
