/* Weights as Winograd's F(4x4, 3x3) reads them (conv2d_winograd.cl): u = G g G^T, the 6 x 6 points of a 3 x 3 kernel g.
 * -D: VECTOR floats a register (4, 8, 16), BLOCKS registers of written channels. All sizes are arguments. Work-groups
 * of one work-item. */
#define WIDTH (VECTOR * BLOCKS)
#define POINTS 36

/* out = G in: 3 values to 6. */
static inline void transform_weights(const floatv *in, int in_step, floatv *out, int out_step)
{
    const floatv g0 = in[0], g1 = in[in_step], g2 = in[2 * in_step];
    const floatv a = (g0 + g2) * (-1.0f / 6), b = g1 * (1.0f / 6), c = g0 * (1.0f / 24) + g2 * (1.0f / 6),
                 d = g1 * (1.0f / 12);
    out[0] = g0 * 0.25f;
    out[out_step] = a - b;
    out[2 * out_step] = a + b;
    out[3 * out_step] = c + d;
    out[4 * out_step] = c - d;
    out[5 * out_step] = g2;
}

/* One work-item = one read channel x one register of one block of written channels:
 *   packed[begin + ((point blocks + block) from_c + c) WIDTH + lane]
 * weights is OIHW; from_stride and to_stride are the floats between neighbouring read and written channels; turned: the
 * kernel's taps in reversed order, for backward-data. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv2d_winograd_pack(__global const float *weights, __global float *packed, int begin, int from_c, int to_c,
                     int from_stride, int to_stride, int turned)
{
    const int c = get_global_id(0), first = get_global_id(1) * VECTOR, blocks = (to_c + WIDTH - 1) / WIDTH;
    lanes g[9];
    floatv t[18], u[POINTS];
    for (int lane = 0; lane < VECTOR; lane++) {
        __global const float *source = weights + min(first + lane, to_c - 1) * to_stride + c * from_stride;
#pragma unroll
        for (int tap = 0; tap < 9; tap++)
            g[tap].lane[lane] = first + lane < to_c ? source[turned ? 8 - tap : tap] : 0.0f;
    }
    floatv w[9];
#pragma unroll
    for (int tap = 0; tap < 9; tap++)
        w[tap] = g[tap].vector;
#pragma unroll
    for (int column = 0; column < 3; column++)
        transform_weights(w + column, 3, t + column, 3);
#pragma unroll
    for (int row = 0; row < 6; row++)
        transform_weights(t + row * 3, 1, u + row * 6, 1);
    __global float *to = packed + begin + (first / WIDTH * from_c + c) * WIDTH + first % WIDTH;
#pragma unroll
    for (int point = 0; point < POINTS; point++)
        store_vector(u[point], to + (size_t)point * blocks * from_c * WIDTH);
}
