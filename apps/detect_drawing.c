/* Drawing beside the device's work, see detect_drawing.h. */
#include "detect_drawing.h"

#include "pick_device.h"
#include "sheet.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ON_A_SHEET = 49, LABEL_SIZE = 128, MOST_JOBS = 4 };

/* A picture to be drawn. */
typedef struct job {
    size_t index, count;
    fovea_image image;
    draw_box *boxes;
    char (*labels)[LABEL_SIZE];
} job;

struct detect_drawing {
    const fovea_model *model;
    const folder_list *pictures, *names;
    const char *folder, *sheet_file;
    sheet sheet;
    int sheets; /* written so far */
    pthread_t thread;
    pthread_mutex_t lock; /* holds the following */
    pthread_cond_t changed;
    job jobs[MOST_JOBS]; /* a ring */
    size_t first, n_jobs;
    bool ended, failed;
};

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static bool draw_found(const detect_drawing *d, const job *j)
{
    char to[FOLDER_PATH], folder[FOLDER_PATH];
    fovea_image drawn = {0};
    if (!folder_join(to, d->folder, d->names->paths[j->index], NULL))
        return false;
    folder_above(folder, to);
    const bool good = folder_make(folder) && draw_picture(&drawn, &j->image, j->boxes, j->count) &&
                      told(fovea_image_write_jpeg(&drawn, to, 0));
    fovea_image_clear(&drawn);
    return good;
}

int detect_drawing_sheets(size_t pictures)
{
    return (int)((pictures + ON_A_SHEET - 1) / ON_A_SHEET);
}

bool detect_drawing_sheet_path(char out[FOLDER_PATH], const char *sheet_file, int number)
{
    const char *slash = strrchr(sheet_file, '/'), *dot = strrchr(slash ? slash : sheet_file, '.');
    char text[16] = "";
    if (number > 1)
        snprintf(text, sizeof text, "_%d", number);
    const int stem = (int)(dot ? dot - sheet_file : (long)strlen(sheet_file));
    const int length = snprintf(out, FOLDER_PATH, "%.*s%s%s", stem, sheet_file, text, dot ? dot : "");
    if (length >= FOLDER_PATH)
        fprintf(stderr, "fovea: %.200s...: the path is longer than %d bytes\n", sheet_file, FOLDER_PATH - 1);
    return length < FOLDER_PATH;
}

/* Writes the sheet that is being filled. */
static bool write_sheet(detect_drawing *d)
{
    char path[FOLDER_PATH];
    const bool good = detect_drawing_sheet_path(path, d->sheet_file, ++d->sheets) &&
                      told(fovea_image_write_jpeg(&d->sheet.image, path, 0));
    sheet_clear(&d->sheet);
    return good;
}

static bool add_to_sheet(detect_drawing *d, const job *j)
{
    const size_t left = d->pictures->count - j->index;
    if (!d->sheet.image.pixels && !sheet_create(&d->sheet, left < ON_A_SHEET ? left : ON_A_SHEET, 0, 0))
        return false;
    if (!sheet_add(&d->sheet, &j->image, j->boxes, j->count, d->pictures->paths[j->index]))
        return false;
    return d->sheet.used < ON_A_SHEET || write_sheet(d);
}

/* ---- the thread ------------------------------------------------------------------------------------------------ */

static void clear_job(job *j)
{
    fovea_image_clear(&j->image);
    free(j->boxes);
    free(j->labels);
    *j = (job){0};
}

/* Draws one after the other; a job keeps its place in the ring until it is done. */
static void *work(void *cookie)
{
    detect_drawing *d = cookie;
    pthread_mutex_lock(&d->lock);
    for (;;) {
        while (d->n_jobs == 0 && !d->ended)
            pthread_cond_wait(&d->changed, &d->lock);
        if (d->n_jobs == 0)
            break;
        job *j = &d->jobs[d->first];
        pthread_mutex_unlock(&d->lock);
        const bool drawn = !d->folder || draw_found(d, j), added = !d->sheet_file || add_to_sheet(d, j);
        clear_job(j);
        pthread_mutex_lock(&d->lock);
        d->failed = d->failed || !drawn || !added;
        d->first = (d->first + 1) % MOST_JOBS;
        d->n_jobs--;
        pthread_cond_broadcast(&d->changed);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

detect_drawing *detect_drawing_begin(const fovea_model *model, const folder_list *pictures, const char *folder,
                                     const folder_list *names, const char *sheet_file)
{
    detect_drawing *d = calloc(1, sizeof *d);
    if (!d) {
        fputs("fovea: out of memory for drawings\n", stderr);
        return NULL;
    }
    d->model = model;
    d->pictures = pictures;
    d->folder = folder;
    d->names = names;
    d->sheet_file = sheet_file;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    const int error = pthread_create(&d->thread, NULL, work, d);
    if (!error)
        return d;
    fprintf(stderr, "fovea: a thread that draws cannot be started: %s\n", strerror(error));
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d);
    return NULL;
}

bool detect_drawing_add(detect_drawing *d, size_t index, fovea_image *image, const fovea_detection *found, size_t count)
{
    job made = {.index = index, .count = count};
    made.boxes = calloc(count + 1, sizeof *made.boxes);
    made.labels = calloc(count + 1, sizeof *made.labels);
    if (!made.boxes || !made.labels) {
        fputs("fovea: out of memory for the detections of a picture\n", stderr);
        clear_job(&made);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const fovea_detection *f = &found[i];
        snprintf(made.labels[i], LABEL_SIZE, "%.*s %.2f", LABEL_SIZE - 16, fovea_model_label(d->model, f->label),
                 (double)f->score);
        made.boxes[i] = (draw_box){f->x0, f->y0, f->x1, f->y1, .label = f->label, .text = made.labels[i]};
    }
    made.image = *image;
    *image = (fovea_image){0};
    pthread_mutex_lock(&d->lock);
    while (d->n_jobs == MOST_JOBS)
        pthread_cond_wait(&d->changed, &d->lock);
    d->jobs[(d->first + d->n_jobs++) % MOST_JOBS] = made;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    return true;
}

bool detect_drawing_end(detect_drawing *d, bool keep)
{
    if (!d)
        return true;
    pthread_mutex_lock(&d->lock);
    d->ended = true;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    bool good = !d->failed;
    if (keep && d->sheet.image.pixels)
        good = write_sheet(d) && good;
    sheet_clear(&d->sheet);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d);
    return good;
}
