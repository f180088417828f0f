/* What a device can do at best: multiply-adds out of registers, and a copy from memory to memory.
 *
 * probe_multiply_add: one work-item = CHAINS vectors, each multiplied and added to `rounds` times; the chains do not
 * wait for each other, and their sum is written, so that none can be left out.
 * probe_copy: one work-item = `run` neighbouring vectors.
 * -D: VECTOR floats a vector (4, 8, 16), CHAINS. Arguments: all else. */

/* start: CHAINS vectors. Each lane begins as start + item % 8. */
__kernel void probe_multiply_add(__global const floatv *restrict start, float factor, float term, int rounds,
                                 __global float *restrict sums, int items)
{
    const int item = get_global_id(0);
    if (item >= items)
        return;
    lanes sum;
    floatv chain[CHAINS];
#pragma unroll
    for (int i = 0; i < CHAINS; i++)
        chain[i] = start[i] + (float)(item % 8);
    for (int round = 0; round < rounds; round++)
#pragma unroll
        for (int i = 0; i < CHAINS; i++)
            chain[i] = chain[i] * factor + term;
    sum.vector = chain[0];
#pragma unroll
    for (int i = 1; i < CHAINS; i++)
        sum.vector += chain[i];
    float all = 0.0f;
    for (int lane = 0; lane < VECTOR; lane++)
        all += sum.lane[lane];
    sums[item] = all;
}

__kernel void probe_copy(__global const floatv *restrict from, __global floatv *restrict to, int count, int run)
{
    const matrix_part part = part_of(1, count, 1, run);
    for (int i = part.left; i < part.right; i++)
        to[i] = from[i];
}
