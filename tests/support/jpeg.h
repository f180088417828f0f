/* JPEG files of every kind, made at run time by libjpeg, so that none need be kept. */
#ifndef FOVEA_TESTS_JPEG_H
#define FOVEA_TESTS_JPEG_H

#include "fovea.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum jpeg_kind {
    JPEG_YCC = 0,    /* what cameras write, without subsampling */
    JPEG_YCC_HALVED, /* chroma at half the size, both ways */
    JPEG_GREY,
    JPEG_RGB,
    JPEG_CMYK,
    JPEG_YCCK
} jpeg_kind;

typedef struct jpeg_plan {
    int width, height;
    jpeg_kind kind;
    bool flat; /* one colour, instead of jpeg_plan_pixel() */
    bool progressive;
    bool many_scans; /* 127 of them; grey only */
    bool arithmetic;
    int orientation;      /* written as EXIF, unless 0 */
    bool big_endian;      /* the EXIF */
    int orientation_type; /* EXIF's number for the type (0: 3, a short) */
} jpeg_plan;

/* Writes the file into *out, freed by free(); gives its size. */
size_t jpeg_make(uint8_t **out, const jpeg_plan *plan);

/* The same into a file. */
void jpeg_make_file(const char *path, const jpeg_plan *plan);

/* What the stored picture shows there: red grows to the right, green downwards, blue is 64. Grey shows red alone. */
void jpeg_plan_pixel(const jpeg_plan *plan, int x, int y, uint8_t rgb[3]);

/* Aborts the test, naming `what`, unless a picture shows such a colour there, or at every place what the plan has. */
void jpeg_expect_pixel(const fovea_image *image, int x, int y, const uint8_t want[3], const char *what);
void jpeg_expect_plan(const fovea_image *image, const jpeg_plan *plan, const char *what);

#endif
