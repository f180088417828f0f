#include "small.h"

#include "dataset.h"
#include "expected.h"
#include "hash.h"
#include "random.h"
#include "trainer.h"
#include "workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED_WEIGHTS = 1, SEED_PICTURES = 2, MOST_DETECTIONS = 300 };

static fovea__random stream(uint64_t seed, const char *name)
{
    return fovea__random_stream(seed, fovea__hash(FOVEA__HASH_EMPTY, name, strlen(name)), 0);
}

static bool ends(const char *text, const char *with)
{
    const size_t length = strlen(text), tail = strlen(with);
    return length >= tail && !strcmp(text + length - tail, with);
}

/* Weights are uniform within +-sqrt(gain / inputs of an output). */
static double weight_bound(const fovea__name *name)
{
    double gain = 6; /* He's: a ReLU follows */
    if (strstr(name->name, "fpn"))
        gain = strstr(name->name, "extra") ? 3.0 : 0.5;
    else if (strstr(name->name, "cls_logits"))
        gain = 4;
    else if (strstr(name->name, "bbox_reg"))
        gain = 0.4;
    return sqrt(gain / (double)(name->dims[1] * name->dims[2] * name->dims[3]));
}

void fovea__small_parameter(const fovea__name *name, int depth, float *out)
{
    const size_t count = (size_t)(name->dims[0] * name->dims[1] * name->dims[2] * name->dims[3]);
    /* The last norm of a block adds to the shortcut: kept small. */
    const bool last = name->kind == FOVEA__NAME_GAMMA && ends(name->name, depth >= 50 ? "bn3.weight" : "bn2.weight");
    const double bound = name->kind == FOVEA__NAME_CONV ? weight_bound(name) : 0;
    const double prior = -log(0.99 / 0.01);
    fovea__random random = stream(SEED_WEIGHTS, name->name);
    for (size_t i = 0; i < count; i++) {
        const double u = fovea__random_uniform(&random), sign = 2.0 * u - 1.0;
        double value = 0.1 * sign;
        if (name->kind == FOVEA__NAME_CONV)
            value = sign * bound;
        else if (name->kind == FOVEA__NAME_VARIANCE)
            value = 0.5 + u;
        else if (name->kind == FOVEA__NAME_GAMMA)
            value = last ? 0.1 + 0.2 * u : 0.5 + u;
        else if (strstr(name->name, "cls_logits"))
            value = prior + 0.5 * sign;
        out[i] = (float)value;
    }
}

void fovea__small_picture(const char *name, uint8_t *pixels, int height, int width)
{
    fovea__random random = stream(SEED_PICTURES, name);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                const double wave = ((x * (3 + c) + y * (5 - c)) % 64) / 64.0;
                *pixels++ = (uint8_t)floor(255.999 * (0.5 * fovea__random_uniform(&random) + 0.5 * wave));
            }
}

/* ---- a problem's parts ------------------------------------------------------------------------------------------ */

typedef struct problem {
    const expected_case *expected;
    fovea_device *device;
    fovea_image images[EXPECTED_PICTURES];
    fovea_dataset *dataset;
    fovea_model *model;
    fovea_trainer *trainer;
} problem;

static fovea_status make_data(problem *p)
{
    FOVEA_TRY(fovea__dataset_create(&p->dataset, EXPECTED_PICTURES, EXPECTED_LABELS));
    FOVEA_TRY(fovea__workload_name_labels(p->dataset));
    for (int i = 0; i < EXPECTED_PICTURES; i++) {
        const int height = expected_shapes[i][0], width = expected_shapes[i][1];
        char name[64];
        snprintf(name, sizeof name, "%s.%d", p->expected->name, i);
        FOVEA_TRY(fovea_image_create(&p->images[i], width, height));
        fovea__small_picture(name, p->images[i].pixels, height, width);
        FOVEA_TRY(fovea__dataset_name_picture(p->dataset, (size_t)i, "", name));
        p->dataset->pictures[i].height = height;
        p->dataset->pictures[i].width = width;
    }
    for (int i = 0; i < EXPECTED_BOXES; i++) {
        const double *box = p->expected->boxes[i];
        fovea__box_fate fate;
        FOVEA_TRY(fovea__dataset_add_box(p->dataset, (size_t)box[0], (int)box[5], box + 1, &fate));
    }
    p->dataset->images = p->images;
    return fovea__dataset_finish(p->dataset, p->expected->name);
}

static void fill(const fovea__name *name, const void *depth, float *values, size_t count)
{
    (void)count;
    fovea__small_parameter(name, *(const int *)depth, values);
}

static fovea_status make_model(problem *p)
{
    const fovea_model_options options = {.depth = p->expected->depth, .profile = FOVEA_PROFILE_TORCHVISION,
                                         .norm = FOVEA_NORM_TRAINING, .size = EXPECTED_SIZE,
                                         .max_size = EXPECTED_MAX_SIZE};
    const char *const *names = (const char *const *)p->dataset->names;
    FOVEA_TRY(fovea_model_create(&p->model, p->device, EXPECTED_LABELS, names, &options));
    return fovea__parameters_fill(p->model->parameters, fill, &p->expected->depth);
}

/* ---- what is held to what --------------------------------------------------------------------------------------- */

/* Sums of up to 4,608 products round by a few 1e-6 through 50 layers; float32 torch stays within 2e-7 in scores and
 * 3e-5 pixels in boxes. */
static bool same_detection(const fovea_detection *got, const double *want)
{
    const double pixels = 0.01, score = 2e-5;
    return got->label == (int)want[5] && fabs((double)got->score - want[4]) <= score &&
           fabs((double)got->x0 - want[0]) <= pixels && fabs((double)got->y0 - want[1]) <= pixels &&
           fabs((double)got->x1 - want[2]) <= pixels && fabs((double)got->y1 - want[3]) <= pixels;
}

/* Above the floor nothing may be missing or too much. Detect's own least score is no such floor: some scores are so
 * near it that rounding moves them past it. */
static size_t count_above(const fovea_detection *found, size_t count, double floor)
{
    size_t above = 0;
    for (size_t i = 0; i < count; i++)
        above += (double)found[i].score > floor;
    return above;
}

/* Each of the strongest must be there; scores closer than rounding may stand in either order. */
static fovea_status check_detections(problem *p)
{
    const expected_case *expected = p->expected;
    fovea_detection found[MOST_DETECTIONS];
    size_t count = 0;
    FOVEA_TRY(fovea_detect(p->model, &p->images[0], NULL, found, MOST_DETECTIONS, &count));
    const size_t above = count_above(found, count, expected->floor);
    if (above != (size_t)expected->n_found)
        FOVEA_FAIL(FOVEA_ERROR_NUMERIC, "%s: detects wrongly: %zu boxes of scores above %.6f, expected %d",
                   fovea_device_name(p->device), above, expected->floor, expected->n_found);
    for (int i = 0; i < EXPECTED_FOUND; i++) {
        const double *want = expected->found[i];
        size_t at = 0;
        while (at < count && !same_detection(&found[at], want))
            at++;
        if (at == count)
            FOVEA_FAIL(FOVEA_ERROR_NUMERIC,
                       "%s: detects wrongly: box %d is class %d, %.6f, %.3f %.3f %.3f %.3f; expected class %d, %.6f, "
                       "%.3f %.3f %.3f %.3f", fovea_device_name(p->device), i + 1, found[i].label,
                       (double)found[i].score, (double)found[i].x0, (double)found[i].y0, (double)found[i].x1,
                       (double)found[i].y1, (int)want[5], want[4], want[0], want[1], want[2], want[3]);
    }
    return FOVEA_OK;
}

static fovea_status check_number(const problem *p, int step, const char *what, double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fabs(want)))
        FOVEA_FAIL(FOVEA_ERROR_NUMERIC, "%s: trains wrongly: %s of step %d is %.9g, expected %.9g",
                   fovea_device_name(p->device), what, step + 1, got, want);
    return FOVEA_OK;
}

/* Losses of the first step come from forward alone, as exact as scores. A gradient's norm also feels the ReLUs that
 * rounding turns, about one in a hundred thousand, and so does what follows from the gradients: the second step. */
static fovea_status check_steps(problem *p)
{
    const fovea_train_options plan = {.batch = EXPECTED_PICTURES, .steps = 1 << 20, .learning_rate = expected_rate,
                                      .warmup = -1, .decay_at = {-1, -1}, .clip = -1, .flip = -1,
                                      .loader_threads = 1};
    FOVEA_TRY(fovea_trainer_create(&p->trainer, p->model, p->dataset, &plan));
    for (int step = 0; step < EXPECTED_STEPS; step++) {
        const double *want = p->expected->steps[step], loss = step == 0 ? 2e-5 : 2e-4;
        fovea_progress now;
        FOVEA_TRY(fovea_trainer_step(p->trainer, &now));
        FOVEA_TRY(check_number(p, step, "the class loss", now.class_loss, want[0], loss));
        FOVEA_TRY(check_number(p, step, "the box loss", now.box_loss, want[1], loss));
        FOVEA_TRY(check_number(p, step, "the gradient's norm", now.gradient_norm, want[2], 1e-3));
    }
    return FOVEA_OK;
}

fovea_status fovea__small_check(fovea_device *device, int depth)
{
    problem p = {.expected = &expected_cases[depth < 50 ? 0 : 1], .device = device};
    fovea_status status = make_data(&p);
    if (!status)
        status = make_model(&p);
    if (!status)
        status = check_detections(&p);
    if (!status)
        status = check_steps(&p);
    fovea_trainer_free(p.trainer);
    fovea_model_free(p.model);
    fovea_dataset_close(p.dataset);
    for (int i = 0; i < EXPECTED_PICTURES; i++)
        fovea_image_clear(&p.images[i]);
    return status;
}
