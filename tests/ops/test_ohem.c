/* Hard example mining against the float64 reference. */
#include "assign.h"
#include "fence.h"
#include "ref_ohem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int n, h, w, a, classes;
} levels[] = {{1, 1, 1, 1, 1}, {1, 0, 2, 9, 4}, {3, 2, 3, 9, 5}, {2, 5, 7, 3, 91}, {2, 19, 29, 9, 4}};

enum { BEFORE = 7, BEHIND = 4, BOXES = 5 };

START_TEST(ohem__scores_are_cross_entropy)
{
    const fovea__shape shape = {levels[_i].n, levels[_i].h, levels[_i].w, levels[_i].a * levels[_i].classes};
    const size_t level = (size_t)(shape.h * shape.w * levels[_i].a), n_anchors = BEFORE + level + BEHIND;
    const int before = _i % 3; /* pictures of earlier parts */
    const size_t count = fovea__shape_elements(shape), all = n_anchors * (size_t)(before + shape.n);
    if (support_is_simulator() && count > 4000)
        support_skip("%zu logits, on a simulator", count);
    const fovea__ohem ohem = {128, 0.5f, false, levels[_i].classes, n_anchors, before};
    float *logits = malloc((count + 1) * sizeof *logits);
    int32_t *matches = malloc(all * sizeof *matches), labels[BOXES];
    ck_assert(logits && matches);
    support_random_normal(logits, count, 1, 4.0f);
    if (count > 3)
        logits[3] = -120.0f;
    for (size_t i = 0; i < all; i++)
        matches[i] = support_random_int(2, i, FOVEA__IGNORED, BOXES - 1);
    for (int i = 0; i < BOXES; i++)
        labels[i] = support_random_int(3, (uint64_t)i, 0, ohem.classes - 1);
    fence logits_in = fence_tensor(shape, logits), matches_in = fence_ints(all, matches);
    fence labels_in = fence_ints(BOXES, labels), losses = fence_tensor(fovea__shape_vector((int)all), NULL);
    float *got[2];
    for (int run = 0; run < 2; run++) {
        support_ok(fovea__ohem_score(support_device(), &ohem, &logits_in.tensor, BEFORE, matches_in.tensor.buffer,
                                     labels_in.tensor.buffer, losses.tensor.buffer));
        got[run] = fence_read(&losses);
    }
    for (size_t i = 0; i < all; i++) {
        const size_t picture = i / n_anchors, place = i % n_anchors;
        const bool inside = picture >= (size_t)before && place >= BEFORE && place < BEFORE + level;
        ck_assert_msg(inside || isnan(got[0][i]), "wrote to another level's anchor %zu of picture %zu", place, picture);
        if (!inside)
            continue;
        const float *row = logits + ((picture - (size_t)before) * level + place - BEFORE) * (size_t)ohem.classes;
        const double want = matches[i] == FOVEA__IGNORED
                                ? -1.0
                                : ref_ohem_score(row, ohem.classes, matches[i] >= 0 ? labels[matches[i]] : -1);
        /* Positive terms, each off by 9 ulp (exp 3, a division 2.5, a polynomial, their sum); half an ulp for each
         * addition. */
        support_close("losses", &got[0][i], &want, 1, (9.0 + ohem.classes) * FLT_EPSILON, FLT_MIN);
        ck_assert_msg(memcmp(&got[0][i], &got[1][i], sizeof(float)) == 0, "a second run gave other bits");
    }
    fence_free(&losses, "losses");
    fence_free(&labels_in, "labels");
    fence_free(&matches_in, "matches");
    fence_free(&logits_in, "logits");
    free(got[0]);
    free(got[1]);
    free(matches);
    free(logits);
}
END_TEST

/* A NaN must not leave unseen with its anchor. */
START_TEST(ohem__nan_is_the_hardest)
{
    const fovea__ohem ohem = {128, 0.5f, false, 2, 3, 0};
    const float logits[6] = {0, 0, 1, NAN, -1, -1};
    fence logits_in = fence_tensor((fovea__shape){1, 1, 3, 2}, logits);
    fence matches = fence_ints(3, (int32_t[]){FOVEA__BACKGROUND, FOVEA__BACKGROUND, FOVEA__BACKGROUND});
    fence labels = fence_ints(1, (int32_t[]){0}), losses = fence_tensor(fovea__shape_vector(3), NULL);
    support_ok(fovea__ohem_score(support_device(), &ohem, &logits_in.tensor, 0, matches.tensor.buffer,
                                 labels.tensor.buffer, losses.tensor.buffer));
    float *got = fence_read(&losses);
    ck_assert(got[0] < 2.0f && got[2] < 1.0f && isinf(got[1]) && got[1] > 0.0f);
    free(got);
    fence_free(&losses, "losses");
    fence_free(&labels, "labels");
    fence_free(&matches, "matches");
    fence_free(&logits_in, "logits");
}
END_TEST

/* of_hundred: anchors that are objects, and that are ignored. */
static const struct {
    size_t n_anchors;
    int batch, pictures;
    float nms, spread;
    bool one_to_three;
    int objects_of_hundred, ignored_of_hundred;
} rows[] = {
    {1, 1, 1, 0.5f, 10, false, 0, 0},         {1, 4, 3, 0.5f, 10, true, 100, 0},
    {5, 3, 1, 0.5f, 10, false, 0, 100},       {60, 128, 2, 0.5f, 60, false, 10, 10},
    {60, 16, 3, 0.5f, 60, true, 10, 0},       {90, 16, 2, 0.7f, 60, true, 0, 0},
    {90, 16, 1, 0.7f, 60, true, 100, 0},      {100, 12, 2, 0.5f, 100, true, 40, 5},
    {2000, 128, 2, 0.7f, 200, false, 2, 5},   {2000, 128, 2, 0.5f, 200, true, 1, 5},
    {2000, 512, 1, 0.5f, 500, true, 10, 0},   {5000, 256, 2, 0.7f, 600, true, 0, 3},
    {9000, 512, 2, 0.5f, 600, false, 1, 3},
};

START_TEST(ohem__selection_is_the_reference)
{
    const int before = _i % 3; /* pictures of earlier parts, which stay as they are */
    const size_t n = rows[_i].n_anchors, all = n * (size_t)(before + rows[_i].pictures);
    if (support_is_simulator() && n > 60)
        support_skip("%zu anchors, on a simulator", n);
    const fovea__ohem ohem = {rows[_i].batch, rows[_i].nms, rows[_i].one_to_three, 3, n, before};
    float *anchors = malloc(n * 16), *losses = malloc(all * sizeof *losses);
    int32_t *matches = malloc(all * sizeof *matches);
    ck_assert(anchors && losses && matches);
    support_random_uniform(anchors, 4 * n, 1 + (uint64_t)_i, 0.0f, 1.0f);
    for (size_t i = 0; i < n; i++) {
        anchors[4 * i] *= rows[_i].spread;
        anchors[4 * i + 1] *= rows[_i].spread;
        anchors[4 * i + 2] = anchors[4 * i] + 10.0f + 10.0f * anchors[4 * i + 2];
        anchors[4 * i + 3] = anchors[4 * i + 1] + 10.0f + 10.0f * anchors[4 * i + 3];
    }
    for (size_t i = 0; i < all; i++) {
        const int draw = support_random_int(2, i, 0, 99);
        const bool object = draw < rows[_i].objects_of_hundred;
        const bool ignored = !object && draw >= 100 - rows[_i].ignored_of_hundred;
        matches[i] = object ? draw : ignored ? FOVEA__IGNORED : FOVEA__BACKGROUND;
        losses[i] = ignored ? -1.0f : 0.125f * (float)support_random_int(3, i, 0, 40); /* many are equal */
    }
    fence anchors_in = fence_tensor((fovea__shape){1, 1, (int)n, 4}, anchors);
    fence losses_in = fence_tensor(fovea__shape_vector((int)all), losses), matches_in = fence_ints(all, matches);
    fence objects = fence_ints((size_t)(before + rows[_i].pictures), NULL);
    fence workspace = fence_ints(fovea__ohem_workspace_bytes(&ohem) / 4, NULL);
    for (int run = 0; run < 2; run++) {
        support_ok(fovea__buffer_write(matches_in.tensor.buffer, 0, matches, all * sizeof *matches));
        support_ok(fovea__ohem_select(support_device(), &ohem, losses_in.tensor.buffer, anchors_in.tensor.buffer,
                                      rows[_i].pictures, matches_in.tensor.buffer, objects.tensor.buffer,
                                      workspace.tensor.buffer));
        int32_t *got = fence_read_ints(&matches_in), *got_objects = fence_read_ints(&objects);
        int *want = malloc(all * sizeof *want);
        ck_assert_ptr_nonnull(want);
        memcpy(want, matches, all * sizeof *want);
        for (int p = before; p < before + rows[_i].pictures; p++) {
            double gap;
            const size_t first = (size_t)p * n;
            const int kept = ref_ohem_select(&ohem, losses + first, anchors, want + first, &gap);
            /* An IoU's error, as in the test of nms. */
            ck_assert_msg(gap > 16 * 0x1p-24, "the case is no fair one: %g decides; choose another seed", gap);
            ck_assert_msg(got_objects[p] == kept, "picture %d: %d objects, expected %d", p, (int)got_objects[p], kept);
        }
        for (size_t i = 0; i < all; i++)
            ck_assert_msg(got[i] == want[i], "picture %zu, anchor %zu: %d, expected %d", i / n, i % n, (int)got[i],
                          want[i]);
        free(want);
        free(got_objects);
        free(got);
    }
    fence_free(&workspace, "workspace");
    fence_free(&objects, "n_objects");
    fence_free(&matches_in, "matches");
    fence_free(&losses_in, "losses");
    fence_free(&anchors_in, "anchors");
    free(matches);
    free(losses);
    free(anchors);
}
END_TEST

static const struct {
    size_t before, count, after; /* before and after: neighbours that stay as they are */
} arrays[] = {{0, 1, 0}, {3, 17, 2}, {2, 0, 5}, {1, 4099, 7}};

/* A product of floats is rounded once: the same bits, and so in every run. */
START_TEST(ohem__rescaling_is_one_product)
{
    const size_t first = arrays[_i].before, count = arrays[_i].count, whole = first + count + arrays[_i].after;
    const float factors[2] = {1.0f / 37, NAN};
    float *values = malloc(whole * sizeof *values);
    ck_assert_ptr_nonnull(values);
    support_random_uniform(values, whole, 1, -9, 9);
    fence values_in = fence_tensor(fovea__shape_vector((int)whole), values);
    fence factors_in = fence_tensor(fovea__shape_vector(2), factors);
    support_ok(fovea__ohem_rescale(support_device(), factors_in.tensor.buffer, values_in.tensor.buffer, first, count));
    float *got = fence_read(&values_in);
    for (size_t i = 0; i < whole; i++) {
        const float want = i < first || i >= first + count ? values[i] : values[i] * factors[0];
        ck_assert_msg(memcmp(&got[i], &want, sizeof want) == 0, "value %zu is %.9g, expected %.9g", i, (double)got[i],
                      (double)want);
    }
    free(got);
    free(values);
    fence_free(&factors_in, "factors");
    fence_free(&values_in, "values");
}
END_TEST

START_TEST(ohem__bad_arguments_are_told)
{
    fence one = fence_tensor((fovea__shape){1, 1, 1, 4}, NULL);
    fovea__buffer *any = one.tensor.buffer;
    fovea__ohem ohem = {128, 0.5f, false, 3, 1, 0};
    support_fails(fovea__ohem_score(support_device(), &ohem, &one.tensor, 0, any, any, any), FOVEA_ERROR_ARGUMENT,
                  "4 channels are no multiple of 3");
    ohem.classes = 4;
    support_fails(fovea__ohem_score(support_device(), &ohem, &one.tensor, 1, any, any, any), FOVEA_ERROR_ARGUMENT,
                  "out of range");
    ohem.nms = NAN;
    support_fails(fovea__ohem_select(support_device(), &ohem, any, any, 1, any, any, any), FOVEA_ERROR_ARGUMENT,
                  "nms nan");
    ohem = (fovea__ohem){0, 0.5f, false, 4, 1, 0};
    support_fails(fovea__ohem_select(support_device(), &ohem, any, any, 1, any, any, any), FOVEA_ERROR_ARGUMENT,
                  "batch 0");
    fence_free(&one, "unused");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = ohem__scores_are_cross_entropy, .rows = COUNT(levels), .needs_device = true},
        {.test = ohem__nan_is_the_hardest, .needs_device = true},
        {.test = ohem__selection_is_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = ohem__rescaling_is_one_product, .rows = COUNT(arrays), .needs_device = true},
        {.test = ohem__bad_arguments_are_told, .needs_device = true},
    };
    return support_run_both_kinds("ohem", cases, COUNT(cases));
}
