/* fovea: one command that trains and runs detectors. This file finds the subcommand; each has a file of its own. */
#include "commands.h"
#include "fovea.h"
#include "options_page.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} command;

static const command commands[] = {
    {"devices", "list the OpenCL devices", command_devices},
    {"inspect", "find what is wrong with a data set", command_inspect},
    {"convert", "write a data set in another format", command_convert},
    {"train", "fit a detector to pictures with boxes", command_train},
    {"evaluate", "COCO's twelve numbers of a model or of its detections", command_evaluate},
    {"detect", "find objects in pictures", command_detect},
    {"export", "write a model as ONNX, for other runtimes", command_export},
    {"bench", "how fast each device detects and trains", command_bench},
    {"tune", "measure which algorithms are fastest on a device", command_tune},
    {"synth", "draw a data set of small shapes", command_synth},
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static const char summary[] = "Trains and runs RetinaNet object detectors on any OpenCL device.";

static const char shortened[] = "A long option may be cut to what tells it from others: --annot for --annotations.";

static const char codes[] = "0 done, 1 failed, 2 misused; a training that was interrupted saves\n"
                            "and exits with 130 (Ctrl-C) or 143 (SIGTERM).";

static const char examples[] = "  fovea devices\n"
                               "  fovea train --images photos --annotations train.json --out run\n"
                               "  fovea detect --model run/model.safetensors --draw drawn photos\n";

static const char *const variables[][2] = {
    {"FOVEA_DEVICE", "the device, where --device is not given"},
    {"FOVEA_LOG", "'info' or 'debug': more on stderr about what the device does"},
};

enum { N_VARIABLES = sizeof variables / sizeof variables[0] };

static void print_help(FILE *stream)
{
    fprintf(stream, "usage: fovea COMMAND [OPTIONS]\n%s\n\nCommands:\n", summary);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(stream,
            "\n  --help, -h     print this text; 'fovea COMMAND --help' tells a command's options\n"
            "  --version, -v  print the version\n\n%s\n\nEnvironment:\n", shortened);
    for (int i = 0; i < N_VARIABLES; i++)
        fprintf(stream, "  %-16s  %s\n", variables[i][0], variables[i][1]);
    fprintf(stream, "\nExit codes: %s\n\nExamples:\n%s", codes, examples);
}

/* An item of a list in a page: a name in bold, and what it is. */
static void print_item(const char *name, const char *text)
{
    fputs(".TP\n\\fB", stdout);
    options_page_text(stdout, name);
    fputs("\\fR\n", stdout);
    options_page_text(stdout, text);
    fputc('\n', stdout);
}

/* fovea(1). */
static void print_page(void)
{
    options_page_begin(stdout, NULL, "train and run object detectors on any OpenCL device");
    fputs(".SH SYNOPSIS\n.B fovea\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n", stdout);
    options_page_text(stdout, summary);
    fputs("\n.SH COMMANDS\n", stdout);
    for (int i = 0; i < N_COMMANDS; i++)
        print_item(commands[i].name, commands[i].summary);
    fputs(".SH OPTIONS\n", stdout);
    print_item("--help, -h", "Print a help text; behind a COMMAND, of its options.");
    print_item("--version, -v", "Print the version.");
    fputs(".PP\n", stdout);
    options_page_text(stdout, shortened);
    fputc('\n', stdout);
    fputs(".SH ENVIRONMENT\n", stdout);
    for (int i = 0; i < N_VARIABLES; i++)
        print_item(variables[i][0], variables[i][1]);
    fputs(".SH EXIT STATUS\n", stdout);
    options_page_text(stdout, codes);
    fputc('\n', stdout);
    options_page_lines(stdout, "EXAMPLES", examples);
    fputs(".SH SEE ALSO\n", stdout);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(stdout, ".BR fovea\\-%s (1)%s\n", commands[i].name, i + 1 < N_COMMANDS ? "," : "");
}

/* Completion in bash: the commands, then what each says of its options. */
static void print_bash(void)
{
    fputs("# Completion of fovea in bash.\n_fovea() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options='' values=(-f)\n"
          "    [ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    case ${COMP_WORDS[1]} in\n",
          stdout);
    for (int i = 0; i < N_COMMANDS; i++)
        commands[i].run(2, (char *[]){(char[]){"fovea"}, (char[]){"--help=bash"}, NULL});
    fputs("    esac\n"
          "    if [ \"$COMP_CWORD\" -le 1 ]; then\n        values=(-W '",
          stdout);
    for (int i = 0; i < N_COMMANDS; i++)
        printf("%s ", commands[i].name);
    fputs("--help --version')\n"
          "    elif [[ $word == -* ]]; then\n        values=(-W \"$options\")\n    fi\n"
          "    [[ ${values[0]} == -W ]] || compopt -o filenames\n"
          "    mapfile -t COMPREPLY < <(compgen \"${values[@]}\" -- \"$word\")\n"
          "}\ncomplete -F _fovea fovea\n",
          stdout);
}

static int unknown_command(const char *word)
{
    const char *names[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    const char *nearest = options_nearest(word, names, N_COMMANDS);
    fprintf(stderr, "fovea: unknown command '%s'", word);
    if (nearest)
        fprintf(stderr, ": did you mean '%s'?", nearest);
    fputs("\nTry 'fovea --help'.\n", stderr);
    return EXIT_MISUSED;
}

static const command *find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* 'fovea help train' is 'fovea train --help'. */
static int help_of(const char *name)
{
    const command *found = find_command(name);
    return found ? found->run(2, (char *[]){(char[]){"fovea"}, (char[]){"--help"}, NULL}) : unknown_command(name);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_MISUSED;
    }
    if (argc > 2 && strcmp(argv[1], "help") == 0)
        return help_of(argv[2]);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-v") == 0) {
        printf("fovea %s\n", fovea_version());
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--help=man") == 0) {
        print_page();
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--help=bash") == 0) {
        print_bash();
        return EXIT_DONE;
    }
    const command *found = find_command(argv[1]);
    if (!found)
        return unknown_command(argv[1]);
    if (argc == 3 && strcmp(argv[2], "--help=man") == 0)
        options_page_begin(stdout, found->name, found->summary);
    return found->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe and a file at its limit are failures that are told, not silent ends */
    signal(SIGXFSZ, SIG_IGN);
    int code = dispatch(argc, argv);
    const bool failed_before = ferror(stdout) != 0;
    if (fflush(stdout) != 0 || failed_before) {
        fprintf(stderr, "fovea: standard output: cannot be written%s%s\n", failed_before ? "" : ": ",
                failed_before ? "" : strerror(errno));
        if (code == EXIT_DONE)
            code = EXIT_FAILED;
    }
    return code;
}
