/* The results of 'fovea detect', see detect_output.h. */
#include "detect_output.h"

#include "pick_device.h"
#include "pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ON_A_SHEET = 49, LABEL_SIZE = sizeof *((detect_output *)0)->labels };

/* ---- before ---------------------------------------------------------------------------------------------------- */

static void parent(char out[FOLDER_PATH], const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(out, FOLDER_PATH, "%.*s", slash ? (slash == path ? 1 : (int)(slash - path)) : 1, slash ? path : ".");
}

/* Adds the folder of a path, unless the last one added is the same. */
static bool add_parent(folder_list *folders, const char *path)
{
    char folder[FOLDER_PATH];
    parent(folder, path);
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

bool detect_output_plan(detect_output *out, const detect_wishes *wishes, const folder_list *pictures)
{
    *out = (detect_output){.wishes = *wishes, .pictures = pictures};
    const char *files[] = {wishes->json, wishes->jsonl, wishes->coco};
    out->as_text = true;
    for (int i = 0; i < 3; i++)
        out->as_text = out->as_text && !(files[i] && strcmp(files[i], "-") == 0);
    out->boxes = calloc(DETECT_MOST, sizeof *out->boxes);
    out->labels = calloc(DETECT_MOST, sizeof *out->labels);
    if (!out->boxes || !out->labels) {
        fputs("fovea: out of memory for the detections of a picture\n", stderr);
        return false;
    }
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

static bool draw_found(const detect_output *out, size_t index, const fovea_image *image, size_t count)
{
    char to[FOLDER_PATH], folder[FOLDER_PATH];
    fovea_image drawn = {0};
    if (!folder_join(to, out->wishes.draw, out->names.paths[index], NULL))
        return false;
    parent(folder, to);
    const bool good = folder_make(folder) && draw_picture(&drawn, image, out->boxes, count) &&
                      told(fovea_image_write_jpeg(&drawn, to, 0));
    fovea_image_clear(&drawn);
    return good;
}

/* Writes the sheet that is being filled: FILE.jpg, then FILE_2.jpg and so on. */
static bool write_sheet(detect_output *out)
{
    char path[FOLDER_PATH], number[16] = "";
    const char *file = out->wishes.sheet, *slash = strrchr(file, '/'), *dot = strrchr(slash ? slash : file, '.');
    if (++out->sheets > 1)
        snprintf(number, sizeof number, "_%d", out->sheets);
    const int stem = (int)(dot ? dot - file : (long)strlen(file));
    const int length = snprintf(path, sizeof path, "%.*s%s%s", stem, file, number, dot ? dot : "");
    bool good = length < FOLDER_PATH;
    if (!good)
        fprintf(stderr, "fovea: %.200s...: the path is longer than %d bytes\n", file, FOLDER_PATH - 1);
    good = good && told(fovea_image_write_jpeg(&out->sheet.image, path, 0));
    sheet_clear(&out->sheet);
    return good;
}

static bool add_to_sheet(detect_output *out, size_t index, const fovea_image *image, size_t count)
{
    const size_t left = out->pictures->count - index;
    if (!out->sheet.image.pixels && !sheet_create(&out->sheet, left < ON_A_SHEET ? left : ON_A_SHEET, 0, 0))
        return false;
    if (!sheet_add(&out->sheet, image, out->boxes, count, out->pictures->paths[index]))
        return false;
    return out->sheet.used < ON_A_SHEET || write_sheet(out);
}

bool detect_output_add(detect_output *out, size_t index, const fovea_image *image, const fovea_detection *found,
                       size_t count)
{
    const char *path = out->pictures->paths[index];
    bool good = true;
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
    for (size_t i = 0; i < count; i++) {
        const fovea_detection *f = &found[i];
        snprintf(out->labels[i], LABEL_SIZE, "%.*s %.2f", LABEL_SIZE - 16, fovea_model_label(out->model, f->label),
                 (double)f->score);
        out->boxes[i] = (draw_box){f->x0, f->y0, f->x1, f->y1, .label = f->label, .text = out->labels[i]};
    }
    if (out->wishes.draw)
        good = draw_found(out, index, image, count);
    if (out->wishes.sheet)
        good = add_to_sheet(out, index, image, count) && good;
    return good;
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
    if (keep && out->sheet.image.pixels)
        good = write_sheet(out) && good;
    sheet_clear(&out->sheet);
    image_ids_close(&out->ids);
    folder_list_free(&out->names);
    free(out->boxes);
    free(out->labels);
    *out = (detect_output){0};
    return good;
}
