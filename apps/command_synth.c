/* fovea synth: draws a data set of small shapes over cluttered grounds, as JPEG and COCO JSON. */
#include "commands.h"
#include "folder.h"
#include "json_out.h"
#include "options.h"
#include "pick_device.h"
#include "progress.h"
#include "scene.h"

#include <stdio.h>
#include <string.h>

typedef struct synth_options {
    const char *out;
    int train, val, fresh, size[2], classes, objects[2], decoys;
    bool hard;
    double radius[2];
    uint64_t seed;
} synth_options;

static const options_row rows[] = {
    {"out", "DIR", "Where the data set goes: a folder that is empty or not there yet.",
     .kind = OPTIONS_TEXT, .at = offsetof(synth_options, out)},
    {"train", "N", "Pictures to train on, images/train_*.jpg and train.json (200).",
     .kind = OPTIONS_INTEGER, .at = offsetof(synth_options, train), .low = 1, .high = 99999},
    {"val", "N", "Pictures to validate on, images/val_*.jpg and val.json (50).",
     .kind = OPTIONS_INTEGER, .at = offsetof(synth_options, val), .low = 0, .high = 99999},
    {"new", "N", "Pictures without annotations, new/*.jpg, to detect on (12).",
     .kind = OPTIONS_INTEGER, .at = offsetof(synth_options, fresh), .low = 0, .high = 99999},
    {"size", "WxH", "Width and height of the pictures (192x160).",
     .kind = OPTIONS_EXTENT, .at = offsetof(synth_options, size), .low = 16, .high = 8192},
    {"classes", "N", "How many of disc, square, triangle, ring, cross and star are drawn (4).",
     .kind = OPTIONS_INTEGER, .at = offsetof(synth_options, classes), .low = 1, .high = SCENE_CLASSES},
    {"objects", "LO-HI", "Objects a picture; fewer where there is no room (3-8).",
     .kind = OPTIONS_SPAN, .at = offsetof(synth_options, objects), .low = 1, .high = SCENE_MAX_OBJECTS},
    {"radius", "LO,HI", "Of the shapes, as shares of the shorter side (0.08,0.2).",
     .kind = OPTIONS_PAIR, .at = offsetof(synth_options, radius), .low = 0.001, .high = 0.4},
    {"decoys", "N", "Halves of the shapes a picture, which are no objects (0).",
     .kind = OPTIONS_INTEGER, .at = offsetof(synth_options, decoys), .low = 0, .high = 10000},
    {"hard", NULL, "What the experiments of bench/paper draw: as --size 256x256 --objects 1-4 --radius 0.04,0.08 "
     "--decoys 24. Few small objects, thousands of anchors for each, and clutter that looks like objects. Options given "
     "besides win.", .kind = OPTIONS_FLAG, .at = offsetof(synth_options, hard)},
    {"seed", "S", "The same seed draws the same pictures (0).",
     .kind = OPTIONS_SEED, .at = offsetof(synth_options, seed)},
};

static const options_table table = {
    .command = "synth",
    .usage = {"--out DIR [--train N] [--val N] [--new N] [--size WxH] [--classes N]"},
    .summary = "Draws a data set: small shapes of several classes, sizes, colours and turns over cluttered, textured "
               "grounds, each with its tight box. Needs no device.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea synth --out shapes\n"
                "  fovea synth --out big --train 2000 --val 200 --size 640x480 --classes 6\n"
                "  fovea synth --out hard --hard --train 400 --val 100\n",
};

static cJSON *annotation(int64_t id, int64_t image_id, const fovea_box *box)
{
    cJSON *row = cJSON_CreateObject(), *bbox = cJSON_AddArrayToObject(row, "bbox");
    const double values[4] = {box->x0, box->y0, box->x1 - box->x0, box->y1 - box->y0};
    for (int i = 0; i < 4; i++)
        cJSON_AddItemToArray(bbox, cJSON_CreateNumber(values[i]));
    json_add_integer(row, "id", id);
    json_add_integer(row, "image_id", image_id);
    cJSON_AddNumberToObject(row, "category_id", box->label + 1);
    cJSON_AddNumberToObject(row, "area", values[2] * values[3]);
    cJSON_AddNumberToObject(row, "iscrowd", 0);
    return row;
}

static cJSON *picture_row(int64_t id, const char *name, const fovea_image *image)
{
    cJSON *row = cJSON_CreateObject();
    json_add_integer(row, "id", id);
    cJSON_AddStringToObject(row, "file_name", name);
    cJSON_AddNumberToObject(row, "width", image->width);
    cJSON_AddNumberToObject(row, "height", image->height);
    return row;
}

/* Draws `count` pictures DIR/FOLDER/SPLIT_0001.jpg and, where there are annotations, DIR/SPLIT.json. */
static bool draw_split(const synth_options *o, const char *folder, const char *split, int first, int count,
                       bool annotated, progress *bar)
{
    cJSON *whole = cJSON_CreateObject();
    cJSON *images = cJSON_AddArrayToObject(whole, "images"), *boxes = cJSON_AddArrayToObject(whole, "annotations");
    cJSON *categories = cJSON_AddArrayToObject(whole, "categories");
    for (int i = 0; i < o->classes; i++) {
        cJSON *category = cJSON_CreateObject();
        cJSON_AddNumberToObject(category, "id", i + 1);
        cJSON_AddStringToObject(category, "name", scene_class_name(i));
        cJSON_AddItemToArray(categories, category);
    }
    bool good = true;
    int64_t box_id = 0;
    for (int i = 0; i < count && good; i++) {
        scene_plan plan = {.width = o->size[0], .height = o->size[1], .classes = o->classes,
                           .objects = {o->objects[0], o->objects[1]},
                           .radius = {o->radius[0], o->radius[1]}, .decoys = o->decoys, .seed = o->seed,
                           .picture = (uint64_t)(first + i)};
        char name[32], path[FOLDER_PATH];
        snprintf(name, sizeof name, "%s_%04d.jpg", split, i + 1);
        fovea_image image = {0};
        fovea_box found[SCENE_MAX_OBJECTS];
        size_t n = 0;
        good = folder_join(path, o->out, folder, name) && !scene_draw(&image, &plan, found, &n) &&
               !fovea_image_write_jpeg(&image, path, 90);
        if (!good)
            print_failure();
        cJSON_AddItemToArray(images, picture_row(i + 1, name, &image));
        for (size_t b = 0; b < n; b++)
            cJSON_AddItemToArray(boxes, annotation(++box_id, i + 1, &found[b]));
        fovea_image_clear(&image);
        progress_update(bar, first + i + 1, "%s", "");
    }
    char name[32], path[FOLDER_PATH];
    snprintf(name, sizeof name, "%s.json", split);
    if (good && annotated && folder_join(path, o->out, name, NULL))
        return json_out_write(path, whole, false);
    cJSON_Delete(whole);
    return good;
}

/* Fills in the defaults, which --hard changes. */
static void resolve(synth_options *o)
{
    const synth_options usual = {.size = {192, 160}, .objects = {3, 8}, .radius = {0.08, 0.2}};
    const synth_options hard = {.size = {256, 256}, .objects = {1, 4}, .radius = {0.04, 0.08}, .decoys = 24};
    const synth_options *from = o->hard ? &hard : &usual;
    for (int i = 0; i < 2; i++) {
        o->size[i] = o->size[i] ? o->size[i] : from->size[i];
        o->objects[i] = o->objects[i] ? o->objects[i] : from->objects[i];
        o->radius[i] = o->radius[i] > 0 ? o->radius[i] : from->radius[i];
    }
    o->decoys = o->decoys < 0 ? from->decoys : o->decoys;
}

int command_synth(int argc, char **argv)
{
    synth_options o = {.train = 200, .val = 50, .fresh = 12, .classes = 4, .decoys = -1};
    int operand;
    const options_result result = options_parse(&table, &o, argc, argv, &operand);
    if (result != OPTIONS_GO)
        return result == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    if (!o.out)
        return options_misused(&table, "--out is missing");
    resolve(&o);

    if (!folder_is_free(o.out)) {
        fprintf(stderr, "fovea: %s: is not an empty folder; a data set is drawn into one of its own\n", o.out);
        return EXIT_FAILED;
    }
    char images[FOLDER_PATH], fresh[FOLDER_PATH];
    if (!folder_join(images, o.out, "images", NULL) || !folder_join(fresh, o.out, "new", NULL) ||
        !folder_make(images) || (o.fresh > 0 && !folder_make(fresh)))
        return EXIT_FAILED;

    progress bar = progress_begin("drawing", 0, o.train + o.val + o.fresh);
    const bool good = draw_split(&o, "images", "train", 0, o.train, true, &bar) &&
                      draw_split(&o, "images", "val", o.train, o.val, true, &bar) &&
                      draw_split(&o, "new", "new", o.train + o.val, o.fresh, false, &bar);
    progress_end(&bar);
    if (!good)
        return EXIT_FAILED;
    printf("%s: %d pictures to train on, %d to validate on, %d new ones\n", o.out, o.train, o.val, o.fresh);
    return EXIT_DONE;
}
