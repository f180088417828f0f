/* Kernels' times, grouped and told; see profile.h. */
#include "profile.h"

#include "bench_row.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 256 };

/* A room's kernels may lie in several files: batch_norm_backward.cl is of batch_norm. Is `name` the room of `file`? */
static bool is_room_of(const char *name, const char *file)
{
    const size_t length = strlen(name);
    return strncmp(name, file, length) == 0 && (file[length] == '\0' || file[length] == '_');
}

/* Adds up the rows of one room in the place of its first; returns how many are left, each room's name as its kernel. */
static size_t group_by_room(fovea_kernel_time *times, size_t count)
{
    size_t groups = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < groups && !is_room_of(times[at].room, times[i].room) && !is_room_of(times[i].room, times[at].room))
            at++;
        if (at == groups) {
            times[groups++] = times[i];
            continue;
        }
        if (strlen(times[i].room) < strlen(times[at].room))
            memcpy(times[at].room, times[i].room, sizeof times[at].room);
        times[at].launches += times[i].launches;
        times[at].seconds += times[i].seconds;
        times[at].flops += times[i].flops;
        times[at].bytes += times[i].bytes;
    }
    for (size_t i = 0; i < groups; i++)
        snprintf(times[i].kernel, sizeof times[i].kernel, "%s", times[i].room);
    return groups;
}

static int longest_first(const void *a, const void *b)
{
    const double x = ((const fovea_kernel_time *)a)->seconds, y = ((const fovea_kernel_time *)b)->seconds;
    return (x < y) - (x > y);
}

static cJSON *to_json(const fovea_kernel_time *time, double runs, double all_seconds)
{
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "name", time->kernel);
    bench_add_rounded(row, "launches", (double)time->launches / runs);
    bench_add_rounded(row, "seconds", time->seconds / runs);
    bench_add_rounded(row, "share", all_seconds > 0 ? time->seconds / all_seconds : 0);
    if (time->flops > 0 && time->seconds > 0)
        bench_add_rounded(row, "gflops", 1e-9 * time->flops / time->seconds);
    if (time->bytes > 0 && time->seconds > 0)
        bench_add_rounded(row, "gbs", 1e-9 * time->bytes / time->seconds);
    return row;
}

cJSON *profile_json(fovea_device *device, bool by_room, double runs)
{
    size_t count = 0;
    double all = 0;
    cJSON *list = NULL;
    fovea_kernel_time *times = calloc(MOST, sizeof *times);
    if (times && fovea_device_profile(device, times, MOST, &count, false) == FOVEA_OK) {
        count = count < MOST ? count : MOST;
        if (by_room)
            count = group_by_room(times, count);
        qsort(times, count, sizeof *times, longest_first);
        list = cJSON_CreateArray();
        for (size_t i = 0; i < count; i++)
            all += times[i].seconds;
        for (size_t i = 0; i < count; i++)
            cJSON_AddItemToArray(list, to_json(&times[i], runs, all));
    }
    free(times);
    return list;
}

void profile_add_peaks(cJSON *list, double peak_gflops, double copy_gbs)
{
    cJSON *row;
    cJSON_ArrayForEach(row, list)
    {
        const double of_flops = peak_gflops > 0 ? bench_number(row, "gflops", 0) / peak_gflops : 0;
        const double of_copy = copy_gbs > 0 ? bench_number(row, "gbs", 0) / copy_gbs : 0;
        if (of_flops > 0 || of_copy > 0)
            bench_add_rounded(row, "share_of_peak", of_flops > of_copy ? of_flops : of_copy);
    }
}

/* A dash where there is no such number. */
static void print_number(FILE *stream, const cJSON *row, const char *name, double factor, int width, int digits)
{
    const double value = bench_number(row, name, -1);
    if (value < 0)
        fprintf(stream, " %*s", width, "-");
    else
        fprintf(stream, " %*.*f", width, digits, factor * value);
}

void profile_print(FILE *stream, const cJSON *list)
{
    fprintf(stream, "  %-26s %8s %9s %6s %8s %7s %7s\n", "", "launches", "ms", "% time", "GFLOP/s", "GB/s", "% peak");
    const cJSON *row;
    cJSON_ArrayForEach(row, list)
    {
        fprintf(stream, "  %-26s", bench_text(row, "name"));
        print_number(stream, row, "launches", 1, 8, 0);
        print_number(stream, row, "seconds", 1e3, 9, 2);
        print_number(stream, row, "share", 100, 6, 1);
        print_number(stream, row, "gflops", 1, 8, 1);
        print_number(stream, row, "gbs", 1, 7, 2);
        print_number(stream, row, "share_of_peak", 100, 7, 0);
        fputc('\n', stream);
    }
}
