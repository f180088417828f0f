/* Charts as inline SVG for a page (page.h): axis marks at round numbers, colours that stay apart for every colour
 * vision, a title and a description for who does not see them. Every text is escaped. */
#ifndef FOVEA_APPS_CHART_H
#define FOVEA_APPS_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct chart {
    const char *id;              /* of the svg element: letters, digits, dashes */
    const char *title;           /* stands above it */
    const char *note;            /* stands below it, and describes it; may be NULL */
    const char *x_label, *y_label; /* may be NULL */
    double x_low, x_high, y_low, y_high; /* ends of the axes; equal ones: what the values need */
    int width;                   /* in pixels (0: 560) */
    bool octaves;                /* x is a binary logarithm: the marks show 2^x */
} chart;

typedef struct chart_series {
    const char *name; /* NULL: none in the legend */
    const double *x, *y; /* a y that is not finite interrupts the line */
    size_t n;
    bool marked; /* a dot stands at (mark_x, mark_y), which are finite */
    double mark_x, mark_y;
} chart_series;

/* Lines through points, a colour a series, and dashes from the eighth on. */
void chart_lines(FILE *to, const chart *c, const chart_series *series, size_t n_series);

typedef struct chart_bins {
    const char *name;
    const double *counts;
} chart_bins;

/* Counts in n equal bins from x_low to x_high, the series side by side in each. */
void chart_histogram(FILE *to, const chart *c, const chart_bins *series, size_t n_series, size_t n);

typedef struct chart_bar {
    const char *group; /* a heading above the bar; NULL: none */
    const char *name;  /* left of it, cut to what fits */
    const char *shown; /* behind it: the value as text */
    double value;      /* its length; not finite or negative: none */
    double most;       /* what the whole length stands for */
    int colour;        /* 0 and on */
} chart_bar;

/* Bars from left to right, one below the other. */
void chart_bars(FILE *to, const chart *c, const chart_bar *bars, size_t n);

/* A heat map of rows x columns values of 0 and more, row by row, each written into its place. x_label and y_label say
 * what columns and rows are. Rows are shaded by their own sums. */
void chart_matrix(FILE *to, const chart *c, const char *const *rows, size_t n_rows, const char *const *columns,
                  size_t n_columns, const double *values);

/* How often each place of a picture is met: rows x columns values of 0 and more, row by row, as shades of one square. */
void chart_places(FILE *to, const chart *c, const double *values, size_t n_rows, size_t n_columns);

/* What every chart begins and ends with, for drawings of another kind: figure, title, svg; note, and a name cut to
 * `fits` letters. */
void chart_begin(FILE *to, const chart *c, int width, int height);
void chart_end(FILE *to, const chart *c);
void chart_cut(FILE *to, const char *name, size_t fits);

#endif
