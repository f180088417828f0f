/* Decoding ahead: threads decode the pictures of a stream before they are asked for, and hand them out in order.
 *
 * The stream is either endless: `picture_at` says which picture of the data set is its k-th. It is called once a
 * picture, in ascending k, by the thread that creates the loader or asks for the next picture, never by the loader's own
 * threads. Or it is a list of files, each once. What is handed out depends on the stream only, not on the number of threads.
 * Pictures of a data set are augmented by the threads that decode them. */
#ifndef FOVEA_DATA_LOADER_H
#define FOVEA_DATA_LOADER_H

#include "augment.h"

typedef struct fovea__loader_options {
    const fovea_dataset *dataset;                     /* outlives the loader */
    uint64_t (*picture_at)(void *cookie, uint64_t k); /* below fovea_dataset_size() */
    void *cookie;
    fovea__augment_plan augment; /* of the data set's pictures */
    const char *const *paths; /* the stream is these files, and no data set is needed; they outlive the loader */
    size_t n_paths;
    uint64_t first; /* the stream begins at this k */
    int threads;    /* (0: 2) */
    int depth;      /* pictures decoded or being decoded ahead, which bounds memory (0: twice the threads) */
} fovea__loader_options;

typedef struct fovea__loader fovea__loader;

fovea_status fovea__loader_create(fovea__loader **out, const fovea__loader_options *options);

/* Stops the threads, which takes at most as long as the pictures being decoded. */
void fovea__loader_free(fovea__loader *loader);

typedef struct fovea__loaded {
    uint64_t k;        /* place in the stream */
    size_t index;      /* in the data set or the list */
    fovea_image image; /* the caller's, to be cleared */
    fovea__crop crop;  /* which part of the picture it is; width 0: all of it */
} fovea__loaded;

/* Waits for the next picture and hands it out. Fails where that picture cannot be read or is not of the size that its
 * annotations say; then *out has k and index but no image, and the stream goes on behind it. Of a list it must not be
 * called more often than there are files. */
fovea_status fovea__loader_next(fovea__loader *loader, fovea__loaded *out);

#endif
