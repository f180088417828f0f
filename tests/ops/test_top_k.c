/* Top k against sorting. Nothing is computed, so that the answer is exact. */
#include "fence.h"
#include "ref_top_k.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum value_kind {
    SCORES,   /* in (0, 1), few above .9 */
    NORMAL,   /* of both signs */
    TIES,     /* nine different values, zeros of both signs among them */
    EQUAL,    /* all the same */
    EXTREMES, /* from -FLT_MAX to INFINITY, denormals among them */
    CLOSE     /* differing in the last bits only */
} value_kind;

static const struct {
    size_t count, first;
    int k;
    float threshold;
    value_kind kind;
} rows[] = {
    {1, 0, 1, 0.0f, SCORES},
    {0, 3, 5, 0.0f, SCORES},
    {7, 1, 20, -INFINITY, NORMAL},
    {8, 0, 8, -INFINITY, NORMAL},
    {97, 5, 10, 0.5f, NORMAL},
    {500, 0, 64, -3.0f, TIES},
    {500, 3, 64, 0.0f, TIES},
    {300, 0, 7, -1.0f, EQUAL},
    {333, 0, 40, -INFINITY, EXTREMES},
    {1000, 0, 100, 0.0f, CLOSE},
    {8191, 2, 100, 0.9f, SCORES},
    {8193, 0, 1000, 0.05f, SCORES},
    {16384, 0, 100, 2.0f, SCORES}, /* none */
    {20011, 7, 1000, -INFINITY, TIES},
    {30000, 0, 8192, -INFINITY, NORMAL},
    {100003, 1, 1000, 0.99f, SCORES},
    {100003, 0, 4096, -0.5f, EQUAL},
    {200000, 0, 1000, 0.0f, CLOSE},
};

static float value_of(value_kind kind, float uniform, float normal, int draw)
{
    static const float extremes[] = {-3.4e38f, 3.4e38f, INFINITY, 1e-40f, -1e-40f, 1e-45f, 0.0f, -0.0f, 1.0f, -1.0f};
    switch (kind) {
    case SCORES: return uniform;
    case NORMAL: return normal;
    case TIES: return draw == 4 ? -0.0f : (float)(draw / 2 - 2);
    case EQUAL: return 0.25f;
    case EXTREMES: return draw < (int)COUNT(extremes) ? extremes[draw] : normal;
    case CLOSE: return 0.5f + (float)(draw % 16) * 0x1p-24f;
    }
    return 0.0f;
}

static float *make_values(size_t count, value_kind kind)
{
    float *values = malloc((count + 1) * sizeof *values), *normal = malloc((count + 1) * sizeof *normal);
    ck_assert(values && normal);
    support_random_uniform(values, count, 1, 0.0f, 1.0f);
    support_random_normal(normal, count, 2, 1.0f);
    for (size_t i = 0; i < count; i++)
        values[i] = value_of(kind, values[i], normal[i], support_random_int(3, i, 0, 15));
    free(normal);
    return values;
}

START_TEST(top_k__is_sorting)
{
    const size_t count = rows[_i].count, first = rows[_i].first;
    const int k = rows[_i].k;
    if (support_is_simulator() && (count > 1000 || k > 64))
        support_skip("%d of %zu values, on a simulator", k, count);
    float *values = make_values(first + count + 3, rows[_i].kind);
    int *want = malloc((size_t)k * sizeof *want);
    ck_assert_ptr_nonnull(want);
    const int n_found = ref_top_k(values + first, count, rows[_i].threshold, k, want);
    fence in = fence_tensor(fovea__shape_vector((int)(first + count + 3)), values);
    fence indices = fence_ints((size_t)k, NULL), best = fence_tensor(fovea__shape_vector(k), NULL);
    fence found = fence_ints(3, (int32_t[]){-9, -9, -9});
    fence workspace = fence_ints(fovea__top_k_workspace_bytes(count, k) / 4, NULL);
    for (int run = 0; run < 2; run++) { /* the second finds the first one's workspace */
        support_ok(fovea__top_k(support_device(), in.tensor.buffer, first, count, rows[_i].threshold, k,
                                indices.tensor.buffer, run ? NULL : best.tensor.buffer, found.tensor.buffer, 1,
                                workspace.tensor.buffer));
        int32_t *got = fence_read_ints(&indices), *got_found = fence_read_ints(&found);
        float *got_best = fence_read(&best);
        ck_assert_int_eq(got_found[0], -9);
        ck_assert_int_eq(got_found[1], n_found);
        ck_assert_int_eq(got_found[2], -9);
        for (int i = 0; i < k; i++) {
            const float expected = want[i] >= 0 ? values[first + (size_t)want[i]] : -INFINITY;
            ck_assert_msg(got[i] == want[i], "place %d: index %d, expected %d", i, (int)got[i], want[i]);
            ck_assert_msg(memcmp(&got_best[i], &expected, sizeof expected) == 0, "place %d: %g, expected %g", i,
                          (double)got_best[i], (double)expected);
        }
        free(got_best);
        free(got_found);
        free(got);
    }
    fence_free(&workspace, "workspace");
    fence_free(&found, "found");
    fence_free(&best, "best");
    fence_free(&indices, "indices");
    fence_free(&in, "values");
    free(want);
    free(values);
}
END_TEST

/* NaN is against the contract, but must harm nothing else. */
START_TEST(top_k__passes_over_nan)
{
    const float values[5] = {NAN, 0.5f, -NAN, 0.75f, NAN};
    fence in = fence_tensor(fovea__shape_vector(5), values), indices = fence_ints(3, NULL), found = fence_ints(1, NULL);
    fence workspace = fence_ints(fovea__top_k_workspace_bytes(5, 3) / 4, NULL);
    support_ok(fovea__top_k(support_device(), in.tensor.buffer, 0, 5, -INFINITY, 3, indices.tensor.buffer, NULL,
                            found.tensor.buffer, 0, workspace.tensor.buffer));
    int32_t *got = fence_read_ints(&indices), *got_found = fence_read_ints(&found);
    ck_assert_int_eq(got_found[0], 2);
    ck_assert(got[0] == 3 && got[1] == 1 && got[2] == -1);
    free(got_found);
    free(got);
    fence_free(&workspace, "workspace");
    fence_free(&found, "found");
    fence_free(&indices, "indices");
    fence_free(&in, "values");
}
END_TEST

START_TEST(top_k__bounds_of_k)
{
    fence one = fence_ints(4, (int32_t[]){5, 5, 5, 5});
    fovea__buffer *any = one.tensor.buffer;
    support_fails(fovea__top_k(support_device(), any, 0, 4, 0.0f, 8193, any, any, any, 0, any), FOVEA_ERROR_ARGUMENT,
                  "k is 8193");
    support_fails(fovea__top_k(support_device(), any, (size_t)1 << 31, 4, 0.0f, 1, any, any, any, 0, any),
                  FOVEA_ERROR_ARGUMENT, "out of range");
    support_ok(fovea__top_k(support_device(), any, 0, 4, 0.0f, 0, any, NULL, any, 2, any));
    int32_t *got = fence_read_ints(&one);
    ck_assert_msg(got[0] == 5 && got[1] == 5 && got[2] == 0 && got[3] == 5, "k = 0 finds nothing, and says so");
    free(got);
    fence_free(&one, "found");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = top_k__is_sorting, .rows = COUNT(rows), .needs_device = true},
        {.test = top_k__passes_over_nan, .needs_device = true},
        {.test = top_k__bounds_of_k, .needs_device = true},
    };
    return support_run_both_kinds("top_k", cases, COUNT(cases));
}
