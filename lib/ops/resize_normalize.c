/* A picture's way into the network: sizes, and the launch. */
#include "resize_normalize.h"

#include "split.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

/* Of a CPU's work-item. */
enum {
    ROWS = 32,       /* the more, the fewer rows of the picture that two of them resize */
    SOURCE = 1024,   /* pixels of a row of the picture, which lie in the nearest cache as floats */
    ROUNDING = 300   /* of them, left for what rounding moves places in the widest picture that can be indexed */
};

void fovea__resize_normalize_size(int height, int width, int size, int max_size, int *out_height, int *out_width)
{
    const double shorter = height < width ? height : width, longer = height < width ? width : height;
    const double scale = fmin(size / shorter, max_size / longer);
    *out_height = (int)fmax(floor(height * scale), 1);
    *out_width = (int)fmax(floor(width * scale), 1);
}

/* As many columns as are made of SOURCE pixels; a single one is made of two. */
static fovea__split share(const fovea_device *device, size_t height, size_t width, float ratio_x)
{
    if (!fovea__device_is_cpu(device))
        return fovea__split_matrix(device, height, width, 1);
    const float reached = 1.0f + (SOURCE - ROUNDING) / ratio_x;
    const int columns = reached < FOVEA__SPLIT_COLUMNS ? (int)reached : FOVEA__SPLIT_COLUMNS;
    const size_t items = fovea__split_parts(height, ROWS) * fovea__split_parts(width, (size_t)columns);
    return (fovea__split){ROWS, columns, fovea__split_grid(device, items)};
}

fovea_status fovea__resize_normalize(fovea_device *device, const fovea__buffer *pixels, size_t first_byte, int height,
                                     int width, bool flip, int out_height, int out_width, int index, fovea__tensor *y)
{
    const fovea__shape shape = y->shape;
    FOVEA_CHECK_ARG(height >= 1 && width >= 1 && out_height >= 1 && out_width >= 1,
                    "resize_normalize: a picture of %d x %d to %d x %d", height, width, out_height, out_width);
    FOVEA_CHECK_ARG(shape.c == 3 && index >= 0 && index < shape.n && out_height <= shape.h && out_width <= shape.w,
                    "resize_normalize: %d x %d do not fit slot %d of %d x %d x %d x %d", out_height, out_width, index,
                    shape.n, shape.h, shape.w, shape.c);
    const size_t bytes = (size_t)height * (size_t)width * 3;
    if (first_byte > INT_MAX || bytes > INT_MAX - first_byte)
        FOVEA_FAIL(FOVEA_ERROR_UNSUPPORTED, "a picture of %d x %d from byte %zu is more than 2^31-1 bytes", height,
                   width, first_byte);
    FOVEA_CHECK_ARG(first_byte + bytes <= fovea__buffer_size(pixels),
                    "resize_normalize: %zu bytes from %zu of a buffer of %zu", bytes, first_byte,
                    fovea__buffer_size(pixels));
    fovea__count(device, 0, (double)bytes + 12.0 * shape.h * shape.w);
    const size_t first = (size_t)index * (size_t)shape.h * (size_t)shape.w * 3;
    const float ratio_y = (float)height / (float)out_height, ratio_x = (float)width / (float)out_width;
    const fovea__split split = share(device, (size_t)shape.h, (size_t)shape.w, ratio_x);
    char options[64] = "";
    if (fovea__device_is_cpu(device))
        snprintf(options, sizeof options, "-DCOLUMNS=%d -DSOURCE=%d", FOVEA__SPLIT_COLUMNS, SOURCE);
    return fovea__launch(device, "resize_normalize", options, "resize_normalize",
                         (fovea__arg[]){fovea__arg_buffer(pixels), fovea__arg_int((int)first_byte),
                                        fovea__arg_int(height), fovea__arg_int(width), fovea__arg_int(flip),
                                        fovea__arg_int(out_height), fovea__arg_int(out_width),
                                        fovea__arg_float(ratio_y), fovea__arg_float(ratio_x),
                                        fovea__arg_int((int)first), fovea__arg_int(shape.h), fovea__arg_int(shape.w),
                                        fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                        fovea__arg_buffer(y->buffer)},
                         15, split.grid);
}
