/* HTML pages, see page.h. */
#include "page.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

static const char style[] =
    ":root { color-scheme: light dark; --paper: #fdfdfb; --ink: #1c2024; --faint: #5f656b; --line: #d9dcdf;\n"
    "  --c0: #0072b2; --c1: #d55e00; --c2: #007d5a; --c3: #b4558a; --c4: #b07800; --c5: #3a9bdc; --c6: #4a4a4a;\n"
    "  --wrong: #b3261e; }\n"
    "@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e8eaec; --faint: #9aa1a8;\n"
    "  --line: #363c42; --c0: #4fa3e0; --c1: #ff8a3d; --c2: #1fc796; --c3: #e39ac6; --c4: #f0c040; --c5: #9ad4ff;\n"
    "  --c6: #c4c8cc; --wrong: #ff8a80; } }\n"
    "body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;\n"
    "  max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }\n"
    "h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; }\n"
    "h3 { font-size: 1rem; margin: 1rem 0 0; }\n"
    "p, figcaption { color: var(--faint); max-width: 60rem; } figure { margin: .5rem 0; overflow-x: auto; }\n"
    ".row { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; } .row figure { max-width: 100%; }\n"
    ".row figcaption { width: 0; min-width: 100%; }\n"
    "svg { max-width: 100%; height: auto; }\n"
    "svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } svg .faint { fill: var(--faint); }\n"
    "svg .group { font-weight: 600; } svg .grid { stroke: var(--line); } svg .axis { stroke: var(--faint); }\n"
    ".scroll { overflow-x: auto; }\n"
    "table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }\n"
    "th, td { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }\n"
    "th:first-child, td:first-child { text-align: left; }\n"
    "#options td { text-align: left; white-space: normal; overflow-wrap: anywhere; }\n"
    "nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; } a { color: var(--c0); }\n"
    ".faint { color: var(--faint); } li { margin: .3rem 0; overflow-wrap: anywhere; }\n"
    ".wrong { color: var(--wrong); font-weight: 600; }\n";

void page_begin(FILE *to, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<link rel=\"icon\" href=\"data:,\"/>\n<title>", to);
    page_text(to, title);
    fprintf(to, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    page_text(to, title);
    fputs("</h1>\n", to);
}

void page_end(FILE *to)
{
    fputs("</body>\n</html>\n", to);
}

/* Reads a character of UTF-8 and returns its bytes; 0 where there is none that XML may hold. */
static int read_character(const unsigned char *at)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const int n = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    if (n < 2 || at[0] > 0xf4)
        return n == 1 && at[0] >= ' ' && at[0] != 0x7f;
    uint32_t code = at[0] & (0x7fu >> n);
    for (int i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    const bool good = code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) &&
                      code != 0xfffe && code != 0xffff;
    return good ? n : 0;
}

void page_text(FILE *to, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        const int n = read_character(at);
        switch (*at) {
        case '&': fputs("&amp;", to); break;
        case '<': fputs("&lt;", to); break;
        case '>': fputs("&gt;", to); break;
        case '"': fputs("&quot;", to); break;
        case '\t':
        case '\n': fputc(' ', to); break;
        default:
            if (n)
                fwrite(at, 1, (size_t)n, to);
            else
                fputs("\xef\xbf\xbd", to);
        }
        at += n ? n : 1;
    }
}

void page_heading(FILE *to, const char *id, const char *title)
{
    fprintf(to, "<h2 id=\"%s\">", id);
    page_text(to, title);
    fputs("</h2>\n", to);
}

void page_links(FILE *to, const page_link *links, size_t n)
{
    fputs("<nav>", to);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, "<a href=\"#%s\">", links[i].id);
        page_text(to, links[i].title);
        fputs("</a>\n", to);
    }
    fputs("</nav>\n", to);
}

void page_paragraph(FILE *to, const char *text)
{
    fputs("<p>", to);
    page_text(to, text);
    fputs("</p>\n", to);
}

void page_table_begin(FILE *to, const char *id, const char *const *columns, size_t n)
{
    fprintf(to, "<div class=\"scroll\">\n<table id=\"%s\">\n<tr>", id);
    for (size_t i = 0; i < n; i++) {
        fputs("<th>", to);
        page_text(to, columns[i]);
        fputs("</th>", to);
    }
    fputs("</tr>\n", to);
}

void page_row_begin(FILE *to)
{
    fputs("<tr>", to);
}

void page_cell(FILE *to, const char *text)
{
    fputs("<td>", to);
    page_text(to, text);
    fputs("</td>", to);
}

void page_cell_format(FILE *to, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    page_cell(to, text);
}

void page_row_end(FILE *to)
{
    fputs("</tr>\n", to);
}

void page_table_end(FILE *to)
{
    fputs("</table>\n</div>\n", to);
}
