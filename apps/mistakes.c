/* The list of an evaluation's mistakes, see mistakes.h. */
#include "mistakes.h"

static void add_box(cJSON *row, const char *name, const double box[4])
{
    cJSON_AddItemToObject(row, name, cJSON_CreateDoubleArray(box, 4));
}

static cJSON *row_of(const review *r, size_t place)
{
    static const char *const kinds[] = {
        [FOVEA_MATCH_WRONG_CLASS] = "wrong class", [FOVEA_MATCH_DUPLICATE] = "duplicate",
        [FOVEA_MATCH_BACKGROUND] = "nothing annotated", [FOVEA_MATCH_MISSED] = "missed",
        [FOVEA_MATCH_MISPLACED] = "badly placed"};
    const fovea_match *m = r->mistakes[place];
    cJSON *row = cJSON_CreateObject();
    json_add_integer(row, "number", (int64_t)place + 1);
    cJSON_AddStringToObject(row, "mistake", kinds[m->kind]);
    json_add_integer(row, "image_id", m->image_id);
    cJSON_AddStringToObject(row, "file_name", review_picture(r, m->image_id));
    if (m->kind != FOVEA_MATCH_MISSED) {
        json_add_integer(row, "category_id", m->category_id);
        cJSON_AddStringToObject(row, "class", review_name(r, m->category_id));
        add_box(row, "bbox", m->box);
        cJSON_AddNumberToObject(row, "score", m->score);
        cJSON_AddNumberToObject(row, "iou", m->overlap);
    }
    if (m->true_category_id >= 0) {
        json_add_integer(row, "annotation_id", m->annotation_id);
        json_add_integer(row, "true_category_id", m->true_category_id);
        cJSON_AddStringToObject(row, "true_class", review_name(r, m->true_category_id));
        add_box(row, "true_bbox", m->true_box);
    }
    return row;
}

bool mistakes_write(const char *path, const review *r)
{
    json_out out;
    if (!json_out_open(&out, path))
        return false;
    json_out_text(&out, "[");
    for (size_t i = 0; i < r->n_mistakes; i++) {
        json_out_text(&out, i ? ",\n" : "\n");
        json_out_value(&out, row_of(r, i), false);
    }
    json_out_text(&out, "\n]\n");
    return json_out_close(&out, true);
}
