/* What the network is shown: boxes lie on their objects whatever was done to the picture, sizes are those asked for, and
 * looking changes nothing. Pictures come back from the device, so this is the whole way that pictures and boxes go. */
#include "drawn.h"
#include "trainer.h"

#include <math.h>
#include <stdlib.h>

static fovea_dataset *drawn(const char *name)
{
    return drawn_dataset(name, &(drawn_options){
        .pictures = 5, .width = 96, .height = 64, .unlike = true, .last_is_empty = true});
}

/* ---- boxes ----------------------------------------------------------------------------------------------------- */

typedef struct tally {
    int pictures, wanted, boxes, cropped, mirrored, edges;
} tally;

/* Objects are black or white, all else lies within 96 to 160 but for JPEG. */
static bool is_object(const fovea_image *image, int label, double x, double y)
{
    const int value = image->pixels[3 * ((size_t)y * (size_t)image->width + (size_t)x) + 1];
    return label ? value > 192 : value < 64;
}

/* Walks from the box's middle to where the object ends, or the picture; that must be the box's edge. The edge of a JPEG
 * is told to about a pixel, and pixels were scaled by `ratio`. */
static int check_edge(const fovea_image *image, const fovea_box *box, int step_x, int step_y, double ratio)
{
    const double middle_x = ((double)box->x0 + (double)box->x1) / 2, middle_y = ((double)box->y0 + (double)box->y1) / 2;
    const double edge = step_x < 0 ? (double)box->x0 : step_x > 0 ? (double)box->x1
                      : step_y < 0 ? (double)box->y0 : (double)box->y1;
    const double from = step_x ? middle_x : middle_y, limit = step_x ? image->width : image->height;
    double reached = 0;
    for (;; reached += 0.25) {
        const double x = middle_x + step_x * reached, y = middle_y + step_y * reached;
        if (x < 0 || y < 0 || x >= image->width || y >= image->height || !is_object(image, box->label, x, y))
            break;
    }
    const double found = fmin(fmax(from + (step_x + step_y) * reached, 0), limit);
    ck_assert_msg(fabs(found - edge) <= 1 + ratio, "the object ends at %g, its box at %g, pixels being scaled by %g",
                  found, edge, ratio);
    return edge > 0 && edge < limit;
}

static bool check_look(void *cookie, const fovea_look *look)
{
    tally *t = cookie;
    const double ratio = fmax((double)look->image.width / look->width, (double)look->image.height / look->height);
    const bool whole = look->width == look->picture.width && look->height == look->picture.height;
    ck_assert(look->n_boxes > 0 || look->picture.n_boxes == 0);
    ck_assert(look->n_boxes == look->picture.n_boxes || (!whole && look->n_boxes < look->picture.n_boxes));
    for (size_t i = 0; i < look->n_boxes; i++) {
        const fovea_box *box = &look->boxes[i];
        ck_assert(box->x0 >= 0 && box->y0 >= 0 && box->x1 <= (float)look->image.width + 1e-3f &&
                  box->y1 <= (float)look->image.height + 1e-3f && box->x0 < box->x1 && box->y0 < box->y1);
        t->edges += check_edge(&look->image, box, -1, 0, ratio) + check_edge(&look->image, box, 1, 0, ratio) +
                    check_edge(&look->image, box, 0, -1, ratio) + check_edge(&look->image, box, 0, 1, ratio);
        t->boxes++;
    }
    t->cropped += !whole;
    t->mirrored += look->mirrored;
    return ++t->pictures < t->wanted;
}

static const struct {
    const char *what;
    fovea_train_options options;
} ways[] = {
    {"as they are", {.flip = -1}},
    {"mirrored", {.flip = 1}},
    {"scaled", {.scale_jitter = {0.5, 2}}},
    {"cropped", {.flip = -1, .crop = 1}},
    {"of many sizes", {.sizes = {40, 64, 96, 150}}},
    {"all of it", {.crop = 0.5, .scale_jitter = {0.75, 1.5}, .sizes = {48, 64, 80}, .brightness = 0.02, .hue = 0.5}},
};

START_TEST(look__boxes_lie_on_their_objects)
{
    const bool small = support_is_simulator();
    fovea_train_options options = ways[_i].options;
    fovea_dataset *dataset = drawn("objects");
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, _i % 2 ? FOVEA_PROFILE_TORCHVISION : FOVEA_PROFILE_PAPER, 1);
    options.batch = 2;
    options.steps = 100;
    fovea_trainer *trainer = drawn_trainer(model, dataset, &options);
    tally t = {.wanted = small ? 4 : 60};
    support_ok(fovea_trainer_look(trainer, check_look, &t));
    ck_assert_int_eq(t.pictures, t.wanted);
    if (!small) {
        ck_assert_msg(t.boxes > 50 && t.edges > 3 * t.boxes / 2, "%s: %d boxes, %d edges in pictures", ways[_i].what,
                      t.boxes, t.edges);
        ck_assert_int_eq(t.cropped > 20, options.crop > 0);
        ck_assert(options.flip > 0 ? t.mirrored == t.pictures : options.flip < 0 ? !t.mirrored : t.mirrored > 15);
    }
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
}
END_TEST

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

typedef struct sides {
    int count;
    int64_t step[64];
    int shorter[64], longer[64];
} sides;

static bool keep_sides(void *cookie, const fovea_look *look)
{
    sides *s = cookie;
    const int width = look->image.width, height = look->image.height;
    s->step[s->count] = look->step;
    s->shorter[s->count] = width < height ? width : height;
    s->longer[s->count] = width < height ? height : width;
    return ++s->count < 60;
}

static sides sides_of(const fovea_train_options *options)
{
    fovea_dataset *dataset = drawn("sides");
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 1);
    fovea_trainer *trainer = drawn_trainer(model, dataset, options);
    sides s = {0};
    support_ok(fovea_trainer_look(trainer, keep_sides, &s));
    ck_assert_int_eq(s.count, 60);
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    fovea_dataset_close(dataset);
    return s;
}

/* Sides are 64 and 96 everywhere, so a shorter side is the size itself, or one less by rounding. */
START_TEST(look__a_step_has_one_of_the_sizes)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    const int sizes[] = {40, 56, 72};
    int times[3] = {0};
    const sides s = sides_of(&(fovea_train_options){.batch = 2, .accumulate = 2, .steps = 100, .sizes = {40, 56, 72},
                                                    .max_size = 90});
    for (int i = 0; i < s.count; i++) {
        const int size = s.longer[i] >= 89 ? 72 : s.shorter[i] >= 55 ? 56 : 40;
        ck_assert_int_le(s.longer[i], 90); /* of size 72 it would be 108 */
        ck_assert(size == 72 ? s.shorter[i] == 60 || s.shorter[i] == 59 : s.shorter[i] == size || s.shorter[i] == size - 1);
        ck_assert_msg(s.step[i] == 1 + i / 4, "picture %d is in step %d", i, (int)s.step[i]);
        ck_assert_int_eq(s.shorter[i], s.shorter[i / 4 * 4]);
        for (int k = 0; k < 3; k++)
            times[k] += size == sizes[k];
    }
    ck_assert_msg(times[0] >= 4 && times[1] >= 4 && times[2] >= 4, "%d, %d and %d times", times[0], times[1], times[2]);
}
END_TEST

START_TEST(look__scale_jitter_is_each_pictures_own)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    int unlike = 0;
    double sum = 0;
    const sides s = sides_of(&(fovea_train_options){.batch = 2, .steps = 100, .size = 100, .max_size = 300,
                                                    .scale_jitter = {0.5, 1.5}});
    for (int i = 0; i < s.count; i++) {
        ck_assert_msg(s.shorter[i] >= 49 && s.shorter[i] <= 150, "shorter side %d", s.shorter[i]);
        ck_assert_int_le(abs(2 * s.longer[i] - 3 * s.shorter[i]), 4);
        unlike += i % 2 == 1 && s.shorter[i] != s.shorter[i - 1];
        sum += s.shorter[i];
    }
    ck_assert_int_gt(unlike, 25);
    ck_assert_double_eq_tol(sum / s.count, 100, 12); /* the mean's deviation is 3.7 */
}
END_TEST

/* ---- what it leaves alone --------------------------------------------------------------------------------------- */

static const fovea_train_options many_sizes = {.batch = 2, .steps = 6, .learning_rate = 0.005, .crop = 0.5, .contrast = 0.3,
                                               .sizes = {32, 64, 96}, .seed = 4};

static void run(fovea_trainer *trainer, int64_t until)
{
    fovea_progress now;
    while (fovea_trainer_steps_done(trainer) < until)
        support_ok(fovea_trainer_step(trainer, &now));
}

START_TEST(look__changes_no_bit_of_a_run)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    static const char *const files[] = {"unseen.safetensors", "seen.safetensors"};
    fovea_dataset *dataset = drawn("unchanged");
    for (int seen = 0; seen < 2; seen++) {
        fovea_model *model = drawn_model(FOVEA_NORM_TRAINING, FOVEA_PROFILE_PAPER, 2);
        fovea_trainer *trainer = drawn_trainer(model, dataset, &many_sizes);
        run(trainer, 2);
        tally t = {.wanted = 5};
        if (seen)
            support_ok(fovea_trainer_look(trainer, check_look, &t));
        run(trainer, 6);
        ck_assert(fovea_trainer_done(trainer));
        support_ok(fovea_trainer_look(trainer, check_look, &t)); /* nothing is left to see */
        ck_assert_int_eq(t.pictures, seen ? 5 : 0);
        support_ok(fovea_trainer_save(trainer, support_scratch_file(files[seen])));
        fovea_trainer_free(trainer);
        fovea_model_free(model);
    }
    ck_assert(drawn_same_files(support_scratch_file(files[0]), support_scratch_file(files[1])));
    fovea_dataset_close(dataset);
}
END_TEST

/* The most memory that a run of `steps` steps held on the device, and after how many it held it. */
static uint64_t peak_of(fovea_dataset *dataset, const fovea_train_options *options, int64_t *reached_at)
{
    fovea_model *model = drawn_model(FOVEA_NORM_FROZEN, FOVEA_PROFILE_PAPER, 2);
    fovea_trainer *trainer = drawn_trainer(model, dataset, options);
    fovea_progress now = {0};
    uint64_t most = 0, held = 0;
    support_ok(fovea__buffer_pool_empty(support_device())); /* of what other tests left there */
    while (!fovea_trainer_done(trainer)) {
        support_ok(fovea_trainer_step(trainer, &now));
        fovea_device_memory(support_device(), &held, NULL);
        if (held > most)
            *reached_at = now.step;
        most = held > most ? held : most;
    }
    fovea_trainer_free(trainer);
    fovea_model_free(model);
    return most;
}

/* Plans of all sizes lie in the same slabs: once each size was there, nothing grows, and the largest alone decides, but for
 * weights, which are packed once for each algorithm that a size chooses. */
START_TEST(train__memory_is_flat_over_many_sizes)
{
    if (support_is_simulator())
        support_skip("too long for a simulator");
    fovea_dataset *dataset = drawn_dataset("flat", &(drawn_options){.pictures = 4, .width = 96, .height = 64});
    const fovea_train_options largest = {.batch = 2, .steps = 4, .sizes = {256}};
    const fovea_train_options list = {.batch = 2, .steps = 60, .sizes = {32, 96, 160, 224, 256}};
    int64_t reached_at = 0, ignored = 0;
    const double alone = (double)peak_of(dataset, &largest, &ignored);
    const double many = (double)peak_of(dataset, &list, &reached_at);
    ck_assert_msg(many <= 1.1 * alone, "%g bytes, with one size %g", many, alone);
    ck_assert_msg(reached_at <= 30, "still grew at step %d", (int)reached_at);
    fovea_dataset_close(dataset);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = look__boxes_lie_on_their_objects, .rows = COUNT(ways), .needs_device = true},
        {.test = look__a_step_has_one_of_the_sizes, .needs_device = true},
        {.test = look__scale_jitter_is_each_pictures_own, .needs_device = true},
        {.test = look__changes_no_bit_of_a_run, .needs_device = true},
        {.test = train__memory_is_flat_over_many_sizes, .needs_device = true},
    };
    return support_run("look", cases, COUNT(cases));
}
