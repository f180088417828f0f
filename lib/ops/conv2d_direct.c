/* How direct cuts the work, and launches it. Its kernels say how they do it. */
#include "conv2d_engine.h"

#include "device.h"
#include "launch.h"

#include <stdio.h>

/* Of a pass's weights, what stays in a core's cache while places go by. */
enum { NEAR_FLOATS = 65536 };

/* Backward-weights: a work-item's columns, the places that it takes at a time, and the floats in a register of each of
 * its blocks, as in conv2d_direct_weights.cl. */
enum { COLUMNS = 256, CHUNK = 128, GROUP_FLOATS = 64 };

/* The places are cut into parts, so that there are enough work-items for any CPU, none of few places. Their number
 * does not ask for the CPU's cores: sums would have other bits where fewer of them may be used. */
enum { ITEMS = 64, PART_PLACES = 1024 };

/* How the kernels are built. */
typedef struct cut {
    char options[64];
    int vector, width; /* floats a register, and a block of written channels */
    int tile;          /* places of a work-item */
} cut;

/* A block is two registers of channels, or one where no more is needed: each variant of the kernels takes seconds to
 * compile, which is more than a network spends on lanes behind the last channel. The sums of a tile take 24 registers,
 * or 12 where registers are of 8 floats: of those machines have 16, and 32 of larger ones and of ARM's smaller ones. */
static cut cut_of(const fovea__conv2d_work *work)
{
    const int vector = fovea__device_vector_width(work->device);
    const int registers = fovea__conv2d_to_channels(work->direction, work->shape) > vector ? 2 : 1;
    const bool pass = work->direction != FOVEA__CONV2D_BACKWARD_WEIGHTS;
    cut made = {.vector = vector, .width = registers * vector, .tile = vector == 8 && registers == 2 ? 6 : 12};
    const int length = snprintf(made.options, sizeof made.options, "-DVECTOR=%d -DBLOCKS=%d", vector, registers);
    if (pass)
        snprintf(made.options + length, sizeof made.options - (size_t)length, " -DTILE=%d", made.tile);
    return made;
}

/* ---- forward and backward-data ---------------------------------------------------------------------------------- */

/* Zeros before the packed weights: what lies outside is read there. */
static int zeros_of(const fovea__conv2d_work *work)
{
    return fovea__conv2d_blocks(work->shape->kernel * fovea__conv2d_from_channels(work->direction, work->shape), 16) *
           16;
}

static size_t packed_floats(const fovea__conv2d_work *work)
{
    if (work->direction == FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    const cut made = cut_of(work);
    return (size_t)zeros_of(work) + fovea__conv2d_layout_floats(work->direction, work->shape, made.width);
}

static fovea_status pack(const fovea__conv2d_work *work, const fovea__tensor *weights, fovea__buffer *packed)
{
    const cut made = cut_of(work);
    const int zeros = zeros_of(work);
    FOVEA_TRY(fovea__buffer_fill(packed, 0, (size_t)zeros * sizeof(float), 0));
    return fovea__conv2d_layout(work->device, work->direction, work->shape, made.width, zeros, weights, packed);
}

static fovea_status run_pass(fovea_device *device, const fovea__conv2d_pass *pass, const cut *made, int groups,
                             int zeros, const fovea__tensor *from, const fovea__buffer *packed,
                             const fovea__conv2d_epilogue *epilogue, fovea__tensor *to)
{
    const int places = (int)fovea__conv2d_pass_places(pass);
    fovea__arg args[FOVEA__CONV2D_PASS_ARGS];
    fovea__conv2d_pass_args(args, pass, from, packed, fovea__conv2d_pass_offset(pass, made->width, zeros), epilogue,
                            to->buffer);
    return fovea__launch(device, "conv2d_direct", made->options, "conv2d_direct_pass", args,
                         FOVEA__CONV2D_PASS_ARGS,
                         fovea__grid_2d((size_t)fovea__conv2d_blocks(places, made->tile), (size_t)groups, 1, 1));
}

static fovea_status run(const fovea__conv2d_work *work, const fovea__tensor *from, const fovea__tensor *weights,
                        const fovea__buffer *packed, const fovea__conv2d_epilogue *epilogue, fovea__tensor *to,
                        fovea__buffer *workspace)
{
    (void)weights, (void)workspace;
    const cut made = cut_of(work);
    const fovea__conv2d_direction direction = work->direction;
    const fovea__conv2d_shape *shape = work->shape;
    const int from_c = fovea__conv2d_from_channels(direction, shape);
    const int blocks = fovea__conv2d_blocks(fovea__conv2d_to_channels(direction, shape), made.width);
    const int near = NEAR_FLOATS / (shape->kernel * shape->kernel * from_c * made.width);
    const int groups = fovea__conv2d_blocks(blocks, near < 1 ? 1 : near);
    for (int i = 0; i < fovea__conv2d_passes(direction, shape); i++) {
        const fovea__conv2d_pass pass = fovea__conv2d_pass_at(direction, shape, i);
        const bool adds_nothing = epilogue->residual == to && pass.taps_h * pass.taps_w == 0;
        if (!adds_nothing)
            FOVEA_TRY(run_pass(work->device, &pass, &made, groups, zeros_of(work), from, packed, epilogue, to));
    }
    return FOVEA_OK;
}

/* ---- backward-weights ------------------------------------------------------------------------------------------- */

/* How it is shared out: work-items along the columns and the out channels, and parts of the places. */
typedef struct share {
    size_t columns, groups, parts;
    int places; /* of a part */
} share;

static share share_of(const fovea__conv2d_shape *shape, const cut *made)
{
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_FORWARD, shape, 0);
    const int columns = shape->kernel * shape->kernel * shape->in_channels;
    const int group = GROUP_FLOATS / made->vector * made->width;
    share shared = {.columns = (size_t)fovea__conv2d_blocks(columns, COLUMNS),
                    .groups = (size_t)fovea__conv2d_blocks(shape->out_channels, group)};
    const size_t items = shared.columns * shared.groups;
    const size_t wanted = (ITEMS + items - 1) / items;
    const int places = (int)fovea__conv2d_pass_places(&pass);
    if (places == 0)
        return (share){0};
    const size_t by_places = (size_t)(places / PART_PLACES);
    const size_t by_memory = FOVEA__CONV2D_WORKSPACE / sizeof(float) /
                             fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, shape, made->width);
    const size_t most = by_places < by_memory ? by_places : by_memory;
    const int parts = wanted < most ? (int)wanted : most > 0 ? (int)most : 1;
    shared.places = fovea__conv2d_blocks(fovea__conv2d_blocks(places, parts), CHUNK) * CHUNK;
    shared.parts = (size_t)fovea__conv2d_blocks(places, shared.places);
    return shared;
}

static size_t workspace_bytes(const fovea__conv2d_work *work)
{
    if (work->direction != FOVEA__CONV2D_BACKWARD_WEIGHTS)
        return 0;
    const cut made = cut_of(work);
    return share_of(work->shape, &made).parts * sizeof(float) *
           fovea__conv2d_layout_floats(FOVEA__CONV2D_FORWARD, work->shape, made.width);
}

static fovea_status backward_weights(const fovea__conv2d_work *work, const fovea__tensor *x, const fovea__tensor *d_y,
                                     bool accumulate, fovea__tensor *d_weights, fovea__buffer *workspace)
{
    const cut made = cut_of(work);
    const share shared = share_of(work->shape, &made);
    const fovea__conv2d_pass pass = fovea__conv2d_pass_at(FOVEA__CONV2D_FORWARD, work->shape, 0);
    fovea__arg args[FOVEA__CONV2D_WEIGHTS_ARGS + 1];
    fovea__conv2d_weights_args(args, &pass, x, d_y, workspace);
    args[FOVEA__CONV2D_WEIGHTS_ARGS] = fovea__arg_int(shared.places);
    FOVEA_TRY(fovea__launch(work->device, "conv2d_direct_weights", made.options, "conv2d_direct_weights", args,
                            sizeof args / sizeof *args,
                            fovea__grid_3d(shared.groups, shared.columns, shared.parts, 1, 1, 1)));
    return fovea__conv2d_sum(work->device, work->shape, (int)shared.parts, made.width, workspace, accumulate,
                             d_weights);
}

const fovea__conv2d_engine fovea__conv2d_direct = {.packed_floats = packed_floats,
                                                   .workspace_bytes = workspace_bytes,
                                                   .pack = pack,
                                                   .run = run,
                                                   .weights = backward_weights};
