/* Help text made from the table that is parsed, so that the two cannot differ. */
#include "options_help.h"

#include <string.h>

enum { COLUMNS = 80, HELP_AT = 24 };

/* Prints `text` word by word from column `at` on, further lines beginning at column `indent`. */
static void print_wrapped(FILE *stream, const char *text, int at, int indent)
{
    while (*text) {
        const int length = (int)strcspn(text, " ");
        if (at > indent && at + 1 + length > COLUMNS - 1) {
            fprintf(stream, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', stream);
            at++;
        }
        fprintf(stream, "%.*s", length, text);
        at += length;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', stream);
}

static void print_option(FILE *stream, const char *name, const char *value, const char *help)
{
    int at = fprintf(stream, "  --%s%s%s", name, value ? " " : "", value ? value : "");
    if (at > HELP_AT - 2) {
        fputc('\n', stream);
        at = 0;
    }
    fprintf(stream, "%*s", HELP_AT - at, "");
    print_wrapped(stream, help, HELP_AT, HELP_AT);
}

void options_print_help(const options_table *table, FILE *stream)
{
    for (int i = 0; i < 3 && table->usage[i]; i++) {
        const int at = fprintf(stream, "%s fovea %s ", i == 0 ? "usage:" : "   or:", table->command);
        print_wrapped(stream, table->usage[i], at, at);
    }
    fputc('\n', stream);
    print_wrapped(stream, table->summary, 0, 0);
    fputs("\nOptions:\n", stream);
    for (size_t i = 0; i < table->n_rows; i++)
        print_option(stream, table->rows[i].name, table->rows[i].value, table->rows[i].help);
    print_option(stream, "help", NULL, "Print this text.");
    fprintf(stream, "\nExamples:\n%s", table->examples);
}

static int number_words(double low, double high, char *out, size_t size)
{
    if (high >= 1e9)
        return snprintf(out, size, "%.9g or more", low);
    return snprintf(out, size, "%.9g to %.9g", low, high);
}

void options_expected(const options_row *row, char *out, size_t size)
{
    char range[80];
    number_words(row->low, row->high, range, sizeof range);
    switch (row->kind) {
    case OPTIONS_FLAG:
        snprintf(out, size, "no value");
        return;
    case OPTIONS_TEXT:
        snprintf(out, size, "a text that is not empty");
        return;
    case OPTIONS_TEXTS:
        snprintf(out, size, "a text that is not empty, up to %d times", OPTIONS_MOST_TEXTS);
        return;
    case OPTIONS_INTEGER:
    case OPTIONS_COUNT:
        snprintf(out, size, "a whole number, %s", range);
        return;
    case OPTIONS_INTEGERS:
        snprintf(out, size, "a whole number or up to %d rising ones as in 480,512, each %s", OPTIONS_MOST_INTEGERS,
                 range);
        return;
    case OPTIONS_SEED:
        snprintf(out, size, "a whole number, 0 to 18446744073709551615");
        return;
    case OPTIONS_NUMBER:
        snprintf(out, size, "a number, %s", range);
        return;
    case OPTIONS_PAIR:
        snprintf(out, size, "two rising numbers as in 0.7,0.9, each %s%s%s", range, row->choices ? ", or " : "",
                 row->choices ? row->choices->name : "");
        return;
    case OPTIONS_SPAN:
        snprintf(out, size, "two whole numbers as in 4-10, each %s", range);
        return;
    case OPTIONS_EXTENT:
        snprintf(out, size, "width and height as in 192x160, each %s", range);
        return;
    case OPTIONS_CHOICE:
        break;
    }
    size_t used = (size_t)snprintf(out, size, "one of");
    for (const options_choice *choice = row->choices; choice->name && used < size; choice++)
        used += (size_t)snprintf(out + used, size - used, "%s %s", choice == row->choices ? "" : ",", choice->name);
}
