/* One step: g <- g min(1, clip / (norm + 1e-6)); g <- g + decay w; m <- momentum m + g; w <- w - rate m. */
#include "ref_sgd.h"

#include <math.h>

void ref_sgd_step(const ref_sgd *sgd, double *weights, const double *gradients, double *momenta, size_t count,
                  double squares)
{
    double factor = 1;
    if (sgd->clip > 0)
        factor = fmin(1, sgd->clip / (sqrt(squares) + 1e-6));
    for (size_t i = 0; i < count; i++) {
        const double gradient = gradients[i] * factor + sgd->decay * weights[i];
        momenta[i] = sgd->momentum * momenta[i] + gradient;
        weights[i] -= sgd->rate * momenta[i];
    }
}
