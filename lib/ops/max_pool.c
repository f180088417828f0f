/* Maximum over windows: shapes and launches. */
#include "max_pool.h"

#include "split.h"

#include <stdio.h>

enum { LEAST_WINDOWS = 4 }; /* down a CPU's tile of backward */

static int out_size(int in, fovea__max_pool_window window)
{
    const int room = in + 2 * window.padding - window.kernel;
    return in == 0 || room < 0 ? 0 : room / window.stride + 1;
}

fovea__shape fovea__max_pool_out_shape(fovea__shape x, fovea__max_pool_window window)
{
    return (fovea__shape){x.n, out_size(x.h, window), out_size(x.w, window), x.c};
}

/* A padding of at most half a window leaves none without a value. */
static fovea_status check(fovea__shape x, fovea__shape y, fovea__max_pool_window window)
{
    FOVEA_CHECK_ARG(window.kernel >= 1 && window.stride >= 1 && window.padding >= 0 &&
                        window.padding <= window.kernel / 2,
                    "max_pool: a window of %d, stride %d and padding %d", window.kernel, window.stride, window.padding);
    const fovea__shape want = fovea__max_pool_out_shape(x, window);
    FOVEA_CHECK_ARG(fovea__shape_equal(y, want), "max_pool: y is %d x %d x %d x %d, expected %d x %d x %d x %d", y.n,
                    y.h, y.w, y.c, want.n, want.h, want.w, want.c);
    return FOVEA_OK;
}

/* The widest vector that divides the channels. */
static int width_of(const fovea_device *device, int channels)
{
    int width = fovea__device_vector_width(device);
    while (channels % width != 0)
        width = width > 4 ? width / 2 : 1;
    return width;
}

static fovea_status launch(fovea_device *device, bool backward, int width, int size, const fovea__arg *args, int n_args,
                           fovea__grid grid)
{
    char options[48];
    snprintf(options, sizeof options, "-DWIDTH=%d -DSIZE=%d%s", width, size, backward ? " -DBACKWARD" : "");
    return fovea__launch(device, "max_pool", options, backward ? "max_pool_backward" : "max_pool_forward", args,
                         n_args, grid);
}

fovea_status fovea__max_pool_forward(fovea_device *device, const fovea__tensor *x, fovea__max_pool_window window,
                                     fovea__tensor *y)
{
    const fovea__shape in = x->shape, out = y->shape;
    FOVEA_TRY(check(in, out, window));
    const size_t pixels = (size_t)out.n * (size_t)out.h * (size_t)out.w;
    fovea__count(device, 0, 4.0 * (double)(fovea__shape_elements(in) + fovea__shape_elements(out)));
    const int width = width_of(device, out.c);
    const fovea__split split = fovea__split_vectors(device, pixels, (size_t)out.c, 0, (size_t)width);
    return launch(device, false, width, window.kernel,
                  (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_int(in.h), fovea__arg_int(in.w),
                                 fovea__arg_int(out.h), fovea__arg_int(out.w), fovea__arg_int(window.stride),
                                 fovea__arg_int(window.padding), fovea__arg_int((int)pixels), fovea__arg_int(out.c),
                                 fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                 fovea__arg_buffer(y->buffer)},
                  12, split.grid);
}

/* Tiles of d_x. Every window that reaches beyond a tile is looked through by its neighbour too: a CPU's tiles are
 * several whole rows; elsewhere they are as small as a stride. */
typedef struct tiling {
    int h, w, down, across;
} tiling;

static tiling tiles_of(const fovea_device *device, fovea__shape in, int stride)
{
    tiling tiles = {stride, stride, 0, 0};
    if (in.n == 0 || in.h == 0 || in.w == 0)
        return tiles;
    if (fovea__device_is_cpu(device)) {
        const size_t windows = (size_t)in.n * (size_t)in.h / (size_t)stride / FOVEA__SPLIT_ITEMS;
        tiles.h = (windows > LEAST_WINDOWS ? (int)windows : LEAST_WINDOWS) * stride;
        tiles.w = in.w;
    }
    tiles.down = (int)fovea__split_parts((size_t)in.h, (size_t)tiles.h);
    tiles.across = (int)fovea__split_parts((size_t)in.w, (size_t)tiles.w);
    return tiles;
}

fovea_status fovea__max_pool_backward(fovea_device *device, const fovea__tensor *x, fovea__max_pool_window window,
                                      const fovea__tensor *d_y, bool accumulate, fovea__tensor *d_x)
{
    const fovea__shape in = x->shape, out = d_y->shape;
    FOVEA_TRY(check(in, out, window));
    FOVEA_CHECK_ARG(fovea__shape_equal(d_x->shape, in), "max_pool: x and its gradient differ in shape");
    fovea__count(device, 0, (accumulate ? 12.0 : 8.0) * (double)fovea__shape_elements(in) +
                                4.0 * (double)fovea__shape_elements(out));
    const tiling tiles = tiles_of(device, in, window.stride);
    const int n_tiles = in.n * tiles.down * tiles.across, width = width_of(device, in.c);
    const fovea__split split = fovea__split_vectors(device, (size_t)n_tiles, (size_t)in.c, 1, (size_t)width);
    return launch(device, true, width, window.kernel,
                  (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_buffer(d_y->buffer), fovea__arg_int(in.h),
                                 fovea__arg_int(in.w), fovea__arg_int(out.h), fovea__arg_int(out.w),
                                 fovea__arg_int(window.stride), fovea__arg_int(window.padding),
                                 fovea__arg_int(tiles.h), fovea__arg_int(tiles.w), fovea__arg_int(tiles.down),
                                 fovea__arg_int(tiles.across), fovea__arg_int(n_tiles), fovea__arg_int(in.c),
                                 fovea__arg_int(split.columns), fovea__arg_int(accumulate),
                                 fovea__arg_buffer(d_x->buffer)},
                  17, split.grid);
}
