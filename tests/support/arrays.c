/* Host arrays for tests of ops. */
#include "arrays.h"

#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count, size_t size)
{
    void *made = calloc(count ? count : 1, size);
    ck_assert_ptr_nonnull(made);
    return made;
}

float *array_uniform(size_t count, uint64_t seed, float low, float high)
{
    float *made = allocate(count, sizeof *made);
    support_random_uniform(made, count, seed, low, high);
    return made;
}

double *array_widen(const float *values, size_t count)
{
    double *made = array_doubles(count);
    for (size_t i = 0; i < count; i++)
        made[i] = (double)values[i];
    return made;
}

double *array_doubles(size_t count)
{
    return allocate(count, sizeof(double));
}

fovea__buffer *array_workspace(size_t size_bytes)
{
    fovea__buffer *made = NULL;
    support_ok(fovea__buffer_create(&made, support_device(), size_bytes, "a test's workspace"));
    return made;
}

void array_same_bits(const char *what, const fence *a, const fence *b)
{
    int32_t *first = fence_read_ints(a), *second = fence_read_ints(b);
    const size_t count = fovea__shape_elements(a->tensor.shape);
    ck_assert_uint_eq(count, fovea__shape_elements(b->tensor.shape));
    for (size_t i = 0; i < count; i++)
        if (first[i] != second[i])
            ck_abort_msg("%s: two runs differ in value %zu of %zu: %08x and %08x", what, i, count, (unsigned)first[i],
                         (unsigned)second[i]);
    free(first);
    free(second);
}

void array_close(const char *what, const fence *got, const double *want, double relative, double absolute)
{
    float *values = fence_read(got);
    support_close(what, values, want, fovea__shape_elements(got->tensor.shape), relative, absolute);
    free(values);
}
