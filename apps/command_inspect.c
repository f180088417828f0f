/* fovea inspect: what is wrong with a data set, before it is trained on. */
#include "commands.h"
#include "data_options.h"
#include "inspect_report.h"
#include "json_out.h"
#include "pick_device.h"
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct inspect_options {
    data_options data;
    const char *against, *against_images, *fix, *json, *html;
    fovea_coverage_options anchors;
    int profile;
} inspect_options;

static const options_choice profiles[] = {
    {"paper", FOVEA_PROFILE_PAPER}, {"torchvision", FOVEA_PROFILE_TORCHVISION}, {NULL, 0}};

static const options_need of_another[] = {{"against", 1, .sentence = "needs --against"}, {.option = NULL}};

static const options_row rows[] = {
    DATA_OPTIONS_ROWS(inspect_options),
    {"against", "FILE", "Boxes of another split: a picture that both show is a fault.", .kind = OPTIONS_TEXT,
     .at = offsetof(inspect_options, against)},
    {"against-images", "DIR", "The folder of its pictures (--images).", .kind = OPTIONS_TEXT,
     .at = offsetof(inspect_options, against_images), .needs = of_another},
    {"fix", "OUT", "Write a copy of the annotations without the faults that can be mended to OUT, a new file. The "
     "original stays as it is, and fields that are not mended keep their bytes; of VOC and YOLO the copy is COCO JSON.",
     .kind = OPTIONS_TEXT, .at = offsetof(inspect_options, fix)},
    {"json", "FILE", "Write everything that was found as JSON to FILE; '-': to stdout, instead of the text.",
     .kind = OPTIONS_TEXT, .at = offsetof(inspect_options, json), .writes = OPTIONS_WRITTEN},
    {"html", "FILE", "Write a page to FILE: faults, charts of the boxes, anchor coverage, and pictures with their boxes.",
     .kind = OPTIONS_TEXT, .at = offsetof(inspect_options, html), .writes = OPTIONS_WRITTEN},
    {"size", "N", "Anchor coverage is that of a model that resizes the shorter side to N (600)", .kind = OPTIONS_INTEGER,
     .at = offsetof(inspect_options, anchors.size), .low = 1, .high = 65500},
    {"max-size", "N", "but keeps the longer side within N (5/3 of --size).", .kind = OPTIONS_INTEGER,
     .at = offsetof(inspect_options, anchors.max_size), .low = 1, .high = 65500},
    {"profile", "NAME", "Whose anchors: paper or torchvision (paper).", .kind = OPTIONS_CHOICE,
     .at = offsetof(inspect_options, profile), .choices = profiles},
    {"anchor-scales", "N", "Anchor sizes an octave (3).", .kind = OPTIONS_INTEGER,
     .at = offsetof(inspect_options, anchors.anchor_scales), .low = 1, .high = 4},
    {"anchor-ratios", "N", "Anchor shapes, 1 or 3 (3).", .kind = OPTIONS_INTEGER,
     .at = offsetof(inspect_options, anchors.anchor_ratios), .low = 1, .high = 3},
};

static const options_table table = {
    .command = "inspect",
    .usage = {"--images DIR --annotations FILE [--against FILE] [--fix OUT] [--json FILE] [--html FILE] "
              "[--size N]"},
    .summary = "Opens every picture and checks every box of a data set, and names each fault with file, id and what to "
               "do about it; counts boxes by class, size and shape, and those that a model's anchors cover. Exits with "
               "0 where there is no fault and with 1 where there are some, mended by --fix or not (notes, and boxes "
               "that no anchor covers, are none). Needs no device.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea inspect --images photos --annotations train.json\n"
                "  fovea inspect --images photos --annotations val.json --against train.json \\\n"
                "      --fix val_clean.json\n"
                "  fovea inspect --images photos --annotations train.json --size 400 \\\n"
                "      --html photos.html\n"
                "  fovea inspect --images data/images --annotations data/data.yaml#val\n",
};

static bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static int check(const inspect_options *o)
{
    if (!o->data.annotations)
        return options_misused(&table, "--annotations is missing");
    if (!o->data.images)
        return options_misused(&table, "--images is missing");
    if (is_stdout(o->fix))
        return options_misused(&table, "--fix takes a file, not stdout");
    if (is_stdout(o->json) && is_stdout(o->html))
        return options_misused(&table, "--json and --html cannot go to stdout together");
    if (o->anchors.anchor_ratios == 2)
        return options_misused(&table, "--anchor-ratios takes 1 or 3, not 2");
    if (!options_sizes_agree(&table, o->anchors.size, o->anchors.max_size))
        return EXIT_MISUSED;
    return EXIT_DONE;
}

static void show(void *cookie, size_t done, size_t total)
{
    progress *bar = cookie;
    bar->total = (int64_t)total;
    progress_update(bar, (int64_t)done, "%s", "");
}

static bool write_page(const char *path, const inspect_report *report)
{
    json_out out;
    if (!json_out_open(&out, path))
        return false;
    inspect_html_write(out.stream, report);
    return json_out_close(&out, true);
}

/* As fovea_inspection_save() would say once all pictures were looked at. */
static bool fix_is_new(const char *path)
{
    if (!path || access(path, F_OK) != 0)
        return true;
    fprintf(stderr, "fovea: %s: is there already and is not written over; name a new file for the mended copy\n", path);
    return false;
}

/* Opens, mends, measures and tells; true where there is no fault. */
static bool inspect(const inspect_options *o, inspect_report *report, fovea_inspection **inspection)
{
    if (!fix_is_new(o->fix))
        return false;
    progress bar = progress_begin("looking at pictures", 0, 0);
    const fovea_inspect_options options = {.against = o->against, .against_images = o->against_images, .report = show,
                                           .cookie = &bar, .format = (fovea_format)o->data.format};
    const fovea_status opened = fovea_inspection_open(inspection, o->data.images, o->data.annotations, &options);
    progress_end(&bar);
    if (!told(opened) || (o->fix && !told(fovea_inspection_save(*inspection, o->fix))))
        return false;
    *report = (inspect_report){.inspection = *inspection, .images = o->data.images, .annotations = o->data.annotations,
                               .fixed = o->fix};
    if (!inspect_report_make(report, &o->anchors))
        return false;
    if (o->json && !json_out_write(o->json, inspect_report_json(report), true))
        return false;
    if (o->html && !write_page(o->html, report))
        return false;
    if (!is_stdout(o->json) && !is_stdout(o->html))
        inspect_report_print(report);
    return inspect_report_count(report) == 0;
}

int command_inspect(int argc, char **argv)
{
    inspect_options o = {.anchors = {.size = 600, .anchor_scales = 3, .anchor_ratios = 3}, .profile = FOVEA_PROFILE_PAPER};
    int operand;
    const options_result parsed = options_parse(&table, &o, argc, argv, &operand);
    if (parsed != OPTIONS_GO)
        return parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    const int code = check(&o);
    if (code != EXIT_DONE)
        return code;
    o.anchors.profile = (fovea_profile)o.profile;
    fovea_inspection *inspection = NULL;
    inspect_report report = {0};
    const bool clean = inspect(&o, &report, &inspection);
    inspect_report_clear(&report);
    fovea_inspection_close(inspection);
    return clean ? EXIT_DONE : EXIT_FAILED;
}
