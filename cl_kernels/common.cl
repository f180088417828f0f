/* What every kernel file sees before its own text. Kernels are OpenCL C 1.2 and index by int: the host checks that no
 * tensor has more than 2^31-1 values. A kernel's global size may be rounded up, so each checks its bounds. */
#pragma OPENCL FP_CONTRACT ON
#define PASTE(a, b) a##b
#define JOIN(a, b) PASTE(a, b)

/* Brings a line of LINE floats to the second-level cache. OpenCL's prefetch() names no level, and is nothing on PoCL
 * and Intel's runtime; Oclgrind, built on an older clang than either, knows nothing else. */
#define LINE 16
#if defined(__x86_64__) || defined(__aarch64__) || (defined(__clang_major__) && __clang_major__ > 17)
#define FETCH(line) __builtin_prefetch(line, 0, 2)
#else
#define FETCH(line) prefetch(line, LINE)
#endif

/* Places a value in the NHWC tensor of sizes h, w, c. */
static inline int at_nhwc(int n, int y, int x, int channel, int h, int w, int c)
{
    return ((n * h + y) * w + x) * c + channel;
}

/* A place of a grid of `h` rows a picture and `w` places a row, by its index, and the place behind it. */
typedef struct {
    int n, y, x;
} grid_place;

static inline grid_place place_at(int index, int h, int w)
{
    const grid_place place = {index / w / h, index / w % h, index % w};
    return place;
}

static inline grid_place place_behind(grid_place place, int h, int w)
{
    if (++place.x == w) {
        place.x = 0;
        if (++place.y == h) {
            place.y = 0;
            place.n++;
        }
    }
    return place;
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

/* The sum of all work-items' values, for each of them, by a tree. sums: a float a work-item, of which there are a power of
 * two. */
static inline float sum_of_group(float value, __local float *sums)
{
    const int item = (int)get_local_id(0);
    sums[item] = value;
    for (int half_items = (int)get_local_size(0) / 2; half_items > 0; half_items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_items)
            sums[item] += sums[item + half_items];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const float sum = sums[0];
    barrier(CLK_LOCAL_MEM_FENCE); /* sums may be used again */
    return sum;
}

/* For rooms that compute with registers of -DVECTOR floats, 4, 8 or 16, some lanes of which may not exist. */
#ifdef VECTOR
typedef JOIN(float, VECTOR) floatv;
typedef floatv loosev __attribute__((aligned(4))); /* at any float's address */
#define vloadv JOIN(vload, VECTOR)

typedef union {
    floatv vector;
    float lane[VECTOR];
} lanes;

/* One store; vstore16 is four on some implementations. */
static inline void store_vector(floatv vector, __global float *to)
{
    *(__global loosev *)to = vector;
}

/* The first `count` lanes from memory, the others (all, where there is none) `otherwise`. */
static inline floatv load_lanes(__global const float *from, int count, float otherwise)
{
    lanes value;
    if (from && count >= VECTOR)
        return vloadv(0, from);
    value.vector = otherwise;
    for (int i = 0; from && i < count; i++)
        value.lane[i] = from[i];
    return value.vector;
}

static inline void store_lanes(floatv vector, __global float *to, int count)
{
    lanes value;
    value.vector = vector;
    if (count >= VECTOR)
        store_vector(vector, to);
    else
        for (int i = 0; i < count; i++)
            to[i] = value.lane[i];
}
#endif

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
