/* The focal loss against the float64 reference, the reference against central differences, and the figures and hazards
 * that other implementations are known for. */
#include "assign.h"
#include "level_loss.h"
#include "ref_focal_loss.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BOXES = 5 };

/* One level of a batch, among anchors of other levels before and behind, and of pictures before it. */
typedef struct level {
    fovea__shape shape;
    fovea__focal_loss loss;
    float *logits, *scales;
    int32_t *matches, labels[BOXES];
} level;

static level make_level(int before, int n, int h, int w, int a, int classes, float alpha, float gamma, float deviation)
{
    level made = {.shape = {n, h, w, a * classes}};
    const size_t anchors = (size_t)(h * w * a);
    made.loss = (fovea__focal_loss){alpha, gamma, classes, anchors + 11, 7, before};
    const size_t count = fovea__shape_elements(made.shape), pictures = (size_t)(before + n);
    const size_t matches = made.loss.n_anchors * pictures;
    made.logits = malloc((count + 1) * sizeof *made.logits);
    made.scales = malloc((pictures + 1) * sizeof *made.scales);
    made.matches = malloc((matches + 1) * sizeof *made.matches);
    ck_assert(made.logits && made.scales && made.matches);
    support_random_normal(made.logits, count, 1, deviation);
    support_random_uniform(made.scales, pictures, 2, 0.01f, 1.0f);
    for (size_t i = 0; i < matches; i++) {
        const int draw = support_random_int(3, i, -60, BOXES - 1); /* mostly background */
        made.matches[i] = draw >= 0 ? draw : draw < -55 ? FOVEA__IGNORED : FOVEA__BACKGROUND;
    }
    for (int i = 0; i < BOXES; i++)
        made.labels[i] = support_random_int(4, (uint64_t)i, 0, classes - 1);
    return made;
}

static void free_level(level *made)
{
    free(made->logits);
    free(made->scales);
    free(made->matches);
}

static level_loss run(const level *in, bool in_place)
{
    const int pictures = in->loss.first_picture + in->shape.n;
    fence logits = fence_tensor(in->shape, in->logits), gradients = fence_tensor(in->shape, NULL);
    fence matches = fence_ints(in->loss.n_anchors * (size_t)pictures, in->matches);
    fence labels = fence_ints(BOXES, in->labels);
    fence scales = fence_tensor(fovea__shape_vector(pictures), in->scales);
    fence partials = level_loss_partials(fovea__focal_loss_partials(in->shape));
    support_ok(fovea__focal_loss_run(support_device(), &in->loss, &logits.tensor, matches.tensor.buffer,
                                     labels.tensor.buffer, scales.tensor.buffer,
                                     in_place ? &logits.tensor : &gradients.tensor, partials.tensor.buffer,
                                     LEVEL_LOSS_FIRST));
    const level_loss got = level_loss_read(in_place ? &logits : &gradients, &partials);
    fence_free(&partials, "partials");
    fence_free(&scales, "scales");
    fence_free(&labels, "labels");
    fence_free(&matches, "matches");
    fence_free(&gradients, "d_logits");
    fence_free(&logits, "logits");
    return got;
}

/* Relative error of a value or gradient at a logit, in ulp of 2^-23: OpenCL allows exp 3 and a division 2.5, so e^-|x|
 * is off by 3, log p_t by 8 (the division, and 2 for a polynomial), p_t and 1 - p_t by 7, their square by 15; or
 * (1 - p_t)^gamma as exp(gamma log q) by 3 and gamma |log q| 8. Three products and a sum more: 30 in all. No terms
 * cancel. */
static double relative_error(double logit, double gamma)
{
    return (30.0 + 8.0 * gamma * (fabs(logit) + 1.0)) * FLT_EPSILON;
}

/* Floats below FLT_MIN may be taken for 0 anywhere on the way, here multiplied by at most |logit| (1 + gamma). */
static double lost_below(double logit, double gamma)
{
    return 4 * (double)FLT_MIN * (1.0 + fabs(logit)) * (1.0 + gamma);
}

static void hold_to_reference(const level *in)
{
    const size_t count = fovea__shape_elements(in->shape);
    double *logits = malloc((count + 1) * sizeof *logits), *want = malloc((count + 1) * sizeof *want);
    ck_assert(logits && want);
    double error = 0;
    for (size_t i = 0; i < count; i++) {
        logits[i] = (double)in->logits[i];
        error = fmax(error, relative_error(logits[i], (double)in->loss.gamma));
    }
    const double total = ref_focal_loss_run(&in->loss, in->shape, logits, in->matches, in->labels, in->scales, want);
    level_loss got = run(in, false), in_place = run(in, true);
    for (size_t i = 0; i < count; i++) {
        const double gamma = (double)in->loss.gamma, found = (double)got.gradients[i];
        const double limit = relative_error(logits[i], gamma) * fabs(want[i]) + lost_below(logits[i], gamma);
        ck_assert_msg(isfinite(found) && fabs(found - want[i]) <= limit, "gradient %zu at logit %g is %.9g, expected "
                      "%.9g", i, logits[i], found, want[i]);
    }
    /* All terms are positive: their own error, and one half ulp for each addition on the way to a partial sum. */
    const double depth = (2048.0 + in->shape.c) * 0x1p-24;
    ck_assert_msg(fabs(got.sum - total) <= (error + depth) * total + (double)count * lost_below(120, 5),
                  "the loss is %.9g, expected %.9g", got.sum, total);
    level_loss_same_bits(&got, &in_place);
    level_loss_free(&in_place);
    level_loss_free(&got);
    free(want);
    free(logits);
}

static const struct {
    int before, n, h, w, a, classes; /* before: pictures of earlier parts of a batch */
} rows[] = {
    {0, 1, 1, 1, 1, 1},   {0, 1, 1, 1, 9, 80},    {0, 3, 1, 1, 1, 3}, {0, 1, 0, 0, 9, 4},  {0, 0, 2, 2, 9, 4},
    {0, 2, 3, 5, 9, 1},   {0, 3, 5, 7, 9, 3},     {0, 1, 2, 3, 3, 17}, {0, 2, 5, 3, 9, 91}, {0, 1, 1, 2, 9, 365},
    {0, 3, 19, 32, 9, 4}, {0, 1, 19, 29, 9, 80},  {0, 2, 11, 13, 12, 20},
    {1, 1, 1, 1, 1, 1},   {2, 3, 5, 7, 9, 3},     {5, 1, 2, 3, 3, 17}, {3, 0, 2, 2, 9, 4},
};

START_TEST(focal_loss__is_the_reference)
{
    const size_t count = (size_t)(rows[_i].n * rows[_i].h * rows[_i].w * rows[_i].a * rows[_i].classes);
    if (support_is_simulator() && count > 8000)
        support_skip("%zu logits, on a simulator", count);
    level in = make_level(rows[_i].before, rows[_i].n, rows[_i].h, rows[_i].w, rows[_i].a, rows[_i].classes, 0.25f, 2.0f,
                          3.0f);
    hold_to_reference(&in);
    free_level(&in);
}
END_TEST

static const struct {
    float alpha, gamma;
} forms[] = {{-1.0f, 0.0f}, {0.75f, 0.0f},  {0.75f, 0.1f}, {0.75f, 0.2f}, {0.5f, 0.5f}, {0.25f, 1.0f},
             {0.25f, 2.0f}, {0.25f, 5.0f},  {-1.0f, 2.0f}, {-1.0f, 0.5f}, {0.0f, 2.0f}, {1.0f, 0.1f}};

/* Every alpha and gamma of the paper's tables, from logits of a few units up to 120. */
START_TEST(focal_loss__every_alpha_and_gamma)
{
    static const float edges[] = {-120, -104, -103, -90, -88, -87, -30, -18, -17, -16.5f, -1e-7f, -0.0f, 0.0f, 1e-7f,
                                  16.5f, 17, 18, 30, 87, 88, 90, 103, 104, 120};
    level in = make_level(0, 2, 3, 7, 3, 4, forms[_i].alpha, forms[_i].gamma, 4.0f);
    const size_t count = fovea__shape_elements(in.shape);
    for (size_t i = 0; i < count / 2; i++)
        in.logits[i] = edges[i % COUNT(edges)];
    hold_to_reference(&in);
    free_level(&in);
}
END_TEST

/* The figures that torchvision and the paper's formula give at gamma 2, alpha .25. */
START_TEST(focal_loss__published_figures)
{
    const struct {
        double logit, loss, gradient;
        bool object;
    } known[] = {{-4.59512, 7.53771e-07, 2.24247e-06, false},
                 {-4.59512, 1.12838, -0.265142, true},
                 {0, .129965, .223715, false},
                 {0, .0433217, -.0745717, true},
                 {120, 90, .75, false},
                 {-120, 30, -.25, true}};
    for (size_t i = 0; i < COUNT(known); i++) {
        level in = make_level(0, 1, 1, 1, 1, 1, 0.25f, 2.0f, 1.0f);
        in.logits[0] = (float)known[i].logit;
        in.scales[0] = 1.0f;
        in.labels[0] = 0;
        in.matches[in.loss.first_anchor] = known[i].object ? 0 : FOVEA__BACKGROUND;
        level_loss got = run(&in, false);
        /* The figures have six digits. */
        support_close("loss", got.partials, &known[i].loss, 1, 1e-5, 0.0);
        support_close("gradient", got.gradients, &known[i].gradient, 1, 1e-5, 0.0);
        level_loss_free(&got);
        free_level(&in);
    }
}
END_TEST

typedef struct sigmoid {
    bool object;
    double alpha, gamma;
} sigmoid;

static double value_of(const double *x, void *context)
{
    const sigmoid *s = context;
    double sum = 0;
    for (int i = 0; i < 9; i++)
        sum += ref_focal_loss_value(x[i], s->object, s->alpha, s->gamma);
    return sum;
}

START_TEST(focal_loss__reference_gradient_is_the_derivative)
{
    for (int object = 0; object < 2; object++) {
        sigmoid s = {object, (double)forms[_i].alpha, (double)forms[_i].gamma};
        double x[9] = {-18, -9, -4, -1, 0, 0.5, 2, 6, 15}, analytic[9];
        for (int i = 0; i < 9; i++)
            analytic[i] = ref_focal_loss_gradient(x[i], object, s.alpha, s.gamma);
        /* Central differences at 1e-5: truncation 1e-10 times a small third derivative, rounding 1e-16 * 60 / 1e-5. */
        support_gradient("focal loss", value_of, &s, x, 9, analytic, 40, 1e-5, 1e-8);
    }
}
END_TEST

/* A trainer that watches the loss must see a broken network. */
START_TEST(focal_loss__nan_is_not_swallowed)
{
    static const float broken[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < COUNT(broken); i++) {
        level in = make_level(0, 1, 2, 3, 9, 5, 0.25f, forms[_i].gamma, 1.0f);
        for (size_t k = 0; k < in.loss.n_anchors; k++)
            in.matches[k] = FOVEA__BACKGROUND;
        in.matches[in.loss.first_anchor + 20] = 0;
        in.labels[0] = 2;
        const size_t place = i == 2 ? 20 * 5 + 2 : 133; /* -INFINITY is wrong at an object's class only */
        in.logits[place] = broken[i];
        level_loss got = run(&in, false);
        ck_assert_msg(!isfinite(got.sum), "a logit of %g gives a loss of %g", (double)broken[i], got.sum);
        level_loss_free(&got);
        in.logits[place] = 0.0f;
        in.logits[50] = broken[i]; /* but an ignored anchor counts for nothing */
        in.matches[in.loss.first_anchor + 10] = FOVEA__IGNORED;
        got = run(&in, false);
        ck_assert(isfinite(got.sum) && !(got.gradients[50] > 0.0f) && !(got.gradients[50] < 0.0f));
        level_loss_free(&got);
        free_level(&in);
    }
}
END_TEST

START_TEST(focal_loss__bad_arguments_are_told)
{
    level in = make_level(0, 1, 2, 2, 3, 4, 0.25f, 2.0f, 1.0f);
    fence logits = fence_tensor(in.shape, in.logits), other = fence_tensor((fovea__shape){1, 2, 1, 12}, NULL);
    const fovea__buffer *any = logits.tensor.buffer;
    fovea__focal_loss loss = in.loss;
    support_fails(fovea__focal_loss_run(support_device(), &loss, &logits.tensor, any, any, any, &other.tensor,
                                        other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "another shape");
    loss.classes = 5;
    support_fails(fovea__focal_loss_run(support_device(), &loss, &logits.tensor, any, any, any, &logits.tensor,
                                        other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "12 channels are no multiple of 5");
    loss = in.loss;
    loss.gamma = NAN;
    support_fails(fovea__focal_loss_run(support_device(), &loss, &logits.tensor, any, any, any, &logits.tensor,
                                        other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "gamma");
    loss = in.loss;
    loss.first_anchor = loss.n_anchors;
    support_fails(fovea__focal_loss_run(support_device(), &loss, &logits.tensor, any, any, any, &logits.tensor,
                                        other.tensor.buffer, 0),
                  FOVEA_ERROR_ARGUMENT, "out of range");
    fence_free(&other, "other");
    fence_free(&logits, "logits");
    free_level(&in);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = focal_loss__is_the_reference, .rows = COUNT(rows), .needs_device = true},
        {.test = focal_loss__every_alpha_and_gamma, .rows = COUNT(forms), .needs_device = true},
        {.test = focal_loss__published_figures, .needs_device = true},
        {.test = focal_loss__reference_gradient_is_the_derivative, .rows = COUNT(forms)},
        {.test = focal_loss__nan_is_not_swallowed, .rows = COUNT(forms) - 2, .needs_device = true},
        {.test = focal_loss__bad_arguments_are_told, .needs_device = true},
    };
    return support_run_both_kinds("focal_loss", cases, COUNT(cases));
}
