/* What a loss of one level of a batch leaves, for the tests of its rooms. */
#ifndef FOVEA_TESTS_LEVEL_LOSS_H
#define FOVEA_TESTS_LEVEL_LOSS_H

#include "fence.h"

enum { LEVEL_LOSS_FIRST = 3 }; /* where the room is told to begin its partial sums */

typedef struct level_loss {
    float *gradients, *partials;
    size_t n_gradients, n_partials;
    double sum; /* of the partial sums */
} level_loss;

/* Room for partial sums from LEVEL_LOSS_FIRST on. */
fence level_loss_partials(size_t n_partials);

/* Reads both; fails the test where something was written before the first partial sum. Freed by level_loss_free(). */
level_loss level_loss_read(const fence *gradients, const fence *partials);
void level_loss_free(level_loss *got);

/* Fails the test unless both hold the same bits. */
void level_loss_same_bits(const level_loss *a, const level_loss *b);

#endif
