#include "train_plan.h"

#include "hash.h"
#include "text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* 0 means the default, a negative value exactly 0. */
static double resolved(double value, double otherwise)
{
    return value < 0 ? 0.0 : value > 0 ? value : otherwise;
}

static fovea_status check_optimizer(const fovea_train_options *o)
{
    FOVEA_CHECK_ARG(o->optimizer >= FOVEA_OPTIMIZER_SGD && o->optimizer <= FOVEA_OPTIMIZER_ADAMW,
                    "optimizer is %d; expected a fovea_optimizer", (int)o->optimizer);
    FOVEA_CHECK_ARG(o->momentum < 1, "momentum is %g; expected below 1", o->momentum);
    FOVEA_CHECK_ARG(o->betas[0] >= 0 && (float)o->betas[0] < 1 && o->betas[1] >= 0 && (float)o->betas[1] < 1,
                    "betas are %g and %g; expected 0 to below 1, as floats", o->betas[0], o->betas[1]);
    FOVEA_CHECK_ARG(o->epsilon >= 0 && o->epsilon <= 1 && !(o->epsilon > 0 && (float)o->epsilon < FLT_MIN),
                    "epsilon is %g; expected a float above 0, at most 1", o->epsilon);
    FOVEA_CHECK_ARG(o->ema >= 0 && o->ema < 1, "ema is %g; expected 0 to below 1", o->ema);
    return FOVEA_OK;
}

static fovea_status check_sizes(const fovea_train_options *o)
{
    FOVEA_CHECK_ARG(o->size >= 0 && o->size <= FOVEA__MOST_SIZE && o->max_size >= 0 && o->max_size <= FOVEA__MOST_SIZE,
                    "size is %d and max_size %d; expected 0 to %d", o->size, o->max_size, FOVEA__MOST_SIZE);
    for (int i = 0, before = 0; i < FOVEA_TRAIN_SIZES; before = o->sizes[i++])
        FOVEA_CHECK_ARG(o->sizes[i] == 0 || (o->sizes[i] > before && o->sizes[i] <= FOVEA__MOST_SIZE &&
                                             (i == 0 || before > 0)),
                        "sizes has %d behind %d; expected rising numbers up to %d, then zeros", o->sizes[i], before,
                        FOVEA__MOST_SIZE);
    return FOVEA_OK;
}

static fovea_status check_augmentation(const fovea_train_options *o)
{
    FOVEA_CHECK_ARG(o->flip <= 1, "flip is %g; expected 0 to 1", o->flip);
    FOVEA_CHECK_ARG(o->scale_jitter[0] >= 0 && o->scale_jitter[1] >= o->scale_jitter[0] && o->scale_jitter[1] <= 16,
                    "scale_jitter is %g to %g; expected 0 < low <= high <= 16", o->scale_jitter[0],
                    o->scale_jitter[1]);
    FOVEA_CHECK_ARG(o->scale_jitter[0] > 0 || o->scale_jitter[1] == 0, "scale_jitter begins at 0");
    FOVEA_CHECK_ARG(o->crop >= 0 && o->crop <= 1, "crop is %g; expected 0 to 1", o->crop);
    FOVEA_CHECK_ARG(o->brightness >= 0 && o->brightness <= 16 && o->contrast >= 0 && o->contrast <= 16 &&
                    o->saturation >= 0 && o->saturation <= 16, "brightness is %g, contrast %g and saturation %g; "
                    "expected 0 to 16", o->brightness, o->contrast, o->saturation);
    FOVEA_CHECK_ARG(o->hue >= 0 && o->hue <= 0.5, "hue is %g; expected 0 to .5", o->hue);
    return check_sizes(o);
}

static fovea_status check(const fovea_train_options *o)
{
    FOVEA_CHECK_ARG(o->batch >= 0 && o->batch <= 4096, "batch is %d; expected 1 to 4096", o->batch);
    FOVEA_CHECK_ARG(o->accumulate >= 0 && o->accumulate <= 4096 && (int64_t)o->accumulate * o->batch <= 4096,
                    "accumulate is %d and batch %d; expected 1 or more, and together at most 4096", o->accumulate,
                    o->batch);
    FOVEA_CHECK_ARG(o->steps >= 0 && o->epochs >= 0 && o->epochs <= 1e6, "steps is %lld and epochs %g; expected >= 0",
                    (long long)o->steps, o->epochs);
    FOVEA_CHECK_ARG(o->learning_rate >= 0 && isfinite(o->learning_rate), "learning_rate is %g; expected > 0",
                    o->learning_rate);
    FOVEA_TRY(check_optimizer(o));
    FOVEA_CHECK_ARG(o->weight_decay < HUGE_VAL && !isnan(o->clip), "weight_decay is %g and clip %g; expected numbers",
                    o->weight_decay, o->clip);
    FOVEA_CHECK_ARG(!isnan(o->decay_at[0]) && !isnan(o->decay_at[1]), "decay_at is not a number");
    FOVEA_CHECK_ARG(o->schedule >= FOVEA_SCHEDULE_STEPS && o->schedule <= FOVEA_SCHEDULE_COSINE,
                    "schedule is %d; expected a fovea_schedule", (int)o->schedule);
    FOVEA_CHECK_ARG(o->freeze >= 0 && o->freeze <= 5, "freeze is %d; expected 0 to 5", o->freeze);
    FOVEA_CHECK_ARG(o->loss >= FOVEA_LOSS_FOCAL && o->loss <= FOVEA_LOSS_OHEM, "loss is %d; expected a fovea_loss",
                    (int)o->loss);
    FOVEA_CHECK_ARG(o->box_loss >= FOVEA_BOX_LOSS_SMOOTH_L1 && o->box_loss <= FOVEA_BOX_LOSS_GIOU,
                    "box_loss is %d; expected a fovea_box_loss", (int)o->box_loss);
    FOVEA_CHECK_ARG(o->alpha <= 1 && o->gamma <= 100, "alpha is %g and gamma %g; expected at most 1 and 100", o->alpha,
                    o->gamma);
    FOVEA_CHECK_ARG(o->ohem_batch >= 0 && o->ohem_batch <= 4096, "ohem_batch is %d; expected 1 to 4096", o->ohem_batch);
    FOVEA_CHECK_ARG(o->ohem_nms >= 0 && o->ohem_nms <= 1, "ohem_nms is %g; expected 0 to 1", o->ohem_nms);
    FOVEA_CHECK_ARG(o->loader_threads >= 0 && o->loader_threads <= 64, "loader_threads is %d; expected 1 to 64",
                    o->loader_threads);
    return check_augmentation(o);
}

static void resolve_optimizer(fovea_train_options *plan)
{
    const bool adamw = plan->optimizer == FOVEA_OPTIMIZER_ADAMW;
    const double batches = fovea__train_plan_pictures(plan) / 16.0;
    plan->learning_rate = resolved(plan->learning_rate, adamw ? 1e-4 * sqrt(batches) : 0.01 * batches);
    plan->momentum = resolved(plan->momentum, 0.9);
    plan->betas[0] = resolved(plan->betas[0], 0.9);
    plan->betas[1] = resolved(plan->betas[1], 0.999);
    plan->epsilon = resolved(plan->epsilon, 1e-8);
    plan->weight_decay = resolved(plan->weight_decay, adamw ? 0.01 : 1e-4);
}

static void resolve_loss(fovea_train_options *plan)
{
    if (plan->loss == FOVEA_LOSS_FOCAL) {
        plan->alpha = plan->alpha == 0 ? 0.25 : plan->alpha;
        plan->gamma = resolved(plan->gamma, 2.0);
    } else {
        plan->alpha = plan->alpha == 0 || plan->loss == FOVEA_LOSS_OHEM ? -1.0 : plan->alpha;
        plan->gamma = 0.0;
    }
    plan->ohem_batch = plan->ohem_batch ? plan->ohem_batch : 128;
    plan->ohem_nms = resolved(plan->ohem_nms, 0.5);
}

/* The largest of all sizes is what max_size follows from: one limit serves training and evaluation, as in Detectron2 and
 * torchvision, which evaluate at the largest size too. */
static void resolve_sizes(fovea_train_options *plan, const fovea_model *model)
{
    const int count = fovea__train_plan_sizes(plan), largest = count ? plan->sizes[count - 1] : 0;
    plan->max_size = fovea__config_max_size(largest > plan->size ? largest : plan->size, plan->max_size,
                                            model->config.max_size);
    if (plan->size == 0)
        plan->size = largest ? largest : model->config.size;
    if (count == 0)
        plan->sizes[0] = plan->size;
}

static void resolve_length(fovea_train_options *plan, size_t pictures)
{
    if (plan->steps == 0) {
        plan->epochs = plan->epochs > 0 ? plan->epochs : 12.0;
        plan->steps = (int64_t)ceil(plan->epochs * (double)pictures / fovea__train_plan_pictures(plan));
    }
    plan->epochs = (double)plan->steps * fovea__train_plan_pictures(plan) / (double)pictures;
    if (plan->decay_at[0] == 0 && plan->decay_at[1] == 0) {
        plan->decay_at[0] = 0.7;
        plan->decay_at[1] = 0.9;
    }
}

fovea_status fovea__train_plan_resolve(fovea_train_options *out, const fovea_train_options *options,
                                       const fovea_model *model, size_t pictures)
{
    static const fovea_train_options defaults;
    fovea_train_options plan = options ? *options : defaults;
    const fovea_status status = check(&plan);
    if (status)
        return fovea__fail_in(status, "training options");
    plan.batch = plan.batch ? plan.batch : 2;
    plan.accumulate = plan.accumulate ? plan.accumulate : 1;
    resolve_optimizer(&plan);
    plan.warmup = plan.warmup < 0 ? 0 : plan.warmup ? plan.warmup : 100;
    plan.clip = resolved(plan.clip, 10.0);
    plan.flip = resolved(plan.flip, 0.5);
    if (plan.scale_jitter[1] == 0)
        plan.scale_jitter[0] = plan.scale_jitter[1] = 1.0;
    resolve_sizes(&plan, model);
    plan.loader_threads = plan.loader_threads ? plan.loader_threads : 2;
    resolve_length(&plan, pictures);
    resolve_loss(&plan);
    *out = plan;
    return FOVEA_OK;
}

int fovea__train_plan_sizes(const fovea_train_options *plan)
{
    int count = 0;
    while (count < FOVEA_TRAIN_SIZES && plan->sizes[count] > 0)
        count++;
    return count;
}

fovea__augment_plan fovea__train_plan_augment(const fovea_train_options *plan)
{
    return (fovea__augment_plan){.seed = plan->seed, .crop = plan->crop, .brightness = plan->brightness,
                                 .contrast = plan->contrast, .saturation = plan->saturation, .hue = plan->hue};
}

double fovea__train_plan_rate(const fovea_train_options *plan, int64_t step)
{
    double rate = plan->learning_rate;
    if (step < plan->warmup)
        rate *= (double)(step + 1) / plan->warmup;
    if (plan->schedule == FOVEA_SCHEDULE_COSINE) {
        const double behind = (double)(step - plan->warmup), all = (double)(plan->steps - plan->warmup);
        return behind > 0 ? rate * (1 + cos(3.141592653589793 * behind / all)) / 2 : rate;
    }
    for (int i = 0; i < 2; i++)
        if (plan->decay_at[i] > 0 && (double)step >= plan->decay_at[i] * (double)plan->steps)
            rate /= 10.0;
    return rate;
}

uint64_t fovea__train_plan_fingerprint(const fovea_dataset *dataset)
{
    uint64_t so_far = FOVEA__HASH_EMPTY;
    for (size_t i = 0; i < fovea_dataset_size(dataset); i++) {
        fovea_picture picture;
        if (fovea_dataset_picture(dataset, i, &picture))
            continue;
        so_far = fovea__hash(so_far, picture.file_name, strlen(picture.file_name) + 1);
        for (size_t b = 0; b < picture.n_boxes; b++) {
            const fovea_box *box = &picture.boxes[b];
            const float edges[4] = {box->x0, box->y0, box->x1, box->y1};
            so_far = fovea__hash(so_far, edges, sizeof edges);
            so_far = fovea__hash(so_far, &box->label, sizeof box->label);
        }
    }
    return so_far;
}

static void print_sizes(const fovea_train_options *plan, char *out, size_t room)
{
    size_t used = 0;
    for (int i = 0; i < fovea__train_plan_sizes(plan) && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%d", i ? "," : "", plan->sizes[i]);
}

void fovea__train_plan_text(const fovea_train_options *p, uint64_t fingerprint, char *out, size_t room)
{
    char sizes[8 * FOVEA_TRAIN_SIZES];
    print_sizes(p, sizes, sizeof sizes);
    fovea__format_plain(out, room,
             "{\"data\":\"%016llx\",\"batch\":%d,\"accumulate\":%d,\"steps\":%lld,\"learning_rate\":%.17g,"
             "\"momentum\":%.17g,\"optimizer\":[%d,%.17g,%.17g,%.17g],\"ema\":%.17g,"
             "\"weight_decay\":%.17g,\"warmup\":%d,\"schedule\":%d,\"decay_at\":[%.17g,%.17g],"
             "\"clip\":%.17g,\"flip\":%.17g,\"scale_jitter\":[%.17g,%.17g],\"crop\":%.17g,\"colour\":[%.17g,%.17g,%.17g,%.17g],\"sizes\":[%s],"
             "\"size\":%d,\"max_size\":%d,\"freeze\":%d,\"loss\":%d,\"alpha\":%.17g,"
             "\"gamma\":%.17g,\"box_loss\":%d,\"ohem\":[%d,%.17g,%d],\"seed\":\"%llu\"}",
             (unsigned long long)fingerprint, p->batch, p->accumulate, (long long)p->steps, p->learning_rate, p->momentum,
             (int)p->optimizer, p->betas[0], p->betas[1], p->epsilon, p->ema,
             p->weight_decay, p->warmup, (int)p->schedule, p->decay_at[0], p->decay_at[1], p->clip, p->flip,
             p->scale_jitter[0], p->scale_jitter[1], p->crop, p->brightness, p->contrast, p->saturation, p->hue, sizes, p->size,
             p->max_size, p->freeze, (int)p->loss, p->alpha, p->gamma,
             (int)p->box_loss, p->ohem_batch, p->ohem_nms, p->ohem_ratio ? 1 : 0, (unsigned long long)p->seed);
}
