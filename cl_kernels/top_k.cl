/* The k largest values by radix selection: floats become unsigned keys of the same order, whose k-th largest is found
 * by three histograms, of the upper 11 bits, of the next 11 among the keys that share those, and of the last 10.
 *   top_k_histogram  one work-group = one chunk of values
 *   top_k_count      one work-group = one chunk: how many winners it has
 *   top_k_gather     one work-group = one chunk: its winners' keys and indices, in the order of indices
 *   top_k_rank       one work-item = one place of the answer
 *   arguments        sizes, where values begin, the threshold; no -D
 * workspace, in ints: 3 histograms of BINS; for each chunk the values that pass the threshold, the winners above the
 * last key, and those that equal it; k keys; k indices. Atomics add whole numbers only: the sums have no order. The
 * file is long because all four kernels rest on one set of keys, and three of them on select_digits(). */

#define BINS 2048

/* Bits of a key below the digit of a pass. */
static int shift_of(int pass)
{
    return pass == 0 ? 21 : pass == 1 ? 10 : 0;
}

/* Larger values have larger keys; -0 has that of 0. A value that does not pass the threshold (NaN never does) has 0,
 * which no other has. */
static uint key_of(float value, float threshold)
{
    if (!(value > threshold))
        return 0;
    const uint bits = as_uint(value == 0.0f ? 0.0f : value);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/* True where none of values i .. i+7 passes the threshold (nor is the end among them). */
static bool none_passes(global const float *values, int i, int stop, float threshold)
{
    return i + 8 <= stop && !any(vload8(0, values + i) > threshold);
}

/* The sum over the work-group, for all of its items. */
static int sum_of_group(int value, local int *sums)
{
    const int item = get_local_id(0);
    sums[item] = value;
    for (int half_items = get_local_size(0) / 2; half_items > 0; half_items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_items)
            sums[item] += sums[item + half_items];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int sum = sums[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}

/* What the first `passes` histograms say: state[0], the leading digits of the k-th largest key; state[1], how many of
 * the keys that share them are wanted; state[2], how many values pass the threshold. Where these are at most k, all
 * win: state[0] and state[1] are 0. */
static void select_digits(global const int *histograms, int passes, int k, local int *sums, local int *state)
{
    const int item = get_local_id(0), run = BINS / (int)get_local_size(0);
    for (int pass = 0; pass < passes; pass++) {
        global const int *bins = histograms + pass * BINS;
        int sum = 0;
        for (int bin = item * run; bin < (item + 1) * run; bin++)
            sum += bins[bin];
        if (pass == 0) {
            const int total = sum_of_group(sum, sums);
            if (item == 0) {
                state[0] = 0;
                state[1] = total > k ? k : 0;
                state[2] = total;
            }
        }
        sums[item] = sum;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item == 0 && state[1] > 0) {
            int wanted = state[1], part = (int)get_local_size(0) - 1;
            while (sums[part] < wanted)
                wanted -= sums[part--];
            int bin = (part + 1) * run - 1;
            while (bins[bin] < wanted)
                wanted -= bins[bin--];
            state[0] |= (int)((uint)bin << shift_of(pass));
            state[1] = wanted;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

kernel void top_k_histogram(global const float *all_values, int first, int count, float threshold, int k, int chunk,
                            int pass, global int *workspace, local int *sums)
{
    local int bins[BINS], state[3];
    global const float *values = all_values + first;
    global int *passing = workspace + 3 * BINS;
    const int item = get_local_id(0), items = get_local_size(0), group = get_group_id(0);
    if (pass > 0) {
        if (passing[group] == 0)
            return;
        select_digits(workspace, pass, k, sums, state);
        if (state[1] == 0)
            return;
    }
    for (int bin = item; bin < BINS; bin += items)
        bins[bin] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    const uint prefix = pass > 0 ? (uint)state[0] >> shift_of(pass - 1) : 0;
    const int stop = min((group + 1) * chunk, count);
    int passed = 0;
    for (int i = group * chunk + item * 8; i < stop; i += items * 8) {
        if (none_passes(values, i, stop, threshold))
            continue;
        for (int j = i; j < min(i + 8, stop); j++) {
            const uint key = key_of(values[j], threshold);
            if (key == 0 || (pass > 0 && key >> shift_of(pass - 1) != prefix))
                continue;
            atomic_inc(&bins[(key >> shift_of(pass)) & (pass == 2 ? 1023u : 2047u)]);
            passed++;
        }
    }
    passed = sum_of_group(passed, sums);
    if (pass == 0 && item == 0)
        passing[group] = passed;
    for (int bin = item; bin < BINS && passed > 0; bin += items)
        if (bins[bin] > 0)
            atomic_add(&workspace[pass * BINS + bin], bins[bin]);
}

kernel void top_k_count(global const float *all_values, int first, int count, float threshold, int k, int chunk,
                        int n_chunks, global int *workspace, local int *sums)
{
    local int state[3];
    global const float *values = all_values + first;
    global int *passing = workspace + 3 * BINS, *above = passing + n_chunks, *equal = above + n_chunks;
    const int item = get_local_id(0), items = get_local_size(0), group = get_group_id(0);
    int n_above = 0, n_equal = 0;
    if (passing[group] > 0) {
        select_digits(workspace, 3, k, sums, state);
        const uint last = (uint)state[0];
        const int stop = min((group + 1) * chunk, count);
        for (int i = group * chunk + item * 8; i < stop; i += items * 8) {
            if (none_passes(values, i, stop, threshold))
                continue;
            for (int j = i; j < min(i + 8, stop); j++) {
                const uint key = key_of(values[j], threshold);
                n_above += key > last;
                n_equal += key == last && key > 0;
            }
        }
        n_above = sum_of_group(n_above, sums);
        n_equal = sum_of_group(n_equal, sums);
    }
    if (item == 0) {
        above[group] = n_above;
        equal[group] = n_equal;
    }
}

/* The sum of counts begin .. end-1, for all of the group's items. */
static int sum_of_counts(global const int *counts, int begin, int end, local int *sums)
{
    int sum = 0;
    for (int i = begin + (int)get_local_id(0); i < end; i += (int)get_local_size(0))
        sum += counts[i];
    return sum_of_group(sum, sums);
}

kernel void top_k_gather(global const float *all_values, int first, int count, float threshold, int k, int chunk,
                         int n_chunks, global int *workspace, global int *found, int found_index, local int *sums)
{
    local int state[3];
    global const float *values = all_values + first;
    global const int *above = workspace + 3 * BINS + n_chunks, *equal = above + n_chunks;
    global int *keys = workspace + 3 * BINS + 3 * n_chunks, *indices = keys + k;
    const int item = get_local_id(0), items = get_local_size(0), group = get_group_id(0);
    if (group > 0 && above[group] == 0 && equal[group] == 0)
        return;
    select_digits(workspace, 3, k, sums, state);
    if (group == 0 && item == 0)
        found[found_index] = min(state[2], k);
    const uint last = (uint)state[0];
    const int all_above = sum_of_counts(above, 0, n_chunks, sums);
    int at_above = sum_of_counts(above, 0, group, sums);
    int at_equal = all_above + sum_of_counts(equal, 0, group, sums);
    const int end_equal = all_above + state[1];
    /* Each item takes a run of the chunk, so that winners come in the order of their indices. */
    const int run = (chunk + items - 1) / items, begin = group * chunk + item * run;
    const int stop = min(min(begin + run, (group + 1) * chunk), count);
    int n_above = 0, n_equal = 0;
    for (int i = begin; i < stop; i++) {
        const uint key = key_of(values[i], threshold);
        n_above += key > last;
        n_equal += key == last && key > 0;
    }
    local int *sums_equal = sums + items;
    sums[item] = n_above;
    sums_equal[item] = n_equal;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int before = 0; before < item; before++) {
        at_above += sums[before];
        at_equal += sums_equal[before];
    }
    for (int i = begin; i < stop && n_above + n_equal > 0; i++) {
        const uint key = key_of(values[i], threshold);
        if (key == 0 || key < last || (key == last && at_equal >= end_equal))
            continue;
        const int slot = key > last ? at_above++ : at_equal++;
        keys[slot] = (int)key;
        indices[slot] = i;
    }
}

kernel void top_k_rank(global const float *all_values, int first, int k, int n_chunks, global const int *workspace,
                       global const int *found, int found_index, global int *out_indices, global float *best,
                       int wants_best)
{
    const int i = get_global_id(0), winners = found[found_index];
    if (i >= k)
        return;
    global const uint *keys = (global const uint *)(workspace + 3 * BINS + 3 * n_chunks);
    global const int *indices = workspace + 3 * BINS + 3 * n_chunks + k;
    int rank = i, index = -1;
    if (i < winners) {
        /* Winners stand in the order of their indices, except that all equal to the last key stand behind. */
        const uint key = keys[i];
        rank = 0;
        for (int j = 0; j < i; j++)
            rank += keys[j] >= key;
        for (int j = i + 1; j < winners; j++)
            rank += keys[j] > key;
        index = indices[i];
    }
    out_indices[rank] = index;
    if (wants_best)
        best[rank] = index >= 0 ? all_values[first + index] : -INFINITY;
}
