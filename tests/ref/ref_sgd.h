/* torch.optim.SGD's step with momentum and decay, and clip_grad_norm_, in float64. */
#ifndef FOVEA_TESTS_REF_SGD_H
#define FOVEA_TESTS_REF_SGD_H

#include <stddef.h>

typedef struct ref_sgd {
    double rate, momentum, decay, clip; /* clip 0: none */
} ref_sgd;

/* squares: the sum of squares of all gradients. */
void ref_sgd_step(const ref_sgd *sgd, double *weights, const double *gradients, double *momenta, size_t count,
                  double squares);

#endif
