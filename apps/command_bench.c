/* fovea bench: how fast every device detects and trains, side by side. */
#include "bench_html.h"
#include "bench_row.h"
#include "bench_table.h"
#include "commands.h"
#include "json_out.h"
#include "options.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOTH = -1 };

typedef struct bench_options {
    const char *devices[OPTIONS_MOST_TEXTS + 1];
    const char *json, *html;
    int work, norm;
    bool unverified, profile;
    fovea_benchmark_options run; /* depth 0: the standard set's */
} bench_options;

static const options_choice works[] = {{"detect", FOVEA_WORK_DETECT}, {"step", FOVEA_WORK_STEP}, {NULL, 0}};
static const options_choice backbones[] = {
    {"resnet18", 18}, {"resnet34", 34}, {"resnet50", 50}, {"resnet101", 101}, {NULL, 0}};
static const options_choice norms[] = {{"frozen", FOVEA_NORM_FROZEN}, {"batch", FOVEA_NORM_TRAINING}, {NULL, 0}};

static const options_need of_steps[] = {
    {"work", FOVEA_WORK_DETECT, true, "is of training, --work step; detection takes one picture at a time"},
    {.option = NULL}};

#define AT(field) .at = offsetof(bench_options, field)

static const options_row rows[] = {
    {"device", "TEXT", "A device, by its number in 'fovea devices' or a part of a platform's or a device's name (of "
     "several the first); may be given several times; 'all': every one there is. Default: $FOVEA_DEVICE, else all.",
     OPTIONS_TEXTS, AT(devices)},
    {"work", "WHAT", "detect (one picture, from its pixels to final boxes) or step (of training: forward, losses, "
     "backward, SGD). Default: both.", OPTIONS_CHOICE, AT(work), .choices = works},
    {"backbone", "NAME", "resnet18, resnet34, resnet50 or resnet101. Default: resnet18 and resnet50.", OPTIONS_CHOICE,
     AT(run.depth), .choices = backbones},
    {"size", "N", "Side of the square pictures, in pixels (600).", OPTIONS_INTEGER, AT(run.size), .low = 32,
     .high = 8192},
    {"batch", "N", "Pictures in a training step (2). Detection takes one at a time.", OPTIONS_INTEGER, AT(run.batch),
     .low = 1, .high = 4096, .needs = of_steps},
    {"classes", "N", "Classes of the detector (80).", OPTIONS_INTEGER, AT(run.labels), .low = 1, .high = 10000},
    {"norm", "HOW", "Batch norm in training: batch or frozen (batch).", OPTIONS_CHOICE, AT(norm), .choices = norms,
     .needs = of_steps},
    {"runs", "N", "Timed runs, after two that are not; the median counts (5).", OPTIONS_INTEGER, AT(run.runs),
     .low = 1, .high = 1000},
    {"profile", NULL, "Time every kernel: a table by room of launches, time, rates and share of the device's peak, for "
     "one run; host and idle time. Slows some devices.", OPTIONS_FLAG, AT(profile)},
    {"unverified", NULL, "Do not look at the results before timing, for runs in a row, the first of which has looked. "
     "Building then takes what the caches that are there leave of it.", OPTIONS_FLAG, AT(unverified)},
    {"json", "FILE", "Write everything as JSON to FILE; '-': to stdout, instead of the table.", OPTIONS_TEXT,
     AT(json), .writes = OPTIONS_WRITTEN},
    {"html", "FILE", "Write a page with bar charts to FILE.", OPTIONS_TEXT, AT(html), .writes = OPTIONS_WRITTEN},
};

static const options_table table = {
    .command = "bench",
    .usage = {"[--device TEXT]... [--work detect|step] [--backbone NAME] [--size N] [--batch N] [--profile] "
              "[--json FILE] [--html FILE]"},
    .summary = "Times detection and training of RetinaNet with random weights on noise, on every device, after holding "
               "its results to known ones: a row whose results are wrong says so and is not timed. GFLOP/s "
               "counts the convolutions' operations by the direct algorithm; the share of peak is of the "
               "multiply-adds measured on the same device. Memory is the most that was held on the device, and by "
               "the process. Kernels are built once more from empty caches, to tell how long that takes. On two cores "
               "of a CPU a row takes about half a minute; there are four a device unless options ask for less.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea bench\n"
                "  fovea bench --device NVIDIA --device Portable --html speed.html\n"
                "  fovea bench --work step --backbone resnet50 --profile\n",
};

typedef struct bench {
    bench_options o;
    cJSON *document, *devices, *rows;
    json_out json, html;
    bool quiet, failed; /* no table; something failed */
} bench;

/* What a signal has ended is no result. */
static void add_row(bench *b, cJSON *row)
{
    if (stop_signal && *bench_text(row, "error")) {
        cJSON_Delete(row);
        return;
    }
    b->failed = b->failed || *bench_text(row, "error");
    if (!b->quiet)
        bench_table_row(row);
    else if (*bench_text(row, "error"))
        fprintf(stderr, "fovea: %s: %s\n", bench_text(row, "device"), bench_text(row, "error"));
    cJSON_AddItemToArray(b->rows, row);
}

/* The pieces of work that were asked for, on one device. */
static void bench_works(bench *b, const char *match, const cJSON *facts)
{
    static const int depths[] = {18, 50};
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
        if (b->o.run.depth && d > 0)
            break;
        for (int work = FOVEA_WORK_DETECT; work <= FOVEA_WORK_STEP; work++) {
            if (stop_signal || (b->o.work != BOTH && b->o.work != work))
                continue;
            bench_work w = {.match = match, .options = b->o.run, .unverified = b->o.unverified,
                            .profile = b->o.profile};
            w.options.work = (fovea_work)work;
            w.options.norm = (fovea_norm)b->o.norm;
            w.options.depth = b->o.run.depth ? b->o.run.depth : depths[d];
            fprintf(stderr, "%s: resnet%d %s at %d\n", bench_text(facts, "device"), w.options.depth, works[work].name,
                    w.options.size);
            add_row(b, bench_row(&w, facts));
        }
    }
}

/* A device that cannot be opened or measured is a row with its sentence. */
static void bench_one(bench *b, const char *match)
{
    cJSON *facts = bench_device(match);
    if (!*bench_text(facts, "error")) {
        cJSON_AddItemToArray(b->devices, facts);
        if (!b->quiet)
            bench_table_head(facts);
        bench_works(b, match, facts);
        return;
    }
    if (!*bench_text(facts, "device"))
        cJSON_AddStringToObject(facts, "device", match ? match : "the default device");
    add_row(b, facts);
}

static void bench_all(bench *b)
{
    cJSON *counted = bench_count_devices();
    const int count = (int)bench_number(counted, "count", 0);
    if (count == 0)
        bench_one(b, NULL);
    for (int i = 0; i < count && !stop_signal; i++) {
        char match[16];
        snprintf(match, sizeof match, "%d", i);
        bench_one(b, match);
    }
    cJSON_Delete(counted);
}

static void run(bench *b)
{
    const char *chosen = getenv("FOVEA_DEVICE");
    const char *const *devices = b->o.devices;
    if (!devices[0] && chosen && *chosen)
        bench_one(b, NULL);
    else if (!devices[0])
        bench_all(b);
    for (int i = 0; devices[i] && !stop_signal; i++) {
        if (strcmp(devices[i], "all") == 0)
            bench_all(b);
        else
            bench_one(b, devices[i]);
    }
}

/* Before anything is measured: hours may lie between. */
static bool open_outputs(bench *b)
{
    return (!b->o.json || json_out_open(&b->json, b->o.json)) && (!b->o.html || json_out_open(&b->html, b->o.html));
}

static bool write_outputs(bench *b)
{
    if (b->json.stream) {
        json_out_value(&b->json, cJSON_Duplicate(b->document, true), true);
        json_out_text(&b->json, "\n");
    }
    if (b->html.stream)
        bench_html_write(&b->html, b->document);
    const bool good = json_out_close(&b->json, true);
    return json_out_close(&b->html, true) && good;
}

int command_bench(int argc, char **argv)
{
    bench b = {.o = {.work = BOTH, .norm = FOVEA_NORM_TRAINING,
                     .run = {.size = 600, .batch = 2, .labels = 80, .runs = 5}}};
    int operand;
    const options_result parsed = options_parse(&table, &b.o, argc, argv, &operand);
    if (parsed != OPTIONS_GO)
        return parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    if (b.o.json && b.o.html && strcmp(b.o.json, "-") == 0 && strcmp(b.o.html, "-") == 0)
        return options_misused(&table, "--json and --html cannot both go to stdout");
    b.quiet = (b.o.json && strcmp(b.o.json, "-") == 0) || (b.o.html && strcmp(b.o.html, "-") == 0);
    if (!open_outputs(&b)) {
        json_out_close(&b.json, false);
        return EXIT_FAILED;
    }
    stop_on_signals("with what was measured by now");
    b.document = cJSON_CreateObject();
    cJSON_AddStringToObject(b.document, "fovea", fovea_version());
    b.devices = cJSON_AddArrayToObject(b.document, "devices");
    b.rows = cJSON_AddArrayToObject(b.document, "rows");
    run(&b);
    const bool written = write_outputs(&b);
    cJSON_Delete(b.document);
    return b.failed || !written ? EXIT_FAILED : stop_signal ? 128 + stop_signal : EXIT_DONE;
}
