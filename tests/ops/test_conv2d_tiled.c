/* What only the tiled algorithms do: sums in parts, smaller tiles where a device's limits want them. */
#include "conv2d_problem.h"
#include "conv2d_engine.h"
#include "device_state.h"

#include <string.h>

static bool is_tiled(fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                     const fovea__conv2d_shape *shape)
{
    return fovea__conv2d_is_tiled(algorithm) && problem_is_tried(algorithm, direction, shape);
}

/* Few work-groups and a long sum, as on P6 and P7. */
static const fovea__conv2d_shape long_shapes[] = {
    {1, 1, 2, 32, 33, 3, 1, 1}, {4, 5, 5, 256, 64, 3, 1, 1}, {1, 9, 7, 130, 67, 3, 2, 1}, {2, 6, 5, 64, 261, 3, 1, 1}};

/* Where there are more units than work-groups, every tile cuts the sum into parts; not those of the passes of a stride,
 * which are shorter. */
START_TEST(tiled__sums_in_parts_match_the_reference)
{
    const fovea_device_info was = *fovea_device_describe(support_device());
    problem_pretend(was.type, 1000);
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++)
        for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_DATA; d++)
            if (is_tiled((fovea__conv2d_algorithm)a, (fovea__conv2d_direction)d, &long_shapes[_i]) &&
                (d == FOVEA__CONV2D_FORWARD || long_shapes[_i].stride == 1))
                ck_assert(fovea__conv2d_workspace_bytes(support_device(), (fovea__conv2d_algorithm)a,
                                                        (fovea__conv2d_direction)d, &long_shapes[_i]) > 0);
    problem_check(long_shapes[_i], 2000, false, is_tiled);
    problem_check(long_shapes[_i], 2000, true, is_tiled);
    problem given = problem_make(long_shapes[_i], 3);
    if (is_tiled(FOVEA__CONV2D_TILED_64X64, FOVEA__CONV2D_FORWARD, &given.shape))
        problem_check_epilogue(&given, FOVEA__CONV2D_TILED_64X64, WITH_SCALE | WITH_SHIFT | WITH_RELU | WITH_RESIDUAL);
    problem_free(&given);
    problem_pretend(was.type, was.compute_units);
}
END_TEST

/* ---- limits of a device ------------------------------------------------------------------------------------------ */

/* Which tiles a device takes, the largest first, by the work-items of a group and the bytes of local memory. */
static const struct {
    size_t items, bytes;
    bool can[4];
} limits[] = {
    {256, 32768, {true, true, true, true}},    {256, 16896, {true, true, true, true}},
    {256, 16895, {true, true, false, true}},   {256, 16640, {true, true, false, true}},
    {256, 16384, {false, true, false, true}},  {256, 12543, {false, false, false, false}},
    {255, 32768, {false, false, false, true}}, {128, 12800, {false, false, false, true}},
    {128, 8192, {false, false, false, false}}, {127, 32768, {false, false, false, false}},
    {64, 32768, {false, false, false, false}}, {63, 32768, {false, false, false, false}},
};

START_TEST(tiled__runs_where_a_device_has_the_room)
{
    fovea_device *device = support_device();
    const fovea__conv2d_shape shape = {1, 75, 75, 256, 256, 3, 1, 1};
    const fovea_device_info was = *fovea_device_describe(device);
    const size_t items = device->max_work_group, bytes = device->local_bytes;
    device->max_work_group = limits[_i].items;
    device->local_bytes = limits[_i].bytes;
    problem_pretend(FOVEA_DEVICE_GPU, 24);
    bool any = false, can[4];
    for (int t = 0; t < 4; t++) {
        can[t] = fovea__conv2d_can(device, (fovea__conv2d_algorithm)(FOVEA__CONV2D_TILED_128X128 + t),
                                   FOVEA__CONV2D_FORWARD, &shape);
        any = any || can[t];
    }
    const fovea__conv2d_algorithm rule = fovea__conv2d_choose(device, FOVEA__CONV2D_FORWARD, &shape);
    problem_pretend(was.type, was.compute_units);
    device->max_work_group = items;
    device->local_bytes = bytes;
    for (int t = 0; t < 4; t++)
        ck_assert_msg(can[t] == limits[_i].can[t], "tile %d: %d", t, can[t]);
    if (any)
        ck_assert(fovea__conv2d_is_tiled(rule) && limits[_i].can[rule - FOVEA__CONV2D_TILED_128X128]);
    else
        ck_assert_int_eq(rule, limits[_i].items < 64 ? FOVEA__CONV2D_DIRECT : FOVEA__CONV2D_GEMM);
}
END_TEST

START_TEST(tiled__is_tried_in_every_size)
{
    if (support_device()->max_work_group < 256 || support_device()->local_bytes < 17408)
        support_skip("the device has no room for every tile");
    for (int a = FOVEA__CONV2D_TILED_128X128; a <= FOVEA__CONV2D_TILED_32X64; a++)
        for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++)
            ck_assert(is_tiled((fovea__conv2d_algorithm)a, (fovea__conv2d_direction)d, &long_shapes[0]));
}
END_TEST

/* Makes the programs of some tiles, by their options, refuse to be launched. */
static void refuse_launches(const char *options, bool refused)
{
    fovea_device *device = support_device();
    for (size_t p = 0; p < device->n_programs; p++) {
        fovea__program *program = &device->programs[p];
        for (size_t k = 0; k < program->n_kernels && strstr(program->options, options); k++)
            program->kernels[k].n_args += refused ? 100u : -100u;
    }
}

/* The same, and their registers do not do. */
static void refuse_groups(const char *options, bool refused)
{
    fovea_device *device = support_device();
    refuse_launches(options, refused);
    for (size_t p = 0; p < device->n_programs; p++) {
        fovea__program *program = &device->programs[p];
        for (size_t k = 0; k < program->n_kernels && strstr(program->options, options); k++)
            program->kernels[k].most_items = refused ? 64 : 256;
    }
}

/* As if their compiler had refused them. */
static void refuse_builds(const char *options, bool refused)
{
    enum { MOST_PROGRAMS = 256 };
    static cl_program kept[MOST_PROGRAMS];
    fovea_device *device = support_device();
    ck_assert_uint_le(device->n_programs, MOST_PROGRAMS);
    for (size_t p = 0; p < device->n_programs; p++) {
        fovea__program *program = &device->programs[p];
        if (!strstr(program->options, options))
            continue;
        if (refused)
            kept[p] = program->program;
        program->program = refused ? NULL : kept[p];
    }
}

/* How tiles of HIGH 2 fail, and how the next smaller one does, which there is no local memory for in the third row. */
static const struct {
    void (*refuse)(const char *options, bool refused);
    void (*refuse_next)(const char *options, bool refused); /* NULL: it does not */
    size_t local_bytes;                                     /* 0: the device's */
} refusals[] = {{refuse_groups, NULL, 0}, {refuse_groups, refuse_groups, 0}, {refuse_groups, refuse_launches, 16640},
                {refuse_builds, NULL, 0}, {refuse_builds, refuse_builds, 0}};

START_TEST(tiled__smaller_tiles_serve_where_larger_ones_fail)
{
    const char *high = "-DHIGH=2", *next = "-DDOWN=2 -DACROSS=2 -DHIGH=1";
    const fovea__conv2d_shape shape = {1, 2, 3, 8, 8, 3, 1, 1};
    fovea_device *device = support_device();
    const size_t bytes = device->local_bytes;
    problem_check(shape, SIZE_MAX, false, is_tiled); /* makes all kernels */
    refusals[_i].refuse(high, true);
    if (refusals[_i].refuse_next)
        refusals[_i].refuse_next(next, true);
    if (refusals[_i].local_bytes)
        device->local_bytes = refusals[_i].local_bytes;
    problem_check(shape, SIZE_MAX, false, is_tiled);
    device->local_bytes = bytes;
    refusals[_i].refuse(high, false);
    if (refusals[_i].refuse_next)
        refusals[_i].refuse_next(next, false);
}
END_TEST

/* The layouts of weights have groups of two dimensions: on a device that has none, and of few work-items. */
START_TEST(tiled__or_what_takes_its_place_runs_on_small_devices)
{
    static const struct {
        size_t group, second;
    } rows[] = {{1024, 1}, {8, 1024}, {1, 1}};
    fovea_device *device = support_device();
    const size_t group = device->max_work_group, second = device->max_items[1];
    device->max_work_group = rows[_i].group < group ? rows[_i].group : group;
    device->max_items[1] = rows[_i].second < second ? rows[_i].second : second;
    problem_check((fovea__conv2d_shape){1, 3, 4, 5, 40, 3, 2, 1}, SIZE_MAX, true, problem_is_tried);
    device->max_work_group = group;
    device->max_items[1] = second;
}
END_TEST

int main(void)
{
    const int rows = support_device() && support_is_simulator() ? 1 : (int)COUNT(long_shapes);
    const support_case cases[] = {
        {tiled__runs_where_a_device_has_the_room, (int)COUNT(limits), .needs_device = true},
        {tiled__is_tried_in_every_size, .needs_device = true},
        {tiled__smaller_tiles_serve_where_larger_ones_fail, (int)COUNT(refusals), .needs_device = true},
        {tiled__or_what_takes_its_place_runs_on_small_devices, 3, .needs_device = true},
        {tiled__sums_in_parts_match_the_reference, rows, .needs_device = true},
    };
    return support_run("conv2d_tiled", cases, COUNT(cases));
}
