/* How Winograd's work is cut into blocks of tiles, and launched. Its kernels say how they do it. */
#include "conv2d_engine.h"

#include "device.h"
#include "launch.h"

#include <limits.h>
#include <stdio.h>

/* As in conv2d_winograd.cl: points of a tile, and floats that keep their rows apart. */
enum { SIDE = 4, POINTS = 36, APART = 16 };

/* Bytes of cache that a block of tiles, or what a product reads of them, should stay in. */
enum { SLICE = 1 << 20, CHUNK = 1 << 19 };

enum { LEAST_TILES = 12 };

static size_t count_tiles(const fovea__conv2d_work *work)
{
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(work->direction, work->shape, 0);
    return (size_t)pass.batch * (size_t)((pass.grid_h + SIDE - 1) / SIDE) * (size_t)((pass.grid_w + SIDE - 1) / SIDE);
}

/* How the kernels are built, and the sizes that follow from it. */
typedef struct cut {
    char options[64];
    int vector, width; /* floats a register, and a block of written channels */
    int tile;          /* tiles of a product; backward-weights: its in channels */
    int from_row;      /* read channels, in whole registers */
    int to_row;        /* written channels, in whole blocks */
    int tiles;
} cut;

static int rounded(int value, int unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Two registers of channels, or one where no more is needed: each variant takes a second or two to compile, which is
 * more than a network spends on lanes behind the last channel. As many sums as the registers hold: of 8 floats machines
 * have 16, and 32 of larger ones and of ARM's smaller ones. */
static cut cut_of(const fovea__conv2d_work *work)
{
    const int from = fovea__conv2d_from_channels(work->direction, work->shape);
    const int to = fovea__conv2d_to_channels(work->direction, work->shape);
    const int vector = fovea__device_vector_width(work->device);
    const int registers = to > vector ? 2 : 1;
    const bool few = vector == 8 && registers == 2, weights = work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS;
    const int tile = few ? 6 : weights ? 8 : 14;
    cut made = {.vector = vector,
                .width = vector * registers,
                .tile = tile,
                .from_row = rounded(from, vector),
                .to_row = rounded(to, vector * registers),
                .tiles = (int)count_tiles(work)};
    snprintf(made.options, sizeof made.options, "-DVECTOR=%d -DBLOCKS=%d -DTILE=%d%s", vector, registers, tile,
             weights ? " -DBACKWARD_WEIGHTS" : "");
    return made;
}

static bool can(const fovea__conv2d_work *work)
{
    /* Packed weights, and a chunk's transforms, are indexed by int. */
    enum { MOST_CHANNELS = 1 << 18 };
    const fovea__conv2d_shape *shape = work->shape;
    const size_t floats =
        (size_t)POINTS * (size_t)rounded(shape->in_channels, 32) * (size_t)rounded(shape->out_channels, 32);
    return shape->kernel == 3 && shape->stride == 1 && shape->padding <= 2 && floats < INT_MAX / 2 &&
           shape->in_channels <= MOST_CHANNELS && shape->out_channels <= MOST_CHANNELS &&
           count_tiles(work) >= LEAST_TILES;
}

/* Zeros before the packed weights: what lies outside is read there. */
static int zeros_of(const cut *made)
{
    return rounded(made->from_row, 16);
}

static size_t packed_floats(const fovea__conv2d_work *work)
{
    if (work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    const cut made = cut_of(work);
    return (size_t)zeros_of(&made) +
           (size_t)POINTS * (size_t)fovea__conv2d_from_channels(work->direction, work->shape) * (size_t)made.to_row;
}

static fovea_status pack(const fovea__conv2d_work *work, const fovea__tensor *weights, fovea__buffer *packed)
{
    const cut made = cut_of(work);
    const int from = fovea__conv2d_from_channels(work->direction, work->shape);
    const int to = fovea__conv2d_to_channels(work->direction, work->shape);
    const bool back = work->direction == FOVEA__CONV2D_BACKWARD_DATA;
    const int of_out = work->shape->in_channels * 9;
    const fovea__arg args[] = {fovea__arg_buffer(weights->buffer),
                               fovea__arg_buffer(packed),
                               fovea__arg_int(zeros_of(&made)),
                               fovea__arg_int(from),
                               fovea__arg_int(to),
                               fovea__arg_int(back ? of_out : 9),
                               fovea__arg_int(back ? 9 : of_out),
                               fovea__arg_int(back)};
    FOVEA_TRY(fovea__buffer_fill(packed, 0, (size_t)zeros_of(&made) * sizeof(float), 0));
    return fovea__launch(work->device, "conv2d_winograd_pack", made.options, "conv2d_winograd_pack", args,
                         sizeof args / sizeof *args,
                         fovea__grid_2d((size_t)from, (size_t)(made.to_row / made.vector), 1, 1));
}

/* ---- forward and backward-data ---------------------------------------------------------------------------------- */

/* How a pass is shared out: work-items, tiles of a block, floats of a work-item's slice of the workspace. */
typedef struct share {
    int items, block;
    size_t slice;
} share;

static size_t slice_of(const cut *made, int block)
{
    return (size_t)POINTS * (size_t)(made->vector + 2 * APART) +
           (size_t)POINTS * (size_t)block * (size_t)(made->from_row + made->to_row);
}

/* Two work-items a unit, so that a unit that is held up is helped out. A block that does not stay in cache costs more
 * than reading the weights more often does, as measured; it has at least the tiles that fill the registers. */
static share share_of(const fovea_device *device, const cut *made)
{
    const int units = fovea_device_describe(device)->compute_units;
    const int most_items = 2 * units;
    const int fit = SLICE / (int)sizeof(float) / POINTS / (made->from_row + made->to_row);
    const int evenly = (made->tiles + most_items - 1) / most_items;
    const int wanted = fit < evenly ? fit : evenly;
    const int block = rounded(wanted > 0 ? wanted : 1, made->tile);
    const int blocks = (made->tiles + block - 1) / block;
    return (share){blocks < most_items ? blocks : most_items, block, slice_of(made, block)};
}

static fovea_status run(const fovea__conv2d_work *work, const fovea__tensor *from, const fovea__tensor *weights,
                        const fovea__buffer *packed, const fovea__conv2d_epilogue *epilogue, fovea__tensor *to,
                        fovea__buffer *workspace)
{
    (void)weights;
    const cut made = cut_of(work);
    const share shared = share_of(work->device, &made);
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(work->direction, work->shape, 0);
    const fovea__arg args[] = {fovea__arg_buffer(from->buffer),
                               fovea__arg_buffer(packed),
                               fovea__arg_int(zeros_of(&made)),
                               fovea__arg_buffer(epilogue->scale ? epilogue->scale->buffer : NULL),
                               fovea__arg_buffer(epilogue->shift ? epilogue->shift->buffer : NULL),
                               fovea__arg_buffer(epilogue->residual ? epilogue->residual->buffer : NULL),
                               fovea__arg_int(epilogue->relu),
                               fovea__arg_buffer(to->buffer),
                               fovea__arg_buffer(workspace),
                               fovea__arg_int((int)shared.slice),
                               fovea__arg_int(shared.block),
                               fovea__arg_int(made.tiles),
                               fovea__arg_int(pass.from_h),
                               fovea__arg_int(pass.from_w),
                               fovea__arg_int(pass.from_c),
                               fovea__arg_int(pass.to_h),
                               fovea__arg_int(pass.to_w),
                               fovea__arg_int(pass.to_c),
                               fovea__arg_int(pass.first_y),
                               fovea__arg_int(pass.first_x)};
    return fovea__launch(work->device, "conv2d_winograd", made.options, "conv2d_winograd_pass", args,
                         sizeof args / sizeof *args, fovea__grid_1d((size_t)shared.items, 1));
}

/* ---- backward-weights ------------------------------------------------------------------------------------------- */

/* Tiles worked on at once: what a product reads of them, a block of out channels and a line of in channels at each
 * point, stays in cache while all in channels pass by. */
static int chunk_of(const cut *made)
{
    const int fit = CHUNK / POINTS / (made->width * (int)sizeof(float) + 64);
    return fit < made->tiles ? fit : made->tiles;
}

/* Where the parts of the workspace begin, in floats: zeros, room for tiles' last channels, both transforms. */
typedef struct parts {
    int spare, v, d;
    size_t floats;
} parts;

static parts parts_of(const cut *made, int in_channels)
{
    const size_t chunk = (size_t)chunk_of(made), from = (size_t)made->from_row, to = (size_t)made->to_row;
    const size_t spare = made->from_row > in_channels ? chunk * POINTS * (size_t)made->vector : 0;
    const size_t v = (size_t)zeros_of(made) + spare, d = v + POINTS * (chunk * from + APART);
    return (parts){zeros_of(made), (int)v, (int)d, d + POINTS * (chunk * to + APART)};
}

static size_t workspace_bytes(const fovea__conv2d_work *work)
{
    const cut made = cut_of(work);
    if (work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return parts_of(&made, work->shape->in_channels).floats * sizeof(float);
    const share shared = share_of(work->device, &made);
    return (size_t)shared.items * shared.slice * sizeof(float);
}

static fovea_status transform_chunk(fovea_device *device, const cut *made, const parts *at,
                                    const fovea__conv2d_pass *pass, int first, int count, const fovea__tensor *x,
                                    const fovea__tensor *d_y, fovea__buffer *workspace)
{
    const int chunk = chunk_of(made);
    const fovea__arg of_x[] = {
        fovea__arg_buffer(x->buffer), fovea__arg_buffer(workspace), fovea__arg_int(at->spare),
        fovea__arg_int(at->v),        fovea__arg_int(first),        fovea__arg_int(chunk),
        fovea__arg_int(pass->to_h),   fovea__arg_int(pass->to_w),   fovea__arg_int(pass->from_h),
        fovea__arg_int(pass->from_w), fovea__arg_int(pass->from_c), fovea__arg_int(pass->first_y),
        fovea__arg_int(pass->first_x)};
    const fovea__arg of_y[] = {
        fovea__arg_buffer(d_y->buffer), fovea__arg_buffer(workspace), fovea__arg_int(at->d),
        fovea__arg_int(first),          fovea__arg_int(chunk),        fovea__arg_int(made->to_row),
        fovea__arg_int(pass->to_h),     fovea__arg_int(pass->to_w),   fovea__arg_int(pass->to_c)};
    FOVEA_TRY(fovea__launch(device, "conv2d_winograd", made->options, "conv2d_winograd_tiles", of_x,
                            sizeof of_x / sizeof *of_x, fovea__grid_1d((size_t)count, 1)));
    return fovea__launch(device, "conv2d_winograd_weights", made->options, "conv2d_winograd_gradient", of_y,
                         sizeof of_y / sizeof *of_y,
                         fovea__grid_2d((size_t)(made->to_row / made->vector), (size_t)count, 1, 1));
}

static fovea_status backward_weights(const fovea__conv2d_work *work, const fovea__tensor *x, const fovea__tensor *d_y,
                                     bool accumulate, fovea__tensor *d_weights, fovea__buffer *workspace)
{
    const cut made = cut_of(work);
    const fovea__conv2d_shape *shape = work->shape;
    const parts at = parts_of(&made, shape->in_channels);
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_FORWARD, shape, 0);
    const int chunk = chunk_of(&made);
    FOVEA_TRY(fovea__buffer_fill(workspace, 0, (size_t)zeros_of(&made) * sizeof(float), 0));
    for (int first = 0; first < made.tiles; first += chunk) {
        const int count = made.tiles - first < chunk ? made.tiles - first : chunk;
        const fovea__arg args[] = {fovea__arg_buffer(workspace),
                                   fovea__arg_int(at.v),
                                   fovea__arg_int(at.d),
                                   fovea__arg_buffer(d_weights->buffer),
                                   fovea__arg_int(count),
                                   fovea__arg_int(chunk),
                                   fovea__arg_int(shape->in_channels),
                                   fovea__arg_int(shape->out_channels),
                                   fovea__arg_int(accumulate || first > 0)};
        FOVEA_TRY(transform_chunk(work->device, &made, &at, &pass, first, count, x, d_y, workspace));
        FOVEA_TRY(fovea__launch(work->device, "conv2d_winograd_weights", made.options, "conv2d_winograd_product", args,
                                sizeof args / sizeof *args,
                                fovea__grid_2d((size_t)fovea__conv2d_blocks(shape->in_channels, made.tile),
                                               (size_t)(made.to_row / made.width), 1, 1)));
    }
    return FOVEA_OK;
}

const fovea__conv2d_engine fovea__conv2d_winograd = {.can = can,
                                                     .packed_floats = packed_floats,
                                                     .workspace_bytes = workspace_bytes,
                                                     .pack = pack,
                                                     .run = run,
                                                     .weights = backward_weights};
