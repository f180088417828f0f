#include "augment.h"

#include <math.h>

enum { PURPOSE_CROP = 111, PURPOSE_COLOUR = 112 };

fovea__crop fovea__augment_crop(const fovea__augment_plan *plan, uint64_t k, const fovea_picture *picture, int width,
                                int height)
{
    fovea__random random = fovea__random_stream(plan->seed, PURPOSE_CROP, k);
    if (!(fovea__random_uniform(&random) < plan->crop))
        return (fovea__crop){0};
    return fovea__crop_draw(&random, picture->boxes, picture->n_boxes, width, height);
}

fovea__colour fovea__augment_colour(const fovea__augment_plan *plan, uint64_t k)
{
    const double reach[FOVEA__COLOUR_KINDS] = {plan->brightness, plan->contrast, plan->saturation, plan->hue};
    fovea__random random = fovea__random_stream(plan->seed, PURPOSE_COLOUR, k);
    fovea__colour colour = {0};
    for (int kind = 0; kind < FOVEA__COLOUR_KINDS; kind++) {
        const bool turns = kind == FOVEA__COLOUR_HUE;
        const double low = turns ? -reach[kind] : fmax(0, 1 - reach[kind]), high = reach[kind] + (turns ? 0 : 1);
        const float factor = (float)(low + (high - low) * fovea__random_uniform(&random));
        const int place = (int)fovea__random_below(&random, (uint64_t)colour.count + 1);
        if (!(reach[kind] > 0))
            continue;
        colour.steps[colour.count++] = colour.steps[place];
        colour.steps[place] = (fovea__colour_step){(fovea__colour_kind)kind, factor};
    }
    return colour;
}

fovea_status fovea__augment_picture(const fovea__augment_plan *plan, uint64_t k, const fovea_picture *picture,
                                    fovea_image *image, fovea__crop *crop)
{
    *crop = fovea__augment_crop(plan, k, picture, image->width, image->height);
    fovea__crop_image(image, crop);
    const fovea__colour colour = fovea__augment_colour(plan, k);
    return fovea__colour_apply(image, &colour);
}
