/* Plain loops over the formula in probe.h. */
#include "ref_probe.h"

void ref_probe_multiply_add(const double *start, size_t lanes, double factor, double term, int rounds, double *sums,
                            size_t items)
{
    for (size_t item = 0; item < items; item++) {
        sums[item] = 0;
        for (size_t lane = 0; lane < lanes; lane++) {
            double value = start[lane] + (double)(item % 8);
            for (int round = 0; round < rounds; round++)
                value = value * factor + term;
            sums[item] += value;
        }
    }
}
