/* Pages and charts: well-formed whatever is in the names, every series there, marks at round numbers. */
#include "chart.h"
#include "cli.h"
#include "page.h"

#include <math.h>
#include <string.h>

static const char hostile[] = "<script>alert(1)</script>&\"'\x01\xff\xc0\xaf\xed\xa0\x80 \xe2\x82";
static const char escaped[] = "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;'\xef\xbf\xbd\xef\xbf\xbd";

/* Draws one kind of chart, all of its names hostile. */
typedef void draw_chart(FILE *to, const chart *c);

static void draw_lines(FILE *to, const chart *c)
{
    static const double x[] = {0, 1, 2, 3, NAN, 5}, y[] = {3e-4, NAN, INFINITY, 2e-4, 1, 1e-4};
    const chart_series series[] = {{.name = hostile, .x = x, .y = y, .n = COUNT(x), .marked = true, .mark_x = 2,
                                    .mark_y = 1e-4},
                                   {.name = "empty", .x = x, .y = y},
                                   {.x = x, .y = x, .n = 1, .marked = true, .mark_x = 5}};
    chart_lines(to, c, series, COUNT(series));
}

static void draw_histogram(FILE *to, const chart *c)
{
    static const double counts[] = {0, 4, 1e9};
    const chart_bins series[] = {{hostile, counts}, {"other", counts}};
    chart_histogram(to, c, series, COUNT(series), COUNT(counts));
}

static void draw_bars(FILE *to, const chart *c)
{
    const chart_bar bars[] = {{hostile, hostile, hostile, 1, 2, 0}, {NULL, "none", "-", -1, 0, 1},
                              {NULL, "not finite", "-", NAN, NAN, 9}};
    chart_bars(to, c, bars, COUNT(bars));
}

static void draw_matrix(FILE *to, const chart *c)
{
    static const double values[] = {0, 0, 3, 1};
    const char *const names[] = {hostile, "of a name that is much too long to be written beside a row"};
    chart_matrix(to, c, names, 2, names, 2, values);
}

static void draw_places(FILE *to, const chart *c)
{
    static const double values[] = {0, 1, 4, 0, 0, 2};
    chart_places(to, c, values, 2, 3);
}

static draw_chart *const charts[] = {draw_lines, draw_histogram, draw_bars, draw_matrix, draw_places};

/* The page that holds one chart. */
static const char *page_with(draw_chart *draw, const chart *c)
{
    FILE *to = fopen(support_scratch_file("page.html"), "wb");
    ck_assert_ptr_nonnull(to);
    page_begin(to, hostile);
    page_links(to, &(page_link){"charts", hostile}, 1);
    page_heading(to, "charts", hostile);
    page_paragraph(to, hostile);
    draw(to, c);
    page_end(to);
    ck_assert_int_eq(fclose(to), 0);
    cli_expect(0, "cat page.html");
    return cli_stdout();
}

static void expect_part(const char *page, const char *part)
{
    ck_assert_msg(strstr(page, part) != NULL, "\"%s\" is missing in %s", part, strstr(page, "<body>"));
}

START_TEST(page__is_well_formed_whatever_the_names_are)
{
    const chart c = {.id = "drawn", .title = hostile, .note = hostile, .x_label = hostile, .y_label = hostile};
    const char *page = page_with(charts[_i], &c);
    cli_check_page(page);
    cli_expect_page("page.html", NULL, 0);
    cli_expect(0, "cat page.html");
    expect_part(page, escaped);
    expect_part(page, " id=\"drawn\"");
    expect_part(page, "<desc>");
    ck_assert_ptr_null(strstr(page, "<script"));
    ck_assert_ptr_null(strstr(strstr(page, "<body>"), "nan"));
    ck_assert_ptr_null(strstr(page, "inf "));
    if (cli("command -v xmllint") != 0)
        support_skip("there is no xmllint to read it with");
    cli_expect(0, "xmllint --noout page.html");
    ck_assert_str_eq(cli_stderr(), "");
}
END_TEST

START_TEST(chart__marks_stand_at_round_numbers)
{
    const chart c = {.id = "marks", .title = "marks"};
    const char *page = page_with(draw_lines, &c);
    static const char *const marks[] = {">0<", ">0.0001<", ">0.0002<", ">0.0003<", ">2<", ">4<", ">5<"};
    for (size_t i = 0; i < COUNT(marks); i++)
        expect_part(page, marks[i]);
}
END_TEST

static void draw_mark(FILE *to, const chart *c)
{
    static const double x[] = {0, 10}, y[] = {0, 1};
    const chart_series series[] = {{.x = x, .y = y, .n = 2},
                                   {.name = "b", .x = x, .y = y, .n = 2, .marked = true, .mark_x = 2.5, .mark_y = 0.5}};
    chart_lines(to, c, series, COUNT(series));
}

/* Of its series' colour, above every line, a quarter along the axis of 478 pixels. */
START_TEST(chart__a_dot_stands_at_its_place)
{
    const char *page = page_with(draw_mark, &(chart){.id = "mark", .title = "mark"}), *dot = strstr(page, "r=\"5\"");
    expect_part(page, "<circle cx=\"181.5\" cy=\"142.0\" r=\"5\" style=\"fill: var(--c1)");
    expect_part(page, "<title>b: 0.500 at 2.500</title>");
    ck_assert_ptr_null(strstr(dot, "<path"));
    ck_assert_ptr_null(strstr(dot + 1, "r=\"5\""));
}
END_TEST

static void draw_octaves(FILE *to, const chart *c)
{
    static const double counts[] = {1, 0, 3};
    const chart_bins series = {NULL, counts};
    chart_histogram(to, &(chart){.id = c->id, .title = c->title, .octaves = true, .x_low = -1, .x_high = 2}, &series, 1, 3);
}

START_TEST(chart__marks_of_octaves_are_powers_of_two)
{
    const char *page = page_with(draw_octaves, &(chart){.id = "octaves", .title = "octaves"});
    static const char *const marks[] = {">0.5<", ">1<", ">2<", ">4<", "<title>3</title>"};
    for (size_t i = 0; i < COUNT(marks); i++)
        expect_part(page, marks[i]);
    ck_assert_ptr_null(strstr(page, ">1.41"));
}
END_TEST

/* The place that is met most is the darkest, and the others by their share of it. */
START_TEST(chart__places_are_shaded_by_the_most)
{
    const char *page = page_with(draw_places, &(chart){.id = "places", .title = "places"});
    expect_part(page, "x=\"241.0\" y=\"1.0\" width=\"120.0\" height=\"180.0\" style=\"fill: var(--c0)\" fill-opacity=\"1.000\"");
    expect_part(page, "x=\"241.0\" y=\"181.0\" width=\"120.0\" height=\"180.0\" style=\"fill: var(--c0)\" fill-opacity=\"0.530\"");
    ck_assert_ptr_null(strstr(page, "<title>0</title>"));
}
END_TEST

static void draw_nothing(FILE *to, const chart *c)
{
    chart_lines(to, c, NULL, 0);
    chart_bars(to, c, NULL, 0);
    chart_histogram(to, c, NULL, 0, 1);
    chart_matrix(to, c, NULL, 0, NULL, 0, NULL);
    chart_places(to, c, NULL, 0, 0);
}

START_TEST(chart__of_nothing_has_axes)
{
    const chart c = {.id = "nothing", .title = "nothing"};
    const char *page = page_with(draw_nothing, &c);
    cli_check_page(page);
    expect_part(page, ">1<");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = page__is_well_formed_whatever_the_names_are, .rows = COUNT(charts)},
        {.test = chart__marks_stand_at_round_numbers},
        {.test = chart__a_dot_stands_at_its_place},
        {.test = chart__marks_of_octaves_are_powers_of_two},
        {.test = chart__places_are_shaded_by_the_most},
        {.test = chart__of_nothing_has_axes},
    };
    return support_run("page", cases, COUNT(cases));
}
