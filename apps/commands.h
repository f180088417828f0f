/* The subcommands. Each takes its own argv (argv[0] is its name) and returns the exit code. */
#ifndef FOVEA_APPS_COMMANDS_H
#define FOVEA_APPS_COMMANDS_H

int command_devices(int argc, char **argv);
int command_tune(int argc, char **argv);
int command_synth(int argc, char **argv);
int command_train(int argc, char **argv);
int command_evaluate(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_convert(int argc, char **argv);
int command_detect(int argc, char **argv);
int command_export(int argc, char **argv);
int command_bench(int argc, char **argv);

#endif
