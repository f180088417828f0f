/* Which anchor learns which box. Every kernel gets its IoUs from one function without contraction, so that a box's best
 * IoU, found by one kernel, is met bit for bit by another.
 *   assign_partial  one work-item = one box and one chunk of anchors: the chunk's largest IoU
 *   assign_best     one work-item = one box: its largest IoU over all chunks
 *   assign_match    one work-item = eight anchors of one picture, against all of its boxes
 *   assign_scales   one work-item = one picture
 *   arguments       sizes, offsets; no -D */
#pragma OPENCL FP_CONTRACT OFF

#define BACKGROUND (-1)
#define IGNORED (-2)

typedef struct {
    float8 x0, y0, x1, y1, area;
} eight_boxes;

/* Anchors first .. first+7; those past the end repeat the last one. */
static eight_boxes load_anchors(global const float *anchors, int first, int n_anchors)
{
    float16 a, b;
    if (first + 8 <= n_anchors) {
        a = vload16(0, anchors + 4 * first);
        b = vload16(1, anchors + 4 * first);
    } else {
        float copy[32];
        for (int i = 0; i < 32; i++)
            copy[i] = anchors[4 * min(first + i / 4, n_anchors - 1) + i % 4];
        a = vload16(0, copy);
        b = vload16(1, copy);
    }
    eight_boxes boxes;
    boxes.x0 = (float8)(a.s048c, b.s048c);
    boxes.y0 = (float8)(a.s159d, b.s159d);
    boxes.x1 = (float8)(a.s26ae, b.s26ae);
    boxes.y1 = (float8)(a.s37bf, b.s37bf);
    boxes.area = (boxes.x1 - boxes.x0) * (boxes.y1 - boxes.y0);
    return boxes;
}

static float8 iou_with(eight_boxes a, float4 box)
{
    const float8 zero = (float8)(0.0f);
    const float8 width = max(min(a.x1, (float8)(box.z)) - max(a.x0, (float8)(box.x)), zero);
    const float8 height = max(min(a.y1, (float8)(box.w)) - max(a.y0, (float8)(box.y)), zero);
    const float8 intersection = width * height;
    const float area = (box.z - box.x) * (box.w - box.y);
    return intersection / (area + a.area - intersection);
}

kernel void assign_partial(global const float *anchors, int n_anchors, global const float *boxes, int n_boxes,
                           int chunk, int n_chunks, global float *partials)
{
    const int box_index = get_global_id(0), chunk_index = get_global_id(1);
    if (box_index >= n_boxes)
        return;
    const float4 box = vload4(box_index, boxes);
    const int end = min((chunk_index + 1) * chunk, n_anchors);
    float8 best = (float8)(0.0f);
    for (int first = chunk_index * chunk; first < end; first += 8) {
        const float8 iou = iou_with(load_anchors(anchors, first, n_anchors), box);
        best = select(best, iou, iou > best);
    }
    const float4 four = max(best.lo, best.hi);
    const float2 two = max(four.lo, four.hi);
    partials[box_index * n_chunks + chunk_index] = max(two.x, two.y);
}

kernel void assign_best(global const float *partials, int n_boxes, int n_chunks, int first_best, global float *best)
{
    const int box_index = get_global_id(0);
    if (box_index >= n_boxes)
        return;
    float largest = 0.0f;
    for (int i = 0; i < n_chunks; i++)
        largest = max(largest, partials[box_index * n_chunks + i]);
    best[first_best + box_index] = largest;
}

kernel void assign_match(global const float *anchors, int n_anchors, global const float *boxes,
                         global const int *offsets, global const float *best_of_box, int first_best,
                         global int *matches, global int *n_objects)
{
    const int first = get_global_id(0) * 8, picture = get_global_id(1);
    if (first >= n_anchors)
        return;
    const eight_boxes own = load_anchors(anchors, first, n_anchors);
    float8 best_iou = (float8)(0.0f);
    int8 best = (int8)(BACKGROUND), low_quality = (int8)(0);
    for (int i = offsets[picture]; i < offsets[picture + 1]; i++) {
        const float8 iou = iou_with(own, vload4(i, boxes));
        low_quality |= (iou > 0.0f) & (iou == best_of_box[first_best + i]);
        best = select(best, (int8)(i), iou > best_iou);
        best_iou = select(best_iou, iou, iou > best_iou);
    }
    int8 match = select((int8)(BACKGROUND), (int8)(IGNORED), best_iou >= 0.4f);
    match = select(match, best, (best_iou >= 0.5f) | low_quality);
    int lanes[8], objects = 0;
    vstore8(match, 0, lanes);
    for (int lane = 0; lane < min(8, n_anchors - first); lane++) {
        matches[picture * n_anchors + first + lane] = lanes[lane];
        objects += lanes[lane] >= 0;
    }
    if (objects > 0)
        atomic_add(&n_objects[picture], objects);
}

kernel void assign_scales(global const int *n_objects, int batch, int per_picture, global float *scales)
{
    const int picture = get_global_id(0);
    if (picture >= batch)
        return;
    int all = 0;
    for (int i = 0; i < batch; i++)
        all += n_objects[i];
    scales[picture] = per_picture ? 1.0f / ((float)batch * (float)max(1, n_objects[picture]))
                                  : 1.0f / (float)max(1, all);
}
