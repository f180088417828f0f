/* fovea inspect: what is wrong with a data set, before it is trained on. */
#include "commands.h"
#include "inspect_report.h"
#include "json_out.h"
#include "options.h"
#include "pick_device.h"
#include "progress.h"

#include <stdio.h>
#include <string.h>

typedef struct inspect_options {
    const char *images, *annotations, *against, *against_images, *fix, *json;
} inspect_options;

static const options_row rows[] = {
    {"annotations", "FILE", "COCO JSON with the boxes.", .kind = OPTIONS_TEXT,
     .at = offsetof(inspect_options, annotations)},
    {"images", "DIR", "The folder that the annotations' file names start from.", .kind = OPTIONS_TEXT,
     .at = offsetof(inspect_options, images)},
    {"against", "FILE", "COCO JSON of another split: a picture that both show is a fault.", .kind = OPTIONS_TEXT,
     .at = offsetof(inspect_options, against)},
    {"against-images", "DIR", "The folder of its pictures (--images).", .kind = OPTIONS_TEXT,
     .at = offsetof(inspect_options, against_images)},
    {"fix", "OUT", "Write a copy of the annotations without the faults that can be mended. The original stays as it is, "
     "and fields that are not mended keep their bytes.", .kind = OPTIONS_TEXT, .at = offsetof(inspect_options, fix)},
    {"json", "FILE", "Write everything that was found as JSON to FILE; '-': to stdout, instead of the text.",
     .kind = OPTIONS_TEXT, .at = offsetof(inspect_options, json)},
};

static const options_table table = {
    .command = "inspect",
    .usage = {"--images DIR --annotations FILE [--against FILE] [--fix OUT] [--json FILE]"},
    .summary = "Opens every picture and checks every box of a data set, and names each fault with file, id and what to "
               "do about it. Exits with 0 where there is none, with 1 where there are some (notes are none). Needs no "
               "device.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea inspect --images photos --annotations train.json\n"
                "  fovea inspect --images photos --annotations val.json --against train.json \\\n"
                "      --fix val_clean.json\n",
};

static int check(const inspect_options *o)
{
    if (!o->annotations)
        return options_misused(&table, "--annotations is missing");
    if (!o->images)
        return options_misused(&table, "--images is missing");
    if (o->against_images && !o->against)
        return options_misused(&table, "--against-images needs --against");
    if (o->fix && strcmp(o->fix, "-") == 0)
        return options_misused(&table, "--fix takes a file, not stdout");
    return EXIT_DONE;
}

static void show(void *cookie, size_t done, size_t total)
{
    progress *bar = cookie;
    bar->total = (int64_t)total;
    progress_update(bar, (int64_t)done, "%s", "");
}

int command_inspect(int argc, char **argv)
{
    inspect_options o = {0};
    int operand;
    const options_result parsed = options_parse(&table, &o, argc, argv, &operand);
    if (parsed != OPTIONS_GO)
        return parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    int code = check(&o);
    if (code != EXIT_DONE)
        return code;

    fovea_inspection *inspection = NULL;
    progress bar = progress_begin("looking at pictures", 0, 0);
    const fovea_inspect_options options = {.against = o.against, .against_images = o.against_images, .report = show,
                                           .cookie = &bar};
    const bool opened = !fovea_inspection_open(&inspection, o.images, o.annotations, &options);
    progress_end(&bar);
    code = EXIT_FAILED;
    if (!opened || (o.fix && fovea_inspection_save(inspection, o.fix))) {
        print_failure();
        goto done;
    }
    const bool to_stdout = o.json && strcmp(o.json, "-") == 0;
    if (o.json && !json_out_write(o.json, inspect_report_json(inspection, o.annotations), true))
        goto done;
    if (!to_stdout)
        inspect_report_print(inspection, o.annotations, o.fix);
    code = inspect_report_count(inspection) ? EXIT_FAILED : EXIT_DONE;
done:
    fovea_inspection_close(inspection);
    return code;
}
