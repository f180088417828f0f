/* Convolution for GPUs: a matrix product through local memory whose left side is gathered on the way.
 *
 * Forward and backward-data (conv2d_tiled_pass) run one pass (lib/ops/conv2d_pass.h): rows are places, columns are
 * written channels, depth is (tap, read channel). Backward-weights (conv2d_tiled_weights): rows are (tap, in channel),
 * columns are out channels, depth is the places of one part.
 *
 * One work-group of 16 x 16 work-items = a block of 64 rows x 64 columns, 16 deep at a time. One work-item = 4 rows x 4
 * columns of it, 16 apart, so that neighbours touch neighbouring words; local rows are a word longer than a multiple of
 * the banks. Offsets are unsigned: those of taps outside may wrap, and are not used. No -D: sizes are arguments. */
#define SIDE 16
#define EACH 4
#define BLOCK (SIDE * EACH)
#define DEPTH 16
#define STEP (SIDE * SIDE / BLOCK)

typedef float block_of_depth[DEPTH][BLOCK + 1];

/* sum += left^T right over one step of depth. */
static inline void multiply(float sum[EACH][EACH], __local block_of_depth *left, __local block_of_depth *right)
{
    const int column = get_local_id(0), row = get_local_id(1);
    for (int d = 0; d < DEPTH; d++) {
        float a[EACH], b[EACH];
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            a[i] = (*left)[d][row + i * SIDE];
            b[i] = (*right)[d][column + i * SIDE];
        }
#pragma unroll
        for (int i = 0; i < EACH; i++)
#pragma unroll
            for (int j = 0; j < EACH; j++)
                sum[i][j] = fma(a[i], b[j], sum[i][j]);
    }
}

/* A step of the right side: rows of `columns` values, `depth` of them, from row `first` on; zeros behind. */
static inline void load_right(__local block_of_depth *right, __global const float *source, int first, int depth, int columns,
                       int block)
{
    const int t = get_local_id(1) * SIDE + get_local_id(0), column = block * BLOCK + t % BLOCK;
    for (int d = t / BLOCK; d < DEPTH; d += STEP)
        (*right)[d][t % BLOCK] =
            first + d < depth && column < columns ? source[(uint)(first + d) * columns + column] : 0.0f;
}

/* y = relu?(scale sum + shift + residual); each of the three may be NULL, residual may be y. packed: this pass's
 * weights [tap][read channel][written channel] at `offset`. */
__kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1))) void
conv2d_tiled_pass(__global const float *x, __global const float *packed, int offset, __global const float *scale,
                  __global const float *shift, __global const float *residual, int relu, __global float *y, int places,
                  int grid_h, int grid_w, int from_h, int from_w, int from_c, int to_h, int to_w, int to_c, int taps_h,
                  int taps_w, int stride, int first_y, int first_x, int step, int to_y, int to_x)
{
    __local block_of_depth left, right;
    const int lx = get_local_id(0), ly = get_local_id(1), block = get_group_id(1), depth = taps_h * taps_w * from_c;
    int at_y[EACH], at_x[EACH];
    uint at[EACH], to[EACH];
    float sum[EACH][EACH];
    for (int i = 0; i < EACH; i++) {
        const int place = get_group_id(0) * BLOCK + ly + i * SIDE;
        const int gx = place % grid_w, gy = place / grid_w % grid_h, n = place / grid_w / grid_h;
        at_y[i] = place < places ? gy * stride + first_y : -0x40000000;
        at_x[i] = gx * stride + first_x;
        at[i] = (((uint)n * from_h + gy * stride + first_y) * from_w + at_x[i]) * from_c;
        to[i] = (((uint)n * to_h + gy * step + to_y) * to_w + gx * step + to_x) * to_c;
        for (int j = 0; j < EACH; j++)
            sum[i][j] = 0.0f;
    }
    for (int first = 0; first < depth; first += DEPTH) {
        const int tap = (first + lx) / from_c, c = (first + lx) % from_c, ty = tap / taps_w, tx = tap % taps_w;
        for (int i = 0; i < EACH; i++) {
            const bool inside =
                first + lx < depth && (uint)(at_y[i] + ty) < (uint)from_h && (uint)(at_x[i] + tx) < (uint)from_w;
            left[lx][ly + i * SIDE] = inside ? x[at[i] + (uint)((ty * from_w + tx) * from_c + c)] : 0.0f;
        }
        load_right(&right, packed + offset, first, depth, to_c, block);
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply(sum, &left, &right);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int j = 0; j < EACH; j++) {
        const int channel = block * BLOCK + lx + j * SIDE;
        if (channel >= to_c)
            continue;
        const float factor = scale ? scale[channel] : 1.0f, term = shift ? shift[channel] : 0.0f;
        for (int i = 0; i < EACH; i++) {
            if (at_y[i] == -0x40000000)
                continue;
            const float value = sum[i][j] * factor + term + (residual ? residual[to[i] + channel] : 0.0f);
            y[to[i] + channel] = relu && value < 0.0f ? 0.0f : value;
        }
    }
}

/* partial[part][tap][in channel][out channel] = sum over the part's places of x d_y; parts along dimension 2. */
__kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1))) void
conv2d_tiled_weights(__global const float *x, __global const float *d_y, __global float *partial, int places,
                     int grid_h, int grid_w, int from_h, int from_w, int channels, int outs, int size, int stride,
                     int padding, int places_a_part)
{
    __local block_of_depth left, right;
    const int lx = get_local_id(0), ly = get_local_id(1), t = ly * SIDE + lx, part = get_group_id(2);
    const int rows = size * size * channels, row = get_group_id(1) * BLOCK + t % BLOCK, tap = row / channels;
    const int begin = part * places_a_part, end = min(places, begin + places_a_part);
    float sum[EACH][EACH];
    for (int i = 0; i < EACH; i++)
        for (int j = 0; j < EACH; j++)
            sum[i][j] = 0.0f;
    for (int first = begin; first < end; first += DEPTH) {
        for (int d = t / BLOCK; d < DEPTH; d += STEP) {
            const int place = first + d, n = place / grid_w / grid_h;
            const int at_y = place / grid_w % grid_h * stride - padding + tap / size;
            const int at_x = place % grid_w * stride - padding + tap % size;
            const bool inside = place < end && row < rows && (uint)at_y < (uint)from_h && (uint)at_x < (uint)from_w;
            left[d][t % BLOCK] = inside ? x[at_nhwc(n, at_y, at_x, row % channels, from_h, from_w, channels)] : 0.0f;
        }
        load_right(&right, d_y, first, end, outs, get_group_id(0));
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply(sum, &left, &right);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int i = 0; i < EACH; i++)
        for (int j = 0; j < EACH; j++) {
            const int to_row = get_group_id(1) * BLOCK + ly + i * SIDE;
            const int column = get_group_id(0) * BLOCK + lx + j * SIDE;
            if (to_row < rows && column < outs)
                partial[((uint)part * rows + to_row) * outs + column] = sum[i][j];
        }
}
