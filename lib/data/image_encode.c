/* Pictures into JPEG, in a file or in memory, by libjpeg-turbo, whose errors come by a callback that must not return: it
 * leaves by longjmp(). */
#include "image.h"

#include "file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct encoder {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    struct jpeg_compress_struct jpeg;
    jmp_buf failed;
    fovea_status status;
    const char *name; /* the file, for messages */
    FILE *stream;     /* NULL: into memory */
    unsigned char *data; /* libjpeg's */
    unsigned long size_bytes;
} encoder;

static _Noreturn void leave_encoder(j_common_ptr jpeg)
{
    encoder *e = (encoder *)jpeg->err;
    const int reason = errno;
    char message[JMSG_LENGTH_MAX];
    e->errors.format_message(jpeg, message);
    if (e->errors.msg_code == JERR_FILE_WRITE)
        e->status = fovea__fail(FOVEA_ERROR_IO, "%s: cannot be written: %s; what was there before is unchanged",
                                e->name, strerror(reason));
    else
        e->status = fovea__fail(e->errors.msg_code == JERR_OUT_OF_MEMORY ? FOVEA_ERROR_MEMORY : FOVEA_ERROR_IO,
                                "%s: cannot be written: %s", e->name, message);
    longjmp(e->failed, 1);
}

static void print_nothing(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* Encodes in a frame of its own: what changes after setjmp() belongs to the caller. */
static void compress(encoder *e, const fovea_image *image, int quality)
{
    if (setjmp(e->failed))
        return;
    struct jpeg_compress_struct *jpeg = &e->jpeg;
    jpeg_create_compress(jpeg);
    if (e->stream)
        jpeg_stdio_dest(jpeg, e->stream);
    else
        jpeg_mem_dest(jpeg, &e->data, &e->size_bytes);
    jpeg->image_width = (JDIMENSION)image->width;
    jpeg->image_height = (JDIMENSION)image->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = image->pixels + (size_t)jpeg->next_scanline * (size_t)image->width * 3;
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

static fovea_status encode(encoder *e, const fovea_image *image, int quality)
{
    e->jpeg.err = jpeg_std_error(&e->errors);
    e->errors.error_exit = leave_encoder;
    e->errors.output_message = print_nothing;
    compress(e, image, quality ? quality : 92);
    jpeg_destroy_compress(&e->jpeg);
    return e->status;
}

static fovea_status check(const fovea_image *image, int quality, const char *name)
{
    FOVEA_CHECK_ARG(fovea__image_size_is_good(image->width, image->height),
                    "%s: a picture of %dx%d: expected sides of 1 to %d", name, image->width, image->height,
                    FOVEA__LARGEST_SIDE);
    FOVEA_CHECK_ARG(quality >= 0 && quality <= 100, "%s: quality %d: expected 1 to 100, or 0 for 92", name, quality);
    return FOVEA_OK;
}

fovea_status fovea_image_write_jpeg(const fovea_image *image, const char *path, int quality)
{
    FOVEA_CHECK_ARG(image && image->pixels && path, "fovea_image_write_jpeg: image, its pixels or path is NULL");
    FOVEA_TRY(check(image, quality, path));
    fovea__file_writer writer;
    FOVEA_TRY(fovea__file_begin(&writer, path));
    encoder e = {.name = path, .stream = writer.stream};
    const fovea_status status = encode(&e, image, quality);
    if (status) {
        fovea__file_abandon(&writer);
        return status;
    }
    return fovea__file_commit(&writer);
}

fovea_status fovea_image_encode_jpeg(const fovea_image *image, int quality, void *out, size_t capacity,
                                     size_t *size_bytes)
{
    FOVEA_CHECK_ARG(size_bytes, "fovea_image_encode_jpeg: size_bytes is NULL");
    *size_bytes = 0;
    FOVEA_CHECK_ARG(image && image->pixels, "fovea_image_encode_jpeg: image or its pixels is NULL");
    FOVEA_CHECK_ARG(out || capacity == 0, "fovea_image_encode_jpeg: out is NULL, capacity %zu", capacity);
    FOVEA_TRY(check(image, quality, "a JPEG in memory"));
    encoder e = {.name = "a JPEG in memory"};
    const fovea_status status = encode(&e, image, quality);
    if (!status) {
        *size_bytes = e.size_bytes;
        if (e.size_bytes <= capacity)
            memcpy(out, e.data, e.size_bytes);
    }
    free(e.data);
    return status;
}
