/* Class-wise greedy non-maximum suppression of one picture's candidates: again and again the strongest one left is
 * kept, and all that it overlaps too much go. Work ends with the last detection asked for, so it is bounded by
 * candidates times detections, and nothing needs to be sorted.
 *   one work-group  the whole picture; work-item i looks after blocks i, i + items, ... of eight slots
 *   arguments       sizes; no -D
 * workspace: planes of the slots, whole blocks: x0, y0, x1, y1, scores, and as ints the classes, -1 of those that are
 * empty or gone. IoU as torchvision has it, without contraction. */
#pragma OPENCL FP_CONTRACT OFF

/* IoUs of a box with the eight of a block, whose planes are `end` values long. */
static float8 ious_of(float4 box, global const float *block, int end)
{
    const float8 x0 = vload8(0, block), y0 = vload8(0, block + end), zero = (float8)(0.0f);
    const float8 x1 = vload8(0, block + 2 * end), y1 = vload8(0, block + 3 * end);
    const float8 width = fmax(fmin(x1, box.z) - fmax(x0, box.x), zero);
    const float8 height = fmax(fmin(y1, box.w) - fmax(y0, box.y), zero);
    const float8 both = width * height;
    return both / ((box.z - box.x) * (box.w - box.y) + (x1 - x0) * (y1 - y0) - both);
}

/* Whether the first of two candidates comes before the second; slot -1 is none. */
static bool comes_first(float score, int slot, float other_score, int other_slot)
{
    return slot >= 0 && (other_slot < 0 || score > other_score || (score == other_score && slot < other_slot));
}

/* The strongest candidate of the work-group, for all of its items. */
static int strongest_of_group(float score, int slot, local float *scores, local int *slots)
{
    const int item = get_local_id(0);
    scores[item] = score;
    slots[item] = slot;
    for (int half_items = get_local_size(0) / 2; half_items > 0; half_items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        const int other = item + half_items;
        if (item < half_items && comes_first(scores[other], slots[other], scores[item], slots[item])) {
            scores[item] = scores[other];
            slots[item] = slots[other];
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int strongest = slots[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return strongest;
}

/* Writes a work-item's blocks. */
static void lay_out(global const float *boxes, global const float *scores, global const int *classes, int n_slots,
                    int end, global float *planes, global int *left)
{
    for (int i = get_local_id(0) * 8; i < end; i += get_local_size(0) * 8)
        for (int slot = i; slot < i + 8; slot++) {
            const bool is_slot = slot < n_slots;
            for (int k = 0; k < 4; k++)
                planes[k * end + slot] = is_slot ? boxes[4 * slot + k] : 0.0f;
            planes[4 * end + slot] = is_slot ? scores[slot] : 0.0f;
            left[slot] = is_slot ? classes[slot] : -1;
        }
}

kernel void nms(global const float *boxes, global const float *scores, global const int *classes, int n_slots,
                float max_overlap, int most, global float *detections, global float *planes,
                local float *group_scores, local int *group_slots)
{
    const int item = get_local_id(0), items = get_local_size(0), end = (n_slots + 7) / 8 * 8;
    global int *left = (global int *)(planes + 5 * end);
    lay_out(boxes, scores, classes, n_slots, end, planes, left);
    int kept = 0, picked = -1, picked_class = -1;
    float4 picked_box = (float4)(0.0f);
    do {
        /* One walk through the own blocks: drop what the last pick suppresses, find the strongest of the rest. */
        float8 best_scores = (float8)(0.0f);
        int8 best_slots = (int8)(-1);
        for (int i = item * 8; i < end; i += items * 8) {
            int8 of_class = vload8(0, left + i);
            if (!any(of_class >= 0))
                continue;
            const int8 slots = i + (int8)(0, 1, 2, 3, 4, 5, 6, 7), same = of_class == picked_class;
            if (any(same)) {
                const int8 goes = (slots == picked) | (same & (ious_of(picked_box, planes + i, end) > max_overlap));
                of_class = select(of_class, (int8)(-1), goes);
                vstore8(of_class, 0, left + i);
            }
            const float8 of_score = vload8(0, planes + 4 * end + i);
            const int8 wins = (of_class >= 0) & ((best_slots < 0) | (of_score > best_scores));
            best_scores = select(best_scores, of_score, wins);
            best_slots = select(best_slots, slots, wins);
        }
        float best_score = 0.0f, lane_scores[8];
        int best = -1, lane_slots[8];
        vstore8(best_scores, 0, lane_scores);
        vstore8(best_slots, 0, lane_slots);
        for (int lane = 0; lane < 8; lane++)
            if (comes_first(lane_scores[lane], lane_slots[lane], best_score, best)) {
                best_score = lane_scores[lane];
                best = lane_slots[lane];
            }
        picked = kept < most ? strongest_of_group(best_score, best, group_scores, group_slots) : -1;
        if (picked >= 0) {
            picked_class = classes[picked];
            picked_box = vload4(picked, boxes);
            if (item == 0) {
                global float *row = detections + 1 + 6 * kept;
                vstore4(picked_box, 0, row);
                row[4] = scores[picked];
                row[5] = (float)picked_class;
            }
            kept++;
        }
    } while (picked >= 0);
    for (int i = 1 + 6 * kept + item; i < 1 + 6 * most; i += items)
        detections[i] = 0.0f;
    if (item == 0)
        detections[0] = (float)kept;
}
