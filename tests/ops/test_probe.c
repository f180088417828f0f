/* The probes against float64, at counts that no work-group divides, and what fovea_device_measure() makes of them. */
#include "arrays.h"
#include "device_state.h"
#include "probe.h"
#include "ref_probe.h"

#include <stdlib.h>

static const struct {
    size_t items;
    int rounds;
    float factor, term;
} rows[] = {{1, 1, 0.5f, 1}, {3, 0, 0.5f, 1}, {67, 17, -0.75f, 2}, {130, 40, 0.9f, -1}, {0, 5, 1, 1}};

START_TEST(probe__multiplies_and_adds_as_the_reference)
{
    const size_t items = rows[_i].items, lanes = fovea__probe_lanes(support_device());
    float *start = array_uniform(lanes, 1, -1, 1);
    double *wide = array_widen(start, lanes), *want = array_doubles(items);
    fence from = fence_tensor(fovea__shape_vector((int)lanes), start);
    fence sums[2];
    for (int run = 0; run < 2; run++) {
        sums[run] = fence_tensor(fovea__shape_vector((int)items), NULL);
        support_ok(fovea__probe_multiply_add(support_device(), from.tensor.buffer, rows[_i].factor, rows[_i].term,
                                             rows[_i].rounds, sums[run].tensor.buffer, items));
    }
    ref_probe_multiply_add(wide, lanes, (double)rows[_i].factor, (double)rows[_i].term, rows[_i].rounds, want, items);
    /* Values stay below 2 / (1 - .9) = 20. A round rounds twice by 2^-24 of that and shrinks older errors by .9, so a
     * lane errs by 20 rounds' worth at most; the sum of the lanes adds their number of roundings of the sum so far. */
    const double of_lanes = (double)lanes;
    array_close("sums", &sums[0], want, 0, 0x1p-24 * 20 * (of_lanes * 20 + of_lanes * of_lanes / 2));
    array_same_bits("sums", &sums[0], &sums[1]);
    free(start);
    free(wide);
    free(want);
    fence_free(&from, "start");
    fence_free(&sums[0], "sums");
    fence_free(&sums[1], "sums");
}
END_TEST

static const size_t vectors[] = {0, 1, 17, 1009, 70001};

START_TEST(probe__copies_whole_vectors)
{
    const size_t count = vectors[_i] * (size_t)fovea__device_vector_width(support_device());
    if (support_is_simulator() && vectors[_i] > 2000)
        support_skip("%zu vectors are too many for a simulator", vectors[_i]);
    const fovea__shape shape = fovea__shape_vector((int)count);
    float *values = array_uniform(count, 1, -1, 1);
    fence from = fence_tensor(shape, values), to = fence_tensor(shape, NULL);
    support_ok(fovea__probe_copy(support_device(), from.tensor.buffer, to.tensor.buffer, count));
    array_same_bits("copy", &from, &to);
    free(values);
    fence_free(&from, "from");
    fence_free(&to, "to");
}
END_TEST

START_TEST(probe__refuses_a_part_of_a_vector)
{
    fence from = fence_tensor(fovea__shape_vector(64), NULL), to = fence_tensor(fovea__shape_vector(64), NULL);
    support_fails(fovea__probe_copy(support_device(), from.tensor.buffer, to.tensor.buffer, 33), FOVEA_ERROR_ARGUMENT,
                  "33 floats");
    fence_free(&from, "from");
    fence_free(&to, "to");
}
END_TEST

START_TEST(probe__measures_the_device)
{
    if (support_is_simulator())
        support_skip("a simulator has no speed worth measuring");
    fovea_device_speed speed;
    support_ok(fovea_device_measure(support_device(), &speed));
    ck_assert_msg(speed.gflops > 0.1 && speed.gflops < 1e6, "%g GFLOP/s", speed.gflops);
    ck_assert_msg(speed.copy_gbs > 0.1 && speed.copy_gbs < 1e5, "%g GB/s", speed.copy_gbs);
    support_fails(fovea_device_measure(support_device(), NULL), FOVEA_ERROR_ARGUMENT, "out is NULL");
}
END_TEST

/* A copy has nothing of a cache, however large, but of the device's memory a quarter at most. */
START_TEST(probe__copies_more_than_the_cache_holds)
{
    static const struct {
        uint64_t cache, want; /* MiB */
    } rows_of[] = {{0, 128}, {32, 128}, {33, 256}, {256, 1024}, {1 << 20, 1024}};
    fovea_device *device = support_device();
    const uint64_t cache = device->cache_bytes;
    const fovea_device_info was = device->info;
    device->info.memory_bytes = (uint64_t)8 << 30;
    device->info.max_allocation_bytes = (uint64_t)4 << 30;
    device->cache_bytes = rows_of[_i].cache << 20;
    const size_t bytes = fovea__probe_copy_bytes(device);
    device->cache_bytes = cache;
    device->info = was;
    ck_assert_uint_eq(bytes, rows_of[_i].want << 20);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {probe__multiplies_and_adds_as_the_reference, COUNT(rows), true},
        {probe__copies_whole_vectors, COUNT(vectors), true},
        {probe__refuses_a_part_of_a_vector, 0, true},
        {probe__copies_more_than_the_cache_holds, 5, true},
        {probe__measures_the_device, 0, true},
    };
    return support_run_both_kinds("probe", cases, COUNT(cases));
}
