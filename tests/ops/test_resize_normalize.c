/* Resizing against float64 and against torch's own numbers; sizes as torchvision computes them. */
#include "arrays.h"
#include "ref_resize_normalize.h"
#include "resize_normalize.h"

#include <stdlib.h>
#include <string.h>

enum { SIMULATOR_MOST = 1500 };

/* GeneralizedRCNNTransform(size, max_size).resize() of torchvision 0.29.2; the last three lose a row to rounding. */
static const struct {
    int height, width, size, max_size, out_height, out_width;
} sizes[] = {
    {480, 640, 600, 1000, 600, 800},  {375, 500, 800, 1333, 800, 1066},  {1, 1, 600, 1000, 600, 600},
    {427, 640, 600, 1000, 600, 899},  {640, 427, 800, 1333, 1199, 800},  {333, 500, 240, 320, 213, 320},
    {3, 7, 64, 64, 27, 64},           {103, 113, 240, 5000, 239, 263},   {104, 114, 240, 5000, 239, 263},
    {107, 117, 240, 5000, 239, 262},  {1, 20000, 600, 1000, 1, 1000} /* torch refuses 0 rows */,
};

START_TEST(resize_normalize__sizes_are_torchvisions)
{
    int height = 0, width = 0;
    fovea__resize_normalize_size(sizes[_i].height, sizes[_i].width, sizes[_i].size, sizes[_i].max_size, &height,
                                 &width);
    ck_assert_int_eq(height, sizes[_i].out_height);
    ck_assert_int_eq(width, sizes[_i].out_width);
}
END_TEST

/* A picture in a buffer, from first_byte on; the bytes around it are another picture's. */
typedef struct picture {
    uint8_t *bytes;
    fence fenced;
} picture;

static picture make_picture(int height, int width, size_t first_byte)
{
    const size_t words = (first_byte + (size_t)height * (size_t)width * 3 + 3) / 4;
    picture made = {.bytes = calloc(words, 4)};
    for (size_t i = 0; i < words * 4; i++)
        made.bytes[i] = (uint8_t)support_random_int(1, i, 0, 255);
    made.fenced = fence_ints(words, (const int32_t *)(const void *)made.bytes);
    return made;
}

static void free_picture(picture *made)
{
    free(made->bytes);
    fence_free(&made->fenced, "pixels");
}

static const struct {
    int height, width, out_height, out_width, rows, columns, first_byte;
} rows[] = {
    {1, 1, 1, 1, 1, 1, 0},
    {1, 1, 5, 3, 7, 4, 1},
    {4, 3, 9, 7, 9, 7, 2},
    {7, 5, 3, 2, 4, 4, 3},
    {5, 7, 5, 7, 8, 8, 0},
    {1, 9, 2, 18, 3, 19, 5},
    {11, 1, 4, 2, 5, 3, 7},
    {240, 320, 240, 320, 240, 320, 1},
    {375, 500, 600, 800, 608, 800, 3},
    {3, 2500, 2, 1333, 32, 1344, 1},
};

START_TEST(resize_normalize__follows_the_reference)
{
    const int height = rows[_i].height, width = rows[_i].width;
    const fovea__shape shape = {3, rows[_i].rows, rows[_i].columns, 3};
    const size_t slot = fovea__shape_elements(shape) / 3, first = (size_t)rows[_i].first_byte;
    if (support_is_simulator() && slot > SIMULATOR_MOST)
        support_skip("%zu values are too many for a simulator", slot);
    picture p = make_picture(height, width, first);
    float *before = array_uniform(slot * 3, 1, 5, 6);
    double *want = array_widen(before, slot * 3);
    fence y = fence_tensor(shape, before), again = fence_tensor(shape, before);
    for (int index = 1; index < 3; index++) { /* slot 0 keeps what it holds; slot 2 is flipped */
        fence *const results[2] = {&y, &again};
        for (int i = 0; i < 2; i++)
            support_ok(fovea__resize_normalize(support_device(), p.fenced.tensor.buffer, first, height, width,
                                               index == 2, rows[_i].out_height, rows[_i].out_width, index,
                                               &results[i]->tensor));
        ref_resize_normalize(p.bytes + first, height, width, index == 2, rows[_i].out_height, rows[_i].out_width,
                             shape.h, shape.w, want + (size_t)index * slot);
    }
    /* A coordinate is rounded three times, each time by 2^-24 of at most the longer side (and half a pixel); a value
     * moves by at most 1 / .224 a pixel along each axis. Blending and normalising round ten times more, at most 4.5. */
    const double side = 0.5 + (height > width ? height : width);
    array_close("y", &y, want, 0, (2 * 3 * side / .224 + 10 * 4.5) * 0x1p-24);
    array_same_bits("y", &y, &again);
    free(before);
    free(want);
    free_picture(&p);
    fence_free(&y, "y");
    fence_free(&again, "y again");
}
END_TEST

/* torchvision 0.29.2: normalize() and resize() to 7 of a 4 x 3 picture whose pixel is (37 y + 91 x + 53 c) mod 256. */
static const struct {
    int flip, y, x;
    double values[3];
} torch[] = {
    {0, 0, 0, {-2.1179039, -1.1078430, 0.0430502}}, {0, 3, 2, {-0.5585999, 0.4862669, 1.4884285}},
    {0, 8, 6, {-1.4842880, -0.4600840, 0.6879304}}, {0, 5, 4, {-0.4341058, 0.5068304, -0.7574478}},
    {1, 0, 0, {0.9988013, 2.0784314, -1.2467101}},  {1, 3, 2, {0.6727514, -0.0689552, 0.9356741}},
    {1, 8, 6, {-0.2170563, 0.8354343, 1.9776908}},  {1, 5, 4, {0.0046141, 1.0620525, -0.2046932}},
};

START_TEST(resize_normalize__gives_torchs_values)
{
    uint8_t bytes[36];
    for (int i = 0; i < 36; i++)
        bytes[i] = (uint8_t)((37 * (i / 9) + 91 * (i / 3 % 3) + 53 * (i % 3)) % 256);
    int32_t words[9];
    memcpy(words, bytes, sizeof words);
    fence pixels = fence_ints(9, words), y = fence_tensor((fovea__shape){1, 9, 7, 3}, NULL);
    for (int flip = 0; flip < 2; flip++) {
        support_ok(fovea__resize_normalize(support_device(), pixels.tensor.buffer, 0, 4, 3, flip, 9, 7, 0, &y.tensor));
        float *got = fence_read(&y);
        for (size_t i = 0; i < COUNT(torch); i++)
            if (torch[i].flip == flip) /* torch prints seven places, and normalises before it blends */
                support_close("a pixel", &got[(torch[i].y * 7 + torch[i].x) * 3], torch[i].values, 3, 0, 2e-6);
        free(got);
    }
    fence_free(&pixels, "pixels");
    fence_free(&y, "y");
}
END_TEST

START_TEST(resize_normalize__refuses_what_does_not_fit)
{
    fence pixels = fence_ints(9, NULL), y = fence_tensor((fovea__shape){2, 9, 7, 3}, NULL);
    const fovea__buffer *bytes = pixels.tensor.buffer;
    fovea_device *device = support_device();
    support_fails(fovea__resize_normalize(device, bytes, 0, 0, 3, false, 9, 7, 0, &y.tensor), FOVEA_ERROR_ARGUMENT,
                  "a picture of 0 x 3 to 9 x 7");
    support_fails(fovea__resize_normalize(device, bytes, 0, 4, 3, false, 10, 7, 0, &y.tensor), FOVEA_ERROR_ARGUMENT,
                  "10 x 7 do not fit slot 0 of 2 x 9 x 7 x 3");
    support_fails(fovea__resize_normalize(device, bytes, 0, 4, 3, false, 9, 7, 2, &y.tensor), FOVEA_ERROR_ARGUMENT,
                  "slot 2");
    support_fails(fovea__resize_normalize(device, bytes, 1, 4, 3, false, 9, 7, 0, &y.tensor), FOVEA_ERROR_ARGUMENT,
                  "36 bytes from 1 of a buffer of 36");
    support_fails(fovea__resize_normalize(device, bytes, 0, 65500, 65500, false, 9, 7, 0, &y.tensor),
                  FOVEA_ERROR_UNSUPPORTED, "65500 x 65500");
    fence_free(&pixels, "pixels");
    fence_free(&y, "y");
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {resize_normalize__sizes_are_torchvisions, COUNT(sizes), false},
        {resize_normalize__follows_the_reference, COUNT(rows), true},
        {resize_normalize__gives_torchs_values, 0, true},
        {resize_normalize__refuses_what_does_not_fit, 0, true},
    };
    return support_run_both_kinds("resize_normalize", cases, COUNT(cases));
}
