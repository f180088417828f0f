/* fovea detect: what a model sees in pictures, as text, JSON, or drawn on them. */
#include "commands.h"
#include "draw.h"
#include "folder.h"
#include "json_out.h"
#include "options.h"
#include "pick_device.h"
#include "progress.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DETECTIONS = 1000, LABEL_SIZE = 128 };

typedef struct detect_options {
    const char *model, *json, *draw, *device;
    int size, max_size;
    double min_score, norm_epsilon;
} detect_options;

static const options_row rows[] = {
    {"model", "FILE", "The model: one that 'fovea train' made, or a torchvision RetinaNet's state_dict saved by "
     "safetensors.", .kind = OPTIONS_TEXT, .at = offsetof(detect_options, model)},
    {"min-score", "S", "Leave out what scores S or less (0.3).",
     .kind = OPTIONS_NUMBER, .at = offsetof(detect_options, min_score), .low = 0, .high = 1, .zero_is_none = true},
    {"json", "FILE", "Write a list of pictures and their boxes as JSON to FILE; '-': to stdout, instead of text.",
     .kind = OPTIONS_TEXT, .at = offsetof(detect_options, json)},
    {"draw", "DIR", "Draw the boxes on copies of the pictures, made in DIR under their names; a name that comes twice "
     "gets a number. Pictures below 400 pixels are enlarged, so that labels can be read.",
     .kind = OPTIONS_TEXT, .at = offsetof(detect_options, draw)},
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
    .usage = {"--model FILE [--min-score S] [--json FILE] [--draw DIR] PICTURE|DIR..."},
    .summary = "Finds objects in JPEG and PNG pictures, or in the *.jpg, *.jpeg and *.png of folders. Prints a line an object: "
               "picture, class, score and box in pixels of the picture. A picture that cannot be read is named, the "
               "others are done, and the exit code is 1.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea detect --model run/model.safetensors photo.jpg\n"
                "  fovea detect --model run/model.safetensors --draw drawn --json a.json photos\n",
    .operands = true,
};

typedef struct detecting {
    const detect_options *o;
    fovea_model *model;
    fovea_detection *found;
    char (*labels)[LABEL_SIZE]; /* of the detections, "disc 0.98" */
    draw_box *boxes;
    folder_list drawn; /* paths written so far */
    json_out json;
    bool as_text;
} detecting;

static cJSON *picture_json(const detecting *d, const char *path, const fovea_image *image, size_t count)
{
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "file", path);
    cJSON_AddNumberToObject(row, "width", image->width);
    cJSON_AddNumberToObject(row, "height", image->height);
    cJSON *boxes = cJSON_AddArrayToObject(row, "boxes");
    for (size_t i = 0; i < count; i++) {
        const fovea_detection *f = &d->found[i];
        cJSON *box = cJSON_CreateObject();
        json_add_integer(box, "category_id", fovea_model_category_id(d->model, f->label));
        cJSON_AddStringToObject(box, "class", fovea_model_label(d->model, f->label));
        json_add_float(box, "score", f->score);
        json_add_float(box, "x0", f->x0);
        json_add_float(box, "y0", f->y0);
        json_add_float(box, "x1", f->x1);
        json_add_float(box, "y1", f->y1);
        cJSON_AddItemToArray(boxes, box);
    }
    return row;
}

static void print_text(const detecting *d, const char *path, size_t count)
{
    if (count == 0)
        printf("%s  nothing\n", path);
    for (size_t i = 0; i < count; i++) {
        const fovea_detection *f = &d->found[i];
        printf("%s  %s %.3f  x %.1f..%.1f  y %.1f..%.1f\n", path, fovea_model_label(d->model, f->label),
               (double)f->score, (double)f->x0, (double)f->x1, (double)f->y0, (double)f->y1);
    }
}

static bool was_drawn(const detecting *d, const char *path)
{
    for (size_t i = 0; i < d->drawn.count; i++)
        if (strcmp(d->drawn.paths[i], path) == 0)
            return true;
    return false;
}

/* DIR/name.jpg, or DIR/name_2.jpg and so on where this call has drawn one of that name. */
static bool choose_name(detecting *d, char out[FOLDER_PATH], const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    const int stem = (int)(dot && dot > name ? dot - name : (long)strlen(name));
    for (int copy = 1;; copy++) {
        char file[FOLDER_PATH], number[16] = "";
        if (copy > 1)
            snprintf(number, sizeof number, "_%d", copy);
        snprintf(file, sizeof file, "%.*s%s.jpg", stem, name, number);
        if (!folder_join(out, d->o->draw, file, NULL))
            return false;
        if (!was_drawn(d, out))
            return folder_list_add(&d->drawn, out);
    }
}

static bool draw_found(detecting *d, const char *path, const fovea_image *image, size_t count)
{
    char to[FOLDER_PATH];
    if (!choose_name(d, to, path))
        return false;
    for (size_t i = 0; i < count; i++) {
        const fovea_detection *f = &d->found[i];
        snprintf(d->labels[i], LABEL_SIZE, "%.*s %.2f", LABEL_SIZE - 16, fovea_model_label(d->model, f->label),
                 (double)f->score);
        d->boxes[i] = (draw_box){f->x0, f->y0, f->x1, f->y1, .label = f->label, .text = d->labels[i]};
    }
    fovea_image drawn = {0};
    const bool good =
        draw_picture(&drawn, image, d->boxes, count) && told(fovea_image_write_jpeg(&drawn, to, 0));
    fovea_image_clear(&drawn);
    return good;
}

/* One picture from file to answer. False after a sentence; the others are still done. */
static bool detect_picture(detecting *d, const char *path)
{
    const detect_options *o = d->o;
    const fovea_detect_options options = {
        .min_score = (float)o->min_score, .size = o->size, .max_size = o->max_size};
    fovea_image image = {0};
    size_t count = 0;
    bool good = !fovea_image_read(&image, path) &&
                !fovea_detect(d->model, &image, &options, d->found, MOST_DETECTIONS, &count);
    if (!good)
        print_failure();
    if (good && o->json) {
        json_out_text(&d->json, d->json.items++ ? ",\n" : "\n");
        json_out_value(&d->json, picture_json(d, path, &image, count), false);
    }
    if (good && d->as_text)
        print_text(d, path, count);
    if (good && o->draw)
        good = draw_found(d, path, &image, count);
    fovea_image_clear(&image);
    return good;
}

/* The pictures that the operands name; a folder without any is a failure of its own. */
static bool list_pictures(folder_list *pictures, int argc, char **argv, int first)
{
    bool good = true;
    for (int i = first; i < argc; i++) {
        size_t added = 1;
        if (!folder_exists(argv[i]))
            good = folder_list_add(pictures, argv[i]) && good;
        else
            good = folder_list_pictures(pictures, argv[i], &added) && good;
        if (added == 0) {
            fprintf(stderr, "fovea: %s: the folder holds no *.jpg, *.jpeg or *.png\n", argv[i]);
            good = false;
        }
    }
    return good;
}

/* Drawings bear their pictures' names, so they must not go where pictures lie. */
static bool check_draw(const char *draw, const folder_list *pictures)
{
    for (size_t i = 0; i < pictures->count; i++) {
        char folder[FOLDER_PATH] = ".";
        const char *path = pictures->paths[i], *slash = strrchr(path, '/');
        if (slash)
            snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
        if (folder_same(folder, draw)) {
            fprintf(stderr, "fovea: %s: holds %s; drawings would overwrite pictures, give --draw another folder\n",
                    draw, path);
            return false;
        }
    }
    return true;
}

static bool prepare(detecting *d, const folder_list *pictures, fovea_device **device)
{
    const detect_options *o = d->o;
    const fovea_load_options load = {.norm_epsilon = (float)o->norm_epsilon};
    d->found = calloc(MOST_DETECTIONS, sizeof *d->found);
    d->labels = calloc(MOST_DETECTIONS, sizeof *d->labels);
    d->boxes = calloc(MOST_DETECTIONS, sizeof *d->boxes);
    if (!d->found || !d->labels || !d->boxes) {
        fputs("fovea: out of memory for the detections of a picture\n", stderr);
        return false;
    }
    if (o->draw && !check_draw(o->draw, pictures))
        return false;
    *device = pick_device(o->device, false);
    if (!*device)
        return false;
    if (fovea_model_load(&d->model, *device, o->model, &load)) {
        print_failure();
        return false;
    }
    if (o->draw && !folder_make(o->draw))
        return false;
    d->as_text = !(o->json && strcmp(o->json, "-") == 0);
    if (o->json)
        stop_on_signals(); /* half a file is dropped */
    return !o->json || json_out_open(&d->json, o->json);
}

static bool detect_all(detecting *d, const folder_list *pictures)
{
    bool good = true;
    const bool bar_shown = pictures->count > 1 && !(d->as_text && isatty(STDOUT_FILENO));
    progress bar = progress_begin("detecting", 0, (int64_t)pictures->count);
    if (d->o->json)
        json_out_text(&d->json, "[");
    for (size_t i = 0; i < pictures->count && !stop_signal; i++) {
        if (!detect_picture(d, pictures->paths[i]))
            good = false;
        if (bar_shown)
            progress_update(&bar, (int64_t)i + 1, "%s", "");
    }
    if (bar_shown)
        progress_end(&bar);
    if (d->o->json)
        json_out_text(&d->json, "\n]\n");
    return good;
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
    if (!options_sizes_agree(&table, o.size, o.max_size))
        return EXIT_MISUSED;
    if (first == argc)
        return options_misused(&table, "no picture and no folder is named");

    folder_list pictures = {0};
    detecting d = {.o = &o};
    fovea_device *device = NULL;
    bool good = list_pictures(&pictures, argc, argv, first);
    if (pictures.count > 0) {
        const bool ready = prepare(&d, &pictures, &device);
        good = ready && detect_all(&d, &pictures) && good;
        good = json_out_close(&d.json, ready && !stop_signal) && good;
    }
    fovea_model_free(d.model);
    fovea_device_close(device);
    folder_list_free(&d.drawn);
    folder_list_free(&pictures);
    free(d.found);
    free(d.labels);
    free(d.boxes);
    return stop_signal ? 128 + stop_signal : good ? EXIT_DONE : EXIT_FAILED;
}
