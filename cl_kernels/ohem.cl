/* Online hard example mining.
 *   ohem_score   one work-item = one anchor of one level and picture: its cross entropy over all classes
 *   ohem_select  one work-group = one picture: greedy suppression among its hardest anchors (see nms.cl; here candidate
 *                j stands for the j-th hardest)
 *   ohem_keep    one work-item = one anchor that is kept
 *   ohem_rescale a work-item = a run of a flat array
 *   -DWIDTH      logits at once: 4, 8 or 16
 *   arguments    sizes, limits
 * lists, in ints: how many objects and how many background anchors are kept; k objects' anchors; their matches; k
 * background anchors; then the candidates left, entry j of item i at j * items + i. IoU as in nms.cl. */
#pragma OPENCL FP_CONTRACT OFF

#define BACKGROUND (-1)
#define IGNORED (-2)
#define NONE 0x7fffffff

/* WIDTH logits of a row from class c on; past its end those of a sure background, whose loss is e^-87. rest: how many
 * there are in memory from the row's first on. */
static vector load_logits(global const float *row, int c, int classes, int rest, whole lane_numbers)
{
    if (c + WIDTH <= rest)
        return CHOOSE((vector)(-INFINITY), LOAD(row + c), lane_numbers < classes - c);
    float lanes[WIDTH];
    for (int lane = 0; lane < WIDTH; lane++)
        lanes[lane] = c + lane < classes ? row[c + lane] : -INFINITY;
    return LOAD(lanes);
}

kernel void ohem_score(global const float *logits, global const int *matches, global const int *labels, int classes,
                       int n_anchors, int first_anchor, int end, global float *losses)
{
    const int i = get_global_id(0), picture = get_global_id(1);
    if (i >= end)
        return;
    const int anchor = picture * n_anchors + first_anchor + i, match = matches[anchor];
    if (match == IGNORED) {
        losses[anchor] = -1.0f;
        return;
    }
    const int label = match >= 0 ? labels[match] : -1;
    global const float *row = logits + (picture * end + i) * classes;
    int numbers[WIDTH];
    for (int lane = 0; lane < WIDTH; lane++)
        numbers[lane] = lane;
    vector sum = (vector)(0.0f);
    for (int c = 0; c < classes; c += WIDTH) {
        const vector logit = load_logits(row, c, classes, (end - i) * classes, LOAD(numbers));
        const vector wrong = CHOOSE(logit, -logit, LOAD(numbers) == label - c);
        sum += fmax(wrong, (vector)(0.0f)) + log_one_plus(exp_of_minus(fabs(wrong)));
    }
    float lanes[WIDTH], loss = 0.0f;
    STORE(sum, lanes);
    for (int lane = 0; lane < WIDTH; lane++)
        loss += lanes[lane];
    losses[anchor] = isnan(loss) ? INFINITY : loss;
}

static float iou_of(float4 a, float4 b)
{
    const float2 overlap = fmax(fmin(a.zw, b.zw) - fmax(a.xy, b.xy), (float2)(0.0f));
    const float2 size_a = a.zw - a.xy, size_b = b.zw - b.xy;
    const float both = overlap.x * overlap.y;
    return both / (size_a.x * size_a.y + size_b.x * size_b.y - both);
}

/* The least value of the work-group, for all of its items. */
static int least_of_group(int value, local int *values)
{
    const int item = get_local_id(0);
    values[item] = value;
    for (int half_items = get_local_size(0) / 2; half_items > 0; half_items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_items)
            values[item] = min(values[item], values[item + half_items]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int least = values[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return least;
}

/* How much background may stay beside `objects`. */
static int room_for_background(int objects, int batch, int one_to_three)
{
    return one_to_three ? min(3 * max(1, objects), batch - objects) : batch - objects;
}

kernel void ohem_select(global const int *candidates, int k, global const float *anchors, int first_match,
                        float max_overlap, int batch, int one_to_three, global const int *matches, int picture,
                        global int *n_objects, global int *lists, local int *group_values)
{
    const int item = get_local_id(0), items = get_local_size(0), found = candidates[k];
    global int *objects = lists + 2, *object_matches = objects + k, *backgrounds = object_matches + k;
    global int *own = backgrounds + k + item;
    int left = 0, kept_objects = 0, kept_background = 0, picked = NONE;
    for (int j = item; j < found; j += items)
        own[items * left++] = j;
    float4 picked_box = (float4)(0.0f);
    bool more = true;
    while (more) {
        int hardest = NONE, hardest_object = NONE, stay = 0;
        for (int j = 0; j < left; j++) {
            const int candidate = own[items * j], anchor = candidates[candidate];
            if (candidate == picked || (picked != NONE && iou_of(picked_box, vload4(anchor, anchors)) > max_overlap))
                continue;
            own[items * stay++] = candidate;
            hardest = min(hardest, candidate);
            if (matches[first_match + anchor] >= 0)
                hardest_object = min(hardest_object, candidate);
        }
        left = stay;
        picked = least_of_group(hardest, group_values);
        hardest_object = least_of_group(hardest_object, group_values);
        const int room = room_for_background(kept_objects, batch, one_to_three);
        more = picked != NONE && kept_objects < batch && (kept_background < room || hardest_object != NONE) &&
               kept_objects + min(kept_background, room) < batch;
        if (more) {
            const int anchor = candidates[picked], match = matches[first_match + anchor];
            picked_box = vload4(anchor, anchors);
            if (item == 0 && match >= 0) {
                objects[kept_objects] = anchor;
                object_matches[kept_objects] = match;
            } else if (item == 0) {
                backgrounds[kept_background] = anchor;
            }
            kept_objects += match >= 0;
            kept_background += match < 0;
        }
    }
    if (item == 0) {
        lists[0] = n_objects[picture] = kept_objects;
        lists[1] = min(kept_background, room_for_background(kept_objects, batch, one_to_three));
    }
}

kernel void ohem_keep(global const int *lists, int k, int first_match, global int *matches)
{
    const int i = get_global_id(0);
    global const int *objects = lists + 2, *object_matches = objects + k, *backgrounds = object_matches + k;
    if (i < lists[0])
        matches[first_match + objects[i]] = object_matches[i];
    else if (i < lists[0] + lists[1])
        matches[first_match + backgrounds[i - lists[0]]] = BACKGROUND;
}

kernel void ohem_rescale(global const float *restrict factors, global float *restrict values, int first, int count,
                         int run)
{
    const matrix_part part = part_of(1, count, 1, run);
    const float factor = factors[0];
    for (int i = part.left; i < part.right; i++)
        values[first + i] *= factor;
}
