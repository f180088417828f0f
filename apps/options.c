/* Parsing of the command's options, see options.h. getopt_long does the splitting and the permuting. */
#include "options.h"

#include "folder.h"
#include "fovea.h"
#include "options_files.h"
#include "options_help.h"
#include "options_page.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const options_choice options_formats[] = {
    {"coco", FOVEA_FORMAT_COCO}, {"voc", FOVEA_FORMAT_VOC}, {"yolo", FOVEA_FORMAT_YOLO}, {"any", FOVEA_FORMAT_ANY},
    {NULL, 0}};

enum { MAX_ROWS = 96, FIRST_CODE = 256, HELP_CODE = 1000 }; /* of getopt_long; ':' and '?' are its own */

int options_misused(const options_table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "fovea %s: ", table->command);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nTry 'fovea %s --help'.\n", table->command);
    va_end(args);
    return EXIT_MISUSED;
}

bool options_sizes_agree(const options_table *table, int size, int max_size)
{
    if (max_size == 0 || max_size >= size)
        return true;
    options_misused(table, "--max-size %d is below --size %d", max_size, size);
    return false;
}

/* How many letters must be added, dropped, changed or swapped with their neighbour to make b of a (Damerau, 1964). */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t rows[3][LONGEST + 1];
    const size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *options_nearest(const char *text, const char *const *names, size_t n_names)
{
    const char *best = NULL;
    size_t best_distance = strlen(text) / 3 + 2; /* a third of the letters and one may be wrong */
    for (size_t i = 0; i < n_names; i++) {
        const size_t distance = edit_distance(text, names[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = names[i];
        }
    }
    return best;
}

/* Reads a number at *text and moves *text behind it. */
static bool read_number(const char **text, double *out)
{
    char *end = NULL;
    errno = 0;
    const double number = strtod(*text, &end);
    if (end == *text || errno == ERANGE || !(number - number == 0))
        return false;
    *text = end;
    *out = number;
    return true;
}

/* Reads two numbers with `between` between them and nothing behind. */
static bool read_two(const char *text, char between, double out[2])
{
    if (!read_number(&text, &out[0]) || *text++ != between)
        return false;
    return read_number(&text, &out[1]) && *text == '\0';
}

static bool within(const options_row *row, double number, bool whole)
{
    return number >= row->low && number <= row->high && (!whole || number == (double)(int64_t)number);
}

static bool store_choice(const options_row *row, void *target, const char *text)
{
    for (const options_choice *choice = row->choices; choice->name; choice++)
        if (strcmp(choice->name, text) == 0) {
            *(int *)target = choice->value;
            return true;
        }
    return false;
}

static bool store_seed(void *target, const char *text)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno == ERANGE)
        return false;
    *(uint64_t *)target = number;
    return true;
}

static bool store_single(const options_row *row, void *target, const char *text)
{
    double number;
    if (!read_number(&text, &number) || *text != '\0' || !within(row, number, row->kind != OPTIONS_NUMBER))
        return false;
    if (row->zero_is_none && number == 0)
        number = -1;
    if (row->kind == OPTIONS_INTEGER)
        *(int *)target = (int)number;
    else if (row->kind == OPTIONS_COUNT)
        *(int64_t *)target = (int64_t)number;
    else
        *(double *)target = number;
    return true;
}

static bool store_double_pair(const options_row *row, double *target, const char *text)
{
    double two[2];
    for (const options_choice *word = row->choices; word && word->name; word++)
        if (strcmp(word->name, text) == 0) {
            target[0] = target[1] = word->value;
            return true;
        }
    if (!read_two(text, ',', two) || !within(row, two[0], false) || !within(row, two[1], false) || two[0] > two[1])
        return false;
    target[0] = two[0];
    target[1] = two[1];
    return true;
}

static bool store_int_pair(const options_row *row, void *target, const char *text)
{
    /* The numbers are plain digits, so that the dash of "4-10" is not read as a sign. */
    const bool span = row->kind == OPTIONS_SPAN;
    double two[2];
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return false;
    two[0] = (double)strtoul(text, &end, 10);
    if (span && *end == '\0')
        two[1] = two[0];
    else if (*end != (span ? '-' : 'x') || end[1] < '0' || end[1] > '9')
        return false;
    else {
        two[1] = (double)strtoul(end + 1, &end, 10);
        if (*end != '\0')
            return false;
    }
    if (!within(row, two[0], true) || !within(row, two[1], true) || (span && two[0] > two[1]))
        return false;
    for (int i = 0; i < 2; i++)
        ((int *)target)[i] = (int)two[i];
    return true;
}

static bool store_integers(const options_row *row, int *target, const char *text)
{
    int numbers[OPTIONS_MOST_INTEGERS] = {0}, count = 0;
    double number;
    do {
        if (count == OPTIONS_MOST_INTEGERS || !read_number(&text, &number) || !within(row, number, true))
            return false;
        numbers[count++] = (int)number;
        if (count > 1 && numbers[count - 2] >= numbers[count - 1])
            return false;
    } while (*text++ == ',');
    if (text[-1] != '\0')
        return false;
    memcpy(target, numbers, sizeof numbers);
    return true;
}

static bool store_text(const char **texts, const char *text)
{
    int count = 0;
    while (count < OPTIONS_MOST_TEXTS && texts[count])
        count++;
    texts[count] = text;
    return *text != '\0' && count < OPTIONS_MOST_TEXTS;
}

bool options_set(const options_row *row, void *fields, const char *text)
{
    void *target = (char *)fields + row->at;
    switch (row->kind) {
    case OPTIONS_FLAG:
        *(bool *)target = true;
        return true;
    case OPTIONS_TEXT:
        *(const char **)target = text;
        return *text != '\0';
    case OPTIONS_TEXTS:
        return store_text(target, text);
    case OPTIONS_SEED:
        return store_seed(target, text);
    case OPTIONS_CHOICE:
        return store_choice(row, target, text);
    case OPTIONS_INTEGERS:
        return store_integers(row, target, text);
    case OPTIONS_PAIR:
        return store_double_pair(row, target, text);
    case OPTIONS_SPAN:
    case OPTIONS_EXTENT:
        return store_int_pair(row, target, text);
    case OPTIONS_INTEGER:
    case OPTIONS_COUNT:
    case OPTIONS_NUMBER:
        break;
    }
    return store_single(row, target, text);
}

static options_result bad_value(const options_table *table, const options_row *row, const char *text)
{
    char expected[256];
    options_expected(row, expected, sizeof expected);
    options_misused(table, "--%s takes %s, not '%s'", row->name, expected, text);
    return OPTIONS_MISUSED;
}

const options_row *options_find(const options_table *table, const char *name, const char **nearest)
{
    const char *names[MAX_ROWS + 1] = {"help"};
    for (size_t i = 0; i < table->n_rows; i++) {
        names[i + 1] = table->rows[i].name;
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    }
    *nearest = options_nearest(name, names, table->n_rows + 1);
    return NULL;
}

/* Says what was wrong with the word that getopt_long refused. */
static options_result bad_option(const options_table *table, const char *word, int known)
{
    if (strncmp(word, "--", 2) != 0) {
        options_misused(table, "unknown option '%s': options are long ones, with two dashes", word);
        return OPTIONS_MISUSED;
    }
    if (known > 0) {
        options_misused(table, "--%s takes no value", table->rows[known - FIRST_CODE].name);
        return OPTIONS_MISUSED;
    }
    char name[64];
    const size_t length = strcspn(word + 2, "=");
    snprintf(name, sizeof name, "%.*s", length < sizeof name ? (int)length : (int)sizeof name - 1, word + 2);
    size_t begins = 0;
    for (size_t i = 0; i < table->n_rows; i++)
        begins += strncmp(table->rows[i].name, name, strlen(name)) == 0;
    const char *nearest = NULL;
    options_find(table, name, &nearest);
    if (begins > 1)
        options_misused(table, "--%s could be one of several options, write it out", name);
    else if (nearest)
        options_misused(table, "unknown option '--%s': did you mean --%s?", name, nearest);
    else
        options_misused(table, "unknown option '--%s'", name);
    return OPTIONS_MISUSED;
}

/* Says what was wrong with a word that belongs to no option; of a folder, which option takes one. */
static options_result bad_operand(const options_table *table, const char *word)
{
    const bool is_folder = folder_exists(word);
    size_t i = 0;
    while (is_folder && i < table->n_rows && (!table->rows[i].value || strcmp(table->rows[i].value, "DIR") != 0))
        i++;
    if (is_folder && i < table->n_rows)
        options_misused(table, "'%s' is not an option: did you mean --%s %s?", word, table->rows[i].name, word);
    else
        options_misused(table, "'%s' is not an option; options begin with two dashes", word);
    return OPTIONS_MISUSED;
}

static options_result print_help(const options_table *table, const char *form)
{
    if (!form)
        options_print_help(table, stdout);
    else if (strcmp(form, "man") == 0)
        options_print_page(table, stdout);
    else if (strcmp(form, "bash") == 0)
        options_print_bash(table, stdout);
    else {
        options_misused(table, "--help takes man, bash or nothing, not '%s'", form);
        return OPTIONS_MISUSED;
    }
    return OPTIONS_HELPED;
}

/* As a need tells values. */
static int state_of(const options_row *row, const void *fields)
{
    const void *at = (const char *)fields + row->at;
    if (row->kind == OPTIONS_CHOICE)
        return *(const int *)at;
    return row->kind == OPTIONS_FLAG ? *(const bool *)at : *(const char *const *)at != NULL;
}

/* Has every option that was given an effect beside the others? The first that has none is told. */
static bool needs_are_met(const options_table *table, const void *fields, const bool *given)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        const options_need *need = given[i] ? table->rows[i].needs : NULL;
        for (const char *nearest; need && need->option; need++)
            if ((state_of(options_find(table, need->option, &nearest), fields) == need->value) == need->unlike) {
                options_misused(table, "--%s %s", table->rows[i].name, need->sentence);
                return false;
            }
    }
    return true;
}

/* given[i]: was row i? */
static options_result parse(const options_table *table, void *fields, int argc, char **argv, int *first_operand,
                            bool given[MAX_ROWS])
{
    struct option longs[MAX_ROWS + 2] = {{0}};
    if (table->n_rows > MAX_ROWS)
        abort();
    for (size_t i = 0; i < table->n_rows; i++) {
        longs[i].name = table->rows[i].name;
        longs[i].has_arg = table->rows[i].kind == OPTIONS_FLAG ? no_argument : required_argument;
        longs[i].val = FIRST_CODE + (int)i; /* getopt_long leaves 0 in optopt for what it does not know */
    }
    longs[table->n_rows] = (struct option){.name = "help", .has_arg = optional_argument, .val = HELP_CODE};

    opterr = 0;
    optind = 1;
    for (;;) {
        const int word = optind;
        const int code = getopt_long(argc, argv, ":h", longs, NULL);
        if (code == -1)
            break;
        if (code == HELP_CODE || code == 'h')
            return print_help(table, optarg);
        if (code == ':') {
            options_misused(table, "%s needs a value", argv[optind - 1]);
            return OPTIONS_MISUSED;
        }
        if (code == '?')
            return bad_option(table, argv[optind > word ? optind - 1 : optind], optopt);
        if (!options_set(&table->rows[code - FIRST_CODE], fields, optarg))
            return bad_value(table, &table->rows[code - FIRST_CODE], optarg);
        given[code - FIRST_CODE] = true;
    }
    *first_operand = optind;
    if (!table->operands && optind < argc)
        return bad_operand(table, argv[optind]);
    return OPTIONS_GO;
}

options_result options_peek(const options_table *table, void *fields, int argc, char **argv, int *first_operand)
{
    bool given[MAX_ROWS] = {false};
    return parse(table, fields, argc, argv, first_operand, given);
}

options_result options_parse(const options_table *table, void *fields, int argc, char **argv, int *first_operand)
{
    bool given[MAX_ROWS] = {false};
    const options_result result = parse(table, fields, argc, argv, first_operand, given);
    if (result != OPTIONS_GO)
        return result;
    const bool good = needs_are_met(table, fields, given) &&
                      options_lose_nothing(table, fields, argc - *first_operand, argv + *first_operand);
    return good ? OPTIONS_GO : OPTIONS_MISUSED;
}
