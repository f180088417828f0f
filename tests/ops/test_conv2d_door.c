/* The door of conv2d and its rule: which algorithm is named, which calls are refused. */
#include "conv2d_problem.h"
#include "fence.h"

static const fovea__conv2d_shape small = {1, 3, 3, 2, 4, 3, 1, 1};

START_TEST(conv2d__gemm_is_among_those_tried)
{
    if (support_is_simulator())
        support_skip("gemm is left out: CLBlast corrupts the heap when a program ends under Oclgrind");
    for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++)
        ck_assert(problem_is_tried(FOVEA__CONV2D_DIRECT, (fovea__conv2d_direction)d, &small) &&
                  problem_is_tried(FOVEA__CONV2D_GEMM, (fovea__conv2d_direction)d, &small));
}
END_TEST

/* Of RetinaNet: a stem, a stage's first, the pyramid and the heads. */
static const fovea__conv2d_shape real_shapes[] = {
    {1, 64, 80, 3, 64, 7, 2, 3},   {1, 19, 19, 256, 512, 3, 2, 1}, {1, 38, 38, 256, 512, 1, 2, 0},
    {4, 5, 5, 256, 720, 3, 1, 1},  {1, 5, 5, 2048, 256, 3, 2, 1},  {1, 75, 75, 256, 256, 3, 1, 1},
    {1, 300, 300, 3, 64, 7, 2, 3},
};

/* On this device as it is, and as if it were a GPU of a few sizes. */
START_TEST(conv2d__rule_names_an_algorithm_that_can)
{
    static const int units[] = {0, 1, 24, 144};
    const fovea_device_info was = *fovea_device_describe(support_device());
    if (units[_i])
        problem_pretend(FOVEA_DEVICE_GPU, units[_i]);
    for (size_t i = 0; i < COUNT(real_shapes); i++)
        for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++) {
            const fovea__conv2d_direction direction = (fovea__conv2d_direction)d;
            const fovea__conv2d_algorithm algorithm =
                fovea__conv2d_choose(support_device(), direction, &real_shapes[i]);
            ck_assert(algorithm >= 0 && algorithm < FOVEA__CONV2D_ALGORITHMS);
            ck_assert(fovea__conv2d_can(support_device(), algorithm, direction, &real_shapes[i]));
        }
    problem_pretend(was.type, was.compute_units);
}
END_TEST

/* P6 and P7 at 600 pixels, and what batches and padding make of such maps. */
START_TEST(conv2d__winograd_leaves_small_maps)
{
    static const struct {
        fovea__conv2d_shape shape;
        bool can, can_back;
    } rows[] = {{{1, 10, 10, 256, 256, 3, 1, 1}, false, false},
                {{1, 5, 5, 256, 720, 3, 1, 1}, false, false},
                {{3, 5, 5, 256, 720, 3, 1, 1}, true, true},
                {{1, 11, 14, 16, 16, 3, 1, 0}, false, true}};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++)
            ck_assert_int_eq(
                fovea__conv2d_can(support_device(), FOVEA__CONV2D_WINOGRAD, (fovea__conv2d_direction)d, &rows[i].shape),
                d == FOVEA__CONV2D_BACKWARD_DATA ? rows[i].can_back : rows[i].can);
}
END_TEST

START_TEST(conv2d__bad_arguments_are_refused)
{
    fovea_device *device = support_device();
    problem given = problem_make(small, 1);
    fence x = fence_tensor(given.x_shape, given.x), weights = fence_tensor(given.weights_shape, given.weights);
    fence y = fence_tensor(given.y_shape, NULL), other = fence_tensor((fovea__shape){1, 3, 3, 3}, NULL);
    fovea__conv2d_shape shape = given.shape;
#define forward_of(x_of, y_of)                                                                                         \
    fovea__conv2d_forward(device, FOVEA__CONV2D_DIRECT, &shape, x_of, &weights.tensor, NULL, NULL, y_of, NULL)
    support_fails(forward_of(&other.tensor, &y.tensor), FOVEA_ERROR_ARGUMENT, "x is 1 x 3 x 3 x 3");
    support_fails(forward_of(&x.tensor, NULL), FOVEA_ERROR_ARGUMENT, "y is missing");
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_ARGUMENT, "packed has 0 bytes");
    shape.stride = 0;
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_ARGUMENT, "stride 0");
    shape = given.shape;
    shape.in_channels = 0;
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_ARGUMENT, "0 in and 4 out channels");
    shape = given.shape;
    shape.height = shape.width = 40000;
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_UNSUPPORTED, "2^31-1");
    shape = (fovea__conv2d_shape){1, 46340, 46340, 1, 1, 3, 1, 1};
    support_fails(forward_of(&x.tensor, &y.tensor), FOVEA_ERROR_UNSUPPORTED, "is more than");
#undef forward_of
    fence_free(&x, "x"), fence_free(&weights, "weights");
    fence_free(&y, "y"), fence_free(&other, "other");
    problem_free(&given);
}
END_TEST

/* What each call is held to beside its shape: the tensor that it writes, the room it is lent, what is added. */
START_TEST(conv2d__calls_that_do_not_fit_are_refused)
{
    fovea_device *device = support_device();
    problem given = problem_make(small, 1);
    const fovea__conv2d_shape strided = {1, 3, 3, 2, 4, 3, 2, 1};
    fence x = fence_tensor(given.x_shape, given.x), weights = fence_tensor(given.weights_shape, given.weights);
    fence y = fence_tensor(given.y_shape, given.d_y), other = fence_tensor((fovea__shape){1, 3, 3, 3}, NULL);
    const fovea__conv2d_epilogue added = {.residual = &other.tensor}, scaled = {.scale = &other.tensor};
    const fovea__conv2d_algorithm gemm = FOVEA__CONV2D_GEMM;
    fence little = fence_ints(3, NULL), much = fence_ints(100000, NULL);
    support_fails(fovea__conv2d_forward(device, gemm, &small, &x.tensor, &weights.tensor, much.tensor.buffer, NULL,
                                        &y.tensor, little.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "workspace has 12 bytes");
    support_fails(fovea__conv2d_forward(device, gemm, &small, &x.tensor, &weights.tensor, much.tensor.buffer, &added,
                                        &y.tensor, much.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "residual is 1 x 3 x 3 x 3");
    support_fails(fovea__conv2d_forward(device, gemm, &small, &x.tensor, &weights.tensor, much.tensor.buffer, &scaled,
                                        &y.tensor, much.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "scale is 1 x 3 x 3 x 3");
    support_fails(fovea__conv2d_backward_data(device, gemm, &small, &y.tensor, &weights.tensor, little.tensor.buffer,
                                              false, &x.tensor, much.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "packed has 12 bytes");
    support_fails(fovea__conv2d_backward_data(device, gemm, &small, &y.tensor, &weights.tensor, much.tensor.buffer,
                                              false, &other.tensor, much.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "d_x is 1 x 3 x 3 x 3");
    support_fails(fovea__conv2d_backward_weights(device, gemm, &small, &x.tensor, &y.tensor, false, &weights.tensor,
                                                 NULL),
                  FOVEA_ERROR_ARGUMENT, "workspace has 0 bytes");
    support_fails(fovea__conv2d_backward_weights(device, gemm, &small, &x.tensor, &y.tensor, false, &other.tensor,
                                                 much.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "d_weights is 1 x 3 x 3 x 3");
    support_fails(fovea__conv2d_pack(device, gemm, FOVEA__CONV2D_FORWARD, &small, &weights.tensor,
                                     little.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "packed has 12 bytes");
    support_fails(fovea__conv2d_pack(device, FOVEA__CONV2D_WINOGRAD, FOVEA__CONV2D_FORWARD, &strided, &weights.tensor,
                                     much.tensor.buffer),
                  FOVEA_ERROR_UNSUPPORTED, "\"winograd\" cannot run here");
    fence_free(&x, "x"), fence_free(&weights, "weights"), fence_free(&y, "y"), fence_free(&other, "other");
    fence_free(&little, "little"), fence_free(&much, "much");
    problem_free(&given);
}
END_TEST

/* CLBlast's copies lie in the workspace, so that who plans memory knows of them. */
START_TEST(conv2d__gemm_takes_no_memory_of_its_own)
{
    if (support_is_simulator())
        support_skip("gemm is left out: CLBlast corrupts the heap when a program ends under Oclgrind");
    static const fovea__conv2d_shape shapes[] = {{1, 30, 31, 60, 52, 3, 1, 1}, {1, 30, 31, 60, 52, 1, 1, 0}};
    fovea_device *device = support_device();
    problem given = problem_make(shapes[_i], 1);
    const fovea__conv2d_algorithm gemm = FOVEA__CONV2D_GEMM;
    fence x = fence_tensor(given.x_shape, given.x), weights = fence_tensor(given.weights_shape, given.weights);
    fence y = fence_tensor(given.y_shape, NULL);
    size_t most = 0;
    for (int d = FOVEA__CONV2D_FORWARD; d <= FOVEA__CONV2D_BACKWARD_WEIGHTS; d++) {
        const size_t bytes = fovea__conv2d_workspace_bytes(device, gemm, (fovea__conv2d_direction)d, &given.shape);
        most = bytes > most ? bytes : most;
    }
    const size_t floats = fovea__conv2d_packed_floats(device, gemm, FOVEA__CONV2D_FORWARD, &given.shape);
    fence packed = fence_ints(floats, NULL), workspace = fence_ints(most / 4, NULL);
    const fovea__buffer *pack = packed.tensor.buffer;
    support_ok(fovea__conv2d_pack(device, gemm, FOVEA__CONV2D_FORWARD, &given.shape, &weights.tensor,
                                  packed.tensor.buffer));
    support_ok(fovea__buffer_pool_empty(device));
    uint64_t before = 0, now = 0;
    fovea_device_memory(device, &before, NULL);
    support_ok(fovea__conv2d_forward(device, gemm, &given.shape, &x.tensor, &weights.tensor, pack, NULL, &y.tensor,
                                     workspace.tensor.buffer));
    support_ok(fovea__conv2d_backward_data(device, gemm, &given.shape, &y.tensor, &weights.tensor, pack, true,
                                           &x.tensor, workspace.tensor.buffer));
    support_ok(fovea__conv2d_backward_weights(device, gemm, &given.shape, &x.tensor, &y.tensor, true, &weights.tensor,
                                              workspace.tensor.buffer));
    fovea_device_memory(device, &now, NULL);
    ck_assert_uint_eq(now, before);
    fence_free(&x, "x"), fence_free(&weights, "weights"), fence_free(&y, "y");
    fence_free(&packed, "packed"), fence_free(&workspace, "workspace");
    problem_free(&given);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {conv2d__gemm_is_among_those_tried, .needs_device = true},
        {conv2d__rule_names_an_algorithm_that_can, 4, .needs_device = true},
        {conv2d__winograd_leaves_small_maps, .needs_device = true},
        {conv2d__gemm_takes_no_memory_of_its_own, 2, .needs_device = true},
        {conv2d__bad_arguments_are_refused, .needs_device = true},
        {conv2d__calls_that_do_not_fit_are_refused, .needs_device = true},
    };
    return support_run("conv2d_door", cases, COUNT(cases));
}
