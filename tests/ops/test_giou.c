/* GIoU against torchvision's numbers and the float64 reference, and the reference against central differences. */
#include "arrays.h"
#include "assign.h"
#include "level_loss.h"
#include "ref_giou.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What torchvision computes, by tests/golden/make_giou_cases.py. */
static const struct {
    const char *what;
    float anchor[4], box[4], code[4];
    double loss, gradient[4];
} golden[] = {
    {"overlap", {100, 50, 164, 114}, {110, 40, 200, 120}, {-0.25, 0.375, 0.5, -0.25},
     0.957089785601, {-0.482445840396, 0.726218532627, -0.0732359896775, -0.141045819535}},
    {"a box inside", {100, 50, 164, 114}, {120, 70, 140, 95}, {0, 0.0625, 0.25, 0.5},
     0.942338067293, {0, 0, 0.0576619327063, 0.0576619327063}},
    {"a box around", {100, 50, 164, 114}, {20, 10, 300, 295}, {0.125, 0.25, -0.5, -0.75},
     0.985294189875, {0, 0, -0.0147058101245, -0.0147058101245}},
    {"apart", {8, 8, 24, 24}, {100, 60, 140, 90}, {-1, 0.5, 0.25, 0.75},
     1.84787901157, {-0.0161968465286, -0.0293471569766, -0.0454372140411, -0.0247718294441}},
    {"the same box", {32, 16, 96, 48}, {32, 16, 96, 48}, {0, 0, 0, 0},
     4.88280527122e-11, {0, 0, -2.44140263561e-11, -2.44140263561e-11}},
    {"two edges the same", {32, 16, 96, 48}, {32, 16, 80, 40}, {0, 0, 0, 0},
     0.437500000027, {0.710937499955, 0.710937499955, 0.207031249968, 0.207031249968}},
    {"touching", {32, 16, 96, 48}, {96, 16, 160, 48}, {0, 0, 0, 0},
     1, {-0.499999999988, 0, -0.249999999994, 0}},
    {"dw beyond its limit", {32, 16, 96, 48}, {0, 0, 700, 60}, {0.25, 0.125, 5, 0.25},
     1.09807335823, {0, 0, 0, -0.6032729522}},
    {"both beyond", {32, 16, 96, 48}, {0, 0, 700, 60}, {0.25, 0.125, 4.5, 80},
     0.99475, {0, 0, 0, 0}},
    {"no width left", {32, 16, 96, 48}, {40, 20, 80, 44}, {0, 0, -200, 0},
     1.24999999998, {0, 0, -2.21423444261e-87, 0.749999999961}},
    {"no area left", {32, 16, 96, 48}, {64, 32, 64, 32}, {0, 0, -200, -200},
     1, {0, 0, 0, 0}},
    {"far from the origin", {8000, 9000, 8016, 9016}, {8003, 9002, 8021.5, 9014.25}, {0.375, -0.25, 0.125, -0.5},
     0.653412351741, {0.927065047722, -1.41292511922, -0.00493288029864, -0.157131348374}},
};

/* One level of a batch, among anchors of other levels before and behind, and of pictures before it; each with its own
 * box. */
typedef struct level {
    fovea__shape shape;
    fovea__giou loss;
    size_t n_all; /* anchors of all pictures, and boxes */
    float *codes, *anchors, *boxes, *scales;
    int32_t *matches;
} level;

/* Smallest distance of an edge of the decoded box from one of the other, in sides of the anchor. */
static double distance_of_edges(const float *anchor, const float *box, const float *code)
{
    double least = HUGE_VAL;
    for (int axis = 0; axis < 2; axis++) {
        const double low = (double)anchor[axis], side = (double)anchor[axis + 2] - low;
        for (int k = 0; k < 4; k++) {
            const double edge = low + side * (0.5 + (double)code[axis] + (k % 2 - 0.5) * exp((double)code[axis + 2]));
            least = fmin(least, fabs(edge - (double)box[axis + k / 2 * 2]) / side);
        }
    }
    return least;
}

/* Anchors of 16 to 32 pixels; boxes around them and of a third to three times their sides, as codes make them too.
 * Slopes jump where edges meet: codes that bring two within a thousandth of a side are moved on. */
static level make_level(int before, int n, int h, int w, int a)
{
    level made = {.shape = {n, h, w, 4 * a}, .loss = {(size_t)(h * w * a) + 11, 7, before}};
    const size_t anchors = made.loss.n_anchors, count = (size_t)(h * w * a), pictures = (size_t)(before + n);
    made.n_all = anchors * pictures;
    made.codes = array_uniform(fovea__shape_elements(made.shape), 1, -1, 1);
    made.anchors = array_uniform(4 * anchors, 2, 16, 32);
    made.boxes = array_uniform(4 * made.n_all, 3, -1, 1);
    made.scales = array_uniform(pictures, 4, 0.01f, 1.0f);
    made.matches = malloc((made.n_all + 1) * sizeof *made.matches);
    ck_assert_ptr_nonnull(made.matches);
    for (size_t i = 0; i < 4 * anchors; i++)
        made.anchors[i] = i % 4 < 2 ? (made.anchors[i] - 16) * 64 : made.anchors[i - 2] + made.anchors[i];
    for (size_t i = 0; i < made.n_all; i++) {
        const float *anchor = made.anchors + 4 * (i % anchors);
        float *box = made.boxes + 4 * i;
        for (int axis = 0; axis < 2; axis++) {
            const float side = anchor[axis + 2] - anchor[axis];
            box[axis] = anchor[axis] + 0.6f * side * box[axis];
            box[axis + 2] = box[axis] + side * expf(box[axis + 2]);
        }
        made.matches[i] = support_random_int(5, i, FOVEA__IGNORED, 2) < 0 ? FOVEA__BACKGROUND : (int32_t)i;
    }
    for (size_t i = 0; i < (size_t)n * count; i++) {
        const size_t anchor = made.loss.first_anchor + i % count;
        float *code = made.codes + 4 * i, *box = made.boxes + 4 * (((size_t)before + i / count) * anchors + anchor);
        while (distance_of_edges(made.anchors + 4 * anchor, box, code) < 1e-3)
            for (int k = 0; k < 4; k++)
                code[k] += 0.01f;
    }
    return made;
}

static void free_level(level *made)
{
    void *all[] = {made->codes, made->anchors, made->boxes, made->scales, made->matches};
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
}

static level_loss run(const level *in, bool in_place)
{
    fence codes = fence_tensor(in->shape, in->codes), gradients = fence_tensor(in->shape, NULL);
    fence anchors = fence_tensor((fovea__shape){1, 1, (int)in->loss.n_anchors, 4}, in->anchors);
    fence boxes = fence_tensor((fovea__shape){1, 1, (int)in->n_all, 4}, in->boxes);
    fence matches = fence_ints(in->n_all, in->matches);
    fence scales = fence_tensor(fovea__shape_vector(in->loss.first_picture + in->shape.n), in->scales);
    fence partials = level_loss_partials(fovea__giou_partials(in->shape));
    support_ok(fovea__giou_run(support_device(), &in->loss, &codes.tensor, anchors.tensor.buffer, boxes.tensor.buffer,
                               matches.tensor.buffer, scales.tensor.buffer,
                               in_place ? &codes.tensor : &gradients.tensor, partials.tensor.buffer,
                               LEVEL_LOSS_FIRST));
    const level_loss got = level_loss_read(in_place ? &codes : &gradients, &partials);
    fence *const all[] = {&partials, &scales, &matches, &boxes, &anchors, &gradients, &codes};
    for (size_t i = 0; i < COUNT(all); i++)
        fence_free(all[i], "a tensor of GIoU");
    return got;
}

static void hold_to_reference(const level *in)
{
    const size_t count = fovea__shape_elements(in->shape);
    double *codes = array_widen(in->codes, count), *anchors = array_widen(in->anchors, 4 * in->loss.n_anchors);
    double *boxes = array_widen(in->boxes, 4 * in->n_all), *want = array_doubles(count);
    const double total = ref_giou_run(&in->loss, in->shape, codes, anchors, boxes, in->matches, in->scales, want);
    level_loss got = run(in, false), in_place = run(in, true);
    /* Edges lie within 4 sides of the anchor's corner and are off by 8 roundings of that, 2^-19 sides; slopes change by
     * at most 20 a side, as the least side of a box is a third. */
    support_close("d_codes", got.gradients, want, count, 0.0, 20 * 0x1p-19);
    /* A loss is off by its four slopes, each at most 3 a side, times the edges' error. At most 1024 positive terms meet
     * in a chain. */
    const double terms = (double)count / 4, limit = 1024 * 0x1p-24 * total + 4 * 3 * 0x1p-19 * terms;
    ck_assert_msg(fabs(got.sum - total) <= limit, "the loss is %.9g, expected %.9g", got.sum, total);
    level_loss_same_bits(&got, &in_place);
    level_loss_free(&got);
    level_loss_free(&in_place);
    void *all[] = {codes, anchors, boxes, want};
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
}

static const struct {
    int before, n, h, w, a; /* before: pictures of earlier parts of a batch */
} rows[] = {
    {0, 1, 1, 1, 1}, {0, 1, 1, 1, 9}, {0, 3, 1, 1, 1}, {0, 0, 2, 2, 9},   {0, 1, 0, 3, 9},   {0, 2, 3, 5, 9},
    {0, 3, 5, 7, 3}, {1, 1, 1, 1, 1}, {2, 3, 5, 7, 3}, {0, 2, 11, 13, 9}, {0, 1, 19, 29, 9}, {0, 3, 38, 63, 9},
};

START_TEST(giou__is_the_reference)
{
    if (support_is_simulator() && rows[_i].h > 11)
        support_skip("a real size, on a simulator");
    level in = make_level(rows[_i].before, rows[_i].n, rows[_i].h, rows[_i].w, rows[_i].a);
    hold_to_reference(&in);
    free_level(&in);
}
END_TEST

/* Puts a golden row into a level of one anchor. */
static level golden_level(int row)
{
    level in = make_level(0, 1, 1, 1, 1);
    in.matches[in.loss.first_anchor] = 3;
    in.scales[0] = 1;
    memcpy(in.codes, golden[row].code, sizeof golden[row].code);
    memcpy(in.anchors + 4 * in.loss.first_anchor, golden[row].anchor, sizeof golden[row].anchor);
    memcpy(in.boxes + 4 * 3, golden[row].box, sizeof golden[row].box);
    return in;
}

START_TEST(giou__is_torchvisions)
{
    level in = golden_level(_i);
    level_loss got = run(&in, false);
    const float loss = (float)got.sum;
    /* Sums of terms of about 1, some of which cancel: a dozen operations, of up to 3 roundings each. */
    support_close(golden[_i].what, got.gradients, golden[_i].gradient, 4, 0.0, 32 * 0x1p-24);
    support_close(golden[_i].what, &loss, &golden[_i].loss, 1, 0.0, 32 * 0x1p-24);
    level_loss_free(&got);
    free_level(&in);
}
END_TEST

START_TEST(giou__reference_is_torchvisions)
{
    double wide[3][4], d_code[4];
    for (int k = 0; k < 4; k++) {
        wide[0][k] = (double)golden[_i].anchor[k];
        wide[1][k] = (double)golden[_i].box[k];
        wide[2][k] = (double)golden[_i].code[k];
    }
    const double loss = ref_giou_value(wide[0], wide[1], wide[2], d_code);
    ck_assert_msg(fabs(loss - golden[_i].loss) <= 1e-11, "%s: the loss is %.15g", golden[_i].what, loss);
    for (int k = 0; k < 4; k++)
        ck_assert_msg(fabs(d_code[k] - golden[_i].gradient[k]) <= 1e-11 * fmax(1, fabs(d_code[k])),
                      "%s: gradient %d is %.15g", golden[_i].what, k, d_code[k]);
}
END_TEST

static const float bad[] = {NAN, INFINITY, -INFINITY};

START_TEST(giou__what_is_not_finite_is_not_swallowed)
{
    for (int k = 0; k < 4; k++) {
        level in = make_level(0, 1, 2, 2, 3);
        in.matches[in.loss.first_anchor + 5] = 1;
        in.codes[4 * 5 + k] = bad[_i];
        level_loss got = run(&in, false);
        const bool limited = k >= 2 && isinf(bad[_i]); /* e^-inf is 0, and beyond its limit a size is the limit */
        ck_assert_msg(isfinite(got.sum) == limited, "code %d of %g gives a loss of %g", k, (double)bad[_i],
                      got.sum);
        level_loss_free(&got);
        free_level(&in);
    }
}
END_TEST

typedef struct pair {
    double anchor[4], box[4];
} pair;

static double value_of(const double *x, void *context)
{
    const pair *of = context;
    double d_code[4];
    return ref_giou_value(of->anchor, of->box, x, d_code);
}

/* Codes of boxes that lap over, hold the other, lie in it and lie apart, away from where slopes jump. */
START_TEST(giou__reference_gradient_is_the_derivative)
{
    static const double codes[][4] = {
        {0.2, -0.1, 0.1, 0.2}, {0.1, 0.15, 1.1, 1.2}, {0.1, 0.1, -1.3, -1.2}, {3, -2, 0.3, -0.4}, {0.1, 0.1, 1.3, -1.2},
    };
    pair of = {{100, 40, 164, 88}, {110, 44, 170, 96}};
    double x[4], analytic[4];
    memcpy(x, codes[_i], sizeof x);
    ref_giou_value(of.anchor, of.box, x, analytic);
    /* Third derivatives are some 10 here: 1e-5^2 of them, and rounding of 1e-15 / 1e-5. */
    support_gradient("GIoU", value_of, &of, x, 4, analytic, 4, 1e-5, 1e-8);
}
END_TEST

START_TEST(giou__bad_arguments_are_told)
{
    level in = make_level(0, 1, 2, 2, 3);
    fence codes = fence_tensor(in.shape, in.codes), other = fence_tensor((fovea__shape){1, 2, 1, 14}, NULL);
    const fovea__buffer *any = codes.tensor.buffer;
    support_fails(fovea__giou_run(support_device(), &in.loss, &codes.tensor, any, any, any, any, &other.tensor,
                                  other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "another shape");
    support_fails(fovea__giou_run(support_device(), &in.loss, &other.tensor, any, any, any, any, &other.tensor,
                                  other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "14 channels");
    in.loss.first_anchor += 5;
    support_fails(fovea__giou_run(support_device(), &in.loss, &codes.tensor, any, any, any, any, &codes.tensor,
                                  other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "out of range");
    fence_free(&other, "other");
    fence_free(&codes, "codes");
    free_level(&in);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = giou__is_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = giou__is_torchvisions, .rows = COUNT(golden), .needs_device = true},
        {.test = giou__reference_is_torchvisions, .rows = COUNT(golden)},
        {.test = giou__what_is_not_finite_is_not_swallowed, .rows = COUNT(bad), .needs_device = true},
        {.test = giou__reference_gradient_is_the_derivative, .rows = 5},
        {.test = giou__bad_arguments_are_told, .needs_device = true},
    };
    return support_run_both_kinds("giou", cases, COUNT(cases));
}
