/* fovea evaluate: COCO's twelve numbers of a model on annotated pictures, or of detections from a file. */
#include "against.h"
#include "anchor_scores.h"
#include "commands.h"
#include "data_options.h"
#include "judge.h"
#include "mend.h"
#include "mistakes.h"
#include "pick_device.h"
#include "review.h"
#include "run_folder.h"
#include "shell_word.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct evaluate_options {
    data_options data;
    const char *model, *device, *detections, *detections_out, *anchor_scores, *json, *html, *curves, *mistakes,
        *against, *against_annotations, *accept, *mended;
    int size, max_size;
    double norm_epsilon;
} evaluate_options;

static const options_need of_a_model[] = {
    {"detections", 0,
     .sentence = "has no effect beside --detections, which takes the place of a model and its options"},
    {.option = NULL}};

static const options_need to_mend[] = {
    {"detections", 1,
     .sentence = "needs --detections, which the numbers of mistakes are about; --detections-out writes them"},
    {"mended", 1, .sentence = "needs --mended, the file for the mended annotations"},
    {.option = NULL}};
static const options_need of_mending[] = {{"accept", 1, .sentence = "needs --accept, the numbers of mistakes"},
                                          {.option = NULL}};
static const options_need of_comparing[] = {{"against", 1, .sentence = "needs --against"}, {.option = NULL}};
static const options_need of_evaluating[] = {
    {"accept", 0, .sentence = "has no effect beside --accept, which writes the mended annotations alone"},
    {.option = NULL}};

static const options_row rows[] = {
    DATA_OPTIONS_ROWS(evaluate_options),
    {"model", "FILE", "The model to run: one that 'fovea train' made, or its RUN, or a torchvision RetinaNet's "
     "state_dict saved by safetensors.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, model), .needs = of_a_model},
    {"size", "N", "Resize the shorter side to N pixels (the model's).",
     .kind = OPTIONS_INTEGER, .at = offsetof(evaluate_options, size), .low = 1, .high = 65500, .needs = of_a_model},
    {"max-size", "N", "but keep the longer side within N (the model's, or 5/3 of a --size given).",
     .kind = OPTIONS_INTEGER, .at = offsetof(evaluate_options, max_size), .low = 1, .high = 65500, .needs = of_a_model},
    {"norm-eps", "E", "Batch norm's epsilon (the model's, else 1e-5; torchvision's own COCO_V1 weights want 0).",
     .kind = OPTIONS_NUMBER, .at = offsetof(evaluate_options, norm_epsilon), .low = 0, .high = 1, .zero_is_none = true,
     .needs = of_a_model},
    {"detections", "FILE", "Hold these detections, in COCO's results format, to the annotations instead of running a "
     "model. Opens no device.", .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, detections)},
    {"detections-out", "FILE", "Write the model's detections in COCO's results format.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, detections_out), .needs = of_a_model,
     .writes = OPTIONS_WRITTEN},
    {"anchor-scores", "FILE", "Write how sure the model is of its anchors' labels, as JSON: counts of objects and of "
     "background by logit, from which the loss of every gamma follows.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, anchor_scores), .needs = of_a_model,
     .writes = OPTIONS_WRITTEN},
    {"json", "FILE", "Write the numbers as JSON to FILE; '-': to stdout, instead of the table.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, json),
     .needs = of_evaluating, .writes = OPTIONS_WRITTEN},
    {"html", "FILE", "Write a page to FILE: numbers, curves, confusions and, with --images, pictures of the worst "
     "mistakes.", .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, html),
     .needs = of_evaluating, .writes = OPTIONS_WRITTEN},
    {"against", "FILE", "Compare with these detections, in COCO's results format: what got better and worse since, by "
     "number, class and picture. Also in --json and --html.", .kind = OPTIONS_TEXT,
     .at = offsetof(evaluate_options, against),
     .needs = of_evaluating},
    {"against-annotations", "FILE", "What those detections are held to, of any format: annotations from before they "
     "were mended, of the same classes (--annotations).", .kind = OPTIONS_TEXT,
     .at = offsetof(evaluate_options, against_annotations), .needs = of_comparing},
    {"curves", "FILE", "Write precision at COCO's 101 recalls, and the scores that reach them, a class and IoU, as "
     "JSON.", .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, curves),
     .needs = of_evaluating, .writes = OPTIONS_WRITTEN},
    {"mistakes", "FILE", "Write what is wrong as JSON, numbered: detections, the surest first, then objects that were "
     "missed, the largest first; with picture, boxes and the annotation's id; each class from the score on where its "
     "F1 is best.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, mistakes),
     .needs = of_evaluating, .writes = OPTIONS_WRITTEN},
    {"accept", "LIST", "Mend the annotations: of the mistakes with these numbers (1,4,7-9; those that --mistakes "
     "and --html give for the same detections and annotations) the detection is right. On nothing, or on what is found already: it is annotated. Of another class: the "
     "annotation gets its class. Badly placed: its box. A missed object is left out.",
     .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, accept), .needs = to_mend},
    {"mended", "FILE", "Where the mended copy goes, a new file; all else in it is as it was. Of VOC and YOLO it is "
     "COCO JSON.", .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, mended), .needs = of_mending},
    {"device", "TEXT", PICK_DEVICE_HELP, .kind = OPTIONS_TEXT, .at = offsetof(evaluate_options, device),
     .needs = of_a_model},
};

static const options_table table = {
    .command = "evaluate",
    .usage = {"--model FILE --images DIR --annotations FILE [--size N] [--max-size N] [--json FILE] "
              "[--html FILE] [--against FILE]",
              "--detections FILE --annotations FILE [--images DIR] [--json FILE] [--html FILE] "
              "[--against FILE]",
              "--detections FILE --annotations FILE --accept LIST --mended FILE"},
    .summary = "Computes COCO's twelve numbers, and a row a class, as pycocotools does. A dash (-1 in JSON) stands "
               "where the annotations hold nothing to be found.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea evaluate --model run/model.safetensors --images photos \\\n"
                "      --annotations val.json\n"
                "  fovea evaluate --detections results.json --annotations val.json --json -\n"
                "  fovea evaluate --detections new.json --against old.json \\\n"
                "      --annotations val.json --images photos --html changes.html\n"
                "  fovea evaluate --detections results.json --annotations val.json \\\n"
                "      --accept 1,4,7-9 --mended mended.json\n",
};

static bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static int check(const evaluate_options *o)
{
    if (!o->data.annotations)
        return options_misused(&table, "--annotations is missing");
    if (!o->detections && !o->model)
        return options_misused(&table, "--model (or --detections) is missing");
    if (!o->detections && !o->data.images)
        return options_misused(&table, "--images is missing");
    if (!options_sizes_agree(&table, o->size, o->max_size))
        return EXIT_MISUSED;
    if (is_stdout(o->mended))
        return options_misused(&table, "--mended takes a file, not stdout");
    const char *const outputs[] = {o->json, o->detections_out, o->html, o->curves, o->mistakes};
    int to_stdout = 0;
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
        to_stdout += is_stdout(outputs[i]);
    if (to_stdout > 1)
        return options_misused(&table, "--json, --detections-out, --html, --curves and --mistakes cannot go to stdout "
                                      "together");
    return EXIT_DONE;
}

/* Numbers of one IoU, by its name: "0.50". */
static void add_curve(cJSON *row, const char *kind, double iou, const double values[FOVEA_CURVE_POINTS])
{
    char name[8];
    cJSON *all = cJSON_GetObjectItemCaseSensitive(row, kind);
    snprintf(name, sizeof name, "%.2f", iou);
    cJSON_AddItemToObject(all ? all : cJSON_AddObjectToObject(row, kind), name,
                          cJSON_CreateDoubleArray(values, FOVEA_CURVE_POINTS));
}

static bool write_curves(const char *path, const judge_result *result)
{
    fovea_curve *curves = calloc(result->n_classes + 1, sizeof *curves);
    cJSON *whole = cJSON_CreateObject(), *classes = cJSON_AddArrayToObject(whole, "classes");
    bool good = curves;
    for (int t = 0; t < 10 && good; t++) {
        const double iou = 0.5 + 0.05 * t;
        good = told(fovea_evaluator_curves(result->evaluator, iou, curves, result->n_classes, NULL));
        cJSON *row = classes ? classes->child : NULL;
        for (size_t k = 0; k < result->n_classes && good; k++, row = row ? row->next : NULL) {
            if (t == 0) {
                row = cJSON_CreateObject();
                cJSON_AddStringToObject(row, "name", curves[k].name);
                json_add_integer(row, "category_id", curves[k].category_id);
                json_add_integer(row, "objects", curves[k].objects);
                cJSON_AddItemToArray(classes, row);
            }
            add_curve(row, "precision", iou, curves[k].precision);
            add_curve(row, "score", iou, curves[k].score);
        }
    }
    free(curves);
    if (good)
        return json_out_write(path, whole, false);
    cJSON_Delete(whole);
    return false;
}

/* What an evaluation and the one it is held against tell. */
typedef struct account {
    const evaluate_options *o;
    judge_result now, before;
    review now_review, before_review;
    against changes;
} account;

static bool compare(account *a)
{
    const evaluate_options *o = a->o;
    if ((o->html || o->against || o->mistakes) && !review_make(&a->now_review, &a->now, o->data.images))
        return false;
    if (!o->against)
        return true;
    const char *before = o->against_annotations ? o->against_annotations : o->data.annotations;
    const fovea_format format = o->against_annotations ? FOVEA_FORMAT_ANY : (fovea_format)o->data.format;
    return judge_file(&a->before, o->data.images, before, format, o->against) == JUDGE_DONE &&
           review_make(&a->before_review, &a->before, o->data.images) &&
           against_make(&a->changes, &a->now_review, o->detections ? o->detections : o->model, &a->before_review,
                        o->against, o->against_annotations);
}

/* What was evaluated, and links to the sections. */
static void write_head(FILE *to, const account *a)
{
    page_link links[AGAINST_LINKS + REVIEW_LINKS];
    size_t n = a->changes.now ? against_links(links) : 0;
    n += review_links(links + n, &a->now_review);
    fputs("<p>", to);
    page_text(to, a->o->detections ? a->o->detections : a->o->model);
    fputs(", held to ", to);
    page_text(to, a->o->data.annotations);
    fprintf(to, ": pictures %zu, objects %lld</p>\n", fovea_evaluator_pictures(a->now.evaluator),
            (long long)a->now.whole.objects);
    page_links(to, links, n);
}

static bool write_page(const account *a)
{
    json_out out;
    if (!json_out_open(&out, a->o->html))
        return false;
    page_begin(out.stream, a->changes.now ? "fovea evaluate: two results" : "fovea evaluate");
    write_head(out.stream, a);
    if (a->changes.now)
        against_write(out.stream, &a->changes);
    review_write(out.stream, &a->now_review);
    review_write_pictures(out.stream, &a->now_review);
    page_end(out.stream);
    return json_out_close(&out, true);
}

/* Which files were written. */
static void tell_written(const evaluate_options *o)
{
    const char *const files[] = {o->detections_out, o->anchor_scores, o->json, o->curves, o->html, o->mistakes};
    static const char *const what[] = {"detections", "scores of anchors", "numbers", "curves", "page", "mistakes"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i] && !is_stdout(files[i]))
            fprintf(stderr, "%s written to %s\n", what[i], files[i]);
}

static bool write_account(account *a)
{
    const evaluate_options *o = a->o;
    if (!compare(a))
        return false;
    if (o->json) {
        cJSON *numbers = judge_json(&a->now);
        if (o->against)
            cJSON_AddItemToObject(numbers, "against", against_json(&a->changes));
        if (!json_out_write(o->json, numbers, true))
            return false;
    }
    if ((o->curves && !write_curves(o->curves, &a->now)) || (o->html && !write_page(a)) ||
        (o->mistakes && !mistakes_write(o->mistakes, &a->now_review)))
        return false;
    tell_written(o);
    if (is_stdout(o->json) || is_stdout(o->html) || is_stdout(o->curves) || is_stdout(o->mistakes))
        return true;
    judge_print(&a->now);
    if (o->against)
        against_print(&a->changes);
    return true;
}

/* Writes the mended annotations, and how they are evaluated. */
static bool mend(account *a, const mend_numbers *numbers)
{
    const evaluate_options *o = a->o;
    if (!review_make(&a->now_review, &a->now, o->data.images) ||
        !mend_write(&a->now_review, numbers, o->data.annotations, (fovea_format)o->data.format, o->mended))
        return false;
    fputs("fovea evaluate --detections", stdout);
    shell_word(stdout, o->detections);
    fputs(" --annotations", stdout);
    shell_word(stdout, o->mended);
    fputs(" --against", stdout);
    shell_word(stdout, o->detections);
    fputs(" --against-annotations", stdout);
    shell_word(stdout, o->data.annotations);
    if (o->data.images) {
        fputs(" --images", stdout);
        shell_word(stdout, o->data.images);
    }
    putchar('\n');
    return true;
}

static judge_outcome run_model(const evaluate_options *o, judge_result *result)
{
    judge_outcome outcome = JUDGE_FAILED;
    json_out detections = {0};
    fovea_model *model = NULL;
    fovea_device *device = NULL;
    if (!judge_check(o->data.images, o->data.annotations, (fovea_format)o->data.format))
        goto done;
    device = pick_device(o->device, false);
    if (!device)
        goto done;
    const fovea_load_options load = {.norm_epsilon = (float)o->norm_epsilon};
    if (run_folder_load(&model, device, o->model, &load)) {
        print_failure();
        goto done;
    }
    stop_on_signals("after this picture");
    if (o->detections_out && !json_out_open(&detections, o->detections_out))
        goto done;
    const judge_work work = {.model = model,
                             .images = o->data.images,
                             .annotations = o->data.annotations,
                             .format = (fovea_format)o->data.format,
                             .detect = {.size = o->size, .max_size = o->max_size},
                             .detections = o->detections_out ? &detections : NULL,
                             .tells_wait = true,
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

    account a = {.o = &o};
    mend_numbers numbers = {0};
    char why[160];
    if (o.accept && !mend_read(&numbers, o.accept, why)) {
        mend_clear(&numbers);
        return options_misused(&table, "--accept: %s", why);
    }
    const judge_outcome outcome =
        o.detections ? judge_file(&a.now, o.data.images, o.data.annotations, (fovea_format)o.data.format, o.detections)
                     : run_model(&o, &a.now);
    code = outcome == JUDGE_DONE ? EXIT_DONE : outcome == JUDGE_STOPPED ? 128 + stop_signal : EXIT_FAILED;
    if (code == EXIT_DONE && !(o.accept ? mend(&a, &numbers) : write_account(&a)))
        code = EXIT_FAILED;
    mend_clear(&numbers);
    against_clear(&a.changes);
    review_clear(&a.now_review);
    review_clear(&a.before_review);
    judge_clear(&a.now);
    judge_clear(&a.before);
    return code;
}
