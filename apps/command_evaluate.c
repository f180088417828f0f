/* fovea evaluate: COCO's twelve numbers of a model on annotated pictures, or of detections from a file. */
#include "anchor_scores.h"
#include "commands.h"
#include "judge.h"
#include "options.h"
#include "page.h"
#include "pick_device.h"
#include "review.h"
#include "stop.h"

#include <stdio.h>
#include <string.h>

typedef struct evaluate_options {
    const char *model, *images, *annotations, *detections, *detections_out, *anchor_scores, *json, *html, *device;
    int size, max_size, format;
    int size, max_size, format;
    double norm_epsilon;
} evaluate_options;

static const options_choice formats[] = {
    {"coco", FOVEA_FORMAT_COCO}, {"voc", FOVEA_FORMAT_VOC}, {"yolo", FOVEA_FORMAT_YOLO}, {"any", FOVEA_FORMAT_ANY},
    {NULL, 0}};

static const options_row rows[] = {
    {"annotations", "FILE", "The true boxes: COCO JSON; Pascal VOC, a folder of XML or a list in ImageSets/Main; or YOLO, "
     "data.yaml (data.yaml#val: its val) or a folder of labels with classes.txt.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, annotations)},
    {"format", "NAME", "What the annotations are in: coco, voc, yolo or any (any: told by content).",
     .kind = OPTIONS_CHOICE, .at = offsetof(evaluate_options, format), .choices = formats},
    {"model", "FILE", "The model to run: one that 'fovea train' made, or a torchvision RetinaNet's state_dict saved by "
     "safetensors.", .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, model)},
    {"images", "DIR", "The folder that the annotations' file names start from.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, images)},
    {"size", "N", "Resize the shorter side to N pixels (the model's).",
     .kind = OPTIONS_INTEGER, .at = offsetof(evaluate_options, size), .low = 1, .high = 65500},
    {"max-size", "N", "but keep the longer side within N (the model's, or 5/3 of a --size given).",
     .kind = OPTIONS_INTEGER, .at = offsetof(evaluate_options, max_size), .low = 1, .high = 65500},
    {"norm-eps", "E", "Batch norm's epsilon (the model's, else 1e-5; torchvision's own COCO_V1 weights want 0).",
     .kind = OPTIONS_NUMBER, .at = offsetof(evaluate_options, norm_epsilon), .low = 0, .high = 1, .zero_is_none = true},
    {"detections", "FILE", "Hold these detections, in COCO's results format, to the annotations instead of running a "
     "model. Opens no device.", .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, detections)},
    {"detections-out", "FILE", "Write the model's detections in COCO's results format.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, detections_out)},
    {"anchor-scores", "FILE", "Write how sure the model is of its anchors' labels, as JSON: counts of objects and of "
     "background by logit, from which the loss of every gamma follows.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, anchor_scores)},
    {"json", "FILE", "Write the numbers as JSON to FILE; '-': to stdout, instead of the table.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, json)},
    {"html", "FILE", "Write a page to FILE: numbers, curves, confusions and, with --images, pictures of the worst "
     "mistakes.", .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, html)},
    {"device", "TEXT", PICK_DEVICE_HELP, .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, device)},
};

static const options_table table = {
    .command = "evaluate",
    .usage = {"--model FILE --images DIR --annotations FILE [--size N] [--max-size N] [--json FILE]",
              "--detections FILE --annotations FILE [--json FILE]"},
    .summary = "Computes COCO's twelve numbers, and a row a class, as pycocotools does. A dash (-1 in JSON) stands "
               "where the annotations hold nothing to be found.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea evaluate --model run/model.safetensors --images photos \\\n"
                "      --annotations val.json\n"
                "  fovea evaluate --detections results.json --annotations val.json --json -\n",
};

static int check(const evaluate_options *o)
{
    if (!o->annotations)
        return options_misused(&table, "--annotations is missing");
    if (o->detections && (o->model || o->detections_out || o->anchor_scores || o->size || o->max_size ||
                          o->norm_epsilon > 0 || o->norm_epsilon < 0))
        return options_misused(&table, "--detections takes the place of a model and its options");
    if (!o->detections && !o->model)
        return options_misused(&table, "--model (or --detections) is missing");
    if (!o->detections && !o->images)
        return options_misused(&table, "--images is missing");
    if (!options_sizes_agree(&table, o->size, o->max_size))
        return EXIT_MISUSED;
    if (o->json && o->detections_out && strcmp(o->json, "-") == 0 && strcmp(o->detections_out, "-") == 0)
        return options_misused(&table, "--json and --detections-out cannot both go to stdout");
    if (o->json && o->html && strcmp(o->json, "-") == 0 && strcmp(o->html, "-") == 0)
        return options_misused(&table, "--json and --html cannot both go to stdout");
    return EXIT_DONE;
}

static bool write_page(const evaluate_options *o, const judge_result *result)
{
    json_out out;
    review r;
    bool good = review_make(&r, result, o->images) && json_out_open(&out, o->html);
    if (good) {
        page_begin(out.stream, "fovea evaluate");
        review_write(out.stream, &r);
        review_write_pictures(out.stream, &r);
        page_end(out.stream);
        good = json_out_close(&out, true);
    }
    review_clear(&r);
    return good;
}

static judge_outcome run_model(const evaluate_options *o, judge_result *result)
{
    judge_outcome outcome = JUDGE_FAILED;
    json_out detections = {0};
    fovea_model *model = NULL;
    fovea_device *device = NULL;
    if (!judge_check(o->images, o->annotations, (fovea_format)o->format))
        goto done;
    device = pick_device(o->device, false);
    if (!device)
        goto done;
    const fovea_load_options load = {.norm_epsilon = (float)o->norm_epsilon};
    if (fovea_model_load(&model, device, o->model, &load)) {
        print_failure();
        goto done;
    }
    stop_on_signals();
    if (o->detections_out && !json_out_open(&detections, o->detections_out))
        goto done;
    const judge_work work = {.model = model,
                             .images = o->images,
                             .annotations = o->annotations,
                             .format = (fovea_format)o->format,
                             .detect = {.size = o->size, .max_size = o->max_size},
                             .detections = o->detections_out ? &detections : NULL,
                             .stop = &stop_signal};
    if (o->detections_out)
        json_out_text(&detections, "[");
    outcome = judge_model(result, &work);
    if (o->detections_out)
        json_out_text(&detections, "\n]\n");
    if (outcome == JUDGE_DONE && o->anchor_scores)
        outcome = anchor_scores_write(o->anchor_scores, &work);
done:
    if (!json_out_close(&detections, outcome == JUDGE_DONE) && outcome == JUDGE_DONE)
        outcome = JUDGE_FAILED;
    fovea_model_free(model);
    fovea_device_close(device);
    return outcome;
}

int command_evaluate(int argc, char **argv)
{
    evaluate_options o = {0};
    int operand;
    const options_result parsed = options_parse(&table, &o, argc, argv, &operand);
    if (parsed != OPTIONS_GO)
        return parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
    int code = check(&o);
    if (code != EXIT_DONE)
        return code;

    judge_result result = {0};
    const judge_outcome outcome =
        o.detections ? judge_file(&result, o.images, o.annotations, (fovea_format)o.format, o.detections)
                     : run_model(&o, &result);
    code = outcome == JUDGE_DONE ? EXIT_DONE : outcome == JUDGE_STOPPED ? 128 + stop_signal : EXIT_FAILED;
    if (code == EXIT_DONE && o.json && !json_out_write(o.json, judge_json(&result), true))
        code = EXIT_FAILED;
    if (code == EXIT_DONE && o.html && !write_page(&o, &result))
        code = EXIT_FAILED;
    if (code == EXIT_DONE && !(o.json && strcmp(o.json, "-") == 0))
        judge_print(&result);
    judge_clear(&result);
    return code;
}
