/* What every test needs: one device, one runner, fenced tensors, comparisons that NaN cannot pass.
 *
 * A test program is a list of check tests and one line:
 *     int main(void) { return support_run("focal_loss", cases, COUNT(cases)); }
 * It prints check's own lines for failures and closes with "focal_loss: N passed, N failed, N skipped"; it exits 1 on a
 * failure and 77 where nothing could run. $FOVEA_DEVICE chooses the device. */
#ifndef FOVEA_TESTS_SUPPORT_H
#define FOVEA_TESTS_SUPPORT_H

#include "fovea.h"

#include <check.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct support_case {
    const TTest *test; /* made by START_TEST; `_i` counts the rows of a table */
    int rows;          /* how often it runs; 0 is once */
    bool needs_device;
} support_case;

int support_run(const char *name, const support_case *cases, size_t n_cases);

/* The same for rooms that share their work out by the kind of device: cases that need a device run once more as if a
 * CPU were a GPU (or a GPU a CPU). */
int support_run_both_kinds(const char *name, const support_case *cases, size_t n_cases);

/* Leaves the running test as skipped, saying why. */
#define support_skip(...)              \
    do {                               \
        support_note_skip(__VA_ARGS__); \
        return;                        \
    } while (0)
void support_note_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The device of this run, opened at first use and closed by support_run(). NULL only where there is none (tests with
 * .needs_device are then skipped). */
fovea_device *support_device(void);

/* True under Oclgrind, where shapes must be small: a simulator is ten thousand times slower. */
bool support_is_simulator(void);

/* $FOVEA_TEST_DATA or ../shared or "" ; a path inside it, NULL where it is not there. Static storage, overwritten by
 * the eighth next call. */
const char *support_data(const char *inside);

/* A file of tests/data, wherever the program is run from. Same storage. */
const char *support_test_file(const char *inside);

/* An empty folder of this program's own for what it writes; removed by support_run(). */
const char *support_scratch(void);

/* A path inside it; same storage as support_data(). And a text written to a path. */
const char *support_scratch_file(const char *name);
void support_write(const char *path, const char *text);

/* Fails the test where a file lies beside `path` that bears its name with something behind it. */
void support_alone(const char *path);

/* Fails the test unless a status is FOVEA_OK, printing the sentence. */
#define support_ok(call)                                                                                       \
    do {                                                                                                       \
        const fovea_status support_status_ = (call);                                                           \
        ck_assert_msg(support_status_ == FOVEA_OK, "%s: %s: %s", #call, fovea_status_name(support_status_),    \
                      fovea_error());                                                                          \
    } while (0)

/* Fails the test unless the call fails with `status` and its sentence holds `part`. */
#define support_fails(call, status, part)                                                                      \
    do {                                                                                                       \
        const fovea_status support_status_ = (call);                                                           \
        ck_assert_msg(support_status_ == (status), "%s: gave %s, expected %s", #call,                          \
                      fovea_status_name(support_status_), fovea_status_name(status));                          \
        ck_assert_msg(support_has(fovea_error(), part), "%s: says \"%s\", expected in it \"%s\"", #call,       \
                      fovea_error(), part);                                                                    \
    } while (0)
bool support_has(const char *text, const char *part);

/* Random floats; the same seed gives the same. */
void support_random_uniform(float *out, size_t count, uint64_t seed, float low, float high);
void support_random_normal(float *out, size_t count, uint64_t seed, float deviation);
int support_random_int(uint64_t seed, uint64_t index, int low, int high); /* inclusive */

/* Compares with a float64 reference. Any NaN or infinity in either fails by index. The error of each value is held to
 *     |got - want| <= absolute + relative * |want|
 * and a failure names `what`, the worst index, both values and how many are outside. */
void support_close(const char *what, const float *got, const double *want, size_t count, double relative,
                   double absolute);

/* The same, held to relative * (largest |want|): for sums whose terms cancel. */
void support_close_to_largest(const char *what, const float *got, const double *want, size_t count, double relative);

/* Holds an analytic gradient (double, from the reference) to central differences of `f`, at `count` sampled places of
 * x[n]: |analytic - numeric| <= tolerance * max(1, |numeric|). f is called with `context`. */
void support_gradient(const char *what, double (*f)(const double *x, void *context), void *context, double *x, size_t n,
                      const double *analytic, size_t count, double step, double tolerance);

#endif
