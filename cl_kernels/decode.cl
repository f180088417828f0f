/* From logits and codes to candidate boxes.
 *   decode_scores  one work-item = `run` logits, eight at once
 *   decode_level   one work-item = one slot of one level of one picture
 *   arguments      sizes and where a level begins; no -D */

kernel void decode_scores(global const float *logits, int count, int run, global float *scores)
{
    const matrix_part part = part_of(1, count, 1, run);
    int i = part.left;
    for (; i + 8 <= part.right; i += 8)
        vstore8(1.0f / (1.0f + exp(-vload8(0, logits + i))), 0, scores + i);
    for (; i < part.right; i++)
        scores[i] = 1.0f / (1.0f + exp(-logits[i]));
}

/* The box that a code gives at an anchor (box_code.h), clipped to the picture. */
static float4 clipped_box(float4 anchor, float4 code, float2 picture)
{
    const float largest = 4.135166556742356f; /* ln(1000/16) */
    const float2 size = anchor.zw - anchor.xy;
    const float2 centre = code.xy * size + (anchor.xy + 0.5f * size);
    const float2 half_size = 0.5f * (exp(fmin(code.zw, (float2)(largest))) * size);
    const float4 box = (float4)(centre - half_size, centre + half_size);
    return fmin(fmax(box, (float4)(0.0f)), (float4)(picture, picture));
}

kernel void decode_level(int k, int classes, int first_anchor, float height, float width, global const float *anchors,
                         global const float *codes, int first_code, global const int *indices,
                         global const float *best, global const int *found, int found_index, global float *boxes,
                         global float *scores, global int *out_classes, int first_slot)
{
    const int i = get_global_id(0);
    if (i >= k)
        return;
    const int slot = first_slot + i;
    float4 box = (float4)(0.0f);
    const bool filled = i < found[found_index];
    if (filled) {
        const int anchor = indices[i] / classes;
        box = clipped_box(vload4(first_anchor + anchor, anchors), vload4(anchor, codes + first_code),
                          (float2)(width, height));
    }
    vstore4(box, slot, boxes);
    scores[slot] = filled ? best[i] : -1.0f;
    out_classes[slot] = filled ? indices[i] % classes : -1;
}
