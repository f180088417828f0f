/* fovea convert: a data set in another format. */
#include "commands.h"
#include "data_options.h"
#include "pick_device.h"

#include "fovea.h"

#include <stdio.h>
#include <string.h>

typedef struct convert_options {
    data_options data;
    const char *out, *split;
    int to, pictures;
    bool plain;
} convert_options;

static const options_choice targets[] = {
    {"coco", FOVEA_FORMAT_COCO}, {"voc", FOVEA_FORMAT_VOC}, {"yolo", FOVEA_FORMAT_YOLO}, {NULL, 0}};
static const options_choice places[] = {{"auto", FOVEA_PICTURES_DEFAULT},
                                        {"link", FOVEA_PICTURES_LINK},
                                        {"copy", FOVEA_PICTURES_COPY},
                                        {"none", FOVEA_PICTURES_NONE},
                                        {NULL, 0}};

static const options_need of_a_folder[] = {
    {"to", FOVEA_FORMAT_COCO, true, "names a part of a folder; with --to coco --out is the file itself"},
    {.option = NULL}};

static const options_row rows[] = {
    DATA_OPTIONS_ROWS(convert_options),
    {"to", "NAME", "The format to write: coco, voc or yolo.", .kind = OPTIONS_CHOICE,
     .at = offsetof(convert_options, to), .choices = targets},
    {"out", "PATH",
     "Where: a folder, of COCO a file. What is there already is never written over; data.yaml gets a line "
     "for each split.",
     .kind = OPTIONS_TEXT, .at = offsetof(convert_options, out)},
    {"split", "NAME",
     "What this part of the data set is called in the new place (the name of the annotations' file, of "
     "data.yaml its split, of a folder 'train').",
     .kind = OPTIONS_TEXT, .at = offsetof(convert_options, split), .needs = of_a_folder},
    {"pictures", "HOW",
     "link or copy them into JPEGImages or images/SPLIT, or none: they are read where they are (auto: "
     "link for VOC and YOLO, none for COCO and without --images).",
     .kind = OPTIONS_CHOICE, .at = offsetof(convert_options, pictures), .choices = places},
    {"plain", NULL,
     "The boxes alone: neither write nor read what lies beside them for the way back (fovea.SPLIT.json, and "
     "the members \"voc\" and \"yolo\" in COCO).",
     .kind = OPTIONS_FLAG, .at = offsetof(convert_options, plain)},
};

static const options_table table = {
    .command = "convert",
    .usage = {"--annotations FILE [--images DIR] --to coco|voc|yolo --out PATH [--split NAME]"},
    .summary =
        "Writes a data set in another format, as other tools expect it. What that has no place for is kept beside "
        "it in fovea.SPLIT.json, and heeded by every command that reads the files again: where nobody edited them, "
        "converting back gives the same bytes; where somebody did, the edit counts. Needs no device.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea convert --images photos --annotations train.json --to yolo --out yolo\n"
                "  fovea convert --images photos --annotations val.json --to yolo --out yolo\n"
                "  fovea convert --images yolo/images --annotations yolo/data.yaml#val \\\n"
                "      --to coco --out again.json\n"
                "  fovea convert --annotations VOC2007/ImageSets/Main/test.txt \\\n"
                "      --to coco --out test.json\n",
};

static int check(const convert_options *o)
{
    if (!o->data.annotations)
        return options_misused(&table, "--annotations is missing");
    if (!o->to)
        return options_misused(&table, "--to is missing: coco, voc or yolo");
    if (!o->out)
        return options_misused(&table, "--out is missing");
    if (strcmp(o->out, "-") == 0)
        return options_misused(&table, "--out takes a path, not stdout");
    const bool stay = o->pictures == FOVEA_PICTURES_NONE || o->pictures == FOVEA_PICTURES_DEFAULT;
    if (!o->data.images && (!stay || o->to == FOVEA_FORMAT_YOLO))
        return options_misused(&table, "--images is missing");
    if (o->to == FOVEA_FORMAT_COCO && !stay)
        return options_misused(&table, "--pictures %s: with --to coco they stay where they are",
                               o->pictures == FOVEA_PICTURES_COPY ? "copy" : "link");
    return EXIT_DONE;
}

static void show(void *cookie, const char *sentence)
{
    (void)cookie;
    fprintf(stderr, "fovea: %s\n", sentence);
}

/* What was made, and the options by which it is opened. */
static void print_result(const convert_options *o, const fovea_conversion *made)
{
    printf("%zu picture%s, %zu box%s; %zu file%s written\n", made->pictures, made->pictures == 1 ? "" : "s",
           made->boxes, made->boxes == 1 ? "" : "es", made->files, made->files == 1 ? "" : "s");
    const char *images = o->data.images ? o->data.images : "DIR", *split = made->split;
    int out = (int)strlen(o->out); /* without the slashes at its end */
    while (out > 1 && o->out[out - 1] == '/')
        out--;
    if (o->to == FOVEA_FORMAT_COCO)
        printf("--annotations %s\n", o->out);
    else if (o->to == FOVEA_FORMAT_YOLO)
        printf("--images %.*s/images --annotations %.*s/data.yaml#%s\n", out, o->out, out, o->out, split);
    else if (o->pictures == FOVEA_PICTURES_NONE)
        printf("--images %s --annotations %.*s/ImageSets/Main/%s.txt\n", images, out, o->out, split);
    else
        printf("--images %.*s/JPEGImages --annotations %.*s/ImageSets/Main/%s.txt\n", out, o->out, out, o->out, split);
}

int command_convert(int argc, char **argv)
{
    convert_options o = {0};
    int operand;
    const options_result parsed = options_parse(&table, &o, argc, argv, &operand);
    if (parsed != OPTIONS_GO)
        return parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    const int code = check(&o);
    if (code != EXIT_DONE)
        return code;
    if (!o.data.images && o.pictures == FOVEA_PICTURES_DEFAULT)
        o.pictures = FOVEA_PICTURES_NONE;
    fovea_conversion made;
    const fovea_convert_options options = {.from = (fovea_format)o.data.format, .split = o.split,
                                           .pictures = (fovea_pictures)o.pictures, .plain = o.plain, .note = show};
    if (fovea_dataset_convert(o.data.images ? o.data.images : "", o.data.annotations, (fovea_format)o.to, o.out,
                              &options, &made)) {
        print_failure();
        return EXIT_FAILED;
    }
    print_result(&o, &made);
    return EXIT_DONE;
}
