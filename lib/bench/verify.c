/* fovea_benchmark_verify(): the small problems' known results; at the workload's own size each convolution; and there
 * what comes of the whole work by the algorithms that the convolutions chose, against the direct one. */
#include "convolutions.h"
#include "small.h"
#include "workload.h"

#include "memory.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

/* Values that two ways of computing must agree in, part by part (a tensor each). */
typedef struct results {
    float *values;
    size_t *parts; /* where each part begins, and the end */
    size_t n_parts;
    double losses[2];
    bool chosen; /* an algorithm other than the direct one was used */
} results;

static void results_free(results *r)
{
    free(r->values);
    free(r->parts);
}

static bool uses_other_algorithm(const fovea__network *network)
{
    for (int i = 0; i < network->n_nodes; i++)
        for (int direction = 0; direction < (network->training ? 3 : 1); direction++)
            if (network->nodes[i].kind == FOVEA__NODE_CONV &&
                network->nodes[i].algorithm[direction] != FOVEA__CONV2D_DIRECT)
                return true;
    return false;
}

/* ---- detection: the network's outputs --------------------------------------------------------------------------- */

static fovea_status fill_input(fovea__network *network)
{
    fovea__tensor *input = fovea__network_input(network);
    const size_t count = fovea__shape_elements(input->shape);
    float *values = NULL;
    FOVEA_TRY(fovea__allocate(&values, count, sizeof *values, "a benchmark's input"));
    fovea__random random = fovea__random_stream(2, 0, 0);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(4 * fovea__random_uniform(&random) - 2);
    const fovea_status status = fovea__tensor_write(input, values);
    free(values);
    return status;
}

static const fovea__tensor *output(fovea__network *network, size_t part)
{
    const int level = (int)(part / 2);
    return part % 2 ? fovea__network_codes(network, level) : fovea__network_logits(network, level);
}

static fovea_status read_outputs(fovea__network *network, results *r)
{
    r->n_parts = 2 * FOVEA__LEVELS;
    FOVEA_TRY(fovea__allocate(&r->parts, r->n_parts + 1, sizeof *r->parts, "a benchmark's results"));
    for (size_t i = 0; i < r->n_parts; i++)
        r->parts[i + 1] = r->parts[i] + fovea__shape_elements(output(network, i)->shape);
    FOVEA_TRY(fovea__allocate(&r->values, r->parts[r->n_parts], sizeof(float), "a benchmark's results"));
    const float bias = (float)-log((1.0 - (double)network->parameters->config.prior) /
                                   (double)network->parameters->config.prior);
    for (size_t i = 0; i < r->n_parts; i++) {
        float *values = r->values + r->parts[i];
        FOVEA_TRY(fovea__tensor_read(output(network, i), values));
        for (size_t at = 0; i % 2 == 0 && at < r->parts[i + 1] - r->parts[i]; at++)
            values[at] -= bias; /* what was computed is the deviation from the prior's logit */
    }
    return FOVEA_OK;
}

static fovea_status forward(fovea__workload *work, bool plain, results *r)
{
    fovea_model *model = work->model;
    FOVEA_TRY(fovea__network_create(&model->network, model->parameters, false, 0));
    fovea__network *network = model->network;
    network->plain = plain;
    const int padded = fovea__network_padded(work->options.size);
    FOVEA_TRY(fovea__network_plan(network, 1, padded, padded));
    FOVEA_TRY(fill_input(network));
    FOVEA_TRY(fovea__network_forward(network));
    r->chosen = uses_other_algorithm(network);
    return read_outputs(network, r);
}

/* ---- a step: losses and gradients ------------------------------------------------------------------------------- */

static fovea_status read_gradients(const fovea__parameters *parameters, results *r)
{
    FOVEA_TRY(fovea__allocate(&r->parts, parameters->count + 1, sizeof *r->parts, "a benchmark's results"));
    FOVEA_TRY(fovea__allocate(&r->values, parameters->n_trained, sizeof(float), "a benchmark's results"));
    for (size_t i = 0; i < parameters->count; i++) {
        const fovea__parameter *item = &parameters->items[i];
        if (!item->gradient.buffer)
            continue;
        FOVEA_TRY(fovea__tensor_read(&item->gradient, r->values + r->parts[r->n_parts]));
        r->parts[r->n_parts + 1] = r->parts[r->n_parts] + fovea__parameter_elements(item);
        r->n_parts++;
    }
    return FOVEA_OK;
}

static fovea_status step(fovea__workload *work, bool plain, results *r)
{
    work->trainer->network->plain = plain;
    FOVEA_TRY(fovea__workload_run(work));
    r->chosen = uses_other_algorithm(work->trainer->network);
    r->losses[0] = work->progress.class_loss;
    r->losses[1] = work->progress.box_loss;
    return read_gradients(work->model->parameters, r);
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static fovea_status compute(fovea_device *device, const fovea_benchmark_options *options, bool plain, results *r)
{
    fovea__workload *work = NULL;
    FOVEA_TRY(fovea__workload_create(&work, device, options));
    const fovea_status status = work->trainer ? step(work, plain, r) : forward(work, plain, r);
    fovea__workload_free(work);
    return status;
}

static double norm(const float *values, const float *less, size_t count)
{
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        const double value = (double)values[i] - (less ? (double)less[i] : 0.0);
        squares += value * value;
    }
    return sqrt(squares);
}

/* Outputs differ by 3e-6 of their norm where all is right. Gradients feel the ReLUs that rounding turns, which random
 * weights with a batch's statistics make many of: up to 3e-2 was seen. The tenth that is allowed finds only what is
 * lost or overwritten between layers, whose convolutions were held to float64 before. What has next to no gradient is
 * held to the whole. */
static fovea_status compare(const fovea_device *device, const results *got, const results *want, double part_limit,
                            double whole_limit)
{
    const double whole = norm(want->values, NULL, want->parts[want->n_parts]);
    for (int i = 0; i < 2; i++)
        if (!(fabs(got->losses[i] - want->losses[i]) <= 1e-4 * fabs(want->losses[i])))
            FOVEA_FAIL(FOVEA_ERROR_NUMERIC, "%s: the %s loss is %.9g by the chosen algorithms, %.9g by the direct one",
                       fovea_device_name(device), i ? "box" : "class", got->losses[i], want->losses[i]);
    for (size_t i = 0; i < want->n_parts; i++) {
        const size_t first = want->parts[i], count = want->parts[i + 1] - first;
        const double error = norm(got->values + first, want->values + first, count);
        const double size = norm(want->values + first, NULL, count);
        if (!(error <= part_limit * size + whole_limit * whole))
            FOVEA_FAIL(FOVEA_ERROR_NUMERIC,
                       "%s: result %zu of %zu differs by %.3g of its norm %.3g between the chosen algorithms and the "
                       "direct one", fovea_device_name(device), i + 1, want->n_parts, error / size, size);
    }
    return FOVEA_OK;
}

static fovea_status compare_with_direct(fovea_device *device, const fovea_benchmark_options *options)
{
    results chosen = {0}, direct = {0};
    fovea_status status = compute(device, options, false, &chosen);
    if (!status && chosen.chosen) {
        status = compute(device, options, true, &direct);
        if (!status)
            status = options->work == FOVEA_WORK_STEP ? compare(device, &chosen, &direct, 0.1, 1e-3)
                                                      : compare(device, &chosen, &direct, 1e-4, 0);
    }
    results_free(&chosen);
    results_free(&direct);
    return status;
}

fovea_status fovea_benchmark_verify(fovea_device *device, const fovea_benchmark_options *options)
{
    FOVEA_CHECK_ARG(device, "fovea_benchmark_verify: device is NULL");
    fovea_benchmark_options resolved;
    FOVEA_TRY(fovea__workload_resolve(&resolved, options));
    FOVEA_TRY(fovea__small_check(device, resolved.depth));
    FOVEA_TRY(fovea__convolutions_check(device, &resolved));
    return compare_with_direct(device, &resolved);
}
