/* Opening the pictures: some threads decode, the calling one waits and reports; then what was found is told in the order
 * of the file, and pictures that show the same are found by the hash of what they show. */
#include "inspection.h"

#include "hash.h"
#include "file.h"
#include "image.h"
#include "memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_THREADS = 16 };

/* ---- decoding -------------------------------------------------------------------------------------------------- */

typedef struct work {
    fovea__seen_picture **pictures;
    size_t count, next, done; /* the lock guards next and done */
    pthread_mutex_t lock;
    pthread_cond_t moved;
} work;

static void look(fovea__seen_picture *picture)
{
    fovea_image image;
    picture->status = fovea__image_read(&image, picture->path, &picture->orientation);
    if (picture->status) {
        if (fovea__copy_text(&picture->why, fovea_error()))
            picture->status = FOVEA_ERROR_MEMORY;
        return;
    }
    const int size[2] = {image.width, image.height};
    picture->true_width = image.width;
    picture->true_height = image.height;
    picture->hash = fovea__hash(fovea__hash(FOVEA__HASH_EMPTY, size, sizeof size), image.pixels,
                                (size_t)image.width * (size_t)image.height * 3);
    fovea_image_clear(&image);
}

static void *look_at_pictures(void *of)
{
    work *w = of;
    pthread_mutex_lock(&w->lock);
    while (w->next < w->count) {
        fovea__seen_picture *picture = w->pictures[w->next++];
        pthread_mutex_unlock(&w->lock);
        look(picture);
        pthread_mutex_lock(&w->lock);
        w->done++;
        pthread_cond_signal(&w->moved);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* The threads take no signals: a program's handlers run where it expects them. */
static int start(pthread_t *threads, int wanted, work *w)
{
    sigset_t all, before;
    int started = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < wanted && pthread_create(&threads[started], NULL, look_at_pictures, w) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void wait_for(work *w, const fovea_inspect_options *options)
{
    size_t shown = 0;
    pthread_mutex_lock(&w->lock);
    while (shown < w->count) {
        while (w->done == shown)
            pthread_cond_wait(&w->moved, &w->lock);
        shown = w->done;
        pthread_mutex_unlock(&w->lock);
        if (options->report)
            options->report(options->cookie, shown, w->count);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

static void decode(work *w, const fovea_inspect_options *options)
{
    pthread_t threads[MOST_THREADS];
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int wanted = options->threads ? options->threads : processors > 0 ? (int)processors : 1;
    if (wanted > MOST_THREADS)
        wanted = MOST_THREADS;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->moved, NULL);
    const int started = w->count ? start(threads, wanted, w) : 0;
    if (started == 0)
        look_at_pictures(w);
    else
        wait_for(w, options);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&w->moved);
    pthread_mutex_destroy(&w->lock);
}

static void gather(work *w, fovea__seen_picture *pictures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pictures[i].path && !pictures[i].out)
            w->pictures[w->count++] = &pictures[i];
}

static fovea_status decode_all(fovea_inspection *in, const fovea_inspect_options *options)
{
    work w = {0};
    FOVEA_TRY(fovea__allocate(&w.pictures, in->n_pictures + in->n_others, sizeof *w.pictures, "pictures"));
    gather(&w, in->pictures, in->n_pictures);
    gather(&w, in->others, in->n_others);
    decode(&w, options);
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < w.count && !status; i++)
        if (w.pictures[i]->status == FOVEA_ERROR_MEMORY)
            status = fovea__fail(FOVEA_ERROR_MEMORY, "%s",
                                 w.pictures[i]->why ? w.pictures[i]->why : "out of memory for a picture");
    free(w.pictures);
    return status;
}

/* ---- telling --------------------------------------------------------------------------------------------------- */

static fovea_status leave_out(fovea_inspection *in, size_t index)
{
    in->pictures[index].out = true;
    return fovea__inspection_edit(in, FOVEA__IMAGES, index, NULL, NULL);
}

static fovea_status tell_unread(fovea_inspection *in, size_t index)
{
    const fovea__seen_picture *picture = &in->pictures[index];
    const bool missing = fovea__file_is_missing(picture->path);
    const fovea_fault_kind kind = missing ? FOVEA_FAULT_PICTURE_MISSING : FOVEA_FAULT_PICTURE_BROKEN;
    if (in->format == FOVEA_FORMAT_COCO)
        FOVEA_TRY(fovea__inspection_tell(in, fovea__inspect_fault_of_picture(picture, kind), index,
                                         "images[%zu] (id %lld): %s", index, (long long)picture->id, picture->why));
    else
        FOVEA_TRY(fovea__inspection_tell(in, fovea__inspect_fault_of_picture(picture, kind), index, "%s", picture->why));
    return leave_out(in, index);
}

static fovea_status write_size(fovea_inspection *in, size_t index)
{
    const fovea__seen_picture *picture = &in->pictures[index];
    FOVEA_TRY(fovea__inspection_edit(in, FOVEA__IMAGES, index, "width", "%d", picture->true_width));
    return fovea__inspection_edit(in, FOVEA__IMAGES, index, "height", "%d", picture->true_height);
}

static fovea_status tell_size(fovea_inspection *in, size_t index)
{
    fovea__seen_picture *picture = &in->pictures[index];
    const int width = picture->width, height = picture->height;
    const bool said = width > 0 && height > 0, same = width == picture->true_width && height == picture->true_height;
    char name[FOVEA__INSPECT_NAME];
    fovea__inspect_picture_name(in, index, name);
    picture->turned = !same && picture->orientation >= 5 && width == picture->true_height &&
                      height == picture->true_width;
    if (!said) {
        FOVEA_TRY(fovea__inspection_tell(in, fovea__inspect_fault_of_picture(picture, FOVEA_NOTE_NO_SIZE), index,
                                         "%s: no width or no height; the file has %dx%d", name, picture->true_width,
                                         picture->true_height));
    } else if (picture->turned) {
        FOVEA_TRY(fovea__inspection_tell(in, fovea__inspect_fault_of_picture(picture, FOVEA_FAULT_PICTURE_TURNED),
                                         index, "%s: %dx%d is the size as stored; people see %dx%d, as the EXIF "
                                         "orientation %d turns it", name, width, height, picture->true_width,
                                         picture->true_height, picture->orientation));
    } else if (!same) {
        FOVEA_TRY(fovea__inspection_tell(in, fovea__inspect_fault_of_picture(picture, FOVEA_FAULT_PICTURE_SIZE), index,
                                         "%s: the annotations say %dx%d pixels, the file has %dx%d", name, width, height,
                                         picture->true_width, picture->true_height));
    } else if (picture->orientation != 1 && (picture->orientation < 5 || width == height)) {
        fovea_fault note = fovea__inspect_fault_of_picture(picture, FOVEA_NOTE_TURNED);
        note.mended = false;
        FOVEA_TRY(fovea__inspection_tell(in, note, index, "%s: EXIF turns it (orientation %d)", name,
                                         picture->orientation));
    }
    return same ? FOVEA_OK : write_size(in, index);
}

/* Keys of the pictures that could be read: the hash as id. */
static fovea_status hash_keys(fovea__keys *out, const fovea__seen_picture *pictures, size_t count)
{
    FOVEA_TRY(fovea__allocate(&out->items, count, sizeof *out->items, "pictures by content"));
    for (size_t i = 0; i < count; i++)
        if (!pictures[i].out && pictures[i].path && !pictures[i].status)
            out->items[out->count++] = (fovea__key){.id = (int64_t)pictures[i].hash, .index = i};
    fovea__keys_sort(out);
    return FOVEA_OK;
}

static fovea_status tell_same_content(fovea_inspection *in, const fovea__keys *keys)
{
    size_t first = 0;
    for (size_t i = 1; i < keys->count; i++) {
        if (keys->items[i].id != keys->items[first].id) {
            first = i;
            continue;
        }
        const size_t index = keys->items[i].index, other = keys->items[first].index;
        fovea_fault fault = fovea__inspect_fault_of_picture(&in->pictures[index], FOVEA_FAULT_PICTURE_TWICE);
        fault.mended = false;
        fault.fix = "keep the one whose boxes are right";
        char name[FOVEA__INSPECT_NAME], other_name[FOVEA__INSPECT_NAME];
        FOVEA_TRY(fovea__inspection_tell(in, fault, index, "%s shows the same as %s",
                                         fovea__inspect_picture_name(in, index, name),
                                         fovea__inspect_picture_name(in, other, other_name)));
    }
    return FOVEA_OK;
}

static fovea_status tell_shared(fovea_inspection *in, const fovea__keys *keys, const char *against)
{
    fovea__keys others = {0};
    fovea_status status = hash_keys(&others, in->others, in->n_others);
    for (size_t i = 0; i < keys->count && !status; i++) {
        const size_t index = keys->items[i].index, at = fovea__keys_find(&others, keys->items[i].id);
        if (at == SIZE_MAX)
            continue;
        char name[FOVEA__INSPECT_NAME];
        const fovea__seen_picture *own = &in->pictures[index], *other = &in->others[others.items[at].index];
        status = fovea__inspection_tell(in, fovea__inspect_fault_of_picture(own, FOVEA_FAULT_PICTURE_SHARED), index,
                                        "%s shows the same as %s (id %lld) of %s",
                                        fovea__inspect_picture_name(in, index, name), other->file_name,
                                        (long long)other->id, against);
        if (!status)
            status = leave_out(in, index);
    }
    free(others.items);
    return status;
}

/* A wrong folder is one mistake, not a fault a picture. */
static fovea_status expect_some(const fovea__seen_picture *pictures, size_t count, const char *images_dir)
{
    const char **names = NULL;
    size_t n = 0;
    FOVEA_TRY(fovea__allocate(&names, count, sizeof *names, "pictures' names"));
    for (size_t i = 0; i < count; i++)
        if (pictures[i].path && !pictures[i].out)
            names[n++] = pictures[i].file_name;
    const fovea_status status = fovea_images_check(images_dir, names, n);
    free(names);
    return status;
}

fovea_status fovea__inspect_files(fovea_inspection *in, const fovea_inspect_options *options)
{
    if (in->wants_pictures) {
        const char *folder = options->against_images ? options->against_images : in->images_dir;
        FOVEA_TRY(expect_some(in->pictures, in->n_pictures, in->images_dir));
        if (options->against)
            FOVEA_TRY(expect_some(in->others, in->n_others, folder));
    }
    FOVEA_TRY(decode_all(in, options));
    for (size_t i = 0; i < in->n_pictures; i++)
        if (!in->pictures[i].out)
            FOVEA_TRY(in->pictures[i].status ? tell_unread(in, i) : tell_size(in, i));
    fovea__keys keys = {0};
    FOVEA_TRY(hash_keys(&keys, in->pictures, in->n_pictures));
    fovea_status status = tell_same_content(in, &keys);
    if (!status)
        status = tell_shared(in, &keys, options->against);
    free(keys.items);
    return status;
}
