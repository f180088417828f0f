/* PNG in, by libpng: any depth, grey, palette, alpha, interlaced, as 8-bit RGB. What differs between readers is settled as
 * PIL's convert("RGB") does: alpha and transparent colours are dropped, of 16 bits the upper 8 count, gamma and colour
 * profiles are left aside.
 *
 * libpng reports errors by a callback that must not return: decoding runs under a setjmp(), and whatever changes after it
 * lives in the struct that the callback's longjmp() leaves alone. */
#include "image.h"

#include "memory.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/* Deflate makes at most 1032 bytes of one: two bits for each run of 258. */
enum { MOST_EXPANSION = 1032 };

typedef struct decoder {
    png_structp png;
    png_infop info;
    jmp_buf failed;
    fovea_status status;
    const char *name;
    const uint8_t *data;
    size_t size_bytes, used;
    fovea_image image;
    bool starved; /* an allocation failed, which libpng may pass over */
    bool size_only;
    int orientation;
} decoder;

static _Noreturn void fail(decoder *d, fovea_status status)
{
    d->status = status;
    longjmp(d->failed, 1);
}

static _Noreturn void leave(png_structp png, png_const_charp message)
{
    decoder *d = png_get_error_ptr(png);
    fail(d, fovea__fail(FOVEA_ERROR_FORMAT, "%s: not a PNG that can be read: %s", d->name, message));
}

/* What libpng can live with leaves the pixels whole. */
static void pass_over(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static png_voidp allocate(png_structp png, png_alloc_size_t size_bytes)
{
    decoder *d = png_get_mem_ptr(png);
    void *made = NULL;
    d->starved = fovea__allocate(&made, size_bytes, 1, "decoding a PNG") != FOVEA_OK || d->starved;
    return made;
}

static void release(png_structp png, png_voidp made)
{
    (void)png;
    free(made);
}

static void take_bytes(png_structp png, png_bytep out, size_t size_bytes)
{
    decoder *d = png_get_io_ptr(png);
    if (size_bytes > d->size_bytes - d->used)
        fail(d, fovea__fail(FOVEA_ERROR_FORMAT, "%s: the PNG is cut short: expected more than %zu bytes", d->name,
                            d->size_bytes));
    memcpy(out, d->data + d->used, size_bytes);
    d->used += size_bytes;
}

/* A file too small for its own claim is refused before anything is allocated. */
static void check_claim(decoder *d)
{
    const uint64_t width = png_get_image_width(d->png, d->info), height = png_get_image_height(d->png, d->info);
    const uint64_t least = (png_get_rowbytes(d->png, d->info) + 1) * height / MOST_EXPANSION;
    if (least > d->size_bytes)
        fail(d, fovea__fail(FOVEA_ERROR_FORMAT,
                            "%s: the PNG claims %llux%llu pixels, for which at least %llu bytes are expected, found %zu",
                            d->name, (unsigned long long)width, (unsigned long long)height, (unsigned long long)least,
                            d->size_bytes));
}

static void read_orientation(decoder *d)
{
    static const uint8_t head[6] = "Exif\0";
    png_uint_32 size_bytes = 0;
    png_bytep exif = NULL;
    uint8_t *whole = NULL;
    if (!png_get_eXIf_1(d->png, d->info, &size_bytes, &exif))
        return;
    const fovea_status status = fovea__allocate(&whole, sizeof head + size_bytes, 1, "a picture's EXIF data");
    if (status)
        fail(d, status);
    memcpy(whole, head, sizeof head);
    memcpy(whole + sizeof head, exif, size_bytes);
    d->orientation = fovea__image_orientation(whole, sizeof head + size_bytes);
    free(whole);
}

static void decode(decoder *d)
{
    png_set_read_fn(d->png, d, take_bytes);
    png_set_user_limits(d->png, FOVEA__LARGEST_SIDE, FOVEA__LARGEST_SIDE);
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); /* texts, profiles: nobody asks for them */
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "eXIf", 1);
    png_read_info(d->png, d->info);
    check_claim(d);
    const png_uint_32 width = png_get_image_width(d->png, d->info), height = png_get_image_height(d->png, d->info);
    if (d->size_only) {
        read_orientation(d);
        d->image = (fovea_image){.width = (int)width, .height = (int)height};
        return;
    }

    png_set_expand(d->png);
    png_set_strip_16(d->png);
    png_set_gray_to_rgb(d->png);
    png_set_strip_alpha(d->png);
    const int passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    const fovea_status status = fovea_image_create(&d->image, (int)width, (int)height);
    if (status)
        fail(d, status);
    if (png_get_rowbytes(d->png, d->info) != (size_t)width * 3)
        png_error(d->png, "its rows do not become RGB");
    for (int pass = 0; pass < passes; pass++)
        for (png_uint_32 y = 0; y < height; y++)
            png_read_row(d->png, d->image.pixels + (size_t)y * (size_t)width * 3, NULL);
    png_read_end(d->png, d->info);
    read_orientation(d);
}

/* Creates libpng's structs; a failure is out of memory. */
static bool begin(decoder *d)
{
    d->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, d, leave, pass_over, d, allocate, release);
    d->info = d->png ? png_create_info_struct(d->png) : NULL;
    return d->info != NULL;
}

fovea_status fovea__png_decode(fovea_image *out, const void *data, size_t size_bytes, const char *name,
                               bool size_only, int *orientation)
{
    decoder *d = NULL;
    FOVEA_TRY(fovea__allocate(&d, 1, sizeof *d, "a PNG decoder"));
    d->name = name;
    d->data = data;
    d->size_bytes = size_bytes;
    d->size_only = size_only;
    d->orientation = 1;
    if (setjmp(d->failed) == 0) {
        if (begin(d))
            decode(d);
        else
            d->starved = true;
    }
    png_destroy_read_struct(&d->png, &d->info, NULL);
    fovea_status status = d->status;
    if (d->starved)
        status = fovea__fail(FOVEA_ERROR_MEMORY, "%s: out of memory for the PNG's picture", name);
    if (status)
        fovea_image_clear(&d->image);
    *out = d->image;
    *orientation = status ? 1 : d->orientation;
    free(d);
    return status;
}
