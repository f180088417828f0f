#include "tensor.h"

#include <limits.h>

fovea_status fovea__shape_check(fovea__shape shape, const char *what)
{
    const int sizes[4] = {shape.n, shape.h, shape.w, shape.c};
    size_t elements = 1;
    for (int i = 0; i < 4; i++) {
        if (sizes[i] < 0 || (sizes[i] > 0 && elements > (size_t)INT_MAX / (size_t)sizes[i]))
            FOVEA_FAIL(FOVEA_ERROR_UNSUPPORTED, "%s: %d x %d x %d x %d is more than 2^31-1 values", what, shape.n,
                       shape.h, shape.w, shape.c);
        elements *= (size_t)sizes[i];
    }
    return FOVEA_OK;
}

fovea_status fovea__tensor_create(fovea__tensor *out, fovea_device *device, fovea__shape shape, const char *what)
{
    *out = (fovea__tensor){.shape = shape};
    FOVEA_TRY(fovea__shape_check(shape, what));
    return fovea__buffer_create(&out->buffer, device, fovea__shape_elements(shape) * sizeof(float), what);
}

void fovea__tensor_clear(fovea__tensor *tensor)
{
    fovea__buffer_free(tensor->buffer);
    *tensor = (fovea__tensor){0};
}

fovea_status fovea__tensor_write(fovea__tensor *tensor, const float *values)
{
    return fovea__buffer_write(tensor->buffer, 0, values, fovea__shape_elements(tensor->shape) * sizeof(float));
}

fovea_status fovea__tensor_read(const fovea__tensor *tensor, float *values)
{
    return fovea__buffer_read(tensor->buffer, 0, values, fovea__shape_elements(tensor->shape) * sizeof(float));
}
