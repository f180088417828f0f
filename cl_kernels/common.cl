/* What every kernel file sees before its own text. Kernels are OpenCL C 1.2 and index by int: the host checks that no
 * tensor has more than 2^31-1 values. A kernel's global size may be rounded up, so each checks its bounds. */
#pragma OPENCL FP_CONTRACT ON

/* Places a value in the NHWC tensor of sizes h, w, c. */
inline int at_nhwc(int n, int y, int x, int channel, int h, int w, int c)
{
    return ((n * h + y) * w + x) * c + channel;
}
