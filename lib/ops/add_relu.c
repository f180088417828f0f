/* Sum, ReLU and their gradient: which variant of the kernel, and how it is shared out. */
#include "add_relu.h"

#include "split.h"

fovea_status fovea__add_relu_forward(fovea_device *device, const fovea__tensor *a, const fovea__tensor *b,
                                     fovea__tensor *y)
{
    FOVEA_CHECK_ARG(fovea__shape_equal(a->shape, y->shape) && (!b || fovea__shape_equal(a->shape, b->shape)),
                    "add_relu: shapes differ");
    if (b && b->buffer == y->buffer) { /* the result may replace the kernel's first input */
        const fovea__tensor *swapped = a;
        a = b;
        b = swapped;
    }
    const bool in_place = a->buffer == y->buffer, same = b && b->buffer == y->buffer;
    FOVEA_CHECK_ARG(!same, "add_relu: a, b and y are one tensor");
    const size_t count = fovea__shape_elements(y->shape);
    fovea__count(device, 0, (b ? 12.0 : 8.0) * (double)count);
    const fovea__split split = fovea__split_list(device, count);
    return fovea__launch(device, "add_relu", in_place ? "-DIN_PLACE" : "", "add_relu_forward",
                         (fovea__arg[]){fovea__arg_buffer(a->buffer), fovea__arg_buffer(b ? b->buffer : NULL),
                                        fovea__arg_int((int)count), fovea__arg_int(split.columns),
                                        fovea__arg_buffer(y->buffer)},
                         5, split.grid);
}

fovea_status fovea__add_relu_backward(fovea_device *device, const fovea__tensor *y, const fovea__tensor *d_y,
                                      const fovea__tensor *scale, bool accumulate, fovea__tensor *d_x)
{
    const fovea__shape shape = d_x->shape;
    const bool in_place = d_x->buffer == d_y->buffer;
    FOVEA_CHECK_ARG(fovea__shape_equal(d_y->shape, shape) && (!y || fovea__shape_equal(y->shape, shape)),
                    "add_relu: shapes differ");
    FOVEA_CHECK_ARG(!scale || fovea__shape_equal(scale->shape, fovea__shape_vector(shape.c)),
                    "add_relu: %d factors for %d channels", scale->shape.c, shape.c);
    FOVEA_CHECK_ARG(!(accumulate && in_place), "add_relu: d_y cannot be added to itself");
    const size_t count = fovea__shape_elements(shape);
    fovea__count(device, 0, (8.0 + (y ? 4.0 : 0) + (accumulate ? 4.0 : 0)) * (double)count);
    const size_t columns = scale ? (size_t)shape.c : count, rows = scale && columns ? count / columns : 1;
    const fovea__split split = scale ? fovea__split_matrix(device, rows, columns, 0)
                                     : fovea__split_list(device, count);
    return fovea__launch(device, "add_relu", in_place ? "-DIN_PLACE" : "", "add_relu_backward",
                         (fovea__arg[]){fovea__arg_buffer(y ? y->buffer : NULL), fovea__arg_buffer(d_y->buffer),
                                        fovea__arg_buffer(scale ? scale->buffer : NULL), fovea__arg_int((int)rows),
                                        fovea__arg_int((int)columns), fovea__arg_int(split.rows),
                                        fovea__arg_int(split.columns), fovea__arg_int(accumulate),
                                        fovea__arg_buffer(d_x->buffer)},
                         9, split.grid);
}
