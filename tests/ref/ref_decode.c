/* Scores and boxes in double. */
#include "ref_decode.h"

#include <math.h>

double ref_decode_score(double logit)
{
    return 1.0 / (1.0 + exp(-logit));
}

void ref_decode_box(const float anchor[4], const float code[4], double height, double width, double box[4])
{
    const double limits[2] = {width, height};
    for (int axis = 0; axis < 2; axis++) {
        const double side = (double)anchor[axis + 2] - (double)anchor[axis];
        const double centre = ((double)anchor[axis] + (double)anchor[axis + 2]) / 2 + (double)code[axis] * side;
        const double decoded = side * exp(fmin((double)code[axis + 2], log(1000.0 / 16.0)));
        box[axis] = fmin(fmax(centre - decoded / 2, 0.0), limits[axis]);
        box[axis + 2] = fmin(fmax(centre + decoded / 2, 0.0), limits[axis]);
    }
}
