/* fovea_detect(): options, sizes, and boxes back in the picture's own pixels. */
#include "detector.h"
#include "memory.h"
#include "resize_normalize.h"

#include <stdlib.h>

static fovea_status check_options(const fovea_detect_options *options)
{
    FOVEA_CHECK_ARG(options->min_score <= 1, "detection options: min_score is %g; expected at most 1",
                    (double)options->min_score);
    FOVEA_CHECK_ARG(options->max_overlap >= 0 && options->max_overlap <= 1,
                    "detection options: max_overlap is %g; expected 0 to 1", (double)options->max_overlap);
    FOVEA_CHECK_ARG(options->size >= 0 && options->size <= FOVEA__MOST_SIZE && options->max_size >= 0 &&
                    options->max_size <= FOVEA__MOST_SIZE, "detection options: size is %d and max_size %d; expected 0 to %d",
                    options->size, options->max_size, FOVEA__MOST_SIZE);
    FOVEA_CHECK_ARG(options->max_detections >= 0 && options->max_detections <= 10000,
                    "detection options: max_detections is %d; expected 0 to 10000", options->max_detections);
    FOVEA_CHECK_ARG(options->top_k >= 0 && options->top_k <= 8192, "detection options: top_k is %d; expected 0 to 8192",
                    options->top_k);
    return FOVEA_OK;
}

fovea_status fovea__detect_plan_begin(fovea__detect_plan *out, const fovea_model *model,
                                      const fovea_detect_options *options)
{
    static const fovea_detect_options defaults;
    options = options ? options : &defaults;
    FOVEA_TRY(check_options(options));
    const fovea__net_config *config = &model->config;
    *out = (fovea__detect_plan){
        .min_score = options->min_score < 0 ? 0.0f : options->min_score > 0 ? options->min_score : 0.05f,
        .max_overlap = options->max_overlap > 0 ? options->max_overlap : 0.5f,
        .top_k = options->top_k ? options->top_k : 1000,
        .most = config->profile == FOVEA_PROFILE_TORCHVISION ? 300 : 100,
        .size = options->size ? options->size : config->size,
        .max_size = fovea__config_max_size(options->size, options->max_size, config->max_size),
    };
    if (options->max_detections)
        out->most = options->max_detections;
    return FOVEA_OK;
}

fovea_status fovea__detect_plan_make(fovea__detect_plan *out, const fovea_model *model, const fovea_image *image,
                                     const fovea_detect_options *options)
{
    fovea__detect_plan plan;
    FOVEA_TRY(fovea__detect_plan_begin(&plan, model, options));
    fovea__resize_normalize_size(image->height, image->width, plan.size, plan.max_size, &plan.height, &plan.width);
    plan.padded_height = fovea__network_padded(plan.height);
    plan.padded_width = fovea__network_padded(plan.width);
    *out = plan;
    return FOVEA_OK;
}

static float limit(float value, float most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* Rows of 6 floats (nms.h) to detections; torchvision's background goes. */
static size_t read_rows(const fovea_model *model, const float *rows, size_t n_rows, const fovea_image *image,
                        const fovea__detect_plan *plan, fovea_detection *out, size_t capacity)
{
    const int first_slot = fovea__model_slot(model, 0);
    const float x_ratio = (float)image->width / (float)plan->width;
    const float y_ratio = (float)image->height / (float)plan->height;
    size_t count = 0;
    for (size_t i = 0; i < n_rows && count < capacity; i++) {
        const float *row = rows + 6 * i;
        const int label = (int)row[5] - first_slot;
        if (label < 0 || label >= model->labels)
            continue;
        out[count++] = (fovea_detection){.x0 = limit(row[0] * x_ratio, (float)image->width),
                                         .y0 = limit(row[1] * y_ratio, (float)image->height),
                                         .x1 = limit(row[2] * x_ratio, (float)image->width),
                                         .y1 = limit(row[3] * y_ratio, (float)image->height),
                                         .score = row[4], .label = label};
    }
    return count;
}

static fovea_status detect(fovea_model *model, const fovea_image *image, const fovea__detect_plan *plan,
                           fovea_detection *out, size_t capacity, size_t *count)
{
    fovea__detector *detector = NULL;
    FOVEA_TRY(fovea__detector_of(model, &detector));
    FOVEA_TRY(fovea__detector_run(model, detector, image, plan));
    float *rows = NULL;
    const size_t floats = 1 + 6 * (size_t)plan->most;
    FOVEA_TRY(fovea__allocate(&rows, floats, sizeof *rows, "detections"));
    const fovea_status status = fovea__buffer_read(detector->detections, 0, rows, floats * sizeof *rows);
    if (!status)
        *count = read_rows(model, rows + 1, (size_t)rows[0], image, plan, out, capacity);
    free(rows);
    return status;
}

fovea_status fovea_detect(fovea_model *model, const fovea_image *image, const fovea_detect_options *options,
                          fovea_detection *out, size_t capacity, size_t *count)
{
    FOVEA_CHECK_ARG(count, "fovea_detect: count is NULL");
    *count = 0;
    FOVEA_CHECK_ARG(model && image, "fovea_detect: model or image is NULL");
    FOVEA_CHECK_ARG(image->pixels && image->width > 0 && image->height > 0, "fovea_detect: the image is empty");
    FOVEA_CHECK_ARG(out || capacity == 0, "fovea_detect: out is NULL, but capacity is %zu", capacity);
    fovea__detect_plan plan;
    FOVEA_TRY(fovea__detect_plan_make(&plan, model, image, options));
    const fovea_status status = detect(model, image, &plan, out, capacity, count);
    if (status == FOVEA_ERROR_MEMORY || status == FOVEA_ERROR_UNSUPPORTED)
        return fovea__fail_in(status, "detecting at %d x %d pixels (a smaller size needs less)", plan.width, plan.height);
    return status;
}
