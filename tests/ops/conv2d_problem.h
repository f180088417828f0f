/* What the tests of conv2d share: random problems of one shape, and holding an algorithm's results to the reference. */
#ifndef FOVEA_TESTS_CONV2D_PROBLEM_H
#define FOVEA_TESTS_CONV2D_PROBLEM_H

#include "conv2d.h"
#include "support.h"

/* Random tensors of one shape, in [-1, 1). */
typedef struct problem {
    fovea__conv2d_shape shape;
    fovea__shape x_shape, weights_shape, y_shape;
    float *x, *weights, *d_y;
    double *x64, *weights64, *d_y64;
} problem;

problem problem_make(fovea__conv2d_shape shape, uint64_t seed);
void problem_free(problem *made);

/* What a call writes: from NaN, or from `before` with accumulation. */
typedef struct call {
    const problem *given;
    fovea__conv2d_algorithm algorithm;
    fovea__conv2d_direction direction;
    const fovea__conv2d_epilogue *epilogue;
    const float *before; /* backward: what to add to; forward with residual_is_y: the residual */
    bool residual_is_y;
} call;

/* Runs one call on fenced memory and returns what it wrote; freed with free(). */
float *problem_run(const call *made);

/* Whether an algorithm can this and is run here at all. */
bool problem_is_tried(fovea__conv2d_algorithm algorithm, fovea__conv2d_direction direction,
                      const fovea__conv2d_shape *shape);

/* Runs a call twice and compares `samples` places of what it gives. */
void problem_check_call(const call *made, size_t samples);

/* The same for those algorithms that are tried and `chosen`. */
void problem_check(fovea__conv2d_shape shape, size_t samples, bool accumulate,
                   bool (*chosen)(fovea__conv2d_algorithm, fovea__conv2d_direction, const fovea__conv2d_shape *));

/* One forward call with some parts of the epilogue, compared whole. */
enum { WITH_SCALE = 1, WITH_SHIFT = 2, WITH_RELU = 4, WITH_RESIDUAL = 8, RESIDUAL_IS_Y = 16, COMBINATIONS = 24 };
void problem_check_epilogue(const problem *given, fovea__conv2d_algorithm algorithm, int parts);

/* Makes the device one of another kind and size: the library asks for both in its description only. */
void problem_pretend(fovea_device_type type, int units);

#endif
