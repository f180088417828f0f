/* Measuring: every algorithm is found right, and none wins that is wrong, fails or is late. */
#include "clock.h"
#include "conv2d_measure.h"
#include "conv2d_engine.h"
#include "status.h"
#include "support.h"

#include <math.h>
#include <string.h>
#include <time.h>

static const fovea__conv2d_shape measured[] = {
    {2, 7, 5, 5, 9, 3, 1, 1}, {1, 8, 7, 3, 6, 7, 2, 3}, {1, 5, 6, 8, 4, 1, 1, 0}, {2, 6, 5, 4, 3, 3, 2, 1},
    {1, 1, 1, 1, 1, 1, 1, 0},
};

/* Measures without waiting for noise to settle; it must come to an end. */
static fovea_status measure(fovea__conv2d_choice *choice, fovea_device *device, fovea__conv2d_direction direction,
                            const fovea__conv2d_shape *shape, fovea__conv2d_runner runner)
{
    bool done;
    const fovea_status status =
        fovea__conv2d_measure(choice, &done, device, direction, shape, (fovea__conv2d_patience){0}, runner);
    ck_assert(done == (status == FOVEA_OK));
    return status;
}

static void count_warnings(void *cookie, fovea_log_level level, const char *message)
{
    int *warnings = cookie;
    (void)message;
    *warnings += level == FOVEA_LOG_WARNING;
}

/* Nothing warns: what the sums in float64 say is what every algorithm computes. */
START_TEST(measure__finds_every_algorithm_right)
{
    if (support_is_simulator())
        support_skip("too many runs for a simulator");
    fovea_device *device = NULL;
    int warnings = 0;
    support_ok(fovea_device_open(&device, &(fovea_device_options){.log = count_warnings, .log_cookie = &warnings}));
    for (int d = 0; d < 3; d++) {
        fovea__conv2d_choice choice;
        support_ok(measure(&choice, device, (fovea__conv2d_direction)d, &measured[_i], fovea__conv2d_run_trial));
        ck_assert_int_eq(choice.direction, d);
        ck_assert(memcmp(&choice.shape, &measured[_i], sizeof choice.shape) == 0);
        ck_assert(isfinite(choice.gflops) && choice.gflops > 0 && choice.rule_gflops > 0);
        ck_assert(choice.gflops >= choice.rule_gflops);
    }
    ck_assert_int_eq(warnings, 0);
    fovea_device_close(device);
}
END_TEST

/* Runners that spoil one algorithm, or all but one, the rule's. */
static fovea__conv2d_algorithm the_rule;
static int calls; /* of algorithms other than the rule's */

static fovea__tensor *output_of(fovea__conv2d_trial *trial)
{
    return trial->direction == FOVEA__CONV2D_FORWARD ? &trial->y
           : trial->direction == FOVEA__CONV2D_BACKWARD_DATA ? &trial->x : &trial->weights;
}

static fovea_status spoil(fovea_device *device, fovea__conv2d_trial *trial, size_t place, float value)
{
    FOVEA_TRY(fovea__conv2d_run_trial(device, trial));
    return fovea__buffer_write(output_of(trial)->buffer, place * sizeof(float), &value, sizeof value);
}

static fovea_status others_do_nothing(fovea_device *device, fovea__conv2d_trial *trial)
{
    return trial->algorithm == the_rule ? fovea__conv2d_run_trial(device, trial) : FOVEA_OK;
}

static fovea_status others_begin_wrong(fovea_device *device, fovea__conv2d_trial *trial)
{
    return trial->algorithm == the_rule ? fovea__conv2d_run_trial(device, trial) : spoil(device, trial, 0, 9);
}

static fovea_status others_end_wrong(fovea_device *device, fovea__conv2d_trial *trial)
{
    const size_t last = fovea__shape_elements(output_of(trial)->shape) - 1;
    return trial->algorithm == the_rule ? fovea__conv2d_run_trial(device, trial) : spoil(device, trial, last, 9);
}

static fovea_status others_end_in_nan(fovea_device *device, fovea__conv2d_trial *trial)
{
    const size_t last = fovea__shape_elements(output_of(trial)->shape) - 1;
    return trial->algorithm == the_rule ? fovea__conv2d_run_trial(device, trial) : spoil(device, trial, last, NAN);
}

static fovea_status others_fail(fovea_device *device, fovea__conv2d_trial *trial)
{
    if (trial->algorithm != the_rule)
        FOVEA_FAIL(FOVEA_ERROR_DEVICE, "not today");
    return fovea__conv2d_run_trial(device, trial);
}

/* Right once, and then so fast that it beats any. */
static fovea_status others_are_fast(fovea_device *device, fovea__conv2d_trial *trial)
{
    static fovea__conv2d_algorithm last;
    if (trial->algorithm == the_rule || calls == 0 || trial->algorithm != last) {
        last = trial->algorithm;
        calls += trial->algorithm != the_rule;
        return fovea__conv2d_run_trial(device, trial);
    }
    return FOVEA_OK;
}

static fovea_status the_rule_is_wrong(fovea_device *device, fovea__conv2d_trial *trial)
{
    return trial->algorithm == the_rule ? spoil(device, trial, 0, 9) : fovea__conv2d_run_trial(device, trial);
}

/* Right where it is looked at, and not able to run any more when it is timed. */
static fovea_status others_fail_later(fovea_device *device, fovea__conv2d_trial *trial)
{
    if (trial->algorithm != the_rule && ++calls > 2)
        FOVEA_FAIL(FOVEA_ERROR_DEVICE, "not any more");
    return fovea__conv2d_run_trial(device, trial);
}

static fovea_status others_find_no_memory(fovea_device *device, fovea__conv2d_trial *trial)
{
    if (trial->algorithm != the_rule)
        FOVEA_FAIL(FOVEA_ERROR_MEMORY, "no room today");
    return fovea__conv2d_run_trial(device, trial);
}

static fovea_status the_rule_fails(fovea_device *device, fovea__conv2d_trial *trial)
{
    if (trial->algorithm == the_rule)
        FOVEA_FAIL(FOVEA_ERROR_DEVICE, "not the rule");
    return fovea__conv2d_run_trial(device, trial);
}

/* The rule's, slow in its first runs alone. */
static fovea_status the_rule_warms_up(fovea_device *device, fovea__conv2d_trial *trial)
{
    if (trial->algorithm != the_rule)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    else if (++calls <= 2)
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    return fovea__conv2d_run_trial(device, trial);
}

static fovea_status all_are_wrong(fovea_device *device, fovea__conv2d_trial *trial)
{
    return spoil(device, trial, 0, 9);
}

static const struct {
    const char *what;
    fovea__conv2d_runner runner;
    bool rule_wins;
} runners[] = {
    {"others do nothing", others_do_nothing, true},  {"others begin wrong", others_begin_wrong, true},
    {"others end wrong", others_end_wrong, true},    {"others end in NaN", others_end_in_nan, true},
    {"others fail", others_fail, true},              {"the rule's is wrong", the_rule_is_wrong, false},
    {"others are fast", others_are_fast, false},     {"others fail later", others_fail_later, true},
    {"the rule's warms up", the_rule_warms_up, true},
};

START_TEST(measure__a_wrong_algorithm_never_wins)
{
    if (support_is_simulator())
        support_skip("too many runs for a simulator");
    fovea_device *device = support_device();
    const fovea__conv2d_shape shape = {3, 7, 5, 5, 9, 3, 1, 1};
    const fovea__conv2d_direction direction = (fovea__conv2d_direction)(_i % 3);
    fovea__conv2d_choice choice;
    the_rule = fovea__conv2d_choose(device, direction, &shape);
    calls = 0;
    fovea__fail(FOVEA_ERROR_ARGUMENT, "said before");
    support_ok(measure(&choice, device, direction, &shape, runners[_i].runner));
    ck_assert_str_eq(fovea_error(), "said before");
    ck_assert_msg((choice.algorithm == the_rule) == runners[_i].rule_wins, "%s: %s wins", runners[_i].what,
                  fovea__conv2d_algorithm_name(choice.algorithm));
    ck_assert(choice.gflops > 0);
    ck_assert((choice.rule_gflops > 0) == (runners[_i].runner != the_rule_is_wrong));
}
END_TEST

static int parts_run; /* trials of fewer rows than the whole shape has */

static fovea_status others_fail_and_parts_count(fovea_device *device, fovea__conv2d_trial *trial)
{
    parts_run += trial->shape.batch == 1;
    return others_fail(device, trial);
}

/* On a GPU of 24 units the rule's tiles sum the whole shape in one part, and some of its rows in several. */
START_TEST(measure__a_part_of_a_large_shape_has_the_room_it_wants)
{
    if (support_is_simulator())
        support_skip("a simulator is too slow for large shapes");
    fovea_device *device = support_device();
    fovea_device_info *info = (fovea_device_info *)fovea_device_describe(device);
    const fovea_device_info was = *info;
    const fovea__conv2d_shape shape = {2, 64, 64, 512, 64, 1, 1, 0}, some = {1, 24, 64, 512, 64, 1, 1, 0};
    fovea__conv2d_choice choice;
    info->type = FOVEA_DEVICE_GPU;
    info->compute_units = 24;
    parts_run = 0;
    the_rule = fovea__conv2d_choose(device, FOVEA__CONV2D_FORWARD, &shape);
    const size_t whole = fovea__conv2d_workspace_bytes(device, the_rule, FOVEA__CONV2D_FORWARD, &shape);
    const size_t needed = fovea__conv2d_workspace_bytes(device, the_rule, FOVEA__CONV2D_FORWARD, &some);
    const fovea_status status =
        measure(&choice, device, FOVEA__CONV2D_FORWARD, &shape, others_fail_and_parts_count);
    *info = was;
    support_ok(status);
    ck_assert_int_eq(choice.algorithm, the_rule);
    ck_assert(parts_run > 0 && (needed > whole || !fovea__conv2d_is_tiled(the_rule)));
}
END_TEST

START_TEST(measure__is_given_up_when_time_is_over)
{
    if (support_is_simulator())
        support_skip("too many runs for a simulator");
    fovea_device *device = support_device();
    const fovea__conv2d_direction direction = FOVEA__CONV2D_FORWARD;
    fovea__conv2d_choice choice;
    bool done = true;
    the_rule = fovea__conv2d_choose(device, direction, &measured[0]);
    calls = 0;
    const fovea__conv2d_patience none = {.until = fovea__clock()}, much = {.until = fovea__clock() + 1e6};
    support_ok(fovea__conv2d_measure(&choice, &done, device, direction, &measured[0], none, others_are_fast));
    ck_assert(!done && calls == 0);
    support_ok(fovea__conv2d_measure(&choice, &done, device, direction, &measured[0], much, others_are_fast));
    ck_assert(done && calls > 0);
}
END_TEST

START_TEST(measure__says_where_nothing_is_right_or_to_do)
{
    if (support_is_simulator())
        support_skip("too many runs for a simulator");
    fovea__conv2d_choice choice;
    const fovea__conv2d_shape empty = {0, 7, 5, 5, 9, 3, 1, 1};
    fovea_device *device = support_device();
    support_fails(measure(&choice, device, FOVEA__CONV2D_FORWARD, &measured[0], all_are_wrong), FOVEA_ERROR_NUMERIC,
                  "no algorithm of conv2d gives right results");
    support_fails(measure(&choice, device, FOVEA__CONV2D_FORWARD, &empty, fovea__conv2d_run_trial),
                  FOVEA_ERROR_ARGUMENT, "empty shape");
    the_rule = fovea__conv2d_choose(device, FOVEA__CONV2D_FORWARD, &measured[0]);
    support_fails(measure(&choice, device, FOVEA__CONV2D_FORWARD, &measured[0], others_find_no_memory),
                  FOVEA_ERROR_MEMORY, "no room today");
    support_fails(measure(&choice, device, FOVEA__CONV2D_FORWARD, &measured[0], the_rule_fails), FOVEA_ERROR_DEVICE,
                  "not the rule");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {measure__finds_every_algorithm_right, .rows = COUNT(measured), .needs_device = true},
        {measure__a_wrong_algorithm_never_wins, .rows = COUNT(runners), .needs_device = true},
        {measure__a_part_of_a_large_shape_has_the_room_it_wants, .needs_device = true},
        {measure__is_given_up_when_time_is_over, .needs_device = true},
        {measure__says_where_nothing_is_right_or_to_do, .needs_device = true},
    };
    return support_run_both_kinds("conv2d_measure", cases, COUNT(cases));
}
