#include "sampler.h"

#include "memory.h"
#include "random.h"
#include "train_plan.h"

#include <stdlib.h>

enum { PURPOSE_ORDER = 101, PURPOSE_AUGMENT = 102, PURPOSE_SIZE = 103 };

fovea_status fovea__sampler_create(fovea__sampler **out, size_t pictures, uint64_t seed)
{
    *out = NULL;
    fovea__sampler *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, 1, sizeof *made, "a sampler"));
    const fovea_status status = fovea__allocate(&made->order, pictures, sizeof *made->order, "the order of an epoch");
    if (status) {
        free(made);
        return status;
    }
    made->seed = seed;
    made->pictures = pictures;
    made->epoch = UINT64_MAX;
    *out = made;
    return FOVEA_OK;
}

void fovea__sampler_free(fovea__sampler *sampler)
{
    if (!sampler)
        return;
    free(sampler->order);
    free(sampler);
}

/* Fisher and Yates's shuffle. */
static void shuffle(fovea__sampler *sampler, uint64_t epoch)
{
    fovea__random random = fovea__random_stream(sampler->seed, PURPOSE_ORDER, epoch);
    for (size_t i = 0; i < sampler->pictures; i++)
        sampler->order[i] = i;
    for (size_t i = sampler->pictures; i > 1; i--) {
        const size_t j = (size_t)fovea__random_below(&random, i);
        const size_t kept = sampler->order[i - 1];
        sampler->order[i - 1] = sampler->order[j];
        sampler->order[j] = kept;
    }
    sampler->epoch = epoch;
}

uint64_t fovea__sampler_picture(void *sampler, uint64_t k)
{
    fovea__sampler *s = sampler;
    const uint64_t epoch = k / s->pictures;
    if (epoch != s->epoch)
        shuffle(s, epoch);
    return s->order[k % s->pictures];
}

fovea__augment fovea__sampler_augment(const fovea__sampler *sampler, const fovea_train_options *plan, uint64_t k)
{
    const uint64_t step = k / (uint64_t)fovea__train_plan_pictures(plan);
    fovea__random random = fovea__random_stream(sampler->seed, PURPOSE_AUGMENT, k);
    fovea__random of_step = fovea__random_stream(sampler->seed, PURPOSE_SIZE, step);
    fovea__augment augment;
    augment.flip = fovea__random_uniform(&random) < plan->flip;
    augment.scale = plan->scale_jitter[0] +
                    (plan->scale_jitter[1] - plan->scale_jitter[0]) * fovea__random_uniform(&random);
    augment.size = plan->sizes[fovea__random_below(&of_step, (uint64_t)fovea__train_plan_sizes(plan))];
    return augment;
}
