/* Smooth L1 against the float64 reference, and the reference against central differences. */
#include "arrays.h"
#include "assign.h"
#include "level_loss.h"
#include "ref_smooth_l1.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One level of a batch, among anchors of other levels before and behind, and of pictures before it. */
typedef struct level {
    fovea__shape shape;
    fovea__smooth_l1 loss;
    float *codes, *targets, *scales;
    int32_t *matches;
} level;

static level make_level(int before, int n, int h, int w, int a, float beta)
{
    level made = {.shape = {n, h, w, 4 * a}, .loss = {beta, (size_t)(h * w * a) + 11, 7, before}};
    const size_t count = fovea__shape_elements(made.shape), pictures = (size_t)(before + n);
    const size_t anchors = made.loss.n_anchors * pictures;
    made.codes = malloc((count + 1) * sizeof *made.codes);
    made.targets = malloc((4 * anchors + 1) * sizeof *made.targets);
    made.scales = malloc((pictures + 1) * sizeof *made.scales);
    made.matches = malloc((anchors + 1) * sizeof *made.matches);
    ck_assert(made.codes && made.targets && made.scales && made.matches);
    support_random_normal(made.codes, count, 1, 0.3f);
    support_random_normal(made.targets, 4 * anchors, 2, 0.3f);
    support_random_uniform(made.scales, pictures, 3, 0.01f, 1.0f);
    for (size_t i = 0; i < anchors; i++)
        made.matches[i] = support_random_int(4, i, FOVEA__IGNORED, 2);
    return made;
}

static void free_level(level *made)
{
    free(made->codes);
    free(made->targets);
    free(made->scales);
    free(made->matches);
}

static level_loss run(const level *in, bool in_place)
{
    const int pictures = in->loss.first_picture + in->shape.n;
    const size_t anchors = in->loss.n_anchors * (size_t)pictures;
    fence codes = fence_tensor(in->shape, in->codes), gradients = fence_tensor(in->shape, NULL);
    fence targets = fence_tensor((fovea__shape){1, 1, (int)anchors, 4}, in->targets);
    fence matches = fence_ints(anchors, in->matches);
    fence scales = fence_tensor(fovea__shape_vector(pictures), in->scales);
    fence partials = level_loss_partials(fovea__smooth_l1_partials(in->shape));
    support_ok(fovea__smooth_l1_run(support_device(), &in->loss, &codes.tensor, targets.tensor.buffer,
                                    matches.tensor.buffer, scales.tensor.buffer,
                                    in_place ? &codes.tensor : &gradients.tensor, partials.tensor.buffer,
                                    LEVEL_LOSS_FIRST));
    const level_loss got = level_loss_read(in_place ? &codes : &gradients, &partials);
    fence_free(&partials, "partials");
    fence_free(&scales, "scales");
    fence_free(&matches, "matches");
    fence_free(&targets, "targets");
    fence_free(&gradients, "d_codes");
    fence_free(&codes, "codes");
    return got;
}

static void hold_to_reference(const level *in)
{
    const size_t count = fovea__shape_elements(in->shape);
    const size_t anchors = in->loss.n_anchors * (size_t)(in->loss.first_picture + in->shape.n);
    double *codes = array_widen(in->codes, count), *targets = array_widen(in->targets, 4 * anchors);
    double *want = array_doubles(count);
    const double total = ref_smooth_l1_run(&in->loss, in->shape, codes, targets, in->matches, in->scales, want);
    level_loss got = run(in, false), in_place = run(in, true);
    /* The difference of codes below 4 is off by 2^-23, magnified by 1/beta at most (the slope is continuous, so either
     * side of the bend will do); a division's 2.5 ulp and the scale's rounding follow. L1's slope is exact. */
    const double bend = in->loss.beta > 0.0f ? 0x1p-23 / (double)in->loss.beta : 0.0;
    support_close("d_codes", got.gradients, want, count, 6 * 0x1p-23, bend);
    /* Each term is off by 2^-23 and 6 ulp; at most 1024 positive terms meet in a chain. */
    const double limit = (1024 * 0x1p-24 + 6 * 0x1p-23) * total + (double)count * 0x1p-23;
    ck_assert_msg(fabs(got.sum - total) <= limit, "the loss is %.9g, expected %.9g", got.sum, total);
    level_loss_same_bits(&got, &in_place);
    level_loss_free(&got);
    level_loss_free(&in_place);
    void *all[] = {codes, targets, want};
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
}

static const struct {
    int before, n, h, w, a; /* before: pictures of earlier parts of a batch */
    float beta;
} rows[] = {
    {0, 1, 1, 1, 1, 1.0f / 9}, {0, 1, 1, 1, 9, 0.0f},      {0, 3, 1, 1, 1, 1.0f},  {0, 0, 2, 2, 9, 0.1f},
    {0, 1, 0, 3, 9, 0.1f},     {0, 2, 3, 5, 9, 0.0f},      {0, 3, 5, 7, 3, 0.11f}, {0, 2, 11, 13, 9, 1.0f / 9},
    {0, 1, 19, 29, 9, 0.0f},   {0, 3, 38, 63, 9, 1.0f / 9}, {1, 1, 1, 1, 1, 0.0f}, {2, 3, 5, 7, 3, 1.0f / 9},
    {5, 1, 2, 3, 9, 0.0f},     {3, 0, 2, 2, 9, 0.1f},
};

START_TEST(smooth_l1__is_the_reference)
{
    if (support_is_simulator() && rows[_i].h > 11)
        support_skip("a real size, on a simulator");
    level in = make_level(rows[_i].before, rows[_i].n, rows[_i].h, rows[_i].w, rows[_i].a, rows[_i].beta);
    hold_to_reference(&in);
    free_level(&in);
}
END_TEST

START_TEST(smooth_l1__gradient_of_l1_is_0_at_0)
{
    level in = make_level(0, 1, 1, 1, 1, 0.0f);
    in.matches[in.loss.first_anchor] = 0;
    in.scales[0] = 0.5f;
    const float codes[4] = {0.25f, -1.0f, 1.0f, -0.0f};
    const float targets[4] = {0.25f, 0.0f, 0.0f, 0.0f};
    memcpy(in.codes, codes, sizeof codes);
    memcpy(in.targets + 4 * in.loss.first_anchor, targets, sizeof targets);
    level_loss got = run(&in, false);
    support_close("gradient", got.gradients, (double[]){0, -0.5, 0.5, 0}, 4, 0.0, 0.0);
    ck_assert_double_eq(got.sum, 1.0);
    level_loss_free(&got);
    free_level(&in);
}
END_TEST

START_TEST(smooth_l1__nan_is_not_swallowed)
{
    for (int beta = 0; beta < 2; beta++) {
        level in = make_level(0, 1, 2, 2, 3, (float)beta);
        in.matches[in.loss.first_anchor + 5] = 1;
        in.codes[4 * 5 + 2] = NAN;
        level_loss got = run(&in, false);
        ck_assert_msg(isnan(got.sum), "a code of NaN gives a loss of %g", got.sum);
        level_loss_free(&got);
        free_level(&in);
    }
}
END_TEST

static double value_of(const double *x, void *context)
{
    const double *beta = context;
    double sum = 0;
    for (int i = 0; i < 6; i++)
        sum += ref_smooth_l1_value(x[i], *beta);
    return sum;
}

START_TEST(smooth_l1__reference_gradient_is_the_derivative)
{
    static const double betas[] = {0.0, 1.0 / 9, 1.0};
    double x[6] = {-2.0, -0.5, -0.05, 0.07, 0.3, 1.5}, analytic[6], beta = betas[_i];
    for (int i = 0; i < 6; i++)
        analytic[i] = ref_smooth_l1_gradient(x[i], beta);
    /* Parabolas and lines have no third derivative; rounding is 1e-16 * 5 / 1e-6. */
    support_gradient("smooth L1", value_of, &beta, x, 6, analytic, 30, 1e-6, 1e-8);
}
END_TEST

START_TEST(smooth_l1__bad_arguments_are_told)
{
    level in = make_level(0, 1, 2, 2, 3, 0.1f);
    fence codes = fence_tensor(in.shape, in.codes), other = fence_tensor((fovea__shape){1, 2, 1, 14}, NULL);
    const fovea__buffer *any = codes.tensor.buffer;
    support_fails(fovea__smooth_l1_run(support_device(), &in.loss, &codes.tensor, any, any, any, &other.tensor,
                                       other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "another shape");
    support_fails(fovea__smooth_l1_run(support_device(), &in.loss, &other.tensor, any, any, any, &other.tensor,
                                       other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "14 channels");
    in.loss.first_anchor += 5;
    support_fails(fovea__smooth_l1_run(support_device(), &in.loss, &codes.tensor, any, any, any, &codes.tensor,
                                       other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "out of range");
    in.loss.beta = -1.0f;
    support_fails(fovea__smooth_l1_run(support_device(), &in.loss, &codes.tensor, any, any, any, &codes.tensor,
                                       other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "beta -1");
    fence_free(&other, "other");
    fence_free(&codes, "codes");
    free_level(&in);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = smooth_l1__is_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = smooth_l1__gradient_of_l1_is_0_at_0, .needs_device = true},
        {.test = smooth_l1__nan_is_not_swallowed, .needs_device = true},
        {.test = smooth_l1__reference_gradient_is_the_derivative, .rows = 3},
        {.test = smooth_l1__bad_arguments_are_told, .needs_device = true},
    };
    return support_run_both_kinds("smooth_l1", cases, COUNT(cases));
}
