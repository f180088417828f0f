/* Suppression against the reference, and its rules one by one. */
#include "fence.h"
#include "ref_nms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One run on fenced buffers: floats [1 + 6 most]. */
static float *run(const fovea__nms *nms, const float *boxes, const float *scores, const int32_t *classes)
{
    const int slots = nms->slots;
    fence boxes_in = fence_tensor((fovea__shape){1, 1, slots, 4}, boxes);
    fence scores_in = fence_tensor(fovea__shape_vector(slots), scores), classes_in = fence_ints((size_t)slots, classes);
    fence detections = fence_tensor(fovea__shape_vector(1 + 6 * nms->most), NULL);
    fence workspace = fence_ints(fovea__nms_workspace_bytes(nms) / 4, NULL);
    const fovea__candidates candidates = {boxes_in.tensor.buffer, scores_in.tensor.buffer, classes_in.tensor.buffer};
    support_ok(fovea__nms_run(support_device(), nms, &candidates, detections.tensor.buffer, workspace.tensor.buffer));
    float *got = fence_read(&detections);
    fence_free(&workspace, "workspace");
    fence_free(&detections, "detections");
    fence_free(&classes_in, "classes");
    fence_free(&scores_in, "scores");
    fence_free(&boxes_in, "boxes");
    return got;
}

/* What is kept, bit for bit: nothing is computed but the decisions. */
static void expect(const float *got, const fovea__nms *nms, const float *boxes, const float *scores,
                   const int32_t *classes, const int *kept, int n_kept)
{
    ck_assert_msg(got[0] == (float)n_kept, "%g detections, expected %d", (double)got[0], n_kept);
    for (int i = 0; i < nms->most; i++) {
        float row[6] = {0};
        if (i < n_kept) {
            memcpy(row, boxes + 4 * kept[i], 4 * sizeof *row);
            row[4] = scores[kept[i]];
            row[5] = (float)classes[kept[i]];
        }
        for (int k = 0; k < 6; k++)
            ck_assert_msg(got[1 + 6 * i + k] == row[k], "detection %d, value %d: %g, expected %g of slot %d", i, k,
                          (double)got[1 + 6 * i + k], (double)row[k], i < n_kept ? kept[i] : -1);
    }
}

static const struct {
    int slots, empty_of_ten, classes, most;
    float max_overlap, spread;
    int score_steps; /* equal scores are common where these are few */
} rows[] = {
    {1, 0, 1, 1, 0.5f, 10, 1000},      {1, 10, 1, 3, 0.5f, 10, 1000},     {0, 0, 1, 4, 0.5f, 10, 1000},
    {5, 0, 1, 0, 0.5f, 10, 1000},      {7, 3, 2, 100, 0.5f, 20, 4},       {64, 0, 1, 100, 0.5f, 30, 8},
    {131, 5, 3, 20, 0.5f, 60, 1000},   {131, 0, 3, 300, 0.3f, 60, 3},     {257, 5, 1, 300, 0.0f, 300, 50},
    {300, 0, 1, 300, 1.0f, 60, 50},    {1000, 2, 8, 100, 0.5f, 200, 100}, {5000, 5, 80, 300, 0.5f, 600, 100000},
    {5000, 0, 1, 100, 0.5f, 100, 1000}, {40960, 8, 20, 100, 0.5f, 900, 100000},
};

START_TEST(nms__is_the_reference)
{
    const fovea__nms nms = {rows[_i].slots, rows[_i].max_overlap, rows[_i].most};
    if (support_is_simulator() && (nms.slots > 150 || nms.most > 100))
        support_skip("%d slots, %d detections, on a simulator", nms.slots, nms.most);
    const size_t slots = (size_t)nms.slots;
    float *boxes = malloc((slots + 1) * 16), *scores = malloc((slots + 1) * sizeof *scores);
    int32_t *classes = malloc((slots + 1) * sizeof *classes);
    int *kept = malloc(((size_t)nms.most + 1) * sizeof *kept);
    ck_assert(boxes && scores && classes && kept);
    support_random_uniform(boxes, 4 * slots, 1 + (uint64_t)_i, 0.0f, 1.0f);
    for (size_t i = 0; i < slots; i++) {
        const bool empty = support_random_int(2, i, 0, 9) < rows[_i].empty_of_ten;
        classes[i] = empty ? -1 : support_random_int(3, i, 0, rows[_i].classes - 1);
        scores[i] = empty ? -1.0f : (float)support_random_int(4, i, 1, rows[_i].score_steps) / 100000.0f;
        boxes[4 * i] *= rows[_i].spread;
        boxes[4 * i + 1] *= rows[_i].spread;
        boxes[4 * i + 2] = boxes[4 * i] + 10.0f + 10.0f * boxes[4 * i + 2];
        boxes[4 * i + 3] = boxes[4 * i + 1] + 10.0f + 10.0f * boxes[4 * i + 3];
    }
    double gap;
    const int n_kept = ref_nms(&nms, boxes, scores, classes, kept, &gap);
    /* An IoU's relative error: 2 roundings in each side, 1 in each area and product, 2 in the union whose terms are at
     * most twice as large, 3 units for the division: under 16 * 2^-24. An IoU of 0 is exact. */
    ck_assert_msg(gap > 16 * 0x1p-24, "the case is no fair one: %g decides; choose another seed", gap);
    float *got = run(&nms, boxes, scores, classes), *again = run(&nms, boxes, scores, classes);
    expect(got, &nms, boxes, scores, classes, kept, n_kept);
    ck_assert_msg(memcmp(got, again, (1 + 6 * (size_t)nms.most) * sizeof *got) == 0, "a second run gave other bits");
    void *all[] = {boxes, scores, classes, kept, got, again};
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
}
END_TEST

START_TEST(nms__equal_scores_keep_the_lower_slot)
{
    const fovea__nms nms = {3, 0.5f, 3};
    const float boxes[12] = {0, 0, 10, 10, 0, 0, 10, 11, 0, 0, 10, 9}, scores[3] = {0.5f, 0.5f, 0.5f};
    const int32_t classes[3] = {4, 4, 4};
    float *got = run(&nms, boxes, scores, classes);
    expect(got, &nms, boxes, scores, classes, (int[]){0}, 1);
    free(got);
}
END_TEST

START_TEST(nms__classes_do_not_meet)
{
    const fovea__nms nms = {4, 0.5f, 4};
    const float boxes[16] = {0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10};
    const float scores[4] = {0.1f, 0.4f, 0.3f, 0.2f};
    const int32_t classes[4] = {0, 1, 0, 1};
    float *got = run(&nms, boxes, scores, classes);
    expect(got, &nms, boxes, scores, classes, (int[]){1, 2}, 2);
    free(got);
}
END_TEST

/* A box that is itself suppressed suppresses nothing. IoUs of neighbours are 6/14 of 10 x 10 boxes 4 apart. */
START_TEST(nms__only_kept_boxes_suppress)
{
    const fovea__nms nms = {3, 0.4f, 3};
    const float boxes[12] = {0, 0, 10, 10, 4, 0, 14, 10, 8, 0, 18, 10}, scores[3] = {0.9f, 0.8f, 0.7f};
    const int32_t classes[3] = {0, 0, 0};
    float *got = run(&nms, boxes, scores, classes);
    expect(got, &nms, boxes, scores, classes, (int[]){0, 2}, 2);
    free(got);
}
END_TEST

START_TEST(nms__an_overlap_of_exactly_the_limit_stays)
{
    const fovea__nms nms = {2, 0.5f, 2};
    const float boxes[8] = {0, 0, 10, 10, 0, 0, 10, 5}, scores[2] = {0.9f, 0.8f};
    const int32_t classes[2] = {0, 0};
    float *got = run(&nms, boxes, scores, classes);
    expect(got, &nms, boxes, scores, classes, (int[]){0, 1}, 2);
    free(got);
}
END_TEST

START_TEST(nms__boxes_of_zero_area_stay)
{
    const fovea__nms nms = {4, 0.5f, 4};
    const float boxes[16] = {5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 10, 10, 0, 3, 10, 3}, scores[4] = {0.9f, 0.8f, 0.7f, 0.6f};
    const int32_t classes[4] = {0, 0, 0, 0};
    float *got = run(&nms, boxes, scores, classes);
    expect(got, &nms, boxes, scores, classes, (int[]){0, 1, 2, 3}, 4);
    free(got);
}
END_TEST

START_TEST(nms__bad_arguments_are_told)
{
    fence one = fence_ints(4, NULL);
    fovea__buffer *any = one.tensor.buffer;
    const fovea__candidates candidates = {any, any, any};
    fovea__nms nms = {65537, 0.5f, 100};
    support_fails(fovea__nms_run(support_device(), &nms, &candidates, any, any), FOVEA_ERROR_ARGUMENT, "65537 slots");
    nms = (fovea__nms){100, 0.5f, -1};
    support_fails(fovea__nms_run(support_device(), &nms, &candidates, any, any), FOVEA_ERROR_ARGUMENT,
                  "-1 detections");
    fence_free(&one, "unused");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = nms__is_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = nms__equal_scores_keep_the_lower_slot, .needs_device = true},
        {.test = nms__classes_do_not_meet, .needs_device = true},
        {.test = nms__only_kept_boxes_suppress, .needs_device = true},
        {.test = nms__an_overlap_of_exactly_the_limit_stays, .needs_device = true},
        {.test = nms__boxes_of_zero_area_stay, .needs_device = true},
        {.test = nms__bad_arguments_are_told, .needs_device = true},
    };
    return support_run_both_kinds("nms", cases, COUNT(cases));
}
