/* fovea detect: what a model sees in pictures, as text, JSON, or drawn on them. */
#include "commands.h"
#include "detect_output.h"
#include "options.h"
#include "pick_device.h"
#include "pictures.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct detect_options {
    const char *model, *device;
    const char *lists[OPTIONS_MOST_TEXTS + 1];
    detect_wishes wishes;
    bool recursive;
    int size, max_size;
    double min_score, norm_epsilon;
} detect_options;

static const options_need of_coco[] = {
    {"coco", 1, .sentence = "gives --coco its image ids, and --coco is missing"}, {.option = NULL}};

static const options_row rows[] = {
    {"model", "FILE", "The model: one that 'fovea train' made, or its RUN, or a torchvision RetinaNet's state_dict "
     "saved by safetensors.", .kind = OPTIONS_TEXT, .at = offsetof(detect_options, model)},
    {"min-score", "S", "Leave out what scores S or less (0.3).",
     .kind = OPTIONS_NUMBER, .at = offsetof(detect_options, min_score), .low = 0, .high = 1, .zero_is_none = true},
    {"list", "FILE", "Also take what FILE names, a picture, folder or pattern a line; '-': standard input, after all "
     "others and as it comes, but where --draw, --sheet or --annotations must know all pictures first. Up to 16 times.",
     .kind = OPTIONS_TEXTS, .at = offsetof(detect_options, lists)},
    {"recursive", NULL, "Look into the folders in folders, too; links to folders are not followed.",
     .kind = OPTIONS_FLAG, .at = offsetof(detect_options, recursive)},
    {"json", "FILE", "Write a list of pictures and their boxes as JSON to FILE; '-': to stdout, instead of text.",
     .kind = OPTIONS_TEXT, .at = offsetof(detect_options, wishes.json), .writes = OPTIONS_WRITTEN},
    {"jsonl", "FILE", "The same, a picture a line, each written at once; '-': to stdout, as for a pipe.",
     .kind = OPTIONS_TEXT, .at = offsetof(detect_options, wishes.jsonl), .writes = OPTIONS_WRITTEN},
    {"coco", "FILE", "Write COCO results, a row a box, as 'fovea evaluate --detections' and pycocotools read them; "
     "'-': to stdout. To be evaluated they want a low --min-score, such as 0.05 or 0.",
     .kind = OPTIONS_TEXT, .at = offsetof(detect_options, wishes.coco), .writes = OPTIONS_WRITTEN},
    {"annotations", "FILE", "Take the image ids of --coco from these COCO annotations, by file name (else ids count "
     "the pictures from 1, in the order given, and \"file_name\" tells which it was).",
     .kind = OPTIONS_TEXT, .at = offsetof(detect_options, wishes.annotations), .needs = of_coco},
    {"draw", "DIR", "Draw the boxes on copies of the pictures, made in DIR under their paths from the folder that all "
     "share. Pictures below 400 pixels are enlarged, so that labels can be read.",
     .kind = OPTIONS_TEXT, .at = offsetof(detect_options, wishes.draw)},
    {"sheet", "FILE", "Write a contact sheet, a JPEG of small pictures with their boxes; 49 on each, further ones in "
     "FILE_2 and so on.", .kind = OPTIONS_TEXT, .at = offsetof(detect_options, wishes.sheet), .writes = OPTIONS_DRAWN},
    {"size", "N", "Resize the shorter side to N pixels (the model's).",
     .kind = OPTIONS_INTEGER, .at = offsetof(detect_options, size), .low = 1, .high = 65500},
    {"max-size", "N", "but keep the longer side within N (the model's, or 5/3 of a --size given).",
     .kind = OPTIONS_INTEGER, .at = offsetof(detect_options, max_size), .low = 1, .high = 65500},
    {"norm-eps", "E", "Batch norm's epsilon (the model's, else 1e-5; torchvision's own COCO_V1 weights want 0).",
     .kind = OPTIONS_NUMBER, .at = offsetof(detect_options, norm_epsilon), .low = 0, .high = 1, .zero_is_none = true},
    {"device", "TEXT", PICK_DEVICE_HELP, .kind = OPTIONS_TEXT, .at = offsetof(detect_options, device)},
};

static const options_table table = {
    .command = "detect",
    .usage = {"--model FILE [--min-score S] [--json FILE] [--draw DIR] PICTURE|DIR|PATTERN..."},
    .summary = "Finds objects in JPEG and PNG pictures, in the *.jpg, *.jpeg and *.png of folders, or in what quoted "
               "patterns such as 'photos/*.jpg' match. Prints a line an object: picture, class, score and box in "
               "pixels of the picture. A picture that cannot be read is named, the others are done, and the exit code is 1.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea detect --model run/model.safetensors photo.jpg\n"
                "  fovea detect --model run/model.safetensors --draw drawn --json a.json photos\n"
                "  fovea detect --model run/model.safetensors --sheet sheet.jpg 'photos/2024-*'\n"
                "  find . -name '*.jpg' | fovea detect --model m.safetensors --list - --jsonl -\n",
    .operands = true,
};

/* Is standard input a list that is read while pictures are looked at? */
static bool is_streamed(const detect_options *o)
{
    bool standard = false;
    for (int i = 0; o->lists[i]; i++)
        standard = standard || strcmp(o->lists[i], "-") == 0;
    return standard && !o->wishes.draw && !o->wishes.sheet && !o->wishes.annotations;
}

/* The pictures that operands and lists name; one that names nothing is a failure of its own. */
static bool list_pictures(folder_list *pictures, const detect_options *o, int argc, char **argv, int first)
{
    bool good = true;
    for (int i = first; i < argc; i++)
        good = pictures_add(pictures, argv[i], o->recursive) && good;
    for (int i = 0; o->lists[i]; i++)
        if (strcmp(o->lists[i], "-") != 0 || !is_streamed(o))
            good = pictures_add_list(pictures, o->lists[i], o->recursive) && good;
    return good;
}

/* What every picture of a call goes through. */
typedef struct detecting {
    detect_output *out;
    fovea_model *model;
    fovea_detect_options options;
    fovea_detection *found; /* DETECT_MOST */
    progress bar;
    bool bar_shown;
} detecting;

/* The picture of the list's place i, next in the reader. The first waits for kernels, which a terminal is told. */
static bool detect_picture(detecting *d, fovea_reader *reader, size_t i)
{
    fovea_image image;
    size_t n = 0;
    if (i == 0 && d->bar.terminal && d->bar.total > 0)
        progress_wait(&d->bar, "building kernels that the cache lacks");
    const bool seen = told(fovea_reader_next(reader, &image)) &&
                      told(fovea_detect(d->model, &image, &d->options, d->found, DETECT_MOST, &n));
    if (i == 0)
        progress_end(&d->bar);
    const bool done = seen && detect_output_add(d->out, i, &image, d->found, n);
    fovea_image_clear(&image);
    if (d->bar_shown)
        progress_update(&d->bar, (int64_t)i + 1, "%s", "");
    return done;
}

/* A picture that fails is told of, and the others are still done. */
static bool detect_from(detecting *d, size_t first)
{
    const size_t count = d->out->pictures->count;
    fovea_reader *reader = pictures_read(d->out->pictures, first);
    bool good = reader != NULL;
    for (size_t i = first; i < count && reader && !stop_signal && detect_output_works(d->out); i++)
        good = detect_picture(d, reader, i) && good;
    fovea_reader_close(reader);
    return good;
}

/* What is on the list, then what standard input says. */
static bool detect_all(detect_output *out, folder_list *pictures, fovea_model *model, const detect_options *o)
{
    pictures_stream stream = {.ended = !is_streamed(o)};
    detecting d = {
        .out = out,
        .model = model,
        .options = {.min_score = (float)o->min_score, .size = o->size, .max_size = o->max_size},
        .found = calloc(DETECT_MOST, sizeof *d.found),
        .bar = progress_begin("detecting", 0, (int64_t)pictures->count),
        .bar_shown = pictures->count > 1 && stream.ended && !(out->as_text && isatty(STDOUT_FILENO))};
    if (!d.found) {
        fputs("fovea: out of memory for the detections of a picture\n", stderr);
        return false;
    }
    bool good = detect_from(&d, 0);
    while (!stream.ended && !stop_signal && detect_output_works(out)) {
        const size_t first = pictures->count;
        good = pictures_add_coming(pictures, &stream, o->recursive) && good;
        good = detect_from(&d, first) && good;
        fflush(stdout); /* who sends a name may wait for what is said of it */
    }
    if (d.bar_shown)
        progress_end(&d.bar);
    pictures_stream_free(&stream);
    free(d.found);
    return good;
}

static bool detect_pictures(const detect_options *o, folder_list *pictures)
{
    const fovea_load_options load = {.norm_epsilon = (float)o->norm_epsilon};
    fovea_device *device = NULL;
    fovea_model *model = NULL;
    detect_output out;
    bool ready = detect_output_plan(&out, &o->wishes, pictures);
    if (ready)
        device = pick_device(o->device, false);
    ready = device && told(run_folder_load(&model, device, o->model, &load));
    const bool whole_files = o->wishes.json || o->wishes.jsonl || o->wishes.coco || o->wishes.sheet;
    if (ready && whole_files)
        stop_on_signals("after this picture"); /* half a file is dropped */
    ready = ready && detect_output_open(&out, model);
    const bool good = ready && detect_all(&out, pictures, model, o);
    const bool closed = detect_output_close(&out, ready && !stop_signal);
    fovea_model_free(model);
    fovea_device_close(device);
    const bool whole = good && closed && !stop_signal;
    if (whole && o->wishes.draw)
        fprintf(stderr, "drawings are in %s\n", o->wishes.draw);
    if (whole && o->wishes.sheet)
        fprintf(stderr, "the contact sheet is %s\n", o->wishes.sheet);
    return good && closed;
}

/* One file at most can go to stdout. */
static bool check_wishes(const detect_wishes *w)
{
    const char *const names[] = {"json", "jsonl", "coco"}, *const files[] = {w->json, w->jsonl, w->coco};
    const char *first = NULL;
    for (int i = 0; i < 3; i++) {
        if (!files[i] || strcmp(files[i], "-") != 0)
            continue;
        if (first) {
            options_misused(&table, "--%s - and --%s - cannot both go to stdout", first, names[i]);
            return false;
        }
        first = names[i];
    }
    return true;
}

int command_detect(int argc, char **argv)
{
    detect_options o = {.min_score = 0.3};
    int first;
    const options_result parsed = options_parse(&table, &o, argc, argv, &first);
    if (parsed != OPTIONS_GO)
        return parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    if (!o.model)
        return options_misused(&table, "--model is missing");
    if (!options_sizes_agree(&table, o.size, o.max_size) || !check_wishes(&o.wishes))
        return EXIT_MISUSED;
    if (first == argc && !o.lists[0])
        return options_misused(&table, "no picture and no folder is named");

    folder_list pictures = {0};
    bool good = list_pictures(&pictures, &o, argc, argv, first);
    if (pictures.count > 0 || is_streamed(&o))
        good = detect_pictures(&o, &pictures) && good;
    folder_list_free(&pictures);
    return stop_signal ? 128 + stop_signal : good ? EXIT_DONE : EXIT_FAILED;
}
