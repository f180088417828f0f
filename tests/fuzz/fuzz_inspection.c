/* Inspects any bytes as a COCO data set; the mended copy of what could be inspected can be inspected too, and has no
 * fault where all were mended. */
#include "fuzz.h"

#include "inspection.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_words[] = {
    "NaN", "-Infinity", "1e999", "-1", "0", "9007199254740993", "9223372036854775807", "null", "{}", "[", "]", "{", "}",
    ",", "\"", "\\", "\\u0000", "true", "\"id\":", "\"bbox\":", "[[[[[[", "\"iscrowd\":1", "\"images\":[],", NULL};

static const char *const seeds[] = {
    "{\"images\": [{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 100, \"height\": 50}, {\"id\": 8, \"file_name\": "
    "\"b\"}, {\"id\": 8, \"file_name\": \"a.jpg\"}], \"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 3}],"
    "\"annotations\": [{\"id\": 1, \"image_id\": 7, \"category_id\": 3, \"bbox\": [1, 2, 3, 4], \"area\": 12},"
    "{\"id\": 1, \"image_id\": 8, \"category_id\": 1, \"bbox\": [1.5, 2, 30, 4e1], \"iscrowd\": 0}, {}]}",
};

size_t fuzz_seed(int index, uint8_t **out)
{
    if ((size_t)index >= sizeof seeds / sizeof seeds[0])
        return 0;
    *out = (uint8_t *)strdup(seeds[index]);
    return *out ? strlen(seeds[index]) : 0;
}

static void inspect_again(const char *text, size_t size, bool all_mended)
{
    fovea_inspection *in = NULL;
    if (fovea__inspection_parse(&in, "nowhere", text, size, "copy", &(fovea_inspect_options){.threads = 1}))
        abort();
    for (int kind = 0; kind < FOVEA_NOTE_TURNED; kind++)
        if (all_mended && kind != FOVEA_FAULT_NOTHING && fovea_inspection_count(in, (fovea_fault_kind)kind))
            abort();
    fovea_inspection_close(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fovea_inspection *in = NULL;
    char *copy = NULL;
    size_t copy_size = 0;
    if (fovea__inspection_parse(&in, "nowhere", (const char *)data, size, "fuzz",
                                &(fovea_inspect_options){.threads = 1})) {
        if (in || !*fovea_error())
            abort();
        return 0;
    }
    bool all_mended = true;
    for (size_t i = 0; i < fovea_inspection_faults(in); i++) {
        fovea_fault fault;
        if (fovea_inspection_fault(in, i, &fault) || strncmp(fault.sentence, "fuzz: ", 6) != 0 || !*fault.fix)
            abort();
        all_mended = all_mended && (fault.mended || fault.kind == FOVEA_FAULT_NOTHING || fault.kind >= FOVEA_NOTE_TURNED);
    }
    if (fovea__inspection_mend(in, &copy, &copy_size, (const char *)data, size) == FOVEA_OK)
        inspect_again(copy, copy_size, all_mended);
    free(copy);
    fovea_inspection_close(in);
    return 0;
}
