/* Scores and candidate boxes against the float64 reference. */
#include "fence.h"
#include "ref_decode.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t counts[] = {1, 0, 7, 8, 9, 1023, 30001};

START_TEST(decode__scores_are_the_reference)
{
    static const float edges[] = {-INFINITY, -120, -88, 0, -0.0f, 88, 120, INFINITY};
    const size_t count = counts[_i];
    if (support_is_simulator() && count > 2000)
        support_skip("%zu logits, on a simulator", count);
    float *logits = malloc((count + 1) * sizeof *logits);
    double *want = malloc((count + 1) * sizeof *want);
    ck_assert(logits && want);
    support_random_normal(logits, count, 1, 5.0f);
    for (size_t i = 0; i < count / 2 && i < COUNT(edges); i++)
        logits[2 * i] = edges[i];
    for (size_t i = 0; i < count; i++)
        want[i] = ref_decode_score((double)logits[i]);
    fence in = fence_tensor(fovea__shape_vector((int)count), logits);
    fence out = fence_tensor(fovea__shape_vector((int)count), NULL);
    support_ok(fovea__decode_scores(support_device(), in.tensor.buffer, count, out.tensor.buffer));
    float *got = fence_read(&out);
    /* exp's 3 ulp, a sum's half and a division's 2.5; below FLT_MIN a score may be 0. */
    support_close("scores", got, want, count, 6 * FLT_EPSILON, 4 * FLT_MIN);
    support_ok(fovea__decode_scores(support_device(), in.tensor.buffer, count, in.tensor.buffer));
    float *in_place = fence_read(&in);
    ck_assert_msg(memcmp(got, in_place, count * sizeof *got) == 0, "a second run, in place, gave other bits");
    fence_free(&out, "scores");
    fence_free(&in, "logits");
    free(in_place);
    free(got);
    free(want);
    free(logits);
}
END_TEST

static const struct {
    int k, found, classes, anchors;
    float height, width;
} rows[] = {{1, 1, 1, 1, 32, 32},      {1, 0, 3, 5, 32, 48},       {7, 7, 3, 20, 200, 160}, {13, 5, 91, 63, 97, 211},
            {1000, 37, 4, 700, 240, 320}, {1000, 1000, 80, 4000, 600, 901}};

enum { FIRST_ANCHOR = 11, FIRST_CODE = 52, FIRST_SLOT = 3, FOUND_INDEX = 2 };

START_TEST(decode__boxes_are_the_reference)
{
    const int k = rows[_i].k, n = rows[_i].anchors, classes = rows[_i].classes, slots = FIRST_SLOT + k + 1;
    const size_t n_anchors = FIRST_ANCHOR + (size_t)n, n_codes = FIRST_CODE / 4 + (size_t)n;
    float *anchors = malloc(n_anchors * 16), *codes = malloc(n_codes * 16), *best = malloc((size_t)k * sizeof *best);
    int32_t *indices = malloc((size_t)k * sizeof *indices), found[4] = {-7, -7, rows[_i].found, -7};
    double *want = calloc(4 * (size_t)k, sizeof *want), *want_scores = malloc((size_t)k * sizeof *want_scores);
    ck_assert(anchors && codes && best && indices && want && want_scores);
    support_random_uniform(anchors, 4 * n_anchors, 1, 0.0f, 1.0f);
    for (size_t i = 0; i < n_anchors; i++) { /* sides 8 to 136, some partly outside */
        anchors[4 * i] = rows[_i].width * anchors[4 * i] - 40.0f;
        anchors[4 * i + 1] = rows[_i].height * anchors[4 * i + 1] - 40.0f;
        anchors[4 * i + 2] = anchors[4 * i] + 8.0f + 128.0f * anchors[4 * i + 2];
        anchors[4 * i + 3] = anchors[4 * i + 1] + 8.0f + 128.0f * anchors[4 * i + 3];
    }
    support_random_normal(codes, 4 * n_codes, 2, 1.0f);
    for (int i = 0; i < k; i++) {
        const bool filled = i < rows[_i].found;
        indices[i] = filled ? support_random_int(3, (uint64_t)i, 0, n * classes - 1) : -1;
        best[i] = filled ? 1.0f / (float)(i + 2) : -INFINITY;
        want_scores[i] = filled ? (double)best[i] : -1.0;
        if (filled)
            ref_decode_box(anchors + 4 * (FIRST_ANCHOR + indices[i] / classes),
                           codes + FIRST_CODE + 4 * (indices[i] / classes), (double)rows[_i].height,
                           (double)rows[_i].width, want + 4 * i);
    }
    fence in[] = {fence_tensor((fovea__shape){1, 1, (int)n_anchors, 4}, anchors),
                  fence_tensor((fovea__shape){1, 1, (int)n_codes, 4}, codes), fence_ints((size_t)k, indices),
                  fence_tensor(fovea__shape_vector(k), best), fence_ints(4, found)};
    fence boxes = fence_tensor((fovea__shape){1, 1, slots, 4}, NULL);
    fence scores = fence_tensor(fovea__shape_vector(slots), NULL), out_classes = fence_ints((size_t)slots, NULL);
    const fovea__decode decode = {k, classes, FIRST_ANCHOR, rows[_i].height, rows[_i].width};
    const fovea__candidates out = {boxes.tensor.buffer, scores.tensor.buffer, out_classes.tensor.buffer};
    float *got[2];
    for (int run = 0; run < 2; run++) {
        support_ok(fovea__decode_level(support_device(), &decode, in[0].tensor.buffer, in[1].tensor.buffer, FIRST_CODE,
                                       in[2].tensor.buffer, in[3].tensor.buffer, in[4].tensor.buffer, FOUND_INDEX, &out,
                                       FIRST_SLOT));
        got[run] = fence_read(&boxes);
    }
    /* Sides reach 62.5 * 136 < 2^14 before clipping and are good to 8 half ulps (exp's 3 ulp and two roundings);
     * a centre is below 2^11, good to 4; the last sum adds one of 2^13. */
    support_close("boxes", got[0] + 4 * FIRST_SLOT, want, 4 * (size_t)k, 0.0,
                  (8 * 0x1p13 + 4 * 0x1p11 + 0x1p13) * 0x1p-24);
    ck_assert_msg(memcmp(got[0] + 4 * FIRST_SLOT, got[1] + 4 * FIRST_SLOT, 16 * (size_t)k) == 0,
                  "a second run gave other bits");
    float *got_scores = fence_read(&scores);
    int32_t *got_classes = fence_read_ints(&out_classes);
    support_close("scores", got_scores + FIRST_SLOT, want_scores, (size_t)k, 0.0, 0.0);
    for (int i = 0; i < k; i++)
        ck_assert_int_eq(got_classes[FIRST_SLOT + i], i < rows[_i].found ? indices[i] % classes : -1);
    for (int i = 0; i < FIRST_SLOT; i++)
        ck_assert_msg(isnan(got_scores[i]) && isnan(got[0][4 * i + 3]), "wrote before the first slot");
    ck_assert_msg(isnan(got_scores[slots - 1]) && isnan(got[0][4 * slots - 4]), "wrote behind the last slot");
    for (size_t i = 0; i < COUNT(in); i++)
        fence_free(&in[i], "an input");
    fence_free(&boxes, "boxes");
    fence_free(&scores, "scores");
    fence_free(&out_classes, "classes");
    void *all[] = {anchors, codes, best, indices, want, want_scores, got[0], got[1], got_scores, got_classes};
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
}
END_TEST

START_TEST(decode__bad_arguments_are_told)
{
    fence one = fence_ints(4, NULL);
    fovea__buffer *any = one.tensor.buffer;
    const fovea__candidates out = {any, any, any};
    support_fails(fovea__decode_scores(support_device(), any, (size_t)1 << 31, any), FOVEA_ERROR_ARGUMENT,
                  "out of range");
    fovea__decode decode = {1, 0, 0, 32, 32};
    support_fails(fovea__decode_level(support_device(), &decode, any, any, 0, any, any, any, 0, &out, 0),
                  FOVEA_ERROR_ARGUMENT, "1 slots of 0 classes");
    decode.classes = 1;
    support_fails(fovea__decode_level(support_device(), &decode, any, any, 0, any, any, any, 0, &out, (size_t)1 << 30),
                  FOVEA_ERROR_ARGUMENT, "out of range");
    fence_free(&one, "unused");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = decode__scores_are_the_reference, .rows = COUNT(counts), .needs_device = true},
        {.test = decode__boxes_are_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = decode__bad_arguments_are_told, .needs_device = true},
    };
    return support_run("decode", cases, COUNT(cases));
}
