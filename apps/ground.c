/* Painting of the ground, see ground.h. */
#include "ground.h"

#include <math.h>
#include <stdlib.h>

double ground_uniform(ground_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static float *pixel_at(const canvas *on, int x, int y)
{
    return on->pixels + 3 * ((size_t)y * (size_t)on->width + (size_t)x);
}

/* Adds noise of one scale: random values on a grid of `step` pixels, smoothly joined, times `strength`. */
static bool add_noise(canvas *on, ground_random *random, int step, double strength)
{
    const int columns = on->width / step + 2, rows = on->height / step + 2;
    double *grid = malloc(sizeof *grid * 3 * (size_t)columns * (size_t)rows);
    if (!grid)
        return false;
    for (size_t i = 0; i < (size_t)columns * (size_t)rows; i++) {
        /* Mostly a change of brightness, with a little of colour in it. */
        const double grey = 2 * ground_uniform(random) - 1;
        for (size_t c = 0; c < 3; c++)
            grid[3 * i + c] = strength * (0.8 * grey + 0.4 * (2 * ground_uniform(random) - 1));
    }
    for (int y = 0; y < on->height; y++) {
        const double v = (double)y / step, fv = v - floor(v), sv = fv * fv * (3 - 2 * fv);
        const double *upper = grid + 3 * (size_t)columns * (size_t)v, *lower = upper + 3 * columns;
        for (int x = 0; x < on->width; x++) {
            const double u = (double)x / step, fu = u - floor(u), su = fu * fu * (3 - 2 * fu);
            const int at = 3 * (int)u;
            for (int c = 0; c < 3; c++) {
                const double above = upper[at + c] * (1 - su) + upper[at + 3 + c] * su;
                const double below = lower[at + c] * (1 - su) + lower[at + 3 + c] * su;
                pixel_at(on, x, y)[c] += (float)(above * (1 - sv) + below * sv);
            }
        }
    }
    free(grid);
    return true;
}

/* A straight line across, one to two pixels wide. */
static void add_line(canvas *on, ground_random *random)
{
    const double angle = 3.14159265358979323846 * ground_uniform(random);
    const double nx = cos(angle), ny = sin(angle), half = 0.4 + 0.7 * ground_uniform(random);
    const double offset = nx * on->width * ground_uniform(random) + ny * on->height * ground_uniform(random);
    const double strength = 0.25 + 0.4 * ground_uniform(random);
    double ink[3];
    for (int c = 0; c < 3; c++)
        ink[c] = 255 * ground_uniform(random);
    for (int y = 0; y < on->height; y++)
        for (int x = 0; x < on->width; x++) {
            const double away = fabs(nx * (x + 0.5) + ny * (y + 0.5) - offset);
            const double cover = strength * fmin(1, fmax(0, half + 0.5 - away));
            for (int c = 0; c < 3 && cover > 0; c++)
                pixel_at(on, x, y)[c] += (float)(cover * (ink[c] - pixel_at(on, x, y)[c]));
        }
}

/* A soft oval without an edge, which no class describes. */
static void add_blob(canvas *on, ground_random *random)
{
    const double side = fmin(on->width, on->height);
    const double cx = on->width * ground_uniform(random), cy = on->height * ground_uniform(random);
    const double a = side * (0.04 + 0.12 * ground_uniform(random)), b = a * (0.4 + 0.6 * ground_uniform(random));
    const double angle = 3.14159265358979323846 * ground_uniform(random), c0 = cos(angle), s0 = sin(angle);
    const double strength = 0.3 + 0.4 * ground_uniform(random);
    double ink[3];
    for (int c = 0; c < 3; c++)
        ink[c] = 255 * ground_uniform(random);
    for (int y = 0; y < on->height; y++)
        for (int x = 0; x < on->width; x++) {
            const double u = ((x - cx) * c0 + (y - cy) * s0) / a, v = ((y - cy) * c0 - (x - cx) * s0) / b;
            const double cover = strength * exp(-(u * u + v * v));
            for (int c = 0; c < 3 && cover > 0.004; c++)
                pixel_at(on, x, y)[c] += (float)(cover * (ink[c] - pixel_at(on, x, y)[c]));
        }
}

bool ground_draw(canvas *out, ground_random *random, int width, int height)
{
    *out = (canvas){malloc(sizeof(float) * 3 * (size_t)width * (size_t)height), width, height};
    if (!out->pixels)
        return false;
    float base[3];
    for (int c = 0; c < 3; c++)
        base[c] = (float)(60 + 130 * ground_uniform(random));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                pixel_at(out, x, y)[c] = base[c];

    const int side = width < height ? width : height;
    double strength = 45;
    for (int step = side / 2 > 2 ? side / 2 : 2; step >= 2 && strength > 4; step /= 3, strength *= 0.6)
        if (!add_noise(out, random, step, strength)) {
            free(out->pixels);
            *out = (canvas){0};
            return false;
        }
    const int blobs = 3 + (int)(5 * ground_uniform(random)), lines = 3 + (int)(5 * ground_uniform(random));
    for (int i = 0; i < blobs; i++)
        add_blob(out, random);
    for (int i = 0; i < lines; i++)
        add_line(out, random);
    return true;
}

void ground_finish(fovea_image *image, canvas *from, ground_random *random)
{
    const size_t n = 3 * (size_t)from->width * (size_t)from->height;
    for (size_t i = 0; i < n; i++) {
        /* The sum of three even draws is close enough to a bell; deviation about 4. */
        const double noise = ground_uniform(random) + ground_uniform(random) + ground_uniform(random) - 1.5;
        const double value = from->pixels[i] + 8 * noise + 0.5;
        image->pixels[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    free(from->pixels);
    *from = (canvas){0};
}
