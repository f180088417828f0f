/* What the decoding threads do to training pictures: colours held to torchvision's (tests/golden/make_colour_cases.py),
 * crops to what they promise, and the same picture whoever makes it. */
#include "augment.h"
#include "dataset.h"
#include "file.h"
#include "json.h"
#include "loader.h"
#include "memory.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- colours --------------------------------------------------------------------------------------------------- */

static const char *const kinds[] = {"brightness", "contrast", "saturation", "hue"};

static fovea__colour steps_of(const cJSON *row)
{
    fovea__colour colour = {0};
    const cJSON *step;
    cJSON_ArrayForEach(step, fovea__json_find(row, "steps"))
    {
        int kind = 0;
        while (strcmp(kinds[kind], step->child->valuestring) != 0)
            ck_assert_int_lt(++kind, FOVEA__COLOUR_KINDS);
        colour.steps[colour.count++] =
            (fovea__colour_step){(fovea__colour_kind)kind, (float)step->child->next->valuedouble};
    }
    return colour;
}

/* Bytes are rounded from float32's results, to at most half a level. A step's own roundings are below 20 of 2^-24, and
 * factors up to 17 widen what came before; together less than .01 of 255 levels. */
static void check_colours(const char *text, size_t size, int line)
{
    const fovea__json_place place = {.file = "colour_cases.jsonl"};
    cJSON *row = NULL;
    support_ok(fovea__json_parse(&row, text, size, place.file, NULL));
    const fovea__colour colour = steps_of(row);
    fovea_image image;
    support_ok(fovea_image_create(&image, cJSON_GetObjectItem(row, "width")->valueint,
                                  cJSON_GetObjectItem(row, "height")->valueint));
    const size_t count = 3 * (size_t)image.width * (size_t)image.height;
    double *before = malloc(count * sizeof *before), *want = malloc(count * sizeof *want);
    ck_assert(before && want);
    support_ok(fovea__json_numbers(before, count, row, "rgb", &place));
    support_ok(fovea__json_numbers(want, count, row, "values", &place));
    for (size_t i = 0; i < count; i++)
        image.pixels[i] = (uint8_t)before[i];
    support_ok(fovea__colour_apply(&image, &colour));
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(fabs((double)image.pixels[i] - want[i]) <= 0.51, "line %d: pixel %zu channel %zu is %d, "
                      "torchvision's is %.6f", line, i / 3, i % 3, image.pixels[i], want[i]);
    free(before);
    free(want);
    fovea_image_clear(&image);
    cJSON_Delete(row);
}

START_TEST(colour__is_what_torchvision_makes)
{
    char *text = NULL;
    size_t size = 0;
    int line = 0;
    support_ok(fovea__file_read(&text, &size, support_test_file("colour_cases.jsonl"), 1 << 20));
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1)
        check_colours(at, strcspn(at, "\n"), ++line);
    ck_assert_int_ge(line, 47);
    free(text);
}
END_TEST

START_TEST(colour__is_drawn_within_its_range_in_every_order)
{
    enum { DRAWS = 2400 };
    const fovea__augment_plan plan = {.seed = 3, .brightness = 0.25, .contrast = 1.5, .saturation = 0.5, .hue = 0.1};
    const double low[] = {0.75, 0, 0.5, -0.1}, high[] = {1.25, 2.5, 1.5, 0.1};
    int orders[256] = {0}, distinct = 0;
    double sums[FOVEA__COLOUR_KINDS] = {0};
    for (uint64_t k = 0; k < DRAWS; k++) {
        const fovea__colour colour = fovea__augment_colour(&plan, k);
        int order = 0, seen = 0;
        ck_assert_int_eq(colour.count, 4);
        for (int s = 0; s < 4; s++) {
            const int kind = (int)colour.steps[s].kind;
            const double factor = (double)colour.steps[s].factor;
            ck_assert_msg(factor >= low[kind] - 1e-6 && factor <= high[kind] + 1e-6, "%s by %g", kinds[kind], factor);
            sums[kind] += (factor - low[kind]) / (high[kind] - low[kind]);
            order = 4 * order + kind;
            seen |= 1 << kind;
        }
        ck_assert_int_eq(seen, 15);
        distinct += orders[order]++ == 0;
    }
    ck_assert_int_eq(distinct, 24);
    for (int order = 0; order < 256; order++) /* 100 expected each, deviation 10 */
        ck_assert(orders[order] == 0 || (orders[order] > 50 && orders[order] < 150));
    for (int kind = 0; kind < 4; kind++) /* the mean's deviation is .006 */
        ck_assert_double_eq_tol(sums[kind] / DRAWS, 0.5, 0.03);
}
END_TEST

/* Asking for one more kind leaves the others' factors as they are. */
START_TEST(colour__has_the_kinds_that_were_asked_for)
{
    const fovea__augment_plan one = {.seed = 3, .saturation = 0.5}, two = {.seed = 3, .saturation = 0.5, .hue = 0.2};
    for (uint64_t k = 0; k < 20; k++) {
        const fovea__colour a = fovea__augment_colour(&one, k), b = fovea__augment_colour(&two, k);
        const fovea__colour none = fovea__augment_colour(&(fovea__augment_plan){.seed = 3, .crop = 1}, k);
        ck_assert(a.count == 1 && b.count == 2 && none.count == 0);
        const int at = b.steps[0].kind == FOVEA__COLOUR_SATURATION ? 0 : 1;
        ck_assert(a.steps[0].kind == FOVEA__COLOUR_SATURATION && b.steps[1 - at].kind == FOVEA__COLOUR_HUE);
        ck_assert(memcmp(&a.steps[0].factor, &b.steps[at].factor, sizeof(float)) == 0);
    }
}
END_TEST

/* ---- crops ----------------------------------------------------------------------------------------------------- */

/* A picture of up to 300 x 300 with up to 5 boxes of any size in it. */
static size_t draw_picture(fovea__random *random, int *width, int *height, fovea_box boxes[5])
{
    const size_t count = (size_t)fovea__random_below(random, 6);
    *width = 1 + (int)fovea__random_below(random, 300);
    *height = 1 + (int)fovea__random_below(random, 300);
    for (size_t i = 0; i < count; i++) {
        const double corners[] = {*width * fovea__random_uniform(random), *height * fovea__random_uniform(random),
                                  *width * fovea__random_uniform(random), *height * fovea__random_uniform(random)};
        boxes[i] = (fovea_box){(float)fmin(corners[0], corners[2]), (float)fmin(corners[1], corners[3]),
                               (float)fmax(corners[0], corners[2]), (float)fmax(corners[1], corners[3]), (int)i};
        boxes[i].x1 = boxes[i].x1 > boxes[i].x0 ? boxes[i].x1 : nextafterf(boxes[i].x0, 1e9f);
        boxes[i].y1 = boxes[i].y1 > boxes[i].y0 ? boxes[i].y1 : nextafterf(boxes[i].y0, 1e9f);
    }
    return count;
}

static void check_part(const fovea__crop *c, int width, int height)
{
    ck_assert_msg(c->left >= 0 && c->top >= 0 && c->width > 0 && c->height > 0 && c->left + c->width <= width &&
                  c->top + c->height <= height, "%dx%d at %d,%d of %dx%d", c->width, c->height, c->left, c->top, width,
                  height);
    ck_assert(c->width + 1 > 0.3 * width && c->height + 1 > 0.3 * height);
    ck_assert(c->width <= 2 * c->height && c->height <= 2 * c->width);
}

/* How many boxes stay; each of them is what both share. */
static size_t check_boxes(const fovea__crop *c, const fovea_box *boxes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        fovea_box box;
        const double x = ((double)boxes[i].x0 + (double)boxes[i].x1) / 2 - c->left;
        const double y = ((double)boxes[i].y0 + (double)boxes[i].y1) / 2 - c->top;
        const bool inside = x > 0 && x < c->width && y > 0 && y < c->height;
        ck_assert_int_eq(fovea__crop_box(&box, &boxes[i], c), inside);
        kept += inside;
        if (!inside)
            continue;
        ck_assert_int_eq(box.label, boxes[i].label);
        ck_assert_msg(box.x0 >= 0 && box.y0 >= 0 && box.x1 <= (float)c->width && box.y1 <= (float)c->height &&
                      box.x0 < box.x1 && box.y0 < box.y1, "%.9g,%.9g..%.9g,%.9g", (double)box.x0, (double)box.y0,
                      (double)box.x1, (double)box.y1);
        ck_assert_double_eq_tol((double)box.x0, fmax((double)boxes[i].x0 - c->left, 0), 1e-4);
        ck_assert_double_eq_tol((double)box.y1, fmin((double)boxes[i].y1 - c->top, c->height), 1e-4);
    }
    return kept;
}

START_TEST(crop__never_loses_the_last_box)
{
    enum { PICTURES = 3000 };
    fovea__random random = fovea__random_stream(11, 0, 0);
    int cropped = 0;
    for (int i = 0; i < PICTURES; i++) {
        int width, height;
        fovea_box boxes[5];
        const size_t count = draw_picture(&random, &width, &height, boxes);
        const fovea__crop crop = fovea__crop_draw(&random, boxes, count, width, height);
        if (crop.width == 0)
            continue;
        cropped++;
        check_part(&crop, width, height);
        ck_assert(check_boxes(&crop, boxes, count) > 0 || count == 0);
    }
    ck_assert_int_gt(cropped, PICTURES * 3 / 5); /* the others are too long */
}
END_TEST

START_TEST(crop__leaves_what_cannot_be_cropped)
{
    fovea__random random = fovea__random_stream(12, 0, 0);
    const fovea_box corner = {0, 0, 1e-3f, 1e-3f, 0};
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(fovea__crop_draw(&random, NULL, 0, 1, 1).width, 0);
        ck_assert_int_eq(fovea__crop_draw(&random, NULL, 0, 1000, 100).width, 0);
        const fovea__crop crop = fovea__crop_draw(&random, &corner, 1, 50, 40);
        ck_assert(crop.width == 0 || (crop.left == 0 && crop.top == 0));
    }
    fovea_box box = {-3, -3, 500, 2, 4}, out;
    ck_assert(fovea__crop_box(&out, &box, &(fovea__crop){0}) && memcmp(&box, &out, sizeof box) == 0);
}
END_TEST

START_TEST(crop__cuts_the_picture_there)
{
    fovea_image image;
    support_ok(fovea_image_create(&image, 13, 11));
    for (int i = 0; i < 13 * 11; i++)
        memset(image.pixels + 3 * i, i, 3);
    const fovea__crop crop = {.left = 4, .top = 2, .width = 9, .height = 7};
    fovea__crop_image(&image, &(fovea__crop){0});
    ck_assert(image.width == 13 && image.height == 11);
    fovea__crop_image(&image, &crop);
    ck_assert(image.width == 9 && image.height == 7);
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 9; x++)
            ck_assert_int_eq(image.pixels[3 * (9 * y + x) + 2], 13 * (y + 2) + x + 4);
    fovea_image_clear(&image);
}
END_TEST

/* Of a box that is the whole picture the overlap is the part's share of it, u v with u and v from .3 to 1. A trial has
 * u v >= .9 with chance (.1 - .9 ln(1/.9)) / .49 = .0106, and >= .7 with .103; so 40 trials find .9 with .35, .7 with .99
 * and what is less always, and 1 in 15 parts is drawn for .9. With those that reach it by chance 1 in 10 does; if no
 * overlap were asked for, 1 in 50. */
START_TEST(crop__is_drawn_from_all_there_are)
{
    enum { DRAWS = 4000 };
    const fovea_box box = {0, 0, 1000, 1000, 0};
    fovea__random random = fovea__random_stream(13, 0, 0);
    int large = 0, small = 0, least = 1000, most = 0;
    double longest = 1, places[2] = {0};
    for (int i = 0; i < DRAWS; i++) {
        const fovea__crop c = fovea__crop_draw(&random, &box, 1, 1000, 1000);
        ck_assert_int_gt(c.width, 0);
        large += c.width * c.height >= 900000;
        small += c.width * c.height < 300000;
        least = c.width < least ? c.width : least;
        most = c.height > most ? c.height : most;
        longest = fmax(longest, (double)c.height / c.width);
        places[0] += (double)c.left / (1000 - c.width) / DRAWS;
        places[1] += (double)c.top / (1000 - c.height) / DRAWS;
    }
    ck_assert_msg(large > DRAWS * 7 / 100 && large < DRAWS * 13 / 100, "%d of %d parts are large", large, DRAWS);
    ck_assert_msg(small > DRAWS / 50, "%d of %d parts are small", small, DRAWS);
    ck_assert_msg(least >= 300 && least < 330 && most > 970 && longest > 1.9, "%d, %d, %g", least, most, longest);
    for (int i = 0; i < 2; i++) /* uniform but for the middle being inside; the mean's deviation is below .005 */
        ck_assert_double_eq_tol(places[i], 0.5, 0.03);
}
END_TEST

/* And whether it comes has nothing to do with the picture before, nor with the colours. */
START_TEST(crop__comes_as_often_as_asked_for)
{
    const fovea_box box = {40, 40, 60, 60, 0};
    const fovea_picture picture = {.boxes = &box, .n_boxes = 1};
    const fovea__augment_plan plan = {.seed = 5, .crop = 0.25, .brightness = 1};
    int cropped = 0, changes = 0;
    bool before = false;
    double brightness = 0;
    for (uint64_t k = 0; k < 2000; k++) {
        const bool now = fovea__augment_crop(&plan, k, &picture, 100, 100).width > 0;
        cropped += now;
        changes += now != before;
        before = now;
        if (now)
            brightness += (double)fovea__augment_colour(&plan, k).steps[0].factor;
    }
    ck_assert(cropped > 420 && cropped < 580);   /* deviation 19 */
    ck_assert(changes > 650 && changes < 850);   /* 750 expected, deviation 22 */
    ck_assert_double_eq_tol(brightness / cropped, 1, 0.15); /* the mean's deviation is .026 */
}
END_TEST

/* ---- the loader ------------------------------------------------------------------------------------------------ */

enum { PICTURES = 5, STREAM = 40 };

/* Pictures in memory; each has a box. */
static fovea_dataset *make_set(fovea_image images[PICTURES])
{
    fovea_dataset *set = NULL;
    fovea__random random = fovea__random_stream(7, 0, 0);
    support_ok(fovea__dataset_create(&set, PICTURES, 1));
    for (int i = 0; i < PICTURES; i++) {
        fovea__box_fate fate;
        support_ok(fovea_image_create(&images[i], 30 + i, 40 - i));
        for (int v = 0; v < 3 * images[i].width * images[i].height; v++)
            images[i].pixels[v] = (uint8_t)fovea__random_below(&random, 256);
        support_ok(fovea__dataset_name_picture(set, (size_t)i, "", "memory"));
        set->pictures[i].width = images[i].width;
        set->pictures[i].height = images[i].height;
        support_ok(fovea__dataset_add_box(set, (size_t)i, 0, (double[]){5, 6, 20 + i, 22}, &fate));
    }
    support_ok(fovea__copy_text(&set->names[0], "thing"));
    support_ok(fovea__dataset_finish(set, "memory"));
    set->images = images;
    return set;
}

static uint64_t in_turn(void *cookie, uint64_t k)
{
    (void)cookie;
    return k % PICTURES;
}

static const int threads[] = {1, 2, 5};

START_TEST(loader__augments_alike_on_any_thread)
{
    fovea_image images[PICTURES];
    fovea_dataset *set = make_set(images);
    const fovea__augment_plan plan = {.seed = 9, .crop = 0.7, .brightness = 0.4, .contrast = 0.4, .hue = 0.1};
    const uint64_t first = _i == 1 ? 13 : 0; /* as after a resume */
    fovea__loader *loader = NULL;
    support_ok(fovea__loader_create(&loader, &(fovea__loader_options){.dataset = set, .picture_at = in_turn,
                                                                      .augment = plan, .first = first,
                                                                      .threads = threads[_i]}));
    int cropped = 0;
    for (uint64_t k = first; k < STREAM; k++) {
        fovea__loaded got;
        fovea_image want;
        fovea__crop crop;
        support_ok(fovea__loader_next(loader, &got));
        const fovea_image *from = &images[got.index];
        support_ok(fovea_image_create(&want, from->width, from->height));
        memcpy(want.pixels, from->pixels, 3 * (size_t)from->width * (size_t)from->height);
        support_ok(fovea__augment_picture(&plan, k, &set->pictures[got.index], &want, &crop));
        ck_assert(memcmp(&crop, &got.crop, sizeof crop) == 0);
        ck_assert(got.image.width == want.width && got.image.height == want.height);
        ck_assert(memcmp(got.image.pixels, want.pixels, 3 * (size_t)want.width * (size_t)want.height) == 0);
        cropped += crop.width > 0;
        fovea_image_clear(&want);
        fovea_image_clear(&got.image);
    }
    ck_assert(cropped > 10 && cropped < STREAM - 4);
    fovea__loader_free(loader);
    fovea_dataset_close(set);
    for (int i = 0; i < PICTURES; i++)
        fovea_image_clear(&images[i]);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = colour__is_what_torchvision_makes},
        {.test = colour__is_drawn_within_its_range_in_every_order},
        {.test = colour__has_the_kinds_that_were_asked_for},
        {.test = crop__never_loses_the_last_box},
        {.test = crop__leaves_what_cannot_be_cropped},
        {.test = crop__cuts_the_picture_there},
        {.test = crop__is_drawn_from_all_there_are},
        {.test = crop__comes_as_often_as_asked_for},
        {.test = loader__augments_alike_on_any_thread, .rows = COUNT(threads)},
    };
    return support_run("augment", cases, COUNT(cases));
}
