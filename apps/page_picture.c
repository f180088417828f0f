/* Pictures inside a page, see page_picture.h. */
#include "page_picture.h"

#include "pick_device.h"

#include <stdlib.h>

enum { QUALITY = 85 };

static void write_base64(FILE *to, const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const unsigned three = (unsigned)data[i] << 16 | (left > 1 ? (unsigned)data[i + 1] << 8 : 0) |
                               (left > 2 ? (unsigned)data[i + 2] : 0);
        fputc(digits[three >> 18], to);
        fputc(digits[three >> 12 & 63], to);
        fputc(left > 1 ? digits[three >> 6 & 63] : '=', to);
        fputc(left > 2 ? digits[three & 63] : '=', to);
    }
}

bool page_picture(FILE *to, const fovea_image *image)
{
    const size_t room = (size_t)image->width * (size_t)image->height * 3 + 65536;
    size_t size = 0;
    uint8_t *data = malloc(room);
    if (!data)
        fputs("fovea: out of memory for a picture of a page\n", stderr);
    const bool good = data && told(fovea_image_encode_jpeg(image, QUALITY, data, room, &size)) && size <= room;
    if (good) {
        fputs("data:image/jpeg;base64,", to);
        write_base64(to, data, size);
    }
    free(data);
    return good;
}
