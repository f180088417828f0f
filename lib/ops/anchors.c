/* Anchors: a cell's boxes on the host, all places' boxes on the device. */
#include "anchors.h"

#include "split.h"

#include <math.h>

static bool follows_torchvision(const fovea__anchors *anchors)
{
    return anchors->profile == FOVEA_PROFILE_TORCHVISION;
}

void fovea__anchors_fit(fovea__anchors *anchors, int image_height, int image_width)
{
    anchors->image_height = image_height;
    anchors->image_width = image_width;
    for (int level = 0, height = image_height / 8, width = image_width / 8; level < FOVEA__LEVELS; level++) {
        anchors->height[level] = height;
        anchors->width[level] = width;
        height = (height + 1) / 2;
        width = (width + 1) / 2;
    }
}

int fovea__anchors_a_cell(const fovea__anchors *anchors)
{
    return anchors->scales * anchors->ratios;
}

size_t fovea__anchors_level_count(const fovea__anchors *anchors, int level)
{
    return (size_t)anchors->height[level] * (size_t)anchors->width[level] * (size_t)fovea__anchors_a_cell(anchors);
}

size_t fovea__anchors_count(const fovea__anchors *anchors)
{
    size_t count = 0;
    for (int level = 0; level < FOVEA__LEVELS; level++)
        count += fovea__anchors_level_count(anchors, level);
    return count;
}

/* In torch's order of float32 operations, so that what is rounded to whole pixels is the same number. */
static void torchvision_box(double size, float ratio, float out[4])
{
    const float height_ratio = sqrtf(ratio);
    const float half_width = 1.0f / height_ratio * (float)trunc(size) / 2.0f;
    const float half_height = height_ratio * (float)trunc(size) / 2.0f;
    out[0] = rintf(-half_width);
    out[1] = rintf(-half_height);
    out[2] = rintf(half_width);
    out[3] = rintf(half_height);
}

static void exact_box(double size, double ratio, float out[4])
{
    const double half_width = sqrt(size * size / ratio) / 2.0, half_height = sqrt(size * size * ratio) / 2.0;
    out[0] = (float)-half_width;
    out[1] = (float)-half_height;
    out[2] = (float)half_width;
    out[3] = (float)half_height;
}

void fovea__anchors_cell(const fovea__anchors *anchors, int level, float out[FOVEA__MAX_ANCHORS][4])
{
    static const float three_ratios[3] = {0.5f, 1.0f, 2.0f};
    for (int r = 0; r < anchors->ratios; r++) {
        for (int s = 0; s < anchors->scales; s++) {
            const double size = (32 << level) * pow(2.0, (double)s / anchors->scales);
            const float ratio = anchors->ratios == 1 ? 1.0f : three_ratios[r];
            if (follows_torchvision(anchors))
                torchvision_box(size, ratio, out[r * anchors->scales + s]);
            else
                exact_box(size, ratio, out[r * anchors->scales + s]);
        }
    }
}

void fovea__anchors_stride(const fovea__anchors *anchors, int level, int *y, int *x)
{
    *y = follows_torchvision(anchors) ? anchors->image_height / anchors->height[level] : 8 << level;
    *x = follows_torchvision(anchors) ? anchors->image_width / anchors->width[level] : 8 << level;
}

static fovea_status check(const fovea__anchors *anchors, const fovea__buffer *out)
{
    const int a_cell = fovea__anchors_a_cell(anchors);
    FOVEA_CHECK_ARG((anchors->ratios == 1 || anchors->ratios == 3) && a_cell >= 1 && a_cell <= FOVEA__MAX_ANCHORS,
                    "anchors: %d scales x %d ratios, expected 1 to 4 scales and 1 or 3 ratios", anchors->scales,
                    anchors->ratios);
    for (int level = 0; level < FOVEA__LEVELS; level++)
        FOVEA_CHECK_ARG(anchors->height[level] >= 0 && anchors->width[level] >= 0,
                        "anchors: level %d of %d x %d places", level + 3, anchors->height[level],
                        anchors->width[level]);
    const size_t count = fovea__anchors_count(anchors);
    FOVEA_CHECK_ARG(count <= INT32_MAX / 4, "anchors: %zu are more than kernels can index", count);
    FOVEA_CHECK_ARG(fovea__buffer_size(out) >= count * 4 * sizeof(float), "anchors: %zu bytes for %zu anchors",
                    fovea__buffer_size(out), count);
    return FOVEA_OK;
}

fovea_status fovea__anchors_write(fovea_device *device, const fovea__anchors *anchors, fovea__buffer *out)
{
    FOVEA_TRY(check(anchors, out));
    float cells[FOVEA__LEVELS][FOVEA__MAX_ANCHORS][4] = {{{0.0f}}};
    for (int level = 0; level < FOVEA__LEVELS; level++)
        fovea__anchors_cell(anchors, level, cells[level]);
    fovea__buffer *table = NULL;
    FOVEA_TRY(fovea__buffer_create(&table, device, sizeof cells, "the anchors of a cell"));
    fovea_status status = fovea__buffer_write(table, 0, cells, sizeof cells);
    size_t first = 0;
    for (int level = 0; level < FOVEA__LEVELS && status == FOVEA_OK; level++) {
        const size_t count = fovea__anchors_level_count(anchors, level);
        if (count == 0)
            continue;
        int stride_y, stride_x;
        fovea__anchors_stride(anchors, level, &stride_y, &stride_x);
        fovea__count(device, 0, 16.0 * (double)count);
        status = fovea__launch(device, "anchors", "", "anchors_write",
                               (fovea__arg[]){fovea__arg_buffer(table), fovea__arg_int(level * FOVEA__MAX_ANCHORS),
                                              fovea__arg_int(fovea__anchors_a_cell(anchors)),
                                              fovea__arg_int(anchors->width[level]), fovea__arg_int(stride_y),
                                              fovea__arg_int(stride_x),
                                              fovea__arg_int((int)first), fovea__arg_int((int)count),
                                              fovea__arg_buffer(out)},
                               9, fovea__grid_1d(count, fovea__split_local(device)));
        first += count;
    }
    fovea__buffer_free(table);
    return status;
}
