/* The picture's way into the network, as lib/ops/resize_normalize goes it: built of gathering and arithmetic, since
 * ONNX's own Resize rounds the places it samples at otherwise. */
#include "export.h"

/* Which cells of a side of the picture make the cells of the resized one, and the second one's share. */
typedef struct sampling {
    int first, second, share;
} sampling;

static sampling sample(fovea__onnx *g, int side, int resized)
{
    const int zero = fovea__onnx_integer(g, 0), one = fovea__onnx_integer(g, 1), half = fovea__onnx_float(g, 0.5f);
    const int length = fovea__onnx_cast(g, side, FOVEA__ONNX_FLOAT);
    const int ratio = fovea__onnx_of_two(g, "Div", length, fovea__onnx_cast(g, resized, FOVEA__ONNX_FLOAT));
    const int places = fovea__onnx_add(g, &(fovea__onnx_node){.op = "Range", .inputs = {zero, resized, one}});
    const int centres = fovea__onnx_of_two(g, "Add", fovea__onnx_cast(g, places, FOVEA__ONNX_FLOAT), half);
    const int scaled = fovea__onnx_of_two(g, "Sub", fovea__onnx_of_two(g, "Mul", centres, ratio), half);
    const int from = fovea__onnx_of_two(g, "Max", scaled, fovea__onnx_float(g, 0));
    const int last = fovea__onnx_of_two(g, "Sub", side, one);
    const int first = fovea__onnx_of_two(g, "Min", fovea__onnx_cast(g, from, FOVEA__ONNX_INT64), last);
    const int second = fovea__onnx_of_two(g, "Min", fovea__onnx_of_two(g, "Add", first, one), last);
    const int share = fovea__onnx_of_two(g, "Sub", from, fovea__onnx_cast(g, first, FOVEA__ONNX_FLOAT));
    return (sampling){first, second, share};
}

/* (1 - share) first + share second. */
static int blend(fovea__onnx *g, int first, int second, int share)
{
    const int rest = fovea__onnx_of_two(g, "Sub", fovea__onnx_float(g, 1), share);
    const int shared = fovea__onnx_of_two(g, "Mul", share, second);
    return fovea__onnx_of_two(g, "Add", fovea__onnx_of_two(g, "Mul", rest, first), shared);
}

static int unsqueeze(fovea__onnx *g, int value, const int64_t *axes, int n_axes)
{
    return fovea__onnx_of_two(g, "Unsqueeze", value, fovea__onnx_integers(g, axes, n_axes));
}

/* Some rows of the picture, resized along: [rows][width][3] floats. */
static int resize_along(fovea__onnx *g, int image, int rows, const sampling *across)
{
    const int picked = fovea__onnx_gather(g, image, rows, 0);
    const int left = fovea__onnx_cast(g, fovea__onnx_gather(g, picked, across->first, 1), FOVEA__ONNX_FLOAT);
    const int right = fovea__onnx_cast(g, fovea__onnx_gather(g, picked, across->second, 1), FOVEA__ONNX_FLOAT);
    return blend(g, left, right, unsqueeze(g, across->share, (const int64_t[]){1}, 1));
}

/* floor(side * scale), at least 1. */
static int scale_side(fovea__onnx *g, int side, int scale)
{
    const int scaled = fovea__onnx_of_two(g, "Mul", fovea__onnx_cast(g, side, FOVEA__ONNX_DOUBLE), scale);
    const int whole = fovea__onnx_cast(g, scaled, FOVEA__ONNX_INT64);
    return fovea__onnx_of_two(g, "Max", whole, fovea__onnx_integer(g, 1));
}

static void find_sizes(fovea__export *e, int image)
{
    fovea__onnx *g = &e->graph;
    const int shape = fovea__onnx_of(g, "Shape", image);
    const int height = fovea__onnx_gather(g, shape, fovea__onnx_integer(g, 0), 0);
    const int width = fovea__onnx_gather(g, shape, fovea__onnx_integer(g, 1), 0);
    const int shorter = fovea__onnx_cast(g, fovea__onnx_of_two(g, "Min", height, width), FOVEA__ONNX_DOUBLE);
    const int longer = fovea__onnx_cast(g, fovea__onnx_of_two(g, "Max", height, width), FOVEA__ONNX_DOUBLE);
    const int wanted = fovea__onnx_of_two(g, "Div", fovea__onnx_double(g, e->plan.size), shorter);
    const int most = fovea__onnx_of_two(g, "Div", fovea__onnx_double(g, e->plan.max_size), longer);
    const int scale = fovea__onnx_of_two(g, "Min", wanted, most);
    e->picture = (fovea__export_pair){height, width};
    e->resized.y = scale_side(g, height, scale);
    e->resized.x = scale_side(g, width, scale);
}

/* The next multiple of 32, as fovea__network_padded() has it. */
static int pad_side(fovea__onnx *g, int side)
{
    const int step = fovea__onnx_integer(g, 32);
    const int steps = fovea__onnx_of_two(g, "Add", side, fovea__onnx_integer(g, 31));
    return fovea__onnx_of_two(g, "Mul", fovea__onnx_of_two(g, "Div", steps, step), step);
}

/* How many zeros follow a side, as a list of one. */
static int padding_of(fovea__onnx *g, int side, int padded)
{
    return unsqueeze(g, fovea__onnx_of_two(g, "Sub", padded, side), (const int64_t[]){0}, 1);
}

void fovea__export_picture(fovea__export *e, int image)
{
    fovea__onnx *g = &e->graph;
    g->scope = "picture";
    find_sizes(e, image);
    e->padded.y = pad_side(g, e->resized.y);
    e->padded.x = pad_side(g, e->resized.x);

    const sampling down = sample(g, e->picture.y, e->resized.y), across = sample(g, e->picture.x, e->resized.x);
    const int upper = resize_along(g, image, down.first, &across), lower = resize_along(g, image, down.second, &across);
    const int resized = blend(g, upper, lower, unsqueeze(g, down.share, (const int64_t[]){1, 2}, 2));
    const int unit = fovea__onnx_of_two(g, "Div", resized, fovea__onnx_float(g, 255));
    const int mean = fovea__onnx_floats(g, (const float[]){0.485f, 0.456f, 0.406f}, 0, 3);
    const int deviation = fovea__onnx_floats(g, (const float[]){0.229f, 0.224f, 0.225f}, 0, 3);
    const int normal = fovea__onnx_of_two(g, "Div", fovea__onnx_of_two(g, "Sub", unit, mean), deviation);

    const int planes = fovea__onnx_add(g, &(fovea__onnx_node){.op = "Transpose", .inputs = {normal},
                                           .attributes = {{"perm", .integers = {2, 0, 1}, .n_integers = 3}}});
    const int before = fovea__onnx_integers(g, (const int64_t[]){0, 0, 0, 0, 0, 0}, 6);
    const int below = padding_of(g, e->resized.y, e->padded.y), right = padding_of(g, e->resized.x, e->padded.x);
    const int batch = unsqueeze(g, planes, (const int64_t[]){0}, 1);
    e->input = fovea__onnx_of_two(g, "Pad", batch, fovea__onnx_concat(g, (const int[]){before, below, right}, 3, 0));
}
