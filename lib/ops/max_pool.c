/* Maximum over windows: shapes and launches. */
#include "max_pool.h"

#include "split.h"

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

fovea_status fovea__max_pool_forward(fovea_device *device, const fovea__tensor *x, fovea__max_pool_window window,
                                     fovea__tensor *y)
{
    const fovea__shape in = x->shape, out = y->shape;
    FOVEA_TRY(check(in, out, window));
    const size_t pixels = (size_t)out.n * (size_t)out.h * (size_t)out.w;
    fovea__count(device, 0, 4.0 * (double)(fovea__shape_elements(in) + fovea__shape_elements(out)));
    const fovea__split split = fovea__split_matrix(device, pixels, (size_t)out.c, 0);
    return fovea__launch(device, "max_pool", "", "max_pool_forward",
                         (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_int(in.h), fovea__arg_int(in.w),
                                        fovea__arg_int(out.h), fovea__arg_int(out.w), fovea__arg_int(window.kernel),
                                        fovea__arg_int(window.stride), fovea__arg_int(window.padding),
                                        fovea__arg_int((int)pixels), fovea__arg_int(out.c),
                                        fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                        fovea__arg_buffer(y->buffer)},
                         13, split.grid);
}

fovea_status fovea__max_pool_backward(fovea_device *device, const fovea__tensor *x, fovea__max_pool_window window,
                                      const fovea__tensor *d_y, bool accumulate, fovea__tensor *d_x)
{
    const fovea__shape in = x->shape, out = d_y->shape;
    FOVEA_TRY(check(in, out, window));
    FOVEA_CHECK_ARG(fovea__shape_equal(d_x->shape, in), "max_pool: x and its gradient differ in shape");
    const size_t pixels = (size_t)in.n * (size_t)in.h * (size_t)in.w;
    fovea__count(device, 0, (accumulate ? 12.0 : 8.0) * (double)fovea__shape_elements(in) +
                                4.0 * (double)fovea__shape_elements(out));
    const fovea__split split = fovea__split_matrix(device, pixels, (size_t)in.c, 0);
    return fovea__launch(device, "max_pool", fovea__device_is_cpu(device) ? "-DBACKWARD -DLANES=64"
                                                                          : "-DBACKWARD -DLANES=1", "max_pool_backward",
                         (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_buffer(d_y->buffer),
                                        fovea__arg_int(in.h), fovea__arg_int(in.w), fovea__arg_int(out.h),
                                        fovea__arg_int(out.w), fovea__arg_int(window.kernel),
                                        fovea__arg_int(window.stride), fovea__arg_int(window.padding),
                                        fovea__arg_int((int)pixels), fovea__arg_int(in.c), fovea__arg_int(split.rows),
                                        fovea__arg_int(split.columns), fovea__arg_int(accumulate),
                                        fovea__arg_buffer(d_x->buffer)},
                         15, split.grid);
}
