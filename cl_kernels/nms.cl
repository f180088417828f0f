/* Class-wise greedy non-maximum suppression of one picture's candidates: again and again the strongest one left is
 * kept, and all that it overlaps too much go. Work ends with the last detection asked for, so it is bounded by
 * candidates times detections, and nothing needs to be sorted.
 *   one work-group  the whole picture; work-item i looks after candidates i, i + items, ..., in a list of its own
 *   arguments       sizes; no -D
 * workspace: the lists' slots, entry j of item i at j * items + i. IoU as torchvision has it, without contraction. */
#pragma OPENCL FP_CONTRACT OFF

static float iou_of(float4 a, float4 b)
{
    const float2 overlap = fmax(fmin(a.zw, b.zw) - fmax(a.xy, b.xy), (float2)(0.0f));
    const float2 size_a = a.zw - a.xy, size_b = b.zw - b.xy;
    const float both = overlap.x * overlap.y;
    return both / (size_a.x * size_a.y + size_b.x * size_b.y - both);
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

kernel void nms(global const float *boxes, global const float *scores, global const int *classes, int n_slots,
                float max_overlap, int most, global float *detections, global int *workspace,
                local float *group_scores, local int *group_slots)
{
    const int item = get_local_id(0), items = get_local_size(0);
    int left = 0, kept = 0;
    for (int slot = item; slot < n_slots; slot += items)
        if (classes[slot] >= 0)
            workspace[items * left++ + item] = slot;
    int picked = -1, picked_class = -1;
    float4 picked_box = (float4)(0.0f);
    do {
        /* One walk through the own list: drop what the last pick suppresses, find the strongest of the rest. */
        float best_score = 0.0f;
        int best = -1, stay = 0;
        for (int j = 0; j < left; j++) {
            const int slot = workspace[items * j + item];
            if (slot == picked || (classes[slot] == picked_class &&
                                   iou_of(picked_box, vload4(slot, boxes)) > max_overlap))
                continue;
            workspace[items * stay++ + item] = slot;
            if (comes_first(scores[slot], slot, best_score, best)) {
                best_score = scores[slot];
                best = slot;
            }
        }
        left = stay;
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
