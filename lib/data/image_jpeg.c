/* JPEG in, by libjpeg-turbo; image_encode.c has the way out.
 *
 * libjpeg reports errors by a callback that must not return: each call runs under a setjmp(), and whatever changes
 * after it lives in the struct that the callback's longjmp() leaves alone. */
#include "image.h"

#include "memory.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* A progressive file may hold any number of scans, each of a few bytes and each a pass over the whole picture. Encoders
 * write about ten; libjpeg allows 64 coefficients x 14 bits a component. */
enum { MOST_SCANS = 100 };

typedef struct decoder {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    struct jpeg_progress_mgr progress;
    struct jpeg_decompress_struct jpeg;
    jmp_buf failed;
    fovea_status status;
    const char *name;
    size_t size_bytes;
    fovea_image image;
    uint8_t *row; /* one row of CMYK */
    bool size_only;
    int orientation;
} decoder;

static _Noreturn void leave_decoder(j_common_ptr jpeg)
{
    decoder *d = (decoder *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    d->errors.format_message(jpeg, message);
    if (d->errors.msg_code == JERR_OUT_OF_MEMORY)
        d->status = fovea__fail(FOVEA_ERROR_MEMORY, "%s: out of memory for a picture of %ux%u", d->name,
                                d->jpeg.image_width, d->jpeg.image_height);
    else
        d->status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: not a JPEG that can be read: %s", d->name, message);
    longjmp(d->failed, 1);
}

static _Noreturn void fail_decoder(decoder *d, fovea_status status)
{
    d->status = status;
    longjmp(d->failed, 1);
}

static _Noreturn void fail_cut_short(decoder *d, const char *message)
{
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    if (jpeg->image_height == 0)
        fail_decoder(d, fovea__fail(FOVEA_ERROR_FORMAT,
                                    "%s: the JPEG is cut short: expected the size of the picture, found %zu bytes (%s)",
                                    d->name, d->size_bytes, message));
    fail_decoder(d, fovea__fail(FOVEA_ERROR_FORMAT,
                                "%s: the JPEG is cut short: expected %ux%u pixels, found data for %u rows in %zu bytes "
                                "(%s)",
                                d->name, jpeg->image_width, jpeg->image_height, jpeg->output_scanline, d->size_bytes,
                                message));
}

/* libjpeg goes on after damage and fills what is missing with grey. Here damage is an error; only what leaves the
 * pixels whole passes (bytes between segments, odd version numbers, unusual Adobe markers). */
static void take_warning(j_common_ptr jpeg, int level)
{
    decoder *d = (decoder *)jpeg->err;
    if (level >= 0)
        return;
    char message[JMSG_LENGTH_MAX];
    d->errors.format_message(jpeg, message);
    switch (d->errors.msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
        return;
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
        fail_cut_short(d, message);
    default:
        fail_decoder(d, fovea__fail(FOVEA_ERROR_FORMAT, "%s: the JPEG is damaged after row %u of %u: %s", d->name,
                                    d->jpeg.output_scanline, d->jpeg.image_height, message));
    }
}

static void print_nothing(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void watch_scans(j_common_ptr jpeg)
{
    decoder *d = (decoder *)jpeg->err;
    if (d->jpeg.input_scan_number > MOST_SCANS)
        fail_decoder(d, fovea__fail(FOVEA_ERROR_FORMAT, "%s: the JPEG has more than %d scans", d->name, MOST_SCANS));
}

/* An entropy-coded file spends at least one bit on each 8x8 block of each component (a code is never shorter), and a
 * sequential one at least two (a DC and an AC code): a file too small for its own claim is refused before anything is
 * allocated. Only arithmetic coding of a flat picture can be shorter, and nobody writes that. */
static void check_claim(decoder *d)
{
    uint64_t blocks = 0;
    for (int c = 0; c < d->jpeg.num_components; c++)
        blocks += (uint64_t)d->jpeg.comp_info[c].width_in_blocks * d->jpeg.comp_info[c].height_in_blocks;
    const uint64_t least_bits = blocks * (d->jpeg.progressive_mode || d->jpeg.arith_code ? 1 : 2);
    if (least_bits / 8 > d->size_bytes)
        fail_decoder(d,
                     fovea__fail(FOVEA_ERROR_FORMAT,
                                 "%s: the JPEG claims %ux%u pixels, for which at least %llu bytes are expected, found "
                                 "%zu",
                                 d->name, d->jpeg.image_width, d->jpeg.image_height,
                                 (unsigned long long)(least_bits / 8), d->size_bytes));
}

static int read_orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next)
        if (marker->data_length >= 6 && memcmp(marker->data, "Exif\0", 6) == 0)
            return fovea__image_orientation(marker->data, marker->data_length);
    return 1;
}

/* CMYK in JPEG files is written inverted, as Adobe does (255 is no ink); all common readers take it so. */
static void rgb_of_cmyk(uint8_t *rgb, const uint8_t *cmyk, int width)
{
    for (int x = 0; x < width; x++, rgb += 3, cmyk += 4)
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)((cmyk[c] * cmyk[3] + 127) / 255);
}

static void decode(decoder *d, const void *data)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &d->progress;
    jpeg_mem_src(jpeg, data, (unsigned long)d->size_bytes);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    check_claim(d);
    d->orientation = read_orientation(jpeg);
    if (d->size_only) {
        d->image = (fovea_image){.width = (int)jpeg->image_width, .height = (int)jpeg->image_height};
        return;
    }

    const bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(jpeg);
    const int width = (int)jpeg->output_width, height = (int)jpeg->output_height;
    fovea_status status = fovea_image_create(&d->image, width, height);
    if (!status && cmyk)
        status = fovea__allocate(&d->row, (size_t)width, 4, "a row of a picture");
    if (status)
        fail_decoder(d, status);
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *rgb = d->image.pixels + (size_t)jpeg->output_scanline * (size_t)width * 3;
        JSAMPROW row = cmyk ? d->row : rgb;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (cmyk)
            rgb_of_cmyk(rgb, d->row, width);
    }
    jpeg_finish_decompress(jpeg);
}

fovea_status fovea__jpeg_decode(fovea_image *out, const void *data, size_t size_bytes, const char *name,
                                bool size_only, int *orientation)
{
    decoder *d = NULL;
    FOVEA_TRY(fovea__allocate(&d, 1, sizeof *d, "a JPEG decoder"));
    d->name = name;
    d->size_bytes = size_bytes;
    d->size_only = size_only;
    d->jpeg.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = leave_decoder;
    d->errors.emit_message = take_warning;
    d->errors.output_message = print_nothing;
    d->progress.progress_monitor = watch_scans;
    if (setjmp(d->failed) == 0)
        decode(d, data);
    jpeg_destroy_decompress(&d->jpeg);
    const fovea_status status = d->status;
    if (status)
        fovea_image_clear(&d->image);
    *out = d->image;
    *orientation = status ? 1 : d->orientation;
    free(d->row);
    free(d);
    return status;
}
