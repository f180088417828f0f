/* Each measurement runs in a process of its own, so that the memory it reports is its own. */
#include "bench_row.h"

#include "apart.h"
#include "bench_build.h"
#include "pick_device.h"
#include "profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

double bench_number(const cJSON *row, const char *name, double otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

const char *bench_text(const cJSON *row, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

void bench_add_rounded(cJSON *row, const char *name, double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.4g", value);
    cJSON_AddNumberToObject(row, name, strtod(text, NULL));
}

static cJSON *add_error(cJSON *object)
{
    cJSON_AddStringToObject(object, "error", fovea_error());
    return object;
}

static cJSON *count_devices(void *context)
{
    (void)context;
    size_t count = 0;
    cJSON *result = cJSON_CreateObject();
    if (fovea_device_list(NULL, 0, &count))
        return add_error(result);
    cJSON_AddNumberToObject(result, "count", (double)count);
    return result;
}

cJSON *bench_count_devices(void)
{
    return apart_run(count_devices, NULL);
}

/* The place of an open device in the list of all, and how many before it and in all have its names. */
typedef struct place {
    size_t index, twins_before, twins;
} place;

static bool same_names(const fovea_device_info *a, const fovea_device_info *b)
{
    return strcmp(a->platform, b->platform) == 0 && strcmp(a->name, b->name) == 0;
}

/* A number names the device itself; anything else the first of those with its names. */
static void find_place(const fovea_device_info *info, const char *match, place *out)
{
    enum { MOST = 64 };
    fovea_device_info all[MOST];
    size_t count = 0;
    *out = (place){0};
    if (!match || !*match)
        match = getenv("FOVEA_DEVICE");
    const bool numbered = match && *match && match[strspn(match, "0123456789")] == '\0';
    const size_t number = numbered ? (size_t)strtoul(match, NULL, 10) : 0;
    if (fovea_device_list(all, MOST, &count))
        return;
    for (size_t i = 0; i < count && i < MOST; i++) {
        if (!same_names(&all[i], info))
            continue;
        if (out->twins == 0 || (numbered && i == number)) {
            out->index = i;
            out->twins_before = out->twins;
        }
        out->twins++;
    }
}

/* "PLATFORM: NAME", with "#2" behind the second of several with that name. */
static void add_names(cJSON *facts, const fovea_device_info *info, const char *match)
{
    char name[300];
    place at;
    find_place(info, match, &at);
    const int length = snprintf(name, sizeof name, "%s: %s", info->platform, info->name);
    if (at.twins > 1)
        snprintf(name + length, sizeof name - (size_t)length, " #%zu", at.twins_before + 1);
    cJSON_AddStringToObject(facts, "device", name);
    cJSON_AddNumberToObject(facts, "index", (double)at.index);
    cJSON_AddStringToObject(facts, "type", device_type_name(info->type));
    cJSON_AddStringToObject(facts, "driver", info->driver);
}

static cJSON *measure_device(void *context)
{
    fovea_device *device = NULL;
    fovea_device_speed speed;
    cJSON *facts = cJSON_CreateObject();
    if (open_device(&device, context, false))
        return add_error(facts);
    add_names(facts, fovea_device_describe(device), context);
    if (fovea_device_measure(device, &speed))
        return add_error(facts);
    bench_add_rounded(facts, "peak_gflops", speed.gflops);
    bench_add_rounded(facts, "copy_gbs", speed.copy_gbs);
    fovea_device_close(device);
    return facts;
}

cJSON *bench_device(const char *match)
{
    return apart_run(measure_device, (void *)match);
}

static void add_times(cJSON *row, const fovea_benchmark *b)
{
    const double pictures = b->batch;
    bench_add_rounded(row, "ms_per_image", 1e3 * b->median_seconds / pictures);
    bench_add_rounded(row, "best_ms_per_image", 1e3 * b->best_seconds / pictures);
    bench_add_rounded(row, "worst_ms_per_image", 1e3 * b->worst_seconds / pictures);
    bench_add_rounded(row, "images_per_second", pictures / b->median_seconds);
    bench_add_rounded(row, "peak_memory_mib", (double)b->memory_bytes / 1048576.0);
    bench_add_rounded(row, "gflop_per_image", 1e-9 * b->flops / pictures);
    bench_add_rounded(row, "gflops", 1e-9 * b->flops / b->median_seconds);
}

/* In a child: {"verified": true}, or false and why, or "error" alone where it could not be found out. */
static cJSON *verify_work(void *context)
{
    const bench_work *work = context;
    fovea_device *device = NULL;
    cJSON *result = cJSON_CreateObject();
    fovea_status status = open_device(&device, work->match, false);
    if (!status)
        status = fovea_benchmark_verify(device, &work->options);
    if (!status || status == FOVEA_ERROR_NUMERIC)
        cJSON_AddBoolToObject(result, "verified", status == FOVEA_OK);
    if (status)
        return add_error(result);
    fovea_device_close(device);
    return result;
}

/* Where the time of a run went, by room. */
static void add_profile(cJSON *row, fovea_device *device, const fovea_benchmark *b)
{
    cJSON *rooms = profile_json(device, true, b->runs);
    double launches = 0;
    const cJSON *room;
    cJSON_ArrayForEach(room, rooms)
        launches += bench_number(room, "launches", 0);
    cJSON_AddNumberToObject(row, "launches", launches);
    bench_add_rounded(row, "host_ms", 1e3 * b->host_seconds);
    bench_add_rounded(row, "idle_ms", 1e3 * b->idle_seconds);
    cJSON_AddItemToObject(row, "rooms", rooms);
}

/* In a child: times the work. */
static cJSON *run_work(void *context)
{
    const bench_work *work = context;
    fovea_device *device = NULL;
    fovea_benchmark times;
    struct rusage usage;
    cJSON *result = cJSON_CreateObject();
    fovea_status status = open_device(&device, work->match, work->profile);
    if (!status)
        status = fovea_benchmark_run(device, &work->options, &times);
    if (status)
        return add_error(result);
    add_times(result, &times);
    if (work->unverified)
        bench_add_rounded(result, "compile_seconds", bench_build_seconds(&times));
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        bench_add_rounded(result, "process_memory_mib", (double)usage.ru_maxrss / 1024.0);
    if (work->profile)
        add_profile(result, device, &times);
    fovea_device_close(device);
    return result;
}

/* Moves every item of one object behind those of another. */
static void take_items(cJSON *to, cJSON *from)
{
    for (cJSON *item; from && (item = from->child) != NULL;) {
        cJSON_DetachItemViaPointer(from, item);
        cJSON_AddItemToObject(to, item->string, item);
    }
    cJSON_Delete(from);
}

cJSON *bench_row(const bench_work *work, const cJSON *facts)
{
    const fovea_benchmark_options *o = &work->options;
    cJSON *row = cJSON_CreateObject();
    char backbone[24];
    snprintf(backbone, sizeof backbone, "resnet%d", o->depth);
    cJSON_AddStringToObject(row, "device", bench_text(facts, "device"));
    cJSON_AddNumberToObject(row, "index", bench_number(facts, "index", 0));
    cJSON_AddStringToObject(row, "type", bench_text(facts, "type"));
    cJSON_AddStringToObject(row, "driver", bench_text(facts, "driver"));
    cJSON_AddStringToObject(row, "work", o->work == FOVEA_WORK_STEP ? "step" : "detect");
    cJSON_AddStringToObject(row, "backbone", backbone);
    cJSON_AddNumberToObject(row, "size", o->size);
    cJSON_AddNumberToObject(row, "batch", o->work == FOVEA_WORK_STEP ? o->batch : 1);
    cJSON_AddNumberToObject(row, "classes", o->labels);
    cJSON_AddStringToObject(row, "norm", o->norm == FOVEA_NORM_FROZEN ? "frozen" : "batch");
    cJSON_AddNumberToObject(row, "runs", o->runs);
    if (!work->unverified)
        take_items(row, apart_run(verify_work, (void *)work));
    else
        cJSON_AddNullToObject(row, "verified");
    if (*bench_text(row, "error"))
        return row;
    take_items(row, apart_run(run_work, (void *)work));
    if (!work->unverified && !*bench_text(row, "error"))
        bench_add_build(row, work); /* verifying has filled the caches */
    const double gflops = bench_number(row, "gflops", 0), peak = bench_number(facts, "peak_gflops", 0);
    if (gflops > 0 && peak > 0)
        bench_add_rounded(row, "share_of_peak", gflops / peak);
    profile_add_peaks(cJSON_GetObjectItemCaseSensitive(row, "rooms"), peak, bench_number(facts, "copy_gbs", 0));
    return row;
}
