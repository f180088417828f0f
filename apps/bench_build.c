/* Building with empty caches, see bench_build.h. */
#include "bench_build.h"

#include "apart.h"
#include "folder.h"
#include "pick_device.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct build {
    const bench_work *work;
    char folder[FOLDER_PATH]; /* for all caches, empty at first */
} build;

/* Ours and Mesa's follow the first; PoCL, NVIDIA's and Intel's drivers have a name each. */
static const char *const caches[] = {"XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR", "POCL_CACHE_DIR", "CUDA_CACHE_PATH",
                                     "NEO_CACHE_DIR"};

double bench_build_seconds(const fovea_benchmark *times)
{
    const double seconds = times->first_seconds - times->median_seconds;
    return seconds > 0 ? seconds : 0;
}

/* In a child. */
static cJSON *build_work(void *context)
{
    const build *b = context;
    fovea_benchmark_options options = b->work->options;
    fovea_device *device = NULL;
    fovea_benchmark times;
    cJSON *result = cJSON_CreateObject();
    options.runs = 1;
    for (size_t i = 0; i < sizeof caches / sizeof caches[0]; i++)
        setenv(caches[i], b->folder, 1);
    if (open_device(&device, b->work->match, false) || fovea_benchmark_run(device, &options, &times))
        return result;
    bench_add_rounded(result, "compile_seconds", bench_build_seconds(&times));
    fovea_device_close(device);
    return result;
}

/* A file, or a folder with all that is in it. */
static void remove_all(const char *path)
{
    DIR *folder = unlink(path) == 0 ? NULL : opendir(path);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char inside[FOLDER_PATH];
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            folder_join(inside, path, entry->d_name, NULL))
            remove_all(inside);
    }
    closedir(folder);
    rmdir(path);
}

void bench_add_build(cJSON *row, const bench_work *work)
{
    const char *place = getenv("TMPDIR");
    build b = {.work = work};
    if (!folder_join(b.folder, place && *place ? place : "/tmp", "fovea-bench-XXXXXX", NULL) || !mkdtemp(b.folder))
        return;
    cJSON *built = apart_run(build_work, &b);
    const double seconds = bench_number(built, "compile_seconds", -1);
    if (seconds >= 0)
        cJSON_AddNumberToObject(row, "compile_seconds", seconds);
    cJSON_Delete(built);
    remove_all(b.folder);
}
