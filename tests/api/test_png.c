/* PNG of every kind against PIL's pixels (tests/golden/make_png_cases.py), EXIF orientation, hostile files. */
#include "png_cases.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static png_case read_case(int index)
{
    png_case c;
    ck_assert(png_case_read(&c, index));
    return c;
}

START_TEST(png__every_kind_has_the_pixels_of_pil)
{
    png_case c;
    int count = 0;
    for (; png_case_read(&c, count); count++) {
        fovea_image image;
        support_ok(fovea_image_decode(&image, c.file, c.size, c.name));
        ck_assert_msg(image.width == c.width && image.height == c.height, "%s: %dx%d", c.name, image.width,
                      image.height);
        for (int i = 0; i < c.width * c.height * 3; i++)
            ck_assert_msg(image.pixels[i] == c.rgb[i], "%s: pixel %d channel %d is %d, PIL's %d", c.name, i / 3, i % 3,
                          image.pixels[i], c.rgb[i]);
        fovea_image_clear(&image);
        png_case_free(&c);
    }
    ck_assert_int_ge(count, 35);
}
END_TEST

START_TEST(png__is_read_from_files_of_any_name)
{
    png_case c = read_case(10);
    const char *path = support_scratch_file("picture.jpg");
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(c.file, 1, c.size, stream), c.size);
    fclose(stream);
    fovea_image image;
    support_ok(fovea_image_read(&image, path));
    ck_assert(memcmp(image.pixels, c.rgb, (size_t)c.width * (size_t)c.height * 3) == 0);
    fovea_image_clear(&image);
    png_case_free(&c);
}
END_TEST

/* Puts a chunk in before the last one; gives the new size. */
static size_t insert_chunk(uint8_t *out, const png_case *c, const char *kind, const void *data, size_t size)
{
    const size_t head = c->size - 12;
    memcpy(out, c->file, head);
    uint8_t *chunk = out + head;
    memcpy(chunk, (const uint8_t[4]){0, 0, (uint8_t)(size >> 8), (uint8_t)size}, 4);
    memcpy(chunk + 4, kind, 4);
    memcpy(chunk + 8, data, size);
    memcpy(chunk + 12 + size, c->file + head, 12);
    png_case_mend(out, c->size + size + 12);
    return c->size + size + 12;
}

START_TEST(png__is_turned_upright_as_exif_says)
{
    static const uint8_t turned[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0};
    png_case c = read_case(0);
    uint8_t file[4096];
    fovea_image image;
    support_ok(fovea_image_decode(&image, file, insert_chunk(file, &c, "eXIf", turned, sizeof turned), "turned"));
    ck_assert(image.width == c.height && image.height == c.width);
    for (int y = 0; y < c.height; y++) /* 6: the first row is seen at the right */
        for (int x = 0; x < c.width; x++)
            ck_assert_int_eq(image.pixels[(x * image.width + c.height - 1 - y) * 3], c.rgb[(y * c.width + x) * 3]);
    fovea_image_clear(&image);
    png_case_free(&c);
}
END_TEST

START_TEST(png__every_cut_is_told)
{
    png_case c = read_case(_i);
    for (size_t cut = 8; cut < c.size; cut++) {
        uint8_t *part = malloc(cut); /* of its own, so that a byte too far is seen by sanitizers */
        ck_assert_ptr_nonnull(part);
        memcpy(part, c.file, cut);
        fovea_image image = {.width = 7};
        support_fails(fovea_image_decode(&image, part, cut, "part.png"), FOVEA_ERROR_FORMAT,
                      "part.png: the PNG is cut short: expected more than ");
        ck_assert(!image.pixels && image.width == 0);
        free(part);
    }
    png_case_free(&c);
}
END_TEST

static const struct {
    uint32_t width, height;
    const char *sentence;
} claims[] = {
    {65500, 65500, "a.png: the PNG claims 65500x65500 pixels, for which at least"},
    {65501, 1, "a.png: not a PNG that can be read: "},
    {1, 0x7fffffff, "a.png: not a PNG that can be read: "},
    {0xffffffff, 1, "a.png: not a PNG that can be read: "},
    {0, 5, "a.png: not a PNG that can be read: "},
    {90, 50, "a.png: not a PNG that can be read: Not enough image data"},
};

START_TEST(png__absurd_claims_are_refused)
{
    png_case c = read_case(10);
    const uint32_t sides[2] = {claims[_i].width, claims[_i].height};
    for (int i = 0; i < 8; i++)
        c.file[16 + i] = (uint8_t)(sides[i / 4] >> (24 - 8 * (i % 4)));
    png_case_mend(c.file, c.size);
    fovea_image image;
    support_fails(fovea_image_decode(&image, c.file, c.size, "a.png"), FOVEA_ERROR_FORMAT, claims[_i].sentence);
    ck_assert_ptr_null(image.pixels);
    png_case_free(&c);
}
END_TEST

START_TEST(png__damage_is_told)
{
    png_case c = read_case(10);
    c.file[c.size - 20] ^= 1; /* among the pixels' bytes, of which the checksum tells */
    fovea_image image;
    support_fails(fovea_image_decode(&image, c.file, c.size, "a.png"), FOVEA_ERROR_FORMAT,
                  "a.png: not a PNG that can be read: IDAT: ");
    png_case_free(&c);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = png__every_kind_has_the_pixels_of_pil},
        {.test = png__is_read_from_files_of_any_name},
        {.test = png__is_turned_upright_as_exif_says},
        {.test = png__every_cut_is_told, .rows = 12},
        {.test = png__absurd_claims_are_refused, .rows = COUNT(claims)},
        {.test = png__damage_is_told},
    };
    return support_run("png", cases, COUNT(cases));
}
