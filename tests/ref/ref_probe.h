/* The multiply-add probe in float64. */
#ifndef FOVEA_TESTS_REF_PROBE_H
#define FOVEA_TESTS_REF_PROBE_H

#include <stddef.h>

/* sums[item] over `lanes` values, each start[lane] + item % 8 at first, then `rounds` times v factor + term. */
void ref_probe_multiply_add(const double *start, size_t lanes, double factor, double term, int rounds, double *sums,
                            size_t items);

#endif
