/* Fenced device memory: FENCE_WORDS sentinels, the content, FENCE_WORDS sentinels. */
#include "fence.h"

#include <math.h>
#include <stdlib.h>

enum { FENCE_WORDS = 1024 }; /* 4 KiB, a multiple of every alignment that devices ask for */
static const uint32_t sentinel = 0xfee1dead;

static fence make(fovea__shape shape, size_t count, const void *words, uint32_t otherwise)
{
    fence made = {.tensor.shape = shape};
    fovea_device *device = support_device();
    const size_t bytes = count * 4, total = bytes + 2 * FENCE_WORDS * 4;
    support_ok(fovea__buffer_create(&made.whole, device, total, "a fenced tensor"));
    support_ok(fovea__buffer_fill(made.whole, 0, total, sentinel));
    support_ok(fovea__buffer_slice(&made.tensor.buffer, made.whole, FENCE_WORDS * 4, bytes));
    if (words)
        support_ok(fovea__buffer_write(made.tensor.buffer, 0, words, bytes));
    else
        support_ok(fovea__buffer_fill(made.tensor.buffer, 0, bytes, otherwise));
    return made;
}

fence fence_tensor(fovea__shape shape, const float *values)
{
    return make(shape, fovea__shape_elements(shape), values, 0x7fc00000);
}

fence fence_ints(size_t count, const int32_t *values)
{
    return make((fovea__shape){1, 1, 1, (int)count}, count, values, 0x7fc00000);
}

static void *read_words(const fence *fenced)
{
    const size_t bytes = fovea__shape_elements(fenced->tensor.shape) * 4;
    void *words = malloc(bytes ? bytes : 1);
    ck_assert_ptr_nonnull(words);
    support_ok(fovea__buffer_read(fenced->tensor.buffer, 0, words, bytes));
    return words;
}

float *fence_read(const fence *fenced)
{
    return read_words(fenced);
}

int32_t *fence_read_ints(const fence *fenced)
{
    return read_words(fenced);
}

static void need_sentinels(const fence *fenced, size_t first_word, const char *what, const char *side)
{
    uint32_t words[FENCE_WORDS];
    support_ok(fovea__buffer_read(fenced->whole, first_word * 4, words, sizeof words));
    for (size_t i = 0; i < FENCE_WORDS; i++)
        if (words[i] != sentinel)
            ck_abort_msg("%s: written %s its end: word %zu of the fence is %08x", what, side, i,
                         (unsigned)words[i]);
}

void fence_free(fence *fenced, const char *what)
{
    const size_t count = fovea__shape_elements(fenced->tensor.shape);
    need_sentinels(fenced, 0, what, "before");
    need_sentinels(fenced, FENCE_WORDS + count, what, "behind");
    fovea__buffer_free(fenced->tensor.buffer);
    fovea__buffer_free(fenced->whole);
    *fenced = (fence){0};
}
