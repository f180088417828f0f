/* 1 - GIoU of decoded boxes and its gradient over one pyramid level, in one pass.
 *   one work-group  one chunk of a picture's anchors; its work-items take anchors in turn, and their sums are added up
 *                   as a tree
 *   arguments       places in matches, sizes in anchors; no -D
 * Every sum's order is fixed by shape and work-group size. Boxes are computed from the anchor's corner, so that their
 * edges are as exact as their sizes, wherever in the picture they lie. */

/* Of the slope of min(a, b), or of max(b, a), how much is a's: half where both are the same, as in torch. */
static float2 share_of(float2 a, float2 b)
{
    return select(select((float2)(0.0f), (float2)(1.0f), a < b), (float2)(0.5f), a == b);
}

/* NaN in the code comes through: all comparisons keep the code's side where they fail. */
static float loss_of(float4 anchor, float4 box, float4 code, float4 *gradient)
{
    const float largest = 4.135166556742356f; /* ln(1000/16) */
    const float tiny = 1e-7f;
    const float2 side = anchor.zw - anchor.xy, middle = (code.xy + 0.5f) * side;
    const float2 size = exp(select(code.zw, (float2)(largest), code.zw > largest)) * side;
    const float2 low = middle - 0.5f * size, high = middle + 0.5f * size;
    const float2 box_low = box.xy - anchor.xy, box_high = box.zw - anchor.xy, box_size = box.zw - box.xy;
    const float2 outer = select(high, box_high, box_high > high) - select(low, box_low, box_low < low);
    float2 inner = select(high, box_high, box_high < high) - select(low, box_low, box_low > low);
    inner = inner.x > 0.0f && inner.y > 0.0f ? inner : (float2)(0.0f);
    const float common = inner.x * inner.y;
    const float both = size.x * size.y + box_size.x * box_size.y - common, hull = outer.x * outer.y;

    const float by_hull = (both + tiny) / (hull + tiny) / (hull + tiny);
    const float by_both = common / (both + tiny) / (both + tiny) - 1.0f / (hull + tiny);
    const float by_common = -1.0f / (both + tiny) - by_both;
    const float2 by_inner = by_common * inner.yx, by_outer = by_hull * outer.yx;
    const float2 by_high = by_inner * share_of(high, box_high) + by_outer * share_of(box_high, high);
    const float2 by_low = -by_inner * share_of(box_low, low) - by_outer * share_of(low, box_low);
    const float2 by_size = 0.5f * (by_high - by_low) + by_both * size.yx;
    gradient->xy = (by_high + by_low) * side;
    gradient->zw = select(by_size * size, (float2)(0.0f), code.zw > largest);
    return 1.0f - common / (both + tiny) + (hull - both) / (hull + tiny);
}

/* `end`: the level's anchors in a picture, of n_anchors in its whole pyramid. */
kernel void giou(global const float *codes, global const float *anchors, global const float *boxes,
                 global const int *matches, global const float *scales, int n_anchors, int first_anchor,
                 int first_picture, int chunk, int end, global float *d_codes, global float *partials,
                 int first_partial, local float *sums)
{
    const int picture = get_group_id(1), item = get_local_id(0), items = get_local_size(0);
    const float scale = scales[first_picture + picture];
    const int begin = get_group_id(0) * chunk, stop = min(begin + chunk, end);
    float sum = 0.0f;
    for (int i = begin + item; i < stop; i += items) {
        const int anchor = first_anchor + i, place = picture * end + i;
        const int match = matches[(first_picture + picture) * n_anchors + anchor];
        float4 gradient = (float4)(0.0f);
        if (match >= 0)
            sum += loss_of(vload4(anchor, anchors), vload4(match, boxes), vload4(place, codes), &gradient);
        vstore4(scale * gradient, place, d_codes);
    }
    const float total = sum_of_group(sum, sums);
    if (item == 0)
        partials[first_partial + picture * get_num_groups(0) + get_group_id(0)] = scale * total;
}
