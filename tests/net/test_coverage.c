/* Anchor coverage: held to the assign room on a device, to its float64 reference, and to counts by hand. */
#include "drawn.h"

#include "assign.h"
#include "dataset.h"
#include "memory.h"
#include "model.h"
#include "ref_anchors.h"
#include "ref_assign.h"
#include "resize_normalize.h"

#include <math.h>
#include <stdlib.h>

/* One picture of n boxes; the test ends with fovea_dataset_close(). */
static fovea_dataset *dataset_of(int width, int height, const fovea_box *boxes, size_t n)
{
    fovea_dataset *set;
    support_ok(fovea__dataset_create(&set, 1, 1));
    set->pictures[0].width = width;
    set->pictures[0].height = height;
    for (size_t i = 0; i < n; i++) {
        const double corners[4] = {boxes[i].x0, boxes[i].y0, boxes[i].x1, boxes[i].y1};
        fovea__box_fate fate;
        support_ok(fovea__dataset_add_box(set, 0, 0, corners, &fate));
        ck_assert_int_le(fate, FOVEA__BOX_CLIPPED);
    }
    support_ok(fovea__dataset_finish(set, "a test"));
    return set;
}

/* Boxes of all sizes: sides from `least` on to what the picture holds, evenly in octaves. */
static void draw_boxes(fovea_box *out, size_t n, int width, int height, double least, uint64_t seed)
{
    float at[4];
    for (size_t i = 0; i < n; i++) {
        support_random_uniform(at, 4, seed * 1000 + i, 0.0f, 1.0f);
        const double w = fmin(least, width) * pow(width / fmin(least, width), at[0]);
        const double h = fmin(least, height) * pow(height / fmin(least, height), at[1]);
        out[i] = (fovea_box){.x0 = (float)((width - w) * at[2]), .y0 = (float)((height - h) * at[3])};
        out[i].x1 = out[i].x0 + (float)w;
        out[i].y1 = out[i].y0 + (float)h;
    }
}

/* What the anchors of the whole pyramid are assigned to, and the boxes as the network sees them. */
typedef struct assigned {
    fovea__anchors anchors;
    size_t n_anchors, n_boxes;
    float *boxes;
    int *matches;
} assigned;

static void assigned_begin(assigned *a, const fovea_dataset *set, const fovea_coverage_options *o)
{
    fovea_picture picture;
    int height, width;
    support_ok(fovea_dataset_picture(set, 0, &picture));
    fovea__resize_normalize_size(picture.height, picture.width, o->size, o->max_size, &height, &width);
    *a = (assigned){.n_boxes = picture.n_boxes, .anchors = {.profile = o->profile, .scales = o->anchor_scales,
                                                            .ratios = o->anchor_ratios}};
    fovea__anchors_fit(&a->anchors, (height + 31) / 32 * 32, (width + 31) / 32 * 32);
    a->n_anchors = fovea__anchors_count(&a->anchors);
    a->boxes = calloc(4 * a->n_boxes, sizeof *a->boxes);
    a->matches = calloc(a->n_anchors, sizeof *a->matches);
    ck_assert(a->boxes && a->matches);
    const float x_ratio = (float)width / (float)picture.width, y_ratio = (float)height / (float)picture.height;
    for (size_t i = 0; i < a->n_boxes; i++) {
        a->boxes[4 * i] = picture.boxes[i].x0 * x_ratio;
        a->boxes[4 * i + 1] = picture.boxes[i].y0 * y_ratio;
        a->boxes[4 * i + 2] = picture.boxes[i].x1 * x_ratio;
        a->boxes[4 * i + 3] = picture.boxes[i].y1 * y_ratio;
    }
}

static void assigned_end(assigned *a)
{
    free(a->boxes);
    free(a->matches);
}

/* The anchors as ref_anchors.c has them, rounded to float. */
static float *reference_anchors(const assigned *a)
{
    double *exact = calloc(4 * a->n_anchors, sizeof *exact);
    float *rounded = calloc(4 * a->n_anchors, sizeof *rounded);
    ck_assert(exact && rounded);
    ck_assert_uint_eq(ref_anchors_write(&a->anchors, exact), a->n_anchors);
    for (size_t i = 0; i < 4 * a->n_anchors; i++)
        rounded[i] = (float)exact[i];
    free(exact);
    return rounded;
}

/* Matches by the assign room; the anchors that the device wrote are the caller's. */
static float *assign_on_device(assigned *a)
{
    fovea_device *device = support_device();
    fovea__buffer *anchors, *boxes, *offsets, *matches, *n_objects, *workspace;
    const int32_t ends[2] = {0, (int32_t)a->n_boxes};
    float *written = calloc(4 * a->n_anchors, sizeof *written);
    ck_assert_ptr_nonnull(written);
    support_ok(fovea__buffer_create(&anchors, device, 16 * a->n_anchors, "anchors"));
    support_ok(fovea__buffer_create(&boxes, device, 16 * a->n_boxes, "boxes"));
    support_ok(fovea__buffer_create(&offsets, device, sizeof ends, "offsets"));
    support_ok(fovea__buffer_create(&matches, device, 4 * a->n_anchors, "matches"));
    support_ok(fovea__buffer_create(&n_objects, device, 4, "objects"));
    support_ok(fovea__buffer_create(&workspace, device, fovea__assign_workspace_bytes(a->n_anchors, a->n_boxes), "work"));
    support_ok(fovea__buffer_write(boxes, 0, a->boxes, 16 * a->n_boxes));
    support_ok(fovea__buffer_write(offsets, 0, ends, sizeof ends));
    support_ok(fovea__anchors_write(device, &a->anchors, anchors));
    support_ok(fovea__assign(device, anchors, a->n_anchors, boxes, a->n_boxes, offsets, 1, matches, n_objects, workspace));
    support_ok(fovea__buffer_read(matches, 0, a->matches, 4 * a->n_anchors));
    support_ok(fovea__buffer_read(anchors, 0, written, 16 * a->n_anchors));
    fovea__buffer *const all[] = {anchors, boxes, offsets, matches, n_objects, workspace};
    for (size_t i = 0; i < COUNT(all); i++)
        fovea__buffer_free(all[i]);
    return written;
}

/* How many boxes have another number of anchors, weak ones included, than the matches say. Overlaps of float32 are off
 * by a few units of 2^-24; those so near to .5 count for either side. */
static size_t count_differing(const assigned *a, const float *anchors, const fovea_cover *covers)
{
    static const double near = 8.0 / (1 << 24);
    size_t differing = 0;
    for (size_t b = 0; b < a->n_boxes; b++) {
        double best = 0;
        int learn = 0, weak = 0, undecided = 0;
        for (size_t i = 0; i < a->n_anchors; i++) {
            const double overlap = ref_assign_iou(anchors + 4 * i, a->boxes + 4 * b);
            best = fmax(best, overlap);
            if (a->matches[i] != (int)b)
                continue;
            learn++;
            weak += overlap < 0.5 - near;
            undecided += fabs(overlap - 0.5) <= near;
        }
        const fovea_cover *c = &covers[b];
        const bool same = c->anchors == learn && c->weak >= weak && c->weak <= weak + undecided;
        ck_assert_msg(fabs((double)c->overlap - best) <= near * fmax(best, 1e-3), "box %zu of %.9g x %.9g: overlap %.9g, "
                      "the reference says %.9g", b, (double)c->width, (double)c->height, (double)c->overlap, best);
        ck_assert_uint_eq(c->box, b);
        differing += !same;
    }
    return differing;
}

static const struct {
    int width, height;
    size_t boxes;
    double least; /* side of a box */
    fovea_coverage_options options;
} rows[] = {
    {640, 480, 40, 3, {320, 533, FOVEA_PROFILE_PAPER, 3, 3, 0}},
    {640, 480, 40, 3, {320, 533, FOVEA_PROFILE_TORCHVISION, 3, 3, 0}},
    {333, 517, 60, 8, {600, 1000, FOVEA_PROFILE_PAPER, 3, 3, 0}},
    {333, 517, 60, 8, {601, 1003, FOVEA_PROFILE_TORCHVISION, 2, 1, 0}},
    {97, 61, 9, 1, {61, 97, FOVEA_PROFILE_PAPER, 4, 3, 0}},
    {97, 61, 9, 1, {61, 97, FOVEA_PROFILE_TORCHVISION, 1, 3, 0}},
    {1, 1, 1, 1, {600, 1000, FOVEA_PROFILE_PAPER, 1, 1, 0}},
    {1, 1, 1, 1, {1, 1, FOVEA_PROFILE_TORCHVISION, 3, 3, 0}},
    {31, 2000, 30, 2, {64, 640, FOVEA_PROFILE_PAPER, 3, 3, 0}},
    {2000, 31, 30, .25, {640, 1066, FOVEA_PROFILE_TORCHVISION, 4, 1, 0}},
    {1600, 1600, 50, 200, {1600, 1600, FOVEA_PROFILE_PAPER, 1, 3, 0}},
    {50, 50, 200, 10, {200, 333, FOVEA_PROFILE_PAPER, 3, 3, 0}},
};

/* CPUs divide exactly as C does. OpenCL lets others be off by 2.5 units in the last place, where a few anchors that tie
 * for a box, or lie at .5, fall otherwise. */
START_TEST(coverage__equals_what_training_assigns)
{
    if (support_is_simulator() && rows[_i].width * rows[_i].height > 10000)
        support_skip("%d x %d pixels take a simulator too long", rows[_i].width, rows[_i].height);
    const bool exact = fovea_device_describe(support_device())->type == FOVEA_DEVICE_CPU;
    const size_t n = rows[_i].boxes;
    fovea_box *boxes = calloc(n, sizeof *boxes);
    fovea_cover *covers;
    size_t count;
    assigned a;
    ck_assert_ptr_nonnull(boxes);
    draw_boxes(boxes, n, rows[_i].width, rows[_i].height, rows[_i].least, (uint64_t)_i + 1);
    fovea_dataset *set = dataset_of(rows[_i].width, rows[_i].height, boxes, n);
    support_ok(fovea_coverage_measure(&covers, &count, set, &rows[_i].options));
    ck_assert_uint_eq(count, n);
    assigned_begin(&a, set, &rows[_i].options);
    float *anchors = assign_on_device(&a);
    const size_t differing = count_differing(&a, anchors, covers);
    ck_assert_msg(differing <= (exact ? 0 : n / 10), "%zu of %zu boxes have other anchors than on the device", differing, n);
    free(anchors);
    assigned_end(&a);
    fovea_coverage_free(covers);
    fovea_dataset_close(set);
    free(boxes);
}
END_TEST

/* Where no two overlaps that decide something are nearer than float32's error. Anchors are written to 2^-16 at 500
 * pixels, of which two edges on 22 pixels make 2e-6, and the overlap's own operations less. */
START_TEST(coverage__equals_the_float64_reference)
{
    const fovea_coverage_options options = {200, 333, _i ? FOVEA_PROFILE_TORCHVISION : FOVEA_PROFILE_PAPER, 3, 3, 0};
    int compared = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        fovea_box boxes[8];
        fovea_cover *covers;
        size_t count;
        assigned a;
        draw_boxes(boxes, COUNT(boxes), 300, 200, 46, seed); /* none lies within an anchor, where overlaps are equal */
        fovea_dataset *set = dataset_of(300, 200, boxes, COUNT(boxes));
        support_ok(fovea_coverage_measure(&covers, &count, set, &options));
        assigned_begin(&a, set, &options);
        float *anchors = reference_anchors(&a);
        ref_assign_match(anchors, a.n_anchors, a.boxes, a.n_boxes, a.matches);
        if (ref_assign_gap(anchors, a.n_anchors, a.boxes, a.n_boxes, a.matches) > 1e-5) {
            compared++;
            ck_assert_uint_eq(count_differing(&a, anchors, covers), 0);
        }
        free(anchors);
        assigned_end(&a);
        fovea_coverage_free(covers);
        fovea_dataset_close(set);
    }
    ck_assert_int_ge(compared, 6);
}
END_TEST

/* The largest picture there is, where float32 tells places apart by 2^-8 pixels only: of its boxes, all over it, those
 * that are large enough find anchors. */
START_TEST(coverage__reaches_the_far_end_of_long_pictures)
{
    const fovea_coverage_options options = {64, 65500, FOVEA_PROFILE_PAPER, 3, 3, 0};
    const int width = _i ? 64 : 65500, height = _i ? 65500 : 64;
    fovea_box boxes[64];
    fovea_cover *covers;
    size_t count;
    assigned a;
    for (int i = 0; i < 64; i++) {
        const float along = 1000.3f * (float)i + 7.7f, length = 30 + (float)i;
        boxes[i] = _i ? (fovea_box){.x0 = 5.1f, .y0 = along, .x1 = 45.2f, .y1 = along + length}
                      : (fovea_box){.x0 = along, .y0 = 5.1f, .x1 = along + length, .y1 = 45.2f};
    }
    fovea_dataset *set = dataset_of(width, height, boxes, COUNT(boxes));
    support_ok(fovea_coverage_measure(&covers, &count, set, &options));
    assigned_begin(&a, set, &options);
    float *anchors = reference_anchors(&a);
    for (size_t b = 0; b < count; b++) {
        double best = 0;
        int strong = 0, undecided = 0;
        for (size_t i = 0; i < a.n_anchors; i++) {
            const double overlap = ref_assign_iou(anchors + 4 * i, a.boxes + 4 * b);
            best = fmax(best, overlap);
            strong += overlap > 0.5 + 1e-4;
            undecided += fabs(overlap - 0.5) <= 1e-4;
        }
        ck_assert_msg(fabs((double)covers[b].overlap - best) <= 1e-4 && best > 0.5, "box %zu: overlap %g, expected %g", b,
                      (double)covers[b].overlap, best);
        ck_assert_int_ge(covers[b].anchors, strong);
        ck_assert_int_le(covers[b].anchors, strong + undecided);
        ck_assert_int_eq(covers[b].weak, 0);
    }
    free(anchors);
    assigned_end(&a);
    fovea_coverage_free(covers);
    fovea_dataset_close(set);
}
END_TEST

START_TEST(coverage__knows_the_levels_of_the_network)
{
    static const int sides[][2] = {{32, 32}, {64, 96}, {608, 1024}, {640, 32}, {352, 480}, {1344, 800}};
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 1);
    fovea__network *network;
    support_ok(fovea__model_network(model, &network));
    for (size_t i = 0; i < COUNT(sides); i++) {
        fovea__anchors got = {0}, want;
        support_ok(fovea__network_set_shapes(network, 1, sides[i][0], sides[i][1]));
        fovea__network_anchors(network, &want);
        fovea__anchors_fit(&got, sides[i][0], sides[i][1]);
        for (int level = 0; level < FOVEA__LEVELS; level++) {
            ck_assert_int_eq(got.height[level], want.height[level]);
            ck_assert_int_eq(got.width[level], want.width[level]);
        }
    }
    fovea_model_free(model);
}
END_TEST

/* The defaults are those of a new model: 600 and 1000 pixels, 3 x 3 anchors, so that a box of 16 pixels in a picture of
 * 600 is smaller than the smallest anchor, 32 x 32, by more than half, and one of 32 on a centre is it exactly. */
START_TEST(coverage__tells_small_boxes_from_covered_ones)
{
    const fovea_box boxes[] = {{208, 208, 224, 224, 0}, {384, 384, 416, 416, 0}, {100, 10, 110, 560, 0}};
    fovea_dataset *set = dataset_of(600, 600, boxes, COUNT(boxes));
    fovea_cover *covers;
    size_t count;
    support_ok(fovea_coverage_measure(&covers, &count, set, NULL));
    ck_assert_uint_eq(count, 3);
    ck_assert(fabsf(covers[0].overlap - 0.25f) < 1e-6f && fabsf(covers[0].width - 16) < 1e-4f);
    ck_assert(covers[0].anchors > 0 && covers[0].weak == covers[0].anchors);
    ck_assert(covers[1].overlap >= 1 && covers[1].anchors > 1 && covers[1].weak == 0);
    ck_assert(covers[2].overlap < 0.5f && covers[2].anchors > 0 && covers[2].weak == covers[2].anchors);
    fovea_coverage_free(covers);
    support_ok(fovea_coverage_measure(&covers, &count, set, &(fovea_coverage_options){.size = 1200}));
    ck_assert(covers[0].overlap >= 1 && covers[0].weak == 0);
    fovea_coverage_free(covers);
    fovea_dataset_close(set);
}
END_TEST

/* Two boxes that one anchor overlaps equally: the first learns it, the other has none. */
START_TEST(coverage__gives_an_anchor_to_one_box)
{
    const fovea_box boxes[] = {{390, 390, 394, 394, 0}, {400, 400, 404, 404, 0}, {390, 390, 394, 394, 0}};
    fovea_dataset *set = dataset_of(600, 600, boxes, COUNT(boxes));
    fovea_cover *covers;
    size_t count;
    support_ok(fovea_coverage_measure(&covers, &count, set, NULL));
    ck_assert(covers[0].anchors > 0 && covers[0].weak == covers[0].anchors);
    ck_assert(covers[2].anchors == 0 && covers[2].overlap > 0 && covers[2].overlap < 0.5f);
    fovea_coverage_free(covers);
    fovea_dataset_close(set);
}
END_TEST

START_TEST(coverage__looks_at_every_nth_picture)
{
    const double corners[4] = {10, 10, 60, 60};
    fovea_dataset *set;
    fovea_cover *covers;
    size_t count;
    support_ok(fovea__dataset_create(&set, 90, 1));
    for (size_t i = 0; i < 90; i++) {
        fovea__box_fate fate;
        set->pictures[i].width = set->pictures[i].height = i == 30 ? 0 : 100; /* not known */
        support_ok(fovea__dataset_add_box(set, i, 0, corners, &fate));
    }
    support_ok(fovea__dataset_finish(set, "a test"));
    support_ok(fovea_coverage_measure(&covers, &count, set, NULL));
    ck_assert_uint_eq(count, 89);
    ck_assert_uint_eq(covers[30].picture, 31);
    fovea_coverage_free(covers);
    support_ok(fovea_coverage_measure(&covers, &count, set, &(fovea_coverage_options){.most_boxes = 30}));
    ck_assert_uint_eq(count, 29);
    ck_assert_uint_eq(covers[1].picture, 3);
    fovea_coverage_free(covers);
    fovea_dataset_close(set);
}
END_TEST

START_TEST(coverage__refuses_what_no_model_has)
{
    const fovea_box box = {1, 1, 20, 20, 0};
    fovea_dataset *set = dataset_of(65500, 65500, &box, 1);
    fovea_cover *covers;
    size_t count;
    static const struct {
        fovea_coverage_options options;
        const char *says;
    } refused[] = {
        {{.size = -1}, "size is -1"},
        {{.max_size = 65501}, "max_size 65501"},
        {{.anchor_scales = 5}, "anchor_scales is 5"},
        {{.anchor_ratios = 2}, "anchor_ratios is 2"},
        {{.profile = (fovea_profile)3}, "profile is 3"},
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        support_fails(fovea_coverage_measure(&covers, &count, set, &refused[i].options), FOVEA_ERROR_ARGUMENT,
                      refused[i].says);
        ck_assert(!covers && count == 0);
    }
    support_fails(fovea_coverage_measure(&covers, &count, set, &(fovea_coverage_options){.size = 65500}),
                  FOVEA_ERROR_UNSUPPORTED, "anchors");
    support_fails(fovea_coverage_measure(&covers, &count, NULL, NULL), FOVEA_ERROR_ARGUMENT, "dataset is NULL");
    support_fails(fovea_coverage_measure(NULL, &count, set, NULL), FOVEA_ERROR_ARGUMENT, "out or count");
    fovea_coverage_free(NULL);
    fovea_dataset_close(set);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {coverage__equals_what_training_assigns, .rows = COUNT(rows), .needs_device = true},
        {.test = coverage__knows_the_levels_of_the_network, .needs_device = true},
        {coverage__equals_the_float64_reference, .rows = 2},
        {coverage__reaches_the_far_end_of_long_pictures, .rows = 2},
        {.test = coverage__tells_small_boxes_from_covered_ones},
        {.test = coverage__gives_an_anchor_to_one_box},
        {.test = coverage__looks_at_every_nth_picture},
        {.test = coverage__refuses_what_no_model_has},
    };
    return support_run("coverage", cases, COUNT(cases));
}
