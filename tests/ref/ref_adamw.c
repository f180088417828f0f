/* One step as the paper's algorithm 2 has it: clip; both moments; both corrected; the weight decayed, then moved. */
#include "ref_adamw.h"

#include <math.h>

void ref_adamw_step(const ref_adamw *adamw, int step, double *weights, const double *gradients, double *means,
                    double *mean_squares, size_t count, double squares)
{
    double factor = 1;
    if (adamw->clip > 0)
        factor = fmin(1, adamw->clip / (sqrt(squares) + 1e-6));
    for (size_t i = 0; i < count; i++) {
        const double gradient = gradients[i] * factor;
        means[i] = adamw->beta1 * means[i] + (1 - adamw->beta1) * gradient;
        mean_squares[i] = adamw->beta2 * mean_squares[i] + (1 - adamw->beta2) * gradient * gradient;
        const double mean = means[i] / (1 - pow(adamw->beta1, step));
        const double mean_square = mean_squares[i] / (1 - pow(adamw->beta2, step));
        weights[i] -= adamw->rate * adamw->decay * weights[i];
        weights[i] -= adamw->rate * mean / (sqrt(mean_square) + adamw->epsilon);
    }
}
