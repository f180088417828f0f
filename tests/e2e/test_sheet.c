/* Colours, boxes and contact sheets, pixel by pixel. */
#include "font.h"
#include "sheet.h"

#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* How linear RGB looks to people without one kind of cones (Machado, Oliveira and Fernandes, 2009, severity 1). */
static const struct {
    const char *name;
    double rows[3][3];
} visions[] = {
    {"normal vision", {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {"protanopia", {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}}},
    {"deuteranopia", {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}}},
    {"tritanopia", {{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}}},
};

static double linear(uint8_t channel)
{
    const double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static void product(double out[3], const double rows[3][3], const double v[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = rows[i][0] * v[0] + rows[i][1] * v[1] + rows[i][2] * v[2];
}

/* CIE L*a*b*, white D65, of what a person of that vision sees. */
static void to_lab(double lab[3], draw_colour colour, const double vision[3][3])
{
    static const double to_xyz[3][3] = {
        {.4124564, .3575761, .1804375}, {.2126729, .7151522, .0721750}, {.0193339, .1191920, .9503041}};
    static const double white[3] = {.95047, 1, 1.08883};
    const double rgb[3] = {linear(colour.r), linear(colour.g), linear(colour.b)};
    double seen[3], xyz[3], f[3];
    product(seen, vision, rgb);
    for (int i = 0; i < 3; i++)
        seen[i] = fmin(1, fmax(0, seen[i]));
    product(xyz, to_xyz, seen);
    for (int i = 0; i < 3; i++)
        f[i] = xyz[i] / white[i] > 0.008856 ? cbrt(xyz[i] / white[i]) : 7.787 * xyz[i] / white[i] + 16.0 / 116;
    lab[0] = 116 * f[1] - 16;
    lab[1] = 500 * (f[0] - f[1]);
    lab[2] = 200 * (f[1] - f[2]);
}

START_TEST(colours__stay_apart_for_every_vision)
{
    for (int a = 0; a < DRAW_COLOURS; a++)
        for (int b = 0; b < a; b++) {
            double one[3], other[3];
            to_lab(one, draw_class_colour(a), visions[_i].rows);
            to_lab(other, draw_class_colour(b), visions[_i].rows);
            const double apart = hypot(hypot(one[0] - other[0], one[1] - other[1]), one[2] - other[2]);
            ck_assert_msg(apart >= 15, "%s: colours %d and %d are %.1f apart", visions[_i].name, a, b, apart);
        }
}
END_TEST

static double luminance(draw_colour c)
{
    return .2126 * linear(c.r) + .7152 * linear(c.g) + .0722 * linear(c.b);
}

/* WCAG 2 asks for a contrast of 4.5 for text; black or white has at least sqrt(21) = 4.58 on any ground. */
START_TEST(colours__label_text_has_contrast)
{
    for (int i = 0; i < DRAW_COLOURS; i++) {
        const double ground = luminance(draw_class_colour(i)), text = luminance(draw_text_colour(draw_class_colour(i)));
        const double contrast = (fmax(ground, text) + 0.05) / (fmin(ground, text) + 0.05);
        ck_assert_msg(contrast >= 4.5, "text on colour %d has a contrast of %.2f", i, contrast);
    }
}
END_TEST

static fovea_image grey(int width, int height, int value)
{
    fovea_image image;
    ck_assert_int_eq(fovea_image_create(&image, width, height), FOVEA_OK);
    memset(image.pixels, value, 3 * (size_t)width * (size_t)height);
    return image;
}

static draw_colour pixel(const fovea_image *image, int x, int y)
{
    const uint8_t *p = image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
    return (draw_colour){p[0], p[1], p[2]};
}

static bool same(draw_colour a, draw_colour b)
{
    return a.r == b.r && a.g == b.g && a.b == b.b;
}

/* Stripes of 0 and 200, two pixels wide, shrink to their mean; 6 to 4 columns give the shares 2/3 and 1/3. */
START_TEST(thumbnail__is_the_mean_of_what_it_covers)
{
    fovea_image image = grey(8, 4, 0), small;
    for (int y = 0; y < 4; y++)
        for (int x = 2; x < 8; x += 4)
            memset(image.pixels + 3 * (y * 8 + x), 200, 6);
    ck_assert(sheet_thumbnail(&small, &image, 2, 2, NULL, 0));
    ck_assert_int_eq(small.width, 2);
    ck_assert_int_eq(small.height, 1);
    ck_assert(same(pixel(&small, 0, 0), (draw_colour){100, 100, 100}));
    ck_assert(same(pixel(&small, 1, 0), (draw_colour){100, 100, 100}));
    fovea_image_clear(&small);
    fovea_image_clear(&image);

    image = grey(6, 6, 0);
    for (int y = 0; y < 6; y++)
        memset(image.pixels + 3 * (y * 6 + 1), 90, 3);
    ck_assert(sheet_thumbnail(&small, &image, 4, 4, NULL, 0));
    ck_assert(same(pixel(&small, 0, 2), (draw_colour){30, 30, 30}));
    ck_assert(same(pixel(&small, 1, 2), (draw_colour){30, 30, 30}));
    ck_assert(same(pixel(&small, 2, 2), (draw_colour){0, 0, 0}));
    fovea_image_clear(&small);
    fovea_image_clear(&image);
}
END_TEST

static const int shapes[][2] = {{1, 1}, {1, 700}, {700, 1}, {37, 53}, {640, 480}, {3, 2}};

START_TEST(thumbnail__of_any_shape_keeps_its_value)
{
    fovea_image image = grey(shapes[_i][0], shapes[_i][1], 137), small;
    ck_assert(sheet_thumbnail(&small, &image, 120, 90, NULL, 0));
    ck_assert(small.width >= 1 && small.width <= 120 && small.height >= 1 && small.height <= 90);
    ck_assert(small.width == 120 || small.height == 90);
    for (int y = 0; y < small.height; y++)
        for (int x = 0; x < small.width; x++)
            ck_assert(same(pixel(&small, x, y), (draw_colour){137, 137, 137}));
    fovea_image_clear(&small);
    fovea_image_clear(&image);
}
END_TEST

START_TEST(draw__frames_lie_on_the_box_in_the_class_colour)
{
    fovea_image image = grey(500, 450, 128), drawn;
    const draw_box box = {100, 120, 200, 300, .label = 21};
    ck_assert(draw_picture(&drawn, &image, &box, 1));
    ck_assert(drawn.width == 500 && drawn.height == 450);
    const draw_colour colour = draw_class_colour(1);
    ck_assert(same(pixel(&drawn, 100, 200), colour) && same(pixel(&drawn, 199, 200), colour));
    ck_assert(same(pixel(&drawn, 150, 120), colour) && same(pixel(&drawn, 150, 299), colour));
    ck_assert(same(pixel(&drawn, 99, 200), (draw_colour){0, 0, 0}));
    ck_assert(same(pixel(&drawn, 150, 200), (draw_colour){128, 128, 128}));
    fovea_image_clear(&drawn);
    const draw_box wild = {NAN, -INFINITY, 1e30f, 1e30f, .label = -3, .text = "no place at all is too small"};
    fovea_image tiny = grey(1, 1, 0);
    ck_assert(draw_picture(&drawn, &tiny, &wild, 1));
    fovea_image_clear(&drawn);
    fovea_image_clear(&tiny);
    fovea_image_clear(&image);
}
END_TEST

START_TEST(draw__dashes_leave_gaps)
{
    fovea_image image = grey(500, 450, 128);
    const draw_box box = {100, 100, 300, 300, .label = 0, .dashed = true};
    ck_assert(draw_boxes(&image, &box, 1, 1, 1));
    int dark = 0, coloured = 0;
    for (int x = 104; x < 296; x++) {
        coloured += same(pixel(&image, x, 100), draw_class_colour(0));
        dark += same(pixel(&image, x, 100), (draw_colour){0, 0, 0});
    }
    ck_assert_msg(coloured >= 80 && dark >= 80, "%d coloured and %d dark pixels", coloured, dark);
    fovea_image_clear(&image);
}
END_TEST

/* Two boxes at one place: both labels can be read, as each stands somewhere in its own colour. */
START_TEST(draw__labels_keep_clear_of_each_other)
{
    fovea_image image = grey(500, 450, 128);
    const draw_box boxes[] = {{100, 100, 300, 300, .label = 0, .text = "disc 0.98"},
                              {100, 100, 300, 300, .label = 1, .text = "ring 0.51"}};
    const int height = 11;
    ck_assert(draw_boxes(&image, boxes, 2, 1, 1));
    ck_assert(same(pixel(&image, 101, 100 - height), draw_class_colour(0)));
    ck_assert(same(pixel(&image, 101, 300 + height - 1), draw_class_colour(1)));
    fovea_image_clear(&image);
}
END_TEST

START_TEST(sheet__every_count_has_its_cells)
{
    const int count = _i + 1;
    sheet made;
    ck_assert(sheet_create(&made, (size_t)count, 0, 0));
    ck_assert(made.columns * made.rows >= count && made.columns * (made.rows - 1) < count);
    sheet_clear(&made);
    ck_assert_ptr_null(made.image.pixels);
}
END_TEST

START_TEST(sheet__holds_pictures_where_they_belong)
{
    sheet made;
    ck_assert(sheet_create(&made, 4, 60, 60));
    for (int i = 0; i < 4; i++) {
        fovea_image image = grey(100, 100, 50 * (i + 1));
        ck_assert(sheet_add(&made, &image, NULL, 0, i == 3 ? "a/path/that/is/longer/than/the/cell.jpg" : NULL));
        fovea_image_clear(&image);
    }
    for (int i = 0; i < 4; i++) {
        const int x = i % made.columns * made.image.width / made.columns;
        const int y = i / made.columns * made.image.height / made.rows;
        const draw_colour c = pixel(&made.image, x + 40, y + 40);
        ck_assert_msg(c.r == 50 * (i + 1), "cell %d holds %d", i, c.r);
    }
    sheet_clear(&made);
}
END_TEST

/* Characters beyond ASCII: into how many letters they are spelled. */
static const struct {
    const char *text;
    int letters;
} texts[] = {{"", 0},           {"abc", 3},         {"\xc3\xa9\xc4\x8d\xc5\x82", 3}, {"stra\xc3\x9f" "e", 7},
             {"e\xcc\x81", 1}, {"\xe2\x82\xac", 1}, {"\xf0\x9f\x90\xb1x", 2},         {"\xff\xc3", 2},
             {"\xc5", 1}};

START_TEST(text__is_as_wide_as_its_letters)
{
    ck_assert_int_eq(draw_text_width(texts[_i].text, 3), texts[_i].letters * 3 * FONT_ADVANCE);
}
END_TEST

/* Every letter from U+00C0 to U+017F has its base, and looks unlike that where it has a mark. */
START_TEST(text__marks_can_be_seen)
{
    for (unsigned point = 0xc0; point < 0x180; point++) {
        const char utf8[3] = {(char)(0xc0 | point >> 6), (char)(0x80 | (point & 0x3f)), 0};
        const char *at = utf8;
        font_letter letters[2];
        int different = 0;
        const int n = font_read(&at, letters);
        ck_assert(at == utf8 + 2 && n >= 1 && n <= 2);
        for (int y = -FONT_MARK; y < FONT_HEIGHT + FONT_MARK; y++)
            for (int x = 0; x < FONT_WIDTH; x++)
                different += font_dot(letters[0], x, y) != font_dot((font_letter){letters[0].base, 0}, x, y);
        ck_assert_msg((letters[0].mark != 0) == (different > 0) && letters[0].base != '?', "U+%04x", point);
        ck_assert(n == 1 || letters[0].mark == 0);
    }
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = text__is_as_wide_as_its_letters, .rows = COUNT(texts)},
        {.test = text__marks_can_be_seen},
        {colours__stay_apart_for_every_vision, .rows = COUNT(visions)},
        {.test = colours__label_text_has_contrast},
        {.test = thumbnail__is_the_mean_of_what_it_covers},
        {thumbnail__of_any_shape_keeps_its_value, .rows = COUNT(shapes)},
        {.test = draw__frames_lie_on_the_box_in_the_class_colour},
        {.test = draw__dashes_leave_gaps},
        {.test = draw__labels_keep_clear_of_each_other},
        {sheet__every_count_has_its_cells, .rows = 60},
        {.test = sheet__holds_pictures_where_they_belong},
    };
    return support_run("sheet", cases, COUNT(cases));
}
