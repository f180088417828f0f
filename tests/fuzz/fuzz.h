/* What a fuzzer gives its driver, libFuzzer or standalone.c. */
#ifndef FOVEA_TESTS_FUZZ_H
#define FOVEA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feeds one input to the reader under test; aborts where the reader breaks a promise. Gives 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The index-th good input, freed with free(); gives its size, 0 where there is no further one. */
size_t fuzz_seed(int index, uint8_t **out);

/* Texts worth putting anywhere; ends with NULL. */
extern const char *const fuzz_words[];

#endif
