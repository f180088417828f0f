#include "golden.h"

#include "random.h"
#include "small.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Streams by seed, as in the script. */
enum { SEED_PROJECTION = 4, SEED_PLACES = 5 };

static uint64_t name_hash(const char *name)
{
    uint64_t value = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *name; name++)
        value = (value ^ (unsigned char)*name) * 0x100000001b3u;
    return value;
}

static fovea__random stream(uint64_t seed, const char *name)
{
    return fovea__random_stream(seed, name_hash(name), 0);
}

static const char *metadata(const golden *stored, const char *key)
{
    const char *value = fovea__safetensors_metadata(stored->file, key);
    ck_assert_msg(value != NULL, "%s has no metadata %s", stored->name, key);
    return value;
}

golden golden_open(const char *name)
{
    golden stored = {.file = NULL};
    char path[128];
    snprintf(stored.name, sizeof stored.name, "%s", name);
    snprintf(path, sizeof path, "golden_%s.safetensors", name);
    support_ok(fovea__safetensors_open(&stored.file, support_test_file(path)));
    stored.depth = atoi(metadata(&stored, "depth"));
    stored.classes = atoi(metadata(&stored, "classes"));
    stored.size = atoi(metadata(&stored, "size"));
    stored.max_size = atoi(metadata(&stored, "max_size"));
    stored.v2 = fovea__safetensors_metadata(stored.file, "v2") != NULL;
    stored.rate = atof(metadata(&stored, "rate"));
    stored.momentum = atof(metadata(&stored, "momentum"));
    stored.decay = atof(metadata(&stored, "decay"));
    const int read = sscanf(metadata(&stored, "pictures"), "%dx%d %dx%d", &stored.height[0], &stored.width[0],
                            &stored.height[1], &stored.width[1]);
    ck_assert_int_eq(read, 2 * GOLDEN_PICTURES);
    return stored;
}

void golden_close(golden *stored)
{
    fovea__safetensors_close(stored->file);
    *stored = (golden){.file = NULL};
}

double *golden_read(const golden *stored, const char *tensor, size_t count, size_t *found)
{
    const fovea__safetensors_entry *entry = fovea__safetensors_find(stored->file, tensor);
    ck_assert_msg(entry != NULL, "%s has no tensor %s", stored->name, tensor);
    ck_assert_msg(count == 0 || entry->n_elements == count, "%s: %s has %zu values, expected %zu", stored->name, tensor,
                  entry->n_elements, count);
    double *values = calloc(entry->n_elements + 1, sizeof *values);
    ck_assert_ptr_nonnull(values);
    if (entry->dtype == FOVEA__DTYPE_I64) {
        int64_t *integers = calloc(entry->n_elements + 1, sizeof *integers);
        ck_assert_ptr_nonnull(integers);
        support_ok(fovea__safetensors_read_int64(stored->file, entry, integers));
        for (size_t i = 0; i < entry->n_elements; i++)
            values[i] = (double)integers[i];
        free(integers);
    } else {
        ck_assert_int_eq(entry->dtype, FOVEA__DTYPE_F64);
        support_ok(fovea__safetensors_read_bytes(stored->file, entry, values));
    }
    if (found)
        *found = entry->n_elements;
    return values;
}

float *golden_parameter(const fovea__name *name, int depth)
{
    const size_t count = (size_t)(name->dims[0] * name->dims[1] * name->dims[2] * name->dims[3]);
    float *values = malloc(count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    fovea__small_parameter(name, depth, values);
    return values;
}

void golden_picture(const golden *stored, int index, uint8_t *pixels)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%d", stored->name, index);
    fovea__small_picture(name, pixels, stored->height[index], stored->width[index]);
}

golden_digest golden_digest_of(const char *name, const float *values, size_t count)
{
    golden_digest digest = {{0}};
    fovea__random projection = stream(SEED_PROJECTION, name), places = stream(SEED_PLACES, name);
    double squares = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        squares += (double)values[i] * values[i];
        sum += values[i] * (2.0 * fovea__random_uniform(&projection) - 1.0);
    }
    digest.values[0] = sqrt(squares);
    digest.values[1] = sum;
    for (int i = 0; i < GOLDEN_SAMPLES; i++)
        digest.values[2 + i] = values[(size_t)floor(fovea__random_uniform(&places) * (double)count)];
    return digest;
}

static void compare_value(const char *what, const char *part, int index, double got, double want, double limit)
{
    ck_assert_msg(fabs(got - want) <= limit, "%s: %s %d is %.9g, torchvision has %.9g; they differ by %.3g, allowed %.3g",
                  what, part, index, got, want, fabs(got - want), limit);
}

void golden_compare(const char *what, const golden_digest *got, const double *want, golden_tolerance tolerance)
{
    const double norm = want[0];
    double largest = 0;
    for (int i = 2; i < GOLDEN_DIGEST; i++)
        largest = fmax(largest, fabs(want[i]));
    const double limit = tolerance.samples * largest + tolerance.sample_rounding;
    compare_value(what, "norm", 0, got->values[0], norm, tolerance.norm * norm + tolerance.rounding);
    compare_value(what, "projection", 0, got->values[1], want[1], tolerance.projection * norm + tolerance.rounding);
    for (int i = 2; i < GOLDEN_DIGEST; i++)
        compare_value(what, "sample", i - 2, got->values[i], want[i], limit);
}
