/* The whole network against torchvision's, on the same weights and pictures: outputs, losses, every gradient, the weights
 * after SGD steps, and detections. tests/golden/make_golden.py computed them in float64. */
#include "golden.h"
#include "losses.h"
#include "optimizer.h"
#include "reduce.h"
#include "resize_normalize.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A ReLU whose input rounding moves across 0 adds or takes one place's share of a channel's gradient. The small cases'
 * pictures were chosen so that no such ReLU matters; in the large one, some of its ten million are always that close, and
 * move projections by up to 3e-3 of the norm (torch's own float32 does so too) while norms stay within 1e-4. In the v2 case
 * batch norm by the 24 values of a channel in layer4 magnifies rounding: torch's float32 is off by 2e-3 there. */
static const struct {
    const char *name;
    double projection; /* of gradients, as a share of their norm */
} table[] = {
    {"resnet18_odd_0", 1e-3},
    {"resnet18_even_9", 5e-3},
    {"resnet50_odd_3", 1e-3},
    {"resnet50_even_0", 1e-3},
    {"resnet18_v2_2", 5e-3},
};

enum { MOST = 300 }; /* detections in torchvision's profile */

static fovea_status fill_tensor(void *context, size_t index, void *out, size_t size_bytes)
{
    const fovea__name *list = ((const fovea__name *const *)context)[0];
    float *values = golden_parameter(&list[index], *((const int *const *)context)[1]);
    memcpy(out, values, size_bytes);
    free(values);
    return FOVEA_OK;
}

/* The file that torchvision's state_dict of the case would make, without metadata; written once a depth. */
static const char *weights_file(const golden *stored)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/resnet%d%s.safetensors", support_scratch(), stored->depth, stored->v2 ? "_v2" : "");
    if (access(path, R_OK) == 0)
        return path;
    fovea__net_config config = {.depth = stored->depth, .width = 64, .channels = 256, .head_depth = 4,
                                      .anchor_scales = 3, .anchor_ratios = 3, .classes = stored->classes,
                                      .p6_channels = 256, .profile = FOVEA_PROFILE_TORCHVISION,
                                      .norm = FOVEA_NORM_FROZEN, .prior = 0.01f, .size = 600, .max_size = 1000};
    if (stored->v2) {
        config.head_norm = FOVEA_HEAD_NORM_GROUP;
        config.p6_channels = fovea__config_stage_channels(&config, FOVEA__STAGES);
    }
    fovea__name *list;
    size_t count;
    support_ok(fovea__names_list(&list, &count, &config));
    fovea__safetensors_item *items = calloc(count, sizeof *items);
    ck_assert_ptr_nonnull(items);
    for (size_t i = 0; i < count; i++) {
        items[i] = (fovea__safetensors_item){.name = list[i].name, .dtype = FOVEA__DTYPE_F32, .n_dims = list[i].n_dims};
        for (int d = 0; d < list[i].n_dims; d++)
            items[i].shape[d] = (size_t)list[i].dims[d];
    }
    const void *context[2] = {list, &stored->depth};
    const fovea__safetensors_content content = {.items = items, .n_items = count, .fill = fill_tensor,
                                                .fill_context = context};
    support_ok(fovea__safetensors_write(path, &content));
    free(items);
    free(list);
    return path;
}

static fovea_model *load_model(const golden *stored)
{
    fovea_model *model;
    const fovea_load_options options = {.norm = stored->v2 ? FOVEA_NORM_TRAINING : FOVEA_NORM_FROZEN};
    support_ok(fovea_model_load(&model, support_device(), weights_file(stored), &options));
    ck_assert_int_eq(fovea_model_labels(model), stored->classes - 1); /* slot 0 is the background */
    return model;
}

static fovea_image make_picture(const golden *stored, int index)
{
    fovea_image image;
    support_ok(fovea_image_create(&image, stored->width[index], stored->height[index]));
    golden_picture(stored, index, image.pixels);
    return image;
}

/* ---- detections ------------------------------------------------------------------------------------------------ */

static bool same_detection(const fovea_detection *got, const double *want)
{
    const double side = fmax(want[2] - want[0], want[3] - want[1]);
    const double pixels = fmax(0.01, 2e-5 * side);
    return got->label + 1 == (int)want[5] && fabs(got->score - want[4]) <= 1e-5 &&
           fabs(got->x0 - want[0]) <= pixels && fabs(got->y0 - want[1]) <= pixels &&
           fabs(got->x1 - want[2]) <= pixels && fabs(got->y1 - want[3]) <= pixels;
}

/* Each stored detection must be found once. Scores closer than rounding may stand in either order. */
static void compare_detections(const golden *stored, int index, const fovea_detection *got, size_t n_got)
{
    char tensor[32];
    size_t n_want;
    bool used[MOST] = {false};
    snprintf(tensor, sizeof tensor, "detections_%d", index);
    double *want = golden_read(stored, tensor, 0, &n_want);
    n_want /= 6;
    ck_assert_msg(n_got == n_want, "%s: picture %d has %zu detections, torchvision finds %zu", stored->name, index, n_got,
                  n_want);
    for (size_t i = 0; i < n_want; i++) {
        const double *row = want + 6 * i;
        size_t j = 0;
        while (j < n_got && (used[j] || !same_detection(&got[j], row)))
            j++;
        ck_assert_msg(j < n_got, "%s: picture %d lacks class %d, %.6f, %.3f %.3f %.3f %.3f; in its place stands class %d, "
                      "%.6f, %.3f %.3f %.3f %.3f", stored->name, index, (int)row[5], row[4], row[0], row[1], row[2],
                      row[3], got[i].label + 1, (double)got[i].score, (double)got[i].x0, (double)got[i].y0,
                      (double)got[i].x1, (double)got[i].y1);
        used[j] = true;
        ck_assert_msg(i == 0 || got[i].score <= got[i - 1].score, "%s: detection %zu is out of order", stored->name, i);
    }
    free(want);
}

START_TEST(golden__detections_are_those_of_torchvision)
{
    if (support_is_simulator())
        support_skip("a whole network is too slow on a simulator");
    golden stored = golden_open(table[_i].name);
    fovea_model *model = load_model(&stored);
    const fovea_detect_options options = {.size = stored.size, .max_size = stored.max_size};
    for (int n = 0; n < GOLDEN_PICTURES; n++) {
        fovea_image image = make_picture(&stored, n);
        fovea_detection got[MOST];
        size_t n_got = 0;
        support_ok(fovea_detect(model, &image, &options, got, MOST, &n_got));
        compare_detections(&stored, n, got, n_got);
        fovea_image_clear(&image);
    }
    fovea_model_free(model);
    golden_close(&stored);
}
END_TEST

/* ---- outputs, losses, gradients, steps -------------------------------------------------------------------------- */

/* Everything for training steps on one case. */
typedef struct session {
    golden stored;
    fovea_model *model;
    fovea__network *network;
    fovea__batch *batch;
    fovea__losses *losses;
    fovea__optimizer *optimizer; /* NULL where it does not train */
    golden_tolerance gradients; /* what theirs is on this case */
} session;

/* The pictures' boxes in pixels of the resized pictures, as the trainer's batches hold them. */
static void fill_boxes(session *s, const int resized[GOLDEN_PICTURES][2])
{
    fovea__batch *batch = s->batch;
    batch->n_boxes = 0;
    for (int n = 0; n < GOLDEN_PICTURES; n++) {
        char tensor[32];
        size_t n_values;
        snprintf(tensor, sizeof tensor, "boxes_%d", n);
        double *boxes = golden_read(&s->stored, tensor, 0, &n_values);
        snprintf(tensor, sizeof tensor, "labels_%d", n);
        double *labels = golden_read(&s->stored, tensor, n_values / 4, NULL);
        const size_t n_boxes = n_values / 4, all = batch->n_boxes + n_boxes;
        batch->host_boxes = realloc(batch->host_boxes, 4 * all * sizeof(float));
        batch->host_labels = realloc(batch->host_labels, all * sizeof(int32_t));
        ck_assert(batch->host_boxes && batch->host_labels);
        batch->boxes_room = 4 * all;
        batch->labels_room = all;
        const float ratio[2] = {(float)resized[n][1] / (float)s->stored.width[n],
                                (float)resized[n][0] / (float)s->stored.height[n]};
        for (size_t i = 0; i < n_values; i++)
            batch->host_boxes[4 * batch->n_boxes + i] = (float)boxes[i] * ratio[i % 2];
        for (size_t i = 0; i < n_boxes; i++)
            batch->host_labels[batch->n_boxes + i] = (int32_t)labels[i];
        batch->n_boxes = all;
        batch->host_offsets[n + 1] = (int32_t)all;
        free(boxes);
        free(labels);
    }
}

static void fill_batch(session *s)
{
    int resized[GOLDEN_PICTURES][2];
    double *sizes = golden_read(&s->stored, "image_sizes", 2 * GOLDEN_PICTURES, NULL);
    s->batch->padded_height = s->batch->padded_width = 0;
    for (int n = 0; n < GOLDEN_PICTURES; n++) {
        fovea__batch_picture *at = &s->batch->pictures[n];
        fovea_image_clear(&at->image);
        at->image = make_picture(&s->stored, n);
        at->augment = (fovea__augment){.scale = 1};
        fovea__resize_normalize_size(at->image.height, at->image.width, s->stored.size, s->stored.max_size, &at->height,
                                     &at->width);
        ck_assert_int_eq(at->height, (int)sizes[2 * n]);
        ck_assert_int_eq(at->width, (int)sizes[2 * n + 1]);
        resized[n][0] = at->height;
        resized[n][1] = at->width;
        const int height = fovea__network_padded(at->height), width = fovea__network_padded(at->width);
        s->batch->padded_height = height > s->batch->padded_height ? height : s->batch->padded_height;
        s->batch->padded_width = width > s->batch->padded_width ? width : s->batch->padded_width;
    }
    fill_boxes(s, resized);
    free(sizes);
}

static session session_open(int row, bool training)
{
    session s = {.stored = golden_open(table[row].name)};
    s.gradients = (golden_tolerance){.norm = 1e-3, .projection = table[row].projection, .samples = 1e-2};
    s.model = load_model(&s.stored);
    fovea__parameters *parameters = s.model->parameters;
    if (training) {
        support_ok(fovea__parameters_begin_training(parameters));
        support_ok(fovea__optimizer_create(&s.optimizer, parameters, &(fovea_train_options){0}));
    }
    support_ok(fovea__network_create(&s.network, parameters, training, 0));
    support_ok(fovea__batch_create(&s.batch, GOLDEN_PICTURES));
    support_ok(fovea__losses_create(&s.losses, support_device()));
    return s;
}

static void session_close(session *s)
{
    fovea__optimizer_free(s->optimizer);
    fovea__losses_free(s->losses);
    fovea__batch_free(s->batch);
    fovea__network_free(s->network);
    fovea_model_free(s->model);
    golden_close(&s->stored);
}

static void compare_tensor(const session *s, const char *name, const fovea__tensor *tensor, golden_tolerance tolerance)
{
    const size_t count = fovea__shape_elements(tensor->shape);
    float *values = malloc(count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    support_ok(fovea__tensor_read(tensor, values));
    const golden_digest got = golden_digest_of(name, values, count);
    double *want = golden_read(&s->stored, name, GOLDEN_DIGEST, NULL);
    char what[256];
    snprintf(what, sizeof what, "%s: %s", s->stored.name, name);
    golden_compare(what, &got, want, tolerance);
    free(want);
    free(values);
}

static void forward(session *s)
{
    fill_batch(s);
    support_ok(fovea__network_plan(s->network, GOLDEN_PICTURES, s->batch->padded_height, s->batch->padded_width));
    support_ok(fovea__batch_upload(s->batch, s->network, 0));
    /* A pixel is its float32 value, interpolated by float32 weights: a few roundings of 6e-8 each, times up to 2.6. */
    compare_tensor(s, "transformed", fovea__network_input(s->network),
                   (golden_tolerance){.norm = 1e-5, .projection = 1e-5, .samples = 1e-5});
    support_ok(fovea__network_forward(s->network));
}

/* Sums of up to 4,608 products in float32 through 50 layers: torch's own float32 stays within 4e-6. */
static void compare_outputs(session *s)
{
    static const golden_tolerance tolerance = {.norm = 1e-4, .projection = 1e-4, .samples = 1e-4};
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        char name[32];
        snprintf(name, sizeof name, "logits_%d", level);
        compare_tensor(s, name, fovea__network_logits(s->network, level), tolerance);
        snprintf(name, sizeof name, "codes_%d", level);
        compare_tensor(s, name, fovea__network_codes(s->network, level), tolerance);
    }
}

START_TEST(golden__outputs_in_detection_are_those_of_torchvision)
{
    if (support_is_simulator())
        support_skip("a whole network is too slow on a simulator");
    session s = session_open(_i, false);
    forward(&s);
    compare_outputs(&s);
    session_close(&s);
}
END_TEST

static size_t count_trained(const fovea__parameters *parameters)
{
    size_t count = 0;
    for (size_t i = 0; i < parameters->count; i++)
        count += parameters->items[i].name.trained;
    return count;
}

static void compare_losses(session *s)
{
    float state[3];
    double *want = golden_read(&s->stored, "losses", 2, NULL);
    support_ok(fovea__buffer_read(s->losses->state, 0, state, sizeof state));
    for (int i = 0; i < 2; i++)
        ck_assert_msg(fabs(state[1 + i] - want[i]) <= 1e-5 * want[i], "%s: %s loss is %.8f, torchvision has %.8f",
                      s->stored.name, i ? "box" : "class", (double)state[1 + i], want[i]);
    free(want);
}

static void compare_gradients(session *s)
{
    const fovea__parameters *parameters = s->model->parameters;
    double *want = golden_read(&s->stored, "gradients", count_trained(parameters) * GOLDEN_DIGEST, NULL);
    const double *row = want;
    for (size_t i = 0; i < parameters->count; i++) {
        const fovea__parameter *item = &parameters->items[i];
        if (!item->name.trained)
            continue;
        const size_t count = fovea__parameter_elements(item);
        float *values = malloc(count * sizeof *values);
        ck_assert_ptr_nonnull(values);
        support_ok(fovea__tensor_read(&item->gradient, values));
        const golden_digest got = golden_digest_of(item->name.name, values, count);
        char what[256];
        snprintf(what, sizeof what, "%s: the gradient of %s", s->stored.name, item->name.name);
        golden_compare(what, &got, row, s->gradients);
        row += GOLDEN_DIGEST;
        free(values);
    }
    free(want);
}

/* Changes are held to what the gradients are that they follow; after the second step to five times that, since its
 * gradient is taken at weights that carry the first one's rounding, where some ReLUs turn: torch's own float32 is then up to
 * 6e-3 from its float64 (a momentum or decay that is wrong shows by 1e-1). And a step rounds each weight to float32: by at
 * most 2^-24 of it, in sum over a tensor at most that of its norm (the projection of such errors stays below 3 norms). */
static void compare_steps(session *s, int step)
{
    const fovea__parameters *parameters = s->model->parameters;
    const size_t n_trained = count_trained(parameters);
    double *want = golden_read(&s->stored, "steps", 2 * n_trained * GOLDEN_DIGEST, NULL);
    const double *row = want + (size_t)step * n_trained * GOLDEN_DIGEST;
    for (size_t i = 0; i < parameters->count; i++) {
        const fovea__parameter *item = &parameters->items[i];
        if (!item->name.trained)
            continue;
        const size_t count = fovea__parameter_elements(item);
        float *start = golden_parameter(&item->name, s->stored.depth), *values = malloc(count * sizeof *values);
        ck_assert_ptr_nonnull(values);
        support_ok(fovea__parameter_read(parameters, item, values));
        double squares = 0, largest = 0;
        for (size_t k = 0; k < count; k++) {
            squares += (double)start[k] * start[k];
            largest = fmax(largest, fabs((double)start[k]));
            values[k] -= start[k]; /* exact: they are close */
        }
        const golden_digest got = golden_digest_of(item->name.name, values, count);
        const double rounding = (step + 1) * 0x1p-24;
        char what[256];
        snprintf(what, sizeof what, "%s: after step %d, the change of %s", s->stored.name, step + 1, item->name.name);
        golden_tolerance tolerance = s->gradients;
        const double follows = step == 0 ? 1 : 5;
        tolerance.norm *= follows;
        tolerance.projection *= follows;
        tolerance.samples *= follows;
        tolerance.rounding = 3 * rounding * sqrt(squares);
        tolerance.sample_rounding = rounding * largest;
        golden_compare(what, &got, row, tolerance);
        row += GOLDEN_DIGEST;
        free(start);
        free(values);
    }
    free(want);
}

/* Running statistics are as exact as the values they are of. */
static void compare_statistics(const session *s)
{
    const fovea__parameters *parameters = s->model->parameters;
    size_t n_values = 0, row = 0;
    double *want = golden_read(&s->stored, "statistics", 0, &n_values);
    for (size_t i = 0; i < parameters->count; i++) {
        const fovea__parameter *item = &parameters->items[i];
        if (item->name.kind != FOVEA__NAME_MEAN && item->name.kind != FOVEA__NAME_VARIANCE)
            continue;
        const size_t count = fovea__parameter_elements(item);
        float *values = malloc(count * sizeof *values);
        ck_assert_ptr_nonnull(values);
        ck_assert_uint_le((row + 1) * GOLDEN_DIGEST, n_values);
        support_ok(fovea__parameter_read(parameters, item, values));
        const golden_digest got = golden_digest_of(item->name.name, values, count);
        golden_compare(item->name.name, &got, want + GOLDEN_DIGEST * row++, s->gradients);
        free(values);
    }
    ck_assert_uint_eq(row * GOLDEN_DIGEST, n_values);
    free(want);
}

/* What the trainer queues for a step, without its clipping. */
static void sgd_step(session *s)
{
    fovea__parameters *parameters = s->model->parameters;
    const size_t count = parameters->n_trained;
    const fovea_train_options plan = {.learning_rate = s->stored.rate, .momentum = s->stored.momentum,
                                      .weight_decay = s->stored.decay};
    support_ok(fovea__buffer_fit(&s->losses->work, support_device(), fovea__reduce_workspace_bytes(count), "a norm"));
    support_ok(fovea__reduce_squares(support_device(), parameters->gradients, 0, count, s->losses->state, 0,
                                     s->losses->work));
    support_ok(fovea__optimizer_step(s->optimizer, &plan, 0, 0, s->losses->state));
    fovea__parameters_moved(parameters, 0);
}

START_TEST(golden__training_is_that_of_torchvision)
{
    if (support_is_simulator())
        support_skip("a whole network is too slow on a simulator");
    session s = session_open(_i, true);
    const fovea_train_options plan = {.loss = FOVEA_LOSS_FOCAL, .alpha = 0.25, .gamma = 2,
                                      .box_loss = s.stored.v2 ? FOVEA_BOX_LOSS_GIOU : FOVEA_BOX_LOSS_SMOOTH_L1};
    for (int step = 0; step < 2; step++) {
        forward(&s);
        if (step == 0 && !s.stored.v2) /* stored outputs are those of detection, by other statistics */
            compare_outputs(&s);
        support_ok(fovea__losses_run(s.losses, s.network, s.batch, &plan, 0));
        support_ok(fovea__network_backward(s.network));
        if (step == 0) {
            compare_losses(&s);
            compare_gradients(&s);
        }
        sgd_step(&s);
        compare_steps(&s, step);
    }
    if (s.stored.v2)
        compare_statistics(&s);
    session_close(&s);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = golden__detections_are_those_of_torchvision, .rows = COUNT(table), .needs_device = true},
        {.test = golden__outputs_in_detection_are_those_of_torchvision, .rows = COUNT(table), .needs_device = true},
        {.test = golden__training_is_that_of_torchvision, .rows = COUNT(table), .needs_device = true},
    };
    return support_run("golden", cases, COUNT(cases));
}
