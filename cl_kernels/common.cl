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

/* For rooms that compute with vectors of -DWIDTH values, 1, 4, 8 or 16. */
#ifdef WIDTH
#if WIDTH == 1
typedef float vector;
typedef int whole;
#define LOAD(from) (*(from))
#define STORE(value, to) (*(to) = (value))
#define CHOOSE(no, yes, which) ((which) ? (yes) : (no))
#define AS_WHOLE as_int
#define AS_VECTOR as_float
#else
#define PASTE(a, b) a##b
#define JOIN(a, b) PASTE(a, b)
typedef JOIN(float, WIDTH) vector;
typedef JOIN(int, WIDTH) whole;
#define LOAD(from) JOIN(vload, WIDTH)(0, from)
#define STORE(value, to) JOIN(vstore, WIDTH)(value, 0, to)
#define CHOOSE(no, yes, which) select(no, yes, which)
#define AS_WHOLE JOIN(as_int, WIDTH)
#define AS_VECTOR JOIN(as_float, WIDTH)
#endif

/* Stores to global memory at any float's address, at once: vstore16 is four stores on some implementations. */
typedef vector loose __attribute__((aligned(4)));
#define PUT(value, to) (*(__global loose *)(to) = (value))

/* e^-a of a >= 0, to 0.8 ulp; from a = 87 on, e^-87, for FLT_MIN is near. A NaN stays one. Adding 1.5 2^23 rounds to a
 * whole number of ln 2, and leaves it in the lowest bits. */
static inline vector exp_of_minus(vector a)
{
    const vector bounded = CHOOSE(a, (vector)(87.0f), a > 87.0f);
    const vector shifted = bounded * -1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
    const vector r = n * -1.42860677e-6f + (n * -0.693145752f - bounded);
    const vector tail = 0.5f + r * (0.166665733f + r * (0.0416668616f + r * (0.00836374052f + r * 0.0013901518f)));
    return (1.0f + (r + r * r * tail)) * AS_VECTOR((AS_WHOLE(shifted) + 127) << 23);
}

/* log(1 + e) of e in 0 .. 1, to 1.5 ulp: e times the polynomial of degree 8 of least relative error, which costs CPUs a
 * fraction of log1p. */
static inline vector log_one_plus(vector e)
{
    const vector far = -0.136632293f + e * (0.0782257468f + e * (-0.0295051057f + e * 0.00523265917f));
    const vector near = 0.333190978f + e * (-0.248429805f + e * (0.191060007f + e * far));
    return e * (0.99999994f + e * (-0.499994934f + e * near));
}
#endif
