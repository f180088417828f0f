/* Box codes in double: the centre's distance in anchor sizes, and the logarithm of the ratio of sizes. */
#include "ref_box_code.h"

#include <math.h>

void ref_box_code_encode(const double anchor[4], const double box[4], double code[4])
{
    for (int axis = 0; axis < 2; axis++) {
        const double anchor_size = anchor[axis + 2] - anchor[axis], box_size = box[axis + 2] - box[axis];
        const double anchor_centre = (anchor[axis] + anchor[axis + 2]) / 2;
        const double box_centre = (box[axis] + box[axis + 2]) / 2;
        code[axis] = (box_centre - anchor_centre) / anchor_size;
        code[axis + 2] = log(box_size / anchor_size);
    }
}

void ref_box_code_decode(const double anchor[4], const double code[4], double box[4])
{
    for (int axis = 0; axis < 2; axis++) {
        const double anchor_size = anchor[axis + 2] - anchor[axis];
        const double centre = (anchor[axis] + anchor[axis + 2]) / 2 + code[axis] * anchor_size;
        const double size = anchor_size * exp(fmin(code[axis + 2], log(1000.0 / 16.0)));
        box[axis] = centre - size / 2;
        box[axis + 2] = centre + size / 2;
    }
}
