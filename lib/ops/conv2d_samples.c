/* Sums in float64 at places of a convolution's result. */
#include "conv2d_samples.h"

#include "conv2d_choices.h"
#include "memory.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_SAMPLES = 32 };

static const double most_terms = 2e6; /* of all sums together, about */

/* Of the largest sum. Rounding in float32 stays a decimal below this in any order of summing (Winograd's too, whose
 * transforms cost a decimal), and a term that is lost from a sum of n stands above it, at about 1 / sqrt(n). */
static const double tolerance = 1e-4;

/* A value of x; 0 outside. */
static double x_at(const fovea__conv2d_samples *d, int n, int y, int x, int i)
{
    const fovea__shape s = d->x_shape;
    if (y < 0 || y >= s.h || x < 0 || x >= s.w)
        return 0.0;
    return (double)d->x[(((size_t)n * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x) * (size_t)s.c + (size_t)i];
}

static double y_at(const fovea__conv2d_samples *d, int n, int y, int x, int o)
{
    const fovea__shape s = d->y_shape;
    if (y < 0 || y >= s.h || x < 0 || x >= s.w)
        return 0.0;
    return (double)d->y[(((size_t)n * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x) * (size_t)s.c + (size_t)o];
}

static double weight_at(const fovea__conv2d_samples *d, int o, int i, int ky, int kx)
{
    const fovea__shape s = d->weights_shape;
    return (double)d->weights[(((size_t)o * (size_t)s.h + (size_t)i) * (size_t)s.w + (size_t)ky) * (size_t)s.c +
                              (size_t)kx];
}

static double forward_sum(const fovea__conv2d_samples *d, const int at[4])
{
    const fovea__conv2d_shape *s = &d->shape;
    double sum = 0;
    for (int ky = 0; ky < s->kernel; ky++)
        for (int kx = 0; kx < s->kernel; kx++)
            for (int i = 0; i < s->in_channels; i++)
                sum += x_at(d, at[0], at[1] * s->stride - s->padding + ky, at[2] * s->stride - s->padding + kx, i) *
                       weight_at(d, at[3], i, ky, kx);
    return sum;
}

static double backward_data_sum(const fovea__conv2d_samples *d, const int at[4])
{
    const fovea__conv2d_shape *s = &d->shape;
    double sum = 0;
    for (int ky = 0; ky < s->kernel; ky++)
        for (int kx = 0; kx < s->kernel; kx++) {
            const int y = at[1] + s->padding - ky, x = at[2] + s->padding - kx;
            if (y < 0 || x < 0 || y % s->stride != 0 || x % s->stride != 0)
                continue;
            for (int o = 0; o < s->out_channels; o++)
                sum += y_at(d, at[0], y / s->stride, x / s->stride, o) * weight_at(d, o, at[3], ky, kx);
        }
    return sum;
}

static double backward_weights_sum(const fovea__conv2d_samples *d, const int at[4])
{
    const fovea__conv2d_shape *s = &d->shape;
    const fovea__shape out = d->y_shape;
    double sum = 0;
    for (int n = 0; n < out.n; n++)
        for (int y = 0; y < out.h; y++)
            for (int x = 0; x < out.w; x++)
                sum += x_at(d, n, y * s->stride - s->padding + at[2], x * s->stride - s->padding + at[3], at[1]) *
                       y_at(d, n, y, x, at[0]);
    return sum;
}

static double sum_at(const fovea__conv2d_samples *d, const int at[4])
{
    switch (d->direction) {
    case FOVEA__CONV2D_FORWARD: return forward_sum(d, at);
    case FOVEA__CONV2D_BACKWARD_DATA: return backward_data_sum(d, at);
    case FOVEA__CONV2D_BACKWARD_WEIGHTS: break;
    }
    return backward_weights_sum(d, at);
}

/* Half of the samples lie anywhere; of the others every coordinate is at either end half of the time, since what goes
 * wrong goes wrong at edges. */
static void take_samples(fovea__conv2d_samples *out, fovea__shape shape)
{
    const int sizes[4] = {shape.n, shape.h, shape.w, shape.c};
    fovea__random random = fovea__random_stream(1, 0, 0);
    const double terms = fovea__conv2d_operations(&out->shape) / 2 / sizes[0] / sizes[1] / sizes[2] / sizes[3];
    const double affordable = fmax(most_terms / terms, LEAST_SAMPLES);
    out->count = affordable < FOVEA__CONV2D_MOST_SAMPLES ? (int)affordable : FOVEA__CONV2D_MOST_SAMPLES;
    for (int i = 0; i < out->count; i++) {
        int at[4];
        size_t place = 0;
        for (int d = 0; d < 4; d++) {
            const uint64_t end = i % 2 ? fovea__random_below(&random, 4) : 2;
            at[d] = end == 0 ? 0 : end == 1 ? sizes[d] - 1 : (int)fovea__random_below(&random, (uint64_t)sizes[d]);
            place = place * (size_t)sizes[d] + (size_t)at[d];
        }
        out->places[i] = place;
        out->sums[i] = sum_at(out, at);
        out->largest = fmax(out->largest, fabs(out->sums[i]));
    }
}

static fovea_status make_values(float **out, fovea__shape shape, uint64_t seed)
{
    const size_t count = fovea__shape_elements(shape);
    fovea__random random = fovea__random_stream(seed, 0, 0);
    FOVEA_TRY(fovea__allocate(out, count, sizeof(float), "a measurement"));
    for (size_t i = 0; i < count; i += 2) {
        const uint64_t bits = fovea__random_bits(&random);
        (*out)[i] = (float)(int32_t)(bits >> 32) * 0x1p-31f;
        if (i + 1 < count)
            (*out)[i + 1] = (float)(int32_t)bits * 0x1p-31f;
    }
    return FOVEA_OK;
}

fovea_status fovea__conv2d_samples_make(fovea__conv2d_samples *out, fovea__conv2d_direction direction,
                                        const fovea__conv2d_shape *shape)
{
    *out = (fovea__conv2d_samples){
        .direction = direction,
        .shape = *shape,
        .x_shape = {shape->batch, shape->height, shape->width, shape->in_channels},
        .weights_shape = {shape->out_channels, shape->in_channels, shape->kernel, shape->kernel},
        .y_shape = fovea__conv2d_out_shape(shape)};
    FOVEA_TRY(make_values(&out->x, out->x_shape, 2));
    FOVEA_TRY(make_values(&out->weights, out->weights_shape, 3));
    FOVEA_TRY(make_values(&out->y, out->y_shape, 4));
    const bool forward = direction == FOVEA__CONV2D_FORWARD, data = direction == FOVEA__CONV2D_BACKWARD_DATA;
    const fovea__shape result = forward ? out->y_shape : data ? out->x_shape : out->weights_shape;
    out->result = forward ? out->y : data ? out->x : out->weights;
    out->n_result = fovea__shape_elements(result);
    take_samples(out, result);
    return FOVEA_OK;
}

bool fovea__conv2d_samples_agree(const fovea__conv2d_samples *samples)
{
    for (size_t i = 0; i < samples->n_result; i++)
        if (!isfinite(samples->result[i]))
            return false;
    for (int i = 0; i < samples->count; i++)
        if (!(fabs((double)samples->result[samples->places[i]] - samples->sums[i]) <= tolerance * samples->largest))
            return false;
    return true;
}

void fovea__conv2d_samples_clear(fovea__conv2d_samples *samples)
{
    free(samples->x);
    free(samples->weights);
    free(samples->y);
    *samples = (fovea__conv2d_samples){0};
}
