/* average <- decay average + (1 - decay) values. */
#include "ref_ema.h"

void ref_ema_step(double decay, double *average, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        average[i] = decay * average[i] + (1 - decay) * values[i];
}
