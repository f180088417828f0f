/* The k largest values by sorting all that pass the threshold. */
#include "ref_top_k.h"

#include <stdlib.h>

typedef struct entry {
    float value;
    int index;
} entry;

static int stronger_first(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->value > y->value || x->value < y->value)
        return x->value > y->value ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

int ref_top_k(const float *values, size_t count, float threshold, int k, int *indices)
{
    entry *entries = malloc((count + 1) * sizeof *entries);
    if (!entries)
        abort();
    int found = 0;
    for (size_t i = 0; i < count; i++)
        if (values[i] > threshold)
            entries[found++] = (entry){values[i], (int)i};
    qsort(entries, (size_t)found, sizeof *entries, stronger_first);
    for (int i = 0; i < k; i++)
        indices[i] = i < found ? entries[i].index : -1;
    free(entries);
    return found < k ? found : k;
}
