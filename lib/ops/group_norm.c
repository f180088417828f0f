/* Group norm: shapes, parts of pictures, launches. */
#include "group_norm.h"

#include "split.h"

enum { LEAST_RUN = 64, MOST_PARTS = 512, GROUP = 64 }; /* pixels to a part; parts to a picture; a GPU's work-items */

static size_t pixels_of(fovea__shape shape)
{
    return (size_t)shape.h * (size_t)shape.w;
}

/* Pixels of a part, over which one work-item sums. */
static size_t run_of(fovea__shape shape)
{
    const size_t run = fovea__split_parts(pixels_of(shape), MOST_PARTS);
    return run > LEAST_RUN ? run : LEAST_RUN;
}

static size_t parts_of(fovea__shape shape)
{
    return fovea__split_parts(pixels_of(shape), run_of(shape));
}

/* Shares out each picture's matrix of pixels by channels. run: as in fovea__split_matrix(). */
static fovea__split share_out(const fovea_device *device, fovea__shape shape, size_t run)
{
    fovea__split split = fovea__split_matrix(device, pixels_of(shape), (size_t)shape.c, run);
    split.grid = fovea__grid_2d(split.grid.global[0], (size_t)shape.n, split.grid.local[0], 1);
    return split;
}

/* A work-group for each group of each picture. */
static fovea__grid grid_of_groups(fovea__shape shape, int groups, size_t items)
{
    return fovea__grid_2d((size_t)groups * items, (size_t)shape.n, items, 1);
}

size_t fovea__group_norm_statistics_bytes(fovea__shape shape)
{
    return (size_t)shape.n * 2 * (size_t)shape.c * sizeof(float);
}

size_t fovea__group_norm_workspace_bytes(fovea__shape shape)
{
    return (size_t)shape.n * (2 * parts_of(shape) + 4) * (size_t)shape.c * sizeof(float);
}

static fovea_status check(fovea__shape shape, int groups, const fovea__tensor *vectors[], int n_vectors)
{
    FOVEA_CHECK_ARG(groups > 0 && shape.c % groups == 0, "group_norm: %d channels in %d groups", shape.c, groups);
    for (int i = 0; i < n_vectors; i++)
        FOVEA_CHECK_ARG(fovea__shape_equal(vectors[i]->shape, fovea__shape_vector(shape.c)),
                        "group_norm: a vector of %d x %d x %d x %d for %d channels", vectors[i]->shape.n,
                        vectors[i]->shape.h, vectors[i]->shape.w, vectors[i]->shape.c, shape.c);
    return FOVEA_OK;
}

static fovea_status find_statistics(fovea_device *device, const fovea__tensor *x, int groups, float epsilon,
                                    fovea__buffer *statistics, fovea__buffer *workspace)
{
    const fovea__shape shape = x->shape;
    const int pixels = (int)pixels_of(shape);
    const fovea__split split = share_out(device, shape, run_of(shape));
    fovea__count(device, 0, 4.0 * (double)fovea__shape_elements(shape));
    FOVEA_TRY(fovea__launch(device, "group_norm", "", "group_norm_moments",
                            (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_int(pixels),
                                           fovea__arg_int(shape.c), fovea__arg_int(split.rows),
                                           fovea__arg_int(split.columns), fovea__arg_buffer(workspace)},
                            6, split.grid));
    const size_t items = fovea__split_group(device, GROUP);
    return fovea__launch(device, "group_norm", "", "group_norm_statistics",
                         (fovea__arg[]){fovea__arg_buffer(workspace), fovea__arg_int(pixels), fovea__arg_int(shape.c),
                                        fovea__arg_int(shape.c / groups), fovea__arg_int(split.rows),
                                        fovea__arg_float(epsilon), fovea__arg_buffer(statistics),
                                        fovea__arg_local(items * sizeof(float))},
                         8, grid_of_groups(shape, groups, items));
}

fovea_status fovea__group_norm_forward(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                                       const fovea__tensor *beta, int groups, float epsilon, bool relu,
                                       fovea__tensor *y, fovea__buffer *statistics, fovea__buffer *workspace)
{
    const fovea__shape shape = x->shape;
    FOVEA_CHECK_ARG(fovea__shape_equal(shape, y->shape), "group_norm: shapes differ");
    FOVEA_TRY(check(shape, groups, (const fovea__tensor *[]){gamma, beta}, 2));
    if (fovea__shape_elements(shape) == 0)
        return FOVEA_OK;
    FOVEA_TRY(find_statistics(device, x, groups, epsilon, statistics, workspace));
    const fovea__split split = share_out(device, shape, 0);
    fovea__count(device, 0, 8.0 * (double)fovea__shape_elements(shape));
    return fovea__launch(device, "group_norm", x->buffer == y->buffer ? "-DY_IS_X" : "", "group_norm_apply",
                         (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_buffer(gamma->buffer),
                                        fovea__arg_buffer(beta->buffer), fovea__arg_buffer(statistics),
                                        fovea__arg_int(relu), fovea__arg_int((int)pixels_of(shape)),
                                        fovea__arg_int(shape.c), fovea__arg_int(split.rows),
                                        fovea__arg_int(split.columns), fovea__arg_buffer(y->buffer)},
                         10, split.grid);
}

/* Leaves the sums of each picture in the workspace, from float *sums on, behind those of its parts. */
static fovea_status find_sums(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma, int groups,
                              const fovea__buffer *statistics, const fovea__tensor *d_y, fovea__buffer *workspace,
                              int *sums)
{
    const fovea__shape shape = x->shape;
    const int pixels = (int)pixels_of(shape), n_parts = (int)parts_of(shape);
    const fovea__split split = share_out(device, shape, run_of(shape));
    *sums = shape.n * n_parts * 2 * shape.c;
    fovea__count(device, 0, 8.0 * (double)fovea__shape_elements(shape));
    FOVEA_TRY(fovea__launch(device, "group_norm_backward", "", "group_norm_products",
                            (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_buffer(d_y->buffer),
                                           fovea__arg_buffer(statistics), fovea__arg_int(pixels),
                                           fovea__arg_int(shape.c), fovea__arg_int(split.rows),
                                           fovea__arg_int(split.columns), fovea__arg_buffer(workspace)},
                            8, split.grid));
    const size_t items = fovea__split_group(device, GROUP);
    return fovea__launch(device, "group_norm_backward", "", "group_norm_sums",
                         (fovea__arg[]){fovea__arg_buffer(workspace), fovea__arg_int(n_parts),
                                        fovea__arg_buffer(gamma->buffer), fovea__arg_int(pixels),
                                        fovea__arg_int(shape.c), fovea__arg_int(shape.c / groups),
                                        fovea__arg_int(*sums), fovea__arg_local(items * sizeof(float))},
                         8, grid_of_groups(shape, groups, items));
}

fovea_status fovea__group_norm_backward(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                                        int groups, const fovea__buffer *statistics, const fovea__tensor *d_y,
                                        bool accumulate, fovea__tensor *d_gamma, fovea__tensor *d_beta,
                                        fovea__tensor *d_x, fovea__buffer *workspace)
{
    const fovea__shape shape = x->shape;
    int sums = 0;
    FOVEA_CHECK_ARG(fovea__shape_equal(shape, d_y->shape) && fovea__shape_equal(shape, d_x->shape),
                    "group_norm: shapes differ");
    FOVEA_TRY(check(shape, groups, (const fovea__tensor *[]){gamma, d_gamma, d_beta}, 3));
    FOVEA_TRY(find_sums(device, x, gamma, groups, statistics, d_y, workspace, &sums));
    FOVEA_TRY(fovea__launch(device, "group_norm_backward", "", "group_norm_parameters",
                            (fovea__arg[]){fovea__arg_buffer(workspace), fovea__arg_int(sums),
                                           fovea__arg_int(shape.n), fovea__arg_int(shape.c),
                                           fovea__arg_int(accumulate), fovea__arg_buffer(d_gamma->buffer),
                                           fovea__arg_buffer(d_beta->buffer)},
                            7, fovea__split_grid(device, (size_t)shape.c)));
    const fovea__split split = share_out(device, shape, 0);
    fovea__count(device, 0, 12.0 * (double)fovea__shape_elements(shape));
    return fovea__launch(device, "group_norm_backward", d_x->buffer == d_y->buffer ? "-DIN_PLACE" : "",
                         "group_norm_backward",
                         (fovea__arg[]){fovea__arg_buffer(x->buffer), fovea__arg_buffer(d_y->buffer),
                                        fovea__arg_buffer(gamma->buffer), fovea__arg_buffer(statistics),
                                        fovea__arg_buffer(workspace), fovea__arg_int(sums),
                                        fovea__arg_int((int)pixels_of(shape)), fovea__arg_int(shape.c),
                                        fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                        fovea__arg_buffer(d_x->buffer)},
                         11, split.grid);
}
