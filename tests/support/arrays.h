/* Host arrays for tests of ops, all freed with free(), and the comparison of two results bit by bit. */
#ifndef FOVEA_TESTS_ARRAYS_H
#define FOVEA_TESTS_ARRAYS_H

#include "fence.h"

float *array_uniform(size_t count, uint64_t seed, float low, float high);
double *array_widen(const float *values, size_t count);
double *array_doubles(size_t count); /* zeroed */

/* A scratch buffer of the device that the op under test may use; freed with fovea__buffer_free(). */
fovea__buffer *array_workspace(size_t size_bytes);

/* Fails unless both tensors hold the same bits. */
void array_same_bits(const char *what, const fence *a, const fence *b);

/* Reads a fenced tensor and holds it to |got - want| <= absolute + relative * |want|. */
void array_close(const char *what, const fence *got, const double *want, double relative, double absolute);

#endif
