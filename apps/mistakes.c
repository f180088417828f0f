/* The list of an evaluation's mistakes, see mistakes.h. */
#include "mistakes.h"

#include <stdlib.h>

static double area_of(const double box[4])
{
    return box[2] * box[3];
}

/* Detections before misses; of equal ones the first in the evaluator's order. */
static int compare(const void *left, const void *right)
{
    const fovea_match *a = *(const fovea_match *const *)left, *b = *(const fovea_match *const *)right;
    const bool a_missed = a->kind == FOVEA_MATCH_MISSED, b_missed = b->kind == FOVEA_MATCH_MISSED;
    if (a_missed != b_missed)
        return a_missed ? 1 : -1;
    const double of_a = a_missed ? area_of(a->true_box) : a->score, of_b = b_missed ? area_of(b->true_box) : b->score;
    return of_a > of_b ? -1 : of_a < of_b ? 1 : (a > b) - (a < b);
}

static void add_box(cJSON *row, const char *name, const double box[4])
{
    cJSON_AddItemToObject(row, name, cJSON_CreateDoubleArray(box, 4));
}

static cJSON *row_of(const review *r, const fovea_match *m)
{
    static const char *const kinds[] = {
        [FOVEA_MATCH_WRONG_CLASS] = "wrong class", [FOVEA_MATCH_DUPLICATE] = "duplicate",
        [FOVEA_MATCH_BACKGROUND] = "nothing annotated", [FOVEA_MATCH_MISSED] = "missed",
        [FOVEA_MATCH_MISPLACED] = "badly placed"};
    cJSON *row = cJSON_CreateObject();
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
    const fovea_match **mistakes = calloc(r->n_matches + 1, sizeof *mistakes);
    json_out out;
    size_t n = 0;
    if (!mistakes) {
        fprintf(stderr, "fovea: out of memory for %zu mistakes\n", r->n_matches);
        return false;
    }
    for (size_t i = 0; i < r->n_matches; i++)
        if (r->matches[i].kind != FOVEA_MATCH_RIGHT)
            mistakes[n++] = &r->matches[i];
    if (n > 1)
        qsort(mistakes, n, sizeof *mistakes, compare);
    const bool opened = json_out_open(&out, path);
    if (opened) {
        json_out_text(&out, "[");
        for (size_t i = 0; i < n; i++) {
            json_out_text(&out, i ? ",\n" : "\n");
            json_out_value(&out, row_of(r, mistakes[i]), false);
        }
        json_out_text(&out, "\n]\n");
    }
    free(mistakes);
    return opened && json_out_close(&out, true);
}
