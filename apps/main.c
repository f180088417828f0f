/* fovea: one command that trains and runs detectors. This file finds the subcommand; each has a file of its own. */
#include "commands.h"
#include "fovea.h"
#include "options.h"

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
    {"train", "fit a detector to pictures with boxes", command_train},
    {"evaluate", "COCO's twelve numbers of a model or of its detections", command_evaluate},
    {"detect", "find objects in pictures", command_detect},
    {"bench", "how fast each device detects and trains", command_bench},
    {"tune", "measure which algorithms are fastest on a device", command_tune},
    {"synth", "draw a data set of small shapes", command_synth},
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *stream)
{
    fputs("usage: fovea COMMAND [OPTIONS]\n"
          "Trains and runs RetinaNet object detectors on any OpenCL device.\n\nCommands:\n",
          stream);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n  --help     print this text; 'fovea COMMAND --help' tells a command's options\n"
          "  --version  print the version\n"
          "\nEnvironment:\n"
          "  FOVEA_DEVICE      the device, where --device is not given\n"
          "  FOVEA_LOG         'info' or 'debug': more on stderr about what the device does\n"
          "\nExit codes: 0 done, 1 failed, 2 misused; a training that was interrupted saves\n"
          "and exits with 130 (Ctrl-C) or 143 (SIGTERM).\n"
          "\nExamples:\n"
          "  fovea devices\n"
          "  fovea train --images photos --annotations train.json --out run\n"
          "  fovea detect --model run/model.safetensors --draw drawn photos\n",
          stream);
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

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_MISUSED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("fovea %s\n", fovea_version());
        return EXIT_DONE;
    }
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown_command(argv[1]);
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
