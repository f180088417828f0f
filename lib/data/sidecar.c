/* Where a COCO document stands beside files of other formats, and what counts as the same box, see sidecar.h. */
#include "sidecar.h"

#include "annotations.h"
#include "file.h"
#include "listing.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double TOLERANCE = 1e-3,
                    TOLERANCE_OF_SIDE = 1e-6; /* pixels: tools write YOLO's shares with six decimals */

bool fovea__format_holds(fovea_format format, const fovea__coco_box *box)
{
    for (int i = 0; i < 4; i++)
        if (!isfinite(box->box[i]))
            return false;
    return box->image >= 0 && box->category >= 0 && !(format == FOVEA_FORMAT_YOLO && box->crowd);
}

void fovea__box_corners(double out[4], const fovea__coco_box *box)
{
    for (int i = 0; i < 4; i++)
        out[i] = i < 2 ? box->box[i] : box->box[i] + box->box[i - 2];
}

double fovea__corner_tolerance(const int size[2])
{
    return TOLERANCE + TOLERANCE_OF_SIDE * (size[0] > size[1] ? size[0] : size[1]);
}

bool fovea__same_corners(const double a[4], const double b[4], const int size[2])
{
    const double tolerance = fovea__corner_tolerance(size);
    for (int i = 0; i < 4; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance))
            return false;
    return true;
}

bool fovea__same_name(const char *a, const char *b)
{
    static const char blanks[] = " \t\r\n";
    a += strspn(a, blanks);
    b += strspn(b, blanks);
    size_t n = strlen(a), k = strlen(b);
    while (n > 0 && strchr(blanks, a[n - 1]))
        n--;
    while (k > 0 && strchr(blanks, b[k - 1]))
        k--;
    return n == k && memcmp(a, b, n) == 0;
}

/* ---- where it stands ------------------------------------------------------------------------------------------- */

typedef struct place {
    char *path, *split; /* path NULL: there is none */
} place;

/* FOLDER/fovea.SPLIT.json, where that is there. */
static fovea_status set_place(place *out, const char *folder, const char *split, size_t length)
{
    const size_t room = strlen(folder) + length + sizeof "/fovea..json";
    FOVEA_TRY(fovea__allocate(&out->split, length + 1, 1, "a name"));
    memcpy(out->split, split, length);
    FOVEA_TRY(fovea__allocate(&out->path, room, 1, "a path"));
    strcat(strcat(strcat(strcpy(out->path, folder), "/fovea."), out->split), ".json");
    if (!fovea__file_is_missing(out->path))
        return FOVEA_OK;
    free(out->path);
    out->path = NULL;
    return FOVEA_OK;
}

/* Of a folder's documents the only one. */
static fovea_status find_only(place *out, const char *folder)
{
    fovea__listing listing;
    size_t found = 0, only = 0;
    FOVEA_TRY(fovea__listing_read(&listing, folder, (const char *const[]){".json", NULL}, false));
    for (size_t i = 0; i < listing.count; i++)
        if (strncmp(listing.names[i], "fovea.", 6) == 0 && strlen(listing.names[i]) > strlen("fovea..json")) {
            found++;
            only = i;
        }
    fovea_status status = FOVEA_OK;
    if (found == 1) {
        const char *name = listing.names[only] + strlen("fovea.");
        status = set_place(out, folder, name, strlen(name) - strlen(".json"));
    }
    fovea__listing_clear(&listing);
    return status;
}

/* Beside data.yaml, or above a folder ImageSets/Main; of a whole folder of XML where there is but one. */
static fovea_status find_place(place *out, fovea_format format, const char *annotations)
{
    const char *slash = strrchr(annotations, '/'), *hash = fovea__annotations_split(annotations);
    const bool whole = fovea__is_folder(annotations);
    char *folder = NULL;
    if (whole && format == FOVEA_FORMAT_YOLO)
        return FOVEA_OK;
    FOVEA_TRY(fovea__allocate(&folder, strlen(annotations) + sizeof "./../..", 1, "a path"));
    if (whole)
        strcpy(folder, annotations);
    else
        strncat(strcpy(folder, slash ? "" : "."), annotations, slash ? (size_t)(slash - annotations) : 0);
    fovea_status status = FOVEA_OK;
    if (whole) {
        char *inner = NULL;
        status = fovea__path_join(&inner, folder, "Annotations");
        if (!status && !fovea__is_folder(inner))
            strcat(folder, "/..");
        free(inner);
        if (!status)
            status = find_only(out, folder);
    } else if (format == FOVEA_FORMAT_YOLO) {
        const char *split = hash ? hash + 1 : "train";
        status = set_place(out, folder, split, strlen(split));
    } else {
        const char *name = slash ? slash + 1 : annotations, *dot = strrchr(name, '.');
        status = set_place(out, strcat(folder, "/../.."), name, dot ? (size_t)(dot - name) : strlen(name));
    }
    free(folder);
    return status;
}

fovea_status fovea__sidecar_merge(fovea__text *out, bool *found, const cJSON *native, fovea_format format,
                                  const char *annotations, bool texts, fovea__listing *places)
{
    place at = {0};
    char *text = NULL;
    size_t size = 0;
    *out = (fovea__text){0};
    fovea_status status = find_place(&at, format, annotations);
    *found = !status && at.path;
    if (*found)
        status = fovea__file_read(&text, &size, at.path, UINT32_MAX);
    if (*found && !status) {
        const fovea__sidecar kept = {text, at.path, at.split, size};
        status = fovea__sidecar_apply(out, &kept, native, format, annotations, texts, places);
    }
    free(text);
    free(at.path);
    free(at.split);
    return status;
}
