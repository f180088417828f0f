/* Decoding ahead: order, resuming, pictures that fail, and that nothing is left behind. Also run under TSan. */
#include "coco.h"
#include "jpeg.h"
#include "loader.h"
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURES = 12 };

/* Picture i is 10+i wide and 9 high; the numbers below break some of them. */
enum { MISSING = 3, NOT_A_JPEG = 5, CUT_SHORT = 7, OTHER_SIZE = 8, UNTURNED = 9, TURNED = 10, NO_SIZE = 11 };

static char folder[512];

static void put_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void make_picture(int i)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%d.jpg", folder, i);
    jpeg_plan plan = {.width = 10 + i, .height = 9};
    if (i == UNTURNED || i == TURNED)
        plan.orientation = 6;
    if (i == NOT_A_JPEG) {
        put_file(path, "hello", 5);
    } else if (i == CUT_SHORT) {
        uint8_t *data = NULL;
        const size_t size = jpeg_make(&data, &plan);
        put_file(path, data, size - 20);
        free(data);
    } else if (i != MISSING) {
        jpeg_make_file(path, &plan);
    }
}

/* The pictures in the scratch folder, and the data set that names them. */
static fovea_dataset *make_set(void)
{
    char text[4096];
    int used = snprintf(text, sizeof text, "{\"images\": [");
    snprintf(folder, sizeof folder, "%s", support_scratch());
    for (int i = 0; i < PICTURES; i++) {
        int width = 10 + i, height = 9;
        if (i == OTHER_SIZE)
            width = 100;
        if (i == TURNED)
            width = 9, height = 10 + i;
        if (i == NO_SIZE)
            width = height = 0;
        make_picture(i);
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "%s{\"id\": %d, \"file_name\": \"%d.jpg\", \"width\": %d, \"height\": %d}", i ? ", " : "", i,
                         i, width, height);
    }
    snprintf(text + used, sizeof text - (size_t)used,
             "], \"categories\": [{\"id\": 1, \"name\": \"cat\"}], \"annotations\": [{\"id\": 1, \"image_id\": 0, "
             "\"category_id\": 1, \"bbox\": [1, 1, 2, 2]}]}");
    fovea_dataset *set = NULL;
    support_ok(fovea__coco_parse(&set, folder, text, strlen(text), "t.json"));
    return set;
}

/* A stream that jumps about; it counts how often it is asked, and by which thread. */
typedef struct stream {
    pthread_t owner;
    uint64_t next;
    bool disordered;
} stream;

static uint64_t index_at(uint64_t k)
{
    return k * 7 % 3; /* 0, 1 and 2 are good pictures */
}

static uint64_t jumping(void *cookie, uint64_t k)
{
    stream *s = cookie;
    if (k != s->next || !pthread_equal(s->owner, pthread_self()))
        s->disordered = true;
    s->next = k + 1;
    return index_at(k);
}

static uint64_t straight(void *cookie, uint64_t k)
{
    (void)cookie;
    return k % PICTURES;
}

static const struct {
    int threads, depth;
    uint64_t first;
} rows[] = {{1, 1, 0}, {1, 4, 5}, {4, 1, 0}, {3, 7, 1000000007}, {8, 16, 2}, {0, 0, 0}};

START_TEST(loader__hands_out_in_order_from_anywhere)
{
    fovea_dataset *set = make_set();
    stream s = {.owner = pthread_self(), .next = rows[_i].first};
    fovea__loader *loader = NULL;
    support_ok(fovea__loader_create(&loader, &(fovea__loader_options){.dataset = set,
                                                                      .picture_at = jumping,
                                                                      .cookie = &s,
                                                                      .first = rows[_i].first,
                                                                      .threads = rows[_i].threads,
                                                                      .depth = rows[_i].depth}));
    for (uint64_t k = rows[_i].first; k < rows[_i].first + 100; k++) {
        fovea__loaded got;
        support_ok(fovea__loader_next(loader, &got));
        ck_assert_uint_eq(got.k, k);
        ck_assert_uint_eq(got.index, index_at(k));
        ck_assert_int_eq(got.image.width, 10 + (int)index_at(k));
        ck_assert_int_eq(got.image.height, 9);
        fovea_image_clear(&got.image);
    }
    fovea__loader_free(loader);
    ck_assert(!s.disordered);
    const int ahead = rows[_i].depth ? rows[_i].depth : 4;
    ck_assert_uint_eq(s.next, rows[_i].first + 100 + (uint64_t)ahead);
    fovea_dataset_close(set);
}
END_TEST

static const struct {
    fovea_status status;
    const char *sentence;
} fates[PICTURES] = {
    [MISSING] = {FOVEA_ERROR_IO, "/3.jpg: cannot be opened: No such file"},
    [NOT_A_JPEG] = {FOVEA_ERROR_FORMAT, "/5.jpg: neither JPEG nor PNG"},
    [CUT_SHORT] = {FOVEA_ERROR_FORMAT, "/7.jpg: the JPEG is cut short"},
    [OTHER_SIZE] = {FOVEA_ERROR_FORMAT, "/8.jpg: expected 100x9 pixels as the annotations say, found 18x9"},
    [UNTURNED] = {FOVEA_ERROR_FORMAT,
                  "/9.jpg: expected 19x9 pixels as the annotations say, found 9x19, upright after its "
                  "EXIF orientation 6; boxes and sizes are expected as people see the picture"},
};

START_TEST(loader__names_pictures_that_fail_and_goes_on)
{
    fovea_dataset *set = make_set();
    fovea__loader *loader = NULL;
    support_ok(fovea__loader_create(
        &loader, &(fovea__loader_options){.dataset = set, .picture_at = straight, .threads = 1 + _i, .depth = 5}));
    for (int k = 0; k < 3 * PICTURES; k++) {
        const int i = k % PICTURES;
        fovea__loaded got;
        if (fates[i].status) {
            support_fails(fovea__loader_next(loader, &got), fates[i].status, fates[i].sentence);
            ck_assert(!got.image.pixels && got.index == (size_t)i && got.k == (uint64_t)k);
        } else {
            support_ok(fovea__loader_next(loader, &got));
            ck_assert_int_eq(i == TURNED ? got.image.height : got.image.width, 10 + i);
            fovea_image_clear(&got.image);
        }
    }
    fovea__loader_free(loader);
    fovea_dataset_close(set);
}
END_TEST

START_TEST(loader__is_freed_at_any_moment)
{
    fovea_dataset *set = make_set();
    for (int taken = 0; taken < 20; taken++) {
        fovea__loader *loader = NULL;
        support_ok(fovea__loader_create(
            &loader, &(fovea__loader_options){.dataset = set, .picture_at = straight, .threads = 4, .depth = 9}));
        for (int k = 0; k < taken; k++) {
            fovea__loaded got;
            fovea__loader_next(loader, &got);
            fovea_image_clear(&got.image);
        }
        fovea__loader_free(loader);
    }
    fovea__loader_free(NULL);
    fovea_dataset_close(set);
}
END_TEST

START_TEST(loader__refuses_absurd_options)
{
    fovea_dataset *set = make_set();
    fovea__loader *loader = NULL;
    support_fails(fovea__loader_create(&loader, &(fovea__loader_options){.picture_at = straight}), FOVEA_ERROR_ARGUMENT,
                  "a loader needs pictures");
    support_fails(
        fovea__loader_create(&loader, &(fovea__loader_options){.dataset = set, .picture_at = straight, .threads = -1}),
        FOVEA_ERROR_ARGUMENT, "-1 threads");
    support_fails(fovea__loader_create(
                      &loader, &(fovea__loader_options){.dataset = set, .picture_at = straight, .depth = 1 << 20}),
                  FOVEA_ERROR_ARGUMENT, "1048576 pictures");
    ck_assert_ptr_null(loader);
    fovea_dataset_close(set);
}
END_TEST

static const fovea_reader_options readings[] = {{0, 0}, {1, 1}, {4, 1}, {3, 7}, {8, 100}};

/* A list of every picture, twice over: those that fail are named in their places. */
START_TEST(reader__hands_out_a_list_in_order)
{
    char paths[2 * PICTURES][600];
    const char *list[2 * PICTURES];
    fovea_dataset_close(make_set());
    for (int k = 0; k < 2 * PICTURES; k++) {
        snprintf(paths[k], sizeof paths[k], "%s/%d.jpg", folder, k % PICTURES);
        list[k] = paths[k];
    }
    fovea_reader *reader = NULL;
    fovea_image image;
    support_ok(fovea_reader_open(&reader, list, COUNT(list), &readings[_i]));
    for (int k = 0; k < 2 * PICTURES; k++) {
        const int i = k % PICTURES;
        if (i == MISSING || i == NOT_A_JPEG || i == CUT_SHORT) {
            support_fails(fovea_reader_next(reader, &image), fates[i].status, fates[i].sentence);
            ck_assert_ptr_null(image.pixels);
        } else {
            support_ok(fovea_reader_next(reader, &image));
            ck_assert_int_eq(i == TURNED || i == UNTURNED ? image.height : image.width, 10 + i);
            fovea_image_clear(&image);
        }
    }
    support_fails(fovea_reader_next(reader, &image), FOVEA_ERROR_ARGUMENT, "no picture is left");
    fovea_reader_close(reader);
}
END_TEST

START_TEST(reader__is_closed_at_any_moment)
{
    fovea_dataset_close(make_set());
    char path[600];
    snprintf(path, sizeof path, "%s/0.jpg", folder);
    const char *const list[] = {path, path, path, path, path, path};
    for (size_t count = 0; count <= COUNT(list); count++)
        for (size_t taken = 0; taken <= count; taken++) {
            fovea_reader *reader = NULL;
            support_ok(fovea_reader_open(&reader, list, count, NULL));
            for (size_t k = 0; k < taken; k++) {
                fovea_image image;
                support_ok(fovea_reader_next(reader, &image));
                fovea_image_clear(&image);
            }
            fovea_reader_close(reader);
        }
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = loader__hands_out_in_order_from_anywhere, .rows = COUNT(rows)},
        {.test = loader__names_pictures_that_fail_and_goes_on, .rows = 3},
        {.test = loader__is_freed_at_any_moment},
        {.test = loader__refuses_absurd_options},
        {.test = reader__hands_out_a_list_in_order, .rows = COUNT(readings)},
        {.test = reader__is_closed_at_any_moment},
    };
    return support_run("loader", cases, COUNT(cases));
}
