/* Running a model over annotated pictures, see judge.h. */
#include "judge.h"

#include "folder.h"
#include "pick_device.h"
#include "pictures.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DETECTIONS = 1000, LEAST_POINT = 5 };

static cJSON *detection_json(int64_t image_id, int64_t category_id, const double box[4], float score)
{
    cJSON *row = cJSON_CreateObject();
    json_add_integer(row, "image_id", image_id);
    json_add_integer(row, "category_id", category_id);
    cJSON_AddItemToObject(row, "bbox", cJSON_CreateDoubleArray(box, 4));
    cJSON_AddNumberToObject(row, "score", (double)score);
    return row;
}

/* Detects on the reader's next picture, the evaluator's picture `index`, and hands what was found to the evaluator and to
 * the file of detections. */
static bool judge_picture(const judge_work *work, fovea_evaluator *evaluator, fovea_reader *reader, size_t index,
                          const int64_t *categories, fovea_detection *found)
{
    int64_t id;
    fovea_image image = {0};
    size_t count = 0;
    bool good = !fovea_evaluator_picture(evaluator, index, &id, NULL) && !fovea_reader_next(reader, &image) &&
                !fovea_detect(work->model, &image, &work->detect, found, MOST_DETECTIONS, &count);
    for (size_t i = 0; i < count && good; i++) {
        const fovea_detection *d = &found[i];
        const double box[4] = {d->x0, d->y0, (double)d->x1 - d->x0, (double)d->y1 - d->y0};
        const int64_t category = categories[d->label];
        good = !fovea_evaluator_add(evaluator, id, category, box, d->score);
        if (work->detections && good) {
            json_out_text(work->detections, work->detections->items++ ? ",\n" : "\n");
            json_out_value(work->detections, detection_json(id, category, box, d->score), false);
        }
    }
    if (!good)
        print_failure();
    fovea_image_clear(&image);
    return good;
}

/* The evaluator's pictures, in its order. */
static bool list_pictures(folder_list *out, const judge_work *work, const fovea_evaluator *evaluator)
{
    const size_t count = fovea_evaluator_pictures(evaluator);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        int64_t id;
        const char *name;
        char path[FOLDER_PATH];
        good = told(fovea_evaluator_picture(evaluator, i, &id, &name)) &&
               folder_join(path, work->images, name, NULL) && folder_list_add(out, path);
    }
    return good;
}

static judge_outcome judge_pictures(const judge_work *work, fovea_evaluator *evaluator, const int64_t *categories,
                                    fovea_detection *found)
{
    folder_list pictures = {0};
    fovea_reader *reader = list_pictures(&pictures, work, evaluator) ? pictures_read(&pictures, 0) : NULL;
    judge_outcome outcome = reader ? JUDGE_DONE : JUDGE_FAILED;
    progress bar = progress_begin("evaluating", 0, (int64_t)pictures.count);
    if (work->tells_wait && bar.terminal && reader)
        progress_wait(&bar, "building kernels that the cache lacks");
    for (size_t i = 0; i < pictures.count && outcome == JUDGE_DONE; i++) {
        if (work->stop && *work->stop)
            outcome = JUDGE_STOPPED;
        else if (!judge_picture(work, evaluator, reader, i, categories, found))
            outcome = JUDGE_FAILED;
        progress_update(&bar, (int64_t)i + 1, "%s", "");
    }
    progress_end(&bar);
    fovea_reader_close(reader);
    folder_list_free(&pictures);
    return outcome;
}

/* Sums the classes' counts by score, and finds the score from which on all do best; of equal F1 the highest. */
static void sum_curves(judge_result *result)
{
    fovea_curve *whole = &result->whole;
    *whole = (fovea_curve){.name = "all classes together", .best_f1 = -1, .best_score = -1};
    for (size_t k = 0; k < result->n_classes; k++) {
        whole->objects += result->curves[k].objects;
        for (int point = 0; point < FOVEA_CURVE_POINTS; point++) {
            whole->right[point] += result->curves[k].right[point];
            whole->wrong[point] += result->curves[k].wrong[point];
        }
    }
    for (int point = FOVEA_CURVE_POINTS - 1; point >= LEAST_POINT && whole->objects; point--) {
        const int64_t right = whole->right[point], found = right + whole->wrong[point];
        const double f1 = 2.0 * (double)right / (double)(found + whole->objects);
        if (found && f1 > whole->best_f1) {
            whole->best_f1 = f1;
            whole->best_score = right ? point * 0.01 : -1;
        }
    }
}

/* Computes the numbers of all that was added. */
static judge_outcome finish(judge_result *result)
{
    size_t count = 0;
    if (!fovea_evaluator_run(result->evaluator, &result->all, NULL, 0, &count)) {
        free(result->classes);
        free(result->curves);
        result->classes = calloc(count + 1, sizeof *result->classes);
        result->curves = calloc(count + 1, sizeof *result->curves);
        if (!result->classes || !result->curves) {
            fprintf(stderr, "fovea: out of memory for the rows of %zu classes\n", count);
            return JUDGE_FAILED;
        }
        if (!fovea_evaluator_run(result->evaluator, &result->all, result->classes, count, &result->n_classes) &&
            !fovea_evaluator_curves(result->evaluator, 0.5, result->curves, count, NULL)) {
            sum_curves(result);
            return JUDGE_DONE;
        }
    }
    print_failure();
    return JUDGE_FAILED;
}

/* The annotations' category of a name, NULL where there is none. */
static const fovea_class_evaluation *find_class(const judge_result *result, const char *name)
{
    for (size_t i = 0; i < result->n_classes; i++)
        if (strcmp(result->classes[i].name, name) == 0)
            return &result->classes[i];
    return NULL;
}

/* The class of an id, NULL where there is none. *same: it bears the model's name (that of an imported model's class
 * is its id). */
static const fovea_class_evaluation *class_of_id(const judge_result *result, const fovea_model *model, int label,
                                                 bool *same)
{
    const int64_t id = fovea_model_category_id(model, label);
    const char *name = fovea_model_label(model, label);
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)id);
    for (size_t i = 0; i < result->n_classes; i++) {
        const fovea_class_evaluation *c = &result->classes[i];
        if (c->category_id != id)
            continue;
        *same = strcmp(c->name, name) == 0 || strcmp(name, text) == 0;
        return c;
    }
    return NULL;
}

/* Which category each of the model's labels is: by id; where an id bears another name, as in a data set of another
 * format, by name if all names are there. Warns where that is not what ids say. */
static void match_categories(int64_t *out, const judge_result *result, const fovea_model *model)
{
    const int labels = fovea_model_labels(model);
    const fovea_class_evaluation *other = NULL;
    bool shared = false, named = true;
    int wrong = 0;
    for (int label = 0; label < labels; label++) {
        bool same = true;
        const fovea_class_evaluation *c = class_of_id(result, model, label, &same);
        out[label] = fovea_model_category_id(model, label);
        shared = shared || c;
        named = named && find_class(result, fovea_model_label(model, label));
        if (!same && !other) {
            other = c;
            wrong = label;
        }
    }
    if (named && (other || !shared)) {
        for (int label = 0; label < labels; label++)
            out[label] = find_class(result, fovea_model_label(model, label))->category_id;
        fputs("note: the model's classes are found by their names, as the annotations have other ids\n", stderr);
    } else if (other) {
        fprintf(stderr, "warning: category %lld is '%s' to the model and '%s' in the annotations\n",
                (long long)other->category_id, fovea_model_label(model, wrong), other->name);
    } else if (!shared) {
        fputs("warning: no class of the model has a category id that the annotations declare\n", stderr);
    }
}

judge_outcome judge_model(judge_result *result, const judge_work *work)
{
    *result = (judge_result){0};
    if (fovea_evaluator_open_any(&result->evaluator, work->images, work->annotations, work->format)) {
        print_failure();
        return JUDGE_FAILED;
    }
    fovea_detection *found = calloc(MOST_DETECTIONS, sizeof *found);
    int64_t *categories = calloc((size_t)fovea_model_labels(work->model), sizeof *categories);
    judge_outcome outcome = found && categories ? finish(result) : JUDGE_FAILED; /* of nothing: for the classes */
    if (!found || !categories)
        fputs("fovea: out of memory for the detections of a picture\n", stderr);
    if (outcome == JUDGE_DONE) {
        match_categories(categories, result, work->model);
        outcome = judge_pictures(work, result->evaluator, categories, found);
    }
    free(found);
    free(categories);
    return outcome == JUDGE_DONE ? finish(result) : outcome;
}

judge_outcome judge_file(judge_result *result, const char *images, const char *annotations, fovea_format format,
                         const char *detections)
{
    *result = (judge_result){0};
    if (fovea_evaluator_open_any(&result->evaluator, images ? images : "", annotations, format) ||
        fovea_evaluator_add_file(result->evaluator, detections)) {
        print_failure();
        return JUDGE_FAILED;
    }
    return finish(result);
}

/* Is any picture of the annotations in their folder? */
static bool some_are_there(const char *images, const fovea_evaluator *evaluator)
{
    const size_t count = fovea_evaluator_pictures(evaluator);
    const char **names = calloc(count + 1, sizeof *names);
    int64_t id;
    if (!names) {
        fprintf(stderr, "fovea: out of memory for the names of %zu pictures\n", count);
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = told(fovea_evaluator_picture(evaluator, i, &id, &names[i]));
    good = good && told(fovea_images_check(images, names, count));
    free(names);
    return good;
}

bool judge_check(const char *images, const char *annotations, fovea_format format)
{
    fovea_evaluator *evaluator = NULL;
    if (fovea_evaluator_open_any(&evaluator, images, annotations, format)) {
        print_failure();
        return false;
    }
    bool good = some_are_there(images, evaluator);
    for (size_t i = 0; i < fovea_evaluator_pictures(evaluator) && good; i++) {
        int64_t id;
        const char *name;
        char path[FOLDER_PATH];
        good = !fovea_evaluator_picture(evaluator, i, &id, &name) && folder_join(path, images, name, NULL);
        if (good && access(path, R_OK) != 0) {
            fprintf(stderr, "fovea: %s: cannot be read, though %s names it\n", path, annotations);
            good = false;
        }
    }
    fovea_evaluator_close(evaluator);
    return good;
}

void judge_clear(judge_result *result)
{
    free(result->classes);
    free(result->curves);
    fovea_evaluator_close(result->evaluator);
    *result = (judge_result){0};
}

void judge_numbers(judge_number out[JUDGE_NUMBERS], const fovea_evaluation *e)
{
    const judge_number all[JUDGE_NUMBERS] = {
        {"AP", "average precision, IoU .50 to .95", e->ap},
        {"AP50", "IoU .50", e->ap50},
        {"AP75", "IoU .75", e->ap75},
        {"APs", "small objects, below 32 x 32 pixels", e->ap_small},
        {"APm", "medium objects, up to 96 x 96", e->ap_medium},
        {"APl", "large objects", e->ap_large},
        {"AR1", "average recall, 1 detection a picture", e->ar1},
        {"AR10", "10 detections", e->ar10},
        {"AR100", "100 detections", e->ar100},
        {"ARs", "small objects", e->ar_small},
        {"ARm", "medium objects", e->ar_medium},
        {"ARl", "large objects", e->ar_large},
    };
    memcpy(out, all, sizeof all);
}

const char *judge_score_text(char text[24], double f1, double score)
{
    snprintf(text, 24, "%.3f", floor(score * 1000 + 1e-6) / 1000);
    return f1 > 0 ? text : "-";
}

static void add_best(cJSON *to, const fovea_curve *curve)
{
    cJSON_AddNumberToObject(to, "best_F1", curve->best_f1);
    cJSON_AddNumberToObject(to, "best_score", curve->best_score);
}

cJSON *judge_json(const judge_result *result)
{
    judge_number numbers[JUDGE_NUMBERS];
    judge_numbers(numbers, &result->all);
    cJSON *whole = cJSON_CreateObject();
    for (int i = 0; i < JUDGE_NUMBERS; i++)
        cJSON_AddNumberToObject(whole, numbers[i].name, numbers[i].value);
    add_best(whole, &result->whole);
    cJSON *classes = cJSON_AddArrayToObject(whole, "classes");
    for (size_t i = 0; i < result->n_classes; i++) {
        const fovea_class_evaluation *c = &result->classes[i];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "name", c->name ? c->name : "");
        json_add_integer(row, "category_id", c->category_id);
        cJSON_AddNumberToObject(row, "AP", c->ap);
        cJSON_AddNumberToObject(row, "AP50", c->ap50);
        cJSON_AddNumberToObject(row, "AP75", c->ap75);
        cJSON_AddNumberToObject(row, "AR100", c->ar100);
        json_add_integer(row, "objects", c->objects);
        add_best(row, &result->curves[i]);
        cJSON_AddItemToArray(classes, row);
    }
    return whole;
}

/* COCO's -1, where there is nothing to be found, is a dash. */
static void print_cell(double value)
{
    if (value < 0)
        fputs("      -", stdout);
    else
        printf("  %.3f", value);
}

void judge_print(const judge_result *result)
{
    char score[24];
    judge_number numbers[JUDGE_NUMBERS];
    judge_numbers(numbers, &result->all);
    for (int i = 0; i < JUDGE_NUMBERS; i++) {
        printf("%-5s", numbers[i].name);
        print_cell(numbers[i].value);
        printf("  %s\n", numbers[i].meaning);
    }
    int width = 5;
    for (size_t i = 0; i < result->n_classes; i++)
        if (result->classes[i].name && (int)strlen(result->classes[i].name) > width)
            width = (int)strlen(result->classes[i].name);
    printf("\n%-*s  objects     AP   AP50   AP75  AR100     F1  at score\n", width, "class");
    for (size_t i = 0; i < result->n_classes; i++) {
        const fovea_class_evaluation *c = &result->classes[i];
        printf("%-*s  %7lld", width, c->name ? c->name : "", (long long)c->objects);
        print_cell(c->ap);
        print_cell(c->ap50);
        print_cell(c->ap75);
        print_cell(c->ar100);
        print_cell(result->curves[i].best_f1);
        printf("  %8s\n", judge_score_text(score, result->curves[i].best_f1, result->curves[i].best_score));
    }
    if (result->whole.best_f1 > 0)
        printf("\nOne score for all classes: F1 (IoU .50) is best, %.3f, with 'fovea detect --min-score %.2f'.\n",
               result->whole.best_f1, result->whole.best_score);
}
