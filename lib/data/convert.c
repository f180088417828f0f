/* fovea_dataset_convert(): reads a data set as a COCO text, plans the files of another format, checks that none
 * stands on another, writes them. */
#include "convert.h"

#include "annotations.h"
#include "convert_losses.h"
#include "file.h"
#include "image.h"
#include "listing.h"
#include "memory.h"
#include "sidecar.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct job {
    const char *images_dir, *annotations, *out;
    fovea_format from, to;
    fovea_convert_options options;
    fovea__text text; /* the COCO document, and what it says */
    cJSON *root;
    fovea__coco_index of;
    fovea__listing places; /* of pictures in images_dir, where they are not the document's file names */
    char **names;          /* of pictures in the new place */
    bool stay;             /* pictures are left where they are, under their names of now */
    int *numbers; /* YOLO's classes */
    fovea__outputs outputs;
    fovea_conversion *told;
} job;

/* ---- names ----------------------------------------------------------------------------------------------------- */

/* Not the folder of pictures, nor a key that data.yaml has for something else. */
static bool is_split(const char *name, size_t length)
{
    static const char *const others[] = {"images", "names", "nc", "path", "download"};
    size_t good = 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strlen(others[i]) == length && strncmp(name, others[i], length) == 0)
            return false;
    while (good < length && (strchr("_-.", name[good]) || (name[good] >= '0' && name[good] <= '9') ||
                             (name[good] >= 'a' && name[good] <= 'z') || (name[good] >= 'A' && name[good] <= 'Z')))
        good++;
    return good == length && length > 0 && length < sizeof((fovea_conversion *)NULL)->split && *name != '.';
}

/* The split that was asked for (of COCO's file none), or that of data.yaml, or the file's own name without its ending;
 * of a folder "train". */
static fovea_status choose_split(job *j)
{
    const char *asked = j->options.split, *hash = fovea__annotations_split(j->annotations);
    const char *slash = strrchr(j->annotations, '/'), *name = slash ? slash + 1 : j->annotations;
    if (!asked && j->from == FOVEA_FORMAT_YOLO)
        asked = hash ? hash + 1 : "train";
    if (!asked && fovea__is_folder(j->annotations))
        asked = "train";
    if (j->to == FOVEA_FORMAT_COCO)
        return FOVEA_OK;
    const size_t length = asked ? strlen(asked) : fovea__convert_stem(name);
    if (!is_split(asked ? asked : name, length))
        FOVEA_FAIL(
            FOVEA_ERROR_ARGUMENT,
            "%s: '%.*s' cannot be a split's name: expected at most 63 letters, digits, '-', '_' or '.', not \"images\" "
            "nor a key of data.yaml",
            j->annotations, (int)length, asked ? asked : name);
    memcpy(j->told->split, asked ? asked : name, length);
    j->told->split[length] = '\0';
    return FOVEA_OK;
}

/* The name of a picture in images_dir. */
static const char *place_of(const job *j, size_t image)
{
    return image < j->places.count ? j->places.names[image] : j->of.images[image].file_name;
}

static fovea_status picture_path(char **out, const job *j, size_t image)
{
    return fovea__path_join(out, j->images_dir, place_of(j, image));
}

/* YOLO's shares are of the true size; VOC's size is what the document says or, where that is silent and the picture can
 * be opened, the true one. */
static fovea_status size_of(int size[2], const job *j, size_t image)
{
    const fovea__coco_image *of = &j->of.images[image];
    const fovea__error_kept kept = fovea__error_keep();
    char *path = NULL;
    size[0] = of->width;
    size[1] = of->height;
    if (j->to == FOVEA_FORMAT_VOC && size[0] > 0 && size[1] > 0)
        return FOVEA_OK;
    FOVEA_TRY(picture_path(&path, j, image));
    fovea_status status = fovea__image_size(&size[0], &size[1], path);
    free(path);
    if (status && status != FOVEA_ERROR_MEMORY && j->to == FOVEA_FORMAT_VOC) {
        fovea__error_restore(&kept);
        size[0] = size[1] = 0;
        status = FOVEA_OK;
    }
    return status;
}

static fovea_status add_text(job *j, const char *name, fovea__text *text, bool replaces)
{
    return fovea__outputs_text(&j->outputs, j->out, name, text, replaces);
}

/* FOLDER/NAME.ENDING, freed with free(). */
static fovea_status make_name(char **out, const char *folder, const char *name, size_t length, const char *ending)
{
    FOVEA_TRY(fovea__allocate(out, strlen(folder) + length + strlen(ending) + 1, 1, "a file name"));
    strcat(strncat(strcpy(*out, folder), name, length), ending);
    return FOVEA_OK;
}

/* A name that leads out of images_dir may be anything's that the document's writer would like to be passed on: a
 * picture alone is. */
static fovea_status check_outside(const job *j, size_t image, const char *source)
{
    const char *name = place_of(j, image);
    bool inside = *name != '/';
    for (const char *part = name; part && inside; part = strchr(part, '/'), part = part ? part + 1 : NULL)
        inside = strncmp(part, "..", 2) != 0 || (part[2] && part[2] != '/');
    int width, height;
    return inside ? FOVEA_OK : fovea__image_size(&width, &height, source);
}

static fovea_status add_picture(job *j, const char *folder, size_t image)
{
    char *source = NULL, *name = NULL;
    fovea_status status = picture_path(&source, j, image);
    if (!status)
        status = check_outside(j, image, source);
    if (!status)
        status = make_name(&name, folder, j->names[image], strlen(j->names[image]), "");
    if (!status)
        status = fovea__outputs_picture(&j->outputs, j->out, name, source, j->options.pictures != FOVEA_PICTURES_COPY);
    free(source);
    free(name);
    return status;
}

/* A text that is added under a name, which is freed; where making either failed, that is passed on. */
static fovea_status add_made(job *j, char *name, fovea__text *text, fovea_status made)
{
    if (!made)
        made = add_text(j, name, text, false);
    else
        free(text->bytes);
    free(name);
    return made;
}

/* ---- Pascal VOC ------------------------------------------------------------------------------------------------ */

/* The name of a picture's XML: as it was, where it was XML. */
static const char *xml_stem(size_t *length, const job *j, size_t image)
{
    const char *kept = j->options.plain ? NULL : fovea__coco_extra(j->of.images[image].item, "voc", "name");
    bool good = kept && *kept && *kept != '.';
    for (const char *at = kept; good && *at; at++)
        good = (unsigned char)*at >= ' ' && *at != '/' && *at != 0x7f;
    *length = good ? strlen(kept) : fovea__convert_stem(j->names[image]);
    return good ? kept : j->names[image];
}

static fovea_status plan_xml(job *j, size_t image, fovea__text *list)
{
    size_t length;
    int size[2];
    const char *stem = xml_stem(&length, j, image);
    char *name = NULL;
    fovea__text xml = {0};
    FOVEA_TRY(size_of(size, j, image));
    fovea_status status = fovea__voc_render(&xml, &j->of, image,
                                            j->stay ? j->of.images[image].file_name : j->names[image], size,
                                            j->options.plain);
    if (!status)
        status = make_name(&name, "Annotations/", stem, length, ".xml");
    FOVEA_TRY(add_made(j, name, &xml, status));
    FOVEA_TRY(fovea__text_add(list, stem, length));
    FOVEA_TRY(fovea__text_word(list, "\n"));
    return j->stay ? FOVEA_OK : add_picture(j, "JPEGImages/", image);
}

static fovea_status plan_voc(job *j)
{
    fovea__text list = {0};
    char *name = NULL;
    fovea_status status = fovea__text_word(&list, "");
    for (size_t i = 0; i < j->of.n_images && !status; i++)
        status = plan_xml(j, i, &list);
    if (!status)
        status = make_name(&name, "ImageSets/Main/", j->told->split, strlen(j->told->split), ".txt");
    return add_made(j, name, &list, status);
}

/* ---- YOLO ------------------------------------------------------------------------------------------------------ */

static bool same_folder(const char *a, const char *b)
{
    struct stat here, there;
    return stat(a, &here) == 0 && stat(b, &there) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* Do pictures stay where they are? YOLO's in any case where they stand in OUT/images already. */
static fovea_status choose_stay(job *j)
{
    char *images = NULL;
    j->stay = j->options.pictures == FOVEA_PICTURES_NONE;
    if (j->to != FOVEA_FORMAT_YOLO)
        return FOVEA_OK;
    FOVEA_TRY(fovea__path_join(&images, j->out, "images"));
    const bool there = same_folder(*j->images_dir ? j->images_dir : ".", images);
    free(images);
    if (j->stay && !there)
        FOVEA_FAIL(
            FOVEA_ERROR_ARGUMENT,
            "%s: YOLO's labels are found by their pictures' place: pictures can stay where they are only in a folder "
            "\"images\" inside the new data set's, not in %s",
            j->out, j->images_dir);
    j->stay = there;
    return FOVEA_OK;
}

/* A picture's new name, behind SPLIT/ where that is new, must be the one that it has. */
static fovea_status check_stay(job *j, size_t image)
{
    char *const name = j->names[image];
    const char *const behind = name + strlen(j->told->split) + 1, *const own = j->of.images[image].file_name;
    if (strcmp(name, own) == 0)
        return FOVEA_OK;
    if (strcmp(behind, own) != 0)
        FOVEA_FAIL(
            FOVEA_ERROR_ARGUMENT,
            "%s: the picture cannot stay where it is: another has its name but for the ending, or labels beside it "
            "would not be found; a folder without \"images\" in it takes links or copies",
            own);
    memmove(name, behind, strlen(behind) + 1);
    return FOVEA_OK;
}

static fovea_status plan_labels(job *j, size_t image, fovea__text *list)
{
    int size[2];
    char *name = NULL;
    fovea__text labels = {0};
    if (j->stay) {
        FOVEA_TRY(check_stay(j, image));
        FOVEA_TRY(fovea__text_word(list, "./images/"));
        FOVEA_TRY(fovea__text_word(list, j->names[image]));
        FOVEA_TRY(fovea__text_word(list, "\n"));
    } else {
        FOVEA_TRY(add_picture(j, "images/", image));
    }
    FOVEA_TRY(size_of(size, j, image));
    const bool silent = !j->options.plain && fovea__json_find(j->root, "yolo") && j->of.images[image].count == 0 &&
                        !fovea__coco_extra(j->of.images[image].item, "yolo", "labels");
    if (silent) /* it had no file of labels, and needs none */
        return FOVEA_OK;
    fovea_status status = fovea__yolo_render(&labels, &j->of, j->numbers, image, size, j->options.plain);
    if (!status)
        status = make_name(&name, "labels/", j->names[image], fovea__convert_stem(j->names[image]), ".txt");
    return add_made(j, name, &labels, status);
}

static fovea_status plan_yaml(job *j, const char *place)
{
    char *path = NULL, *was = NULL;
    size_t size = 0;
    fovea__text yaml = {0};
    FOVEA_TRY(fovea__path_join(&path, j->out, "data.yaml"));
    fovea_status status = fovea__file_is_missing(path) ? FOVEA_OK : fovea__file_read(&was, &size, path, 1 << 20);
    if (!status)
        status = fovea__yolo_yaml(&yaml, &j->of, j->numbers, j->told->split, place, was, path, j->options.plain);
    if (!status)
        status = add_text(j, "data.yaml", &yaml, was != NULL);
    else
        free(yaml.bytes);
    free(path);
    free(was);
    return status;
}

static fovea_status plan_yolo(job *j)
{
    char *place = NULL;
    fovea__text list = {0};
    FOVEA_TRY(fovea__yolo_numbers(&j->numbers, &j->of, j->options.plain));
    fovea_status status = fovea__text_word(&list, "");
    for (size_t i = 0; i < j->of.n_images && !status; i++)
        status = plan_labels(j, i, &list);
    if (!status)
        status =
            make_name(&place, j->stay ? "" : "images/", j->told->split, strlen(j->told->split), j->stay ? ".txt" : "");
    if (!status)
        status = plan_yaml(j, place);
    if (j->stay)
        return add_made(j, place, &list, status);
    free(place);
    free(list.bytes);
    return status;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

/* The document itself: the result, or what stands beside it. */
static fovea_status add_document(job *j)
{
    fovea__text copy = {0};
    char *name = NULL;
    fovea_status status = FOVEA_OK;
    if (j->to != FOVEA_FORMAT_COCO)
        status = make_name(&name, "fovea.", j->told->split, strlen(j->told->split), ".json");
    if (!status)
        status = fovea__text_add(&copy, j->text.bytes, j->text.used);
    if (!status)
        status = fovea__outputs_text(&j->outputs, name ? j->out : "", name ? name : j->out, &copy, false);
    else
        free(copy.bytes);
    free(name);
    return status;
}

static fovea_status plan(job *j)
{
    for (size_t i = 0; i < j->of.n_boxes; i++)
        j->told->boxes += fovea__format_holds(j->to, &j->of.boxes[i]);
    j->told->pictures = j->of.n_images;
    if (j->to == FOVEA_FORMAT_COCO) {
        if (fovea__is_folder(j->out))
            FOVEA_FAIL(FOVEA_ERROR_IO, "%s: is a folder, a file for COCO's JSON is expected", j->out);
        j->told->boxes = j->of.n_boxes;
        return add_document(j);
    }
    if (fovea__is_file(j->out))
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: is a file, a folder is expected", j->out);
    FOVEA_TRY(fovea__convert_names(&j->names, &j->of, j->to, j->told->split));
    FOVEA_TRY(j->to == FOVEA_FORMAT_VOC ? plan_voc(j) : plan_yolo(j));
    return j->options.plain ? FOVEA_OK : add_document(j);
}

static fovea_status convert(job *j)
{
    FOVEA_TRY(choose_stay(j));
    fovea__listing *const places = j->stay && j->to != FOVEA_FORMAT_COCO ? NULL : &j->places;
    FOVEA_TRY(fovea__annotations_text(&j->text, places, &j->from, j->images_dir, j->annotations, j->options.plain));
    FOVEA_TRY(choose_split(j));
    FOVEA_TRY(fovea__json_parse(&j->root, j->text.bytes, j->text.used, j->annotations, NULL));
    FOVEA_TRY(fovea__coco_index_make(&j->of, j->root, j->annotations));
    FOVEA_TRY(plan(j));
    FOVEA_TRY(fovea__outputs_check(&j->outputs));
    FOVEA_TRY(fovea__outputs_write(&j->outputs, &j->told->files));
    fovea__text losses = {0};
    fovea_status status = fovea__convert_losses(&losses, &j->of, j->from, j->to, j->options.plain);
    if (!status && losses.used && j->options.note)
        j->options.note(j->options.cookie, losses.bytes);
    free(losses.bytes);
    return status;
}

fovea_status fovea_dataset_convert(const char *images_dir, const char *annotations, fovea_format to, const char *out,
                                   const fovea_convert_options *options, fovea_conversion *told)
{
    fovea_conversion unasked;
    job j = {
        .images_dir = images_dir, .annotations = annotations, .out = out, .to = to, .told = told ? told : &unasked};
    *j.told = (fovea_conversion){0};
    FOVEA_CHECK_ARG(images_dir && annotations && out && *out,
                    "fovea_dataset_convert: images_dir, annotations or out is missing");
    FOVEA_CHECK_ARG(to == FOVEA_FORMAT_COCO || to == FOVEA_FORMAT_VOC || to == FOVEA_FORMAT_YOLO,
                    "fovea_dataset_convert: %d is no format to write", (int)to);
    if (options)
        j.options = *options;
    j.from = j.options.from;
    const fovea_status status = convert(&j);
    fovea__outputs_clear(&j.outputs);
    fovea__convert_names_free(j.names, j.of.n_images);
    fovea__coco_index_clear(&j.of);
    fovea__listing_clear(&j.places);
    free(j.numbers);
    free(j.text.bytes);
    cJSON_Delete(j.root);
    if (status)
        *j.told = (fovea_conversion){0};
    return status;
}
