/* Boxes relative to anchors, and back.
 *   box_code_encode  one work-item = `run` anchors of all pictures: nearly all have no box, and no logarithm to take
 *   box_code_decode  one work-item = one anchor
 *   arguments        how many; no -D */

/* Width and height, and the centre, of a box x0 y0 x1 y1. */
static float2 size_of(float4 box)
{
    return box.zw - box.xy;
}

static float2 centre_of(float4 box)
{
    return box.xy + 0.5f * size_of(box);
}

kernel void box_code_encode(global const float *anchors, int n_anchors, global const float *boxes,
                            global const int *matches, int count, int run, global float *targets)
{
    const matrix_part part = part_of(1, count, 1, run);
    for (int i = part.left; i < part.right; i++) {
        const int match = matches[i];
        float4 code = (float4)(0.0f);
        if (match >= 0) {
            const float4 anchor = vload4(i % n_anchors, anchors), box = vload4(match, boxes);
            code.xy = (centre_of(box) - centre_of(anchor)) / size_of(anchor);
            code.zw = log(size_of(box) / size_of(anchor));
        }
        vstore4(code, i, targets);
    }
}

kernel void box_code_decode(global const float *anchors, global const float *codes, int count, global float *boxes)
{
    const int i = get_global_id(0);
    if (i >= count)
        return;
    const float largest = 4.135166556742356f; /* ln(1000/16) */
    const float4 anchor = vload4(i, anchors), code = vload4(i, codes);
    const float2 centre = code.xy * size_of(anchor) + centre_of(anchor);
    const float2 limited = select(code.zw, (float2)(largest), code.zw > largest);
    const float2 half_size = 0.5f * (exp(limited) * size_of(anchor));
    vstore4((float4)(centre - half_size, centre + half_size), i, boxes);
}
