/* What every kernel file sees before its own text. Kernels are OpenCL C 1.2 and index by int: the host checks that no
 * tensor has more than 2^31-1 values. A kernel's global size may be rounded up, so each checks its bounds. */
#pragma OPENCL FP_CONTRACT ON

/* Places a value in the NHWC tensor of sizes h, w, c. */
static inline int at_nhwc(int n, int y, int x, int channel, int h, int w, int c)
{
    return ((n * h + y) * w + x) * c + channel;
}

/* What this work-item does of a matrix that is shared out in pieces of run_rows x run_columns: rows [top, bottom) and
 * columns [left, right); none where the global size was rounded up. */
typedef struct {
    int top, bottom, left, right;
} matrix_part;

static inline matrix_part part_of(int rows, int columns, int run_rows, int run_columns)
{
    const uint item = (uint)get_global_id(0);
    const uint across = ((uint)columns + run_columns - 1) / run_columns;
    const uint left = item % across * run_columns, top = item / across * run_rows;
    matrix_part part = {0, 0, 0, 0};
    if (top < (uint)rows) {
        part.top = (int)top;
        part.bottom = part.top + min(run_rows, rows - part.top);
        part.left = (int)left;
        part.right = part.left + min(run_columns, columns - part.left);
    }
    return part;
}
