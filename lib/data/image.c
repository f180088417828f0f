/* Pictures in memory, and of any kind from files: which decoder a file needs is told by its first bytes, whatever its
 * name. EXIF orientation by libexif. */
#include "image.h"

#include "file.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include <libexif/exif-data.h>

/* Files larger than this are no pictures. */
static const size_t LARGEST_FILE = INT32_MAX;

enum { HEAD = 1 << 15 }; /* bytes in which most files tell their size */

/* ---- reading --------------------------------------------------------------------------------------------------- */

int fovea__image_orientation(const uint8_t *exif, size_t size_bytes)
{
    int orientation = 1;
    ExifData *read = exif_data_new_from_data(exif, (unsigned int)size_bytes);
    if (!read)
        return 1;
    ExifEntry *entry = exif_content_get_entry(read->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry && entry->format == EXIF_FORMAT_SHORT && entry->components == 1 && entry->size >= 2) {
        const int value = exif_get_short(entry->data, exif_data_get_byte_order(read));
        if (value >= 1 && value <= 8)
            orientation = value;
    }
    exif_data_unref(read);
    return orientation;
}

/* Turns a picture upright. The eight orientations are: columns mirrored, rows mirrored, then x and y exchanged. */
static fovea_status turn(fovea_image *image, int orientation)
{
    const bool mirror_columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool mirror_rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const bool exchange = orientation >= 5;
    const ptrdiff_t width = image->width, height = image->height;
    fovea_image turned;
    FOVEA_TRY(fovea_image_create(&turned, (int)(exchange ? height : width), (int)(exchange ? width : height)));

    const ptrdiff_t column = mirror_columns ? -3 : 3, row = mirror_rows ? -3 * width : 3 * width;
    const ptrdiff_t step_x = exchange ? row : column, step_y = exchange ? column : row;
    const uint8_t *start = image->pixels;
    if (mirror_columns)
        start += (width - 1) * 3;
    if (mirror_rows)
        start += (height - 1) * 3 * width;
    uint8_t *to = turned.pixels;
    for (int y = 0; y < turned.height; y++)
        for (int x = 0; x < turned.width; x++, to += 3)
            memcpy(to, start + x * step_x + y * step_y, 3);
    fovea_image_clear(image);
    *image = turned;
    return FOVEA_OK;
}

static bool begins_with(const void *data, size_t size_bytes, const char *magic, size_t length)
{
    return size_bytes >= length && memcmp(data, magic, length) == 0;
}

static fovea_status decode(fovea_image *out, const void *data, size_t size_bytes, const char *name, bool size_only,
                           int *orientation)
{
    *out = (fovea_image){0};
    *orientation = 1;
    const uint8_t *bytes = data;
    fovea_status status = FOVEA_OK;
    if (begins_with(data, size_bytes, "\xff\xd8", 2))
        status = fovea__jpeg_decode(out, data, size_bytes, name, size_only, orientation);
    else if (begins_with(data, size_bytes, "\x89PNG\r\n\x1a\n", 8))
        status = fovea__png_decode(out, data, size_bytes, name, size_only, orientation);
    else if (size_bytes == 0)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: is empty, a JPEG or PNG is expected", name);
    else
        FOVEA_FAIL(FOVEA_ERROR_FORMAT,
                   "%s: neither JPEG nor PNG: expected it to begin with the bytes ff d8 or 89 50 4e 47 0d 0a 1a 0a, "
                   "found %02x %02x",
                   name, bytes[0], size_bytes < 2 ? 0u : bytes[1]);
    if (!status && !size_only && *orientation != 1)
        status = turn(out, *orientation);
    if (status)
        fovea_image_clear(out);
    return status;
}

fovea_status fovea_image_decode(fovea_image *out, const void *data, size_t size_bytes, const char *name)
{
    FOVEA_CHECK_ARG(out && (data || size_bytes == 0), "fovea_image_decode: out or data is NULL");
    int orientation;
    return decode(out, data, size_bytes, name ? name : "a picture in memory", false, &orientation);
}

static fovea_status read(fovea_image *out, const char *path, bool size_only, int *orientation)
{
    *out = (fovea_image){0};
    char *data = NULL;
    size_t size_bytes = 0;
    FOVEA_TRY(fovea__file_read(&data, &size_bytes, path, LARGEST_FILE));
    const fovea_status status = decode(out, data, size_bytes, path, size_only, orientation);
    free(data);
    return status;
}

/* Size and orientation of a file by its head; where that does not do (large profiles before them), by the whole. */
static fovea_status read_size(fovea_image *out, const char *path, int *orientation)
{
    const fovea__error_kept kept = fovea__error_keep();
    char *data = NULL;
    size_t size_bytes = 0;
    bool whole = false;
    FOVEA_TRY(fovea__file_read_head(&data, &size_bytes, &whole, path, HEAD));
    fovea_status status = decode(out, data, size_bytes, path, true, orientation);
    free(data);
    if (status != FOVEA_ERROR_FORMAT || whole)
        return status;
    fovea__error_restore(&kept);
    return read(out, path, true, orientation);
}

fovea_status fovea__image_read(fovea_image *out, const char *path, int *orientation)
{
    return read(out, path, false, orientation);
}

fovea_status fovea__image_size(int *width, int *height, const char *path)
{
    fovea_image image;
    int orientation = 1;
    const fovea_status status = read_size(&image, path, &orientation);
    *width = orientation >= 5 ? image.height : image.width;
    *height = orientation >= 5 ? image.width : image.height;
    return status;
}

fovea_status fovea_image_read(fovea_image *out, const char *path)
{
    FOVEA_CHECK_ARG(out && path, "fovea_image_read: out or path is NULL");
    int orientation;
    return fovea__image_read(out, path, &orientation);
}

/* ---- the struct ------------------------------------------------------------------------------------------------ */

bool fovea__image_size_is_good(int width, int height)
{
    return width >= 1 && height >= 1 && width <= FOVEA__LARGEST_SIDE && height <= FOVEA__LARGEST_SIDE;
}

fovea_status fovea_image_create(fovea_image *out, int width, int height)
{
    FOVEA_CHECK_ARG(out, "fovea_image_create: out is NULL");
    *out = (fovea_image){0};
    FOVEA_CHECK_ARG(fovea__image_size_is_good(width, height), "a picture of %dx%d: expected sides of 1 to %d", width,
                    height, FOVEA__LARGEST_SIDE);
    FOVEA_TRY(fovea__allocate(&out->pixels, (size_t)width * (size_t)height, 3, "a picture"));
    out->width = width;
    out->height = height;
    return FOVEA_OK;
}

void fovea_image_clear(fovea_image *image)
{
    if (!image)
        return;
    free(image->pixels);
    *image = (fovea_image){0};
}
