/* Running, checking and timing the algorithms of one direction of one shape. */
#include "conv2d_measure.h"

#include "clock.h"
#include "conv2d_samples.h"
#include "conv2d_engine.h"
#include "device.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_ROUNDS = 3, MOST_ROUNDS = 9, MOST_REPEATS = 16 };

static const double margin = 0.05;       /* by how much another algorithm must be faster than the rule's */
static const double long_enough = 2e-3;  /* seconds of a timing: shorter runs are repeated */
static const double too_slow = 1.5;      /* times the fastest first run: not timed further */
static const double hopeless = 3.0;      /* times the rule's, on a part of the work: not run in full */
static const double part = 1e8;          /* operations of that part */

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
    fovea__conv2d_patience patience;
    fovea__conv2d_trial base; /* direction, shape and tensors of every trial */
    fovea__conv2d_samples samples;
    double fastest;   /* of the first runs; 0: none yet */
    double rule_part; /* seconds that the rule's algorithm takes for the part; 0: there is none */
    bool given_up;    /* time ran out */
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

static fovea__tensor *output_of(fovea__conv2d_trial *trial)
{
    switch (trial->direction) {
    case FOVEA__CONV2D_FORWARD: return &trial->y;
    case FOVEA__CONV2D_BACKWARD_DATA: return &trial->x;
    case FOVEA__CONV2D_BACKWARD_WEIGHTS: break;
    }
    return &trial->weights;
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
    const uint32_t nan_word = 0x7fc00000;
    FOVEA_TRY(fovea__buffer_fill(output->buffer, 0, m->samples.n_result * sizeof(float), nan_word));
    FOVEA_TRY(m->runner(m->device, &c->trial));
    FOVEA_TRY(fovea__tensor_read(output, m->samples.result));
    c->right = fovea__conv2d_samples_agree(&m->samples);
    if (!c->right)
        fovea__device_log(m->device, FOVEA_LOG_WARNING, "conv2d's algorithm \"%s\" gives wrong results here",
                          fovea__conv2d_algorithm_name(c->trial.algorithm));
    return FOVEA_OK;
}

/* ---- trying ---------------------------------------------------------------------------------------------------- */

static bool give_up(measuring *m)
{
    m->given_up = m->patience.until > 0 && fovea__clock() > m->patience.until;
    return m->given_up;
}

/* Some rows of the first picture, about `part` operations; false where that is not much less than all, or not work for
 * the algorithm any more. */
static bool take_part(const measuring *m, fovea__conv2d_algorithm algorithm, fovea__conv2d_shape *some)
{
    const fovea__conv2d_shape *whole = &m->base.shape;
    const double share = part / fovea__conv2d_operations(whole);
    const double rows = share * whole->batch * whole->height + whole->kernel;
    *some = *whole;
    if (share > 0.25 || rows > whole->height)
        return false;
    some->batch = 1;
    some->height = (int)rows;
    return fovea__conv2d_can(m->device, algorithm, m->base.direction, some);
}

/* *seconds is 0 where there is no part. */
static fovea_status time_part(measuring *m, const candidate *c, double *seconds)
{
    fovea__conv2d_trial trial = c->trial;
    *seconds = 0;
    if (!take_part(m, trial.algorithm, &trial.shape))
        return FOVEA_OK;
    trial.x.shape.n = trial.shape.batch;
    trial.x.shape.h = trial.shape.height;
    trial.y.shape = fovea__conv2d_out_shape(&trial.shape);
    FOVEA_TRY(time_runs(m, &trial, 1, seconds)); /* compiles */
    return time_runs(m, &trial, 1, seconds);
}

/* The part may want more than the whole: where work-groups are few, their sums are cut into more parts. */
static size_t workspace_bytes(const measuring *m, fovea__conv2d_algorithm algorithm)
{
    fovea__conv2d_shape some;
    const size_t whole = fovea__conv2d_workspace_bytes(m->device, algorithm, m->base.direction, &m->base.shape);
    if (!take_part(m, algorithm, &some))
        return whole;
    const size_t needed = fovea__conv2d_workspace_bytes(m->device, algorithm, m->base.direction, &some);
    return needed > whole ? needed : whole;
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
    FOVEA_TRY(make_room(&trial->packed, m->device, packed * sizeof(float), "packed weights"));
    FOVEA_TRY(make_room(&trial->workspace, m->device, workspace_bytes(m, algorithm), "a measurement"));
    if (packed)
        FOVEA_TRY(fovea__conv2d_pack(m->device, algorithm, trial->direction, &trial->shape, &trial->weights,
                                     trial->packed));
    double seconds = 0;
    FOVEA_TRY(time_part(m, c, &seconds));
    if (!(m->fastest > 0))
        m->rule_part = seconds;
    else if (m->rule_part > 0 && seconds > hopeless * m->rule_part)
        return FOVEA_OK;
    FOVEA_TRY(check(m, c));
    if (!c->right)
        return FOVEA_OK;
    FOVEA_TRY(time_runs(m, trial, 1, &c->first)); /* the run before may have compiled something */
    if (!(m->fastest > 0) || c->first < m->fastest)
        m->fastest = c->first;
    return FOVEA_OK;
}

static void free_buffers(candidate *c)
{
    fovea__buffer_free(c->trial.packed);
    fovea__buffer_free(c->trial.workspace);
    c->trial.packed = c->trial.workspace = NULL;
}

/* That another than the rule's fails only keeps it from winning. Where memory ran out it might win another time, and
 * nothing is to be chosen. */
static fovea_status leave_out(const measuring *m, candidate *c, bool is_rule, fovea_status status,
                              const fovea__error_kept *kept)
{
    c->right = false;
    if (is_rule || status == FOVEA_ERROR_MEMORY)
        return status;
    fovea__device_log(m->device, FOVEA_LOG_INFO, "conv2d's algorithm \"%s\" is not measured: %s",
                      fovea__conv2d_algorithm_name(c->trial.algorithm), fovea_error());
    fovea__error_restore(kept);
    return FOVEA_OK;
}

/* Only what may win keeps its buffers. */
static fovea_status try_candidate(measuring *m, candidate *c, bool is_rule, fovea__conv2d_algorithm algorithm)
{
    const fovea__error_kept kept = fovea__error_keep();
    fovea_status status = try_algorithm(m, c, algorithm);
    if (status)
        status = leave_out(m, c, is_rule, status, &kept);
    if (!c->right)
        free_buffers(c);
    return status;
}

/* The rule's first: what others are held to. */
static fovea_status try_all(measuring *m, candidate *candidates, int *count)
{
    const fovea__conv2d_trial *base = &m->base;
    const fovea__conv2d_algorithm rule = fovea__conv2d_choose(m->device, base->direction, &base->shape);
    const bool cpu = fovea__device_is_cpu(m->device);
    *count = 1;
    FOVEA_TRY(try_candidate(m, &candidates[0], true, rule));
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS; a++) {
        const fovea__conv2d_algorithm algorithm = (fovea__conv2d_algorithm)a;
        if (algorithm == rule || (cpu && fovea__conv2d_is_tiled(algorithm)) ||
            !fovea__conv2d_can(m->device, algorithm, base->direction, &base->shape))
            continue;
        if (give_up(m))
            return FOVEA_OK;
        FOVEA_TRY(try_candidate(m, &candidates[(*count)++], false, algorithm));
    }
    return FOVEA_OK;
}

/* ---- timing ---------------------------------------------------------------------------------------------------- */

/* One slow first run costs another its chance, and the rule's nothing. */
static bool is_in_the_race(const measuring *m, const candidate *c, bool is_rule)
{
    return c->right && (is_rule || c->first <= too_slow * m->fastest);
}

static fovea_status time_candidate(measuring *m, candidate *c, bool is_rule)
{
    const double wanted = long_enough / c->first;
    const int repeats = wanted < 1 ? 1 : wanted < MOST_REPEATS ? (int)wanted : MOST_REPEATS;
    const fovea__error_kept kept = fovea__error_keep();
    const fovea_status status = time_runs(m, &c->trial, repeats, &c->times[c->n_times]);
    if (status)
        return leave_out(m, c, is_rule, status, &kept);
    c->n_times++;
    return FOVEA_OK;
}

/* Round by round, so that what else the machine does meets all alike. Where one is left its first run will do. */
static fovea_status time_rounds(measuring *m, candidate *candidates, int count)
{
    const double began = fovea__clock();
    int racing = 0;
    for (int i = 0; i < count; i++)
        racing += is_in_the_race(m, &candidates[i], i == 0);
    const int least = racing > 1 ? LEAST_ROUNDS : 0;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        if (round < least ? give_up(m) : fovea__clock() - began >= m->patience.seconds)
            break;
        for (int i = 0; i < count; i++)
            if (is_in_the_race(m, &candidates[i], i == 0))
                FOVEA_TRY(time_candidate(m, &candidates[i], i == 0));
    }
    return FOVEA_OK;
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

/* ---- data ------------------------------------------------------------------------------------------------------ */

static fovea_status make_tensor(measuring *m, fovea__tensor *tensor, const float *values, fovea__shape shape)
{
    FOVEA_TRY(fovea__tensor_create(tensor, m->device, shape, "a measurement"));
    return fovea__tensor_write(tensor, values);
}

static fovea_status make_data(measuring *m)
{
    fovea__conv2d_samples *samples = &m->samples;
    FOVEA_TRY(fovea__conv2d_samples_make(samples, m->base.direction, &m->base.shape));
    FOVEA_TRY(make_tensor(m, &m->base.x, samples->x, samples->x_shape));
    FOVEA_TRY(make_tensor(m, &m->base.weights, samples->weights, samples->weights_shape));
    return make_tensor(m, &m->base.y, samples->y, samples->y_shape);
}

fovea_status fovea__conv2d_measure(fovea__conv2d_choice *out, bool *measured, fovea_device *device,
                                   fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                                   fovea__conv2d_patience patience, fovea__conv2d_runner runner)
{
    *measured = false;
    FOVEA_CHECK_ARG(fovea__conv2d_operations(shape) > 0, "conv2d: there is nothing to measure in an empty shape");
    measuring m = {.device = device, .runner = runner, .patience = patience,
                   .base = {.direction = direction, .shape = *shape}};
    candidate candidates[FOVEA__CONV2D_ALGORITHMS] = {0};
    int count = 0;
    fovea_status status = make_data(&m);
    if (!status)
        status = try_all(&m, candidates, &count);
    if (!status && !m.given_up)
        status = time_rounds(&m, candidates, count);
    if (!status && !m.given_up) {
        status = decide(&m, candidates, count, out);
        *measured = status == FOVEA_OK;
    }
    for (int i = 0; i < count; i++)
        free_buffers(&candidates[i]);
    fovea__tensor_clear(&m.base.x);
    fovea__tensor_clear(&m.base.weights);
    fovea__tensor_clear(&m.base.y);
    fovea__conv2d_samples_clear(&m.samples);
    return status;
}
