/* Running, checking and timing the algorithms of one direction of one shape. */
#include "conv2d_measure.h"

#include "clock.h"
#include "device.h"
#include "memory.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_SAMPLES = 128, LEAST_SAMPLES = 32, LEAST_ROUNDS = 3, MOST_ROUNDS = 9, MOST_REPEATS = 16 };

static const double most_terms = 2e6;    /* of all float64 sums together, about */
static const double margin = 0.05;       /* by how much another algorithm must be faster than the rule's */
static const double long_enough = 2e-3;  /* seconds of a timing: shorter runs are repeated */
static const double too_slow = 1.5;      /* times the fastest first run: not timed further */
static const double hopeless = 3.0;      /* times the rule's, on a part of the work: not run in full */
static const double part = 1e8;          /* operations of that part */

/* Of the largest sum. Rounding in float32 stays a decimal below this in any order of summing (Winograd's too, whose
 * transforms cost a decimal), and a term that is lost from a sum of n stands above it, at about 1 / sqrt(n). */
static const double tolerance = 1e-4;

typedef struct candidate {
    fovea__conv2d_trial trial;
    bool right;         /* its result was found good, and it has not failed since */
    double first;       /* seconds of a run after the one that compiled it */
    double times[MOST_ROUNDS];
    int n_times;
} candidate;

typedef struct measuring {
    fovea_device *device;
    fovea__conv2d_runner runner;
    fovea__conv2d_trial base; /* direction, shape and tensors of every trial */
    float *x, *weights, *y;   /* on the host; the output's is where results are read to */
    int samples;
    size_t places[MOST_SAMPLES];
    double sums[MOST_SAMPLES], largest;
    double fastest;   /* of the first runs; 0: none yet */
    double rule_part; /* seconds that the rule's algorithm takes for the part; 0: there is none, the whole is small */
} measuring;

fovea_status fovea__conv2d_run_trial(fovea_device *device, fovea__conv2d_trial *t)
{
    switch (t->direction) {
    case FOVEA__CONV2D_FORWARD:
        return fovea__conv2d_forward(device, t->algorithm, &t->shape, &t->x, &t->weights, t->packed, NULL, &t->y,
                                     t->workspace);
    case FOVEA__CONV2D_BACKWARD_DATA:
        return fovea__conv2d_backward_data(device, t->algorithm, &t->shape, &t->y, &t->weights, t->packed, false,
                                           &t->x, t->workspace);
    case FOVEA__CONV2D_BACKWARD_WEIGHTS: break;
    }
    return fovea__conv2d_backward_weights(device, t->algorithm, &t->shape, &t->x, &t->y, false, &t->weights,
                                          t->workspace);
}

/* ---- what is right --------------------------------------------------------------------------------------------- */

static double x_at(const measuring *m, int n, int y, int x, int i)
{
    const fovea__shape s = m->base.x.shape;
    if (y < 0 || y >= s.h || x < 0 || x >= s.w)
        return 0.0;
    return (double)m->x[(((size_t)n * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x) * (size_t)s.c + (size_t)i];
}

static double y_at(const measuring *m, int n, int y, int x, int o)
{
    const fovea__shape s = m->base.y.shape;
    if (y < 0 || y >= s.h || x < 0 || x >= s.w)
        return 0.0;
    return (double)m->y[(((size_t)n * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x) * (size_t)s.c + (size_t)o];
}

static double weight_at(const measuring *m, int o, int i, int ky, int kx)
{
    const fovea__shape s = m->base.weights.shape;
    return (double)m->weights[(((size_t)o * (size_t)s.h + (size_t)i) * (size_t)s.w + (size_t)ky) * (size_t)s.c +
                              (size_t)kx];
}

static double forward_sum(const measuring *m, const int at[4])
{
    const fovea__conv2d_shape *s = &m->base.shape;
    double sum = 0;
    for (int ky = 0; ky < s->kernel; ky++)
        for (int kx = 0; kx < s->kernel; kx++)
            for (int i = 0; i < s->in_channels; i++)
                sum += x_at(m, at[0], at[1] * s->stride - s->padding + ky, at[2] * s->stride - s->padding + kx, i) *
                       weight_at(m, at[3], i, ky, kx);
    return sum;
}

static double backward_data_sum(const measuring *m, const int at[4])
{
    const fovea__conv2d_shape *s = &m->base.shape;
    double sum = 0;
    for (int ky = 0; ky < s->kernel; ky++)
        for (int kx = 0; kx < s->kernel; kx++) {
            const int y = at[1] + s->padding - ky, x = at[2] + s->padding - kx;
            if (y < 0 || x < 0 || y % s->stride != 0 || x % s->stride != 0)
                continue;
            for (int o = 0; o < s->out_channels; o++)
                sum += y_at(m, at[0], y / s->stride, x / s->stride, o) * weight_at(m, o, at[3], ky, kx);
        }
    return sum;
}

static double backward_weights_sum(const measuring *m, const int at[4])
{
    const fovea__conv2d_shape *s = &m->base.shape;
    const fovea__shape out = m->base.y.shape;
    double sum = 0;
    for (int n = 0; n < out.n; n++)
        for (int y = 0; y < out.h; y++)
            for (int x = 0; x < out.w; x++)
                sum += x_at(m, n, y * s->stride - s->padding + at[2], x * s->stride - s->padding + at[3], at[1]) *
                       y_at(m, n, y, x, at[0]);
    return sum;
}

static fovea__tensor *output_of(fovea__conv2d_trial *trial)
{
    switch (trial->direction) {
    case FOVEA__CONV2D_FORWARD: return &trial->y;
    case FOVEA__CONV2D_BACKWARD_DATA: return &trial->x;
    case FOVEA__CONV2D_BACKWARD_WEIGHTS: break;
    }
    return &trial->weights;
}

/* Half of the samples lie anywhere; of the others every coordinate is at either end half of the time, since what goes
 * wrong goes wrong at edges. */
static void take_samples(measuring *m)
{
    const fovea__shape shape = output_of(&m->base)->shape;
    const int sizes[4] = {shape.n, shape.h, shape.w, shape.c};
    fovea__random random = fovea__random_stream(1, 0, 0);
    const double terms = fovea__conv2d_operations(&m->base.shape) / 2 / sizes[0] / sizes[1] / sizes[2] / sizes[3];
    const double affordable = fmax(most_terms / terms, LEAST_SAMPLES);
    m->samples = affordable < MOST_SAMPLES ? (int)affordable : MOST_SAMPLES;
    for (int i = 0; i < m->samples; i++) {
        int at[4];
        size_t place = 0;
        for (int d = 0; d < 4; d++) {
            const uint64_t end = i % 2 ? fovea__random_below(&random, 4) : 2;
            at[d] = end == 0 ? 0 : end == 1 ? sizes[d] - 1 : (int)fovea__random_below(&random, (uint64_t)sizes[d]);
            place = place * (size_t)sizes[d] + (size_t)at[d];
        }
        m->places[i] = place;
        m->sums[i] = m->base.direction == FOVEA__CONV2D_FORWARD         ? forward_sum(m, at)
                     : m->base.direction == FOVEA__CONV2D_BACKWARD_DATA ? backward_data_sum(m, at)
                                                                        : backward_weights_sum(m, at);
        m->largest = fmax(m->largest, fabs(m->sums[i]));
    }
}

static fovea_status time_runs(measuring *m, fovea__conv2d_trial *trial, int repeats, double *seconds)
{
    FOVEA_TRY(fovea__device_finish(m->device));
    const double began = fovea__clock();
    for (int i = 0; i < repeats; i++)
        FOVEA_TRY(m->runner(m->device, trial));
    FOVEA_TRY(fovea__device_finish(m->device));
    *seconds = (fovea__clock() - began) / repeats;
    return FOVEA_OK;
}

/* Runs a trial over an output full of NaN and looks at what it wrote. */
static fovea_status check(measuring *m, candidate *c)
{
    fovea__tensor *output = output_of(&c->trial);
    const size_t count = fovea__shape_elements(output->shape);
    float *got = m->base.direction == FOVEA__CONV2D_FORWARD         ? m->y
                 : m->base.direction == FOVEA__CONV2D_BACKWARD_DATA ? m->x
                                                                    : m->weights;
    const uint32_t nan_word = 0x7fc00000;
    FOVEA_TRY(fovea__buffer_fill(output->buffer, 0, count * sizeof(float), nan_word));
    FOVEA_TRY(time_runs(m, &c->trial, 1, &c->first));
    FOVEA_TRY(fovea__tensor_read(output, got));
    c->right = true;
    for (size_t i = 0; i < count && c->right; i++)
        c->right = isfinite(got[i]);
    for (int i = 0; i < m->samples && c->right; i++)
        c->right = fabs((double)got[m->places[i]] - m->sums[i]) <= tolerance * m->largest;
    if (!c->right)
        fovea__device_log(m->device, FOVEA_LOG_WARNING, "conv2d's algorithm \"%s\" gives wrong results here",
                          fovea__conv2d_algorithm_name(c->trial.algorithm));
    return FOVEA_OK;
}

/* ---- trying ---------------------------------------------------------------------------------------------------- */

/* Runs some rows of the first picture, about `part` operations; *seconds is 0 where that is not much less than all. */
static fovea_status time_part(measuring *m, const candidate *c, double *seconds)
{
    fovea__conv2d_trial trial = c->trial;
    const fovea__conv2d_shape *whole = &m->base.shape;
    const double share = part / fovea__conv2d_operations(whole);
    const int rows = (int)(share * whole->batch * whole->height) + whole->kernel;
    *seconds = 0;
    if (share > 0.25 || rows > whole->height)
        return FOVEA_OK;
    trial.shape.batch = trial.x.shape.n = 1;
    trial.shape.height = trial.x.shape.h = rows;
    trial.y.shape = fovea__conv2d_out_shape(&trial.shape);
    FOVEA_TRY(time_runs(m, &trial, 1, seconds)); /* compiles */
    return time_runs(m, &trial, 1, seconds);
}

static fovea_status make_room(fovea__buffer **out, fovea_device *device, size_t bytes, const char *what)
{
    return bytes ? fovea__buffer_create(out, device, bytes, what) : FOVEA_OK;
}

/* Makes an algorithm ready, checks it and runs it for the first time. */
static fovea_status try_algorithm(measuring *m, candidate *c, fovea__conv2d_algorithm algorithm)
{
    fovea__conv2d_trial *trial = &c->trial;
    *trial = m->base;
    trial->algorithm = algorithm;
    const size_t packed = fovea__conv2d_packed_floats(m->device, algorithm, trial->direction, &trial->shape);
    const size_t work = fovea__conv2d_workspace_bytes(m->device, algorithm, trial->direction, &trial->shape);
    FOVEA_TRY(make_room(&trial->packed, m->device, packed * sizeof(float), "packed weights"));
    FOVEA_TRY(make_room(&trial->workspace, m->device, work, "a measurement"));
    if (packed)
        FOVEA_TRY(fovea__conv2d_pack(m->device, algorithm, trial->direction, &trial->shape, &trial->weights,
                                     trial->packed));
    double seconds = 0;
    FOVEA_TRY(time_part(m, c, &seconds));
    if (!(m->fastest > 0))
        m->rule_part = seconds;
    else if (seconds > hopeless * m->rule_part)
        return FOVEA_OK;
    FOVEA_TRY(check(m, c));
    if (!c->right)
        return FOVEA_OK;
    FOVEA_TRY(time_runs(m, trial, 1, &c->first)); /* the run before may have compiled something */
    if (!(m->fastest > 0) || c->first < m->fastest)
        m->fastest = c->first;
    return FOVEA_OK;
}

static bool is_in_the_race(const measuring *m, const candidate *c)
{
    return c->right && c->first <= too_slow * m->fastest;
}

/* Round by round, so that what else the machine does meets all alike. Where one is left its first run will do. */
static void time_rounds(measuring *m, candidate *candidates, int count, double seconds)
{
    const double began = fovea__clock();
    int racing = 0;
    for (int i = 0; i < count; i++)
        racing += is_in_the_race(m, &candidates[i]);
    const int least = racing > 1 ? LEAST_ROUNDS : 0;
    for (int round = 0; round < MOST_ROUNDS && (round < least || fovea__clock() - began < seconds); round++)
        for (int i = 0; i < count; i++) {
            candidate *c = &candidates[i];
            if (!is_in_the_race(m, c))
                continue;
            const double wanted = long_enough / c->first;
            const int repeats = wanted < 1 ? 1 : wanted < MOST_REPEATS ? (int)wanted : MOST_REPEATS;
            if (time_runs(m, &c->trial, repeats, &c->times[c->n_times]) == FOVEA_OK)
                c->n_times++;
            else
                c->right = false;
        }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle of what was timed, or the first run's where nothing was. */
static double seconds_of(candidate *c)
{
    if (c->n_times == 0)
        return c->first;
    qsort(c->times, (size_t)c->n_times, sizeof *c->times, ascending);
    return c->times[c->n_times / 2];
}

/* candidates[0] is the rule's. */
static fovea_status decide(measuring *m, candidate *candidates, int count, fovea__conv2d_choice *out)
{
    const double operations = fovea__conv2d_operations(&m->base.shape) * 1e-9;
    const double rule = candidates[0].right ? seconds_of(&candidates[0]) : 0;
    const candidate *best = candidates[0].right ? &candidates[0] : NULL;
    double best_seconds = rule, limit = rule > 0 ? rule * (1 - margin) : HUGE_VAL;
    for (int i = 1; i < count; i++) {
        const double seconds = candidates[i].right ? seconds_of(&candidates[i]) : HUGE_VAL;
        if (seconds < limit) {
            best = &candidates[i];
            best_seconds = limit = seconds;
        }
    }
    if (!best)
        FOVEA_FAIL(FOVEA_ERROR_NUMERIC, "%s: no algorithm of conv2d gives right results here",
                   fovea_device_name(m->device));
    *out = (fovea__conv2d_choice){.direction = m->base.direction, .shape = m->base.shape,
                                  .algorithm = best->trial.algorithm, .gflops = operations / best_seconds,
                                  .rule_gflops = rule > 0 ? operations / rule : 0};
    return FOVEA_OK;
}

/* The rule's first: what others are held to. That another one fails only keeps it from winning. */
static fovea_status try_all(measuring *m, candidate *candidates, int *count)
{
    const fovea__conv2d_trial *base = &m->base;
    const fovea__conv2d_algorithm rule = fovea__conv2d_choose(m->device, base->direction, &base->shape);
    *count = 1;
    FOVEA_TRY(try_algorithm(m, &candidates[0], rule));
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++) {
        const fovea__conv2d_algorithm algorithm = (fovea__conv2d_algorithm)a;
        if (algorithm == rule || !fovea__conv2d_can(m->device, algorithm, base->direction, &base->shape))
            continue;
        candidate *c = &candidates[(*count)++];
        const fovea__error_kept kept = fovea__error_keep();
        if (try_algorithm(m, c, algorithm)) {
            c->right = false;
            fovea__device_log(m->device, FOVEA_LOG_INFO, "conv2d's algorithm \"%s\" is not measured: %s",
                              fovea__conv2d_algorithm_name(algorithm), fovea_error());
            fovea__error_restore(&kept);
        }
    }
    return FOVEA_OK;
}

/* ---- data ------------------------------------------------------------------------------------------------------ */

static fovea_status make_tensor(measuring *m, fovea__tensor *tensor, float **host, fovea__shape shape, uint64_t seed)
{
    const size_t count = fovea__shape_elements(shape);
    fovea__random random = fovea__random_stream(seed, 0, 0);
    FOVEA_TRY(fovea__tensor_create(tensor, m->device, shape, "a measurement"));
    FOVEA_TRY(fovea__allocate(host, count, sizeof(float), "a measurement"));
    for (size_t i = 0; i < count; i += 2) {
        const uint64_t bits = fovea__random_bits(&random);
        (*host)[i] = (float)(int32_t)(bits >> 32) * 0x1p-31f;
        if (i + 1 < count)
            (*host)[i + 1] = (float)(int32_t)bits * 0x1p-31f;
    }
    return fovea__tensor_write(tensor, *host);
}

static fovea_status make_data(measuring *m)
{
    const fovea__conv2d_shape *s = &m->base.shape;
    FOVEA_TRY(make_tensor(m, &m->base.x, &m->x, (fovea__shape){s->batch, s->height, s->width, s->in_channels}, 2));
    FOVEA_TRY(make_tensor(m, &m->base.weights, &m->weights,
                          (fovea__shape){s->out_channels, s->in_channels, s->kernel, s->kernel}, 3));
    FOVEA_TRY(make_tensor(m, &m->base.y, &m->y, fovea__conv2d_out_shape(s), 4));
    take_samples(m);
    return FOVEA_OK;
}

fovea_status fovea__conv2d_measure(fovea__conv2d_choice *out, fovea_device *device, fovea__conv2d_direction direction,
                                   const fovea__conv2d_shape *shape, double seconds, fovea__conv2d_runner runner)
{
    FOVEA_CHECK_ARG(fovea__conv2d_operations(shape) > 0, "conv2d: there is nothing to measure in an empty shape");
    measuring m = {.device = device, .runner = runner, .base = {.direction = direction, .shape = *shape}};
    candidate candidates[FOVEA__CONV2D_ALGORITHMS] = {0};
    int count = 0;
    fovea_status status = make_data(&m);
    if (!status)
        status = try_all(&m, candidates, &count);
    if (!status) {
        time_rounds(&m, candidates, count, seconds);
        status = decide(&m, candidates, count, out);
    }
    for (int i = 0; i < count; i++) {
        fovea__buffer_free(candidates[i].trial.packed);
        fovea__buffer_free(candidates[i].trial.workspace);
    }
    fovea__tensor_clear(&m.base.x);
    fovea__tensor_clear(&m.base.weights);
    fovea__tensor_clear(&m.base.y);
    free(m.x);
    free(m.weights);
    free(m.y);
    return status;
}
