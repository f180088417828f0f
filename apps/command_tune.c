/* fovea tune: measures the algorithms of convolutions on a device, and shows what was chosen. */
#include "commands.h"
#include "json_out.h"
#include "options.h"
#include "pick_device.h"
#include "run_folder.h"
#include "stop.h"
#include "tune_bar.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SIZE = 65500 }; /* of a side, as the library has it */

typedef struct tune_options {
    const char *model, *device, *json;
    int depth, classes, pictures[2];
    double seconds;
    fovea_tune_options tune; /* the fields that are options as they stand */
    bool show;
} tune_options;

static const options_choice backbones[] = {
    {"resnet18", 18}, {"resnet34", 34}, {"resnet50", 50}, {"resnet101", 101}, {NULL, 0}};

static const options_need to_measure[] = {
    {"show", 0, .sentence = "has no effect with --show, which measures nothing"}, {.option = NULL}};
static const options_need of_a_new_model[] = {
    {"model", 0, .sentence = "is of a new detector, and --model names one"},
    {"show", 0, .sentence = "has no effect with --show, which measures nothing"},
    {.option = NULL}};

#define AT(field) .at = offsetof(tune_options, field)

static const options_row rows[] = {
    {"model", "FILE", "Measure what this detector asks for, instead of a new one of", OPTIONS_TEXT, AT(model),
     .needs = to_measure},
    {"backbone", "NAME", "resnet18, resnet34, resnet50 or resnet101 (resnet50), with", OPTIONS_CHOICE, AT(depth),
     .choices = backbones, .needs = of_a_new_model},
    {"classes", "N", "classes (80).", OPTIONS_INTEGER, AT(classes), .low = 1, .high = 100000, .needs = of_a_new_model},
    {"size", "N", "Resize the shorter side to N pixels (the model's; 600 without --model).", OPTIONS_INTEGER,
     AT(tune.size), .low = 1, .high = MOST_SIZE, .needs = to_measure},
    {"max-size", "N", "but keep the longer side within N (5/3 of --size).", OPTIONS_INTEGER, AT(tune.max_size),
     .low = 1, .high = MOST_SIZE, .needs = to_measure},
    {"pictures", "WxH", "Width and height of the pictures before that; what counts is their shape (square).",
     OPTIONS_EXTENT, AT(pictures), .low = 1, .high = MOST_SIZE, .needs = to_measure},
    {"batch", "N", "Pictures in a training step; 0: detection alone (2).", OPTIONS_INTEGER, AT(tune.batch), .low = 0,
     .high = 4096, .needs = to_measure},
    {"seconds", "S", "The most it should take; the heaviest work comes first (60).", OPTIONS_NUMBER, AT(seconds),
     .low = 0.001, .high = 1e6, .needs = to_measure},
    {"again", NULL, "Measure anew what was measured before.", OPTIONS_FLAG, AT(tune.again), .needs = to_measure},
    {"show", NULL, "Measure nothing; print what was chosen on the device so far.", OPTIONS_FLAG, AT(show)},
    {"json", "FILE", "Write the choices as JSON to FILE; '-': to stdout, instead of the table.", OPTIONS_TEXT,
     AT(json), .writes = OPTIONS_WRITTEN},
    {"device", "TEXT", PICK_DEVICE_HELP, OPTIONS_TEXT, AT(device)},
};

static const options_table table = {
    .command = "tune",
    .usage = {"[--backbone NAME | --model FILE] [--size N] [--batch N] [--seconds S]", "--show [--json FILE]"},
    .summary = "Measures, on the device, every algorithm that a convolution has, for each shape and direction that "
               "detection and training ask for; checks each result, and remembers what won. Later calls of 'fovea "
               "detect' and runs that 'fovea train' begins use it. GFLOP/s counts a convolution's plain sums, so that "
               "an algorithm with a shortcut may pass the device's peak, which is measured beside it.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea tune\n"
                "  fovea tune --model run/model.safetensors --pictures 1920x1080\n"
                "  fovea tune --show --device NVIDIA\n",
};

static fovea_status make_model(fovea_model **model, fovea_device *device, const tune_options *o)
{
    if (o->model)
        return run_folder_load(model, device, o->model, NULL);
    const char **names = calloc((size_t)o->classes, sizeof *names);
    for (int i = 0; names && i < o->classes; i++)
        names[i] = "object";
    const fovea_status status =
        fovea_model_create(model, device, o->classes, names, &(fovea_model_options){.depth = o->depth});
    free(names);
    return status;
}

static bool measure(fovea_device *device, const tune_options *o)
{
    fovea_model *model = NULL;
    fovea_tune_options options = o->tune;
    options.width = o->pictures[0];
    options.height = o->pictures[1];
    options.seconds = o->seconds;
    tune_bar bar = tune_bar_begin(NULL);
    stop_on_signals("after this convolution");
    const bool good = told(make_model(&model, device, o)) &&
                      told(fovea_model_tune(model, &options, tune_bar_hear, &bar));
    tune_bar_end(&bar);
    fovea_model_free(model);
    return good;
}

/* ---- showing --------------------------------------------------------------------------------------------------- */

static void print_row(const fovea_choice *c, double peak)
{
    char shape[64], rule[48] = "", share[16] = "";
    snprintf(shape, sizeof shape, "%dx%d/%d %d->%d", c->kernel, c->kernel, c->stride, c->in_channels, c->out_channels);
    if (strcmp(c->algorithm, c->rule) != 0)
        snprintf(rule, sizeof rule, "%s %.1f", c->rule, c->rule_gflops);
    if (peak > 0)
        snprintf(share, sizeof share, "%.0f %%", 100 * c->gflops / peak);
    printf("%-16s  %-20s %4d x %4d x %4d  %-10s %9.1f  %7s  %s\n", c->direction, shape, c->batch, c->height, c->width,
           c->algorithm, c->gflops, share, rule);
}

static void print_table(const fovea_choice *choices, size_t count, double peak)
{
    if (peak > 0)
        printf("measured peak of the device: %.1f GFLOP/s\n", peak);
    printf("%-16s  %-20s %18s  %-10s %9s  %7s  %s\n", "direction", "kernel, channels", "batch, height, width",
           "algorithm", "GFLOP/s", "of peak", "rather than");
    for (size_t i = 0; i < count; i++)
        print_row(&choices[i], peak);
}

static cJSON *to_json(fovea_device *device, const fovea_choice *choices, size_t count, double peak)
{
    cJSON *document = cJSON_CreateObject();
    const fovea_device_info *info = fovea_device_describe(device);
    cJSON_AddStringToObject(document, "platform", info->platform);
    cJSON_AddStringToObject(document, "device", info->name);
    cJSON_AddStringToObject(document, "driver", info->driver);
    json_add_float(document, "peak_gflops", (float)peak);
    cJSON *list = cJSON_AddArrayToObject(document, "choices");
    for (size_t i = 0; i < count; i++) {
        const fovea_choice *c = &choices[i];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "direction", c->direction);
        cJSON_AddNumberToObject(row, "batch", c->batch);
        cJSON_AddNumberToObject(row, "height", c->height);
        cJSON_AddNumberToObject(row, "width", c->width);
        cJSON_AddNumberToObject(row, "in_channels", c->in_channels);
        cJSON_AddNumberToObject(row, "out_channels", c->out_channels);
        cJSON_AddNumberToObject(row, "kernel", c->kernel);
        cJSON_AddNumberToObject(row, "stride", c->stride);
        cJSON_AddNumberToObject(row, "padding", c->padding);
        cJSON_AddStringToObject(row, "algorithm", c->algorithm);
        cJSON_AddStringToObject(row, "rule", c->rule);
        json_add_float(row, "gflops", (float)c->gflops);
        json_add_float(row, "rule_gflops", (float)c->rule_gflops);
        json_add_float(row, "share_of_peak", (float)(peak > 0 ? c->gflops / peak : 0));
        cJSON_AddItemToArray(list, row);
    }
    return document;
}

static bool show(fovea_device *device, const tune_options *o)
{
    size_t count = 0, room = 0;
    fovea_device_speed speed = {0};
    if (!told(fovea_device_choices(device, NULL, 0, &count)) || !told(fovea_device_measure(device, &speed)))
        return false;
    room = count;
    fovea_choice *choices = calloc(room ? room : 1, sizeof *choices);
    if (!choices) {
        fputs("fovea: out of memory for the choices\n", stderr);
        return false;
    }
    bool good = told(fovea_device_choices(device, choices, room, &count));
    if (good && o->json)
        good = json_out_write(o->json, to_json(device, choices, room, speed.gflops), true);
    if (good && room == 0)
        fputs("nothing was measured on this device yet: 'fovea tune' does\n", stderr);
    else if (good && !(o->json && strcmp(o->json, "-") == 0))
        print_table(choices, room, speed.gflops);
    free(choices);
    return good;
}

int command_tune(int argc, char **argv)
{
    tune_options o = {.depth = 50, .classes = 80, .seconds = 60, .tune = {.batch = 2}};
    int operand;
    const options_result parsed = options_parse(&table, &o, argc, argv, &operand);
    if (parsed != OPTIONS_GO)
        return parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    if (!options_sizes_agree(&table, o.tune.size, o.tune.max_size))
        return EXIT_MISUSED;
    fovea_device *device = pick_device(o.device, false);
    const bool good = device && (o.show || measure(device, &o)) && show(device, &o);
    fovea_device_close(device);
    return !good ? EXIT_FAILED : stop_signal ? 128 + stop_signal : EXIT_DONE;
}
