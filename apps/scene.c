/* Drawing of the synthetic pictures, see scene.h. A shape is a signed distance (negative inside, in pixels), so that
 * its edge is smooth at every size and turn; its box is that of the pixels which it covers by half or more. */
#include "scene.h"

#include "ground.h"

#include <math.h>
#include <string.h>

static const char *const names[SCENE_CLASSES] = {"disc", "square", "triangle", "ring", "cross", "star"};

const char *scene_class_name(int label)
{
    return names[label];
}

typedef struct shape {
    int label;
    double x, y, radius, turn; /* of the circle around it */
    double colour[3], shade[3]; /* at its two ends: a shape is shaded from one to the other */
    bool halved;                /* only one side of it is there */
} shape;

/* Distance to a regular polygon whose inner circle has radius `inner`. */
static double polygon_distance(double x, double y, int corners, double inner)
{
    const double step = 2 * 3.14159265358979323846 / corners;
    const double angle = atan2(y, x), nearest = floor(angle / step + 0.5) * step;
    return x * cos(nearest) + y * sin(nearest) - inner;
}

/* Distance to a five-pointed star of outer radius 1 and inner radius .45, sign right and size near enough the edge. */
static double star_distance(double x, double y)
{
    const double step = 2 * 3.14159265358979323846 / 5, inner = 0.45;
    const double angle = atan2(y, x);
    const double off = fabs(angle - floor(angle / step + 0.5) * step), radius = hypot(x, y);
    const double px = radius * cos(off), py = radius * sin(off);
    const double ex = inner * cos(step / 2) - 1, ey = inner * sin(step / 2);
    return ((px - 1) * -ey + py * ex) / -hypot(ex, ey);
}

static double box_distance(double x, double y, double half_width, double half_height)
{
    const double dx = fabs(x) - half_width, dy = fabs(y) - half_height;
    return fmax(dx, dy);
}

/* Signed distance of a pixel's centre to a shape's edge. */
static double distance(const shape *s, double px, double py)
{
    const double c = cos(s->turn), n = sin(s->turn);
    const double x = ((px - s->x) * c + (py - s->y) * n) / s->radius;
    const double y = ((py - s->y) * c - (px - s->x) * n) / s->radius;
    double d = 0;
    switch (s->label) {
    case 0:
        d = hypot(x, y) - 0.95;
        break;
    case 1:
        d = box_distance(x, y, 0.72, 0.72);
        break;
    case 2:
        d = polygon_distance(x, y, 3, 0.5);
        break;
    case 3:
        d = fabs(hypot(x, y) - 0.75) - 0.21;
        break;
    case 4:
        d = fmin(box_distance(x, y, 0.95, 0.27), box_distance(x, y, 0.27, 0.95));
        break;
    default:
        d = star_distance(x, y);
        break;
    }
    return (s->halved ? fmax(d, y - 0.1) : d) * s->radius; /* along x half a triangle would be one */
}

/* Blends a shape into the picture; its box is that of the pixels covered by half or more. */
static void draw_shape(canvas *to, const shape *s, fovea_box *box)
{
    const int reach = (int)s->radius + 2;
    const int x0 = (int)fmax(0, s->x - reach), x1 = (int)fmin(to->width, s->x + reach + 1);
    const int y0 = (int)fmax(0, s->y - reach), y1 = (int)fmin(to->height, s->y + reach + 1);
    int left = to->width, top = to->height, right = 0, bottom = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            const double cover = fmin(1, fmax(0, 0.5 - distance(s, x + 0.5, y + 0.5)));
            if (cover <= 0)
                continue;
            float *pixel = to->pixels + 3 * ((size_t)y * (size_t)to->width + (size_t)x);
            const double along = fmin(1, fmax(0, 0.5 + (y - s->y) / (2 * s->radius)));
            for (int c = 0; c < 3; c++) {
                const double ink = s->colour[c] * (1 - along) + s->shade[c] * along;
                pixel[c] = (float)(pixel[c] * (1 - cover) + ink * cover);
            }
            if (cover >= 0.5) {
                left = x < left ? x : left;
                right = x + 1 > right ? x + 1 : right;
                top = y < top ? y : top;
                bottom = y + 1 > bottom ? y + 1 : bottom;
            }
        }
    *box = (fovea_box){(float)left, (float)top, (float)right, (float)bottom, s->label};
}

/* A colour that stands off from the ground around (x, y) in at least one channel. */
static void choose_colour(ground_random *random, const canvas *on, shape *s)
{
    const int x = (int)s->x, y = (int)s->y;
    const float *under = on->pixels + 3 * ((size_t)y * (size_t)on->width + (size_t)x);
    double contrast = 0;
    for (int tries = 0; tries < 20 && contrast < 90; tries++) {
        contrast = 0;
        for (int c = 0; c < 3; c++) {
            s->colour[c] = 20 + 225 * ground_uniform(random);
            contrast = fmax(contrast, fabs(s->colour[c] - under[c]));
        }
    }
    const double factor = 0.75 + 0.4 * ground_uniform(random);
    for (int c = 0; c < 3; c++)
        s->shade[c] = fmin(250, s->colour[c] * factor);
}

/* Finds room that no other shape takes; false where there seems to be none. */
static bool place_shape(ground_random *random, const scene_plan *plan, const shape *others, size_t n_others, shape *s)
{
    const int side = plan->width < plan->height ? plan->width : plan->height;
    const double least = fmax(3, plan->radius[0] * side), most = fmax(4, plan->radius[1] * side);
    for (int tries = 0; tries < 50; tries++) {
        s->radius = least + (most - least) * ground_uniform(random);
        if (2 * s->radius + 2 >= side)
            s->radius = 0.4 * side;
        s->x = s->radius + 1 + (plan->width - 2 * s->radius - 2) * ground_uniform(random);
        s->y = s->radius + 1 + (plan->height - 2 * s->radius - 2) * ground_uniform(random);
        bool free = true;
        for (size_t i = 0; i < n_others && free; i++)
            free = hypot(s->x - others[i].x, s->y - others[i].y) > 0.9 * (s->radius + others[i].radius);
        if (free)
            return true;
    }
    return false;
}

/* Halves of the shapes, anywhere: they may lie on each other, and objects may cover them. */
static void draw_decoys(canvas *on, ground_random *random, const scene_plan *plan)
{
    for (int i = 0; i < plan->decoys; i++) {
        shape s = {.label = (int)(ground_uniform(random) * plan->classes),
                   .turn = 2 * 3.14159265358979323846 * ground_uniform(random), .halved = true};
        fovea_box unused;
        if (!place_shape(random, plan, NULL, 0, &s))
            continue;
        choose_colour(random, on, &s);
        draw_shape(on, &s, &unused);
    }
}

fovea_status scene_draw(fovea_image *image, const scene_plan *plan, fovea_box *boxes, size_t *n_boxes)
{
    *n_boxes = 0;
    const fovea_status status = fovea_image_create(image, plan->width, plan->height);
    if (status)
        return status;
    ground_random random = {plan->seed * 0x9e3779b97f4a7c15u ^ (plan->picture + 1) * 0xd1b54a32d192ed03u};
    canvas on = {0};
    if (!ground_draw(&on, &random, plan->width, plan->height)) {
        fovea_image_clear(image);
        return FOVEA_ERROR_MEMORY;
    }
    draw_decoys(&on, &random, plan);
    shape shapes[SCENE_MAX_OBJECTS];
    const int wanted =
        plan->objects[0] + (int)(ground_uniform(&random) * (plan->objects[1] - plan->objects[0] + 1));
    size_t n = 0;
    for (int i = 0; i < wanted && n < SCENE_MAX_OBJECTS; i++) {
        shape *s = &shapes[n];
        *s = (shape){.label = (int)(ground_uniform(&random) * plan->classes),
                     .turn = 2 * 3.14159265358979323846 * ground_uniform(&random)};
        if (!place_shape(&random, plan, shapes, n, s))
            continue;
        choose_colour(&random, &on, s);
        draw_shape(&on, s, &boxes[n]);
        n++;
    }
    ground_finish(image, &on, &random);
    *n_boxes = n;
    return FOVEA_OK;
}
