/* Smooth L1 and its gradient over one pyramid level, in one pass.
 *   one work-group  one chunk of a picture's anchors; its work-items take anchors in turn, and their sums are added up
 *                   as a tree
 *   arguments       beta, places in matches and targets, sizes in anchors; no -D
 * Every sum's order is fixed by shape and work-group size. */

/* `end`: the level's anchors in a picture, of n_anchors in its whole pyramid. */
kernel void smooth_l1(global const float *codes, global const float *targets, global const int *matches,
                      global const float *scales, float beta, int n_anchors, int first_anchor, int first_picture,
                      int chunk, int end,
                      global float *d_codes, global float *partials, int first_partial, local float *sums)
{
    const int picture = get_group_id(1), item = get_local_id(0), items = get_local_size(0);
    const float scale = scales[first_picture + picture];
    const int begin = get_group_id(0) * chunk, stop = min(begin + chunk, end);
    float4 sum = (float4)(0.0f);
    for (int i = begin + item; i < stop; i += items) {
        const int anchor = (first_picture + picture) * n_anchors + first_anchor + i, place = picture * end + i;
        float4 gradient = (float4)(0.0f);
        if (matches[anchor] >= 0) {
            const float4 d = vload4(place, codes) - vload4(anchor, targets), far = fabs(d);
            const int4 near = far < beta;
            sum += select(far - 0.5f * beta, 0.5f * d * d / beta, near);
            gradient = scale * select(sign(d), d / beta, near);
        }
        vstore4(gradient, place, d_codes);
    }
    const float total = sum_of_group((sum.x + sum.y) + (sum.z + sum.w), sums);
    if (item == 0)
        partials[first_partial + picture * get_num_groups(0) + get_group_id(0)] = scale * total;
}
