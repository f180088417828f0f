#include "random.h"

#include <math.h>

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

fovea__random fovea__random_stream(uint64_t seed, uint64_t purpose, uint64_t index)
{
    return (fovea__random){.key = mix(mix(mix(seed) ^ purpose) ^ index), .counter = 0};
}

uint64_t fovea__random_bits(fovea__random *random)
{
    return mix(random->key + 0x9e3779b97f4a7c15u * random->counter++);
}

double fovea__random_uniform(fovea__random *random)
{
    return (double)(fovea__random_bits(random) >> 11) * 0x1p-53;
}

double fovea__random_normal(fovea__random *random)
{
    const double radius = sqrt(-2.0 * log(1.0 - fovea__random_uniform(random)));
    return radius * cos(6.283185307179586 * fovea__random_uniform(random));
}

uint64_t fovea__random_below(fovea__random *random, uint64_t limit)
{
    const uint64_t remainder = (UINT64_MAX % limit + 1) % limit;
    uint64_t bits;
    do
        bits = fovea__random_bits(random);
    while (bits > UINT64_MAX - remainder);
    return bits % limit;
}
