/* The folder of a training run, see run_folder.h. */
#include "run_folder.h"

#include "json_out.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Is anything in a run's log? */
static bool has_steps(const char *log)
{
    struct stat facts;
    return stat(log, &facts) == 0 && facts.st_size > 0;
}

/* Takes the best and the history from evaluation.json. */
static void read_history(run_folder *run)
{
    cJSON *whole = is_there(run->evaluation) ? json_out_read(run->evaluation) : NULL;
    const cJSON *best = cJSON_GetObjectItemCaseSensitive(whole, "AP");
    cJSON *history = cJSON_DetachItemFromObjectCaseSensitive(whole, "history");
    if (cJSON_IsNumber(best) && cJSON_IsArray(history)) {
        run->best_ap = best->valuedouble;
        run->history = history;
    } else {
        cJSON_Delete(history);
    }
    cJSON_Delete(whole);
}

bool run_folder_open(run_folder *run, const char *path, bool resume)
{
    *run = (run_folder){.path = path, .best_ap = -2}; /* below COCO's -1 for "nothing to be found" */
    if (!folder_join(run->config, path, "config.json", NULL) || !folder_join(run->log, path, "log.jsonl", NULL) ||
        !folder_join(run->model, path, "model.safetensors", NULL) ||
        !folder_join(run->last, path, "last.safetensors", NULL) ||
        !folder_join(run->evaluation, path, "evaluation.json", NULL))
        return false;
    run->has_last = is_there(run->last);
    if (!resume && (run->has_last || is_there(run->model) || has_steps(run->log))) {
        fprintf(stderr, "fovea: %s: holds a run; go on with it by --resume, or give --out another folder\n", path);
        return false;
    }
    if (run->has_last)
        read_history(run);
    return true;
}

/* An option's value: as it was given, else what it followed from others. */
static const cJSON *value_of(const cJSON *config, const char *name)
{
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(config, "options"), name);
    const cJSON *resolved = cJSON_GetObjectItemCaseSensitive(config, "resolved");
    const cJSON *followed = given && !cJSON_IsNull(given) ? NULL : cJSON_GetObjectItemCaseSensitive(resolved, name);
    return followed ? followed : given;
}

bool run_folder_agrees(const run_folder *run, const cJSON *config, bool (*may_change)(const char *name))
{
    if (!run->has_last || !is_there(run->config))
        return true;
    cJSON *old = json_out_read(run->config);
    char *text = cJSON_PrintUnformatted(config); /* parsed again, so that numbers compare as they are written */
    cJSON *new = text ? cJSON_Parse(text) : NULL;
    cJSON_free(text);
    bool good = old && new;
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(new, "options"))
    {
        const cJSON *before = value_of(old, row->string), *now = value_of(new, row->string);
        if (!good || may_change(row->string) || !before || cJSON_Compare(before, now, true))
            continue;
        char *was = cJSON_PrintUnformatted(before), *is = cJSON_PrintUnformatted(now);
        fprintf(stderr, "fovea: %s: the run began with %s %s, and this call has %s; resume with its own options, or "
                "start a new run from its weights: --weights %s\n",
                run->config, row->string, was ? was : "?", is ? is : "?", run->last);
        cJSON_free(was);
        cJSON_free(is);
        good = false;
    }
    cJSON_Delete(old);
    cJSON_Delete(new);
    return good;
}

void run_folder_compare_device(const run_folder *run, const cJSON *config)
{
    cJSON *old = run->has_last && is_there(run->config) ? json_out_read(run->config) : NULL;
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(old, "device");
    if (before && !cJSON_Compare(before, cJSON_GetObjectItemCaseSensitive(config, "device"), true))
        fprintf(stderr, "warning: %s: the run began on another device or driver; its bits will differ\n", run->path);
    cJSON_Delete(old);
}

/* Cuts log.jsonl behind the last whole line of a step up to `steps_done`; the stream then stands at its end. */
static bool cut_log(run_folder *run, int64_t steps_done)
{
    char *line = NULL;
    size_t room = 0;
    off_t keep = 0;
    long long step;
    rewind(run->log_stream);
    for (ssize_t n = getline(&line, &room, run->log_stream); n > 0; n = getline(&line, &room, run->log_stream)) {
        if (line[n - 1] != '\n' || sscanf(line, "{\"step\":%lld", &step) != 1 || step > steps_done)
            break;
        keep += n;
    }
    free(line);
    const bool good = fseeko(run->log_stream, 0, SEEK_END) == 0 &&
                      (ftello(run->log_stream) == keep ||
                       (ftruncate(fileno(run->log_stream), keep) == 0 && fseeko(run->log_stream, 0, SEEK_END) == 0));
    if (!good)
        fprintf(stderr, "fovea: %s: cannot be cut behind step %lld: %s\n", run->log, (long long)steps_done,
                strerror(errno));
    return good;
}

/* Opens the log for this process alone; a file system without locks is taken as it is. */
static bool open_log(run_folder *run)
{
    run->log_stream = fopen(run->log, "a+b");
    if (!run->log_stream) {
        fprintf(stderr, "fovea: %s: cannot be written: %s\n", run->log, strerror(errno));
        return false;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fileno(run->log_stream), F_SETLK, &lock) == -1 && (errno == EAGAIN || errno == EACCES)) {
        fprintf(stderr, "fovea: %s: another process is training there\n", run->path);
        return false;
    }
    return true;
}

static void forget_evaluations(run_folder *run, int64_t steps_done)
{
    for (int i = cJSON_GetArraySize(run->history) - 1; i >= 0; i--) {
        const cJSON *step = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(run->history, i), "step");
        if (!cJSON_IsNumber(step) || step->valuedouble > (double)steps_done)
            cJSON_DeleteItemFromArray(run->history, i);
    }
}

bool run_folder_begin(run_folder *run, cJSON *config, int64_t steps_done)
{
    if (!folder_make(run->path) || !open_log(run) || !cut_log(run, steps_done)) {
        cJSON_Delete(config);
        return false;
    }
    if (!run->history)
        run->history = cJSON_CreateArray();
    forget_evaluations(run, steps_done);
    if (run->has_last && is_there(run->config)) {
        cJSON_Delete(config);
        return true;
    }
    return json_out_write(run->config, config, true);
}

bool run_folder_log(run_folder *run, const char *line)
{
    if (fprintf(run->log_stream, "%s\n", line) > 0 && fflush(run->log_stream) == 0)
        return true;
    fprintf(stderr, "fovea: %s: cannot be written: %s\n", run->log, strerror(errno));
    return false;
}

bool run_folder_was_evaluated(const run_folder *run, int64_t step)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, run->history)
    {
        const cJSON *at = cJSON_GetObjectItemCaseSensitive(row, "step");
        if (cJSON_IsNumber(at) && at->valuedouble >= (double)step && at->valuedouble <= (double)step)
            return true;
    }
    return false;
}

int run_folder_since_best(const run_folder *run)
{
    int since = 0;
    double best = -HUGE_VAL;
    const cJSON *row;
    cJSON_ArrayForEach(row, run->history)
    {
        const double ap = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(row, "AP"));
        since = ap > best ? 0 : since + 1;
        best = ap > best ? ap : best;
    }
    return since;
}

bool run_folder_is_best(const run_folder *run, double ap)
{
    return ap > run->best_ap || (ap <= 0 && ap >= run->best_ap); /* of models that find nothing yet, the latest */
}

bool run_folder_evaluated(run_folder *run, cJSON *numbers, int64_t step, double epoch)
{
    static const char *const kept[] = {"AP", "AP50", "AP75"};
    cJSON *row = cJSON_CreateObject();
    json_add_integer(row, "step", step);
    cJSON_AddNumberToObject(row, "epoch", epoch);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        cJSON_AddNumberToObject(row, kept[i],
                                cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(numbers, kept[i])));
    char *text = cJSON_PrintUnformatted(row); /* parsed again, so that all rows are of one kind */
    cJSON_Delete(row);
    cJSON_AddItemToArray(run->history, text ? cJSON_Parse(text) : NULL);
    cJSON_free(text);

    const double ap = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(numbers, "AP"));
    if (run_folder_is_best(run, ap)) {
        run->best_ap = ap;
        json_add_integer(numbers, "step", step);
        cJSON_AddNumberToObject(numbers, "epoch", epoch);
    } else { /* the best one's numbers stay */
        cJSON_Delete(numbers);
        numbers = json_out_read(run->evaluation);
        if (!numbers)
            return false;
        cJSON_DeleteItemFromObjectCaseSensitive(numbers, "history");
    }
    cJSON_AddItemToObject(numbers, "history", cJSON_Duplicate(run->history, true));
    return json_out_write(run->evaluation, numbers, true);
}

void run_folder_close(run_folder *run)
{
    if (run->log_stream)
        fclose(run->log_stream);
    cJSON_Delete(run->history);
    run->log_stream = NULL;
    run->history = NULL;
}

fovea_status run_folder_load(fovea_model **out, fovea_device *device, const char *path,
                             const fovea_load_options *options)
{
    char model[FOLDER_PATH];
    char last[FOLDER_PATH];
    const bool run = folder_exists(path) && folder_join(model, path, "model.safetensors", NULL);
    if (run && !is_there(model) && folder_join(last, path, "last.safetensors", NULL) && is_there(last))
        fprintf(stderr, "note: %s: nothing was evaluated yet, so there is no best model; %s holds what training has "
                "reached\n", path, last);
    return fovea_model_load(out, device, run ? model : path, options);
}
