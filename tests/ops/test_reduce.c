/* Sums against float64, whatever the count and the place. */
#include "arrays.h"
#include "ref_reduce.h"
#include "reduce.h"

#include <math.h>
#include <stdlib.h>

enum { SIMULATOR_MOST = 6000 };

/* A value takes part in at most 1030 additions a launch (1024 in its lane of a chunk of 4096 where vectors have four
 * lanes, 1 of a remainder, then 5 that join them; fewer where there are more lanes or work-items) and at most 3 launches
 * make a sum; every addition errs by 2^-24 of a partial sum, which is at most the sum of magnitudes. Squaring errs by
 * 2^-24 once more. */
static const double per_magnitude = (3 * 1030 + 1) * 0x1p-24;

static const struct {
    size_t first, count;
} lists[] = {{0, 0}, {0, 1}, {3, 15}, {0, 16}, {1, 17}, {0, 4096}, {5, 4097}, {0, 65537}, {7, 300001},
             {1, 4096 * 4096 + 5} /* three launches */};

static void check_sum(size_t row, bool squares)
{
    const size_t first = lists[row].first, count = lists[row].count, whole = first + count;
    if (support_is_simulator() && count > SIMULATOR_MOST)
        support_skip("%zu values are too many for a simulator", count);
    float *values = array_uniform(whole, row, -1.0f, 3.0f);
    double *wide = array_widen(values, whole);
    fence x = fence_tensor(fovea__shape_vector((int)whole), values);
    fence out = fence_tensor(fovea__shape_vector(3), (float[3]){7, 7, 7});
    fovea__buffer *workspace = array_workspace(fovea__reduce_workspace_bytes(count));
    fovea_status (*reduce)(fovea_device *, const fovea__buffer *, size_t, size_t, fovea__buffer *, size_t,
                           fovea__buffer *) = squares ? fovea__reduce_squares : fovea__reduce_sum;
    support_ok(reduce(support_device(), x.tensor.buffer, first, count, out.tensor.buffer, 1, workspace));
    support_ok(reduce(support_device(), x.tensor.buffer, first, count, out.tensor.buffer, 2, workspace));
    double magnitude = 0;
    for (size_t i = first; i < whole; i++)
        magnitude += squares ? wide[i] * wide[i] : fabs(wide[i]);
    float *got = fence_read(&out);
    const double want = squares ? ref_reduce_squares(wide + first, count) : ref_reduce_sum(wide + first, count);
    support_close("the sum", &got[1], &want, 1, 0, per_magnitude * magnitude);
    ck_assert_msg(got[1] == got[2], "two runs differ: %.9g and %.9g", (double)got[1], (double)got[2]);
    ck_assert_msg(got[0] == 7.0f, "the neighbour of the result became %g", (double)got[0]);
    free(got);
    free(values);
    free(wide);
    fovea__buffer_free(workspace);
    fence_free(&x, "values");
    fence_free(&out, "out");
}

START_TEST(reduce__sums)
{
    check_sum((size_t)_i, false);
}
END_TEST

START_TEST(reduce__sums_squares)
{
    check_sum((size_t)_i, true);
}
END_TEST

START_TEST(reduce__counts_what_is_not_finite)
{
    const size_t count = support_is_simulator() ? 4100 : 300001;
    float *values = array_uniform(count, 1, -1.0f, 1.0f);
    const size_t places[] = {0, 1, 17, 256, 4095, 4096, count - 1};
    const float kinds[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < COUNT(places); i++)
        values[places[i]] = kinds[i % 3];
    values[5] = 3e38f;
    values[6] = 1e-42f;
    double *wide = array_widen(values, count);
    fence x = fence_tensor(fovea__shape_vector((int)count), values);
    fence out = fence_ints(2, NULL);
    fovea__buffer *workspace = array_workspace(fovea__reduce_workspace_bytes(count));
    support_ok(fovea__reduce_nonfinite(support_device(), x.tensor.buffer, 0, count, out.tensor.buffer, 0, workspace));
    support_ok(fovea__reduce_nonfinite(support_device(), x.tensor.buffer, 5, 2, out.tensor.buffer, 1, workspace));
    int32_t *got = fence_read_ints(&out);
    ck_assert_int_eq(got[0], ref_reduce_nonfinite(wide, count));
    ck_assert_int_eq(got[1], 0);
    free(got);
    free(values);
    free(wide);
    fovea__buffer_free(workspace);
    fence_free(&x, "values");
    fence_free(&out, "out");
}
END_TEST

static const fovea__shape shapes[] = {{1, 1, 1, 1}, {0, 4, 4, 8}, {3, 5, 7, 1}, {1, 65, 1, 3}, {1, 13, 11, 17},
                                      {1, 4097, 1, 5}, {2, 75, 75, 36}, {2, 19, 19, 720}, {1, 10, 13, 2048}};

START_TEST(reduce__sums_channels)
{
    const fovea__shape shape = shapes[_i];
    const size_t count = fovea__shape_elements(shape), channels = (size_t)shape.c;
    if (support_is_simulator() && count > SIMULATOR_MOST)
        support_skip("%zu values are too many for a simulator", count);
    float *values = array_uniform(count, (uint64_t)_i, -1.0f, 3.0f), *before = array_uniform(channels, 9, 0.0f, 1.0f);
    double *wide = array_widen(values, count), *want = array_doubles(channels);
    fence x = fence_tensor(shape, values), sums = fence_tensor(fovea__shape_vector(shape.c), NULL);
    fence added = fence_tensor(fovea__shape_vector(shape.c), before);
    fence again = fence_tensor(fovea__shape_vector(shape.c), NULL);
    fovea__buffer *workspace = array_workspace(fovea__reduce_workspace_bytes(count));
    support_ok(fovea__reduce_channels(support_device(), &x.tensor, false, &sums.tensor, workspace));
    support_ok(fovea__reduce_channels(support_device(), &x.tensor, true, &added.tensor, workspace));
    support_ok(fovea__reduce_channels(support_device(), &x.tensor, false, &again.tensor, workspace));
    /* 64 additions a launch, at most 3 launches; each errs by 2^-24 of at most 3 a row. */
    const double limit = (3 * 64 + 1) * 0x1p-24 * (1 + 3.0 * (double)(count / channels));
    ref_reduce_channels(wide, count / channels, channels, want);
    array_close("sums", &sums, want, 0, limit);
    for (size_t c = 0; c < channels; c++)
        want[c] += (double)before[c];
    array_close("sums added to", &added, want, 0, limit);
    array_same_bits("sums", &sums, &again);
    free(values);
    free(before);
    free(wide);
    free(want);
    fovea__buffer_free(workspace);
    fence_free(&x, "x");
    fence_free(&sums, "sums");
    fence_free(&added, "sums added to");
    fence_free(&again, "sums again");
}
END_TEST

START_TEST(reduce__refuses_what_kernels_cannot_index)
{
    fovea__buffer *buffer = array_workspace(16);
    support_fails(fovea__reduce_sum(support_device(), buffer, 0x7fffffff, 1, buffer, 0, buffer), FOVEA_ERROR_ARGUMENT,
                  "1 values from 2147483647");
    fence x = fence_tensor((fovea__shape){1, 1, 1, 3}, NULL), sums = fence_tensor(fovea__shape_vector(2), NULL);
    support_fails(fovea__reduce_channels(support_device(), &x.tensor, false, &sums.tensor, buffer),
                  FOVEA_ERROR_ARGUMENT, "sums of 2 values for 3 channels");
    fovea__buffer_free(buffer);
    fence_free(&x, "x");
    fence_free(&sums, "sums");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {reduce__sums, COUNT(lists), true},
        {reduce__sums_squares, COUNT(lists), true},
        {reduce__counts_what_is_not_finite, 0, true},
        {reduce__sums_channels, COUNT(shapes), true},
        {reduce__refuses_what_kernels_cannot_index, 0, true},
    };
    return support_run_both_kinds("reduce", cases, COUNT(cases));
}
