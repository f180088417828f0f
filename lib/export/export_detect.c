/* From logits and codes to detections, as lib/detect goes it; or to logits, codes and anchors as they are. Of anchors
 * only those of the strongest candidates are made: a number says where one lies. */
#include "export.h"

#include "anchors.h"

#include <stdio.h>

static int reshape(fovea__onnx *g, int value, const int64_t *dims, int n_dims)
{
    return fovea__onnx_of_two(g, "Reshape", value, fovea__onnx_integers(g, dims, n_dims));
}

/* [N][A V][H][W] to [N][H][W][A V]. */
static int channels_last(fovea__onnx *g, int value)
{
    return fovea__onnx_add(g, &(fovea__onnx_node){.op = "Transpose", .inputs = {value},
                                .attributes = {{"perm", .integers = {0, 2, 3, 1}, .n_integers = 4}}});
}

/* A list of whole numbers as a column of floats. */
static int float_column(fovea__onnx *g, int list)
{
    const int column = fovea__onnx_of_two(g, "Unsqueeze", list, fovea__onnx_integers(g, (const int64_t[]){1}, 1));
    return fovea__onnx_cast(g, column, FOVEA__ONNX_FLOAT);
}

static int modulo(fovea__onnx *g, int value, int by)
{
    return fovea__onnx_of_two(g, "Mod", value, by);
}

static int divide(fovea__onnx *g, int value, int by)
{
    return fovea__onnx_of_two(g, "Div", value, by);
}

/* The length of a list, `most` where it is longer, as a list of one. */
static int at_most(fovea__onnx *g, int list, int64_t most)
{
    const int length = fovea__onnx_of(g, "Shape", list);
    return fovea__onnx_of_two(g, "Min", length, fovea__onnx_integers(g, &most, 1));
}

/* 0, 1, ... below an end. */
static int count_to(fovea__onnx *g, int end)
{
    const int zero = fovea__onnx_integer(g, 0), one = fovea__onnx_integer(g, 1);
    return fovea__onnx_add(g, &(fovea__onnx_node){.op = "Range", .inputs = {zero, end, one}});
}

/* Cells of a level along y (0) or x (1). */
static int cells_along(fovea__export *e, int level, int axis)
{
    return fovea__onnx_gather(&e->graph, e->levels[level].sides, fovea__onnx_integer(&e->graph, axis), 0);
}

static int stride_along(fovea__export *e, int level, int axis)
{
    if (e->model->config.profile == FOVEA_PROFILE_TORCHVISION)
        return divide(&e->graph, axis ? e->padded.x : e->padded.y, cells_along(e, level, axis));
    return fovea__onnx_integer(&e->graph, 8 << level);
}

/* Boxes [n][4] of a level's anchors, which `numbers` [n] counts row after row, cell after cell. */
static int anchors_of(fovea__export *e, int level, int numbers)
{
    fovea__onnx *g = &e->graph;
    const fovea__net_config *config = &e->model->config;
    const fovea__anchors anchors = {.profile = config->profile, .scales = config->anchor_scales,
                                    .ratios = config->anchor_ratios};
    float boxes[FOVEA__MAX_ANCHORS][4];
    fovea__anchors_cell(&anchors, level, boxes);
    const int a_cell = fovea__onnx_integer(g, fovea__anchors_a_cell(&anchors)), width = cells_along(e, level, 1);
    const int table = fovea__onnx_floats(g, boxes[0], fovea__anchors_a_cell(&anchors), 4);
    const int cells = divide(g, numbers, a_cell);
    const int column = modulo(g, cells, width), row = divide(g, cells, width);
    const int x = float_column(g, fovea__onnx_of_two(g, "Mul", column, stride_along(e, level, 1)));
    const int y = float_column(g, fovea__onnx_of_two(g, "Mul", row, stride_along(e, level, 0)));
    const int place = fovea__onnx_concat(g, (const int[]){x, y}, 2, 1);
    const int corners = fovea__onnx_concat(g, (const int[]){place, place}, 2, 1);
    return fovea__onnx_of_two(g, "Add", corners, fovea__onnx_gather(g, table, modulo(g, numbers, a_cell), 0));
}

/* ---- detections ------------------------------------------------------------------------------------------------ */

/* Candidates: lists of n. */
typedef struct candidates {
    int scores, labels, anchors, codes; /* [n], [n], [n][4], [n][4] */
} candidates;

/* The strongest scores of a level, of equal ones the first; those below the threshold go with NMS. */
static candidates find_candidates(fovea__export *e, int level)
{
    fovea__onnx *g = &e->graph;
    const int classes = fovea__onnx_integer(g, e->model->config.classes);
    const int logits = reshape(g, channels_last(g, e->levels[level].logits), (const int64_t[]){-1}, 1);
    const int codes = reshape(g, channels_last(g, e->levels[level].codes), (const int64_t[]){-1, 4}, 2);
    const int most = at_most(g, logits, e->plan.top_k);
    const int scores = fovea__onnx_add(g, &(fovea__onnx_node){
        .op = "TopK", .inputs = {fovea__onnx_of(g, "Sigmoid", logits), most}, .outputs = 2});
    const int indices = scores + 1, numbers = divide(g, indices, classes);
    candidates found = {.scores = scores, .labels = modulo(g, indices, classes)};
    found.anchors = anchors_of(e, level, numbers);
    found.codes = fovea__onnx_gather(g, codes, numbers, 0);
    return found;
}

static candidates find_all(fovea__export *e)
{
    fovea__onnx *g = &e->graph;
    int scores[FOVEA__LEVELS], labels[FOVEA__LEVELS], anchors[FOVEA__LEVELS], codes[FOVEA__LEVELS];
    for (int i = 0; i < FOVEA__LEVELS; i++) {
        const candidates of_level = find_candidates(e, i);
        scores[i] = of_level.scores;
        labels[i] = of_level.labels;
        anchors[i] = of_level.anchors;
        codes[i] = of_level.codes;
    }
    candidates all = {.scores = fovea__onnx_concat(g, scores, FOVEA__LEVELS, 0)};
    all.labels = fovea__onnx_concat(g, labels, FOVEA__LEVELS, 0);
    all.anchors = fovea__onnx_concat(g, anchors, FOVEA__LEVELS, 0);
    all.codes = fovea__onnx_concat(g, codes, FOVEA__LEVELS, 0);
    return all;
}

/* The first or the second half of the four columns. */
static int half_of(fovea__onnx *g, int boxes, int half)
{
    const int columns = fovea__onnx_integers(g, half ? (const int64_t[]){2, 3} : (const int64_t[]){0, 1}, 2);
    return fovea__onnx_gather(g, boxes, columns, 1);
}

/* [x, y, x, y] of a pair, as floats. */
static int corners_of(fovea__onnx *g, fovea__export_pair pair)
{
    const int zero = fovea__onnx_integers(g, (const int64_t[]){0}, 1);
    const int x = fovea__onnx_of_two(g, "Unsqueeze", pair.x, zero);
    const int y = fovea__onnx_of_two(g, "Unsqueeze", pair.y, zero);
    return fovea__onnx_cast(g, fovea__onnx_concat(g, (const int[]){x, y, x, y}, 4, 0), FOVEA__ONNX_FLOAT);
}

static int clip(fovea__onnx *g, int boxes, int most)
{
    return fovea__onnx_of_two(g, "Min", fovea__onnx_of_two(g, "Max", boxes, fovea__onnx_float(g, 0)), most);
}

/* The boxes that codes give at anchors, clipped to the resized picture. */
static int decode(fovea__export *e, const candidates *found)
{
    fovea__onnx *g = &e->graph;
    const int half = fovea__onnx_float(g, 0.5f), largest = fovea__onnx_float(g, 4.135166556742356f); /* ln(1000/16) */
    const int corner = half_of(g, found->anchors, 0);
    const int size = fovea__onnx_of_two(g, "Sub", half_of(g, found->anchors, 1), corner);
    const int middle = fovea__onnx_of_two(g, "Add", corner, fovea__onnx_of_two(g, "Mul", half, size));
    const int shift = fovea__onnx_of_two(g, "Mul", half_of(g, found->codes, 0), size);
    const int centre = fovea__onnx_of_two(g, "Add", shift, middle);
    const int growth = fovea__onnx_of(g, "Exp", fovea__onnx_of_two(g, "Min", half_of(g, found->codes, 1), largest));
    const int reach = fovea__onnx_of_two(g, "Mul", half, fovea__onnx_of_two(g, "Mul", growth, size));
    const int first = fovea__onnx_of_two(g, "Sub", centre, reach), last = fovea__onnx_of_two(g, "Add", centre, reach);
    const int boxes = fovea__onnx_concat(g, (const int[]){first, last}, 2, 1);
    return clip(g, boxes, corners_of(g, e->resized));
}

/* Which candidates class-wise suppression keeps: their numbers, a class after another. */
static int suppress(fovea__export *e, const candidates *found, int boxes)
{
    fovea__onnx *g = &e->graph;
    const int zero = fovea__onnx_integers(g, (const int64_t[]){0}, 1);
    const int classes = count_to(g, fovea__onnx_integer(g, e->model->config.classes));
    const int column = fovea__onnx_of_two(g, "Unsqueeze", classes, fovea__onnx_integers(g, (const int64_t[]){1}, 1));
    const int of_class = fovea__onnx_of_two(g, "Equal", column, found->labels);
    const int by_class = fovea__onnx_add(g, &(fovea__onnx_node){
        .op = "Where", .inputs = {of_class, found->scores, fovea__onnx_float(g, 0)}});
    const int batch = fovea__onnx_of_two(g, "Unsqueeze", boxes, zero);
    const int scores = fovea__onnx_of_two(g, "Unsqueeze", by_class, zero);
    const int most = fovea__onnx_integers(g, (const int64_t[]){e->plan.most}, 1);
    const int max_overlap = fovea__onnx_floats(g, &e->plan.max_overlap, 0, 1);
    const int min_score = fovea__onnx_floats(g, &e->plan.min_score, 0, 1);
    const int kept = fovea__onnx_add(g, &(fovea__onnx_node){
        .op = "NonMaxSuppression", .inputs = {batch, scores, most, max_overlap, min_score}});
    return fovea__onnx_gather(g, kept, fovea__onnx_integer(g, 2), 1);
}

/* The strongest of those that are kept, of equal ones the first candidate: their numbers, then their scores. */
static fovea__export_pair strongest(fovea__export *e, int scores, int kept)
{
    fovea__onnx *g = &e->graph;
    const int none = fovea__onnx_of(g, "ConstantOfShape", fovea__onnx_of(g, "Shape", scores));
    const int left = fovea__onnx_add(g, &(fovea__onnx_node){
        .op = "ScatterElements", .inputs = {none, kept, fovea__onnx_gather(g, scores, kept, 0)}});
    const int most = at_most(g, kept, e->plan.most);
    const int best = fovea__onnx_add(g, &(fovea__onnx_node){.op = "TopK", .inputs = {left, most}, .outputs = 2});
    return (fovea__export_pair){best + 1, best};
}

/* torchvision's slot 0 is the background, whose boxes go last. */
static void drop_background(fovea__onnx *g, int *boxes, int *scores, int *labels)
{
    const int objects = fovea__onnx_of_two(g, "Greater", *labels, fovea__onnx_integer(g, 0));
    const int places = reshape(g, fovea__onnx_of(g, "NonZero", objects), (const int64_t[]){-1}, 1);
    *boxes = fovea__onnx_gather(g, *boxes, places, 0);
    *scores = fovea__onnx_gather(g, *scores, places, 0);
    const int slots = fovea__onnx_gather(g, *labels, places, 0);
    *labels = fovea__onnx_of_two(g, "Sub", slots, fovea__onnx_integer(g, 1));
}

void fovea__export_detections(fovea__export *e)
{
    fovea__onnx *g = &e->graph;
    g->scope = "detections";
    const candidates found = find_all(e);
    const int all_boxes = decode(e, &found);
    const fovea__export_pair best = strongest(e, found.scores, suppress(e, &found, all_boxes));
    int boxes = fovea__onnx_gather(g, all_boxes, best.y, 0), scores = best.x;
    int labels = fovea__onnx_gather(g, found.labels, best.y, 0);
    if (fovea__model_slot(e->model, 0) == 1)
        drop_background(g, &boxes, &scores, &labels);
    const int sides = corners_of(g, e->picture), ratios = divide(g, sides, corners_of(g, e->resized));
    boxes = clip(g, fovea__onnx_of_two(g, "Mul", boxes, ratios), sides);
    fovea__onnx_output(g, boxes, &(fovea__onnx_end){"boxes", FOVEA__ONNX_FLOAT, {"detections", "4"}});
    fovea__onnx_output(g, scores, &(fovea__onnx_end){"scores", FOVEA__ONNX_FLOAT, {"detections"}});
    fovea__onnx_output(g, labels, &(fovea__onnx_end){"labels", FOVEA__ONNX_INT64, {"detections"}});
}

/* ---- the network's own outputs --------------------------------------------------------------------------------- */

/* All of a level's anchors. */
static int all_anchors(fovea__export *e, int level)
{
    fovea__onnx *g = &e->graph;
    const int rows = cells_along(e, level, 0), cells = fovea__onnx_of_two(g, "Mul", rows, cells_along(e, level, 1));
    const int a_cell = fovea__onnx_integer(g, fovea__config_anchors(&e->model->config));
    return anchors_of(e, level, count_to(g, fovea__onnx_of_two(g, "Mul", cells, a_cell)));
}

void fovea__export_raw(fovea__export *e)
{
    fovea__onnx *g = &e->graph;
    g->scope = "outputs";
    int logits[FOVEA__LEVELS], codes[FOVEA__LEVELS], anchors[FOVEA__LEVELS];
    for (int i = 0; i < FOVEA__LEVELS; i++) {
        const int64_t classes = e->model->config.classes;
        logits[i] = reshape(g, channels_last(g, e->levels[i].logits), (const int64_t[]){0, -1, classes}, 3);
        codes[i] = reshape(g, channels_last(g, e->levels[i].codes), (const int64_t[]){0, -1, 4}, 3);
        anchors[i] = all_anchors(e, i);
    }
    char classes[16];
    snprintf(classes, sizeof classes, "%d", e->model->config.classes);
    fovea__onnx_output(g, fovea__onnx_concat(g, logits, FOVEA__LEVELS, 1),
                       &(fovea__onnx_end){"logits", FOVEA__ONNX_FLOAT, {"pictures", "anchors", classes}});
    fovea__onnx_output(g, fovea__onnx_concat(g, codes, FOVEA__LEVELS, 1),
                       &(fovea__onnx_end){"codes", FOVEA__ONNX_FLOAT, {"pictures", "anchors", "4"}});
    fovea__onnx_output(g, fovea__onnx_concat(g, anchors, FOVEA__LEVELS, 0),
                       &(fovea__onnx_end){"anchors", FOVEA__ONNX_FLOAT, {"anchors", "4"}});
}
