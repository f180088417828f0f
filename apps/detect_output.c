/* The results of 'fovea detect', see detect_output.h. */
#include "detect_output.h"

#include "pick_device.h"
#include "pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- before ---------------------------------------------------------------------------------------------------- */

/* Adds the folder of a path, unless the last one added is the same. */
static bool add_parent(folder_list *folders, const char *path)
{
    char folder[FOLDER_PATH];
    folder_above(folder, path);
    return (folders->count > 0 && strcmp(folders->paths[folders->count - 1], folder) == 0) ||
           folder_list_add(folders, folder);
}

/* Drawings bear their pictures' names, so they must not go where pictures lie. */
static bool check_draw(const detect_output *out)
{
    folder_list from = {0}, to = {0};
    bool good = true;
    for (size_t i = 0; i < out->pictures->count && good; i++) {
        char drawn[FOLDER_PATH];
        good = add_parent(&from, out->pictures->paths[i]) &&
               folder_join(drawn, out->wishes.draw, out->names.paths[i], NULL) && add_parent(&to, drawn);
    }
    for (size_t i = 0; i < to.count && good; i++)
        for (size_t k = 0; k < from.count && good; k++)
            if (folder_same(to.paths[i], from.paths[k])) {
                fprintf(stderr,
                        "fovea: %s: holds pictures; drawings would overwrite pictures, give --draw another folder\n",
                        from.paths[k]);
                good = false;
            }
    folder_list_free(&from);
    folder_list_free(&to);
    return good;
}

/* Sheets must not be written over pictures either: the first under any of its names, the others under their own. */
static bool check_sheets(const detect_output *out)
{
    char path[FOLDER_PATH];
    const int sheets = detect_drawing_sheets(out->pictures->count);
    for (int number = 1; number <= sheets; number++) {
        if (!detect_drawing_sheet_path(path, out->wishes.sheet, number))
            return false;
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        for (size_t i = 0; i < out->pictures->count; i++) {
            const char *picture = out->pictures->paths[i], *last = strrchr(picture, '/');
            if ((number == 1 || strcmp(name, last ? last + 1 : picture) == 0) && folder_same(path, picture)) {
                fprintf(stderr, "fovea: --sheet would write over %s, a picture to be read\n", picture);
                return false;
            }
        }
    }
    return true;
}

bool detect_output_plan(detect_output *out, const detect_wishes *wishes, const folder_list *pictures)
{
    *out = (detect_output){.wishes = *wishes, .pictures = pictures};
    const char *files[] = {wishes->json, wishes->jsonl, wishes->coco};
    out->as_text = true;
    for (int i = 0; i < 3; i++)
        out->as_text = out->as_text && !(files[i] && strcmp(files[i], "-") == 0);
    if (wishes->sheet && !check_sheets(out))
        return false;
    if (wishes->draw && !(pictures_name(&out->names, pictures) && check_draw(out)))
        return false;
    return !wishes->annotations || image_ids_open(&out->ids, wishes->annotations, pictures);
}

bool detect_output_open(detect_output *out, const fovea_model *model)
{
    const detect_wishes *w = &out->wishes;
    out->model = model;
    if ((w->draw && !folder_make(w->draw)) || (w->json && !json_out_open(&out->json, w->json)) ||
        (w->jsonl && !json_out_open_lines(&out->jsonl, w->jsonl)) || (w->coco && !json_out_open(&out->coco, w->coco)))
        return false;
    if (w->draw || w->sheet)
        out->drawing = detect_drawing_begin(model, out->pictures, w->draw, &out->names, w->sheet);
    if ((w->draw || w->sheet) && !out->drawing)
        return false;
    if (w->json)
        json_out_text(&out->json, "[");
    if (w->coco)
        json_out_text(&out->coco, "[");
    return true;
}

/* ---- a picture ------------------------------------------------------------------------------------------------- */

static cJSON *picture_json(const detect_output *out, const char *path, const fovea_image *image,
                           const fovea_detection *found, size_t count)
{
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "file", path);
    cJSON_AddNumberToObject(row, "width", image->width);
    cJSON_AddNumberToObject(row, "height", image->height);
    cJSON *boxes = cJSON_AddArrayToObject(row, "boxes");
    for (size_t i = 0; i < count; i++) {
        const fovea_detection *f = &found[i];
        cJSON *box = cJSON_CreateObject();
        json_add_integer(box, "category_id", fovea_model_category_id(out->model, f->label));
        cJSON_AddStringToObject(box, "class", fovea_model_label(out->model, f->label));
        json_add_float(box, "score", f->score);
        json_add_float(box, "x0", f->x0);
        json_add_float(box, "y0", f->y0);
        json_add_float(box, "x1", f->x1);
        json_add_float(box, "y1", f->y1);
        cJSON_AddItemToArray(boxes, box);
    }
    return row;
}

/* Rows as pycocotools' loadRes() reads them; "file_name" tells which picture it was where ids are running numbers. */
static void add_coco(detect_output *out, size_t index, const fovea_detection *found, size_t count)
{
    int64_t id = (int64_t)index + 1;
    const char *path = out->pictures->paths[index];
    if (out->wishes.annotations && !image_ids_find(&out->ids, path, &id))
        return;
    for (size_t i = 0; i < count; i++) {
        const fovea_detection *f = &found[i];
        const double box[4] = {f->x0, f->y0, (double)f->x1 - f->x0, (double)f->y1 - f->y0};
        cJSON *row = cJSON_CreateObject();
        json_add_integer(row, "image_id", id);
        json_add_integer(row, "category_id", fovea_model_category_id(out->model, f->label));
        cJSON_AddItemToObject(row, "bbox", cJSON_CreateDoubleArray(box, 4));
        cJSON_AddNumberToObject(row, "score", (double)f->score);
        cJSON_AddStringToObject(row, "file_name", path);
        json_out_text(&out->coco, out->coco.items++ ? ",\n" : "\n");
        json_out_value(&out->coco, row, false);
    }
}

static void print_text(const detect_output *out, const char *path, const fovea_detection *found, size_t count)
{
    if (count == 0)
        printf("%s  nothing\n", path);
    for (size_t i = 0; i < count; i++) {
        const fovea_detection *f = &found[i];
        printf("%s  %s %.3f  x %.1f..%.1f  y %.1f..%.1f\n", path, fovea_model_label(out->model, f->label),
               (double)f->score, (double)f->x0, (double)f->x1, (double)f->y0, (double)f->y1);
    }
}

bool detect_output_add(detect_output *out, size_t index, fovea_image *image, const fovea_detection *found,
                       size_t count)
{
    const char *path = out->pictures->paths[index];
    if (out->wishes.json) {
        json_out_text(&out->json, out->json.items++ ? ",\n" : "\n");
        json_out_value(&out->json, picture_json(out, path, image, found, count), false);
    }
    if (out->wishes.jsonl)
        json_out_line(&out->jsonl, picture_json(out, path, image, found, count));
    if (out->wishes.coco)
        add_coco(out, index, found, count);
    if (out->as_text)
        print_text(out, path, found, count);
    return !out->drawing || detect_drawing_add(out->drawing, index, image, found, count);
}

/* ---- after ----------------------------------------------------------------------------------------------------- */

bool detect_output_works(const detect_output *out)
{
    return !out->json.failed && !out->jsonl.failed && !out->coco.failed && !(out->as_text && ferror(stdout));
}

bool detect_output_close(detect_output *out, bool keep)
{
    bool good = true;
    if (out->json.stream)
        json_out_text(&out->json, "\n]\n");
    if (out->coco.stream)
        json_out_text(&out->coco, "\n]\n");
    good = json_out_close(&out->json, keep) && good;
    good = json_out_close(&out->jsonl, keep) && good;
    good = json_out_close(&out->coco, keep) && good;
    good = detect_drawing_end(out->drawing, keep) && good;
    image_ids_close(&out->ids);
    folder_list_free(&out->names);
    *out = (detect_output){0};
    return good;
}
