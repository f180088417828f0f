/* Manual pages and completion of the table that is parsed, so that no two of them can differ. */
#include "options_page.h"

#include "fovea.h"

#include <string.h>

static void print_characters(FILE *stream, const char *text, size_t length)
{
    if (length > 0 && (*text == '.' || *text == '\''))
        fputs("\\&", stream);
    for (; length > 0; text++, length--) {
        if (*text == '\\')
            fputs("\\e", stream);
        else if (*text == '-')
            fputs("\\-", stream);
        else if (*text == '\'')
            fputs("\\(aq", stream);
        else if (*text == '"')
            fputs("\\(dq", stream);
        else
            fputc(*text, stream);
    }
}

void options_page_text(FILE *stream, const char *text)
{
    print_characters(stream, text, strlen(text));
}

void options_page_lines(FILE *stream, const char *heading, const char *lines)
{
    fprintf(stream, ".SH %s\n.EX\n", heading);
    while (*lines) {
        const size_t whole = strcspn(lines, "\n"), blanks = strspn(lines, " ");
        lines += blanks < whole ? blanks : 0;
        const size_t length = strcspn(lines, "\n");
        print_characters(stream, lines, length);
        fputc('\n', stream);
        lines += length;
        lines += *lines == '\n';
    }
    fputs(".EE\n", stream);
}

void options_page_begin(FILE *stream, const char *command, const char *summary)
{
    const char *dash = command ? "-" : "", *name = command ? command : "";
    fprintf(stream, ".TH fovea%s%s 1 \"\" \"fovea %s\" \"User Commands\"\n.SH NAME\nfovea%s%s \\- ", dash, name,
            fovea_version(), dash, name);
    options_page_text(stream, summary);
    fputc('\n', stream);
}

static void print_option(FILE *stream, const char *name, const char *value, const char *help)
{
    fputs(".TP\n\\fB\\-\\-", stream);
    options_page_text(stream, name);
    fputs("\\fR", stream);
    if (value) {
        fputs(" \\fI", stream);
        options_page_text(stream, value);
        fputs("\\fR", stream);
    }
    fputc('\n', stream);
    options_page_text(stream, help);
    fputc('\n', stream);
}

void options_print_page(const options_table *table, FILE *stream)
{
    fputs(".SH SYNOPSIS\n", stream);
    for (int i = 0; i < 3 && table->usage[i]; i++) {
        fprintf(stream, "%s.B fovea %s\n", i > 0 ? ".br\n" : "", table->command);
        options_page_text(stream, table->usage[i]);
        fputc('\n', stream);
    }
    fputs(".SH DESCRIPTION\n", stream);
    options_page_text(stream, table->summary);
    fputs("\n.SH OPTIONS\n", stream);
    for (size_t i = 0; i < table->n_rows; i++)
        print_option(stream, table->rows[i].name, table->rows[i].value, table->rows[i].help);
    print_option(stream, "help", NULL, "Print a help text.");
    options_page_lines(stream, "EXAMPLES", table->examples);
    fputs(".SH SEE ALSO\n.BR fovea (1)\n", stream);
}

void options_print_bash(const options_table *table, FILE *stream)
{
    fprintf(stream, "    %s)\n        options='", table->command);
    for (size_t i = 0; i < table->n_rows; i++)
        fprintf(stream, "--%s ", table->rows[i].name);
    fputs("--help'\n        case $before in\n", stream);
    for (size_t i = 0; i < table->n_rows; i++) {
        const options_row *row = &table->rows[i];
        if (row->kind == OPTIONS_FLAG)
            continue;
        fprintf(stream, "        --%s) ", row->name);
        if (row->kind == OPTIONS_CHOICE) {
            fputs("values=(-W '", stream);
            for (const options_choice *choice = row->choices; choice->name; choice++)
                fprintf(stream, "%s%s", choice == row->choices ? "" : " ", choice->name);
            fputs("')", stream);
        } else {
            const bool folder = strcmp(row->value, "DIR") == 0 || strcmp(row->value, "RUN") == 0;
            fputs(folder ? "values=(-d)" : strstr(row->value, "FILE") ? "values=(-f)" : "values=(-W '')", stream);
        }
        fputs(" ;;\n", stream);
    }
    fputs("        esac ;;\n", stream);
}
