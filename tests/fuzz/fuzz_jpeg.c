/* Decodes any bytes as a JPEG: a picture of a possible size, or a sentence and no picture. */
#include "fuzz.h"

#include "fovea.h"
#include "jpeg.h"

#include <stdlib.h>

const char *const fuzz_words[] = {"\xff\xda", "\xff\xc4", "\xff\xc2", "\xff\xd9", "\xff\xd0", "\xff\xe1", "\xff\xdb",
                                  "\xff\xdd", "\xff\xee", "\xff\xcc", "\xff\xff", "Exif",     "Adobe",    NULL};

size_t fuzz_seed(int index, uint8_t **out)
{
    static const jpeg_plan plans[] = {
        {.width = 33, .height = 18, .orientation = 6},
        {.width = 33, .height = 18, .kind = JPEG_YCC_HALVED, .progressive = true, .orientation = 3, .big_endian = true},
        {.width = 20, .height = 20, .kind = JPEG_GREY},
        {.width = 17, .height = 9, .kind = JPEG_CMYK},
        {.width = 17, .height = 9, .kind = JPEG_YCCK, .progressive = true},
        {.width = 24, .height = 16, .arithmetic = true},
        {.width = 200, .height = 100, .flat = true, .kind = JPEG_GREY},
    };
    return (size_t)index < sizeof plans / sizeof plans[0] ? jpeg_make(out, &plans[index]) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fovea_image image;
    if (fovea_image_decode(&image, data, size, "fuzz") == FOVEA_OK) {
        if (!image.pixels || image.width < 1 || image.height < 1 || image.width > 65500 || image.height > 65500 ||
            (size_t)image.width * (size_t)image.height / 4096 > size)
            abort();
    } else if (image.pixels || image.width || image.height || !*fovea_error()) {
        abort();
    }
    fovea_image_clear(&image);
    return 0;
}
