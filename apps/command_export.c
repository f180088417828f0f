/* fovea export: a model as an ONNX file. */
#include "commands.h"
#include "options.h"
#include "pick_device.h"
#include "run_folder.h"

#include <stdio.h>
#include <sys/stat.h>

typedef struct export_options {
    const char *model, *out, *device;
    int size, max_size, max_detections;
    double min_score, max_overlap, norm_epsilon;
    bool raw;
} export_options;

#define AT(field) .at = offsetof(export_options, field)

static const options_need not_raw[] = {
    {"raw", 0, .sentence = "has no effect with --raw, which writes the network alone"}, {.option = NULL}};

static const options_row rows[] = {
    {"model", "FILE", "The model: one that 'fovea train' made, or its RUN (of a run with --ema model.safetensors is the "
     "average, last.safetensors the weights), or a torchvision RetinaNet's state_dict saved by safetensors.", OPTIONS_TEXT,
     AT(model)},
    {"out", "FILE", "The ONNX file to write.", OPTIONS_TEXT, AT(out), .writes = OPTIONS_WRITTEN},
    {"size", "N", "Resize the shorter side to N pixels (the model's).", OPTIONS_INTEGER, AT(size), .low = 1,
     .high = 65500, .needs = not_raw},
    {"max-size", "N", "but keep the longer side within N (the model's, or 5/3 of a --size given).", OPTIONS_INTEGER,
     AT(max_size), .low = 1, .high = 65500, .needs = not_raw},
    {"min-score", "S", "Leave out what scores S or less (0.05).", OPTIONS_NUMBER, AT(min_score), .low = 0, .high = 1,
     .zero_is_none = true, .needs = not_raw},
    {"max-overlap", "IOU", "Leave out boxes that overlap a stronger one of their class more than this (0.5).",
     OPTIONS_NUMBER, AT(max_overlap), .low = 0.001, .high = 1, .needs = not_raw},
    {"max-detections", "N", "The most boxes of a picture (100, or 300 for models of torchvision's profile).",
     OPTIONS_INTEGER, AT(max_detections), .low = 1, .high = 10000, .needs = not_raw},
    {"raw", NULL, "Write the network alone: from pictures that are resized, normalised and padded to logits, box codes "
     "and anchors. Takes neither sizes nor limits.", OPTIONS_FLAG, AT(raw)},
    {"norm-eps", "E", "Batch norm's epsilon (the model's, else 1e-5; torchvision's own COCO_V1 weights want 0).",
     OPTIONS_NUMBER, AT(norm_epsilon), .low = 0, .high = 1, .zero_is_none = true},
    {"device", "TEXT", PICK_DEVICE_HELP, OPTIONS_TEXT, AT(device)},
};

static const options_table table = {
    .command = "export",
    .usage = {"--model FILE --out FILE [--size N] [--min-score S] [--max-detections N]",
              "--model FILE --out FILE --raw"},
    .summary = "Writes a model as one ONNX file (opset 17) that onnxruntime and others run. It takes a picture of any "
               "size as it is, 'image', uint8 RGB [height, width, 3], and gives what 'fovea detect' finds, strongest "
               "first: 'boxes' [n, 4] as x0, y0, x1, y1 in pixels of the picture, 'scores' [n], and 'labels' [n], "
               "indices into the JSON list of classes in the metadata 'fovea.classes'. Sizes and limits are fixed in "
               "the file.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea export --model run/model.safetensors --out model.onnx\n"
                "  fovea export --model run/model.safetensors --out a.onnx --size 320\n"
                "  fovea export --model run/model.safetensors --out network.onnx --raw\n",
};

static void tell_written(const char *path, const fovea_model *model)
{
    struct stat facts = {0};
    const int classes = fovea_model_labels(model);
    stat(path, &facts);
    fprintf(stderr, "model written to %s: %.1f MiB, %d class%s\n", path, (double)facts.st_size / 1048576.0, classes,
            classes == 1 ? "" : "es");
}

static bool export_model(const export_options *o)
{
    const fovea_export_options options = {
        .detect = {.min_score = (float)o->min_score, .max_overlap = (float)o->max_overlap, .size = o->size,
                   .max_size = o->max_size, .max_detections = o->max_detections},
        .raw = o->raw};
    fovea_device *device = pick_device(o->device, false);
    fovea_model *model = NULL;
    const bool good = device &&
                      told(run_folder_load(&model, device, o->model,
                                           &(fovea_load_options){.norm_epsilon = (float)o->norm_epsilon})) &&
                      told(fovea_model_export(model, o->out, &options));
    if (good)
        tell_written(o->out, model);
    fovea_model_free(model);
    fovea_device_close(device);
    return good;
}

int command_export(int argc, char **argv)
{
    export_options o = {0};
    int operand;
    const options_result parsed = options_parse(&table, &o, argc, argv, &operand);
    if (parsed != OPTIONS_GO)
        return parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    if (!o.model || !o.out)
        return options_misused(&table, "--%s is missing", o.model ? "out" : "model");
    if (!options_sizes_agree(&table, o.size, o.max_size))
        return EXIT_MISUSED;
    return export_model(&o) ? EXIT_DONE : EXIT_FAILED;
}
