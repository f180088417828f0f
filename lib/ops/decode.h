/* From logits and codes to candidate boxes. */
#ifndef FOVEA_OPS_DECODE_H
#define FOVEA_OPS_DECODE_H

#include "tensor.h"

/* scores = 1 / (1 + exp(-logits)), `count` floats from logits' start; scores may be logits. */
fovea_status fovea__decode_scores(fovea_device *device, const fovea__buffer *logits, size_t count,
                                  fovea__buffer *scores);

/* Candidates, a slot each: boxes float [slots][4], scores float [slots], classes int32 [slots]. Empty slots have
 * score -1 and class -1. */
typedef struct fovea__candidates {
    fovea__buffer *boxes, *scores, *classes;
} fovea__candidates;

typedef struct fovea__decode {
    int k;               /* slots a level */
    int classes;         /* indices are anchor * classes + class */
    size_t first_anchor; /* of this level */
    float height, width; /* boxes are clipped to 0..width, 0..height: the unpadded resized picture */
} fovea__decode;

/* Fills slots first_slot .. first_slot+k from one level of one picture: indices, best, found (at found_index) as
 * top_k.h gives them; codes: floats [H W A][4] of the level and picture, starting at first_code floats. */
fovea_status fovea__decode_level(fovea_device *device, const fovea__decode *decode, const fovea__buffer *anchors,
                                 const fovea__buffer *codes, size_t first_code, const fovea__buffer *indices,
                                 const fovea__buffer *best, const fovea__buffer *found, size_t found_index,
                                 const fovea__candidates *out, size_t first_slot);

#endif
