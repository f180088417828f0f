/* Reading a list of files ahead: the public side of the loader, see fovea.h. */
#include "loader.h"
#include "memory.h"

#include <stdlib.h>

struct fovea_reader {
    fovea__loader *loader; /* NULL where the list is empty */
    size_t taken, count;
};

fovea_status fovea_reader_open(fovea_reader **out, const char *const *paths, size_t count,
                               const fovea_reader_options *options)
{
    FOVEA_CHECK_ARG(out, "fovea_reader_open: no place for the reader");
    *out = NULL;
    FOVEA_CHECK_ARG(paths || count == 0, "fovea_reader_open: no paths");
    for (size_t i = 0; i < count; i++)
        FOVEA_CHECK_ARG(paths[i], "fovea_reader_open: path %zu of %zu is NULL", i, count);
    fovea_reader *reader = NULL;
    FOVEA_TRY(fovea__allocate(&reader, 1, sizeof *reader, "a reader"));
    reader->count = count;
    fovea__loader_options load = {.paths = paths, .n_paths = count};
    if (options) {
        load.threads = options->threads;
        load.depth = options->ahead;
    }
    const fovea_status status = count > 0 ? fovea__loader_create(&reader->loader, &load) : FOVEA_OK;
    if (status)
        fovea_reader_close(reader);
    else
        *out = reader;
    return status;
}

fovea_status fovea_reader_next(fovea_reader *reader, fovea_image *out)
{
    FOVEA_CHECK_ARG(out, "fovea_reader_next: no place for the picture");
    *out = (fovea_image){0};
    FOVEA_CHECK_ARG(reader && reader->taken < reader->count, "fovea_reader_next: no picture is left");
    fovea__loaded loaded;
    reader->taken++;
    FOVEA_TRY(fovea__loader_next(reader->loader, &loaded));
    *out = loaded.image;
    return FOVEA_OK;
}

void fovea_reader_close(fovea_reader *reader)
{
    if (!reader)
        return;
    fovea__loader_free(reader->loader);
    free(reader);
}
