/* fovea_model_export(): the graph, its metadata and its weights into one file. */
#include "export.h"

static const char description[] =
    "RetinaNet, pictures to boxes. image: uint8 RGB [height, width, 3]. boxes: x0, y0, x1, y1 in pixels of the "
    "picture; labels: indices into the list of the metadata fovea.classes; strongest first.";

static const char raw_description[] =
    "RetinaNet without resizing and suppression. pixels: RGB [n, 3, height, width], (value / 255 - mean) / deviation "
    "with mean .485 .456 .406 and deviation .229 .224 .225, sides multiples of 32. codes: dx, dy, dw, dh in units of "
    "the anchor's sides, dw and dh as logarithms. anchors: x0, y0, x1, y1.";

static const fovea__onnx_end image_end = {"image", FOVEA__ONNX_UINT8, {"height", "width", "3"}};
static const fovea__onnx_end pixels_end = {"pixels", FOVEA__ONNX_FLOAT, {"pictures", "3", "height", "width"}};

/* The network's input as it comes from outside. */
static void take_pixels(fovea__export *e)
{
    fovea__onnx *g = &e->graph;
    e->input = fovea__onnx_input(g, &pixels_end);
    if (e->model->config.profile != FOVEA_PROFILE_TORCHVISION)
        return;
    g->scope = "pixels";
    const int shape = fovea__onnx_of(g, "Shape", e->input);
    e->padded.y = fovea__onnx_gather(g, shape, fovea__onnx_integer(g, 2), 0);
    e->padded.x = fovea__onnx_gather(g, shape, fovea__onnx_integer(g, 3), 0);
}

static fovea_status build(fovea__export *e, bool raw)
{
    if (raw)
        take_pixels(e);
    else
        fovea__export_picture(e, fovea__onnx_input(&e->graph, &image_end));
    FOVEA_TRY(fovea__export_network(e));
    if (raw)
        fovea__export_raw(e);
    else
        fovea__export_detections(e);
    return e->graph.status;
}

static fovea_status write_file(const fovea__export *e, const char *path, bool raw)
{
    fovea__model_metadata metadata;
    FOVEA_TRY(fovea__model_metadata_make(&metadata, e->model));
    const char *const pairs[][2] = {{"fovea.profile", metadata.profile},
                                    {"fovea.classes", metadata.classes},
                                    {"fovea.config", metadata.config}};
    const fovea__onnx_file file = {.description = raw ? raw_description : description, .metadata = pairs,
                                   .n_metadata = sizeof pairs / sizeof pairs[0], .fill = fovea__export_fill,
                                   .context = e};
    const fovea_status status = fovea__onnx_write(&e->graph, path, &file);
    fovea__model_metadata_clear(&metadata);
    return status;
}

fovea_status fovea_model_export(const fovea_model *model, const char *path, const fovea_export_options *options)
{
    FOVEA_CHECK_ARG(model && path, "fovea_model_export: model or path is NULL");
    static const fovea_export_options defaults;
    options = options ? options : &defaults;
    fovea__export e = {.model = model};
    fovea__network *network = NULL;
    FOVEA_TRY(fovea__detect_plan_begin(&e.plan, model, &options->detect));
    FOVEA_TRY(fovea__network_create(&network, fovea__model_shown(model), false, 0));
    e.network = network;
    fovea_status status = build(&e, options->raw);
    if (!status)
        status = write_file(&e, path, options->raw);
    fovea__onnx_clear(&e.graph);
    fovea__network_free(network);
    return status;
}
