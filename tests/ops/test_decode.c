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

/* A level's input, what comes of it, and what should. */
typedef struct level {
    size_t k, n_anchors, n_codes;
    float *anchors, *codes, *best;
    int32_t *indices, found[4];
    double *want_boxes, *want_scores;
    float *boxes, *scores; /* of one run, FIRST_SLOT slots before and one behind among them */
    int32_t *classes;
} level;

static void *need(size_t bytes)
{
    void *memory = calloc(bytes + 1, 1);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static level make_level(int row)
{
    const int k = rows[row].k, n = rows[row].anchors, classes = rows[row].classes;
    level made = {.k = (size_t)k, .n_anchors = FIRST_ANCHOR + (size_t)n, .n_codes = FIRST_CODE / 4 + (size_t)n,
                  .found = {-7, -7, rows[row].found, -7}};
    made.anchors = need(made.n_anchors * 16);
    made.codes = need(made.n_codes * 16);
    made.best = need(made.k * 4);
    made.indices = need(made.k * 4);
    made.want_boxes = need(made.k * 4 * sizeof(double));
    made.want_scores = need(made.k * sizeof(double));
    support_random_uniform(made.anchors, 4 * made.n_anchors, 1, 0.0f, 1.0f);
    for (size_t i = 0; i < made.n_anchors; i++) { /* sides 8 to 136, some partly outside */
        float *anchor = made.anchors + 4 * i;
        anchor[0] = rows[row].width * anchor[0] - 40.0f;
        anchor[1] = rows[row].height * anchor[1] - 40.0f;
        anchor[2] = anchor[0] + 8.0f + 128.0f * anchor[2];
        anchor[3] = anchor[1] + 8.0f + 128.0f * anchor[3];
    }
    support_random_normal(made.codes, 4 * made.n_codes, 2, 1.0f);
    for (int i = 0; i < k; i++) {
        const bool filled = i < rows[row].found;
        made.indices[i] = filled ? support_random_int(3, (uint64_t)i, 0, n * classes - 1) : -1;
        made.best[i] = filled ? 1.0f / (float)(i + 2) : -INFINITY;
        made.want_scores[i] = filled ? (double)made.best[i] : -1.0;
        if (filled)
            ref_decode_box(made.anchors + 4 * (FIRST_ANCHOR + made.indices[i] / classes),
                           made.codes + FIRST_CODE + 4 * (made.indices[i] / classes), (double)rows[row].height,
                           (double)rows[row].width, made.want_boxes + 4 * i);
    }
    return made;
}

/* Frees what an earlier run gave. */
static void run_level(level *in, int row)
{
    const int k = rows[row].k, slots = FIRST_SLOT + k + 1;
    fence inputs[] = {fence_tensor((fovea__shape){1, 1, (int)in->n_anchors, 4}, in->anchors),
                      fence_tensor((fovea__shape){1, 1, (int)in->n_codes, 4}, in->codes),
                      fence_ints(in->k, in->indices), fence_tensor(fovea__shape_vector(k), in->best),
                      fence_ints(4, in->found)};
    fence boxes = fence_tensor((fovea__shape){1, 1, slots, 4}, NULL);
    fence scores = fence_tensor(fovea__shape_vector(slots), NULL), classes = fence_ints((size_t)slots, NULL);
    const fovea__decode decode = {k, rows[row].classes, FIRST_ANCHOR, rows[row].height, rows[row].width};
    const fovea__candidates out = {boxes.tensor.buffer, scores.tensor.buffer, classes.tensor.buffer};
    support_ok(fovea__decode_level(support_device(), &decode, inputs[0].tensor.buffer, inputs[1].tensor.buffer,
                                   FIRST_CODE, inputs[2].tensor.buffer, inputs[3].tensor.buffer,
                                   inputs[4].tensor.buffer, FOUND_INDEX, &out, FIRST_SLOT));
    free(in->boxes);
    free(in->scores);
    free(in->classes);
    in->boxes = fence_read(&boxes);
    in->scores = fence_read(&scores);
    in->classes = fence_read_ints(&classes);
    for (size_t i = 0; i < COUNT(inputs); i++)
        fence_free(&inputs[i], "an input");
    fence_free(&boxes, "boxes");
    fence_free(&scores, "scores");
    fence_free(&classes, "classes");
}

START_TEST(decode__boxes_are_the_reference)
{
    if (support_is_simulator() && rows[_i].anchors > 100)
        support_skip("%d anchors, on a simulator", rows[_i].anchors);
    level in = make_level(_i);
    run_level(&in, _i);
    /* Sides reach 62.5 * 136 < 2^14 before clipping and are good to 8 half ulps (exp's 3 ulp and two roundings);
     * a centre is below 2^11, good to 4; the last sum adds one of 2^13. */
    support_close("boxes", in.boxes + 4 * FIRST_SLOT, in.want_boxes, 4 * in.k, 0.0,
                  (8 * 0x1p13 + 4 * 0x1p11 + 0x1p13) * 0x1p-24);
    support_close("scores", in.scores + FIRST_SLOT, in.want_scores, in.k, 0.0, 0.0);
    for (int i = 0; i < rows[_i].k; i++)
        ck_assert_int_eq(in.classes[FIRST_SLOT + i], i < rows[_i].found ? in.indices[i] % rows[_i].classes : -1);
    for (int i = 0; i < FIRST_SLOT; i++)
        ck_assert_msg(isnan(in.scores[i]) && isnan(in.boxes[4 * i + 3]), "wrote before the first slot");
    ck_assert_msg(isnan(in.scores[FIRST_SLOT + in.k]) && isnan(in.boxes[4 * (FIRST_SLOT + in.k)]),
                  "wrote behind the last slot");
    float *first = need(16 * in.k);
    memcpy(first, in.boxes + 4 * FIRST_SLOT, 16 * in.k);
    run_level(&in, _i);
    ck_assert_msg(memcmp(first, in.boxes + 4 * FIRST_SLOT, 16 * in.k) == 0, "a second run gave other bits");
    void *all[] = {first, in.anchors, in.codes, in.best, in.indices, in.want_boxes, in.want_scores, in.boxes, in.scores,
                   in.classes};
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
    return support_run_both_kinds("decode", cases, COUNT(cases));
}
