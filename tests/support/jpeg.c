/* See jpeg.h. */
#include "jpeg.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

/* At quality 100 every coefficient is rounded to a whole number: 64 of them, each off by up to half with random sign,
 * move a pixel by about half a step (orthonormal transform), seldom by 2; the colour transform (factors up to 1.77) and
 * CMYK's product add as much again. Halved chroma also smooths, which a gradient of few steps a pixel survives. */
enum { SLACK = 8 };

void jpeg_plan_pixel(const jpeg_plan *plan, int x, int y, uint8_t rgb[3])
{
    rgb[0] = (uint8_t)(plan->flat || plan->width < 2 ? 200 : x * 255 / (plan->width - 1));
    rgb[1] = (uint8_t)(plan->flat || plan->height < 2 ? 100 : y * 255 / (plan->height - 1));
    rgb[2] = 64;
    if (plan->kind == JPEG_GREY)
        rgb[1] = rgb[2] = rgb[0];
}

/* One TIFF directory with the orientation as its only entry. */
static void write_exif(j_compress_ptr jpeg, const jpeg_plan *plan)
{
    const uint8_t type = (uint8_t)(plan->orientation_type ? plan->orientation_type : 3);
    uint8_t little[] = {'E',  'x', 'i',  'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
                        0x12, 1,   type, 0,   1, 0, 0,   0,   0,  0, 0, 0, 0, 0, 0, 0};
    uint8_t big[] = {'E', 'x',  'i', 'f',  0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
                     1,   0x12, 0,   type, 0, 0, 0,   1,   0, 0,  0, 0, 0, 0, 0, 0};
    little[24] = big[25] = (uint8_t)plan->orientation;
    little[25] = big[24] = (uint8_t)(plan->orientation >> 8);
    jpeg_write_marker(jpeg, JPEG_APP0 + 1, plan->big_endian ? big : little, sizeof little);
}

/* DC, then each AC coefficient alone, without and with its last bit. */
static int set_many_scans(jpeg_scan_info scans[127])
{
    int n = 0;
    scans[n++] = (jpeg_scan_info){.comps_in_scan = 1};
    for (int refined = 0; refined < 2; refined++)
        for (int k = 1; k < 64; k++)
            scans[n++] = (jpeg_scan_info){.comps_in_scan = 1, .Ss = k, .Se = k, .Ah = refined, .Al = 1 - refined};
    return n;
}

static void set_kind(j_compress_ptr jpeg, const jpeg_plan *plan)
{
    const bool four = plan->kind == JPEG_CMYK || plan->kind == JPEG_YCCK;
    jpeg->input_components = plan->kind == JPEG_GREY ? 1 : four ? 4 : 3;
    jpeg->in_color_space = plan->kind == JPEG_GREY ? JCS_GRAYSCALE : four ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_colorspace(jpeg, plan->kind == JPEG_GREY   ? JCS_GRAYSCALE
                              : plan->kind == JPEG_RGB  ? JCS_RGB
                              : plan->kind == JPEG_CMYK ? JCS_CMYK
                              : plan->kind == JPEG_YCCK ? JCS_YCCK
                                                        : JCS_YCbCr);
    jpeg_set_quality(jpeg, 100, TRUE);
    const int factor = plan->kind == JPEG_YCC_HALVED ? 2 : 1;
    jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = factor;
    if (plan->kind == JPEG_YCCK)
        jpeg->comp_info[3].h_samp_factor = jpeg->comp_info[3].v_samp_factor = 1;
    jpeg->arith_code = plan->arithmetic;
    jpeg->optimize_coding = !plan->arithmetic;
}

/* Adobe's inverted CMYK, with as much black as there is in every colour. */
static void write_pixel(uint8_t *to, const jpeg_plan *plan, int x, int y)
{
    uint8_t rgb[3];
    jpeg_plan_pixel(plan, x, y, rgb);
    if (plan->kind != JPEG_CMYK && plan->kind != JPEG_YCCK) {
        memcpy(to, rgb, plan->kind == JPEG_GREY ? 1 : 3);
        return;
    }
    int most = rgb[0] > rgb[1] ? rgb[0] : rgb[1];
    most = most > rgb[2] ? most : rgb[2];
    for (int c = 0; c < 3; c++)
        to[c] = (uint8_t)((rgb[c] * 255 + most / 2) / most);
    to[3] = (uint8_t)most;
}

size_t jpeg_make(uint8_t **out, const jpeg_plan *plan)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    jpeg_scan_info scans[127];
    unsigned long size = 0;
    *out = NULL;
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, out, &size);
    jpeg.image_width = (JDIMENSION)plan->width;
    jpeg.image_height = (JDIMENSION)plan->height;
    set_kind(&jpeg, plan);
    if (plan->progressive)
        jpeg_simple_progression(&jpeg);
    if (plan->many_scans) {
        jpeg.num_scans = set_many_scans(scans);
        jpeg.scan_info = scans;
    }
    jpeg_start_compress(&jpeg, TRUE);
    if (plan->orientation)
        write_exif(&jpeg, plan);
    uint8_t *row = malloc((size_t)plan->width * 4);
    if (!row) /* fuzzers use this too, outside of any test */
        abort();
    for (int y = 0; y < plan->height; y++) {
        for (int x = 0; x < plan->width; x++)
            write_pixel(row + x * jpeg.input_components, plan, x, y);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    free(row);
    return size;
}

void jpeg_make_file(const char *path, const jpeg_plan *plan)
{
    uint8_t *data = NULL;
    const size_t size = jpeg_make(&data, plan);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    free(data);
}

void jpeg_expect_pixel(const fovea_image *image, int x, int y, const uint8_t want[3], const char *what)
{
    const uint8_t *got = image->pixels + ((size_t)y * (size_t)image->width + (size_t)x) * 3;
    for (int c = 0; c < 3; c++)
        if (abs(got[c] - want[c]) > SLACK) /* check's own assertions cost a write each */
            ck_abort_msg("%s: pixel %d %d channel %d is %d, expected %d", what, x, y, c, got[c], want[c]);
}

void jpeg_expect_plan(const fovea_image *image, const jpeg_plan *plan, const char *what)
{
    ck_assert_int_eq(image->width, plan->width);
    ck_assert_int_eq(image->height, plan->height);
    for (int y = 0; y < plan->height; y++)
        for (int x = 0; x < plan->width; x++) {
            uint8_t want[3];
            jpeg_plan_pixel(plan, x, y, want);
            jpeg_expect_pixel(image, x, y, want, what);
        }
}
