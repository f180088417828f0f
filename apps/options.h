/* GNU long options from one table: parsing with typed targets and ranges, the nearest name for a mistyped one, and the
 * help text, so that what is parsed and what is documented cannot differ. */
#ifndef FOVEA_APPS_OPTIONS_H
#define FOVEA_APPS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of the command. A training stopped by a signal exits with 128 + its number. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_MISUSED = 2 };

enum { OPTIONS_MOST_TEXTS = 16, OPTIONS_MOST_INTEGERS = 16 };

typedef enum options_kind {
    OPTIONS_FLAG,    /* bool; takes no value */
    OPTIONS_TEXT,    /* const char *, borrowed from argv */
    OPTIONS_TEXTS,   /* const char *[OPTIONS_MOST_TEXTS + 1], as often as it is given; NULL ends the list */
    OPTIONS_INTEGER, /* int within low..high */
    OPTIONS_INTEGERS, /* int[OPTIONS_MOST_INTEGERS]: "480,512", rising, each within low..high; 0 behind the last */
    OPTIONS_COUNT,   /* int64_t within low..high */
    OPTIONS_SEED,    /* uint64_t, all of its range */
    OPTIONS_NUMBER,  /* double within low..high */
    OPTIONS_PAIR,    /* double[2]: "A,B", each within low..high, A <= B */
    OPTIONS_SPAN,    /* int[2]: "4-10", each within low..high, the first not above the second */
    OPTIONS_EXTENT,  /* int[2]: "192x160", each within low..high */
    OPTIONS_CHOICE   /* int: the value of one of .choices */
} options_kind;

typedef struct options_choice {
    const char *name; /* NULL ends the list */
    int value;
} options_choice;

/* A file to be written: none that another option or an operand names, no model that is there already, nor, unless it is
 * a picture itself, a picture. */
typedef enum options_file { OPTIONS_NOT_WRITTEN, OPTIONS_WRITTEN, OPTIONS_DRAWN } options_file;

/* What an option needs to have any effect. */
typedef struct options_need {
    const char *option;   /* another of the same table: a choice, a flag or a text; NULL ends the list */
    int value;            /* of a choice; of a flag and a text 1 where it is given, else 0 */
    bool unlike;          /* any value but this one */
    const char *sentence; /* what follows "--momentum": "is of --optimizer sgd; with adamw give --betas" */
} options_need;

/* What annotations may be in, for --format. */
extern const options_choice options_formats[];

typedef struct options_row {
    const char *name;  /* without the dashes */
    const char *value; /* what the help calls it, "FILE"; NULL for flags */
    const char *help;  /* one sentence or two, the default last */
    options_kind kind;
    size_t at; /* offset of the field in the struct that is filled, which holds the defaults before */
    double low, high;
    bool zero_is_none;             /* a written 0 is kept as -1, since 0 in an option struct means the default */
    const options_choice *choices; /* of OPTIONS_CHOICE; of OPTIONS_PAIR: words that stand for {value, value} */
    bool of_the_call; /* says how to run, not what: stands on the command line alone, never in a file of options */
    const options_need *needs; /* all of them, or it is refused on the command line; a file of options may hold it */
    options_file writes; /* of OPTIONS_TEXT: the file is written anew */
} options_row;

typedef struct options_table {
    const char *command;  /* "train" */
    const char *usage[3]; /* what follows "fovea train"; up to three forms */
    const char *summary;  /* what it does, a paragraph */
    const options_row *rows;
    size_t n_rows;
    const char *examples; /* lines, each ending in a newline */
    bool operands;        /* words that are no options are taken */
} options_table;

typedef enum options_result {
    OPTIONS_GO,
    OPTIONS_HELPED, /* the help was printed; exit with EXIT_DONE */
    OPTIONS_MISUSED /* a sentence was printed; exit with EXIT_MISUSED */
} options_result;

/* Parses argv[1] and on (argv[0] is the command's name) into the struct that `fields` points to. *first_operand: index
 * in argv of the first operand; options may stand before, between and after them. --help and -h are known to every
 * table, and so are --help=man and --help=bash, see options_page.h. An option given there whose needs are not met by
 * what the struct then holds is refused, and so is a file to be written where one is that must not be lost. */
options_result options_parse(const options_table *table, void *fields, int argc, char **argv, int *first_operand);

/* The same without looking at needs: for a first look at a command line that names a file of options. */
options_result options_peek(const options_table *table, void *fields, int argc, char **argv, int *first_operand);

/* Sets the option of a row from text as the command line has it. False where it is not what the row takes. Texts are
 * borrowed. */
bool options_set(const options_row *row, void *fields, const char *text);

/* The row of a name, or NULL after *nearest was set to the name that was probably meant, NULL where there is none. */
const options_row *options_find(const options_table *table, const char *name, const char **nearest);

/* Prints "fovea train: SENTENCE" and where help is found, to stderr; returns EXIT_MISUSED. */
int options_misused(const options_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Of --size and --max-size, which several commands have (0: not given). False after options_misused() where the shorter
 * side would be above the limit of the longer. */
bool options_sizes_agree(const options_table *table, int size, int max_size);

/* The name nearest to `text` among names[0..n-1], or NULL where none is near enough to be meant. */
const char *options_nearest(const char *text, const char *const *names, size_t n_names);

#endif
