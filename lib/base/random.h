/* Random numbers from a counter: the same key and counter give the same number on every machine and in any order, so a
 * resumed run needs no stored state. The mixing function is splitmix64's (Steele, Lea, Flood 2014). */
#ifndef FOVEA_BASE_RANDOM_H
#define FOVEA_BASE_RANDOM_H

#include <stdint.h>

/* A stream: every draw mixes `key` and advances `counter`. Start one with {key, 0}. */
typedef struct fovea__random {
    uint64_t key, counter;
} fovea__random;

/* A stream for one purpose: streams of different (seed, purpose, index) are unrelated. */
fovea__random fovea__random_stream(uint64_t seed, uint64_t purpose, uint64_t index);

uint64_t fovea__random_bits(fovea__random *random);
double fovea__random_uniform(fovea__random *random);                      /* [0, 1) */
double fovea__random_normal(fovea__random *random);                       /* mean 0, deviation 1 */
uint64_t fovea__random_below(fovea__random *random, uint64_t limit);      /* 0 .. limit-1, without bias */

#endif
