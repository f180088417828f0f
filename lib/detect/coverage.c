/* fovea_coverage_measure(): the assignment of anchors (ops/assign.h) on the host. The numbers are those of the kernel,
 * in float32 by the same operations in the same order; only anchors that can matter to a box are looked at, so that a
 * large data set takes seconds. */
#include "assign.h"
#include "config.h"
#include "memory.h"
#include "network.h"
#include "resize_normalize.h"

#include <math.h>
#include <stdlib.h>

/* Where anchors are sought, in double, thresholds are lower by this share and distances longer by these pixels than
 * what float32 can make of them: its values near FOVEA__MOST_SIZE, the corners, lie 2^-7 apart, and the shortest side
 * of an anchor is 22. */
static const double SHARE = .002, DISTANCE = .05;

/* One of a cell's boxes on one level. */
typedef struct shape {
    int level, index;
    float box[4]; /* around 0, 0 */
    double width, height;
} shape;

/* An anchor that learns a box, or two rivals' one: the box that it overlaps most of those that it was found for. */
typedef struct found {
    int anchor, shape, box;
    float overlap, corners[4];
} found;

typedef struct work {
    fovea_coverage_options options; /* all defaults resolved */
    shape shapes[FOVEA__LEVELS * FOVEA__MAX_ANCHORS];
    int n_shapes;

    /* Of the picture at hand. */
    fovea__anchors anchors;
    int stride_y[FOVEA__LEVELS], stride_x[FOVEA__LEVELS], first[FOVEA__LEVELS];
    float (*boxes)[4]; /* in pixels of the resized picture */
    size_t n_boxes, boxes_room;
    found *near; /* what was found for one box */
    size_t n_near, near_room;
    found *all; /* what was found for all of them, an anchor once */
    size_t n_all, all_room;
    int *place_of; /* [anchor]: 1 + its place in all, or 0 */
    size_t places_room;

    fovea_cover *covers;
    size_t n_covers, covers_room;
} work;

/* ---- one box and one anchor ------------------------------------------------------------------------------------ */

static float less(float a, float b)
{
    return b < a ? b : a;
}

static float more(float a, float b)
{
    return a < b ? b : a;
}

static float area_of(const float box[4])
{
    return (box[2] - box[0]) * (box[3] - box[1]);
}

/* As assign.cl has it. */
static float overlap_of(const float anchor[4], const float box[4])
{
    const float width = more(less(anchor[2], box[2]) - more(anchor[0], box[0]), 0.0f);
    const float height = more(less(anchor[3], box[3]) - more(anchor[1], box[1]), 0.0f);
    const float intersection = width * height;
    return intersection / (area_of(box) + area_of(anchor) - intersection);
}

/* As anchors.cl has it. */
static void place_anchor(found *out, const work *w, const shape *s, int row, int column)
{
    const float x = (float)(column * w->stride_x[s->level]), y = (float)(row * w->stride_y[s->level]);
    const int a_cell = fovea__anchors_a_cell(&w->anchors);
    out->anchor = w->first[s->level] + (row * w->anchors.width[s->level] + column) * a_cell + s->index;
    out->shape = (int)(s - w->shapes);
    out->corners[0] = x + s->box[0];
    out->corners[1] = y + s->box[1];
    out->corners[2] = x + s->box[2];
    out->corners[3] = y + s->box[3];
}

/* ---- the anchors of one box ------------------------------------------------------------------------------------ */

typedef struct sought {
    const float *box;
    double x, y, width, height; /* its centre and sides */
} sought;

/* The most that anchors of a shape can overlap a box. */
static double bound_of(const shape *s, const sought *b)
{
    const double most = fmin(s->width, b->width) * fmin(s->height, b->height);
    return most / (s->width * s->height + b->width * b->height - most);
}

static int within(double place, int count)
{
    return place <= 0 ? 0 : place >= count - 1 ? count - 1 : (int)place;
}

/* The largest overlap of the anchors whose centres are nearest: no more than the largest of all, and about it. */
static float guess_best(const work *w, const sought *b)
{
    float best = 0.0f;
    for (int i = 0; i < w->n_shapes; i++) {
        const shape *s = &w->shapes[i];
        const int rows = w->anchors.height[s->level], columns = w->anchors.width[s->level];
        if (bound_of(s, b) <= (double)best)
            continue;
        for (int k = 0; k < 4; k++) {
            found f;
            place_anchor(&f, w, s, within(floor(b->y / w->stride_y[s->level]) + k / 2, rows),
                         within(floor(b->x / w->stride_x[s->level]) + k % 2, columns));
            best = more(best, overlap_of(f.corners, b->box));
        }
    }
    return best;
}

/* Places first .. last whose anchors, of that length, share at least `shared` with the box on one axis. */
static void reach(int *first, int *last, double centre, double length, double own, double shared, int stride, int count)
{
    const double distance = (length + own) / 2 - shared + DISTANCE;
    *first = within(ceil((centre - distance) / stride), count);
    *last = centre + distance < 0 ? -1 : within(floor((centre + distance) / stride), count);
}

/* Adds the anchors of a shape that overlap the box by `least` or more. */
static fovea_status gather_shape(work *w, const shape *s, const sought *b, float least)
{
    const double threshold = (double)least * (1 - SHARE);
    if (bound_of(s, b) < threshold)
        return FOVEA_OK;
    const double area = threshold * (s->width * s->height + b->width * b->height) / (1 + threshold);
    const int stride_y = w->stride_y[s->level], stride_x = w->stride_x[s->level];
    int row, last_row, column, last_column;
    reach(&row, &last_row, b->y, s->height, b->height, area / fmin(s->width, b->width), stride_y,
          w->anchors.height[s->level]);
    for (; row <= last_row; row++) {
        const double apart = fabs((double)row * stride_y - b->y) - DISTANCE;
        const double height = fmax(fmin(fmin(s->height, b->height), (s->height + b->height) / 2 - apart), DISTANCE);
        reach(&column, &last_column, b->x, s->width, b->width, area / height, stride_x, w->anchors.width[s->level]);
        FOVEA_TRY(fovea__grow(&w->near, &w->near_room, w->n_near + (size_t)(last_column + 1), sizeof *w->near,
                              "the anchors of a box"));
        for (; column <= last_column; column++) {
            found *f = &w->near[w->n_near];
            place_anchor(f, w, s, row, column);
            f->overlap = overlap_of(f->corners, b->box);
            w->n_near += f->overlap >= least;
        }
    }
    return FOVEA_OK;
}

static fovea_status keep(work *w, const found *f)
{
    int *place = &w->place_of[f->anchor];
    if (*place == 0) {
        FOVEA_TRY(fovea__grow(&w->all, &w->all_room, w->n_all + 1, sizeof *w->all, "the anchors of a picture's boxes"));
        w->all[w->n_all++] = *f;
        *place = (int)w->n_all;
    } else if (f->overlap > w->all[*place - 1].overlap) {
        w->all[*place - 1] = *f;
    }
    return FOVEA_OK;
}

static sought sought_of(const float box[4])
{
    return (sought){box, ((double)box[0] + box[2]) / 2, ((double)box[1] + box[3]) / 2, (double)box[2] - box[0],
                    (double)box[3] - box[1]};
}

/* Finds the anchors that overlap a box by .5 or more, and those that overlap it most. */
static fovea_status gather_box(work *w, int index, fovea_cover *cover)
{
    const sought b = sought_of(w->boxes[index]);
    const float guess = guess_best(w, &b), least = less(guess, 0.5f);
    if (!(guess > 0))
        return FOVEA_OK; /* thinner than float32 can tell */
    w->n_near = 0;
    for (int i = 0; i < w->n_shapes; i++)
        FOVEA_TRY(gather_shape(w, &w->shapes[i], &b, least));
    for (size_t i = 0; i < w->n_near; i++)
        cover->overlap = more(cover->overlap, w->near[i].overlap);
    for (size_t i = 0; i < w->n_near; i++) {
        w->near[i].box = index;
        if (w->near[i].overlap >= 0.5f || w->near[i].overlap >= cover->overlap)
            FOVEA_TRY(keep(w, &w->near[i]));
    }
    return FOVEA_OK;
}

/* ---- the boxes of one picture ---------------------------------------------------------------------------------- */

static fovea_status place_picture(work *w, const fovea_picture *picture)
{
    int height, width;
    fovea__resize_normalize_size(picture->height, picture->width, w->options.size, w->options.max_size, &height,
                                 &width);
    fovea__anchors_fit(&w->anchors, fovea__network_padded(height), fovea__network_padded(width));
    const size_t n_anchors = fovea__anchors_count(&w->anchors);
    if (n_anchors > INT32_MAX / 4)
        FOVEA_FAIL(FOVEA_ERROR_UNSUPPORTED, "%s: %d x %d pixels have %zu anchors, more than a device can index; a "
                   "smaller size has fewer", picture->file_name, width, height, n_anchors);
    for (int level = 0, first = 0; level < FOVEA__LEVELS; level++) {
        fovea__anchors_stride(&w->anchors, level, &w->stride_y[level], &w->stride_x[level]);
        w->first[level] = first;
        first += (int)fovea__anchors_level_count(&w->anchors, level);
    }
    if (n_anchors > w->places_room) {
        free(w->place_of);
        w->places_room = 0;
        FOVEA_TRY(fovea__allocate(&w->place_of, n_anchors, sizeof *w->place_of, "the anchors of a picture"));
        w->places_room = n_anchors;
    }
    w->n_boxes = picture->n_boxes;
    FOVEA_TRY(fovea__grow(&w->boxes, &w->boxes_room, w->n_boxes, sizeof *w->boxes, "a picture's boxes"));
    const float x_ratio = (float)width / (float)picture->width, y_ratio = (float)height / (float)picture->height;
    for (size_t i = 0; i < w->n_boxes; i++) {
        w->boxes[i][0] = picture->boxes[i].x0 * x_ratio;
        w->boxes[i][1] = picture->boxes[i].y0 * y_ratio;
        w->boxes[i][2] = picture->boxes[i].x1 * x_ratio;
        w->boxes[i][3] = picture->boxes[i].y1 * y_ratio;
    }
    return FOVEA_OK;
}

/* An anchor that is weak for the boxes it was found for may overlap others by more, if by less than .5: it is given to
 * the first of those that it overlaps most. */
static fovea_status settle_weak(work *w)
{
    float least[sizeof w->shapes / sizeof w->shapes[0]]; /* overlap of a shape's weak anchors */
    bool weak = false;
    for (int s = 0; s < w->n_shapes; s++)
        least[s] = 0.5f;
    for (size_t i = 0; i < w->n_all; i++)
        if (w->all[i].overlap < 0.5f) {
            weak = true;
            least[w->all[i].shape] = less(least[w->all[i].shape], w->all[i].overlap);
            w->all[i].overlap = 0.0f;
        }
    for (size_t i = 0; i < w->n_boxes && weak; i++) {
        const sought b = sought_of(w->boxes[i]);
        w->n_near = 0;
        for (int s = 0; s < w->n_shapes; s++)
            if (least[s] < 0.5f)
                FOVEA_TRY(gather_shape(w, &w->shapes[s], &b, least[s]));
        for (size_t k = 0; k < w->n_near; k++) {
            w->near[k].box = (int)i;
            if (w->place_of[w->near[k].anchor] > 0)
                FOVEA_TRY(keep(w, &w->near[k]));
        }
    }
    return FOVEA_OK;
}

static fovea_status cover_picture(work *w, size_t index, const fovea_picture *picture)
{
    FOVEA_TRY(place_picture(w, picture));
    FOVEA_TRY(fovea__grow(&w->covers, &w->covers_room, w->n_covers + w->n_boxes, sizeof *w->covers,
                          "the boxes' cover"));
    fovea_cover *covers = w->covers + w->n_covers;
    w->n_all = 0;
    for (size_t i = 0; i < w->n_boxes; i++) {
        const float *box = w->boxes[i];
        covers[i] = (fovea_cover){.picture = index, .box = i, .width = box[2] - box[0], .height = box[3] - box[1]};
        FOVEA_TRY(gather_box(w, (int)i, &covers[i]));
    }
    FOVEA_TRY(settle_weak(w));
    for (size_t i = 0; i < w->n_all; i++) {
        fovea_cover *cover = &covers[w->all[i].box];
        cover->anchors++;
        cover->weak += w->all[i].overlap < 0.5f;
        w->place_of[w->all[i].anchor] = 0;
    }
    w->n_covers += w->n_boxes;
    return FOVEA_OK;
}

/* ---- a data set ------------------------------------------------------------------------------------------------ */

static fovea_status check(const fovea_coverage_options *o)
{
    FOVEA_CHECK_ARG(o->size >= 0 && o->size <= FOVEA__MOST_SIZE && o->max_size >= 0 && o->max_size <= FOVEA__MOST_SIZE,
                    "coverage options: size is %d and max_size %d; expected 0 to %d", o->size, o->max_size,
                    FOVEA__MOST_SIZE);
    FOVEA_CHECK_ARG(o->anchor_scales >= 0 && o->anchor_scales <= 4,
                    "coverage options: anchor_scales is %d; expected 1 to 4", o->anchor_scales);
    FOVEA_CHECK_ARG(o->anchor_ratios == 0 || o->anchor_ratios == 1 || o->anchor_ratios == 3,
                    "coverage options: anchor_ratios is %d; expected 1 or 3", o->anchor_ratios);
    FOVEA_CHECK_ARG(o->profile >= FOVEA_PROFILE_DEFAULT && o->profile <= FOVEA_PROFILE_TORCHVISION,
                    "coverage options: profile is %d; expected a fovea_profile", (int)o->profile);
    return FOVEA_OK;
}

static void resolve(work *w)
{
    fovea_coverage_options *o = &w->options;
    o->size = o->size ? o->size : 600;
    o->max_size = fovea__config_max_size(o->size, o->max_size, 0);
    w->anchors = (fovea__anchors){.profile = o->profile ? o->profile : FOVEA_PROFILE_PAPER,
                                  .scales = o->anchor_scales ? o->anchor_scales : 3,
                                  .ratios = o->anchor_ratios ? o->anchor_ratios : 3};
    for (int level = 0; level < FOVEA__LEVELS; level++) {
        float cell[FOVEA__MAX_ANCHORS][4];
        fovea__anchors_cell(&w->anchors, level, cell);
        for (int i = 0; i < fovea__anchors_a_cell(&w->anchors); i++) {
            const float *box = cell[i];
            w->shapes[w->n_shapes++] = (shape){level, i, {box[0], box[1], box[2], box[3]}, (double)box[2] - box[0],
                                               (double)box[3] - box[1]};
        }
    }
}

static bool looks_at(const fovea_picture *picture)
{
    return picture->width > 0 && picture->height > 0;
}

static fovea_status cover_all(work *w, const fovea_dataset *dataset)
{
    const size_t n = fovea_dataset_size(dataset), most = w->options.most_boxes;
    size_t boxes = 0;
    fovea_picture picture;
    for (size_t i = 0; i < n; i++) {
        FOVEA_TRY(fovea_dataset_picture(dataset, i, &picture));
        boxes += looks_at(&picture) ? picture.n_boxes : 0;
    }
    const size_t step = most && boxes > most ? (boxes + most - 1) / most : 1;
    FOVEA_TRY(fovea__grow(&w->covers, &w->covers_room, boxes / step + 1, sizeof *w->covers, "the boxes' cover"));
    for (size_t i = 0; i < n; i += step) {
        FOVEA_TRY(fovea_dataset_picture(dataset, i, &picture));
        if (looks_at(&picture) && picture.n_boxes > 0)
            FOVEA_TRY(cover_picture(w, i, &picture));
    }
    return FOVEA_OK;
}

fovea_status fovea_coverage_measure(fovea_cover **out, size_t *count, const fovea_dataset *dataset,
                                    const fovea_coverage_options *options)
{
    FOVEA_CHECK_ARG(out && count, "fovea_coverage_measure: out or count is NULL");
    *out = NULL;
    *count = 0;
    FOVEA_CHECK_ARG(dataset, "fovea_coverage_measure: dataset is NULL");
    work *w = NULL;
    FOVEA_TRY(fovea__allocate(&w, 1, sizeof *w, "anchor coverage"));
    if (options)
        w->options = *options;
    fovea_status status = check(&w->options);
    if (!status) {
        resolve(w);
        status = cover_all(w, dataset);
    }
    if (!status) {
        *out = w->covers;
        *count = w->n_covers;
        w->covers = NULL;
    }
    free(w->boxes);
    free(w->near);
    free(w->all);
    free(w->place_of);
    free(w->covers);
    free(w);
    return status;
}

void fovea_coverage_free(fovea_cover *cover)
{
    free(cover);
}
