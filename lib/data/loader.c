/* A ring of `depth` slots: picture k of the stream lives in slot k % depth from the moment it is planned until it is
 * handed out. Slots are planned by the asking thread, claimed in order by the decoding ones.
 *
 *     taken <= claimed <= taken + depth, end  (the lock guards these, stop, and each slot's ready) */
#include "loader.h"

#include "dataset.h"
#include "image.h"
#include "memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 256, LARGEST_DEPTH = 65536 };

typedef struct slot {
    bool ready;
    size_t index;
    fovea_image image;
    fovea__crop crop;
    fovea_status status;
    char message[1024]; /* of a failure */
} slot;

struct fovea__loader {
    fovea__loader_options options;
    slot *slots;
    uint64_t taken, claimed; /* of the stream: the next to hand out, the next to decode */
    uint64_t end;            /* where the stream ends; UINT64_MAX where it does not */
    bool stop;
    pthread_mutex_t lock;
    pthread_cond_t work, done; /* a slot was planned (or stop); a slot became ready */
    pthread_t *threads;
    int n_threads;
};

static slot *slot_of(const fovea__loader *loader, uint64_t k)
{
    return &loader->slots[k % (uint64_t)loader->options.depth];
}

/* ---- decoding threads ------------------------------------------------------------------------------------------ */

/* Boxes are drawn on what people see, so the size that counts is that of the picture turned upright. */
static fovea_status check_size(const fovea_picture *picture, const fovea_image *image, int orientation)
{
    if ((picture->width == 0 || picture->width == image->width) &&
        (picture->height == 0 || picture->height == image->height))
        return FOVEA_OK;
    const bool unturned = orientation >= 5 && picture->width == image->height && picture->height == image->width;
    char why[160] = "";
    if (unturned)
        snprintf(why, sizeof why,
                 ", upright after its EXIF orientation %d; boxes and sizes are expected as people see "
                 "the picture, not as it is stored",
                 orientation);
    FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected %dx%d pixels as the annotations say, found %dx%d%s", picture->path,
               picture->width, picture->height, image->width, image->height, why);
}

static fovea_status copy_image(fovea_image *out, const fovea_image *from)
{
    FOVEA_TRY(fovea_image_create(out, from->width, from->height));
    memcpy(out->pixels, from->pixels, (size_t)from->width * (size_t)from->height * 3);
    return FOVEA_OK;
}

static fovea_status read_annotated(slot *s, const fovea__loader_options *o, uint64_t k)
{
    fovea_picture picture;
    int orientation = 1;
    FOVEA_TRY(fovea_dataset_picture(o->dataset, s->index, &picture));
    if (o->dataset->images)
        FOVEA_TRY(copy_image(&s->image, &o->dataset->images[s->index]));
    else
        FOVEA_TRY(fovea__image_read(&s->image, picture.path, &orientation));
    FOVEA_TRY(check_size(&picture, &s->image, orientation));
    return fovea__augment_picture(&o->augment, k, &picture, &s->image, &s->crop);
}

static void decode(const fovea__loader *loader, slot *s, uint64_t k)
{
    const fovea__loader_options *o = &loader->options;
    int orientation;
    s->status = o->paths ? fovea__image_read(&s->image, o->paths[s->index], &orientation) : read_annotated(s, o, k);
    if (s->status) {
        fovea_image_clear(&s->image);
        snprintf(s->message, sizeof s->message, "%s", fovea_error());
    }
}

static void *decode_slots(void *of)
{
    fovea__loader *loader = of;
    pthread_mutex_lock(&loader->lock);
    for (;;) {
        while (!loader->stop && (loader->claimed == loader->taken + (uint64_t)loader->options.depth ||
                                 loader->claimed == loader->end))
            pthread_cond_wait(&loader->work, &loader->lock);
        if (loader->stop)
            break;
        const uint64_t k = loader->claimed++;
        slot *s = slot_of(loader, k);
        pthread_mutex_unlock(&loader->lock);
        decode(loader, s, k);
        pthread_mutex_lock(&loader->lock);
        s->ready = true;
        pthread_cond_signal(&loader->done);
    }
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

/* ---- the asking thread ----------------------------------------------------------------------------------------- */

static void clear_slot(slot *s)
{
    fovea_image_clear(&s->image);
    s->crop = (fovea__crop){0};
    s->status = FOVEA_OK;
    s->ready = false;
}

static void plan(const fovea__loader *loader, uint64_t k)
{
    const fovea__loader_options *o = &loader->options;
    slot_of(loader, k)->index = (size_t)(o->paths ? k : o->picture_at(o->cookie, k));
}

/* The loader's threads take no signals: a program's handlers run where it expects them. */
static fovea_status start_threads(fovea__loader *loader)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int reason = 0;
    while (loader->n_threads < loader->options.threads && reason == 0) {
        reason = pthread_create(&loader->threads[loader->n_threads], NULL, decode_slots, loader);
        loader->n_threads += reason == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason)
        FOVEA_FAIL(FOVEA_ERROR_MEMORY, "thread %d of %d for decoding pictures cannot be started: %s",
                   loader->n_threads + 1, loader->options.threads, strerror(reason));
    return FOVEA_OK;
}

fovea_status fovea__loader_create(fovea__loader **out, const fovea__loader_options *options)
{
    *out = NULL;
    FOVEA_CHECK_ARG(options->paths ? options->n_paths > 0 : options->dataset && fovea_dataset_size(options->dataset) > 0,
                    "a loader needs pictures");
    FOVEA_CHECK_ARG(options->threads >= 0 && options->threads <= MOST_THREADS,
                    "%d threads for decoding pictures: expected 1 to %d, or 0 for 2", options->threads, MOST_THREADS);
    FOVEA_CHECK_ARG(options->depth >= 0 && options->depth <= LARGEST_DEPTH,
                    "%d pictures to decode ahead: expected 1 to %d, or 0 for twice the threads", options->depth,
                    LARGEST_DEPTH);
    fovea__loader *loader = NULL;
    FOVEA_TRY(fovea__allocate(&loader, 1, sizeof *loader, "a loader"));
    loader->options = *options;
    if (options->threads == 0)
        loader->options.threads = 2;
    if (options->depth == 0)
        loader->options.depth = 2 * loader->options.threads;
    loader->taken = loader->claimed = options->first;
    loader->end = options->paths ? options->n_paths : UINT64_MAX;
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->work, NULL);
    pthread_cond_init(&loader->done, NULL);
    const size_t depth = (size_t)loader->options.depth;
    fovea_status status = fovea__allocate(&loader->slots, depth, sizeof *loader->slots, "a loader");
    if (!status)
        status = fovea__allocate(&loader->threads, (size_t)loader->options.threads, sizeof(pthread_t), "a loader");
    for (size_t i = 0; !status && i < depth; i++)
        plan(loader, options->first + i);
    if (!status)
        status = start_threads(loader);
    if (status)
        fovea__loader_free(loader);
    else
        *out = loader;
    return status;
}

void fovea__loader_free(fovea__loader *loader)
{
    if (!loader)
        return;
    pthread_mutex_lock(&loader->lock);
    loader->stop = true;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->lock);
    for (int i = 0; i < loader->n_threads; i++)
        pthread_join(loader->threads[i], NULL);
    for (int i = 0; loader->slots && i < loader->options.depth; i++)
        clear_slot(&loader->slots[i]);
    pthread_cond_destroy(&loader->done);
    pthread_cond_destroy(&loader->work);
    pthread_mutex_destroy(&loader->lock);
    free(loader->threads);
    free(loader->slots);
    free(loader);
}

fovea_status fovea__loader_next(fovea__loader *loader, fovea__loaded *out)
{
    const uint64_t k = loader->taken;
    slot *s = slot_of(loader, k);
    pthread_mutex_lock(&loader->lock);
    while (!s->ready)
        pthread_cond_wait(&loader->done, &loader->lock);
    pthread_mutex_unlock(&loader->lock);

    /* The slot is this thread's until `taken` moves on. */
    *out = (fovea__loaded){.k = k, .index = s->index, .image = s->image, .crop = s->crop};
    const fovea_status status = s->status;
    if (status)
        fovea__fail(status, "%s", s->message);
    s->image = (fovea_image){0};
    clear_slot(s);
    plan(loader, k + (uint64_t)loader->options.depth);
    pthread_mutex_lock(&loader->lock);
    loader->taken++;
    pthread_cond_signal(&loader->work);
    pthread_mutex_unlock(&loader->lock);
    return status;
}
