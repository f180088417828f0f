/* What every bench needs: the device that FOVEA_DEVICE names, a check against the reference that comes before any
 * timing, and repeated runs told as one JSON line a result on stdout:
 *   {"room", "case", "median_ms", "min_ms", "spread", "runs", "gflops"?, "of_peak"?, "gbs"?, "of_copy"?, "verified",
 *    "device", "driver"}
 * of_peak and of_copy are shares of what the device was measured to do at best (fovea_device_measure, just before the
 * first result), of the shortest run: best is held to best.
 * A result whose check failed is printed with "verified": false and makes bench_close() return 1. */
#ifndef FOVEA_BENCH_BENCH_H
#define FOVEA_BENCH_BENCH_H

#include "tensor.h"

/* Opens the device; where there is none, says so and exits 77. */
fovea_device *bench_open(const char *room);

/* Closes the device and returns the program's exit status. */
int bench_close(void);

/* Holds what a call computed to the reference, |got - want| <= relative * (largest |want|); NaN fails. Says on stderr
 * what is wrong. The result counts for the next bench_time(). */
void bench_verify(const char *what, const float *got, const double *want, size_t count, double relative);

/* Times `call`: two runs to warm up, then at least 5 and at most 50 within about half a second, each waited for.
 * Where bytes are given, each run finds nothing of them in the device's caches, as the copy that they are held to does.
 * flops and bytes are one run's; 0 leaves a rate out. A failing call ends the program with its sentence. */
void bench_time(const char *what, fovea_status (*call)(void *context), void *context, double flops, double bytes);

/* Ends the program with the sentence of a failure. For what stands around the timed calls. */
void bench_ok(fovea_status status);

/* `count` floats in [-1, 1), the same for the same seed; freed with free(). bench_doubles() is a copy as doubles. */
float *bench_random(size_t count, uint64_t seed);
double *bench_doubles(const float *values, size_t count);

/* A tensor of the device, freed with fovea__tensor_clear(); values NULL: undefined content. */
fovea__tensor bench_tensor(fovea__shape shape, const float *values);

/* bench_verify() of a tensor's content. */
void bench_verify_tensor(const char *what, const fovea__tensor *got, const double *want, double relative);

#endif
