/* How tiled cuts the work and launches it. Its kernels say how they do it; bench/README.md counts what they need. */
#include "conv2d_engine.h"

#include "device.h"
#include "launch.h"

#include <stdio.h>

/* As conv2d_tiled.cl has them: patches of 8 x 8 work-items, squares of 4 x 4 sums a work-item. */
typedef struct tile {
    int down, across, high, wide;
} tile;

enum { TILES = FOVEA__CONV2D_TILED_32X64 - FOVEA__CONV2D_TILED_128X128 + 1, MOST_PARTS = 64 };

static const tile tiles[TILES] = {{2, 2, 2, 2}, {2, 2, 2, 1}, {2, 2, 1, 1}, {1, 2, 1, 1}};

static const tile *tile_of(fovea__conv2d_algorithm algorithm)
{
    return &tiles[algorithm - FOVEA__CONV2D_TILED_128X128];
}

static size_t items_of(const tile *cut)
{
    return 64 * (size_t)cut->down * (size_t)cut->across;
}

static int rows_of(const tile *cut)
{
    return 32 * cut->down * cut->high;
}

static int columns_of(const tile *cut)
{
    return 32 * cut->across * cut->wide;
}

static int depth_of(const tile *cut)
{
    return 4 * (int)items_of(cut) / rows_of(cut);
}

/* Two halves, each a step of both sides; the left side's rows are a quad longer. */
static size_t local_bytes_of(const tile *cut)
{
    return 2 * sizeof(float) * (size_t)depth_of(cut) * (size_t)(rows_of(cut) + 4 + columns_of(cut));
}

static bool has_room(const fovea_device *device, const tile *cut)
{
    return fovea__device_max_work_group(device) >= items_of(cut) &&
           fovea__device_local_bytes(device) >= local_bytes_of(cut);
}

static bool can(const fovea__conv2d_work *work)
{
    return has_room(work->device, tile_of(work->algorithm));
}

/* ---- the rule -------------------------------------------------------------------------------------------------- */

/* A direction's matrix product. Of backward-data's passes the mean; `values` are those that each part writes. */
typedef struct product {
    double rows, columns, depth;
    size_t values;
} product;

static product product_of(const fovea__conv2d_work *work)
{
    const fovea__conv2d_shape *shape = work->shape;
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(work->direction, shape, 0);
    const double places = (double)fovea__conv2d_pass_places(&pass), taps = (double)shape->kernel * shape->kernel;
    if (work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return (product){taps * shape->in_channels, shape->out_channels, places,
                         fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, shape, shape->out_channels)};
    return (product){places, pass.to_c, taps * pass.from_c / fovea__conv2d_passes(work->direction, shape),
                     (size_t)pass.batch * (size_t)pass.to_h * (size_t)pass.to_w * (size_t)pass.to_c};
}

static double blocks_of(double size, int block)
{
    const double whole = (double)(long long)(size / block);
    return whole * block < size ? whole + 1 : whole;
}

/* The time that a product takes, in multiply-adds of one of the device's `units`.
 * A unit works its groups off one after the other, each two steps longer than its depth. Reading four floats of local
 * memory costs as much as the four multiply-adds that could go out meanwhile, and a work-item reads high + wide of
 * those quads for its 16 high wide products. Below 4096 sums a unit waits for its own results. Parts are written and
 * read again, and devices do about 64 multiply-adds in the time that a float takes to or from memory. */
static double cost_of(const product *wanted, const tile *cut, int parts, double units)
{
    const double squares = (double)cut->high * cut->wide, reads = cut->high + cut->wide;
    const double rate = 16 * squares / (16 * squares + 4 * reads), sums = (double)rows_of(cut) * columns_of(cut);
    const double groups = parts * blocks_of(wanted->rows, rows_of(cut)) * blocks_of(wanted->columns, columns_of(cut));
    const double steps = blocks_of(blocks_of(wanted->depth, depth_of(cut)), parts) + 2;
    const double waves = blocks_of(groups / units, 1), under_way = waves * sums / 4096;
    const double waiting = under_way < 1 ? under_way : 1;
    const double traffic = parts > 1 ? 2.0 * parts * (double)wanted->values * 64 / units : 0;
    return waves * sums * depth_of(cut) * steps / (rate * waiting) + traffic;
}

/* The cheapest number of parts: at least 8 steps each, and all of them within the workspace. */
static int parts_of(const fovea_device *device, const product *wanted, const tile *cut, double *cost)
{
    const double units = fovea_device_describe(device)->compute_units;
    const double steps = blocks_of(wanted->depth, depth_of(cut));
    int best = 1;
    *cost = cost_of(wanted, cut, 1, units);
    for (int parts = 2; parts <= MOST_PARTS && parts * 8 <= steps; parts++) {
        const double is = cost_of(wanted, cut, parts, units);
        if (is < *cost && (size_t)parts * wanted->values <= FOVEA__CONV2D_WORKSPACE / sizeof(float)) {
            *cost = is;
            best = parts;
        }
    }
    return best;
}

static int parts_for(const fovea__conv2d_work *work)
{
    const product wanted = product_of(work);
    double cost = 0;
    return parts_of(work->device, &wanted, tile_of(work->algorithm), &cost);
}

fovea__conv2d_algorithm fovea__conv2d_tiled_choose(const fovea__conv2d_work *work)
{
    const product wanted = product_of(work);
    fovea__conv2d_algorithm best = FOVEA__CONV2D_TILED_32X64;
    double least = 0;
    parts_of(work->device, &wanted, tile_of(best), &least);
    for (int a = FOVEA__CONV2D_TILED_128X128; a < FOVEA__CONV2D_TILED_32X64; a++) {
        double cost = 0;
        parts_of(work->device, &wanted, tile_of((fovea__conv2d_algorithm)a), &cost);
        if (cost < least && has_room(work->device, tile_of((fovea__conv2d_algorithm)a))) {
            least = cost;
            best = (fovea__conv2d_algorithm)a;
        }
    }
    return best;
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* One block of all written channels, rounded up to whole quads. */
static int packed_width(const fovea__conv2d_work *work)
{
    return fovea__conv2d_blocks(fovea__conv2d_to_channels(work->direction, work->shape), 4) * 4;
}

static size_t packed_floats(const fovea__conv2d_work *work)
{
    if (work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    return fovea__conv2d_layout_floats(work->direction, work->shape, packed_width(work));
}

static fovea_status pack(const fovea__conv2d_work *work, const fovea__tensor *weights, fovea__buffer *packed)
{
    return fovea__conv2d_layout(work->device, work->direction, work->shape, packed_width(work), 0, weights, packed);
}

static size_t workspace_bytes(const fovea__conv2d_work *work)
{
    const int parts = parts_for(work);
    const bool apart = parts > 1 || work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS;
    return apart ? (size_t)parts * product_of(work).values * sizeof(float) : 0;
}

/* ---- launching ------------------------------------------------------------------------------------------------- */

/* The tile with which a kernel runs: `cut`, or where that does not build or the device's registers do not do for its
 * work-groups, the first smaller one for which they do. */
static fovea_status fit_tile(fovea_device *device, bool weights, bool left_quads, bool right_quads, const tile **cut,
                             char options[96])
{
    const char *kernel = weights ? "conv2d_tiled_weights" : "conv2d_tiled_pass";
    const fovea__error_kept kept = fovea__error_keep();
    fovea_status status = FOVEA_OK;
    for (; *cut < tiles + TILES; ++*cut) {
        size_t most = 0;
        if (!has_room(device, *cut))
            continue;
        snprintf(options, 96, "-DDOWN=%d -DACROSS=%d -DHIGH=%d -DWIDE=%d -DLEFT_QUADS=%d -DRIGHT_QUADS=%d%s",
                 (*cut)->down, (*cut)->across, (*cut)->high, (*cut)->wide, left_quads, right_quads,
                 weights ? " -DWEIGHTS" : "");
        status = fovea__launch_most_items(device, "conv2d_tiled", options, kernel, &most);
        if (status == FOVEA_OK && most >= items_of(*cut)) {
            fovea__error_restore(&kept);
            return FOVEA_OK;
        }
        if (status == FOVEA_OK)
            status = fovea__fail(FOVEA_ERROR_UNSUPPORTED, "%s: %s (%s) takes work-groups of %zu, %zu are needed",
                                 fovea_device_name(device), kernel, options, most, items_of(*cut));
        else if (status != FOVEA_ERROR_DEVICE)
            break;
    }
    return status;
}

static fovea__grid grid_of(const tile *cut, int rows, int columns, int parts)
{
    const size_t groups = (size_t)fovea__conv2d_blocks(rows, rows_of(cut)) *
                          (size_t)fovea__conv2d_blocks(columns, columns_of(cut));
    return fovea__grid_2d(groups * items_of(cut), (size_t)parts, items_of(cut), 1);
}

/* Floats of depth that a part takes: whole steps. */
static int depth_a_part(const tile *cut, int depth, int parts)
{
    return fovea__conv2d_blocks(fovea__conv2d_blocks(depth, depth_of(cut)), parts) * depth_of(cut);
}

/* A pass into `y`, as it is where `epilogue` is empty and in `parts` one behind the other. */
static fovea_status run_pass(fovea_device *device, const fovea__conv2d_pass *pass, const tile *cut, int parts,
                             const fovea__tensor *from, const fovea__buffer *packed,
                             const fovea__conv2d_epilogue *epilogue, const fovea__buffer *y)
{
    const int places = (int)fovea__conv2d_pass_places(pass), width = fovea__conv2d_blocks(pass->to_c, 4) * 4;
    const int depth = pass->taps_h * pass->taps_w * pass->from_c;
    fovea__conv2d_pass taken = *pass;
    if (depth == 0) /* no tap to count by */
        taken.taps_h = 0, taken.taps_w = 1;
    char options[96];
    FOVEA_TRY(fit_tile(device, false, pass->from_c % 4 == 0, pass->to_c % 4 == 0, &cut, options));
    enum { OWN = FOVEA__CONV2D_PASS_ARGS };
    fovea__arg args[OWN + 2];
    fovea__conv2d_pass_args(args, &taken, from, packed, fovea__conv2d_pass_offset(pass, width, 0), epilogue, y);
    args[OWN] = fovea__arg_int(depth_a_part(cut, depth, parts));
    args[OWN + 1] = fovea__arg_int(parts > 1 ? pass->batch * pass->to_h * pass->to_w * pass->to_c : 0);
    return fovea__launch(device, "conv2d_tiled", options, "conv2d_tiled_pass", args, sizeof args / sizeof *args,
                         grid_of(cut, places, pass->to_c, parts));
}

static fovea_status run(const fovea__conv2d_work *work, const fovea__tensor *from, const fovea__tensor *weights,
                        const fovea__buffer *packed, const fovea__conv2d_epilogue *epilogue, fovea__tensor *to,
                        fovea__buffer *workspace)
{
    (void)weights;
    const int parts = parts_for(work);
    const fovea__conv2d_epilogue none = {0};
    for (int i = 0; i < fovea__conv2d_passes(work->direction, work->shape); i++) {
        const fovea__conv2d_pass pass = fovea__conv2d_pass_at(work->direction, work->shape, i);
        const bool adds_nothing = parts == 1 && epilogue->residual == to && pass.taps_h * pass.taps_w == 0;
        if (!adds_nothing)
            FOVEA_TRY(run_pass(work->device, &pass, tile_of(work->algorithm), parts, from, packed,
                               parts > 1 ? &none : epilogue, parts > 1 ? workspace : to->buffer));
    }
    if (parts == 1)
        return FOVEA_OK;
    return fovea__conv2d_finish(work->device, workspace, 0, parts, epilogue, to, 0, fovea__shape_elements(to->shape));
}

static fovea_status backward_weights(const fovea__conv2d_work *work, const fovea__tensor *x, const fovea__tensor *d_y,
                                     bool accumulate, fovea__tensor *d_weights, fovea__buffer *workspace)
{
    const fovea__conv2d_shape *shape = work->shape;
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(work->direction, shape, 0);
    const int places = (int)fovea__conv2d_pass_places(&pass), parts = parts_for(work);
    const tile *cut = tile_of(work->algorithm);
    char options[96];
    FOVEA_TRY(fit_tile(work->device, true, pass.from_c % 4 == 0, pass.to_c % 4 == 0, &cut, options));
    fovea__arg args[FOVEA__CONV2D_WEIGHTS_ARGS + 1];
    fovea__conv2d_weights_args(args, &pass, x, d_y, workspace);
    args[FOVEA__CONV2D_WEIGHTS_ARGS] = fovea__arg_int(depth_a_part(cut, places, parts));
    FOVEA_TRY(fovea__launch(work->device, "conv2d_tiled", options, "conv2d_tiled_weights", args,
                            sizeof args / sizeof *args,
                            grid_of(cut, shape->kernel * shape->kernel * pass.from_c, pass.to_c, parts)));
    return fovea__conv2d_sum(work->device, shape, parts, shape->out_channels, workspace, accumulate, d_weights);
}

const fovea__conv2d_engine fovea__conv2d_tiled = {.can = can,
                                                  .packed_floats = packed_floats,
                                                  .workspace_bytes = workspace_bytes,
                                                  .pack = pack,
                                                  .run = run,
                                                  .weights = backward_weights};
