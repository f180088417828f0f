/* Formats told apart, and COCO documents made; see annotations.h. */
#include "annotations.h"

#include "coco.h"
#include "file.h"
#include "images_dir.h"
#include "listing.h"
#include "memory.h"
#include "sidecar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- documents ------------------------------------------------------------------------------------------------- */

static fovea_status out_of_memory(void)
{
    FOVEA_FAIL(FOVEA_ERROR_MEMORY, "out of memory for a data set's annotations");
}

fovea_status fovea__document_begin(fovea__document *document)
{
    *document = (fovea__document){.root = cJSON_CreateObject()};
    document->images = cJSON_AddArrayToObject(document->root, "images");
    document->categories = cJSON_AddArrayToObject(document->root, "categories");
    document->annotations = cJSON_AddArrayToObject(document->root, "annotations");
    if (document->images && document->categories && document->annotations)
        return FOVEA_OK;
    fovea__document_drop(document);
    return out_of_memory();
}

void fovea__document_drop(fovea__document *document)
{
    cJSON_Delete(document->root);
    *document = (fovea__document){0};
}

fovea_status fovea__document_pass(const fovea__document *document, fovea_status status)
{
    const bool passes = document->met && (status == FOVEA_ERROR_FORMAT || status == FOVEA_ERROR_IO);
    return passes ? fovea__listing_add(document->met, fovea_error()) : status;
}

/* Puts a finished row into a list, or frees it. */
static fovea_status put(cJSON *list, cJSON *row, bool whole)
{
    if (whole && cJSON_AddItemToArray(list, row))
        return FOVEA_OK;
    cJSON_Delete(row);
    return out_of_memory();
}

fovea_status fovea__document_category(fovea__document *document, int64_t id, const char *name)
{
    cJSON *row = cJSON_CreateObject();
    return put(document->categories, row,
               cJSON_AddNumberToObject(row, "id", (double)id) && cJSON_AddStringToObject(row, "name", name));
}

fovea_status fovea__document_picture(fovea__document *document, const char *file_name, int width, int height)
{
    cJSON *row = cJSON_CreateObject();
    bool whole = cJSON_AddNumberToObject(row, "id", (double)++document->n_images) &&
                 cJSON_AddStringToObject(row, "file_name", file_name);
    if (whole && width > 0 && height > 0)
        whole = cJSON_AddNumberToObject(row, "width", width) && cJSON_AddNumberToObject(row, "height", height);
    document->last_image = row;
    return put(document->images, row, whole);
}

fovea_status fovea__document_keep(cJSON *in, const char *format, const char *key, const char *text)
{
    cJSON *extra = cJSON_GetObjectItemCaseSensitive(in, format);
    if (!extra)
        extra = cJSON_AddObjectToObject(in, format);
    return cJSON_AddStringToObject(extra, key, text) ? FOVEA_OK : out_of_memory();
}

fovea_status fovea__document_box(fovea__document *document, int64_t image_id, int64_t category_id,
                                 const double corners[4], bool crowd)
{
    const double box[4] = {corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]};
    cJSON *row = cJSON_CreateObject(), *list = cJSON_CreateDoubleArray(box, 4);
    bool whole = cJSON_AddNumberToObject(row, "id", (double)++document->n_annotations) &&
                 cJSON_AddNumberToObject(row, "image_id", (double)image_id) &&
                 cJSON_AddNumberToObject(row, "category_id", (double)category_id);
    if (whole && list && cJSON_AddItemToObject(row, "bbox", list))
        list = NULL;
    else
        whole = false;
    cJSON_Delete(list);
    whole = whole && cJSON_AddNumberToObject(row, "area", box[2] * box[3]) &&
            cJSON_AddNumberToObject(row, "iscrowd", crowd);
    return put(document->annotations, row, whole);
}

/* ---- telling formats apart ------------------------------------------------------------------------------------- */

static fovea_status holds(bool *out, const char *folder, const char *ending)
{
    fovea__listing listing;
    FOVEA_TRY(fovea__listing_read(&listing, folder, (const char *const[]){ending, NULL}, false));
    *out = listing.count > 0;
    fovea__listing_clear(&listing);
    return FOVEA_OK;
}

static fovea_status recognise_folder(fovea_format *out, const char *path)
{
    char *inner = NULL;
    bool xml = false, text = false, yaml = false;
    FOVEA_TRY(fovea__path_join(&inner, path, "Annotations"));
    xml = fovea__is_folder(inner);
    free(inner);
    FOVEA_TRY(fovea__path_join(&inner, path, "data.yaml"));
    yaml = fovea__is_file(inner);
    free(inner);
    if (!xml)
        FOVEA_TRY(holds(&xml, path, ".xml"));
    if (!xml && !yaml)
        FOVEA_TRY(holds(&text, path, ".txt"));
    *out = xml ? FOVEA_FORMAT_VOC : yaml || text ? FOVEA_FORMAT_YOLO : FOVEA_FORMAT_ANY;
    return FOVEA_OK;
}

/* JSON begins with a bracket, behind blanks and a byte order mark. */
static bool begins_as_json(const char *path)
{
    FILE *stream = fopen(path, "rb");
    int c = ' ';
    while (stream && c > 0 && strchr(" \t\n\r\xef\xbb\xbf", c))
        c = fgetc(stream);
    if (stream)
        fclose(stream);
    return c == '{' || c == '[';
}

const char *fovea__annotations_split(const char *annotations)
{
    const char *hash = strrchr(annotations, '#');
    return hash && !strchr(hash, '/') && fovea__file_is_missing(annotations) ? hash : NULL;
}

/* What is not there is left to COCO's reader, which says so. */
fovea_status fovea__annotations_tell(fovea_format *out, const char *path)
{
    if (*out != FOVEA_FORMAT_ANY)
        return FOVEA_OK;
    const char *split = fovea__annotations_split(path);
    const size_t length = split ? (size_t)(split - path) : strlen(path);
    struct stat facts;
    if ((length > 5 && strncmp(path + length - 5, ".yaml", 5) == 0) ||
        (length > 4 && strncmp(path + length - 4, ".yml", 4) == 0))
        *out = FOVEA_FORMAT_YOLO;
    else if (fovea__is_folder(path))
        FOVEA_TRY(recognise_folder(out, path));
    else if (fovea__ends_in(path, ".json") || stat(path, &facts) != 0 || begins_as_json(path))
        *out = FOVEA_FORMAT_COCO;
    else if (fovea__ends_in(path, ".txt")) {
        char *folder = NULL;
        FOVEA_TRY(fovea__voc_list_folder(&folder, path));
        *out = folder ? FOVEA_FORMAT_VOC : FOVEA_FORMAT_ANY;
        free(folder);
    }
    if (*out == FOVEA_FORMAT_ANY)
        FOVEA_FAIL(
            FOVEA_ERROR_FORMAT,
            "%s: annotations of no known format: looked for COCO's JSON, for Pascal VOC (a folder of *.xml, or a "
            "list in ImageSets/Main beside a folder Annotations) and for YOLO (data.yaml, or a folder of *.txt)",
            path);
    return FOVEA_OK;
}

/* Which format annotations are in, and where: of a folder with data.yaml that file. *path is freed with free(). */
static fovea_status locate(char **path, fovea_format *format, const char *annotations)
{
    *path = NULL;
    FOVEA_TRY(fovea__annotations_tell(format, annotations));
    if (*format == FOVEA_FORMAT_YOLO && fovea__is_folder(annotations)) {
        FOVEA_TRY(fovea__path_join(path, annotations, "data.yaml"));
        if (fovea__is_file(*path))
            return FOVEA_OK;
        free(*path);
        *path = NULL;
    }
    return fovea__copy_text(path, annotations);
}

/* Pascal VOC and YOLO. */
static fovea_status read_native(cJSON **out, fovea_format format, const char *images_dir, const char *annotations,
                                bool extras, fovea__listing *met)
{
    *out = NULL;
    if (format == FOVEA_FORMAT_VOC)
        return fovea__voc_read(out, annotations, extras, met);
    if (format == FOVEA_FORMAT_YOLO)
        return fovea__yolo_read(out, images_dir, annotations, extras, met);
    FOVEA_FAIL(FOVEA_ERROR_ARGUMENT, "%s: %d is no format of annotations", annotations, (int)format);
}

static fovea_status read_merged(cJSON **out, fovea_format format, const char *images_dir, const char *annotations,
                                const char *unread, fovea__listing *met)
{
    if (format == FOVEA_FORMAT_COCO)
        return fovea__json_read(out, annotations, unread);
    FOVEA_TRY(read_native(out, format, images_dir, annotations, false, met));
    fovea__text merged = {0};
    bool found = false;
    fovea_status status = fovea__sidecar_merge(&merged, &found, *out, format, annotations, false, NULL);
    if (found || status) {
        cJSON_Delete(*out);
        *out = NULL;
    }
    if (!status && found)
        status = fovea__json_parse(out, merged.bytes, merged.used, annotations, unread);
    free(merged.bytes);
    return status;
}

fovea_status fovea__annotations_look(cJSON **out, const char *images_dir, const char *annotations, fovea_format *format,
                                     const char *unread, fovea__listing *met)
{
    char *path = NULL;
    *out = NULL;
    FOVEA_TRY(locate(&path, format, annotations));
    const fovea_status status = read_merged(out, *format, images_dir, path, unread, met);
    free(path);
    return status;
}

fovea_status fovea__annotations_read(cJSON **out, const char *images_dir, const char *annotations, fovea_format format,
                                     const char *unread)
{
    return fovea__annotations_look(out, images_dir, annotations, &format, unread, NULL);
}

static fovea_status read_text(fovea__text *out, fovea__listing *places, fovea_format format, const char *images_dir,
                              const char *annotations, bool plain)
{
    cJSON *native = NULL;
    bool found = false;
    if (format == FOVEA_FORMAT_COCO)
        return fovea__file_read(&out->bytes, &out->used, annotations, UINT32_MAX);
    fovea_status status = read_native(&native, format, images_dir, annotations, !plain, NULL);
    if (!status && !plain)
        status = fovea__sidecar_merge(out, &found, native, format, annotations, true, places);
    if (!status && !found)
        status = fovea__text_document(out, native);
    cJSON_Delete(native);
    return status;
}

fovea_status fovea__annotations_text(fovea__text *out, fovea__listing *places, fovea_format *format,
                                     const char *images_dir, const char *annotations, bool plain)
{
    char *path = NULL;
    *out = (fovea__text){0};
    FOVEA_TRY(locate(&path, format, annotations));
    const fovea_status status = read_text(out, places, *format, images_dir, path, plain);
    free(path);
    if (status) {
        free(out->bytes);
        *out = (fovea__text){0};
    }
    return status;
}

fovea_status fovea_dataset_open(fovea_dataset **out, const char *images_dir, const char *annotations,
                                fovea_format format)
{
    FOVEA_CHECK_ARG(out, "fovea_dataset_open: out is NULL");
    *out = NULL;
    FOVEA_CHECK_ARG(images_dir && annotations, "fovea_dataset_open: images_dir or annotations is NULL");
    FOVEA_TRY(fovea__images_dir_check(images_dir));
    cJSON *root = NULL;
    FOVEA_TRY(fovea__annotations_read(&root, images_dir, annotations, format, FOVEA__COCO_UNREAD));
    const fovea_status status = fovea__coco_take(out, images_dir, root, annotations);
    cJSON_Delete(root);
    return status;
}

fovea_status fovea_dataset_open_coco(fovea_dataset **out, const char *images_dir, const char *annotations)
{
    return fovea_dataset_open(out, images_dir, annotations, FOVEA_FORMAT_COCO);
}
