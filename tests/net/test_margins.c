/* The margins of anchors: bins held to the logits and to the reference's assignment, sums held to what training says. */
#include "drawn.h"

#include "detector.h"
#include "ref_assign.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const fovea_detect_options at_64 = {.size = 64};

static double total(const uint64_t *bins)
{
    double sum = 0;
    for (int i = 0; i < FOVEA_MARGIN_BINS; i++)
        sum += (double)bins[i];
    return sum;
}

/* The bins that double arithmetic gives, from the anchors and logits that the model still holds. */
static void reference(fovea_margins *out, const fovea_model *model, const fovea_box *examined, size_t n_boxes)
{
    const fovea__detector *detector = model->detector;
    const size_t n = fovea__anchors_count(&detector->planned);
    float *anchors = calloc(4 * n, sizeof *anchors), *logits = calloc(n * 3, sizeof *logits);
    float(*boxes)[4] = calloc(n_boxes + 1, sizeof *boxes);
    int *matches = calloc(n, sizeof *matches);
    ck_assert(anchors && logits && boxes && matches);
    support_ok(fovea__buffer_read(detector->anchors, 0, anchors, 4 * n * sizeof *anchors));
    for (size_t i = 0; i < n_boxes; i++)
        memcpy(boxes[i], &examined[i], sizeof boxes[i]);
    ref_assign_match(anchors, n, boxes[0], n_boxes, matches);
    ck_assert(n_boxes == 0 || ref_assign_gap(anchors, n, boxes[0], n_boxes, matches) > 1e-5);
    const int classes = model->config.classes;
    size_t at = 0;
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        const fovea__tensor *tensor = fovea__network_logits(model->network, level);
        support_ok(fovea__tensor_read(tensor, logits + at * (size_t)classes));
        at += fovea__shape_elements(tensor->shape) / (size_t)classes;
    }
    ck_assert_uint_eq(at, n);
    for (size_t i = 0; i < n * (size_t)classes; i++) {
        const int match = matches[i / (size_t)classes], slot = (int)(i % (size_t)classes);
        if (match == FOVEA__IGNORED)
            continue;
        const bool object = match >= 0 && slot == fovea__model_slot(model, examined[match].label);
        const double margin = object ? (double)logits[i] : -(double)logits[i];
        (object ? out->objects : out->background)[(int)floor((margin + 32) * 64)]++;
    }
    free(anchors);
    free(logits);
    free(boxes);
    free(matches);
}

/* float32 rounds a margin's place by at most 2^-19 of a logit (32 has 2^-18 between its neighbours): where a logit lies
 * so near to a border it may fall to either side, so counts up to each border are held to within those few. */
static void check_bins(const char *what, const uint64_t *got, const uint64_t *want)
{
    double balance = 0, worst = 0, moved = 0;
    for (int i = 0; i < FOVEA_MARGIN_BINS; i++) {
        balance += (double)got[i] - (double)want[i];
        worst = fmax(worst, fabs(balance));
        moved += fabs((double)got[i] - (double)want[i]);
    }
    ck_assert_msg(fabs(balance) <= 0 && worst <= 2 && moved <= 0.01 * total(want) + 2,
                  "%s: %g too many, at most %g beyond a border, %g in other bins of %g", what, balance, worst, moved,
                  total(want));
}

/* Boxes that no anchor holds whole, so that none is equally good as another. */
static const fovea_box examples[] = {{5.3f, 7.1f, 41.9f, 38.4f, 0}, {20.7f, 22.2f, 57.4f, 59.9f, 1}};

START_TEST(margins__are_the_logits_of_assigned_anchors)
{
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, _i ? FOVEA_PROFILE_TORCHVISION : FOVEA_PROFILE_PAPER, 3);
    fovea_margins *got = calloc(1, sizeof *got), *want = calloc(1, sizeof *want);
    ck_assert(got && want);
    for (size_t n_boxes = 0; n_boxes <= COUNT(examples); n_boxes++) {
        fovea_image image = drawn_noise(64, 64, n_boxes);
        support_ok(fovea_margins_add(got, model, &image, examples, n_boxes, &at_64));
        reference(want, model, examples, n_boxes);
        fovea_image_clear(&image);
    }
    ck_assert(total(want->objects) >= 3 && total(want->background) > 1000);
    check_bins("objects", got->objects, want->objects);
    check_bins("background", got->background, want->background);
    free(got);
    free(want);
    fovea_model_free(model);
}
END_TEST

/* The loss of all pairs, every margin taken from the middle of its bin. */
static double loss_of(const fovea_margins *margins, double alpha, double gamma)
{
    double sum = 0;
    for (int i = 0; i < FOVEA_MARGIN_BINS; i++) {
        const double margin = (i + 0.5) / 64 - 32, ce = log1p(exp(-margin)), wrong = 1 / (1 + exp(margin));
        sum += pow(wrong, gamma) * ce * (alpha * (double)margins->objects[i] + (1 - alpha) * (double)margins->background[i]);
    }
    return sum;
}

/* Training divides by its objects' anchors. Half a bin is 1/128 of a margin, over which log(1 + e^-m) changes by at most
 * e^(1/128) and (1 - p_t)^gamma by that to the gamma: (1 + gamma) / 128 of the loss, and a little for the exponential. */
START_TEST(margins__sum_up_to_the_loss_of_training)
{
    static const double alphas[] = {0.25, 0.75, 0.5}, gammas[] = {2, 0.5, 5};
    const double alpha = alphas[_i], gamma = gammas[_i];
    fovea_dataset *dataset = drawn_dataset("sum", &(drawn_options){.pictures = 1, .width = 64, .height = 64});
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 5);
    fovea_margins *margins = calloc(1, sizeof *margins);
    fovea_trainer *trainer = NULL;
    fovea_progress progress;
    fovea_picture picture;
    fovea_image image;
    ck_assert_ptr_nonnull(margins);
    support_ok(fovea_dataset_picture(dataset, 0, &picture));
    support_ok(fovea_image_read(&image, picture.path));
    support_ok(fovea_margins_add(margins, model, &image, picture.boxes, picture.n_boxes, &at_64));
    support_ok(fovea_trainer_create(&trainer, model, dataset, &(fovea_train_options){
        .batch = 1, .steps = 1, .size = 64, .flip = -1, .alpha = alpha, .gamma = gamma, .by_rule = true}));
    support_ok(fovea_trainer_step(trainer, &progress));
    const double want = progress.class_loss, got = loss_of(margins, alpha, gamma) / total(margins->objects);
    ck_assert_msg(fabs(got - want) <= 1.1 * (1 + gamma) / 128 * want, "margins give %g, training says %g", got, want);
    fovea_trainer_free(trainer);
    fovea_image_clear(&image);
    free(margins);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

START_TEST(margins__refuse_what_they_cannot_count)
{
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 3);
    fovea_image image = drawn_noise(32, 32, 1), empty = {0};
    fovea_margins *margins = calloc(1, sizeof *margins);
    const fovea_box box = {1, 1, 20, 20, 2};
    ck_assert_ptr_nonnull(margins);
    support_fails(fovea_margins_add(NULL, model, &image, NULL, 0, NULL), FOVEA_ERROR_ARGUMENT, "margins");
    support_fails(fovea_margins_add(margins, model, &empty, NULL, 0, NULL), FOVEA_ERROR_ARGUMENT, "empty");
    support_fails(fovea_margins_add(margins, model, &image, NULL, 1, NULL), FOVEA_ERROR_ARGUMENT, "boxes is NULL");
    support_fails(fovea_margins_add(margins, model, &image, &box, 1, NULL), FOVEA_ERROR_ARGUMENT, "label 2 of box 0");
    support_fails(fovea_margins_add(margins, model, &image, NULL, 0, &(fovea_detect_options){.size = -1}),
                  FOVEA_ERROR_ARGUMENT, "size is -1");
    ck_assert(total(margins->objects) + total(margins->background) <= 0);
    free(margins);
    fovea_image_clear(&image);
    fovea_model_free(model);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {margins__are_the_logits_of_assigned_anchors, .rows = 2, .needs_device = true},
        {margins__sum_up_to_the_loss_of_training, .rows = 3, .needs_device = true},
        {.test = margins__refuse_what_they_cannot_count, .needs_device = true},
    };
    return support_run("margins", cases, COUNT(cases));
}
