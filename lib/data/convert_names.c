/* Names of pictures in folders of other formats, see convert.h. */
#include "convert.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

size_t fovea__convert_stem(const char *name)
{
    const char *slash = strrchr(name, '/'), *from = slash ? slash + 1 : name, *dot = strrchr(from, '.');
    return dot && dot > from ? (size_t)(dot - name) : strlen(name);
}

fovea_status fovea__convert_safe(char **out, const char *name)
{
    FOVEA_TRY(fovea__allocate(out, strlen(name) + sizeof "picture", 1, "a picture's name"));
    char *to = *out;
    while (*name) {
        const size_t length = strcspn(name, "/");
        const bool dots = (length == 1 || length == 2) && strncmp(name, "..", length) == 0;
        if (length > 0 && !dots) {
            if (to > *out)
                *to++ = '/';
            for (size_t i = 0; i < length; i++)
                *to++ = (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '_' : name[i];
        }
        name += length + (name[length] != '\0');
    }
    *to = '\0';
    if (to == *out)
        strcpy(to, "picture");
    return FOVEA_OK;
}

/* YOLO's readers put "labels" in place of the last folder "images": no other folder may bear that name. */
static fovea_status rename_images(char **name)
{
    fovea__text made = {0};
    const char *at = *name, *slash;
    fovea_status status = FOVEA_OK;
    for (; (slash = strchr(at, '/')) != NULL && !status; at = slash + 1) {
        const size_t length = (size_t)(slash - at);
        status = fovea__text_add(&made, at, length);
        if (!status)
            status = fovea__text_word(&made, length == 6 && strncmp(at, "images", 6) == 0 ? "_/" : "/");
    }
    if (!status)
        status = fovea__text_word(&made, at);
    if (status) {
        free(made.bytes);
        return status;
    }
    free(*name);
    *name = made.bytes;
    return FOVEA_OK;
}

static fovea_status prefix(char **name, const char *split)
{
    char *made = NULL;
    FOVEA_TRY(fovea__allocate(&made, strlen(split) + strlen(*name) + 2, 1, "a picture's name"));
    strcat(strcat(strcpy(made, split), "/"), *name);
    free(*name);
    *name = made;
    return FOVEA_OK;
}

static fovea_status first_name(char **out, const char *file_name, fovea_format format, const char *split)
{
    FOVEA_TRY(fovea__convert_safe(out, file_name));
    if (format == FOVEA_FORMAT_YOLO) {
        const size_t length = strlen(split);
        FOVEA_TRY(rename_images(out));
        return strncmp(*out, split, length) == 0 && (*out)[length] == '/' ? FOVEA_OK : prefix(out, split);
    }
    for (char *at = strchr(*out, '/'); at; at = strchr(at, '/'))
        *at = '_';
    return FOVEA_OK;
}

/* "a.jpg" as "a_2.jpg". */
static fovea_status number(char **name, size_t n)
{
    fovea__text made = {0};
    const size_t stem = fovea__convert_stem(*name);
    fovea_status status = fovea__text_add(&made, *name, stem);
    if (!status)
        status = fovea__text_word(&made, "_");
    if (!status)
        status = fovea__text_integer(&made, (int64_t)n);
    if (!status)
        status = fovea__text_word(&made, *name + stem);
    if (status) {
        free(made.bytes);
        return status;
    }
    free(*name);
    *name = made.bytes;
    return FOVEA_OK;
}

typedef struct stem_of {
    const char *name;
    size_t length, index;
} stem_of;

static int compare_stems(const stem_of *x, const stem_of *y)
{
    const size_t least = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->name, y->name, least);
    return order ? order : x->length < y->length ? -1 : x->length > y->length;
}

static int by_stem(const void *a, const void *b)
{
    const stem_of *x = a, *y = b;
    const int order = compare_stems(x, y);
    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* Numbers all but the first of the names that share a stem; a number may meet another name, so again until none
 * does. */
static fovea_status make_unique(char **names, size_t count)
{
    stem_of *stems = NULL;
    FOVEA_TRY(fovea__allocate(&stems, count, sizeof *stems, "names of pictures"));
    fovea_status status = FOVEA_OK;
    for (bool again = count > 1; again && !status;) {
        again = false;
        for (size_t i = 0; i < count; i++)
            stems[i] = (stem_of){names[i], fovea__convert_stem(names[i]), i};
        qsort(stems, count, sizeof *stems, by_stem);
        for (size_t first = 0, i = 1; i < count && !status; i++) {
            if (compare_stems(&stems[first], &stems[i]) != 0) {
                first = i;
                continue;
            }
            status = number(&names[stems[i].index], i - first + 1);
            again = true;
        }
    }
    free(stems);
    return status;
}

fovea_status fovea__convert_names(char ***out, const fovea__coco_index *of, fovea_format format, const char *split)
{
    FOVEA_TRY(fovea__allocate(out, of->n_images, sizeof **out, "names of pictures"));
    fovea_status status = FOVEA_OK;
    for (size_t i = 0; i < of->n_images && !status; i++)
        status = first_name(&(*out)[i], of->images[i].file_name, format, split);
    if (!status)
        status = make_unique(*out, of->n_images);
    if (status) {
        fovea__convert_names_free(*out, of->n_images);
        *out = NULL;
    }
    return status;
}

void fovea__convert_names_free(char **names, size_t count)
{
    for (size_t i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}
