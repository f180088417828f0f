/* Runs a fuzzer without a fuzzing engine, with any compiler.
 *     fuzz_NAME                        mutates the fuzzer's seeds, the same way every time: a test of the suite
 *     fuzz_NAME -from=K -runs=N -v     N of those inputs from the K-th on; -v names each before it is tried
 *     fuzz_NAME FILE...                replays files, as a fuzzing engine leaves them */
#include "file.h"
#include "fuzz.h"
#include "random.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 20000, MOST_MUTATIONS = 8, GROWTH = 4096, MOST_SEEDS = 64 };

typedef struct input {
    uint8_t *data;
    size_t size, room;
} input;

static size_t below(fovea__random *random, size_t limit)
{
    return limit ? (size_t)fovea__random_below(random, limit) : 0;
}

/* Puts `size` bytes at `at`, where there is room for them. */
static void insert(input *in, size_t at, const void *bytes, size_t size)
{
    if (size > in->room - in->size)
        return;
    memmove(in->data + at + size, in->data + at, in->size - at);
    memcpy(in->data + at, bytes, size);
    in->size += size;
}

static void mutate(input *in, fovea__random *random)
{
    static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};
    const size_t at = below(random, in->size), length = below(random, in->size - at < 64 ? in->size - at : 64);
    size_t words = 0;
    uint8_t piece[64];
    while (fuzz_words[words])
        words++;
    switch (below(random, 7)) {
    case 0: /* flip a bit */
        if (in->size)
            in->data[at] ^= (uint8_t)(1u << below(random, 8));
        break;
    case 1: /* an edge of the range */
        if (in->size)
            in->data[at] = edges[below(random, sizeof edges)];
        break;
    case 2: /* any byte */
        if (in->size)
            in->data[at] = (uint8_t)below(random, 256);
        break;
    case 3: /* take a piece out */
        memmove(in->data + at, in->data + at + length, in->size - at - length);
        in->size -= length;
        break;
    case 4: /* repeat a piece elsewhere */
        memcpy(piece, in->data + at, length);
        insert(in, below(random, in->size + 1), piece, length);
        break;
    case 5: { /* a word */
        const char *word = fuzz_words[below(random, words)];
        insert(in, at, word, strlen(word));
        break;
    }
    default: /* cut the end off, seldom: little is left to be read */
        if (below(random, 8) == 0)
            in->size = at;
    }
}

/* Runs the fuzzer on memory of exactly that size, so that sanitizers see a byte too far. */
static void try_input(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        abort();
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void run_mutated(uint64_t from, uint64_t runs, bool verbose)
{
    uint8_t *seeds[MOST_SEEDS];
    size_t sizes[MOST_SEEDS];
    int n = 0;
    while (n < MOST_SEEDS && (sizes[n] = fuzz_seed(n, &seeds[n])) > 0)
        n++;
    for (uint64_t k = from; n > 0 && k < from + runs; k++) {
        if (verbose)
            printf("input %llu\n", (unsigned long long)k);
        fovea__random random = fovea__random_stream(1, 0, k);
        const size_t which = below(&random, (size_t)n);
        input in = {.size = sizes[which], .room = sizes[which] + GROWTH};
        in.data = malloc(in.room);
        if (!in.data)
            abort();
        memcpy(in.data, seeds[which], in.size);
        for (size_t left = below(&random, MOST_MUTATIONS + 1); left > 0; left--)
            mutate(&in, &random);
        try_input(in.data, in.size);
        free(in.data);
    }
    for (int i = 0; i < n; i++)
        free(seeds[i]);
}

static bool replay(const char *path)
{
    char *data = NULL;
    size_t size = 0;
    if (fovea__file_read(&data, &size, path, SIZE_MAX)) {
        fprintf(stderr, "%s\n", fovea_error());
        return false;
    }
    try_input((const uint8_t *)data, size);
    free(data);
    return true;
}

int main(int argc, char **argv)
{
    uint64_t from = 0, runs = RUNS;
    bool verbose = false;
    int files = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-from=", 6) == 0) {
            from = strtoull(argv[i] + 6, NULL, 10);
        } else if (strncmp(argv[i], "-runs=", 6) == 0) {
            runs = strtoull(argv[i] + 6, NULL, 10);
        } else if (strcmp(argv[i], "-v") == 0) {
            verbose = true;
        } else {
            failed += !replay(argv[i]);
            files++;
        }
    }
    if (files == 0)
        run_mutated(from, runs, verbose);
    const char *slash = strrchr(argv[0], '/');
    printf("%s: %d passed, %d failed, 0 skipped\n", slash ? slash + 1 : argv[0], files ? files - failed : 1, failed);
    return failed ? 1 : 0;
}
