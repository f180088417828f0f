/* Direct convolution, backward-weights.
 *
 * One work-item = one kernel tap x one block of BLOCKS * VECTOR out channels x one part of the places, all in channels.
 * It takes CHUNK places at a time: copies their d_y for the block to private memory, leaving out places whose tap falls
 * outside; then, for DEPTH in channels at a time, holds DEPTH x block sums in registers over the chunk's places. Sums
 * of a part end in partial[part][tap][block][in channel][lane], which conv2d_layout_sum adds up in order. -D: VECTOR,
 * BLOCKS as in conv2d_direct.cl. All sizes are arguments. Work-groups of one work-item. */
#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
#define floatv GLUE(float, VECTOR)
#define vloadv GLUE(vload, VECTOR)
#define vstorev GLUE(vstore, VECTOR)
#define WIDTH (VECTOR * BLOCKS)
#define DEPTH (VECTOR == 16 || BLOCKS == 1 ? 8 : 4)
#define CHUNK 64

typedef union lanes {
    floatv vector[BLOCKS];
    float lane[WIDTH];
} lanes;

static inline void load_block(lanes *to, __global const float *from, int count)
{
    if (count >= WIDTH)
#pragma unroll
        for (int b = 0; b < BLOCKS; b++)
            to->vector[b] = vloadv(b, from);
    else
        for (int i = 0; i < WIDTH; i++)
            to->lane[i] = i < count ? from[i] : 0.0f;
}

/* Takes the next places up to `stop`: their d_y, and where in x their tap reads. Returns how many fall inside. */
static inline int load_chunk(lanes *d, uint *from, __global const float *d_y, int place, int stop, int grid_h, int grid_w,
                      int from_h, int from_w, int channels, int outs, int stride, int first_y, int first_x,
                      int first_out)
{
    int gx = place % grid_w, gy = place / grid_w % grid_h, n = place / grid_w / grid_h, count = 0;
    for (; place < stop; place++) {
        const int y = gy * stride + first_y, x = gx * stride + first_x;
        if ((uint)y < (uint)from_h && (uint)x < (uint)from_w) {
            from[count] = (((uint)n * from_h + y) * from_w + x) * channels;
            load_block(&d[count], d_y + ((uint)place * outs + first_out), outs - first_out);
            count++;
        }
        if (++gx == grid_w) {
            gx = 0;
            if (++gy == grid_h) {
                gy = 0;
                n++;
            }
        }
    }
    return count;
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_direct_weights(__global const float *x, __global const float *d_y, __global float *partial, int places,
                      int grid_h, int grid_w, int from_h, int from_w, int channels, int outs, int size, int stride,
                      int padding, int places_a_part)
{
    const int block = get_global_id(0), tap = get_global_id(1), part = get_global_id(2), blocks = get_global_size(0);
    __global float *sums = partial + ((part * size * size + tap) * blocks + block) * channels * WIDTH;
    lanes d[CHUNK];
    uint from[CHUNK];
    const int begin = part * places_a_part, end = min(places, begin + places_a_part);
    for (int place = begin; place == begin || place < end; place += CHUNK) {
        const int count = load_chunk(d, from, d_y, place, min(end, place + CHUNK), grid_h, grid_w, from_h, from_w,
                                     channels, outs, stride, tap / size - padding, tap % size - padding, block * WIDTH);
        for (int c = 0; c < channels; c += DEPTH) {
            floatv sum[DEPTH][BLOCKS];
            int at[DEPTH];
#pragma unroll
            for (int i = 0; i < DEPTH; i++) {
                at[i] = min(c + i, channels - 1); /* behind the last channel: that one again, not stored */
#pragma unroll
                for (int b = 0; b < BLOCKS; b++)
                    sum[i][b] = place == begin ? 0.0f : vloadv(b, sums + at[i] * WIDTH);
            }
            for (int j = 0; j < count; j++) {
                __global const float *source = x + from[j];
                floatv gradient[BLOCKS];
#pragma unroll
                for (int b = 0; b < BLOCKS; b++)
                    gradient[b] = d[j].vector[b];
#pragma unroll
                for (int i = 0; i < DEPTH; i++) {
                    const floatv value = source[at[i]];
#pragma unroll
                    for (int b = 0; b < BLOCKS; b++)
                        sum[i][b] = fma(value, gradient[b], sum[i][b]);
                }
            }
#pragma unroll
            for (int i = 0; i < DEPTH; i++)
                if (c + i < channels)
#pragma unroll
                    for (int b = 0; b < BLOCKS; b++)
                        vstorev(sum[i][b], b, sums + at[i] * WIDTH);
        }
    }
}
