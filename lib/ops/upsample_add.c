/* FPN's top-down step: shapes and launches. */
#include "upsample_add.h"

#include "split.h"

/* Both shapes' sizes fit where pictures, channels and emptiness agree. */
static fovea_status check_shapes(fovea__shape top, fovea__shape fine)
{
    const bool fine_empty = fine.h == 0 || fine.w == 0, top_empty = top.h == 0 || top.w == 0;
    FOVEA_CHECK_ARG(top.n == fine.n && top.c == fine.c && (fine_empty || !top_empty),
                    "upsample_add: %d x %d x %d x %d cannot be upsampled to %d x %d x %d x %d", top.n, top.h, top.w,
                    top.c, fine.n, fine.h, fine.w, fine.c);
    return FOVEA_OK;
}

fovea_status fovea__upsample_add_forward(fovea_device *device, const fovea__tensor *top, const fovea__tensor *lateral,
                                         fovea__tensor *y)
{
    const fovea__shape fine = y->shape, coarse = top->shape;
    FOVEA_CHECK_ARG(fovea__shape_equal(lateral->shape, fine), "upsample_add: lateral and y differ in shape");
    FOVEA_TRY(check_shapes(coarse, fine));
    const size_t pixels = (size_t)fine.n * (size_t)fine.h * (size_t)fine.w;
    fovea__count(device, 0, 8.0 * (double)fovea__shape_elements(fine) + 4.0 * (double)fovea__shape_elements(coarse));
    const fovea__split split = fovea__split_matrix(device, pixels, (size_t)fine.c, 0);
    return fovea__launch(device, "upsample_add", lateral->buffer == y->buffer ? "-DIN_PLACE" : "",
                         "upsample_add_forward",
                         (fovea__arg[]){fovea__arg_buffer(top->buffer), fovea__arg_buffer(lateral->buffer),
                                        fovea__arg_int(fine.h), fovea__arg_int(fine.w), fovea__arg_int(coarse.h),
                                        fovea__arg_int(coarse.w), fovea__arg_int((int)pixels), fovea__arg_int(fine.c),
                                        fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                        fovea__arg_buffer(y->buffer)},
                         11, split.grid);
}

fovea_status fovea__upsample_add_backward(fovea_device *device, const fovea__tensor *d_y, bool accumulate,
                                          fovea__tensor *d_top)
{
    const fovea__shape fine = d_y->shape, coarse = d_top->shape;
    FOVEA_TRY(check_shapes(coarse, fine));
    const size_t pixels = (size_t)coarse.n * (size_t)coarse.h * (size_t)coarse.w;
    fovea__count(device, 0, 4.0 * (double)fovea__shape_elements(fine) +
                                (accumulate ? 8.0 : 4.0) * (double)fovea__shape_elements(coarse));
    const fovea__split split = fovea__split_matrix(device, pixels, (size_t)coarse.c, 0);
    return fovea__launch(device, "upsample_add", "", "upsample_add_backward",
                         (fovea__arg[]){fovea__arg_buffer(d_y->buffer), fovea__arg_int(fine.h), fovea__arg_int(fine.w),
                                        fovea__arg_int(coarse.h), fovea__arg_int(coarse.w),
                                        fovea__arg_int((int)pixels), fovea__arg_int(coarse.c),
                                        fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                        fovea__arg_int(accumulate), fovea__arg_buffer(d_top->buffer)},
                         11, split.grid);
}
