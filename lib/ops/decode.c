/* From logits and codes to candidate boxes. */
#include "decode.h"

#include "split.h"

fovea_status fovea__decode_scores(fovea_device *device, const fovea__buffer *logits, size_t count,
                                  fovea__buffer *scores)
{
    FOVEA_CHECK_ARG(count <= INT32_MAX - 8, "decode: %zu logits are out of range", count);
    fovea__count(device, 0, 8.0 * (double)count);
    const fovea__split split = fovea__split_list(device, count);
    return fovea__launch(device, "decode", "", "decode_scores",
                         (fovea__arg[]){fovea__arg_buffer(logits), fovea__arg_int((int)count),
                                        fovea__arg_int(split.columns), fovea__arg_buffer(scores)},
                         4, split.grid);
}

fovea_status fovea__decode_level(fovea_device *device, const fovea__decode *decode, const fovea__buffer *anchors,
                                 const fovea__buffer *codes, size_t first_code, const fovea__buffer *indices,
                                 const fovea__buffer *best, const fovea__buffer *found, size_t found_index,
                                 const fovea__candidates *out, size_t first_slot)
{
    FOVEA_CHECK_ARG(decode->k >= 0 && decode->classes >= 1, "decode: %d slots of %d classes", decode->k,
                    decode->classes);
    FOVEA_CHECK_ARG(decode->first_anchor <= INT32_MAX / 4 && first_code <= INT32_MAX && found_index <= INT32_MAX &&
                        first_slot + (size_t)decode->k <= INT32_MAX / 4,
                    "decode: anchor %zu, code %zu or slot %zu is out of range", decode->first_anchor, first_code,
                    first_slot);
    const fovea__arg args[] = {
        fovea__arg_int(decode->k),
        fovea__arg_int(decode->classes),
        fovea__arg_int((int)decode->first_anchor),
        fovea__arg_float(decode->height),
        fovea__arg_float(decode->width),
        fovea__arg_buffer(anchors),
        fovea__arg_buffer(codes),
        fovea__arg_int((int)first_code),
        fovea__arg_buffer(indices),
        fovea__arg_buffer(best),
        fovea__arg_buffer(found),
        fovea__arg_int((int)found_index),
        fovea__arg_buffer(out->boxes),
        fovea__arg_buffer(out->scores),
        fovea__arg_buffer(out->classes),
        fovea__arg_int((int)first_slot),
    };
    return fovea__launch(device, "decode", "", "decode_level", args, sizeof args / sizeof args[0],
                         fovea__grid_1d((size_t)decode->k, fovea__split_local(device)));
}
