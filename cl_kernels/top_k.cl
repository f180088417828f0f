/* The k largest values by radix selection: floats become unsigned keys of the same order, whose k-th largest is found
 * by three histograms, of the upper 11 bits, of the next 11 among the keys that share those, and of the last 10.
 *   top_k_histogram  one work-group = one chunk of values
 *   top_k_select     one work-group in all: what the histogram of a pass says
 *   top_k_count      one work-group = one chunk: how many winners it has
 *   top_k_gather     one work-group = one chunk: its winners' keys and indices, in the order of indices
 *   top_k_rank       one work-item = one place of the answer
 *   -DWIDTH, -DSPAN  floats in a vector, 4, 8 or 16; values that a work-item looks through at once
 *   arguments        sizes, where values begin, the threshold
 * workspace, in ints: 3 histograms of BINS; the state; for each chunk the values that pass the threshold, the winners
 * above the last key, and those that equal it; k keys; k indices. The state: [0] the leading digits of the k-th largest
 * key, [1] how many of the keys that share them are wanted, [2] how many values pass the threshold; where these are at
 * most k, all win, and [0] and [1] are 0.
 * Atomics add whole numbers only: the sums have no order. Barriers stand outside loops and conditions, where a CPU's
 * compiler cuts the work-group's loop at them without copying what follows. */

#define BINS 2048
#define STATE (3 * BINS)
#define CHUNKS (STATE + 3) /* where the counts of the chunks begin */

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

/* True where none of values i .. i+SPAN-1 passes the threshold (nor is the end among them). */
static bool none_passes(global const float *values, int i, int stop, float threshold)
{
    if (i + SPAN > stop)
        return false;
    whole passes = LOAD(values + i) > threshold;
    for (int j = WIDTH; j < SPAN; j += WIDTH)
        passes |= LOAD(values + i + j) > threshold;
    return !any(passes);
}

kernel void top_k_histogram(global const float *all_values, int first, int count, float threshold, int chunk, int pass,
                            global int *workspace)
{
    local int bins[BINS], passed_of_group;
    global const float *values = all_values + first;
    global const int *state = workspace + STATE;
    global int *passing = workspace + CHUNKS;
    const int item = get_local_id(0), items = get_local_size(0), group = get_group_id(0);
    const bool wanted = pass == 0 || (passing[group] > 0 && state[1] > 0);
    for (int bin = item * WIDTH; bin < BINS && wanted; bin += items * WIDTH)
        STORE((whole)(0), bins + bin);
    if (item == 0)
        passed_of_group = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    const uint prefix = pass > 0 ? (uint)state[0] >> shift_of(pass - 1) : 0;
    const int stop = wanted ? min((group + 1) * chunk, count) : 0;
    int passed = 0;
    for (int i = group * chunk + item * SPAN; i < stop; i += items * SPAN) {
        if (none_passes(values, i, stop, threshold))
            continue;
        for (int j = i; j < min(i + SPAN, stop); j++) {
            const uint key = key_of(values[j], threshold);
            if (key == 0 || (pass > 0 && key >> shift_of(pass - 1) != prefix))
                continue;
            local int *bin = &bins[(key >> shift_of(pass)) & (pass == 2 ? 1023u : 2047u)];
            if (items == 1)
                (*bin)++;
            else
                atomic_inc(bin);
            passed++;
        }
    }
    if (passed > 0)
        atomic_add(&passed_of_group, passed);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (pass == 0 && item == 0)
        passing[group] = passed_of_group;
    for (int bin = item; bin < BINS && passed_of_group > 0; bin += items)
        if (bins[bin] > 0)
            atomic_add(&workspace[pass * BINS + bin], bins[bin]);
}

kernel void top_k_select(int pass, int k, global int *workspace, local int *sums)
{
    global const int *bins = workspace + pass * BINS;
    global int *state = workspace + STATE;
    const int item = get_local_id(0), items = get_local_size(0), run = BINS / items;
    int sum = 0;
    for (int bin = item * run; bin < (item + 1) * run; bin++)
        sum += bins[bin];
    sums[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item > 0)
        return;
    if (pass == 0) {
        int total = 0;
        for (int part = 0; part < items; part++)
            total += sums[part];
        state[0] = 0;
        state[1] = total > k ? k : 0;
        state[2] = total;
    }
    if (state[1] == 0)
        return;
    int wanted = state[1], part = items - 1;
    while (sums[part] < wanted)
        wanted -= sums[part--];
    int bin = (part + 1) * run - 1;
    while (bins[bin] < wanted)
        wanted -= bins[bin--];
    state[0] |= (int)((uint)bin << shift_of(pass));
    state[1] = wanted;
}

kernel void top_k_count(global const float *all_values, int first, int count, float threshold, int chunk, int n_chunks,
                        global int *workspace)
{
    local int all_above, all_equal;
    global const float *values = all_values + first;
    global int *passing = workspace + CHUNKS, *above = passing + n_chunks, *equal = above + n_chunks;
    const int item = get_local_id(0), items = get_local_size(0), group = get_group_id(0);
    if (item == 0)
        all_above = all_equal = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    const uint last = (uint)workspace[STATE];
    const int stop = passing[group] > 0 ? min((group + 1) * chunk, count) : 0;
    int n_above = 0, n_equal = 0;
    for (int i = group * chunk + item * SPAN; i < stop; i += items * SPAN) {
        if (none_passes(values, i, stop, threshold))
            continue;
        for (int j = i; j < min(i + SPAN, stop); j++) {
            const uint key = key_of(values[j], threshold);
            n_above += key > last;
            n_equal += key == last && key > 0;
        }
    }
    if (n_above > 0)
        atomic_add(&all_above, n_above);
    if (n_equal > 0)
        atomic_add(&all_equal, n_equal);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item == 0) {
        above[group] = all_above;
        equal[group] = all_equal;
    }
}

kernel void top_k_gather(global const float *all_values, int first, int count, float threshold, int k, int chunk,
                         int n_chunks, global int *workspace, global int *found, int found_index, local int *sums)
{
    local int above_before, equal_before, all_above;
    global const float *values = all_values + first;
    global const int *state = workspace + STATE;
    global const int *above = workspace + CHUNKS + n_chunks, *equal = above + n_chunks;
    global int *keys = workspace + CHUNKS + 3 * n_chunks, *indices = keys + k;
    local int *sums_equal = sums + get_local_size(0);
    const int item = get_local_id(0), items = get_local_size(0), group = get_group_id(0);
    const uint last = (uint)state[0];
    /* Each item takes a run of the chunk, so that winners come in the order of their indices. */
    const int run = (chunk + items - 1) / items, begin = group * chunk + item * run;
    const int winners = above[group] + equal[group];
    const int end = winners > 0 ? min(min(begin + run, (group + 1) * chunk), count) : 0;
    int n_above = 0, n_equal = 0;
    for (int i = begin; i < end; i++) {
        const uint key = key_of(values[i], threshold);
        n_above += key > last;
        n_equal += key == last && key > 0;
    }
    sums[item] = n_above;
    sums_equal[item] = n_equal;
    if (item == 0) {
        above_before = equal_before = all_above = 0;
        if (group == 0)
            found[found_index] = min(state[2], k);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    int own_above = 0, own_above_before = 0, own_equal_before = 0;
    for (int i = item; i < n_chunks && winners > 0; i += items) {
        own_above += above[i];
        own_above_before += i < group ? above[i] : 0;
        own_equal_before += i < group ? equal[i] : 0;
    }
    if (own_above + own_equal_before > 0) {
        atomic_add(&all_above, own_above);
        atomic_add(&above_before, own_above_before);
        atomic_add(&equal_before, own_equal_before);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (n_above + n_equal == 0)
        return;
    int at_above = above_before, at_equal = all_above + equal_before;
    const int end_equal = all_above + state[1];
    for (int before = 0; before < item; before++) {
        at_above += sums[before];
        at_equal += sums_equal[before];
    }
    for (int i = begin; i < end; i++) {
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
    global const uint *keys = (global const uint *)(workspace + CHUNKS + 3 * n_chunks);
    global const int *indices = workspace + CHUNKS + 3 * n_chunks + k;
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
