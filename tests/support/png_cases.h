/* The files of tests/data/png_cases.jsonl: small PNGs of every kind, with the pixels that PIL sees in them. */
#ifndef FOVEA_TESTS_PNG_CASES_H
#define FOVEA_TESTS_PNG_CASES_H

#include <stddef.h>
#include <stdint.h>

typedef struct png_case {
    char name[64];
    int width, height;
    uint8_t *file, *rgb; /* of size and of width * height * 3 bytes */
    size_t size;
} png_case;

/* The index-th case; to be freed. False where there is no further one. */
int png_case_read(png_case *out, int index);
void png_case_free(png_case *of);

/* Gives every chunk the checksum of what it holds, as far as lengths can be followed: what was changed is then read. */
void png_case_mend(uint8_t *file, size_t size);

#endif
