#include "diagnose.h"

#include <math.h>
#include <stdio.h>

/* The pictures of the batch, as many as fit. */
static void name_pictures(const fovea_trainer *t, char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < t->batch->size && used + 1 < room; i++) {
        fovea_picture picture;
        if (fovea_dataset_picture(t->dataset, t->batch->pictures[i].index, &picture))
            continue;
        const int more = snprintf(out + used, room - used, "%s%s", i ? ", " : "", picture.file_name);
        used += more > 0 ? (size_t)more : 0;
    }
}

static fovea_status find_layer(fovea_trainer *t, const char **layer, const char **what)
{
    for (int part = 0; part < t->plan.accumulate && !*layer; part++) {
        *what = "the value of";
        FOVEA_TRY(fovea__batch_upload(t->batch, t->network, part));
        FOVEA_TRY(fovea__network_find_nonfinite(t->network, false, layer));
        if (*layer)
            return FOVEA_OK;
        FOVEA_TRY(fovea__losses_run(t->losses, t->network, t->batch, &t->plan, part));
        *what = "the gradient of";
        t->network->adds_gradients = part > 0;
        FOVEA_TRY(fovea__network_find_nonfinite(t->network, true, layer));
    }
    return FOVEA_OK;
}

fovea_status fovea__diagnose(fovea_trainer *t, const float state[3])
{
    const char *layer = NULL, *what = NULL;
    char pictures[400];
    const bool searched = find_layer(t, &layer, &what) == FOVEA_OK;
    name_pictures(t, pictures, sizeof pictures);
    const char *name = !isfinite(state[1]) ? "class loss" : !isfinite(state[2]) ? "box loss" : "gradient's norm";
    const double value = (double)(!isfinite(state[1]) ? state[1] : !isfinite(state[2]) ? state[2] : state[0]);
    return fovea__fail(FOVEA_ERROR_NUMERIC, "step %lld: the %s is %g with pictures %s; it begins in %s %s; the weights "
                       "are those before the step", (long long)t->step + 1, name, value, pictures,
                       searched && layer ? what : searched ? "the sum over" : "a layer that could not be found,",
                       searched && layer ? layer : searched ? "all layers" : "since the search itself failed");
}
