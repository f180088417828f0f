/* torch.optim.AdamW's step, and clip_grad_norm_, in float64. */
#ifndef FOVEA_TESTS_REF_ADAMW_H
#define FOVEA_TESTS_REF_ADAMW_H

#include <stddef.h>

typedef struct ref_adamw {
    double rate, beta1, beta2, epsilon, decay, clip; /* clip 0: none */
} ref_adamw;

/* step: 1 for the first. squares: the sum of squares of all gradients. */
void ref_adamw_step(const ref_adamw *adamw, int step, double *weights, const double *gradients, double *means,
                    double *mean_squares, size_t count, double squares);

#endif
