/* What a loss of one level of a batch leaves. */
#include "level_loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

fence level_loss_partials(size_t n_partials)
{
    return fence_tensor(fovea__shape_vector((int)n_partials + LEVEL_LOSS_FIRST), NULL);
}

level_loss level_loss_read(const fence *gradients, const fence *partials)
{
    level_loss got = {fence_read(gradients), fence_read(partials), fovea__shape_elements(gradients->tensor.shape),
                      fovea__shape_elements(partials->tensor.shape) - LEVEL_LOSS_FIRST, 0};
    for (int i = 0; i < LEVEL_LOSS_FIRST; i++)
        ck_assert_msg(isnan(got.partials[i]), "wrote before the first partial sum");
    memmove(got.partials, got.partials + LEVEL_LOSS_FIRST, got.n_partials * sizeof *got.partials);
    for (size_t i = 0; i < got.n_partials; i++)
        got.sum += (double)got.partials[i];
    return got;
}

void level_loss_free(level_loss *got)
{
    free(got->gradients);
    free(got->partials);
}

void level_loss_same_bits(const level_loss *a, const level_loss *b)
{
    ck_assert(a->n_gradients == b->n_gradients && a->n_partials == b->n_partials);
    ck_assert_msg(memcmp(a->gradients, b->gradients, a->n_gradients * sizeof *a->gradients) == 0 &&
                      memcmp(a->partials, b->partials, a->n_partials * sizeof *a->partials) == 0,
                  "a second run, in place, gave other bits");
}
