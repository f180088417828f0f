/* What torchvision's RetinaNet computes, as tests/golden/make_golden.py stored it (its head says what a file holds), and
 * that script's formulas, which give the same weights and pictures to the last bit. */
#ifndef FOVEA_TESTS_GOLDEN_H
#define FOVEA_TESTS_GOLDEN_H

#include "names.h"
#include "safetensors.h"

enum { GOLDEN_SAMPLES = 16, GOLDEN_DIGEST = 2 + GOLDEN_SAMPLES, GOLDEN_PICTURES = 2 };

typedef struct golden {
    char name[64];
    fovea__safetensors *file;
    int depth, classes, size, max_size;
    bool v2; /* group norm in the heads, P6 from C5, GIoU, batch norm that trains */
    double rate, momentum, decay;
    int height[GOLDEN_PICTURES], width[GOLDEN_PICTURES];
} golden;

/* Opens tests/data/golden_NAME.safetensors; whatever is wrong fails the test. */
golden golden_open(const char *name);
void golden_close(golden *stored);

/* A stored tensor's values, freed with free(). `count`: how many there must be; 0: any. *found may be NULL. */
double *golden_read(const golden *stored, const char *tensor, size_t count, size_t *found);

/* The values of a network's tensor (name->n_dims > 0), freed with free(). */
float *golden_parameter(const fovea__name *name, int depth);

/* Picture `index` of a case, uint8 [height][width][3]. */
void golden_picture(const golden *stored, int index, uint8_t *pixels);

/* Norm, projection and samples of values: the digest that the script would store under `name`. */
typedef struct golden_digest {
    double values[GOLDEN_DIGEST];
} golden_digest;
golden_digest golden_digest_of(const char *name, const float *values, size_t count);

/* How far a digest may be from a stored one: norm and projection as shares of the stored norm, samples as a share of the
 * largest stored sample; and absolute errors besides. */
typedef struct golden_tolerance {
    double norm, projection, samples;
    double rounding, sample_rounding;
} golden_tolerance;

/* Fails the test, naming `what`, where the digest is further away. */
void golden_compare(const char *what, const golden_digest *got, const double *want, golden_tolerance tolerance);

#endif
