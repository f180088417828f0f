/* Planning memory by lifetime: blocks that live at the same time never share a byte. No device is needed. */
#include "arena.h"
#include "support.h"

#include <stdlib.h>

enum { BLOCKS = 200, ALIGNMENT = 64 };

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void check_plan(const fovea__block *blocks, size_t slab_bytes, const size_t *sizes, int n_slabs)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        const fovea__block *a = &blocks[i];
        ck_assert(a->slab >= 0 && a->slab < n_slabs && a->offset % ALIGNMENT == 0);
        ck_assert_uint_le(a->offset + a->bytes, sizes[a->slab]);
        ck_assert_uint_le(sizes[a->slab], slab_bytes);
        for (size_t j = 0; j < i; j++) {
            const fovea__block *b = &blocks[j];
            const bool meet = a->slab == b->slab && a->first <= b->last && b->first <= a->last;
            ck_assert_msg(!meet || a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset,
                          "blocks %zu and %zu overlap in slab %d", j, i, a->slab);
        }
    }
}

/* Slabs of the largest block's size, of twice that, ...: many first, one at last. */
START_TEST(arena__never_overlaps_what_lives_at_once)
{
    uint32_t state = (uint32_t)_i + 1;
    int most_slabs = 0, slabs = 0;
    for (size_t slab_bytes = 4096; slab_bytes <= (size_t)4096 << 10; slab_bytes *= 2) {
        fovea__block blocks[BLOCKS];
        size_t *sizes = NULL;
        for (size_t i = 0; i < BLOCKS; i++) {
            const int first = (int)(next(&state) % 100);
            blocks[i] = (fovea__block){.bytes = i < 5 ? 4096 : next(&state) % 4097, .first = first,
                                       .last = first + (int)(next(&state) % 20)};
        }
        support_ok(fovea__arena_plan(blocks, BLOCKS, ALIGNMENT, slab_bytes, &sizes, &slabs));
        check_plan(blocks, slab_bytes, sizes, slabs);
        most_slabs = slabs > most_slabs ? slabs : most_slabs;
        free(sizes);
    }
    ck_assert_int_gt(most_slabs, 5);
    ck_assert_int_eq(slabs, 1);
}
END_TEST

START_TEST(arena__reuses_places_and_refuses_what_is_too_large)
{
    fovea__block apart[2] = {{.bytes = 1000, .first = 0, .last = 1}, {.bytes = 900, .first = 2, .last = 3}};
    size_t *sizes = NULL;
    int slabs = 0;
    support_ok(fovea__arena_plan(apart, 2, ALIGNMENT, 4096, &sizes, &slabs));
    ck_assert(slabs == 1 && sizes[0] == 1000 && apart[0].offset == 0 && apart[1].offset == 0);
    free(sizes);
    support_fails(fovea__arena_plan(apart, 2, ALIGNMENT, 999, &sizes, &slabs), FOVEA_ERROR_MEMORY,
                  "1000 bytes are needed in one piece");
    ck_assert(!sizes && slabs == 0);
    support_ok(fovea__arena_plan(NULL, 0, ALIGNMENT, 4096, &sizes, &slabs));
    ck_assert_int_eq(slabs, 0);
    free(sizes);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = arena__never_overlaps_what_lives_at_once, .rows = 8},
        {.test = arena__reuses_places_and_refuses_what_is_too_large},
    };
    return support_run("arena", cases, COUNT(cases));
}
