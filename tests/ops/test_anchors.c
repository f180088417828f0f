/* Anchors against the float64 reference, and against figures that torchvision and Detectron2 print. */
#include "fence.h"
#include "ref_anchors.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Levels of a padded picture: each stride-2 step halves and rounds up. */
static fovea__anchors anchors_of(fovea_profile profile, int scales, int ratios, int height, int width)
{
    fovea__anchors anchors = {profile, scales, ratios, height, width, {0}, {0}};
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        const int stride = 8 << level;
        anchors.height[level] = (height + stride - 1) / stride;
        anchors.width[level] = (width + stride - 1) / stride;
    }
    return anchors;
}

static const struct {
    fovea_profile profile;
    int scales, ratios, height, width;
} rows[] = {
    {FOVEA_PROFILE_PAPER, 3, 3, 32, 32},        {FOVEA_PROFILE_TORCHVISION, 3, 3, 32, 32},
    {FOVEA_PROFILE_PAPER, 1, 1, 1, 1},          {FOVEA_PROFILE_TORCHVISION, 1, 1, 1, 1},
    {FOVEA_PROFILE_PAPER, 4, 3, 13, 7},         {FOVEA_PROFILE_TORCHVISION, 4, 3, 13, 7},
    {FOVEA_PROFILE_DEFAULT, 2, 3, 97, 211},     {FOVEA_PROFILE_TORCHVISION, 2, 3, 97, 211},
    {FOVEA_PROFILE_PAPER, 2, 1, 32, 96},        {FOVEA_PROFILE_PAPER, 3, 3, 0, 0},
    {FOVEA_PROFILE_PAPER, 3, 3, 608, 1024},     {FOVEA_PROFILE_TORCHVISION, 3, 3, 800, 1088},
};

START_TEST(anchors__are_the_reference)
{
    if (support_is_simulator() && rows[_i].height > 211)
        support_skip("a real size, on a simulator");
    const fovea__anchors anchors = anchors_of(rows[_i].profile, rows[_i].scales, rows[_i].ratios, rows[_i].height,
                                              rows[_i].width);
    const size_t count = fovea__anchors_count(&anchors);
    ck_assert_uint_eq(count, ref_anchors_write(&anchors, NULL));
    double *want = malloc((count + 1) * 4 * sizeof *want);
    ck_assert_ptr_nonnull(want);
    ref_anchors_write(&anchors, want);
    fence out = fence_tensor((fovea__shape){1, 1, (int)count, 4}, NULL);
    support_ok(fovea__anchors_write(support_device(), &anchors, out.tensor.buffer));
    float *got = fence_read(&out);
    /* Two roundings: the cell's half side (to at most 2^10: half an ulp is 2^-15) and the sum with the centre (the
     * largest is under 2^12: 2^-13). Whole numbers below 2^24 are exact. */
    support_close("anchors", got, want, count * 4, 0.0,
                  rows[_i].profile == FOVEA_PROFILE_TORCHVISION ? 0.0 : ldexp(1.0, -15) + ldexp(1.0, -13));
    support_ok(fovea__anchors_write(support_device(), &anchors, out.tensor.buffer));
    float *again = fence_read(&out);
    ck_assert_msg(memcmp(got, again, count * 4 * sizeof *got) == 0, "a second run gave other bits");
    fence_free(&out, "anchors");
    free(again);
    free(got);
    free(want);
}
END_TEST

/* torchvision 0.29: AnchorGenerator(sizes of retinanet, ratios (.5, 1, 2)).cell_anchors[0] and [4]. */
START_TEST(anchors__torchvision_cell_is_torchvisions)
{
    static const float p3[9][4] = {{-23, -11, 23, 11}, {-28, -14, 28, 14}, {-35, -18, 35, 18},
                                   {-16, -16, 16, 16}, {-20, -20, 20, 20}, {-25, -25, 25, 25},
                                   {-11, -23, 11, 23}, {-14, -28, 14, 28}, {-18, -35, 18, 35}};
    static const float p7[9][4] = {{-362, -181, 362, 181}, {-456, -228, 456, 228}, {-574, -287, 574, 287},
                                   {-256, -256, 256, 256}, {-322, -322, 322, 322}, {-406, -406, 406, 406},
                                   {-181, -362, 181, 362}, {-228, -456, 228, 456}, {-287, -574, 287, 574}};
    const fovea__anchors anchors = anchors_of(FOVEA_PROFILE_TORCHVISION, 3, 3, 800, 1088);
    float cell[FOVEA__MAX_ANCHORS][4];
    fovea__anchors_cell(&anchors, 0, cell);
    for (int i = 0; i < 9; i++)
        for (int k = 0; k < 4; k++)
            ck_assert_msg(cell[i][k] == p3[i][k], "P3, anchor %d: %g, expected %g", i, (double)cell[i][k],
                          (double)p3[i][k]);
    fovea__anchors_cell(&anchors, 4, cell);
    for (int i = 0; i < 9; i++)
        for (int k = 0; k < 4; k++)
            ck_assert_msg(cell[i][k] == p7[i][k], "P7, anchor %d: %g, expected %g", i, (double)cell[i][k],
                          (double)p7[i][k]);
}
END_TEST

START_TEST(anchors__paper_cell_is_not_rounded)
{
    const fovea__anchors anchors = anchors_of(FOVEA_PROFILE_PAPER, 3, 3, 800, 1088);
    float cell[FOVEA__MAX_ANCHORS][4];
    fovea__anchors_cell(&anchors, 0, cell);
    const double want[4] = {-22.627416998, -11.313708499, 22.627416998, 11.313708499}; /* 16 sqrt 2 and 8 sqrt 2 */
    support_close("P3, ratio .5", cell[0], want, 4, FLT_EPSILON, 0.0);
    const double second[4] = {-20.1587368, -20.1587368, 20.1587368, 20.1587368}; /* 16 cbrt 2 */
    support_close("P3, second scale", cell[4], second, 4, FLT_EPSILON, 0.0);
}
END_TEST

START_TEST(anchors__counts_are_the_published_ones)
{
    const fovea__anchors anchors = anchors_of(FOVEA_PROFILE_TORCHVISION, 3, 3, 800, 1088);
    static const size_t want[FOVEA__LEVELS] = {122400, 30600, 7650, 1989, 567};
    for (int level = 0; level < FOVEA__LEVELS; level++)
        ck_assert_uint_eq(fovea__anchors_level_count(&anchors, level), want[level]);
    ck_assert_uint_eq(fovea__anchors_count(&anchors), 163206);
}
END_TEST

/* 800 // 13 = 61 and 1088 // 17 = 64 at P6; 800 // 7 = 114 and 1088 // 9 = 120 at P7. */
START_TEST(anchors__torchvision_stride_follows_the_picture)
{
    fovea__anchors anchors = anchors_of(FOVEA_PROFILE_TORCHVISION, 1, 1, 800, 1088);
    for (int level = 0; level < 3; level++)
        anchors.height[level] = anchors.width[level] = 0;
    const size_t count = fovea__anchors_count(&anchors);
    fence out = fence_tensor((fovea__shape){1, 1, (int)count, 4}, NULL);
    support_ok(fovea__anchors_write(support_device(), &anchors, out.tensor.buffer));
    float *got = fence_read(&out);
    const float p6[4] = {64 - 128, 61 - 128, 64 + 128, 61 + 128}, p7[4] = {120 - 256, 114 - 256, 120 + 256, 114 + 256};
    ck_assert_msg(memcmp(got + 4 * (17 + 1), p6, sizeof p6) == 0, "P6's second place is wrong");
    ck_assert_msg(memcmp(got + 4 * (13 * 17 + 9 + 1), p7, sizeof p7) == 0, "P7's second place is wrong");
    fence_free(&out, "anchors");
    free(got);
}
END_TEST

START_TEST(anchors__bad_arguments_are_told)
{
    fovea__anchors anchors = anchors_of(FOVEA_PROFILE_PAPER, 3, 3, 32, 32);
    fence out = fence_tensor((fovea__shape){1, 1, (int)fovea__anchors_count(&anchors) - 1, 4}, NULL);
    support_fails(fovea__anchors_write(support_device(), &anchors, out.tensor.buffer), FOVEA_ERROR_ARGUMENT, "bytes");
    anchors.ratios = 2;
    support_fails(fovea__anchors_write(support_device(), &anchors, out.tensor.buffer), FOVEA_ERROR_ARGUMENT,
                  "3 scales x 2 ratios");
    anchors.ratios = 3;
    anchors.width[2] = -1;
    support_fails(fovea__anchors_write(support_device(), &anchors, out.tensor.buffer), FOVEA_ERROR_ARGUMENT,
                  "level 5");
    fence_free(&out, "anchors");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = anchors__are_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = anchors__torchvision_cell_is_torchvisions},
        {.test = anchors__paper_cell_is_not_rounded},
        {.test = anchors__counts_are_the_published_ones},
        {.test = anchors__torchvision_stride_follows_the_picture, .needs_device = true},
        {.test = anchors__bad_arguments_are_told, .needs_device = true},
    };
    return support_run_both_kinds("anchors", cases, COUNT(cases));
}
