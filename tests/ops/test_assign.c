/* Matching against the float64 reference, and the cases that other implementations get wrong. */
#include "anchors.h"
#include "fence.h"
#include "ref_assign.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PICTURES = 3 };

typedef struct outcome {
    int32_t *matches;
    int32_t objects[MOST_PICTURES];
} outcome;

/* One run on fenced buffers. offsets[batch] boxes in all. */
static outcome run(const float *anchors, size_t n_anchors, const float *boxes, const int32_t *offsets, int batch)
{
    const size_t n_boxes = (size_t)offsets[batch];
    fence anchors_in = fence_tensor((fovea__shape){1, 1, (int)n_anchors, 4}, anchors);
    fence boxes_in = fence_tensor((fovea__shape){1, 1, (int)n_boxes, 4}, boxes);
    fence offsets_in = fence_ints((size_t)batch + 1, offsets);
    fence matches = fence_ints((size_t)batch * n_anchors, NULL), objects = fence_ints((size_t)batch, NULL);
    fence workspace = fence_ints(fovea__assign_workspace_bytes(n_anchors, n_boxes) / 4, NULL);
    support_ok(fovea__assign(support_device(), anchors_in.tensor.buffer, n_anchors, boxes_in.tensor.buffer, n_boxes,
                             offsets_in.tensor.buffer, batch, matches.tensor.buffer, objects.tensor.buffer,
                             workspace.tensor.buffer));
    outcome got = {.matches = fence_read_ints(&matches)};
    int32_t *read = fence_read_ints(&objects);
    memcpy(got.objects, read, (size_t)batch * sizeof *read);
    free(read);
    fence_free(&workspace, "workspace");
    fence_free(&objects, "n_objects");
    fence_free(&matches, "matches");
    fence_free(&offsets_in, "offsets");
    fence_free(&boxes_in, "boxes");
    fence_free(&anchors_in, "anchors");
    return got;
}

static void hold_to_reference(const float *anchors, size_t n_anchors, const float *boxes, const int32_t *offsets,
                              int batch)
{
    const outcome got = run(anchors, n_anchors, boxes, offsets, batch);
    const outcome again = run(anchors, n_anchors, boxes, offsets, batch);
    ck_assert_msg(memcmp(got.matches, again.matches, (size_t)batch * n_anchors * sizeof *got.matches) == 0,
                  "a second run matched differently");
    int *want = malloc((n_anchors + 1) * sizeof *want);
    ck_assert_ptr_nonnull(want);
    for (int n = 0; n < batch; n++) {
        const float *own = boxes + 4 * offsets[n];
        const size_t n_own = (size_t)(offsets[n + 1] - offsets[n]);
        const int objects = ref_assign_match(anchors, n_anchors, own, n_own, want);
        /* An IoU's relative error: 2 roundings in each side, 1 in each area and product, 2 in the union whose terms are
         * at most twice as large, 3 units for the division: under 16 * 2^-24. */
        const double gap = ref_assign_gap(anchors, n_anchors, own, n_own, want);
        ck_assert_msg(gap > 16 * 0x1p-24, "the case is no fair one: %g decides; choose another seed", gap);
        for (size_t i = 0; i < n_anchors; i++) {
            const int expected = want[i] >= 0 ? want[i] + offsets[n] : want[i];
            ck_assert_msg(got.matches[(size_t)n * n_anchors + i] == expected, "picture %d, anchor %zu: matched to %d, "
                          "expected %d", n, i, (int)got.matches[(size_t)n * n_anchors + i], expected);
        }
        ck_assert_int_eq(got.objects[n], objects);
        ck_assert_int_eq(again.objects[n], objects);
    }
    free(want);
    free(again.matches);
    free(got.matches);
}

/* Boxes inside a square; whole: on whole pixels, so that IoUs are often equal and then exactly so. */
static void random_boxes(float *boxes, size_t count, uint64_t seed, float side, bool whole)
{
    support_random_uniform(boxes, 4 * count, seed, 0.0f, 1.0f);
    for (size_t i = 0; i < count; i++) {
        float *box = boxes + 4 * i;
        const float width = 0.05f + 0.45f * box[2], height = 0.05f + 0.45f * box[3];
        const float x = box[0] * (1.0f - width), y = box[1] * (1.0f - height);
        const float edges[4] = {x * side, y * side, (x + width) * side, (y + height) * side};
        for (int k = 0; k < 4; k++)
            box[k] = whole ? (float)(int)edges[k] + (k >= 2 ? 1.0f : 0.0f) : edges[k];
    }
}

static const struct {
    size_t n_anchors;
    int batch, boxes[MOST_PICTURES];
    float side;
    bool whole;
} rows[] = {
    {1, 1, {1}, 32.0f, false},         {0, 1, {1}, 32.0f, false},        {1, 3, {0, 1, 0}, 32.0f, true},
    {7, 2, {3, 1}, 20.0f, true},       {8, 1, {2}, 20.0f, true},         {9, 3, {5, 0, 1}, 20.0f, false},
    {131, 3, {4, 17, 2}, 24.0f, true}, {513, 2, {0, 0}, 64.0f, false},   {512, 1, {6}, 24.0f, true},
    {515, 2, {7, 3}, 64.0f, false},    {1537, 3, {9, 1, 23}, 24.0f, true}, {4999, 3, {11, 0, 20}, 200.0f, false},
};

START_TEST(assign__is_the_reference)
{
    if (support_is_simulator() && rows[_i].n_anchors > 600)
        support_skip("%zu anchors, on a simulator", rows[_i].n_anchors);
    const size_t n_anchors = rows[_i].n_anchors;
    int32_t offsets[MOST_PICTURES + 1] = {0};
    for (int n = 0; n < rows[_i].batch; n++)
        offsets[n + 1] = offsets[n] + rows[_i].boxes[n];
    float *anchors = malloc((n_anchors + 1) * 16), *boxes = malloc(((size_t)offsets[rows[_i].batch] + 1) * 16);
    ck_assert(anchors && boxes);
    random_boxes(anchors, n_anchors, 100 + (uint64_t)_i, rows[_i].side, rows[_i].whole);
    random_boxes(boxes, (size_t)offsets[rows[_i].batch], 200 + (uint64_t)_i, rows[_i].side, rows[_i].whole);
    hold_to_reference(anchors, n_anchors, boxes, offsets, rows[_i].batch);
    free(boxes);
    free(anchors);
}
END_TEST

/* All anchors of a square picture. */
static float *pyramid(fovea_profile profile, int size, size_t *n_anchors)
{
    fovea__anchors anchors = {profile, 3, 3, size, size, {0}, {0}};
    for (int level = 0; level < FOVEA__LEVELS; level++)
        anchors.height[level] = anchors.width[level] = (size + (8 << level) - 1) / (8 << level);
    *n_anchors = fovea__anchors_count(&anchors);
    fence out = fence_tensor((fovea__shape){1, 1, (int)*n_anchors, 4}, NULL);
    support_ok(fovea__anchors_write(support_device(), &anchors, out.tensor.buffer));
    float *boxes = fence_read(&out);
    fence_free(&out, "anchors");
    return boxes;
}

START_TEST(assign__real_pyramid_is_the_reference)
{
    if (support_is_simulator())
        support_skip("12276 anchors, on a simulator");
    size_t n_anchors;
    float *anchors = pyramid(FOVEA_PROFILE_PAPER, 256, &n_anchors);
    float boxes[4 * 12];
    random_boxes(boxes, 12, 41, 256.0f, false);
    hold_to_reference(anchors, n_anchors, boxes, (int32_t[]){0, 9, 12}, 2);
    free(anchors);
}
END_TEST

/* torchvision and Detectron2 make every anchor an object of a box that meets none: their best IoU, 0, is met by all. */
START_TEST(assign__a_box_that_meets_nothing_makes_no_objects)
{
    size_t n_anchors;
    float *anchors = pyramid(FOVEA_PROFILE_TORCHVISION, support_is_simulator() ? 32 : 256, &n_anchors);
    const float outside[8] = {4000, 4000, 4100, 4100, 50, 60, 50, 90}; /* far away; of zero width */
    const outcome got = run(anchors, n_anchors, outside, (int32_t[]){0, 2}, 1);
    ck_assert_int_eq(got.objects[0], 0);
    for (size_t i = 0; i < n_anchors; i++)
        ck_assert_int_eq(got.matches[i], FOVEA__BACKGROUND);
    free(got.matches);
    free(anchors);
}
END_TEST

/* The figures of torchvision 0.29 on this picture: 20 objects, of a best IoU of .0356, none at the thresholds. */
START_TEST(assign__a_tiny_object_gets_its_best_anchors)
{
    if (support_is_simulator())
        support_skip("12276 anchors, on a simulator");
    size_t n_anchors;
    float *anchors = pyramid(FOVEA_PROFILE_TORCHVISION, 256, &n_anchors);
    ck_assert_uint_eq(n_anchors, 12276);
    const float tiny[4] = {100, 100, 106, 106};
    const outcome got = run(anchors, n_anchors, tiny, (int32_t[]){0, 1}, 1);
    ck_assert_int_eq(got.objects[0], 20);
    for (size_t i = 0; i < n_anchors; i++)
        if (got.matches[i] == 0) {
            const double iou = ref_assign_iou(anchors + 4 * i, tiny);
            ck_assert_msg(iou > 0.0355 && iou < 0.0357, "an object's IoU is %g", iou);
        }
    free(got.matches);
    free(anchors);
}
END_TEST

/* An anchor that is the best of box 0 but overlaps box 1 more learns box 1; of equal overlaps it learns the lower. */
START_TEST(assign__low_quality_match_learns_its_own_best_box)
{
    const float anchors[8] = {0, 0, 10, 10, 100, 100, 110, 110};
    const float boxes[16] = {8, 0, 18, 10, 6, 0, 16, 10, 95, 100, 105, 110, 105, 100, 115, 110};
    const outcome got = run(anchors, 2, boxes, (int32_t[]){0, 4}, 1);
    ck_assert_int_eq(got.matches[0], 1);
    ck_assert_int_eq(got.matches[1], 2);
    ck_assert_int_eq(got.objects[0], 2);
    free(got.matches);
}
END_TEST

START_TEST(assign__thresholds_belong_to_the_upper_side)
{
    /* IoUs with the box: 1, 1/2, 2/5, 39/100 (of 100 and 39 pixels). */
    const float anchors[16] = {0, 0, 10, 10, 0, 0, 10, 5, 0, 0, 4, 10, 0, 0, 3.9f, 10};
    const float box[4] = {0, 0, 10, 10};
    const outcome got = run(anchors, 4, box, (int32_t[]){0, 1}, 1);
    ck_assert_int_eq(got.matches[0], 0);
    ck_assert_int_eq(got.matches[1], 0);
    ck_assert_int_eq(got.matches[2], FOVEA__IGNORED);
    ck_assert_int_eq(got.matches[3], FOVEA__BACKGROUND);
    free(got.matches);
}
END_TEST

START_TEST(assign__scales_divide_by_objects)
{
    const int32_t counts[3] = {3, 0, 5};
    fence objects = fence_ints(3, counts), scales = fence_tensor(fovea__shape_vector(3), NULL);
    support_ok(fovea__assign_scales(support_device(), objects.tensor.buffer, 3, false, scales.tensor.buffer));
    float *got = fence_read(&scales);
    /* One division; OpenCL allows 2.5 ulp. */
    support_close("whole batch", got, (double[]){1.0 / 8, 1.0 / 8, 1.0 / 8}, 3, 3 * 0x1p-23, 0.0);
    free(got);
    support_ok(fovea__assign_scales(support_device(), objects.tensor.buffer, 3, true, scales.tensor.buffer));
    got = fence_read(&scales);
    support_close("a picture", got, (double[]){1.0 / 9, 1.0 / 3, 1.0 / 15}, 3, 3 * 0x1p-23, 0.0);
    free(got);
    support_ok(fovea__buffer_fill(objects.tensor.buffer, 0, 12, 0));
    support_ok(fovea__assign_scales(support_device(), objects.tensor.buffer, 3, false, scales.tensor.buffer));
    got = fence_read(&scales);
    support_close("no objects", got, (double[]){1.0, 1.0, 1.0}, 3, 0.0, 0.0);
    free(got);
    fence_free(&scales, "scales");
    fence_free(&objects, "n_objects");
}
END_TEST

START_TEST(assign__bad_arguments_are_told)
{
    fence one = fence_ints(4, NULL);
    support_fails(fovea__assign(support_device(), one.tensor.buffer, 1, one.tensor.buffer, 0, one.tensor.buffer, 0,
                                one.tensor.buffer, one.tensor.buffer, one.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "0 pictures");
    support_fails(fovea__assign(support_device(), one.tensor.buffer, (size_t)1 << 30, one.tensor.buffer, 0,
                                one.tensor.buffer, 1, one.tensor.buffer, one.tensor.buffer, one.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "out of range");
    support_fails(fovea__assign_scales(support_device(), one.tensor.buffer, 0, false, one.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "batch of 0");
    fence_free(&one, "unused");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = assign__is_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = assign__real_pyramid_is_the_reference, .needs_device = true},
        {.test = assign__a_box_that_meets_nothing_makes_no_objects, .needs_device = true},
        {.test = assign__a_tiny_object_gets_its_best_anchors, .needs_device = true},
        {.test = assign__low_quality_match_learns_its_own_best_box, .needs_device = true},
        {.test = assign__thresholds_belong_to_the_upper_side, .needs_device = true},
        {.test = assign__scales_divide_by_objects, .needs_device = true},
        {.test = assign__bad_arguments_are_told, .needs_device = true},
    };
    return support_run_both_kinds("assign", cases, COUNT(cases));
}
