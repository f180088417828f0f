/* Batch norm: shapes, the tree of moments, launches. */
#include "batch_norm.h"

#include "reduce.h"
#include "split.h"

#include <stdio.h>

enum { CHUNK_ROWS = 64 /* pixels, or parts, to a part */ };

static size_t pixels_of(fovea__shape shape)
{
    return (size_t)shape.n * (size_t)shape.h * (size_t)shape.w;
}

static fovea_status check_vector(const fovea__tensor *vector, int channels, const char *name)
{
    FOVEA_CHECK_ARG(fovea__shape_equal(vector->shape, fovea__shape_vector(channels)),
                    "batch_norm: %s is %d x %d x %d x %d for %d channels", name, vector->shape.n, vector->shape.h,
                    vector->shape.w, vector->shape.c, channels);
    return FOVEA_OK;
}

fovea_status fovea__batch_norm_fold(fovea_device *device, const fovea__tensor *gamma, const fovea__tensor *beta,
                                    const fovea__tensor *mean, const fovea__tensor *variance, float epsilon,
                                    fovea__tensor *scale, fovea__tensor *shift)
{
    const int channels = scale->shape.c;
    FOVEA_TRY(check_vector(gamma, channels, "gamma"));
    FOVEA_TRY(check_vector(beta, channels, "beta"));
    FOVEA_TRY(check_vector(mean, channels, "the mean"));
    FOVEA_TRY(check_vector(variance, channels, "the variance"));
    FOVEA_TRY(check_vector(shift, channels, "the shift"));
    return fovea__launch(device, "batch_norm", "", "batch_norm_fold",
                         (fovea__arg[]){fovea__arg_buffer(gamma->buffer), fovea__arg_buffer(beta->buffer),
                                        fovea__arg_buffer(mean->buffer), fovea__arg_buffer(variance->buffer),
                                        fovea__arg_float(epsilon), fovea__arg_int(channels),
                                        fovea__arg_buffer(scale->buffer), fovea__arg_buffer(shift->buffer)},
                         8, fovea__split_grid(device, (size_t)channels));
}

size_t fovea__batch_norm_workspace_bytes(fovea__shape shape)
{
    /* Pairs of rows: a 64th of the pixels, a 64th of those, ... : at most a 63rd and one more a launch, of which there
     * are at most six; and backward's sums. */
    return (pixels_of(shape) / 32 + 8) * 2 * (size_t)shape.c * sizeof(float);
}

/* Leaves mean and sum of squared distances of every channel in the workspace, 2 x channels floats from *at. */
static fovea_status find_moments(fovea_device *device, const fovea__tensor *x, fovea__buffer *workspace, size_t *at)
{
    const size_t count = pixels_of(x->shape), channels = (size_t)x->shape.c;
    const fovea__buffer *from = x->buffer;
    size_t first = 0, next = 0, rows = count, span = 1;
    fovea__count(device, 0, 4.0 * (double)(count * channels));
    do {
        const fovea__split split = fovea__split_matrix(device, rows, channels, CHUNK_ROWS);
        FOVEA_TRY(fovea__launch(device, "batch_norm", "", "batch_norm_moments",
                                (fovea__arg[]){fovea__arg_buffer(from), fovea__arg_int((int)first),
                                               fovea__arg_int((int)rows), fovea__arg_int((int)span),
                                               fovea__arg_int((int)count), fovea__arg_int((int)channels),
                                               fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                               fovea__arg_buffer(workspace), fovea__arg_int((int)next)},
                                10, split.grid));
        from = workspace;
        first = next;
        rows = fovea__split_parts(rows, CHUNK_ROWS);
        next += rows * 2 * channels;
        span *= CHUNK_ROWS;
    } while (rows > 1);
    *at = first;
    return FOVEA_OK;
}

static fovea_status apply(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                          const fovea__tensor *beta, const fovea__tensor *mean, const fovea__tensor *inverse,
                          const fovea__tensor *residual, bool relu, fovea__tensor *y)
{
    const size_t rows = pixels_of(x->shape), channels = (size_t)x->shape.c;
    const fovea__split split = fovea__split_matrix(device, rows, channels, 0);
    fovea__count(device, 0, (residual ? 12.0 : 8.0) * (double)(rows * channels));
    char options[32];
    snprintf(options, sizeof options, "%s%s", x->buffer == y->buffer ? "-DY_IS_X " : "",
             residual && residual->buffer == y->buffer ? "-DY_IS_RESIDUAL" : "");
    return fovea__launch(device, "batch_norm", options, "batch_norm_apply",
                         (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_buffer(gamma->buffer),
                                        fovea__arg_buffer(beta->buffer), fovea__arg_buffer(mean->buffer),
                                        fovea__arg_buffer(inverse->buffer),
                                        fovea__arg_buffer(residual ? residual->buffer : NULL),
                                        fovea__arg_int(relu), fovea__arg_int((int)rows),
                                        fovea__arg_int((int)channels), fovea__arg_int(split.rows),
                                        fovea__arg_int(split.columns), fovea__arg_buffer(y->buffer)},
                         12, split.grid);
}

fovea_status fovea__batch_norm_forward(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                                       const fovea__tensor *beta, float epsilon, float momentum,
                                       const fovea__tensor *residual, bool relu, fovea__tensor *y,
                                       fovea__tensor *saved_mean, fovea__tensor *saved_inverse_deviation,
                                       fovea__tensor *running_mean, fovea__tensor *running_variance,
                                       fovea__buffer *workspace)
{
    const int channels = x->shape.c;
    const size_t pixels = pixels_of(x->shape);
    FOVEA_CHECK_ARG(fovea__shape_equal(x->shape, y->shape) &&
                        (!residual || fovea__shape_equal(x->shape, residual->shape)),
                    "batch_norm: shapes differ");
    FOVEA_TRY(check_vector(gamma, channels, "gamma"));
    FOVEA_TRY(check_vector(beta, channels, "beta"));
    FOVEA_TRY(check_vector(saved_mean, channels, "the saved mean"));
    FOVEA_TRY(check_vector(saved_inverse_deviation, channels, "the saved deviation"));
    FOVEA_TRY(check_vector(running_mean, channels, "the running mean"));
    FOVEA_TRY(check_vector(running_variance, channels, "the running variance"));
    if (pixels == 0)
        return FOVEA_OK;
    size_t at = 0;
    FOVEA_TRY(find_moments(device, x, workspace, &at));
    FOVEA_TRY(fovea__launch(device, "batch_norm", "", "batch_norm_statistics",
                            (fovea__arg[]){fovea__arg_buffer(workspace), fovea__arg_int((int)at),
                                           fovea__arg_int((int)pixels), fovea__arg_int(channels),
                                           fovea__arg_float(epsilon), fovea__arg_float(momentum),
                                           fovea__arg_buffer(saved_mean->buffer),
                                           fovea__arg_buffer(saved_inverse_deviation->buffer),
                                           fovea__arg_buffer(running_mean->buffer),
                                           fovea__arg_buffer(running_variance->buffer)},
                            10, fovea__split_grid(device, (size_t)channels)));
    return apply(device, x, gamma, beta, saved_mean, saved_inverse_deviation, residual, relu, y);
}

/* Leaves d_beta and d_gamma in the workspace's first 2 x channels floats. */
static fovea_status find_sums(fovea_device *device, const fovea__tensor *x, const fovea__tensor *mean,
                              const fovea__tensor *inverse, const fovea__tensor *d_y, fovea__buffer *workspace)
{
    const size_t rows = pixels_of(x->shape), channels = (size_t)x->shape.c, first = 2 * channels;
    const size_t parts = fovea__split_parts(rows, CHUNK_ROWS);
    const fovea__split split = fovea__split_matrix(device, rows, channels, CHUNK_ROWS);
    fovea__count(device, 0, 8.0 * (double)(rows * channels));
    FOVEA_TRY(fovea__launch(device, "batch_norm_backward", "", "batch_norm_products",
                            (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_buffer(d_y->buffer),
                                           fovea__arg_buffer(mean->buffer), fovea__arg_buffer(inverse->buffer),
                                           fovea__arg_int((int)rows), fovea__arg_int((int)channels),
                                           fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                           fovea__arg_buffer(workspace), fovea__arg_int((int)first)},
                            10, split.grid));
    return fovea__reduce_rows(device, workspace, first, parts, 2 * channels, false, workspace, workspace,
                              first + parts * 2 * channels);
}

fovea_status fovea__batch_norm_backward(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                                        const fovea__tensor *saved_mean,
                                        const fovea__tensor *saved_inverse_deviation, const fovea__tensor *d_y,
                                        bool accumulate, fovea__tensor *d_gamma, fovea__tensor *d_beta,
                                        fovea__tensor *d_x, fovea__buffer *workspace)
{
    const int channels = x->shape.c;
    const size_t pixels = pixels_of(x->shape);
    FOVEA_CHECK_ARG(fovea__shape_equal(x->shape, d_y->shape) && fovea__shape_equal(x->shape, d_x->shape),
                    "batch_norm: shapes differ");
    FOVEA_TRY(check_vector(gamma, channels, "gamma"));
    FOVEA_TRY(check_vector(saved_mean, channels, "the saved mean"));
    FOVEA_TRY(check_vector(saved_inverse_deviation, channels, "the saved deviation"));
    FOVEA_TRY(check_vector(d_gamma, channels, "d_gamma"));
    FOVEA_TRY(check_vector(d_beta, channels, "d_beta"));
    FOVEA_TRY(find_sums(device, x, saved_mean, saved_inverse_deviation, d_y, workspace));
    FOVEA_TRY(fovea__launch(device, "batch_norm_backward", "", "batch_norm_parameters",
                            (fovea__arg[]){fovea__arg_buffer(workspace), fovea__arg_int(channels),
                                           fovea__arg_int(accumulate), fovea__arg_buffer(d_gamma->buffer),
                                           fovea__arg_buffer(d_beta->buffer)},
                            5, fovea__split_grid(device, (size_t)channels)));
    const fovea__split split = fovea__split_matrix(device, pixels, (size_t)channels, 0);
    fovea__count(device, 0, 12.0 * (double)(pixels * (size_t)channels));
    return fovea__launch(device, "batch_norm_backward", d_x->buffer == d_y->buffer ? "-DIN_PLACE" : "",
                         "batch_norm_backward",
                         (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_buffer(d_y->buffer),
                                        fovea__arg_buffer(gamma->buffer), fovea__arg_buffer(saved_mean->buffer),
                                        fovea__arg_buffer(saved_inverse_deviation->buffer),
                                        fovea__arg_buffer(workspace), fovea__arg_int((int)pixels),
                                        fovea__arg_int(channels), fovea__arg_int(split.rows),
                                        fovea__arg_int(split.columns), fovea__arg_buffer(d_x->buffer)},
                         11, split.grid);
}
