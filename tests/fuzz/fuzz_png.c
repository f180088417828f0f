/* Decodes any bytes as a PNG: a picture of a possible size, or a sentence and no picture. Checksums are set right before,
 * since libpng reads nothing of a chunk whose own is wrong. */
#include "fuzz.h"

#include "fovea.h"
#include "png_cases.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_words[] = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND", "eXIf", "iCCP", "gAMA", "zTXt", "\x89PNG",
                                  "\xff\xff\xff\xff", "\x7f\xff\xff\xff", "MM", NULL};

size_t fuzz_seed(int index, uint8_t **out)
{
    png_case c;
    if (!png_case_read(&c, index))
        return 0;
    *out = c.file;
    const size_t size = c.size;
    c.file = NULL;
    png_case_free(&c);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *mended = malloc(size + 1);
    if (!mended)
        abort();
    memcpy(mended, data, size);
    png_case_mend(mended, size);
    fovea_image image;
    if (fovea_image_decode(&image, mended, size, "fuzz") == FOVEA_OK) {
        if (!image.pixels || image.width < 1 || image.height < 1 || image.width > 65500 || image.height > 65500 ||
            (size_t)image.width * (size_t)image.height / 8300 > size)
            abort();
    } else if (image.pixels || image.width || image.height || !*fovea_error()) {
        abort();
    }
    fovea_image_clear(&image);
    free(mended);
    return 0;
}
