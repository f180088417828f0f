/* Reading pictures: every kind of JPEG, EXIF orientation, hostile files. */
#include "file.h"
#include "image.h"
#include "jpeg.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void decode_plan(fovea_image *image, const jpeg_plan *plan)
{
    uint8_t *data = NULL;
    const size_t size = jpeg_make(&data, plan);
    support_ok(fovea_image_decode(image, data, size, "made"));
    free(data);
}

static const struct {
    const char *name;
    jpeg_plan plan;
} kinds[] = {
    {"YCC", {.width = 101, .height = 67}},
    {"YCC halved", {.width = 101, .height = 67, .kind = JPEG_YCC_HALVED}},
    {"grey", {.width = 101, .height = 67, .kind = JPEG_GREY}},
    {"RGB", {.width = 101, .height = 67, .kind = JPEG_RGB}},
    {"CMYK", {.width = 101, .height = 67, .kind = JPEG_CMYK}},
    {"YCCK", {.width = 101, .height = 67, .kind = JPEG_YCCK}},
    {"progressive", {.width = 101, .height = 67, .progressive = true}},
    {"progressive grey", {.width = 101, .height = 67, .kind = JPEG_GREY, .progressive = true}},
    {"progressive CMYK", {.width = 101, .height = 67, .kind = JPEG_CMYK, .progressive = true}},
    {"arithmetic", {.width = 101, .height = 67, .arithmetic = true}},
    {"1x1", {.width = 1, .height = 1}},
    {"1x1 grey", {.width = 1, .height = 1, .kind = JPEG_GREY}},
    {"1x1 halved, progressive", {.width = 1, .height = 1, .kind = JPEG_YCC_HALVED, .progressive = true}},
    {"20,000 wide", {.width = 20000, .height = 30}},
    {"as wide as can be", {.width = 65500, .height = 1}},
    {"as high as can be", {.width = 1, .height = 65500}},
    {"flat", {.width = 4000, .height = 1000, .flat = true}},
    {"flat grey", {.width = 4000, .height = 1000, .flat = true, .kind = JPEG_GREY}},
    {"flat progressive", {.width = 4000, .height = 1000, .flat = true, .progressive = true}},
};

START_TEST(image__every_kind_is_read)
{
    fovea_image image;
    decode_plan(&image, &kinds[_i].plan);
    jpeg_expect_plan(&image, &kinds[_i].plan, kinds[_i].name);
    fovea_image_clear(&image);
    ck_assert_ptr_null(image.pixels);
    fovea_image_clear(&image);
    fovea_image_clear(NULL);
}
END_TEST

/* EXIF 2.32, orientation: where the stored first row and first column are seen. */
static const struct {
    char row, column;
} seen[9] = {{0, 0}, {'t', 'l'}, {'t', 'r'}, {'b', 'r'}, {'b', 'l'}, {'l', 't'}, {'r', 't'}, {'r', 'b'}, {'l', 'b'}};

START_TEST(image__is_turned_upright_as_exif_says)
{
    const int orientation = 1 + _i % 8;
    const jpeg_plan plan = {.width = 33, .height = 20, .orientation = orientation, .big_endian = _i >= 8};
    const char row = seen[orientation].row, column = seen[orientation].column;
    const bool upright = row == 't' || row == 'b';
    fovea_image image;
    decode_plan(&image, &plan);
    ck_assert_int_eq(image.width, upright ? 33 : 20);
    ck_assert_int_eq(image.height, upright ? 20 : 33);
    for (int r = 0; r < plan.height; r++)
        for (int c = 0; c < plan.width; c++) {
            const int x = upright ? (column == 'l' ? c : 32 - c) : (row == 'l' ? r : 19 - r);
            const int y = upright ? (row == 't' ? r : 19 - r) : (column == 't' ? c : 32 - c);
            uint8_t want[3];
            jpeg_plan_pixel(&plan, c, r, want);
            jpeg_expect_pixel(&image, x, y, want, "turned");
        }
    fovea_image_clear(&image);
}
END_TEST

START_TEST(image__exif_nonsense_is_passed_over)
{
    const jpeg_plan plans[] = {
        {.width = 9, .height = 5, .orientation = 9},
        {.width = 9, .height = 5, .orientation = 600},
        {.width = 9, .height = 5, .orientation = 6, .orientation_type = 200},
    };
    fovea_image image;
    decode_plan(&image, &plans[_i]);
    jpeg_expect_plan(&image, &plans[_i], "nonsense");
    fovea_image_clear(&image);
}
END_TEST

START_TEST(image__exif_cut_short_is_passed_over)
{
    uint8_t *data = NULL;
    const jpeg_plan plan = {.width = 9, .height = 5, .orientation = 6};
    const size_t size = jpeg_make(&data, &plan);
    for (size_t i = 0; i + 32 < size; i++)
        if (memcmp(data + i, "Exif", 4) == 0) {
            memset(data + i + 14, 0xff, 18); /* the directory claims 65,535 entries */
            break;
        }
    fovea_image image;
    support_ok(fovea_image_decode(&image, data, size, "made"));
    jpeg_expect_plan(&image, &plan, "cut");
    fovea_image_clear(&image);
    free(data);
}
END_TEST

/* ---- files that are not what they claim ------------------------------------------------------------------------ */

START_TEST(image__every_cut_is_told)
{
    const jpeg_plan plan = {
        .width = 40, .height = 30, .progressive = _i == 1, .orientation = 3, .kind = _i == 2 ? JPEG_CMYK : JPEG_YCC};
    uint8_t *data = NULL;
    const size_t size = jpeg_make(&data, &plan);
    for (size_t cut = 2; cut < size; cut++) {
        uint8_t *part = malloc(cut); /* of its own, so that a byte too far is seen by sanitizers */
        ck_assert_ptr_nonnull(part);
        memcpy(part, data, cut);
        fovea_image image = {.width = 7};
        support_fails(fovea_image_decode(&image, part, cut, "part.jpg"), FOVEA_ERROR_FORMAT,
                      "part.jpg: the JPEG is cut short: expected ");
        ck_assert(!image.pixels && image.width == 0);
        free(part);
    }
    free(data);
}
END_TEST

START_TEST(image__data_that_ends_early_is_told)
{
    uint8_t *data = NULL;
    const size_t size = jpeg_make(&data, &(jpeg_plan){.width = 400, .height = 300});
    memcpy(data + size / 2, "\xff\xd9", 2);
    fovea_image image;
    support_fails(fovea_image_decode(&image, data, size, "a.jpg"), FOVEA_ERROR_FORMAT,
                  "a.jpg: the JPEG is cut short: expected 400x300 pixels, found data for 1");
    free(data);
}
END_TEST

START_TEST(image__bytes_behind_the_end_do_no_harm)
{
    const jpeg_plan plan = {.width = 40, .height = 30};
    uint8_t *data = NULL;
    const size_t size = jpeg_make(&data, &plan);
    uint8_t *more = malloc(size + 100);
    ck_assert_ptr_nonnull(more);
    memcpy(more, data, size);
    memset(more + size, 0xee, 100);
    fovea_image image;
    support_ok(fovea_image_decode(&image, more, size + 100, "a.jpg"));
    jpeg_expect_plan(&image, &plan, "with a tail");
    fovea_image_clear(&image);
    memcpy(more + size - 2, "\0\0\0\xff\xd9", 5); /* between the data and the end marker */
    support_ok(fovea_image_decode(&image, more, size + 3, "a.jpg"));
    jpeg_expect_plan(&image, &plan, "with bytes before the end");
    fovea_image_clear(&image);
    free(more);
    free(data);
}
END_TEST

/* Puts other sides into the frame header. */
static void claim(uint8_t *data, size_t size, int width, int height)
{
    for (size_t i = 2; i + 9 < size; i++)
        if (data[i] == 0xff && (data[i + 1] == 0xc0 || data[i + 1] == 0xc2)) {
            data[i + 5] = (uint8_t)(height >> 8);
            data[i + 6] = (uint8_t)height;
            data[i + 7] = (uint8_t)(width >> 8);
            data[i + 8] = (uint8_t)width;
            return;
        }
    ck_abort_msg("there is no frame header");
}

static const struct {
    int width, height;
    bool progressive;
    const char *sentence;
} claims[] = {
    {65500, 65500, false, "a.jpg: the JPEG claims 65500x65500 pixels, for which at least"},
    {65500, 65500, true, "a.jpg: the JPEG claims 65500x65500 pixels, for which at least"},
    {65500, 20, false, "a.jpg: the JPEG claims 65500x20 pixels"},
    {400, 400, false, "a.jpg: the JPEG is cut short: expected 400x400"},
    {65501, 1, false, "65500"},
    {0, 5, false, "a.jpg: not a JPEG that can be read"},
    {5, 0, false, "a.jpg: not a JPEG that can be read"},
};

START_TEST(image__absurd_claims_are_refused)
{
    uint8_t *data = NULL;
    const size_t size =
        jpeg_make(&data, &(jpeg_plan){.width = 64, .height = 64, .progressive = claims[_i].progressive});
    claim(data, size, claims[_i].width, claims[_i].height);
    fovea_image image;
    support_fails(fovea_image_decode(&image, data, size, "a.jpg"), FOVEA_ERROR_FORMAT, claims[_i].sentence);
    ck_assert_ptr_null(image.pixels);
    free(data);
}
END_TEST

START_TEST(image__scans_without_end_are_refused)
{
    uint8_t *data = NULL;
    const size_t size =
        jpeg_make(&data, &(jpeg_plan){.width = 64, .height = 64, .kind = JPEG_GREY, .many_scans = true});
    fovea_image image;
    support_fails(fovea_image_decode(&image, data, size, "a.jpg"), FOVEA_ERROR_FORMAT,
                  "a.jpg: the JPEG has more than 100 scans");
    free(data);
}
END_TEST

static const struct {
    const char *bytes;
    size_t size;
    const char *sentence;
} strangers[] = {
    {"", 0, "x: is empty"},
    {"\xff", 1, "x: neither JPEG nor PNG"},
    {"\x89PNG\r\n\x1a\r", 8, "x: neither JPEG nor PNG: expected it to begin with the bytes ff d8 or 89 50 4e"},
    {"\x89PNG\r\n\x1a\n", 8, "x: the PNG is cut short: expected more than 8 bytes"},
    {"hello", 5, "x: neither JPEG nor PNG"},
    {"\xff\xd8", 2, "x: the JPEG is cut short: expected the size of the picture, found 2 bytes"},
    {"\xff\xd8hello", 7, "x: "},
    {"\xff\xd8\xff\xd9", 4, "x: not a JPEG that can be read"},
};

START_TEST(image__other_files_are_refused)
{
    fovea_image image;
    support_fails(fovea_image_decode(&image, strangers[_i].bytes, strangers[_i].size, "x"), FOVEA_ERROR_FORMAT,
                  strangers[_i].sentence);
    ck_assert_ptr_null(image.pixels);
}
END_TEST

/* ---- files and arguments --------------------------------------------------------------------------------------- */

START_TEST(image__missing_files_are_named)
{
    fovea_image image;
    support_fails(fovea_image_read(&image, "/no/such.jpg"), FOVEA_ERROR_IO, "/no/such.jpg: cannot be opened");
    support_fails(fovea_image_read(&image, support_scratch()), FOVEA_ERROR_IO, "is a folder");
    support_fails(fovea_image_read(&image, NULL), FOVEA_ERROR_ARGUMENT, "NULL");
    support_fails(fovea_image_read(NULL, "x.jpg"), FOVEA_ERROR_ARGUMENT, "NULL");
}
END_TEST

START_TEST(image__sizes_are_checked)
{
    fovea_image image;
    support_ok(fovea_image_create(&image, 3, 2));
    for (int i = 0; i < 18; i++)
        ck_assert_int_eq(image.pixels[i], 0);
    support_fails(fovea_image_write_jpeg(&image, "x.jpg", 101), FOVEA_ERROR_ARGUMENT, "quality 101");
    fovea_image_clear(&image);
    support_fails(fovea_image_write_jpeg(&image, "x.jpg", 0), FOVEA_ERROR_ARGUMENT, "NULL");
    support_fails(fovea_image_create(&image, 0, 2), FOVEA_ERROR_ARGUMENT, "a picture of 0x2");
    support_fails(fovea_image_create(&image, 2, 65501), FOVEA_ERROR_ARGUMENT, "65501");
    support_fails(fovea_image_create(&image, -1, -1), FOVEA_ERROR_ARGUMENT, "-1x-1");
}
END_TEST

/* Sizes by a file's head alone, by more where other things stand before them, and of damaged files none. */
START_TEST(image__sizes_are_known_without_decoding)
{
    static const size_t segments[] = {0, 1, 3}; /* of 60,000 bytes before the picture */
    uint8_t *data = NULL;
    const size_t size = jpeg_make(&data, &(jpeg_plan){.width = 80, .height = 33, .orientation = 6});
    const char *path = support_scratch_file("sized.jpg");
    FILE *file = fopen(path, "wb");
    int width = 0, height = 0;
    ck_assert(file && fwrite(data, 1, 2, file) == 2);
    for (size_t i = 0; i < segments[_i]; i++) {
        fputs("\xff\xed\xea\x60", file);
        for (int k = 2; k < 60000; k++)
            fputc('x', file);
    }
    ck_assert(fwrite(data + 2, 1, size / 2, file) == size / 2); /* its end is missing, and is not asked for */
    fclose(file);
    support_ok(fovea__image_size(&width, &height, path));
    ck_assert(width == 33 && height == 80);
    ck_assert_int_eq(truncate(path, segments[_i] ? 50000 : 30), 0);
    support_fails(fovea__image_size(&width, &height, path), FOVEA_ERROR_FORMAT, path);
    support_fails(fovea__image_size(&width, &height, "/no/such.jpg"), FOVEA_ERROR_IO, "/no/such.jpg");
    support_fails(fovea__image_size(&width, &height, support_scratch()), FOVEA_ERROR_IO, "is a folder");
    free(data);
}
END_TEST

START_TEST(image__a_real_photograph_is_read)
{
    const char *path = support_data("data/bccd/images/BloodImage_00000.jpg");
    if (!path)
        support_skip("data/bccd is not there");
    fovea_image image;
    support_ok(fovea_image_read(&image, path));
    ck_assert_int_eq(image.width, 640);
    ck_assert_int_eq(image.height, 480);
    fovea_image_clear(&image);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = image__every_kind_is_read, .rows = COUNT(kinds)},
        {.test = image__is_turned_upright_as_exif_says, .rows = 16},
        {.test = image__exif_nonsense_is_passed_over, .rows = 3},
        {.test = image__exif_cut_short_is_passed_over},
        {.test = image__every_cut_is_told, .rows = 3},
        {.test = image__data_that_ends_early_is_told},
        {.test = image__bytes_behind_the_end_do_no_harm},
        {.test = image__absurd_claims_are_refused, .rows = COUNT(claims)},
        {.test = image__scans_without_end_are_refused},
        {.test = image__other_files_are_refused, .rows = COUNT(strangers)},
        {.test = image__missing_files_are_named},
        {.test = image__sizes_are_checked},
        {.test = image__sizes_are_known_without_decoding, .rows = 3},
        {.test = image__a_real_photograph_is_read},
    };
    return support_run("image", cases, COUNT(cases));
}
