/* Writing pictures as JPEG: into files, into memory, onto a full disk. */
#include "file.h"
#include "jpeg.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void make_picture(fovea_image *image, const jpeg_plan *plan)
{
    support_ok(fovea_image_create(image, plan->width, plan->height));
    for (int y = 0; y < plan->height; y++)
        for (int x = 0; x < plan->width; x++)
            jpeg_plan_pixel(plan, x, y, image->pixels + ((size_t)y * (size_t)plan->width + (size_t)x) * 3);
}

static long file_size(const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    fclose(file);
    return size;
}

START_TEST(image_write__what_is_written_is_read)
{
    const jpeg_plan plan = {.width = 120, .height = 80};
    const int qualities[] = {0, 92, 91, 100};
    long sizes[4];
    char path[256];
    snprintf(path, sizeof path, "%s/written.jpg", support_scratch());
    fovea_image image, back;
    make_picture(&image, &plan);
    for (int i = 0; i < 4; i++) {
        support_ok(fovea_image_write_jpeg(&image, path, qualities[i]));
        sizes[i] = file_size(path);
    }
    ck_assert_int_eq(sizes[0], sizes[1]);
    ck_assert_int_lt(sizes[2], sizes[1]);
    ck_assert_int_lt(sizes[1], sizes[3]);
    support_ok(fovea_image_read(&back, path));
    jpeg_expect_plan(&back, &plan, "written");
    fovea_image_clear(&back);
    fovea_image_clear(&image);
}
END_TEST

START_TEST(image_write__a_full_disk_leaves_the_old_file)
{
    char path[256];
    snprintf(path, sizeof path, "%s/kept.jpg", support_scratch());
    const jpeg_plan plan = {.width = 30, .height = 20};
    fovea_image small, large, back;
    make_picture(&small, &plan);
    make_picture(&large, &(jpeg_plan){.width = 3000, .height = 500});
    support_ok(fovea_image_write_jpeg(&small, path, 100));

    struct rlimit before;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit full = {.rlim_cur = 4096, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
    const fovea_status status = fovea_image_write_jpeg(&large, path, 100);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);

    support_fails(status, FOVEA_ERROR_IO,
                  "kept.jpg: cannot be written: File too large; what was there before is unchang");
    support_alone(path);
    support_ok(fovea_image_read(&back, path));
    jpeg_expect_plan(&back, &plan, "kept");
    support_fails(fovea_image_write_jpeg(&small, "/no/such/folder/x.jpg", 0), FOVEA_ERROR_IO,
                  "/no/such/folder/x.jpg: cannot be written");
    fovea_image_clear(&back);
    fovea_image_clear(&large);
    fovea_image_clear(&small);
}
END_TEST

START_TEST(image_write__encoding_in_memory_is_what_a_file_holds)
{
    const jpeg_plan plan = {.width = 101, .height = 67};
    fovea_image image, back;
    size_t size = 0, again = 0, in_file = 0;
    make_picture(&image, &plan);
    support_ok(fovea_image_encode_jpeg(&image, 0, NULL, 0, &size));
    uint8_t *data = calloc(size + 1, 1);
    ck_assert_ptr_nonnull(data);
    support_ok(fovea_image_encode_jpeg(&image, 0, data, size - 1, &again));
    ck_assert(again == size && data[0] == 0); /* no room: left alone */
    support_ok(fovea_image_encode_jpeg(&image, 92, data, size, &again));
    ck_assert(again == size && data[size] == 0);
    support_ok(fovea_image_decode(&back, data, size, "encoded"));
    jpeg_expect_plan(&back, &plan, "encoded");
    const char *path = support_scratch_file("encoded.jpg");
    char *written = NULL;
    support_ok(fovea_image_write_jpeg(&image, path, 0));
    support_ok(fovea__file_read(&written, &in_file, path, 1 << 20));
    ck_assert(in_file == size && memcmp(written, data, size) == 0);
    support_fails(fovea_image_encode_jpeg(&image, 101, data, size, &again), FOVEA_ERROR_ARGUMENT, "quality 101");
    support_fails(fovea_image_encode_jpeg(&image, 0, NULL, 5, &again), FOVEA_ERROR_ARGUMENT, "out is NULL");
    support_fails(fovea_image_encode_jpeg(&image, 0, data, size, NULL), FOVEA_ERROR_ARGUMENT, "size_bytes is NULL");
    support_fails(fovea_image_encode_jpeg(NULL, 0, data, size, &again), FOVEA_ERROR_ARGUMENT, "image");
    const fovea_image wide = {.pixels = image.pixels, .width = 65501, .height = 1};
    support_fails(fovea_image_encode_jpeg(&wide, 0, data, size, &again), FOVEA_ERROR_ARGUMENT, "65501x1");
    free(written);
    free(data);
    fovea_image_clear(&back);
    fovea_image_clear(&image);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = image_write__what_is_written_is_read},
        {.test = image_write__a_full_disk_leaves_the_old_file},
        {.test = image_write__encoding_in_memory_is_what_a_file_holds},
    };
    return support_run("image_write", cases, COUNT(cases));
}
