/* Box codes against the float64 reference, both ways, and one after the other. */
#include "assign.h"
#include "fence.h"
#include "ref_box_code.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Boxes of sides 8 to 128 whose coordinates lie within 512. */
static float *random_boxes(size_t count, uint64_t seed)
{
    float *boxes = malloc((count + 1) * 4 * sizeof *boxes);
    ck_assert_ptr_nonnull(boxes);
    support_random_uniform(boxes, 4 * count, seed, 0.0f, 1.0f);
    for (size_t i = 0; i < count; i++) {
        float *box = boxes + 4 * i;
        box[0] *= 384.0f;
        box[1] *= 384.0f;
        box[2] = box[0] + 8.0f + 120.0f * box[2];
        box[3] = box[1] + 8.0f + 120.0f * box[3];
    }
    return boxes;
}

static void widen(double *to, const float *from)
{
    for (int k = 0; k < 4; k++)
        to[k] = (double)from[k];
}

/* With coordinates below 2^9 a side or a centre is off by at most 2^-16 px (half an ulp, twice for the centre): divided
 * by a side of at least 8, and twice (box and anchor), 2^-17; the division or logarithm adds under 4 ulp of a value
 * below 64. */
static const double encode_tolerance = 0x1p-17 + 64 * 4 * 0x1p-24;

static const struct {
    size_t n_anchors;
    int batch, boxes;
} rows[] = {{1, 1, 1}, {0, 1, 1}, {7, 3, 2}, {13, 3, 1}, {64, 2, 5}, {257, 3, 9}, {20000, 2, 20}};

START_TEST(box_code__encode_is_the_reference)
{
    const size_t n_anchors = rows[_i].n_anchors, count = n_anchors * (size_t)rows[_i].batch;
    if (support_is_simulator() && count > 1000)
        support_skip("%zu anchors, on a simulator", count);
    float *anchors = random_boxes(n_anchors, 1), *boxes = random_boxes((size_t)rows[_i].boxes, 2);
    int32_t *matches = malloc((count + 1) * sizeof *matches);
    double *want = calloc(4 * count + 1, sizeof *want);
    ck_assert(matches && want);
    for (size_t i = 0; i < count; i++) {
        matches[i] = support_random_int(3, i, FOVEA__IGNORED, rows[_i].boxes - 1);
        double anchor[4], box[4];
        widen(anchor, anchors + 4 * (i % (n_anchors ? n_anchors : 1)));
        if (matches[i] >= 0) {
            widen(box, boxes + 4 * matches[i]);
            ref_box_code_encode(anchor, box, want + 4 * i);
        }
    }
    fence anchors_in = fence_tensor((fovea__shape){1, 1, (int)n_anchors, 4}, anchors);
    fence boxes_in = fence_tensor((fovea__shape){1, 1, rows[_i].boxes, 4}, boxes);
    fence matches_in = fence_ints(count, matches), targets = fence_tensor((fovea__shape){1, 1, (int)count, 4}, NULL);
    float *got[2];
    for (int run = 0; run < 2; run++) {
        support_ok(fovea__box_code_encode(support_device(), anchors_in.tensor.buffer, n_anchors, boxes_in.tensor.buffer,
                                          matches_in.tensor.buffer, rows[_i].batch, targets.tensor.buffer));
        got[run] = fence_read(&targets);
    }
    support_close("codes", got[0], want, 4 * count, 0.0, encode_tolerance);
    ck_assert_msg(memcmp(got[0], got[1], 16 * count) == 0, "a second run gave other bits");
    fence_free(&targets, "targets");
    fence_free(&matches_in, "matches");
    fence_free(&boxes_in, "boxes");
    fence_free(&anchors_in, "anchors");
    for (int run = 0; run < 2; run++)
        free(got[run]);
    free(want);
    free(matches);
    free(boxes);
    free(anchors);
}
END_TEST

static float *decode(const float *anchors, const float *codes, size_t count)
{
    fence anchors_in = fence_tensor((fovea__shape){1, 1, (int)count, 4}, anchors);
    fence codes_in = fence_tensor((fovea__shape){1, 1, (int)count, 4}, codes);
    fence boxes = fence_tensor((fovea__shape){1, 1, (int)count, 4}, NULL);
    support_ok(fovea__box_code_decode(support_device(), anchors_in.tensor.buffer, codes_in.tensor.buffer, count,
                                      boxes.tensor.buffer));
    float *got = fence_read(&boxes);
    fence_free(&boxes, "boxes");
    fence_free(&codes_in, "codes");
    fence_free(&anchors_in, "anchors");
    return got;
}

START_TEST(box_code__decode_is_the_reference)
{
    const size_t count = rows[_i].n_anchors;
    if (support_is_simulator() && count > 1000)
        support_skip("%zu anchors, on a simulator", count);
    float *anchors = random_boxes(count, 4), *codes = malloc((count + 1) * 4 * sizeof *codes);
    double *want = malloc((count + 1) * 4 * sizeof *want);
    ck_assert(codes && want);
    support_random_uniform(codes, 4 * count, 5, -3.0f, 6.0f); /* past ln(1000/16) = 4.14 too */
    for (size_t i = 0; i < count; i++) {
        double anchor[4], code[4];
        widen(anchor, anchors + 4 * i);
        widen(code, codes + 4 * i);
        ref_box_code_decode(anchor, code, want + 4 * i);
    }
    float *got = decode(anchors, codes, count), *again = decode(anchors, codes, count);
    /* Sides reach 62.5 * 128 < 2^13 and exp's 3 ulp, the limit's, the product's and the anchor's rounding are 8 of its
     * half ulps; a centre is below 2^11; the last sum adds one more rounding. */
    support_close("boxes", got, want, 4 * count, 0.0, (8 * 0x1p12 + 4 * 0x1p11 + 0x1p13) * 0x1p-24);
    ck_assert_msg(memcmp(got, again, 16 * count) == 0, "a second run gave other bits");
    free(again);
    free(got);
    free(want);
    free(codes);
    free(anchors);
}
END_TEST

START_TEST(box_code__decode_undoes_encode)
{
    const float anchor[4] = {10, 20, 42, 36};
    const double box[4] = {3.5, 8.25, 70.75, 91.5};
    double exact[4], code[4];
    widen(exact, anchor);
    ref_box_code_encode(exact, box, code);
    const float given[4] = {(float)code[0], (float)code[1], (float)code[2], (float)code[3]};
    float *got = decode(anchor, given, 1);
    support_close("the box", got, box, 4, 0.0, 128 * 8 * 0x1p-24); /* 8 roundings of values below 128 */
    free(got);
}
END_TEST

START_TEST(box_code__decode_limits_growth_only)
{
    const float anchors[12] = {0, 0, 16, 16, 0, 0, 16, 16, 0, 0, 16, 16};
    const float codes[12] = {0, 0, 1e30f, INFINITY, 0, 0, -200, -INFINITY, 0, 0, 0, 0};
    float *got = decode(anchors, codes, 3);
    const double want[12] = {-492, -492, 508, 508, 8, 8, 8, 8, 0, 0, 16, 16}; /* 16 * 1000/16 around 8 */
    support_close("boxes", got, want, 12, 0.0, 1000 * 8 * 0x1p-24);
    free(got);
}
END_TEST

START_TEST(box_code__bad_arguments_are_told)
{
    fence one = fence_ints(4, NULL);
    support_fails(fovea__box_code_encode(support_device(), one.tensor.buffer, (size_t)1 << 29, one.tensor.buffer,
                                         one.tensor.buffer, 4, one.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "out of range");
    support_fails(fovea__box_code_decode(support_device(), one.tensor.buffer, one.tensor.buffer, (size_t)1 << 30,
                                         one.tensor.buffer),
                  FOVEA_ERROR_ARGUMENT, "out of range");
    fence_free(&one, "unused");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = box_code__encode_is_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = box_code__decode_is_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = box_code__decode_undoes_encode, .needs_device = true},
        {.test = box_code__decode_limits_growth_only, .needs_device = true},
        {.test = box_code__bad_arguments_are_told, .needs_device = true},
    };
    return support_run_both_kinds("box_code", cases, COUNT(cases));
}
