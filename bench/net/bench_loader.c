/* How many training pictures a second the loader's threads make ready: JPEGs of 640 x 480 with fine noise, decoded alone,
 * cropped, and with their colours changed in all four ways. One JSON line each:
 *   {"room", "case", "threads", "median_pictures_per_second", "best_pictures_per_second", "runs", "verified"}
 * Verified: two threads hand out the pictures that one does. */
#include "clock.h"
#include "coco.h"
#include "hash.h"
#include "loader.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PICTURES = 16, STREAM = 96, RUNS = 5, WIDTH = 640, HEIGHT = 480 };

static const struct {
    const char *name;
    fovea__augment_plan augment;
} cases[] = {
    {"decoded", {0}},
    {"cropped, half of them", {.crop = 0.5}},
    {"brightness .4, contrast .4, saturation .4", {.brightness = 0.4, .contrast = 0.4, .saturation = 0.4}},
    {"the same and hue .1", {.brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.1}},
    {"all of it", {.crop = 0.5, .brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.1}},
};

static void check(fovea_status status)
{
    if (status) {
        fprintf(stderr, "loader: %s\n", fovea_error());
        exit(EXIT_FAILURE);
    }
}

static void picture_path(char *out, size_t room, const char *folder, int i)
{
    snprintf(out, room, "%s/%d.jpg", folder, i);
}

/* Slopes with noise on them, so that decoding takes what a photograph does. */
static void write_picture(const char *folder, int i)
{
    char path[600];
    fovea_image image;
    fovea__random random = fovea__random_stream(3, 0, (uint64_t)i);
    check(fovea_image_create(&image, WIDTH, HEIGHT));
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < 3 * WIDTH; x++)
            image.pixels[y * 3 * WIDTH + x] = (uint8_t)(x % 3 * 40 + (x + y * (i + 1)) / 16 % 120 +
                                                        (int)fovea__random_below(&random, 24));
    picture_path(path, sizeof path, folder, i);
    check(fovea_image_write_jpeg(&image, path, 90));
    fovea_image_clear(&image);
}

static fovea_dataset *open_pictures(const char *folder)
{
    char text[16384];
    const size_t room = sizeof text;
    size_t used = (size_t)snprintf(text, room, "{\"categories\":[{\"id\":1,\"name\":\"a\"}],\"images\":[");
    for (int i = 0; i < PICTURES; i++) {
        write_picture(folder, i);
        used += (size_t)snprintf(text + used, room - used, "%s{\"id\":%d,\"file_name\":\"%d.jpg\"}", i ? "," : "", i, i);
    }
    used += (size_t)snprintf(text + used, room - used, "],\"annotations\":[");
    for (int i = 0; i < 5 * PICTURES; i++)
        used += (size_t)snprintf(text + used, room - used, "%s{\"id\":%d,\"image_id\":%d,\"category_id\":1,\"bbox\":[%d,"
                                 "%d,%d,%d]}", i ? "," : "", i, i / 5, 100 * (i % 5), 60 * (i % 5), 40 + i, 120 - i);
    used += (size_t)snprintf(text + used, room - used, "]}");
    fovea_dataset *set = NULL;
    check(fovea__coco_parse(&set, folder, text, used, "pictures"));
    return set;
}

static uint64_t in_turn(void *cookie, uint64_t k)
{
    (void)cookie;
    return k % PICTURES;
}

/* Pictures a second; *sum: a hash of them, where it is asked for. */
static double load(const fovea_dataset *set, const fovea__augment_plan *augment, int threads, uint64_t *sum)
{
    fovea__loader *loader = NULL;
    const double begin = fovea__clock();
    check(fovea__loader_create(&loader, &(fovea__loader_options){.dataset = set, .picture_at = in_turn,
                                                                 .augment = *augment, .threads = threads, .depth = 8}));
    for (int k = 0; k < STREAM; k++) {
        fovea__loaded got;
        check(fovea__loader_next(loader, &got));
        if (sum)
            *sum = fovea__hash(*sum, got.image.pixels, 3 * (size_t)got.image.width * (size_t)got.image.height);
        fovea_image_clear(&got.image);
    }
    const double seconds = fovea__clock() - begin;
    fovea__loader_free(loader);
    return STREAM / seconds;
}

static int lower_first(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* All cases in turn, several times over, so that what the machine does meanwhile meets all of them. */
static bool time_cases(const fovea_dataset *set)
{
    enum { CASES = sizeof cases / sizeof cases[0] };
    double rates[CASES][2][RUNS];
    bool good = true;
    for (int run = 0; run < RUNS; run++)
        for (int c = 0; c < CASES; c++)
            for (int threads = 1; threads <= 2; threads++)
                rates[c][threads - 1][run] = load(set, &cases[c].augment, threads, NULL);
    for (int c = 0; c < CASES; c++) {
        uint64_t one = FOVEA__HASH_EMPTY, two = FOVEA__HASH_EMPTY;
        load(set, &cases[c].augment, 1, &one);
        load(set, &cases[c].augment, 2, &two);
        good = good && one == two;
        for (int t = 0; t < 2; t++) {
            qsort(rates[c][t], RUNS, sizeof(double), lower_first);
            printf("{\"room\": \"loader\", \"case\": \"%s\", \"threads\": %d, \"median_pictures_per_second\": %.1f, "
                   "\"best_pictures_per_second\": %.1f, \"runs\": %d, \"verified\": %s}\n", cases[c].name, t + 1,
                   rates[c][t][RUNS / 2], rates[c][t][RUNS - 1], RUNS, one == two ? "true" : "false");
        }
    }
    return good;
}

int main(void)
{
    char folder[] = "/tmp/fovea-loader-XXXXXX", path[600];
    if (!mkdtemp(folder)) {
        fputs("loader: no folder can be made in /tmp\n", stderr);
        return EXIT_FAILURE;
    }
    fovea_dataset *set = open_pictures(folder);
    const bool good = time_cases(set);
    fovea_dataset_close(set);
    for (int i = 0; i < PICTURES; i++) {
        picture_path(path, sizeof path, folder, i);
        unlink(path);
    }
    rmdir(folder);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
