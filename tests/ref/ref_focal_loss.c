/* The focal loss in double: p_t, its logarithm, and the two formulas as the paper has them. */
#include "ref_focal_loss.h"

#include "assign.h"

#include <math.h>

static double log_sigmoid(double x)
{
    return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
}

static double alpha_t(bool object, double alpha)
{
    return alpha < 0 ? 1.0 : object ? alpha : 1.0 - alpha;
}

double ref_focal_loss_value(double logit, bool object, double alpha, double gamma)
{
    const double z = object ? logit : -logit; /* y x; p_t = sigmoid(z) */
    return -alpha_t(object, alpha) * exp(gamma * log_sigmoid(-z)) * log_sigmoid(z);
}

double ref_focal_loss_gradient(double logit, bool object, double alpha, double gamma)
{
    const double y = object ? 1.0 : -1.0, z = y * logit;
    const double p_t = exp(log_sigmoid(z)), one_less_p_t = exp(log_sigmoid(-z));
    return y * alpha_t(object, alpha) * exp(gamma * log_sigmoid(-z)) * (gamma * p_t * log_sigmoid(z) - one_less_p_t);
}

double ref_focal_loss_run(const fovea__focal_loss *loss, fovea__shape shape, const double *logits, const int *matches,
                          const int *labels, const float *scales, double *d_logits)
{
    const double alpha = (double)loss->alpha, gamma = (double)loss->gamma;
    const size_t classes = (size_t)loss->classes, values = (size_t)shape.h * (size_t)shape.w * (size_t)shape.c;
    double total = 0;
    const size_t before = (size_t)loss->first_picture;
    for (size_t n = 0; n < (size_t)shape.n; n++)
        for (size_t i = 0; i < values; i++) {
            const int match = matches[(before + n) * loss->n_anchors + loss->first_anchor + i / classes];
            const bool object = match >= 0 && labels[match] == (int)(i % classes);
            const double scale = match == FOVEA__IGNORED ? 0.0 : (double)scales[before + n];
            total += scale * ref_focal_loss_value(logits[n * values + i], object, alpha, gamma);
            d_logits[n * values + i] = scale * ref_focal_loss_gradient(logits[n * values + i], object, alpha, gamma);
        }
    return total;
}
